"""Tables beside the transactions, joined to them by the column of keys that both have."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dl_core.reading.tables.names import plain_name, respelled
from dl_core.reading.tables.read import RawTable

_UNNAMED = "column_1"
_LEAST_KEYS, _SAME = 20, 0.95  # keys, and share of them that is the same, where no name tells
_SHARED = 0.05  # share of the transactions that a table must know
_KNOWN = 0.5  # share of a table's keys that must stand among the transactions, where it knows few of them


def joined_beside(main: RawTable, side: RawTable) -> tuple[RawTable, str]:
    """Return transactions with the columns of a table about them, and the key; unchanged and nothing where none fits.

    A key is unique in the table beside; each transaction has at most one row there.
    """
    other = respelled(side.frame, main.frame.columns)
    shared = [name for name in other.columns if name in main.frame.columns]
    if not shared and plain_name(other.columns[0]) == _UNNAMED and len(key := _same_values(main.frame, other)):
        other, shared = other.rename(columns={other.columns[0]: key}), [key]
    best: tuple[float, str] | None = None
    for name in shared:
        keys, mine = _keys(other[name]), _keys(main.frame[name])
        if not len(keys) or keys.duplicated().any() or pd.api.types.is_float_dtype(other[name].dtype):
            continue
        reached, known = float(mine.isin(keys).mean()), float(keys.isin(mine).mean())
        if reached >= _SHARED and (reached >= _KNOWN or known >= _KNOWN) and (best is None or reached > best[0]):
            best = (reached, name)
    new = [name for name in other.columns if name not in main.frame.columns]
    if best is None or not new:
        return main, ""
    key = best[1]
    about = other[new].set_axis(_index(other[key]), axis=0)
    about = about[about.index.notna()]
    placed = about.reindex(_index(main.frame[key])).set_axis(main.frame.index, axis=0)
    return replace(main, frame=pd.concat([main.frame, placed], axis=1)), key


def _same_values(main: pd.DataFrame, other: pd.DataFrame) -> str:
    """Return the column whose values are the first one's of a table without a header; nothing where they only count."""
    keys = _keys(other.iloc[:, 0])
    numbers = pd.to_numeric(keys, errors="coerce")
    if len(keys) < _LEAST_KEYS or numbers.max() - numbers.min() + 1 == len(keys):
        return ""
    return next((name for name in main.columns if _keys(main[name]).isin(keys).mean() >= _SAME), "")


def _keys(column: pd.Series) -> pd.Series:
    return pd.Series(_index(column)).dropna()


def _index(column: pd.Series) -> pd.Index:
    """Return keys as text, so that a number here and a text there are the same."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        whole = column.dropna()
        column = column.astype("Int64") if (whole % 1 == 0).all() else column
    return pd.Index(column.astype("str").str.strip().where(column.notna()))
