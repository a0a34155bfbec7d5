"""Which column has which role: what the user says, what training data had, what names and contents tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.reading.tables.names import check_columns, guess_by_name, listed, plain_name
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import parse_numbers
from dl_core.schema import Role

Roles = dict[Role, tuple[str, ...]]
KEYS = (Role.ENTITY, Role.COUNTERPARTY, Role.ID)
_NEEDED_ALIKE = (Role.TIME, Role.AMOUNT, Role.ENTITY, Role.COUNTERPARTY, Role.FEATURE)
_KEY_NAMES = frozenset(name for role in KEYS for name in TRANSACTION_SCHEMA.field(role).names)
_CODE_NAMES = {"mcc", "zip", "zipcode", "zip_code", "postcode", "bin", "ip", "ip_address", "phone"}
_CODE_ENDS = ("_id", "_no", "_nr", "_code", "_uuid", "_hash", "_iban")


def names_a_key(column: str, request: ReadRequest) -> bool:
    """Return whether a column holds names or codes by its name or by the user's word, and is read as text."""
    wished = {name for role in KEYS for name in request.roles.get(role, ())}
    like = request.options.get("like") or {}
    wished |= {name for role in KEYS for name in like.get("roles", {}).get(str(role), ())}
    return column in wished or is_code_name(column)


def is_code_name(column: object) -> bool:
    """Return whether a column's name says that its numbers are codes and no quantities."""
    plain = plain_name(column)
    return plain in _KEY_NAMES or plain in _CODE_NAMES or plain.endswith(_CODE_ENDS)


def decide_roles(frame: pd.DataFrame, request: ReadRequest) -> tuple[Roles, list[Finding]]:
    """Return the roles of all columns but features.

    A role of `request.roles` is taken as it stands; without columns it means that there is none ("no label"). The rest
    is guessed by name, and given up again where the content does not fit.

    Raises
    ------
    SchemaError
        If the user names a column that does not exist.
    """
    wished = {Role(role): tuple(columns) for role, columns in request.roles.items()}
    check_columns(wished, list(frame.columns))
    taken = {column for role, columns in wished.items() for column in columns if role != Role.FEATURE}
    roles = guess_by_name(TRANSACTION_SCHEMA, [column for column in frame.columns if column not in taken])
    roles = {role: columns for role, columns in roles.items() if role not in wished}
    notes: list[Finding] = []
    amount = roles.get(Role.AMOUNT)
    if amount and not _mostly_numbers(frame[amount[0]]):
        roles.pop(Role.AMOUNT)
    if Role.TIME not in wished:
        roles.pop(Role.TIME, None)
        used = taken | {column for columns in roles.values() for column in columns}
        time = _find_time(frame, used)
        if time:
            roles[Role.TIME] = (time,)
    roles |= {role: columns for role, columns in wished.items() if columns and role != Role.FEATURE}
    roles.pop(Role.UNIT, None)
    guessed = [
        f"{role} = {', '.join(shorten(column, 40) for column in columns)}"
        for role, columns in roles.items()
        if role not in wished
    ]
    if guessed:
        notes.append(Finding("info", "guessed-roles", f"Columns were recognised by name: {'; '.join(guessed)}."))
    return roles, notes


def _find_time(frame: pd.DataFrame, used: Iterable[str]) -> str | None:
    """Return the column of time: by name where its content fits, else the first one that holds times."""
    free = [column for column in frame.columns if column not in set(used)]
    by_name = {plain_name(column): column for column in reversed(free)}
    for name in TRANSACTION_SCHEMA.field(Role.TIME).names:
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
    filled = column.dropna()
    if pd.api.types.is_datetime64_any_dtype(kind) or looks_like_time(column):
        return True
    sample = filled.iloc[:: max(1, len(filled) // 200)]
    return len(sample) > 0 and bool(pd.to_numeric(sample, errors="coerce").notna().mean() > 0.95)


def _mostly_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    filled = column.dropna()
    sample = filled.iloc[:: max(1, len(filled) // 500)]
    return len(sample) == 0 or bool(parse_numbers(sample).bad.mean() <= 0.5)


def roles_like(frame: pd.DataFrame, request: ReadRequest) -> tuple[pd.DataFrame, Roles, list[Finding]]:
    """Return the frame with training's column names, and training's roles.

    Raises
    ------
    SchemaError
        If columns are missing; all of them are named.
    """
    like: Mapping[str, Any] = request.options["like"]
    trained = {Role(role): tuple(columns) for role, columns in like["roles"].items()}
    wished = {Role(role): tuple(columns) for role, columns in request.roles.items() if columns}
    check_columns(wished, list(frame.columns))
    renames = {
        columns[0]: trained[role][0]
        for role, columns in wished.items()
        if role in trained and role not in (Role.FEATURE, Role.GROUP) and columns[0] != trained[role][0]
    }
    frame = frame.drop(columns=[new for new in renames.values() if new in frame.columns]).rename(columns=renames)
    by_name = {plain_name(column): column for column in reversed(frame.columns)}
    known = [column for role, columns in trained.items() if role != Role.HISTORY for column in columns]
    frame = frame.rename(
        columns={by_name[plain_name(c)]: c for c in known if c not in frame.columns and plain_name(c) in by_name}
    )
    needed = dict.fromkeys(column for role in _NEEDED_ALIKE for column in trained.get(role, ()))
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise SchemaError(
            f"{'a column that' if len(missing) == 1 else f'{len(missing)} columns that'} the models learned from "
            f"{'is' if len(missing) == 1 else 'are'} missing: {listed(missing, 40)}",
            where=shorten(request.paths[0].name, 60),
            expected=f"the columns of the training data; found {listed(list(frame.columns))}",
            todo="add the missing columns, or say with roles which column they are",
        )
    kept = (*_NEEDED_ALIKE, Role.LABEL, Role.GROUP, Role.ID)
    roles = {role: tuple(c for c in trained.get(role, ()) if c in frame.columns) for role in kept}
    absent = [column for column in trained.get(Role.GROUP, ()) if column not in frame.columns]
    text = f"Group columns of the training data are missing, so groups cannot be compared here: {listed(absent)}."
    notes = [Finding("info", "missing-groups", text)] if absent else []
    return frame, {role: columns for role, columns in roles.items() if columns}, notes
