"""What the reader of tables understood of a file, as plain facts: where it lay, how it is written, its columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

NAMED, ASKED, TRAINED, CONTENT = "by name", "as asked", "as in the training data", "by content"

Why = Mapping[Role, str]


@dataclass(frozen=True)
class ColumnAbout:
    """One column: its name, what its cells are, and its role with the reason once that is decided.

    ``type`` is ``"number"``, ``"time"``, ``"truth"`` or ``"text"``; ``role`` is empty for a column without one.
    """

    name: str
    type: str
    role: str = ""
    why: str = ""


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
    columns : tuple of ColumnAbout
    """

    file: str
    format: str
    rows: int
    columns: tuple[ColumnAbout, ...]
    member: str = ""
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: int | None = 1

    def with_roles(self, roles: Mapping[Role, Sequence[str]], why: Why) -> TableAbout:
        """Return the description with the columns' roles, whatever their spelling, and how each was found."""
        role_of = {plain_name(name): role for role, names in roles.items() for name in names}
        found = [(column, role_of.get(plain_name(column.name))) for column in self.columns]
        columns = tuple(
            column if role is None else replace(column, role=str(role), why=why.get(role, NAMED))
            for column, role in found
        )
        return replace(self, columns=columns)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Described:
    """A data set, and how each of the tables that it was made from was read."""

    dataset: Dataset
    tables: tuple[TableAbout, ...]


def reasons(roles: Mapping[Role, Sequence[str]], asked: Collection[Role], trained: Collection[Role] = ()) -> Why:
    """Return why each role's columns have it: as asked, as in the training data, else by name."""
    return {role: ASKED if role in asked else TRAINED if role in trained else NAMED for role in roles}


def columns_about(frame: pd.DataFrame) -> tuple[ColumnAbout, ...]:
    """Return names and types of a table's columns."""
    return tuple(ColumnAbout(str(name), _type(kind)) for name, kind in frame.dtypes.items())


def _type(kind: Any) -> str:
    if pd.api.types.is_bool_dtype(kind):
        return "truth"
    if pd.api.types.is_numeric_dtype(kind):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(kind) else "text"
