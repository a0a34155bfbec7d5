"""Reading series again with other roles or read options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.findings import READ_AGAIN
from dl_core.data.series.panel import AHEAD, SERIES, TIME
from dl_core.reading.again import write_rows
from dl_core.reading.request import Reread
from dl_core.schema import Role

ROLES = (Role.SERIES, Role.TIME, Role.VALUE, Role.PAST, Role.FUTURE)


def read_again(
    read: Reread,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return series read anew from the steps that are there, with their groups and what is known ahead of them."""
    kept = {role: dataset.roles[role] for role in ROLES if role in dataset.roles}
    wanted = {**kept, **{role: tuple(columns) for role, columns in roles.items() if role in ROLES}}
    key, time = dataset.column(Role.SERIES), dataset.column(Role.TIME)
    table = dataset.table.reset_index(drop=True)
    ahead = dataset.side.get(AHEAD)
    if ahead is not None and len(ahead):
        table = pd.concat([table, ahead.rename(columns={SERIES: key, TIME: time})], ignore_index=True)
    static = dataset.side.get(SERIES)
    if static is not None and len(static.columns):
        groups = static.drop(columns=[name for name in static if name in table])
        table = table.join(groups, on=key)
        wanted[Role.GROUP] = tuple(map(str, static.columns))
    rows = write_rows(dataset, table, folder / "series.parquet")
    found = read(rows, {role: names for role, names in wanted.items() if names}, {**options, "layout": "long"})
    return replace(
        found, source=dataset.source, pseudonyms=dataset.pseudonyms, notes=(*found.notes, READ_AGAIN), fingerprint=""
    )
