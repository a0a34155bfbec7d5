"""The nouns of tables beside images: one table, and all of them joined to one line an image."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import DaylightError
from dl_core.reading.tables.about import TableAbout


@dataclass(frozen=True)
class Table:
    """One table with text cells, and how it is written."""

    about: TableAbout
    frame: pd.DataFrame
    maybe: bool = False  # a text file that may as well be a read-me

    @property
    def name(self) -> str:
        """As uploaded."""
        return self.about.name


@dataclass(frozen=True)
class Several:
    """A column whose several rows of one image do not agree."""

    images: tuple[int, ...]
    ties: tuple[int, ...]
    rows: int
    readers: str = ""  # the column that tells who read; empty where rows are several findings


@dataclass
class Joined:
    """All tables in one frame, a line an image, and what is to be said of it.

    ``origin`` says of each column of ``frame`` the table and its name there, ``sources`` the columns that it was made
    of; ``files`` are the columns of each table
    that name images, ``keys`` those by which it was joined to others.
    """

    frame: pd.DataFrame
    origin: dict[str, tuple[str, str]] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    keyed: dict[str, str] = field(default_factory=dict)  # what a table's key is among the images: a folder, a tag …
    several: dict[str, Several] = field(default_factory=dict)
    parts: dict[int, str] = field(default_factory=dict)  # of images, by the names of the tables that list them
    named: dict[str, tuple[int, ...]] = field(default_factory=dict)  # images by table
    pairs: set[str] = field(default_factory=set)  # tables with two images a row
    abouts: list[TableAbout] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    errors: list[DaylightError] = field(default_factory=list)
