"""Workbooks of spreadsheets (.xlsx, .xls, .ods …): the table of every sheet."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from dl_core.reading.tables.cells import as_words, column_names, frame_of, without_blanks
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.outline import footer_of, outline_of
from dl_core.reading.tables.room import Room

_LOOKED, _MOST_LAST = 200, 40  # first and last lines by which a table is outlined
_INSIDE = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


def read(path: Path, room: Room) -> list[Parsed]:
    """Return the table of each sheet; a sheet without one gives an empty frame."""
    try:
        with open(path, "rb") as file, CalamineWorkbook.from_filelike(file) as book:
            found, before = [], 0
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                room.check(before + sheet.height, sheet.width)
                before += sheet.height
                found.append(_table(name, sheet.to_python(skip_empty_area=False), room))
    except CalamineError as error:
        raise ValueError("not a workbook") from error
    return found


def _table(name: str, lines: list[list[Any]], room: Room) -> Parsed:
    words = [[as_words(cell) for cell in line] for line in lines[:_LOOKED]]
    outline = outline_of(words)
    if outline is None:
        return Parsed(pd.DataFrame(), sheet=name)
    given = room.headless(words, outline)
    outline = outline if given is None or outline.names is None else outline.without_header()
    names = column_names(outline, given)
    last = [[as_words(cell) for cell in line] for line in lines[max(outline.first, len(lines) - _MOST_LAST) :]]
    footer = footer_of(last) if len(last) > 2 else 0
    frame = frame_of(lines[outline.first : len(lines) - footer], names, room.kind.as_text)
    frame = without_blanks(frame, [one for one in frame.columns if one.startswith("column ")])
    said = [*outline.said, *([f"a footer of {footer} lines skipped"] if footer else [])]
    header = None if outline.names is None else (outline.header or 0) + 1
    units = {names[at]: unit for at, unit in outline.units.items() if at < len(names)}
    return Parsed(frame, 0, header, name, said=tuple(said), units=units)


def _is_workbook(head: bytes, path: Path) -> bool:
    if head.startswith(b"\xd0\xcf\x11\xe0"):  # also of old texts and slides, which the reader then refuses
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
    return any(name in names for name in _INSIDE)


READER = TableFormat(
    "Excel", "Excel (.xlsx, .xls), .ods", (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), read, _is_workbook
)
