"""Lists of many users into one file, block by block, so that memory stays flat whatever the number of users."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.data.interactions.catalogue import CATEGORY, TITLE, Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.data.safe_export import neutralise
from dl_core.errors import OptionError
from dl_core.tasks.interactions.serving import recode
from dl_core.tasks.opening import private_folder, relative

if TYPE_CHECKING:
    import pyarrow.parquet

    from dl_core.engine import TaskContext
    from dl_core.models.interactions.base import Recommender

BLOCK = 4096  # users scored and written at once
FIRST = 12  # users whose lists come back to be shown


def write_lists(
    model: Recommender,
    histories: Histories,
    catalogue: Catalogue,
    k: int,
    ending: str,
    context: TaskContext,
    *,
    remove_seen: bool = True,
) -> dict[str, Any]:
    """Write ``recommendations.csv`` or ``.parquet`` into the job's folder.

    Columns: ``user, rank, item, title, category, score``; title and category where the items have any.

    Returns
    -------
    dict
        ``file`` (below the workspace), ``users``, ``rows``, ``bytes``, ``seconds`` and ``first`` (rows of the first
        users, plain JSON).

    Raises
    ------
    OptionError
        If there is no user.
    """
    if not len(histories):
        raise OptionError("there is no user to recommend to", todo="choose a file that names users")
    path = private_folder(context) / f"recommendations.{ending}"
    started, rows, first, writer = time.monotonic(), 0, [], None
    for table, done in _tables(model, histories, catalogue, k, context, remove_seen):
        if ending == "csv":
            neutralise(table).to_csv(path, mode="a" if rows else "w", header=not rows, index=False)
        else:
            writer = _append(path, table, writer)
        if not rows:
            first = _shown(table)
        rows += len(table)
        context.progress(0.05 + 0.93 * done, f"Lists of {len(histories):,} users")
    if writer is not None:
        writer.close()
    return {
        "file": relative(path, context),
        "users": len(histories),
        "rows": rows,
        "bytes": path.stat().st_size,
        "seconds": time.monotonic() - started,
        "first": first,
    }


def _tables(
    model: Recommender, histories: Histories, catalogue: Catalogue, k: int, context: TaskContext, remove_seen: bool
) -> Iterator[tuple[pd.DataFrame, float]]:
    """Yield the lists of one block of users as a table, and how much is done, 0…1."""
    from dl_core.models.interactions.retrieve import top_items

    own = model.catalogue
    titles = own.titles()
    kinds = own.features[CATEGORY].to_numpy(dtype=object) if CATEGORY in own.features else None
    for start, block in histories.blocks(BLOCK):
        known = recode(block, catalogue, own)
        items, scores = top_items(model, known, k, remove_seen=remove_seen, check_stop=context.check_stop)
        there = items >= 0
        codes = items[there]
        columns: dict[str, Any] = {
            "user": np.repeat(block.users, there.sum(axis=1)),
            "rank": np.broadcast_to(np.arange(1, items.shape[1] + 1), items.shape)[there],
            "item": own.ids[codes],
        }
        if TITLE in own.features:
            columns["title"] = titles[codes]
        if kinds is not None:
            columns["category"] = kinds[codes]
        yield pd.DataFrame({**columns, "score": scores[there]}), (start + len(block)) / len(histories)


def _append(
    path: Path, table: pd.DataFrame, writer: pyarrow.parquet.ParquetWriter | None
) -> pyarrow.parquet.ParquetWriter:
    """Write one block behind the others; texts stay texts even where a block has none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"rank": pa.int32(), "score": pa.float32()}
    arrays = {
        name: pa.array(table[name].to_numpy(), kinds[name])
        if name in kinds
        else pa.array([None if pd.isna(value) else str(value) for value in table[name]], pa.string())
        for name in table
    }
    found = pa.table(arrays)
    writer = writer or pq.ParquetWriter(path, found.schema)
    writer.write_table(found)
    return writer


def _shown(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the first users as plain JSON."""
    few = table[table["user"].isin(table["user"].unique()[:FIRST])]
    few = few.assign(rank=few["rank"].astype(int), score=few["score"].astype(float))
    return few.astype(object).where(few.notna(), None).to_dict("records")
