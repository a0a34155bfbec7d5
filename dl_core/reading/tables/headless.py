"""Files without a header line: each kind's layouts name their columns, and a note says so."""

from __future__ import annotations

from collections.abc import Callable

from dl_core.data.dataset import Finding
from dl_core.errors import shorten

Names = Callable[[str, list[list[str]]], list[str] | None]


class Headless:
    """Remembers which files lack a header line, and the names that their columns got.

    Parameters
    ----------
    names : callable
        Takes a file's name and the cells of its first lines, none of them empty; returns column names where the first
        line is a row like the others, None where it is a header.
    shown : int
        Names that a note repeats.
    """

    def __init__(self, names: Names, shown: int) -> None:
        self.names, self.shown = names, shown
        self.found: dict[str, list[str]] = {}

    def __call__(self, name: str, lines: list[list[str]]) -> list[str] | None:
        """Return column names where the first line is a row like the others."""
        lines = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
        names = self.names(name, lines) if lines else None
        if names:
            self.found[name] = names
        return names

    def numbered(self, name: str, width: int) -> list[str]:
        """Return numbers for the columns of a file that the layouts of this kind have no names for."""
        self.found[name] = [f"column {at}" for at in range(1, width + 1)]
        return self.found[name]

    def notes(self) -> list[Finding]:
        """Return a note a file."""
        return [
            Finding(
                "info",
                "no-header",
                f"{shorten(name, 60)} has no header line; its columns were named by position: "
                f"{', '.join(names[: self.shown])}{' …' if len(names) > self.shown else ''}.",
            )
            for name, names in self.found.items()
        ]
