"""How files of series lie: names by position where there is no header line, without columns that number the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
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
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*")
_LINES, _LEAST_LINES = 60, 4  # looked at in files without a header
_LEAST_STAMP = 1.7e7  # from here on numbers that grow are dates such as 20240131 or seconds since 1970
_PARTS = (("year", 1500, 2200), ("month", 1, 12), ("day", 1, 31))


def table_kind() -> TableKind:
    """Return what the reader of tables must know of series."""
    return TableKind(
        lambda name: False, ROW_BYTES, _ADVICE, Headless(_names, shown=4), tidy=_tidy, zones=True, sheets="alike"
    )


def _names(name: str, lines: list[list[str]]) -> list[str] | None:
    """Return names by content and position where the first line holds values, after a name or a time or nothing."""
    first = lines[0]
    if len(first) == 1:
        return [VALUE] if is_number(first[0]) and not _YEAR.fullmatch(first[0]) else None
    lead = _lead(lines)
    rest = [cell for cell in first[len(lead) or 1 :] if cell]
    if not rest or not all(is_number(cell) for cell in rest) or (not lead and _counts_up(rest)):
        return None
    count = len(first) - len(lead)
    prices = _prices(lines, len(lead)) if lead else []
    if prices:
        return [*lead, *prices, *(f"column {at}" for at in range(len(lead) + len(prices) + 1, len(first) + 1))]
    if lead:
        parts = lead != [TIME]  # then measures stand beside, and no series
        return (
            [*lead, VALUE]
            if count == 1
            else [*lead, *(f"column {at + len(lead)}" if parts else f"series {at}" for at in range(1, count + 1))]
        )
    if is_number(first[0]):
        return [f"series {at}" for at in range(1, count + 1)]
    return [SERIES, *(str(at) for at in range(1, len(first)))]


def _lead(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return names of the first columns that tell the time: a date, with a clock or not, a number of it, its parts."""
    first = lines[0]
    if _DATE.fullmatch(first[0]):
        return ["date", "clock"] if _CLOCK.fullmatch(first[1]) and len(first) > 2 else [TIME]
    cells = _numbers(lines)
    if cells is None or len(cells) < _LEAST_LINES:
        return []
    change, whole = np.diff(cells[:, 0]), (cells % 1 == 0).all(axis=0)
    year, low, high = _PARTS[0]
    even = change.min() > 0.9 * change.max() and change.max() <= 1 and low <= cells[0, 0] <= cells[-1, 0] <= high
    if change.min() > 0 and (even or (cells[0, 0] >= _LEAST_STAMP and whole[0])):
        return [year if even else TIME]
    part = next((at for at in range(cells.shape[1]) if not whole[at] or not _is_part(cells[:, at], _PARTS[at])), 3)
    return [unit for unit, _, _ in _PARTS[:part]] if part > 1 and change.min() >= 0 else []


def _is_part(numbers: np.ndarray, part: tuple[str, int, int]) -> bool:
    """Return whether numbers may be years, months or days, which change by one or begin anew."""
    _, low, high = part
    change = np.diff(numbers)
    return bool((numbers >= low).all() and (numbers <= high).all() and (np.isin(change, (0, 1)) | (change < 0)).all())


def _numbers(lines: Sequence[Sequence[str]], start: int = 0, count: int = 3) -> np.ndarray | None:
    """Return some columns of the first lines as numbers; None where one is none."""
    cells = [line[start : start + count] for line in lines[:_LINES] if len(line) == len(lines[0])]
    if not cells or not all(is_number(cell) for line in cells for cell in line):
        return None
    return np.array([[float(cell.replace(",", ".")) for cell in line] for line in cells])


def _prices(lines: Sequence[Sequence[str]], start: int) -> list[str]:
    """Return names of columns that hold prices: the second is the highest of four, the third the lowest."""
    cells = _numbers(lines, start, len(lines[0]) - start)
    if cells is None or cells.shape[1] < 4 or len(cells) < _LEAST_LINES:
        return []
    four = cells[:, :4]
    if (four[:, 1] < four.max(axis=1)).any() or (four[:, 2] > four.min(axis=1)).any() or np.ptp(four[:, 1]) == 0:
        return []
    return ["open", "high", "low", "close", *(["volume"] if cells.shape[1] > 4 else [])]


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
