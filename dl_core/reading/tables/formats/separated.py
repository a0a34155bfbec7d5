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
from dl_core.reading.tables.arrow import to_frame
from dl_core.reading.tables.cells import column_names, frame_of, without_blanks
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.outline import Outline, footer_of, outline_of
from dl_core.reading.tables.room import Room
from dl_core.reading.tables.text import BLANKS, WIDE, decode_table, separator_of

SAMPLE = 1 << 20  # bytes from which the length of a line is estimated
_LOOKED = 50_000  # characters of the first lines, and of the last, by which the table is outlined
_MOST_LAST = 40  # lines among which a footer is looked for
_RAGGED = 0.2  # share of the first rows with too few cells, from which all rows are filled up
_OFFSET = re.compile(r":\d{2}(?:\.\d+)?\s?[+-]\d{2}:?\d{2}$")
_THREE = r"\s*[-+]?\d{1,3},\d{3}\s*"  # a fraction of three digits, or one group of thousands
_GROUPED = r"\d,\d{3}(?:,\d{3}|\.\d)"  # what only groups of thousands look like
_NARROW = "\x1f"  # what separators of more than one character are read as


@dataclass(frozen=True)
class _Layout:
    """How a file is written."""

    path: Path
    encoding: str
    separator: str
    outline: Outline
    names: list[str]
    skip: int  # lines of the file before the first row
    footer: int  # lines of the file after the last row
    ragged: bool

    @property
    def narrow(self) -> str:
        """The character that parts cells once separators of more than one character are replaced."""
        return _NARROW if self.separator in (WIDE, BLANKS) else self.separator

    def text(self) -> str:
        """Return the whole file without what stands around the table."""
        whole = self.path.read_bytes().decode(self.encoding, errors="replace").lstrip("\ufeff")
        lines = list(io.StringIO(whole, newline=None))
        text = "".join(lines[self.skip : len(lines) - self.footer])
        return _narrowed(text, self.separator)

    def parsed(self, frame: pd.DataFrame, skipped: int) -> Parsed:
        """Return the table that was read in this way."""
        unnamed = [name for name in frame.columns if name.startswith("column ")]
        said = [*self.outline.said, *([f"a footer of {self.footer} lines skipped"] if self.footer else [])]
        header = None if self.outline.names is None else (self.outline.header or 0) + 1
        units = {self.names[at]: unit for at, unit in self.outline.units.items() if at < len(self.names)}
        frame = without_blanks(frame, unnamed)
        if self.separator == ";":
            frame = decimal_commas(frame)
        return Parsed(frame, skipped, header, "", self.encoding, self.separator, tuple(said), units)


def read(path: Path, room: Room) -> tuple[Parsed, ...]:
    """Return the rows of a text file; lines that do not fit the header are left out.

    Types are inferred, and all columns are read as text where that fails.

    Raises
    ------
    FileError
        If it holds no table.
    LimitError
        If it is larger than the limits allow; known from its first bytes.
    """
    encoding, sample = decode_table(path, SAMPLE)
    size = path.stat().st_size / (2 if encoding.startswith("utf-16") else 1)
    rows = int(sample.count("\n") * max(1.0, size / max(1, len(sample.encode("utf-8", "replace")))))
    separator = separator_of(sample[:_LOOKED], room.where)
    lines, ends = _lines(sample[:_LOOKED], separator, len(sample) > _LOOKED)
    if room.kind.lists is not None and room.kind.lists(lines) is not None:
        room.check(rows * sum(map(len, lines)) // max(1, len(lines)), 2, about=True)
        whole = _narrowed(path.read_bytes().decode(encoding, errors="replace").lstrip("\ufeff"), separator)
        frame = room.kind.lists(_lines(whole, separator, False)[0])
        return (Parsed(frame, 0, None, "", encoding, separator, ("each line is a list of items",)),)
    layout = _layout(path, room, (encoding, separator), sample, lines, ends, rows)
    room.check(rows, len(layout.names), about=True)
    if layout.ragged:
        cells = [line for line in csv.reader(io.StringIO(layout.text()), delimiter=layout.narrow) if line]
        return (layout.parsed(frame_of(cells, layout.names, room.kind.as_text), 0),)
    text = pa.large_string()
    types = {name: text for name in layout.names if room.kind.as_text(name)}
    first_rows = lines[layout.outline.first :]
    types |= dict.fromkeys(_columns_with(first_rows, layout.names, _is_zero_led), text)
    types |= dict.fromkeys(_columns_with(first_rows, layout.names, _is_zoned) if room.kind.zones else (), text)
    for attempt in (types, dict.fromkeys(layout.names, text)):
        skipped: list[int] = []
        try:
            frame = to_frame(_arrow_csv(layout, attempt, skipped, room.kind.nulls), room.kind.as_text)
        except pa.ArrowInvalid:
            continue
        return (layout.parsed(frame, len(skipped)),)
    cells = [line for line in csv.reader(io.StringIO(layout.text()), delimiter=layout.narrow) if line]
    return (layout.parsed(frame_of(cells, layout.names, lambda name: True), 0),)


def decimal_commas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose cells are parted by semicolons with points for commas where these can only be decimal.

    Whoever writes semicolons between cells does so because the comma stands in numbers as the decimal sign. "3,105" is
    3.105 there, unless another cell shows that commas group thousands.
    """
    commas = [
        name
        for name in frame.columns
        if pd.api.types.is_string_dtype(frame[name].dtype)
        and len(head := frame[name].dropna().iloc[:20])
        and head.str.contains(",", regex=False).all()
    ]
    cells = {name: frame[name].dropna() for name in commas}
    if any(cells[name].str.contains(_GROUPED).any() for name in commas):
        return frame
    plain = [name for name in commas if cells[name].str.fullmatch(_THREE).all()]
    return frame.assign(**{name: frame[name].str.replace(",", ".", regex=False) for name in plain}) if plain else frame


def _layout(
    path: Path,
    room: Room,
    written: tuple[str, str],
    sample: str,
    lines: list[list[str]],
    ends: list[int],
    rows: int,
) -> _Layout:
    """Return how a file is ``written`` (encoding and separator) whose first lines have these cells and ends."""
    encoding, separator = written
    outline = outline_of(lines)
    if outline is None:
        raise FileError("the table has no rows", where=room.where, todo="export it again")
    given = room.headless(lines, outline)
    if given is not None and outline.names is not None:
        outline = outline.without_header()
    names = column_names(outline, given)
    body = lines[outline.first :]
    short = sum(len(line) < outline.width for line in body if line)
    last = body[-_MOST_LAST:] if len(sample) <= _LOOKED else _last(path, encoding, separator)
    footer = footer_of(last) if len(body) > 2 else 0
    return _Layout(
        path,
        encoding,
        separator,
        outline,
        names,
        skip=ends[outline.first - 1] if outline.first else 0,
        footer=footer,
        ragged=short - footer > _RAGGED * len(body) and rows < 1_000_000,
    )


def _lines(text: str, separator: str, cut: bool) -> tuple[list[list[str]], list[int]]:
    """Return lines of cells, and for each the number of lines of the file up to its end; the last one may be cut."""
    narrow = _NARROW if separator in (WIDE, BLANKS) else separator
    reader = csv.reader(io.StringIO(_narrowed(text, separator), newline=None), delimiter=narrow)
    found, ends = [], []
    for line in reader:
        found.append(line)
        ends.append(reader.line_num)
    return (found[:-1], ends[:-1]) if cut else (found, ends)


def _narrowed(text: str, separator: str) -> str:
    """Return text whose cells are parted by one character."""
    if separator == BLANKS:
        return re.sub(r"[ \t]+", _NARROW, re.sub(r"(?m)^[ \t]+|[ \t]+$", "", text))
    return text.replace(WIDE, _NARROW) if separator == WIDE else text


def _last(path: Path, encoding: str, separator: str) -> list[list[str]]:
    """Return the last lines of a long file."""
    with open(path, "rb") as file:
        file.seek(-min(_LOOKED, path.stat().st_size) // 4 * 4, io.SEEK_END)
        plain = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
        text = file.read().decode(plain, errors="replace")
    return _lines(text.partition("\n")[2], separator, False)[0][-_MOST_LAST:]


def _arrow_csv(layout: _Layout, types: dict[str, pa.DataType], skipped: list[int], nulls: tuple[str, ...]) -> pa.Table:
    def _skip(row: arrow_csv.InvalidRow) -> str:
        skipped.append(row.number or 0)
        return "skip"

    plain = layout.narrow == layout.separator and not layout.footer
    source = layout.path if plain else io.BytesIO(layout.text().encode())
    return arrow_csv.read_csv(
        source,
        read_options=arrow_csv.ReadOptions(
            encoding=layout.encoding if plain else "utf-8",
            column_names=layout.names,
            skip_rows=layout.skip if plain else 0,
            block_size=8 << 20,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.narrow,
            quote_char=False if layout.separator in (WIDE, BLANKS) else '"',
            newlines_in_values=layout.separator not in (WIDE, BLANKS) and _has_quotes(layout.path),
            invalid_row_handler=_skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=list(nulls), strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _has_quotes(path: Path) -> bool:
    """Return whether quotes stand in the first bytes: only then may a cell hold a line break."""
    with open(path, "rb") as opened:
        return b'"' in opened.read(SAMPLE)


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a point or a comma."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _is_zero_led(cell: str) -> bool:
    """Return whether a cell such as "007" is a name and no number."""
    return len(cell) > 1 and cell.isdigit() and cell[0] == "0"


def _is_zoned(cell: str) -> bool:
    """Return whether a cell is a time such as "2024-03-31T03:00+02:00", whose offset Arrow would take away."""
    return bool(_OFFSET.search(cell))


def _columns_with(rows: list[list[str]], names: list[str], fits: Callable[[str], bool]) -> list[str]:
    """Return the columns that hold such a cell in the first rows."""
    return [name for at, name in enumerate(names) if any(len(row) > at and fits(row[at]) for row in rows)]


READER = TableFormat(
    "separated text", "CSV, TSV", (".csv", ".tsv", ".txt", ".data"), read, quiet=(".txt",), otherwise=True
)
