"""New cases: users who want a list, or what they took of late, read as the training data were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.interactions.catalogue import USERS
from dl_core.data.interactions.histories import POSITIVE
from dl_core.errors import SchemaError, shorten
from dl_core.reading.interactions.columns import Typed, read_columns
from dl_core.reading.interactions.gather import read_tables
from dl_core.reading.interactions.recognise import row_roles
from dl_core.reading.interactions.sides import user_table
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.append import appended
from dl_core.reading.tables.formats import RawTable
from dl_core.reading.tables.names import check_columns, listed, plain_name
from dl_core.reading.tables.values import counted
from dl_core.schema import Role

_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)


def read_cases(request: ReadRequest, workspace: Path, limits: Limits) -> Dataset:
    """Return users alone (role USER), or users with what they took (USER and ITEM, VALUE and TIME where given).

    Columns are found by the names of ``options["like"]``, the description of the training data, else by what such
    columns are usually called; the table has training's names. No row is filtered but those without a user.

    Raises
    ------
    DaylightError
        If a file cannot be read, or no column names users.
    """
    read = read_tables(request, workspace, limits)
    like: Mapping[str, Any] = request.options.get("like") or {}
    frame, left = _of_users([table for table, _ in read.tables], request, like)
    frame, roles = _like(frame, request, like)
    order = next((n["kind"] for n in like.get("notes", ()) if n["kind"] in ("day-first", "month-first")), "")
    if Role.ITEM not in roles:
        roles = {Role.USER: roles[Role.USER]}
    typed = read_columns(frame, roles, order)
    table = _table(typed, float(request.options.get("positive_from") or 0))
    notes = [*read.notes, *left, *typed.notes]
    if Role.ITEM not in roles:
        again = table.duplicated().to_numpy()
        if again.any():
            text = f"{counted(int(again.sum()), 'row')} with a user who is listed above; each user gets one list."
            notes.append(Finding("info", "repeated-users", text))
        table = table[~again]
    if not len(table):
        raise SchemaError("no row names a user", where=shorten(request.paths[0].name, 60), todo="fill in the users")
    side, about = _known_users(frame, typed, like)
    return Dataset(
        name=request.name or shorten(Path(request.paths[0]).name.split(".")[0], 60) or "new cases",
        table=table,
        roles={role: (name,) for role, name in typed.names.items()},
        source=read.source,
        notes=(*notes, *about),
        side=side,
    )


def _of_users(
    tables: Sequence[RawTable], request: ReadRequest, like: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows of the tables that say what users took, or of those that list users where none does."""
    trained = {Role(role): plain_name(names[0]) for role, names in like.get("roles", {}).items() if names}
    found: dict[str, set[Role]] = {}
    for table in tables:
        plain = {plain_name(column) for column in table.frame.columns}
        found[table.name] = {
            *row_roles(table.frame, request),
            *(role for role, name in trained.items() if name in plain),
        }
    for wanted in ({Role.USER, Role.ITEM}, {Role.USER}):
        kept = [table for table in tables if wanted <= found[table.name]]
        if kept:
            break
    else:
        kept = list(tables)
    left = [table.name for table in tables if not any(table is other for other in kept)]
    text = f"Tables that say nothing of what these users took were left out: {listed(left, 4)}."
    return appended([table.frame for table in kept]), [Finding("info", "other-tables", text)] if left else []


def _like(
    frame: pd.DataFrame, request: ReadRequest, like: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[Role, tuple[str, ...]]]:
    """Return the frame with training's column names, and the roles found."""
    trained = {Role(role): tuple(names) for role, names in like.get("roles", {}).items() if names}
    wished = {Role(role): tuple(names) for role, names in request.roles.items() if names}
    check_columns(wished, list(frame.columns))
    guessed = row_roles(frame, request)
    by_name = {plain_name(column): column for column in reversed(frame.columns)}
    found: dict[Role, tuple[str, ...]] = {}
    renames: dict[str, str] = {}
    for role in _ROLES:
        name = trained.get(role, ("",))[0]
        here = wished.get(role) or ((by_name[plain_name(name)],) if plain_name(name) in by_name else guessed.get(role))
        if not here or here[0] in renames or (like and role not in trained):
            continue
        renames[here[0]] = name or here[0]
        found[role] = (name or here[0],)
    if Role.USER not in found:
        wanted = trained.get(Role.USER, ("user",))[0]
        raise SchemaError(
            "no column of users was recognised",
            where=shorten(request.paths[0].name, 60),
            expected=f"a column {shorten(wanted, 40)!r} as in the training data; found {listed(list(frame.columns))}",
            todo="name the column so, or say with the role user which one it is",
        )
    clash = [new for old, new in renames.items() if new != old and new in frame.columns and new not in renames]
    return frame.drop(columns=clash).rename(columns=renames), found


def _table(typed: Typed, least: float) -> pd.DataFrame:
    """Return the kept rows with their types, and whether each counts as liked."""
    at = np.flatnonzero(typed.keep)
    index = pd.Index(pd.Series(at).astype("str"), name="row")
    table = pd.DataFrame({typed.names[role]: ids.iloc[at].to_numpy() for role, ids in typed.ids.items()}, index=index)
    table = table.astype("str")
    if typed.value is not None:
        table[typed.names[Role.VALUE]] = typed.value[at]
    if typed.time is not None:
        table[typed.names[Role.TIME]] = typed.time[at]
    if Role.ITEM in typed.ids:
        known = typed.value is not None and least
        table[POSITIVE] = np.nan_to_num(typed.value[at], nan=-np.inf) >= least if known else True
    return table


def _known_users(
    frame: pd.DataFrame, typed: Typed, like: Mapping[str, Any]
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return what the rows say about their users, of the columns that training knew about users."""
    trained = {plain_name(name): name for name in like.get("side", {}).get(USERS, ())}
    here = {column: trained[plain_name(column)] for column in frame.columns if plain_name(column) in trained}
    here = {column: name for column, name in here.items() if column not in typed.names.values()}
    if not here:
        return {}, []
    ids = typed.ids[Role.USER].to_numpy(dtype=object)
    known = frame[list(here)].rename(columns=here).set_axis(pd.Index(ids, name="id"), axis=0)[typed.keep]
    table, notes = user_table(known[~known.index.duplicated()])
    return ({USERS: table} if len(table.columns) else {}), notes
