"""Which of several tables holds the interactions, which the items, which the users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import SchemaError, shorten
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA, KEYS
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.formats import RawTable
from dl_core.reading.tables.names import check_columns, guess_by_name, listed, plain_name
from dl_core.schema import Role

Roles = dict[Role, tuple[str, ...]]
_ROW_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)
_OVERLAP = 0.3  # share of a table's ids that stand in the interactions too, from which it is about them
_EXAMPLES = {Role.USER: "user_id, customer_id or visitor", Role.ITEM: "item_id, product, StockCode or movieId"}
_WORDS = {Role.USER: "users", Role.ITEM: "items"}


@dataclass(frozen=True)
class Recognised:
    """Tables by what they hold; each of ``items`` and ``users`` has its ids as its index."""

    rows: tuple[tuple[RawTable, bool], ...]  # with whether it is test data, largest training table first
    roles: Roles
    items: tuple[RawTable, ...]
    users: tuple[RawTable, ...]
    notes: tuple[Finding, ...]


def recognise(raw: Sequence[tuple[RawTable, bool]], request: ReadRequest) -> Recognised:
    """Tell tables of interactions, items and users apart by their columns.

    Raises
    ------
    SchemaError
        If no table has both users and items, or the user names a column that does not exist.
    """
    _check_wished(request, [table for table, _ in raw])
    guessed = [(table, is_test, row_roles(table.frame, request)) for table, is_test in raw]
    rows = [entry for entry in guessed if all(role in entry[2] for role in KEYS)]
    training = [entry for entry in rows if not entry[1]]
    for part in (False, True):
        here = [entry for entry in guessed if entry[1] == part]
        if here and not any(all(role in entry[2] for role in KEYS) for entry in here):
            raise _missing(max(here, key=lambda entry: len(entry[0].frame)))
    main = max(training, key=lambda entry: (Role.VALUE in entry[2], Role.TIME in entry[2], len(entry[0].frame)))
    roles = main[2]
    same = [entry for entry in rows if entry[1] or _alike(entry[2], roles)]
    kept = sorted(same, key=lambda entry: (entry[1], entry[0] is not main[0]))
    beside = [table for table, is_test, _ in guessed if not any(table is entry[0] for entry in same) and not is_test]
    sides = _sides(beside, main[0].frame, roles)
    left = [table.name for table in beside if not any(table.name == found.name for found in (*sides[0], *sides[1]))]
    notes = _notes(kept, sides, left) if len(raw) > 1 else []
    notes += _guessed_note(roles, request)
    named = tuple((_as_main(table, found, roles), is_test) for table, is_test, found in kept)
    return Recognised(named, roles, *map(tuple, sides), tuple(notes))


def row_roles(frame: pd.DataFrame, request: ReadRequest) -> Roles:
    """Return the roles of one table's columns: as the user says, the rest by name; no columns means no such role."""
    wished = {Role(role): tuple(columns) for role, columns in request.roles.items()}
    taken = {column for columns in wished.values() for column in columns}
    guessed = guess_by_name(INTERACTION_SCHEMA, [column for column in frame.columns if column not in taken])
    roles = {role: columns for role, columns in guessed.items() if role not in wished}
    roles |= {role: columns for role, columns in wished.items() if columns and set(columns) <= set(frame.columns)}
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


def _missing(entry: tuple[RawTable, bool, Roles]) -> SchemaError:
    table, _, roles = entry
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
    return RawTable(table.name, frame.rename(columns=names), table.skipped)


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
        found[role].append(RawTable(table.name, frame[ids.notna().to_numpy()]))
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


def _notes(
    rows: Sequence[tuple[RawTable, bool, Roles]], sides: tuple[list[RawTable], list[RawTable]], left: list[str]
) -> list[Finding]:
    words = [f"interactions: {listed([table.name for table, _, _ in rows], 4)}"]
    words += [
        f"{word}: {listed([t.name for t in found], 4)}"
        for word, found in zip(("items", "users"), sides, strict=True)
        if found
    ]
    notes = [Finding("info", "recognised-tables", f"Tables were recognised by their columns: {'; '.join(words)}.")]
    if left:
        text = f"Tables that are about neither these users nor these items were left out: {listed(left, 4)}."
        notes.append(Finding("info", "other-tables", text))
    return notes


def _guessed_note(roles: Roles, request: ReadRequest) -> list[Finding]:
    guessed = [f"{role} = {shorten(roles[role][0], 40)}" for role in _ROW_ROLES if role in roles]
    if not guessed or all(role in request.roles for role in roles if role in _ROW_ROLES):
        return []
    return [Finding("info", "guessed-roles", f"Columns were recognised by name: {'; '.join(guessed)}.")]
