"""What the reader of tables understood of a file, as plain facts, and the readings that are made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.reading import ASKED, LEFT_OUT, NAMED, TRAINED, ColumnReading, FileReading
from dl_core.errors import shorten
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

Why = Mapping[Role, str]
Told = Mapping[str, Mapping[str, Any]]  # by column: fields of its `ColumnReading`
_EXAMPLES, _LONGEST = 3, 24
_SCANNED = 5_000  # rows in which examples are looked for first
_FIRST = 64
_NO_USE = "no part of this layout needs it"
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blanks", "::": "two colons"}


@dataclass(frozen=True)
class TableAbout:
    """One table as it was read.

    Parameters
    ----------
    file : str
        The file, folder or archive that was given.
    member : str
        The file inside it, empty where the given file is the table.
    sheet : str
        Of a workbook.
    format : str
        Name of the format ("separated text", "Parquet" …).
    encoding, delimiter : str
        Of separated text.
    header : int or None
        Line that names the columns, from 1; None where the file has none.
    rows : int
    columns : tuple of ColumnReading
        Left out, without a reason, until roles are given.
    part, why : str
        What the file is for, and how that was found.
    """

    file: str
    format: str
    rows: int
    columns: tuple[ColumnReading, ...]
    member: str = ""
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: int | None = 1
    part: str = "table"
    why: str = "holds the rows"
    said: tuple[str, ...] = ()  # what was skipped or joined around the table, in words

    def with_roles(self, roles: Mapping[Role, Sequence[str]], why: Why) -> TableAbout:
        """Return the description with the columns' roles, whatever their spelling, and how each was found."""
        told = {
            name: {"role": str(role), "why": why.get(role, NAMED)} for role, names in roles.items() for name in names
        }
        return self.with_columns(told)

    def with_columns(self, told: Told) -> TableAbout:
        """Return the description with further fields of some columns, whatever their spelling: role, why, verdict …"""
        said = {plain_name(name): fields for name, fields in told.items()}
        found = (told.get(one.name) or said.get(plain_name(one.name), {}) for one in self.columns)
        return replace(self, columns=tuple(_with(one, fields) for one, fields in zip(self.columns, found, strict=True)))

    def as_part(self, part: str, why: str) -> TableAbout:
        """Return the description of a table that is for something else than the rows, or for nothing."""
        return replace(self, part=part, why=why)

    @property
    def name(self) -> str:
        """The file as uploaded, or its path inside an archive."""
        return self.member or self.file

    @property
    def written(self) -> str:
        """How the file is written, in words."""
        said = [self.format, self.encoding.upper(), _SEPARATORS.get(self.delimiter, self.delimiter)]
        said += [f"sheet {self.sheet}" if self.sheet else ""]
        if self.delimiter or self.sheet:  # other formats name their columns themselves
            said += ["no header line" if self.header is None else f"header in line {self.header}"]
        return ", ".join(word for word in (*said, *self.said) if word)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Described:
    """A data set, and how each of the tables that it was made from was read."""

    dataset: Dataset
    tables: tuple[TableAbout, ...]


def readings(tables: Iterable[TableAbout]) -> tuple[tuple[FileReading, ...], tuple[ColumnReading, ...]]:
    """Return what the parts of a `Reading` say of tables: a line a file, and all of their columns.

    Columns without a role say that no part of the layout needs them, those of files that were left out why the file
    was; what is locked shows no value.
    """
    files, columns = [], []
    for table in tables:
        files.append(FileReading(table.name, table.part, table.why, table.rows, table.written))
        reason = f"its file is left out: {table.why}" if table.part == LEFT_OUT else _NO_USE
        columns += [one if one.why or one.role != LEFT_OUT else replace(one, why=reason) for one in table.columns]
    return tuple(files), tuple(columns)


def reasons(roles: Mapping[Role, Sequence[str]], asked: Collection[Role], trained: Collection[Role] = ()) -> Why:
    """Return why each role's columns have it: as asked, as in the training data, else by name."""
    return {role: ASKED if role in asked else TRAINED if role in trained else NAMED for role in roles}


def columns_about(frame: pd.DataFrame, file: str) -> tuple[ColumnReading, ...]:
    """Return names, types and first values of the columns of a file's table, none with a role yet."""
    first = _first_numbers(frame)
    return tuple(
        ColumnReading(
            file, str(name), LEFT_OUT, type_of(kind), "", examples=first.get(name) or examples_of(frame[name])
        )
        for name, kind in frame.dtypes.items()
    )


def _first_numbers(frame: pd.DataFrame) -> dict[Any, tuple[str, ...]]:
    """Return the examples of columns whose first rows hold enough different numbers; all columns of a type at once."""
    found = {}
    for kind in ("float64", "int64"):
        block = frame.iloc[:_FIRST].select_dtypes(kind)
        for name, cells in zip(block.columns, block.to_numpy().T.tolist(), strict=True):
            some = list(dict.fromkeys(cell for cell in cells if cell == cell))[:_EXAMPLES]
            if len(some) == _EXAMPLES:
                found[name] = tuple(shorten(number, _LONGEST) for number in _without_point(some))
    return found


def _without_point(numbers: Sequence[Any]) -> Sequence[Any]:
    """Return numbers as whole ones where all are, as those of a column with a gap."""
    whole = all(number % 1 == 0 and abs(number) < 1e15 for number in numbers)
    return [int(number) for number in numbers] if whole else numbers


def examples_of(column: pd.Series) -> tuple[str, ...]:
    """Return the first distinct values as short texts."""
    filled = column.iloc[:_SCANNED].dropna()
    if filled.empty:
        filled = column.dropna().iloc[:_SCANNED]
    some: Sequence[Any] = filled.drop_duplicates().iloc[: 2 * _EXAMPLES].tolist()
    some = _without_point(some) if pd.api.types.is_float_dtype(filled.dtype) else some
    return tuple(dict.fromkeys(shorten(value, _LONGEST) for value in some))[:_EXAMPLES]


def type_of(kind: Any) -> str:
    """Return a data type in the words of a reading: ``"truth"``, ``"number"``, ``"time"`` or ``"text"``."""
    if pd.api.types.is_bool_dtype(kind):
        return "truth"
    if pd.api.types.is_numeric_dtype(kind):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(kind) else "text"


def _with(column: ColumnReading, fields: Mapping[str, Any]) -> ColumnReading:
    changed = replace(column, **fields) if fields else column
    return replace(changed, examples=()) if changed.locked and changed.examples else changed
