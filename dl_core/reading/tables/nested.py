"""Records that hold records, or a list of them, such as sessions with their events, as flat rows."""

from __future__ import annotations

from types import UnionType

import pandas as pd

_LOOKED = 200  # rows that tell what a column holds
_DEEPEST = 3  # records within records


def exploded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a row for each record in the cells of its one column of lists of records.

    The other columns are repeated, and the inner record's keys become columns (``card.number``); where inner and outer
    records share a key, the inner one gets the list's name in front. What else is nested is written as text, so are
    several columns of lists of records.
    """
    for _ in range(_DEEPEST):
        frame = _flat(frame)
        nested = [name for name in frame.columns if _hold(frame[name], list, dict)]
        if len(nested) != 1:
            break
        rows = frame.explode(nested[0], ignore_index=True)
        rows = rows[rows[nested[0]].notna()].reset_index(drop=True)
        outer, inner = rows.drop(columns=nested), pd.json_normalize(rows[nested[0]].tolist())
        inner = inner.rename(columns={name: f"{nested[0]}.{name}" for name in inner if name in outer})
        frame = pd.concat([outer, inner], axis=1)
    others = [name for name in frame.columns if _hold(frame[name], list | dict)]
    return frame.assign(**{name: frame[name].astype("str") for name in others}) if others else frame


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose records are columns of their own."""
    found = [_hold(frame[name], dict) for name in frame.columns]
    if not any(found):
        return frame
    parts = [
        pd.json_normalize(
            frame[name].where(frame[name].notna(), None).map(lambda cell: cell or {}).tolist()
        ).add_prefix(f"{name}.")
        if nested
        else frame[[name]].reset_index(drop=True)
        for name, nested in zip(frame.columns, found, strict=True)
    ]
    return pd.concat(parts, axis=1)


def _hold(column: pd.Series, kind: type | UnionType, inner: type | None = None) -> bool:
    """Return whether all cells of a column are of a kind, with parts of the ``inner`` one."""
    if column.dtype != object:
        return False
    cells = [
        cell for cell in column.iloc[:_LOOKED] if isinstance(cell, list | dict) or cell is not None and cell == cell
    ]
    whole = bool(cells) and all(isinstance(cell, kind) for cell in cells)
    return whole and (inner is None or (any(cells) and all(isinstance(one, inner) for cell in cells for one in cell)))
