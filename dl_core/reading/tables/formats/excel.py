"""Excel workbooks: the first sheet, its cells as they stand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.room import Room
from dl_core.reading.tables.whole import read_table


def read(path: Path, room: Room) -> Parsed:
    """Return the rows of a workbook's first sheet."""
    frame = read_table(path, room.where, keep_text=True)
    with pd.ExcelFile(path, engine="openpyxl") as book:
        return Parsed(frame, sheet=str(book.sheet_names[0]))


READER = TableFormat("Excel", "Excel (.xlsx)", (".xlsx",), read)
