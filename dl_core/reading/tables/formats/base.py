"""What every format of table files offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dl_core.reading.tables.room import Room


@dataclass(frozen=True)
class Parsed:
    """A table as it stands in its file, and how that is written.

    Parameters
    ----------
    frame : pandas.DataFrame
    skipped : int
        Lines that did not fit the header.
    header : int or None
        Line that names the columns, from 1; None where there is none.
    sheet, encoding, delimiter : str
        Where the format has such.
    said : tuple of str
        What was skipped or joined, in words.
    units : mapping of str to str
        Units that a line of the file gives, by column.
    member : str
        Name of the table, in files that hold several which belong together (a database).
    """

    frame: pd.DataFrame
    skipped: int = 0
    header: int | None = 1
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    said: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    member: str = ""


@dataclass(frozen=True)
class TableFormat:
    """One format of table files.

    Parameters
    ----------
    name : str
    words : str
        As messages name it.
    suffixes : tuple of str
        Lower-case endings that promise it.
    read : callable
        Takes a file and its `Room`, which knows its name, and returns the tables that it holds; raises for what cannot
        be read. An empty frame is a sheet without a table.
    claims : callable, optional
        Takes a file's first bytes and its path; returns whether it is of this format, whatever its name.
    quiet : tuple of str
        Endings that name read-me files as often as tables: read only where the file was given alone.
    otherwise : bool
        Whether it takes all files that no other format claims.
    """

    name: str
    words: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Room], Sequence[Parsed]]
    claims: Callable[[bytes, Path], bool] | None = None
    quiet: tuple[str, ...] = ()
    otherwise: bool = False
