"""Names of columns: compared whatever their case, blanks and underscores, matched to roles, listed in messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dl_core.errors import SchemaError, shorten
from dl_core.schema import Role, Schema

SHOWN = 12  # columns that a message names


def plain_name(column: object) -> str:
    """Return a column's name in lower case with single underscores: ``"isFraud"``, ``"Is fraud?"`` → ``"is_fraud"``."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", str(column).strip())
    return re.sub(r"[^\w]+|_+", "_", text.casefold()).strip("_")


def guess_by_name(schema: Schema, columns: Sequence[str]) -> dict[Role, tuple[str, ...]]:
    """Return roles for columns whose names the schema knows, whatever their case, blanks and underscores."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    roles = schema.guess(list(by_name))
    return {role: tuple(by_name[name] for name in names) for role, names in roles.items()}


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


def listed(columns: Sequence[str], most: int = SHOWN) -> str:
    """Return column names in words, cut to ``most``."""
    more = f" and {len(columns) - most:,} more" if len(columns) > most else ""
    return ", ".join(repr(shorten(column, 40)) for column in columns[:most]) + more
