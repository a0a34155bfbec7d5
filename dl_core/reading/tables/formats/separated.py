"""Separated text of any encoding, with any separator, with a header or without, to a data frame."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from dl_core.errors import FileError
from dl_core.reading.tables.arrow import to_frame, unique_names
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.room import Room
from dl_core.reading.tables.text import decode_table, separator_of
from dl_core.reading.tables.whole import read_table

SAMPLE = 1 << 20  # bytes from which the length of a line is estimated
_NULLS = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "?", "-"]
_OFFSET = re.compile(r":\d{2}(?:\.\d+)?\s?[+-]\d{2}:?\d{2}$")
_WIDE, _NARROW = "::", "\x1f"  # a separator of two characters, and what it is read as


@dataclass(frozen=True)
class _Layout:
    """How a file is written."""

    path: Path
    encoding: str
    separator: str
    names: list[str]
    header: bool

    def parsed(self, frame: pd.DataFrame, skipped: int) -> Parsed:
        """Return the table that was read in this way."""
        delimiter = _WIDE if self.separator == _NARROW else self.separator
        return Parsed(frame, skipped, 1 if self.header else None, encoding=self.encoding, delimiter=delimiter)


def read(path: Path, room: Room) -> Parsed:
    """Return the rows of a text file; lines that do not fit the header are left out.

    Types are inferred, and all columns are read as text where that fails.

    Raises
    ------
    FileError
        If there is no header, or it cannot be read.
    LimitError
        If it is larger than the limits allow; known from its first bytes.
    """
    layout, sample = _layout(path, room)
    size = path.stat().st_size / (2 if layout.encoding.startswith("utf-16") else 1)
    rows = int(sample.count("\n") * max(1.0, size / max(1, len(sample.encode("utf-8", "replace")))))
    room.check(rows, len(layout.names), about=True)
    names, text = layout.names, pa.large_string()
    types = {name: text for name in names if room.kind.as_text(name)}
    types |= dict.fromkeys(_zero_led(sample, layout), text)
    types |= dict.fromkeys(_zoned(sample, layout) if room.kind.zones else (), text)
    for attempt in (types, dict.fromkeys(names, text)):
        skipped: list[int] = []
        try:
            frame = to_frame(_arrow_csv(layout, attempt, skipped), room.kind.as_text)
        except pa.ArrowInvalid:
            continue
        return layout.parsed(frame, len(skipped))
    return layout.parsed(read_table(path, room.where, keep_text=True), 0)


def _layout(path: Path, room: Room) -> tuple[_Layout, str]:
    encoding, sample = decode_table(path, SAMPLE)
    lines = [line for line in sample.splitlines()[:21] if line.strip()]
    wide = bool(lines) and lines[0].count(_WIDE) > 0 and len({line.count(_WIDE) for line in lines[:20]}) == 1
    sample = sample.replace(_WIDE, _NARROW) if wide else sample
    separator = _NARROW if wide else separator_of(sample, room.where)
    rows = list(csv.reader(io.StringIO(sample[:50_000]), delimiter=separator))[: -1 if len(sample) > 50_000 else None]
    names = room.kind.headless(room.where, rows) if room.kind.headless else None
    header = _header(sample, separator, room.where) if names is None else names
    return _Layout(path, encoding, separator, unique_names(header), names is None), sample


def _arrow_csv(layout: _Layout, types: dict[str, pa.DataType], skipped: list[int]) -> pa.Table:
    def _skip(row: arrow_csv.InvalidRow) -> str:
        skipped.append(row.number or 0)
        return "skip"

    wide = layout.separator == _NARROW
    source = io.BytesIO(layout.path.read_bytes().replace(_WIDE.encode(), _NARROW.encode())) if wide else layout.path
    return arrow_csv.read_csv(
        source,
        read_options=arrow_csv.ReadOptions(
            encoding=layout.encoding, column_names=layout.names, skip_rows=int(layout.header), block_size=8 << 20
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.separator,
            quote_char=False if wide else '"',
            newlines_in_values=not wide and _has_quotes(layout.path),
            invalid_row_handler=_skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=_NULLS, strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _has_quotes(path: Path) -> bool:
    """Return whether quotes stand in the first bytes: only then may a cell hold a line break."""
    with open(path, "rb") as opened:
        return b'"' in opened.read(SAMPLE)


def _header(sample: str, separator: str, where: str) -> list[str]:
    header = next(csv.reader(io.StringIO(sample), delimiter=separator), [])
    filled = [cell.strip() for cell in header if cell.strip()]
    if not filled:
        raise FileError("the first line is empty", where=where, expected="a header line with the columns' names")
    if len(filled) > 1 and all(is_number(cell) for cell in filled):
        raise FileError(
            "the first line holds numbers",
            where=where,
            expected="a header line with the columns' names",
            todo="add a first line that names the columns",
        )
    return header


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a point or a comma."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _zero_led(sample: str, layout: _Layout) -> list[str]:
    """Return columns with values such as "007", which are names and no numbers."""
    return _columns_with(sample, layout, lambda cell: len(cell) > 1 and cell.isdigit() and cell[0] == "0")


def _zoned(sample: str, layout: _Layout) -> list[str]:
    """Return columns with times such as "2024-03-31T03:00+02:00", whose offset Arrow would take away."""
    return _columns_with(sample, layout, lambda cell: bool(_OFFSET.search(cell)))


def _columns_with(sample: str, layout: _Layout, fits: Callable[[str], bool]) -> list[str]:
    """Return the columns that hold such a cell in the first lines."""
    rows = list(csv.reader(io.StringIO(sample[:50_000]), delimiter=layout.separator))[int(layout.header) : -1]
    return [name for at, name in enumerate(layout.names) if any(len(row) > at and fits(row[at]) for row in rows)]


READER = TableFormat(
    "separated text", "CSV, TSV", (".csv", ".tsv", ".txt", ".data"), read, quiet=(".txt",), otherwise=True
)
