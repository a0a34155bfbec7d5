"""The rankings of many users in one file, block by block, so that memory stays flat whatever the number of users."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import CATEGORY, TITLE, Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.data.interactions.recode import recode
from dl_core.data.rows import plain_rows
from dl_core.data.safe_export import neutralise
from dl_core.domain import Domain
from dl_core.errors import OptionError, counted
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Probe, open_as
from dl_core.probes.interactions.opened import (
    LENGTH,
    RunHistories,
    open_histories,
    ranking_length,
    removes_seen,
)
from dl_core.schema import Role

if TYPE_CHECKING:
    import pyarrow.parquet


BLOCK = 4096  # users scored and written at once
FIRST = 12  # users whose rankings come back to be shown


def recommend_all(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write the top items of one model into ``recommendations.csv`` or ``.parquet``, and return its first rankings.

    For every user of the data; of new cases for their users, or by the new interactions in them, which are added to
    what is known. Columns: ``user, rank, item, title, category, score``; title and category where the items have any.
    The CSV cannot be taken for formulas.

    Raises
    ------
    OptionError
        If there is no user.
    """
    histories, k, ending = open_histories(run), ranking_length(run, arguments), arguments["format"]
    name, model = open_as(domain, run, arguments["model"], Recommender)
    asked, notes = (histories.whole, []) if work.data is None else _joined(histories, work.data)
    if not len(asked):
        raise OptionError("there is no user to recommend to", todo="choose a file that names users")
    path, started, rows, first, writer = work.place(f"recommendations.{ending}"), time.monotonic(), 0, [], None
    for table, done in _tables(model, asked, histories.catalogue, k, work, removes_seen(run)):
        if ending == "csv":
            neutralise(table).to_csv(path, mode="a" if rows else "w", header=not rows, index=False)
        else:
            writer = _append(path, table, writer)
        if not rows:
            few = table[table["user"].isin(table["user"].unique()[:FIRST])]
            first = plain_rows(few.assign(rank=few["rank"].astype(int), score=few["score"].astype(float)))
        rows += len(table)
        work.progress(0.05 + 0.93 * done, f"Lists of {counted(len(asked), 'user')}")
    if writer is not None:
        writer.close()
    return {
        "model": name,
        "label": domain.models[name].label,
        "k": k,
        "format": ending,
        "notes": notes,
        "file": work.named(path),
        "users": len(asked),
        "rows": rows,
        "bytes": path.stat().st_size,
        "seconds": time.monotonic() - started,
        "first": first,
    }


def _tables(
    model: Recommender, histories: Histories, catalogue: Catalogue, k: int, work: Work, remove_seen: bool
) -> Iterator[tuple[pd.DataFrame, float]]:
    """Yield the lists of one block of users as a table, and how much is done, 0…1."""
    from dl_core.models.interactions.retrieve import top_items

    own = model.catalogue
    titles = own.titles()
    kinds = own.features[CATEGORY].to_numpy(dtype=object) if CATEGORY in own.features else None
    for start, block in histories.blocks(BLOCK):
        known = recode(block, catalogue, own)
        items, scores = top_items(model, known, k, remove_seen=remove_seen, check_stop=work.check_stop)
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


def _joined(histories: RunHistories, data: Dataset) -> tuple[Histories, list[str]]:
    """Return the histories of the users in new cases, what is known of them and what the cases add, with notes."""
    users = np.asarray(pd.unique(data.table[data.column(Role.USER)].astype(str)), dtype=object)
    at = np.array([-1 if (place := histories.position(str(user))) is None else place for user in users], dtype=np.int64)
    notes = [note.message for note in data.notes]
    new = int((at < 0).sum())
    found = _added(histories, users, at, data)
    empty = int((found.lengths == 0).sum())
    if new:
        notes.append(f"Unknown users (not in the data): {new:,} of {len(users):,} users.")
    if empty:
        notes.append(f"Empty history, so popularity-based recommendations: {empty:,} of {len(users):,}.")
    return found, notes


def _added(histories: RunHistories, users: np.ndarray, at: np.ndarray, data: Dataset) -> Histories:
    """Return one history a user: the known one, then the file's rows."""
    there = at >= 0
    base = histories.whole.take(at[there])
    lengths = np.zeros(len(users), dtype=np.int64)
    lengths[there] = base.lengths
    added = None
    if data.column(Role.ITEM) is not None:
        added = Histories.of(replace(data, side={}), histories.catalogue, users)
    more = np.zeros(len(users), dtype=np.int64) if added is None else added.lengths
    starts = np.concatenate([[0], np.cumsum(lengths + more)]).astype(np.int64)
    items, values = np.zeros(starts[-1], dtype=np.int32), np.ones(starts[-1], dtype=np.float32)
    old = _places(starts[:-1], lengths)
    items[old], values[old] = base.items, base.values
    if added is not None:
        new = _places(starts[:-1] + lengths, more)
        items[new], values[new] = added.items, added.values
    return Histories(
        users=users,
        n_items=len(histories.catalogue),
        items=items,
        starts=starts,
        values=values,
        seen=_seen(histories, at, None if added is None else added.seen),
        features=None if histories.whole.features is None else histories.whole.features.reindex(users),
    )


def _seen(histories: RunHistories, at: np.ndarray, added: sparse.csr_matrix | None) -> sparse.csr_matrix | None:
    """Return what users at these places (-1: unknown) have rated under the threshold, in the run and in ``added``."""
    if histories.whole.seen is None:
        return added
    rows = np.flatnonzero(at >= 0)
    ones = np.ones(len(rows), dtype=np.float32)
    chosen = sparse.csr_matrix((ones, (rows, at[rows])), shape=(len(at), len(histories.whole)))
    known = (chosen @ histories.whole.seen.astype(np.float32)).astype(bool)
    return (known if added is None else known + added).tocsr()


def _places(starts: Sequence[int] | np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the positions of stretches that begin at ``starts``."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(np.asarray(starts) - before, lengths) + np.arange(lengths.sum())


PROBE = Probe(
    name="recommend_all",
    title="Recommendations for all users",
    purpose="Top-k recommendations of one model for every user, or for those of new cases, in one file.",
    panel="predict",
    verb=recommend_all,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(MODEL, Argument("format", str, "csv", "of the file", ("csv", "parquet")), LENGTH),
    new_cases=True,
)
