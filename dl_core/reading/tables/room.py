"""What a kind of table needs: which columns are text, how much memory a row takes, and whether that is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from dl_core.errors import LimitError
from dl_core.reading.limits import MEGABYTE, Limits
from dl_core.reading.tables.headless import Headless
from dl_core.reading.tables.outline import NULLS, Outline

BYTES_A_CELL = 16


def as_it_is(frame: pd.DataFrame, headless: bool) -> pd.DataFrame:
    """Return the frame."""
    return frame


@dataclass(frozen=True)
class TableKind:
    """What differs between tables of one kind (transactions, interactions, series) and another.

    Parameters
    ----------
    as_text : callable
        Whether the column of this name holds names or numbers that are no quantities (accounts, ids), which must keep
        their leading zeros and all their digits.
    row_bytes : int
        Memory of a row at the peak, besides its cells.
    advice : str
        What to do about too many rows, before "; or raise …".
    headless : Headless or None
        Names the columns of files without a header line; None where they get numbers ("column 1").
    suffixes : tuple of str
        Endings of this kind's text files besides those of the formats.
    chosen : callable
        Takes the names of all tables found and returns those to read.
    tidy : callable
        Takes a table as its file holds it and whether that has no header line; returns it as this kind wants it.
    zones : bool
        Whether times of text files with an offset ("+02:00") stay text, so that the offset is not lost.
    sheets : str
        Which sheets of a workbook are read: the ``"largest"``, those ``"alike"`` in their columns, or ``"all"``.
    nulls : tuple of str
        What means in text files that nothing is known.
    lists : callable or None
        Takes the cells of a text file's lines and returns a table where these are lists rather than rows, else None.
    """

    as_text: Callable[[str], bool]
    row_bytes: int
    advice: str
    headless: Headless | None = None
    suffixes: tuple[str, ...] = ()
    chosen: Callable[[Sequence[str]], Sequence[str]] = tuple
    tidy: Callable[[pd.DataFrame, bool], pd.DataFrame] = as_it_is
    zones: bool = False
    sheets: str = "largest"
    nulls: tuple[str, ...] = NULLS
    lists: Callable[[Sequence[Sequence[str]]], pd.DataFrame | None] | None = None


@dataclass(frozen=True)
class Room:
    """How much one file may hold, after ``before`` rows of other files."""

    where: str
    kind: TableKind
    limits: Limits
    before: int = 0

    def headless(self, lines: Sequence[Sequence[str]], outline: Outline) -> list[str] | None:
        """Return names for the columns of a table without a header line, None where it has one, or names none."""
        if outline.names is not None and outline.sure:
            return None
        first = outline.first if outline.header is None else outline.header
        rows = [list(line) for line in lines[first:]]
        names = None if self.kind.headless is None else self.kind.headless(self.where, rows)
        if names is None and outline.names is None and self.kind.headless is not None:
            names = self.kind.headless.numbered(self.where, outline.width)
        return names

    def check(self, rows: int, columns: int, about: bool = False) -> None:
        """Check that a table, and what is derived from it, fit into memory.

        Raises
        ------
        LimitError
            If there are too many rows, or they need too much memory.
        """
        rows, most_mb = rows + self.before, self.limits.max_working_mb
        row_bytes = self.kind.row_bytes + BYTES_A_CELL * columns
        needed = rows * row_bytes / MEGABYTE
        if rows <= self.limits.max_rows and needed <= most_mb:
            return
        most = min(int(most_mb * MEGABYTE / row_bytes), self.limits.max_rows)
        raise LimitError(
            f"{'about ' if about else ''}{rows:,} rows of {columns} columns need {needed:,.0f} MB of memory",
            where=self.where,
            expected=f"at most {most:,} rows ({most_mb:,} MB)",
            todo=f"{self.kind.advice}; or raise DAYLIGHT_MAX_WORKING_MB and DAYLIGHT_MAX_ROWS on a server with more "
            "memory",
        )
