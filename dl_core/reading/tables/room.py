"""What a kind of table needs: which columns are text, how much memory a row takes, and whether that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dl_core.errors import LimitError
from dl_core.reading.limits import MEGABYTE, Limits

BYTES_A_CELL = 16


def _named(name: str, lines: list[list[str]]) -> list[str] | None:
    return None


@dataclass(frozen=True)
class TableKind:
    """What differs between tables of one kind (transactions, interactions) and another.

    Parameters
    ----------
    as_text : callable
        Whether the column of this name holds names or numbers that are no quantities (accounts, ids), which must keep
        their leading zeros and all their digits.
    row_bytes : int
        Memory of a row at the peak, besides its cells.
    advice : str
        What to do about too many rows, before "; or raise …".
    headless : callable
        Takes a file's name and the cells of its first lines; returns column names where the first line is a row like
        the others, None where it is a header.
    """

    as_text: Callable[[str], bool]
    row_bytes: int
    advice: str
    headless: Callable[[str, list[list[str]]], list[str] | None] = _named


@dataclass(frozen=True)
class Room:
    """How much one file may hold, after ``before`` rows of other files."""

    where: str
    kind: TableKind
    limits: Limits
    before: int = 0

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
