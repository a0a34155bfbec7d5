"""How findings are ordered, and the words that many of them share: counts, rows, columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.errors import shorten

SHOWN = 12  # columns that a message names
ROWS_NAMED = 5  # row numbers that a message repeats
ROWS_LISTED = 100_000  # row ids that a finding about a table carries
READ_AGAIN = Finding(
    "info",
    "read-again",
    "Read again from the rows that were kept. What an earlier reading left out or folded does not come back; upload "
    "the file again for that.",
)
_LEVELS = ("error", "warning", "info")


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with errors first, then warnings; those of one level keep their order."""
    return sorted(findings, key=lambda finding: _LEVELS.index(finding.level))


def rows_named(bad: np.ndarray) -> str:
    """Return the first rows of a mask in words, counted from 1 as a spreadsheet counts them below its header."""
    rows = np.flatnonzero(bad)
    shown = _cut([f"{row + 1:,}" for row in rows[:ROWS_NAMED]], len(rows))
    return f"row{'s' if len(rows) > 1 else ''} {shown}"


def listed(columns: Sequence[object], most: int = SHOWN) -> str:
    """Return names of columns or files in quotes, cut to ``most``."""
    return _cut([repr(shorten(column, 40)) for column in columns[:most]], len(columns))


def few(names: Sequence[object], most: int = 3, length: int = 50) -> str:
    """Return names without quotes, each cut to ``length`` characters, and how many more there are."""
    return _cut([shorten(name, length) for name in names[:most]], len(names))


def _cut(shown: Sequence[str], total: int) -> str:
    return ", ".join(shown) + (f" and {total - len(shown):,} more" if total > len(shown) else "")
