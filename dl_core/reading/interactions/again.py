"""Reading interactions again with other roles or read options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dl_core.data.dataset import Dataset
from dl_core.data.findings import READ_AGAIN
from dl_core.data.interactions.histories import POSITIVE
from dl_core.reading.again import write_rows
from dl_core.reading.request import Reread
from dl_core.schema import Role

ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)


def read_again(
    read: Reread,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return interactions read anew from the rows that are there; tables of items and users stay beside them."""
    kept = {role: dataset.roles[role] for role in ROLES if role in dataset.roles}
    wanted = {**kept, **{role: tuple(columns) for role, columns in roles.items() if role in ROLES}}
    rows = write_rows(dataset, dataset.table.drop(columns=POSITIVE, errors="ignore"), folder / "interactions.parquet")
    found = read(rows, wanted, options)
    return replace(
        found,
        source=dataset.source,
        pseudonyms=dataset.pseudonyms,
        side={**dataset.side, **found.side},
        notes=(*found.notes, READ_AGAIN),
        fingerprint="",
    )
