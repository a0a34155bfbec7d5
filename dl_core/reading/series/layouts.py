"""How files of series lie: names by position where there is no header line, without columns that number the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dl_core.reading.limits import Limits
from dl_core.reading.series.schema import SERIES, TIME, VALUE
from dl_core.reading.tables.formats.separated import is_number
from dl_core.reading.tables.headless import Headless
from dl_core.reading.tables.room import Room, TableKind

ROW_BYTES = 400  # of a step at the peak, measured while it is read (300) and with its row id in a split
_ADVICE = "keep the latest steps, longer steps (days instead of hours), or some of the series"
_DATE = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
_UNNAMED = re.compile(r"column \d+|Unnamed: \d+|")
_PLAIN = r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][-+]?\d{1,3})?"
_YEAR = re.compile(r"(1[5-9]|2[01])\d\d")


def table_kind() -> TableKind:
    """Return what the reader of tables must know of series."""
    return TableKind(
        lambda name: False, ROW_BYTES, _ADVICE, Headless(_names, shown=4), tidy=_tidy, zones=True, sheets="alike"
    )


def _names(name: str, lines: list[list[str]]) -> list[str] | None:
    """Return names by position where the first line holds values: numbers that are no years, after a name or date."""
    first = lines[0]
    rest = [cell for cell in first[1:] if cell]
    if len(first) == 1:
        return [VALUE] if is_number(first[0]) and not _YEAR.fullmatch(first[0]) else None
    if not rest or not all(is_number(cell) for cell in rest) or _counts_up(rest):
        return None
    if _DATE.fullmatch(first[0]):
        return [TIME, VALUE] if len(first) == 2 else [TIME, *(f"series {at}" for at in range(1, len(first)))]
    if is_number(first[0]):
        return [f"series {at}" for at in range(1, len(first) + 1)]
    return [SERIES, *(str(at) for at in range(1, len(first)))]


def _counts_up(cells: Sequence[str]) -> bool:
    """Return whether cells are years or whole numbers one after the other, as a header of steps has them."""
    if not all(cell.isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False)) or all(map(_YEAR.fullmatch, cells))


def check_steps(steps: int, where: str, limits: Limits) -> None:
    """Check that so many steps fit into memory, once a wide table's cells are counted.

    Raises
    ------
    LimitError
        If there are too many.
    """
    Room(where, table_kind(), limits).check(int(steps), 3)


def _tidy(frame: pd.DataFrame, headless: bool) -> pd.DataFrame:
    """Return the frame without unnamed columns that are empty, or that only number the rows, as pandas writes one."""
    empty = [name for name in frame.columns if _UNNAMED.fullmatch(str(name)) and frame[name].isna().all()]
    frame = frame.drop(columns=empty) if empty else frame
    texts = {name: frame[name] for name, kind in frame.dtypes.items() if _is_text(kind)}
    found = {name: _as_number(column) for name, column in texts.items()}
    changed = {name: column for name, column in found.items() if column is not texts[name]}
    frame = frame.assign(**changed) if changed else frame  # of thousands of columns only those with text are looked at
    first = frame.columns[0]
    if (
        not _UNNAMED.fullmatch(str(first))
        or frame.shape[1] < 3
        or not pd.api.types.is_integer_dtype(frame[first].dtype)
    ):
        return frame
    numbers = frame[first].to_numpy()
    start = int(numbers[0])
    return (
        frame.drop(columns=first)
        if start in (0, 1) and (numbers == range(start, start + len(numbers))).all()
        else frame
    )


def _is_text(kind: Any) -> bool:
    return pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind)


def _as_number(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers where all of them are plain ones, as cells of workbooks."""
    if not _is_text(column.dtype) or not column.iloc[:50].dropna().astype(str).str.fullmatch(_PLAIN).all():
        return column
    filled = column.dropna().astype(str)
    return pd.to_numeric(column) if len(filled) and filled.str.fullmatch(_PLAIN).all() else column
