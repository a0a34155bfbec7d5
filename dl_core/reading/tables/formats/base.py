"""What every format of table files offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    """

    frame: pd.DataFrame
    skipped: int = 0
    header: int | None = 1
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""


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
        Takes a file and its `Room`, which knows its name, and returns what it holds; raises for what cannot be read.
    magic : bytes
        What every such file starts with, where that tells it whatever its name.
    quiet : tuple of str
        Endings that name read-me files as often as tables: read only where the file was given alone.
    otherwise : bool
        Whether it takes all files that no other format claims.
    """

    name: str
    words: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Room], Parsed]
    magic: bytes = b""
    quiet: tuple[str, ...] = ()
    otherwise: bool = False
