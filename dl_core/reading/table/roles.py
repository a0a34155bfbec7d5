"""Which column of a table of transactions has which role: as the user says, as names and contents tell."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.reading import CONTENT
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.reading.tables.about import Why, reasons
from dl_core.reading.tables.names import (
    Roles,
    check_columns,
    guess_others,
    guessed_note,
    plain_name,
    spellings,
    words_of,
)
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import parse_numbers, sampled
from dl_core.schema import Role


def decide_roles(frame: pd.DataFrame, request: ReadRequest) -> tuple[Roles, Why, list[Finding]]:
    """Return the roles of all columns but features, why each was found, and a note on those that were guessed.

    A role of `request.roles` is taken as it stands; without columns it means that there is none ("no label"). The rest
    is guessed by name, and given up again where the content does not fit.

    Raises
    ------
    SchemaError
        If the user names a column that does not exist.
    """
    wished = request.wished
    check_columns(wished, list(frame.columns))
    roles = guess_others(TRANSACTION_SCHEMA, list(frame.columns), request, free=Role.FEATURE)
    amount = roles.get(Role.AMOUNT)
    if amount and not _mostly_numbers(frame[amount[0]]):
        roles.pop(Role.AMOUNT)
    roles |= {role: columns for role, columns in wished.items() if columns and role != Role.FEATURE}
    if Role.TIME not in wished:
        roles.pop(Role.TIME, None)
        time = _find_time(frame, {column for columns in roles.values() for column in columns})
        if time:
            roles[Role.TIME] = (time,)
    roles.pop(Role.UNIT, None)
    guessed = {role: columns for role, columns in roles.items() if role not in wished}
    why = dict(reasons(roles, wished))
    if Role.TIME in guessed and plain_name(roles[Role.TIME][0]) not in words_of(TRANSACTION_SCHEMA, Role.TIME):
        why[Role.TIME] = CONTENT
    return roles, why, guessed_note(guessed)


def _find_time(frame: pd.DataFrame, used: Iterable[str]) -> str | None:
    """Return the column of time: by name where its content fits, else the first one that holds times."""
    free = [column for column in frame.columns if column not in set(used)]
    by_name = spellings(free)
    for name in words_of(TRANSACTION_SCHEMA, Role.TIME):
        column = by_name.get(name)
        if column is not None and _may_be_time(frame[column]):
            return column
    for column in free:
        kind = frame[column].dtype
        text = not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind)
        if pd.api.types.is_datetime64_any_dtype(kind) or (text and looks_like_time(frame[column])):
            return column
    return None


def _may_be_time(column: pd.Series) -> bool:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return False
    if pd.api.types.is_numeric_dtype(kind):
        return bool(column.nunique() > 2 and column.min() >= 0)
    if pd.api.types.is_datetime64_any_dtype(kind) or looks_like_time(column):
        return True
    sample = sampled(column)
    return len(sample) > 0 and bool(pd.to_numeric(sample, errors="coerce").notna().mean() > 0.95)


def _mostly_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    sample = sampled(column, 500)
    return len(sample) == 0 or bool(parse_numbers(sample).bad.mean() <= 0.5)
