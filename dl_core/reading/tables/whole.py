"""A table beside images, read whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile
from dl_core.reading.tables.read import read_file
from dl_core.reading.tables.room import TableKind

_KIND = TableKind(lambda name: False, 0, "leave out what is not needed")


def read_table(path: Path, where: str = "") -> pd.DataFrame:
    """Read a table of any format; blank cells become missing, columns of numbers become numbers.

    Parameters
    ----------
    path : Path
    where : str
        Name for messages; the file's by default.

    Raises
    ------
    FileError
        If it cannot be read or is empty.
    """
    name = where or path.name
    return read_file(GivenFile(path, name, name), _KIND, Limits.from_environment())[0][0].frame
