"""From what was uploaded to raw tables, with the names of files that lack a header line found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dl_core.data.dataset import Finding, Source
from dl_core.errors import shorten
from dl_core.reading.collect import Collected
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.schema import SERIES, TIME, VALUE
from dl_core.reading.sources import source_of
from dl_core.reading.tables.append import skipped_note
from dl_core.reading.tables.files import Given, find_tables
from dl_core.reading.tables.formats import RawTable, read_file
from dl_core.reading.tables.names import listed
from dl_core.reading.tables.room import Room, TableKind
from dl_core.reading.tables.separated import is_number

ROW_BYTES = 400  # of a step at the peak, measured while it is read (300) and with its row id in a split
_ADVICE = "keep the latest steps, longer steps (days instead of hours), or some of the series"
_DATE = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
_UNNAMED = re.compile(r"column \d+")
_YEAR = re.compile(r"(1[5-9]|2[01])\d\d")


@dataclass(frozen=True)
class Tables:
    """All tables of a request, with whether each is test data."""

    tables: list[tuple[RawTable, bool]]
    notes: list[Finding]
    source: Source


class Headless:
    """Tells whether a file lacks a header line, names its columns then, and remembers to say so."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def __call__(self, name: str, lines: list[list[str]]) -> list[str] | None:
        """Return column names where the first line is a row like the others."""
        lines = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
        names = _names(lines) if lines else None
        if names:
            self.found[name] = names
        return names

    def notes(self) -> list[Finding]:
        """Return a note a file."""
        return [
            Finding(
                "info",
                "no-header",
                f"{shorten(name, 60)} has no header line; its columns were named by position: {', '.join(names[:4])}"
                f"{' …' if len(names) > 4 else ''}.",
            )
            for name, names in self.found.items()
        ]


def _names(lines: list[list[str]]) -> list[str] | None:
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


def read_tables(request: ReadRequest, workspace: Path, limits: Limits) -> Tables:
    """Read all tables of a request, test tables last.

    Raises
    ------
    DaylightError
        If a file cannot be read or is too large.
    """
    data = _find(request.paths, workspace / "data", limits)
    test = _find(request.test_paths, workspace / "test", limits) if request.test_paths else None
    headless = Headless()
    kind = TableKind(lambda name: False, ROW_BYTES, _ADVICE, headless)
    files = [(file, file.test and test is None) for file in data.tables]
    files += [(file, True) for file in (test.tables if test else ())]
    raw, rows = [], 0
    for file, is_test in files:
        table = read_file(file, kind, limits, rows)
        rows += len(table.frame)
        raw.append((RawTable(table.name, _tidy(table.frame), table.skipped), is_test))
    raw.sort(key=lambda entry: entry[1])
    notes = [*headless.notes(), *(note for table, _ in raw for note in skipped_note(table))]
    if data.other:
        text = f"Files that were not needed were left out: {listed(list(data.other), 3)}."
        notes.append(Finding("info", "other-files", text))
    return Tables(raw, notes, source_of([("data", Collected(source=data.source))]))


def check_steps(steps: int, where: str, limits: Limits) -> None:
    """Check that so many steps fit into memory, once a wide table's cells are counted.

    Raises
    ------
    LimitError
        If there are too many.
    """
    Room(where, TableKind(lambda name: False, ROW_BYTES, _ADVICE), limits).check(int(steps), 3)


def _find(paths: Sequence[Path], workspace: Path, limits: Limits) -> Given:
    workspace.mkdir()
    return find_tables([Path(path) for path in paths], workspace, limits)


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without unnamed columns that are empty, or that only number the rows, as pandas writes one."""
    empty = [name for name in frame.columns if _UNNAMED.fullmatch(str(name)) and frame[name].isna().all()]
    frame = frame.drop(columns=empty) if empty else frame
    first = frame.columns[0]
    if first != "column 1" or frame.shape[1] < 3 or not pd.api.types.is_integer_dtype(frame[first].dtype):
        return frame
    numbers = frame[first].to_numpy()
    start = int(numbers[0])
    return (
        frame.drop(columns=first)
        if start in (0, 1) and (numbers == range(start, start + len(numbers))).all()
        else frame
    )
