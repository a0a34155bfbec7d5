"""Which columns name the series together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.schema import SERIES_SCHEMA
from dl_core.reading.tables.names import plain_name, words_of
from dl_core.schema import Role

_ENDS = ("_id", "_nbr", "_no", "_nr", "_code", "_key", "_number")
_MOST_KEYS = 4
_COMES_BACK = 4  # rows a value of a number that names series, at least
_EVEN = 0.5  # rows of the rarest such value as a share of the commonest one's


def may_name(column: pd.Series) -> bool:
    """Return whether a column may name series: text or truth, or whole numbers under a name of keys."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_float_dtype(kind):
        return False
    if pd.api.types.is_integer_dtype(kind):
        plain = plain_name(column.name)
        return plain in words_of(SERIES_SCHEMA, Role.SERIES) or plain.endswith(_ENDS)
    return not pd.api.types.is_bool_dtype(kind)


def key_numbers(frame: pd.DataFrame, time: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Return whole numbers that name series whatever their name: each comes back alike often, once a time.

    Parameters
    ----------
    frame : pandas.DataFrame
    time : sequence of str
        Columns of the time, which repeats where there are several series.
    numbers : sequence of str
        Columns of numbers.
    """
    if not time or not frame.duplicated(list(time)).any():
        return []
    found = []
    for name in numbers:
        if not pd.api.types.is_integer_dtype(frame[name].dtype):
            continue
        counts = frame[name].value_counts()
        even = counts.min() >= max(_COMES_BACK, _EVEN * counts.max())
        if len(counts) > 1 and even and not frame.duplicated([*time, name]).any():
            found.append(name)
    return found[:1]


def fewest(frame: pd.DataFrame, stamps: Sequence[str], pools: Sequence[Sequence[str]], enough: float = 1.0) -> tuple:
    """Return as few columns as tell rows of one time apart, in table order.

    Parameters
    ----------
    frame : pandas.DataFrame
    stamps : sequence of str
        Columns of the time.
    pools : sequence of sequence of str
        Candidates, likelier ones first; later pools are used where the earlier ones leave rows alike.
    enough : float
        Share of distinct rows from which later pools are not asked.
    """
    chosen: list[str] = []
    cells = codes_of(frame, stamps)
    for place, candidates in enumerate(pools):
        if place and pd.unique(cells).size > enough * len(frame):
            break
        while len(chosen) < _MOST_KEYS and pd.unique(cells).size < len(frame):
            best = _best(frame, cells, [name for name in candidates if name not in chosen])
            if best is None:
                break
            chosen.append(best)
            cells = _joined(cells, pd.factorize(frame[best])[0])
    return tuple(name for name in frame.columns if name in chosen)


def _best(frame: pd.DataFrame, cells: np.ndarray, candidates: Sequence[str]) -> str | None:
    """Return the column that parts cells most; None where none parts any."""
    found, most = None, pd.unique(cells).size
    for name in candidates:
        size = pd.unique(_joined(cells, pd.factorize(frame[name])[0])).size
        if size > most:
            found, most = name, size
    return found


def codes_of(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return one number for each row's values of columns, (n,) int64."""
    cells = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        cells = _joined(cells, pd.factorize(frame[name])[0])
    return cells


def _joined(cells: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return one number, from 0 without holes, for each pair."""
    return pd.factorize(cells * (int(codes.max(initial=0)) + 2) + codes + 1)[0]
