"""Names of columns: compared whatever their case, blanks and underscores, and matched to roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import pandas as pd

from dl_core.data.findings import listed
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role, Schema

Roles = dict[Role, tuple[str, ...]]


@lru_cache(maxsize=10_000)  # asked of the same names many times, in tables of many columns
def plain_name(column: object) -> str:
    """Return a column's name in lower case with single underscores: ``"isFraud"``, ``"Is fraud?"`` → ``"is_fraud"``."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", str(column).strip())
    return re.sub(r"[^\w]+|_+", "_", text.casefold()).strip("_")


def spellings(columns: Iterable[str]) -> dict[str, str]:
    """Return columns by their plain names; the first of several that are alike counts."""
    found: dict[str, str] = {}
    for column in columns:
        found.setdefault(plain_name(column), column)
    return found


def respelled(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a frame with its columns spelled as those of another table, where they are the same but for spelling."""
    wanted = spellings(columns)
    here = spellings(column for column in frame.columns if column not in wanted.values())
    names = {here[plain]: new for plain, new in wanted.items() if plain in here and new not in frame.columns}
    return frame.rename(columns=names) if names else frame


def words_of(schema: Schema, role: Role) -> tuple[str, ...]:
    """Return the plain names by which a schema knows a role, likeliest first."""
    field = schema.field(role)
    return field.names if field else ()


def guess_by_name(schema: Schema, columns: Sequence[str]) -> Roles:
    """Return roles for columns whose names the schema knows, whatever their case, blanks and underscores."""
    by_name = spellings(columns)
    roles = schema.guess(list(by_name))
    return {role: tuple(by_name[name] for name in names) for role, names in roles.items()}


def guess_others(schema: Schema, columns: Sequence[str], request: ReadRequest, free: Role | None = None) -> Roles:
    """Return roles by name for what the user has not said: neither these roles nor these columns, but those ``free``.

    Parameters
    ----------
    schema : Schema
    columns : sequence of str
    request : ReadRequest
    free : Role, optional
        Columns with this role of the user's may have another one too.
    """
    taken = {column for role, names in request.wished.items() if role != free for column in names}
    guessed = guess_by_name(schema, [column for column in columns if column not in taken])
    return {role: names for role, names in guessed.items() if role not in request.wished}


def check_columns(roles: Mapping[Role, Sequence[str]], columns: Sequence[str]) -> None:
    """Check that every named column exists.

    Raises
    ------
    SchemaError
        If one does not.
    """
    for role, names in roles.items():
        for name in names:
            if name not in columns:
                raise SchemaError(
                    f"there is no column {shorten(name)!r}",
                    where=f"role {role}",
                    expected=listed(columns),
                    todo="choose one of these",
                )
