"""Lines of cells, as text or as a workbook holds them, to a data frame with typed columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from dl_core.reading.tables.arrow import unique_names
from dl_core.reading.tables.outline import NULLS, Outline

_WHOLE = 2**53  # from which on a float does not tell whole numbers apart


def as_words(value: Any) -> str:
    """Return a cell as text: dates in ISO, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value).strip()


def column_names(outline: Outline, given: Sequence[str] | None = None) -> list[str]:
    """Return a name for each column: those given for a file without header, else its header's, else a number."""
    names = list(given if given is not None else outline.names or ())
    while len(names) > outline.width and not names[-1].strip():
        names.pop()
    return unique_names([*names, *[""] * (outline.width - len(names))])


def frame_of(rows: Sequence[Sequence[Any]], names: Sequence[str], as_text: Callable[[str], bool]) -> pd.DataFrame:
    """Return rows as a frame; those that are shorter are filled up, what is longer is cut.

    Parameters
    ----------
    rows : sequence of sequence
        Texts, numbers, dates, truths; empty texts for nothing.
    names : sequence of str
    as_text : callable
        Whether a column holds ids, which stay as written.
    """
    width = len(names)
    padded = [[*row[:width], *[None] * (width - len(row))] for row in rows]
    columns = zip(*padded, strict=True) if padded else [()] * width
    return pd.DataFrame({name: _column(cells, as_text(name)) for name, cells in zip(names, columns, strict=True)})


def _column(cells: Sequence[Any], as_text: bool) -> pd.Series:
    plain = [None if cell is None or (isinstance(cell, str) and cell.strip() in NULLS) else cell for cell in cells]
    kinds = {type(cell) for cell in plain if cell is not None}
    if as_text or not kinds:
        return _texts(plain)
    if kinds <= {int, float}:
        numbers = np.array([np.nan if cell is None else cell for cell in plain], dtype=np.float64)
        whole = bool(np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all())
        return pd.Series(numbers.astype(np.int64) if whole and (np.abs(numbers) < _WHOLE).all() else numbers)
    if kinds == {bool} and None not in plain:
        return pd.Series(plain, dtype=bool)
    if kinds <= {date, datetime}:
        return pd.Series(pd.to_datetime(pd.Series(plain, dtype=object), errors="coerce"))
    return _typed_texts(_texts(plain)) if kinds == {str} else _texts(plain)


def _texts(cells: Sequence[Any]) -> pd.Series:
    return pd.Series([None if cell is None else as_words(cell) for cell in cells], dtype="str")


def _typed_texts(texts: pd.Series) -> pd.Series:
    """Return numbers where every filled cell is one and none has a leading zero ("007" is a name), else the texts."""
    filled = texts.dropna()
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.isna().any() or filled.str.fullmatch(r"0\d+").any() or not np.isfinite(numbers).all():
        return texts
    typed = numbers.reindex(texts.index) if len(filled) < len(texts) else numbers
    return typed.astype("float64") if len(filled) < len(texts) else typed


def without_blanks(frame: pd.DataFrame, unnamed: Sequence[str] = ()) -> pd.DataFrame:
    """Return a frame without rows that are empty all over, and without unnamed columns that are."""
    empty = [name for name in unnamed if frame[name].isna().all()]
    frame = frame.drop(columns=empty) if empty else frame
    blank: np.ndarray | None = None
    for name in frame.columns:
        missing = frame[name].isna().to_numpy()
        blank = missing if blank is None else blank & missing
        if not blank.any():
            return frame
    return frame if blank is None else frame[~blank].reset_index(drop=True)


def is_cell(value: Any) -> bool:
    """Return whether something stands in a cell."""
    return isinstance(value, timedelta) or (value is not None and as_words(value) not in NULLS)
