"""New cases: users who want a list, or what they took of late, read as the training data were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import listed
from dl_core.data.interactions.catalogue import USERS
from dl_core.data.interactions.histories import POSITIVE
from dl_core.errors import SchemaError, counted, shorten
from dl_core.reading.interactions.columns import Typed, read_columns
from dl_core.reading.interactions.decide import ALL, parse_taken
from dl_core.reading.interactions.recognise import row_roles
from dl_core.reading.interactions.sides import user_table
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import Described, reasons
from dl_core.reading.tables.append import appended
from dl_core.reading.tables.names import Roles, check_columns, plain_name, spellings
from dl_core.reading.tables.read import RawTable, Tables
from dl_core.reading.tables.trained import Trained
from dl_core.schema import Role

_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)


def read_cases(read: Tables, request: ReadRequest) -> Described:
    """Return users alone (role USER), or users with what they took (USER and ITEM, VALUE and TIME where given).

    Columns are found by the names of ``options["like"]``, the description of the training data, else by what such
    columns are usually called; the table has training's names. No row is filtered but those without a user.

    Raises
    ------
    DaylightError
        If no column names users.
    """
    trained = Trained.of(request)
    kept, left = _of_users(read.tables, request, trained)
    frame, roles, here = _like_training(appended([table.frame for table in kept]), request, trained)
    if Role.ITEM not in roles:
        roles = {Role.USER: roles[Role.USER]}
    event, taken = _events(frame, roles, request)
    typed = read_columns(frame, roles, trained.order, event, taken, str(request.options.get("zero") or ""))
    table = _table(typed, float(request.options.get("positive_from") or 0))
    notes = [*read.notes, *left, *typed.notes]
    if Role.ITEM not in roles:
        again = table.duplicated().to_numpy()
        if again.any():
            text = f"{counted(int(again.sum()), 'row')} with a user who is listed above; each user gets one list."
            notes.append(Finding("info", "repeated-users", text))
        table = table[~again]
    if not len(table):
        raise SchemaError("no row names a user", where=request.where, todo="fill in the users")
    side, about = _known_users(frame, typed, trained)
    dataset = Dataset(
        name=request.title("new cases"),
        table=table,
        roles={role: (name,) for role, name in typed.names.items()},
        source=read.source,
        notes=(*notes, *about),
        side=side,
    )
    why = reasons(here, request.wished, trained.roles)
    return Described(dataset, tuple(table.about.with_roles(here, why) for table in kept))


def _events(frame: pd.DataFrame, roles: Roles, request: ReadRequest) -> tuple[str, dict[str, float]]:
    """Return the column of kinds of events and what counts, as training had it; nothing where values are numbers."""
    said, name = str(request.options.get("taken") or ""), roles.get(Role.VALUE, ("",))[0]
    if not name or said in ("", ALL) or pd.api.types.is_numeric_dtype(frame[name].dtype):
        return "", {}
    return name, parse_taken(said)


def _of_users(
    tables: Sequence[RawTable], request: ReadRequest, trained: Trained
) -> tuple[list[RawTable], list[Finding]]:
    """Return the tables that say what users took, or those that list users where none does."""
    found: dict[str, set[Role]] = {}
    for table in tables:
        here = spellings(table.frame.columns)
        alike = {role for role, names in trained.roles.items() if plain_name(names[0]) in here}
        found[table.name] = {*row_roles(table.frame, request), *alike}
    for wanted in ({Role.USER, Role.ITEM}, {Role.USER}, set()):
        kept = [table for table in tables if wanted <= found[table.name]]
        if kept:
            break
    left = [table.name for table in tables if not any(table is other for other in kept)]
    text = f"Tables without interactions of these users were ignored: {listed(left, 4)}."
    return kept, [Finding("info", "other-tables", text)] if left else []


def _like_training(frame: pd.DataFrame, request: ReadRequest, trained: Trained) -> tuple[pd.DataFrame, Roles, Roles]:
    """Return the frame with training's column names, the roles found, and the same by the names as uploaded."""
    wished = {role: names for role, names in request.wished.items() if names}
    check_columns(wished, list(frame.columns))
    guessed, by_name = row_roles(frame, request), spellings(frame.columns)
    found: Roles = {}
    renames: dict[str, str] = {}
    for role in _ROLES:
        name = trained.column(role)
        here = wished.get(role) or ((by_name[plain_name(name)],) if plain_name(name) in by_name else guessed.get(role))
        if not here or here[0] in renames or (trained and role not in trained.roles):
            continue
        renames[here[0]] = name or here[0]
        found[role] = (name or here[0],)
    if Role.USER not in found:
        raise SchemaError(
            "no column of users was recognised",
            where=request.where,
            expected=f"a column {shorten(trained.column(Role.USER) or 'user', 40)!r} as in the training data; found "
            f"{listed(list(frame.columns))}",
            todo="name the column so, or say with the role user which one it is",
        )
    clash = [new for old, new in renames.items() if new != old and new in frame.columns and new not in renames]
    as_uploaded: Roles = {role: (old,) for role, old in zip(found, renames, strict=True)}
    return frame.drop(columns=clash).rename(columns=renames), found, as_uploaded


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
        rated = least and typed.value is not None
        table[POSITIVE] = table[typed.names[Role.VALUE]].fillna(-np.inf) >= least if rated else True
    return table


def _known_users(frame: pd.DataFrame, typed: Typed, trained: Trained) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return what the rows say about their users, of the columns that training knew about users."""
    known_names = spellings(trained.side.get(USERS, ()))
    here = {column: known_names[plain_name(column)] for column in frame.columns if plain_name(column) in known_names}
    here = {column: name for column, name in here.items() if column not in typed.names.values()}
    if not here:
        return {}, []
    ids = typed.ids[Role.USER].to_numpy(dtype=object)
    known = frame[list(here)].rename(columns=here).set_axis(pd.Index(ids, name="id"), axis=0)[typed.keep]
    table, notes = user_table(known[~known.index.duplicated()])
    return ({USERS: table} if len(table.columns) else {}), notes
