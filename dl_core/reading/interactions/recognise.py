"""Which of several tables holds the interactions, which the items, which the users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.reading import CONTENT
from dl_core.errors import SchemaError, shorten
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA, KEYS
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import TableAbout, reasons
from dl_core.reading.tables.append import joined_rows
from dl_core.reading.tables.names import Roles, check_columns, guess_by_name, guess_others, guessed_note, plain_name
from dl_core.reading.tables.read import RawTable, Tables
from dl_core.schema import Role

_ROW_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)
_OVERLAP = 0.3  # share of a table's ids that stand in the interactions too, from which it is about them
_EXAMPLES = {Role.USER: "user_id, customer_id or visitor", Role.ITEM: "item_id, product, StockCode or movieId"}
_WORDS = {Role.USER: "users", Role.ITEM: "items"}


@dataclass(frozen=True)
class Recognised:
    """All interactions, and what lay beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows in the order of the files, test rows last.
    part : numpy.ndarray
        (n,) object, the part of a given split that each row belongs to, ``""`` without one.
    roles : dict of Role to tuple of str
    items, users : tuple of RawTable
        Tables about these, each with its ids as its index.
    notes : tuple of Finding
    tables : tuple of TableAbout
        How the tables that were used were read.
    """

    frame: pd.DataFrame
    part: np.ndarray
    roles: Roles
    items: tuple[RawTable, ...]
    users: tuple[RawTable, ...]
    notes: tuple[Finding, ...]
    tables: tuple[TableAbout, ...]


def recognise(read: Tables, request: ReadRequest) -> Recognised:
    """Tell tables of interactions, items and users apart by their columns.

    Raises
    ------
    SchemaError
        If no table has both users and items, or the user names a column that does not exist.
    """
    _check_wished(request, read.tables)
    guessed = [(table, row_roles(table.frame, request)) for table in read.tables]
    rows = [(table, roles) for table, roles in guessed if all(role in roles for role in KEYS)]
    for test in (False, True):
        here = [(table, roles) for table, roles in guessed if table.test == test]
        if here and not any(table.test == test for table, _ in rows):
            raise _missing(*max(here, key=lambda entry: len(entry[0].frame)))
    training = [(table, roles) for table, roles in rows if not table.test]
    main, roles = max(training, key=lambda one: (Role.VALUE in one[1], Role.TIME in one[1], len(one[0].frame)))
    same = [(table, found) for table, found in rows if table.test or _alike(found, roles)]
    kept = sorted(same, key=lambda entry: (entry[0].test, entry[0] is not main))
    beside = [table for table in read.tables if not table.test and not any(table is one for one, _ in same)]
    items, users = _sides(beside, main.frame, roles)
    left = [table.name for table in beside if not any(table.name == found.name for found in (*items, *users))]
    notes = list(read.notes)
    if len(read.tables) > 1:
        notes += _notes([table for table, _ in kept], items, users, left)
    if any(role not in request.roles for role in roles if role in _ROW_ROLES):
        notes += guessed_note({role: roles[role] for role in _ROW_ROLES if role in roles})
    frame, part = joined_rows([_as_main(table, found, roles) for table, found in kept], main.frame.columns, notes)
    why = reasons(roles, request.wished)
    tables = (*(table.about.with_roles(found, why) for table, found in kept), *(t.about for t in (*items, *users)))
    return Recognised(frame, part, roles, tuple(items), tuple(users), tuple(notes), tables)


def row_roles(frame: pd.DataFrame, request: ReadRequest) -> Roles:
    """Return the roles of one table's columns: as the user says, the rest by name; no columns means no such role."""
    roles = guess_others(INTERACTION_SCHEMA, list(frame.columns), request)
    here = set(frame.columns)
    roles |= {role: columns for role, columns in request.wished.items() if columns and set(columns) <= here}
    return {role: columns if role in (Role.GROUP, Role.FEATURE) else columns[:1] for role, columns in roles.items()}


def _check_wished(request: ReadRequest, tables: Sequence[RawTable]) -> None:
    columns = list(dict.fromkeys(str(column) for table in tables for column in table.frame.columns))
    check_columns(request.roles, columns)
    user, item = (tuple(request.roles.get(role, ())) for role in KEYS)
    if user and user == item:
        raise SchemaError(
            f"the column {shorten(user[0], 40)!r} is named for users and for items",
            where="roles user and item",
            expected="two columns",
            todo="choose another column for one of them",
        )


def _missing(table: RawTable, roles: Roles) -> SchemaError:
    role = next(role for role in KEYS if role not in roles)
    return SchemaError(
        f"no column of {_WORDS[role]} was recognised",
        where=shorten(table.name, 60),
        expected=f"a column such as {_EXAMPLES[role]}; found {listed(list(table.frame.columns))}",
        todo=f"say which column it is with the role {role}, or rename it",
    )


def _alike(roles: Roles, main: Roles) -> bool:
    """Return whether a table's columns play the same roles as the main one's, by the same names."""
    wanted = [role for role in _ROW_ROLES if role in main]
    return all(role in roles and plain_name(roles[role][0]) == plain_name(main[role][0]) for role in wanted)


def _as_main(table: RawTable, roles: Roles, main: Roles) -> RawTable:
    """Return a table with the main one's names for the columns of rows, and for others in another spelling."""
    names = {roles[role][0]: main[role][0] for role in _ROW_ROLES if role in roles and role in main}
    frame = table.frame.drop(columns=[new for old, new in names.items() if new != old and new in table.frame])
    return replace(table, frame=frame.rename(columns=names))


def _sides(tables: Sequence[RawTable], main: pd.DataFrame, roles: Roles) -> tuple[list[RawTable], list[RawTable]]:
    """Return the tables of items and those of users, each with its ids as index."""
    known = {role: pd.Index(as_ids(main[roles[role][0]]).dropna().unique()) for role in KEYS}
    found: dict[Role, list[RawTable]] = {Role.USER: [], Role.ITEM: []}
    for table in tables:
        role, column = _about(table, roles, known)
        if role is None or table.frame.shape[1] < 2:
            continue
        ids = as_ids(table.frame[column])
        frame = table.frame.drop(columns=column).set_axis(pd.Index(ids, name="id"), axis=0)
        found[role].append(replace(table, frame=frame[ids.notna().to_numpy()], about=_about_side(table, role, column)))
    return found[Role.ITEM], found[Role.USER]


def _about(table: RawTable, roles: Roles, known: dict[Role, pd.Index]) -> tuple[Role | None, str]:
    """Return whether a table is about users or items, and the column of its ids."""
    names = guess_by_name(INTERACTION_SCHEMA, list(table.frame.columns))
    both = all(role in names for role in KEYS)
    options = []
    for role in KEYS:
        same = [c for c in table.frame.columns if plain_name(c) == plain_name(roles[role][0])]
        for column in dict.fromkeys([*same, *names.get(role, ()), *_id_columns(table.frame)]):
            named = column in same or column in names.get(role, ())
            ids = as_ids(table.frame[column]).dropna()
            unique = bool(len(ids)) and ids.nunique() > (0.9 if both else 0.5) * len(ids)  # tags are no items table
            overlap = float(pd.Index(ids.unique()).isin(known[role]).mean()) if len(ids) else 0.0
            reached = len(known[role].intersection(pd.Index(ids.unique()))) / max(1, len(known[role]))
            hint = any(word in plain_name(table.name) for word in _HINTS[role])
            if unique and (max(overlap, reached) >= _OVERLAP or column in same):
                options.append(((column in same, named, hint, max(overlap, reached)), role, column))
    return max(options)[1:] if options else (None, "")


_HINTS = {
    Role.USER: ("user", "customer", "member", "visitor", "client", "reader", "household"),
    Role.ITEM: ("item", "product", "movie", "article", "book", "song", "track", "catalog", "game", "content", "stock"),
}


def _id_columns(frame: pd.DataFrame) -> list[str]:
    first = [frame.columns[0]]
    return [*(c for c in frame.columns if plain_name(c) in ("id", "code", "key", "no", "nr")), *first]


def _about_side(table: RawTable, role: Role, column: str) -> TableAbout:
    return table.about.with_roles({role: (column,)}, {role: CONTENT})


def _notes(rows: list[RawTable], items: list[RawTable], users: list[RawTable], left: list[str]) -> list[Finding]:
    found = {"interactions": rows, "items": items, "users": users}
    words = [f"{word}: {listed([table.name for table in tables], 4)}" for word, tables in found.items() if tables]
    notes = [Finding("info", "recognised-tables", f"Tables were recognised by their columns: {'; '.join(words)}.")]
    if left:
        text = f"Tables about neither these users nor these items were ignored: {listed(left, 4)}."
        notes.append(Finding("info", "other-tables", text))
    return notes
