"""Which of several tables holds the interactions, which the items, which the users."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.reading import CONTENT, LEFT_OUT, NAMED, Choice, Question
from dl_core.errors import SchemaError, shorten
from dl_core.reading.interactions.content import flag_of, is_event, is_time, numbers_of
from dl_core.reading.interactions.decide import Decision, decide, item_candidates
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.orders import EVENT, row_roles, with_events, with_users
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA, KEYS
from dl_core.reading.interactions.shapes import LONG, Shaped, melted
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import TableAbout, reasons
from dl_core.reading.tables.append import joined_rows
from dl_core.reading.tables.names import Roles, check_columns, guess_by_name, plain_name
from dl_core.reading.tables.read import RawTable, Tables
from dl_core.schema import Role

_ROW_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)
_OVERLAP = 0.3  # share of a table's ids that stand in the interactions too, from which it is about them
_ONE_TO_ONE = 0.9  # the same of a column whose name does not say what it is about, both ways
_EXAMPLES = {Role.USER: "user_id, customer_id or visitor", Role.ITEM: "item_id, product, StockCode or movieId"}
_WORDS = {Role.USER: "users", Role.ITEM: "items"}


@dataclass(frozen=True)
class Recognised:
    """All interactions, and what lay beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows in the order of the files, test rows last; none while a question is open.
    part : numpy.ndarray
        (n,) object, the part of a given split that each row belongs to, ``""`` without one.
    made : Decision
        Roles, what counts as taken, what is asked and assumed.
    items, users : tuple of RawTable
        Tables about these, each with its ids as its index.
    notes : tuple of Finding
    tables : tuple of TableAbout
        How all tables were read, also those that were left out.
    layout : str
        In words.
    """

    frame: pd.DataFrame
    part: np.ndarray
    made: Decision
    items: tuple[RawTable, ...]
    users: tuple[RawTable, ...]
    notes: tuple[Finding, ...]
    tables: tuple[TableAbout, ...]
    layout: str = LONG

    @property
    def roles(self) -> Roles:
        """Columns by role."""
        return self.made.roles


def recognise(read: Tables, request: ReadRequest) -> Recognised:
    """Tell tables of interactions, items and users apart by their columns.

    Raises
    ------
    SchemaError
        If no table has both users and items, or the user names a column that does not exist.
    """
    joined, orders = with_users(read.tables, request)
    joined = with_events(joined, request)
    guessed = [(table, row_roles(table.frame, request)) for table in joined]
    plain = any(all(role in roles for role in KEYS) for _, roles in guessed)
    if not plain:
        guessed = [(table, _by_content(table.frame, roles, request)) for table, roles in guessed]
    shaped = [
        Shaped(table, roles) if plain and Role.ITEM not in roles else melted(table, roles) for table, roles in guessed
    ]
    _check_wished(request, [*joined, *(one.table for one in shaped)])
    guessed = [(one.table, one.roles) for one in shaped]
    rows = [(table, roles) for table, roles in guessed if all(role in roles for role in KEYS)]
    for test in (False, True):
        here = [(table, roles) for table, roles in guessed if table.test == test]
        if here and not any(table.test == test for table, _ in rows):
            table, roles = max(here, key=lambda entry: len(entry[0].frame))
            question = _which(table, roles)
            if question is None or not request.labelled:
                raise _missing(table, roles)
            made = Decision(roles, questions=[question])
            tables = tuple(one.about for one, _ in guessed)
            return Recognised(pd.DataFrame(), np.zeros(0), made, (), (), read.notes, tables)
    training = [(table, roles) for table, roles in rows if not table.test]
    main, roles = max(training, key=_likeliness)
    shape = next(one for one in shaped if one.table is main)
    others = [table for table, _ in guessed if table is not main]
    roles = _with_known_item(main, roles, others, request)
    same = [
        (table, found)
        for table, found in rows
        if table is main or table.test or (_alike(found, roles) and _of_one_kind(table, found, main, roles))
    ]
    same = [(table, roles if table is main else found) for table, found in same]
    kept = sorted(same, key=lambda entry: (entry[0].test, entry[0] is not main))
    beside = [table for table in others if not table.test and not any(table is one for one, _ in same)]
    items, users = _sides(beside, main.frame, roles)
    left = [table for table in beside if not any(table.name == found.name for found in (*items, *users))]
    keys = {name for role in (Role.USER, Role.ITEM) for name in roles.get(role, ())}
    secret = [name for name in main.frame if name in read.hidden and name not in keys]
    roles = {role: tuple(name for name in names if name not in secret) for role, names in roles.items()}
    roles = {role: names for role, names in roles.items() if names}
    seen = pd.concat([one.frame for one, _ in kept], ignore_index=True) if EVENT in main.frame else main.frame
    seen = seen.drop(columns=secret)
    made = decide(seen, roles, request, main.about.header is None and bool(main.about.delimiter))
    items, users = ([_without(read, table) for table in tables] for tables in (items, users))
    made.assumed += [shape.assumed] if shape.assumed else []
    notes = list(read.notes)
    if len(read.tables) > 1:
        notes += _notes([table for table, _ in kept], items, users, [table.name for table in left])
    frame, part = joined_rows([_as_main(table, found, made.roles) for table, found in kept], main.frame.columns, notes)
    frame = frame.drop(columns=[name for name in secret if name in frame])
    why = reasons(made.roles, request.wished)
    tables = (
        *(_about_rows(table, made, why, table.test) for table, found in kept),
        *(table.about for table in (*items, *users)),
        *(table.about.as_part("side table", "tells whose the rows are") for table in orders),
        *(table.about.as_part(LEFT_OUT, "about neither these users nor these items") for table in left),
    )
    return Recognised(frame, part, made, tuple(items), tuple(users), tuple(notes), tables, shape.layout)


def _without(read: Tables, table: RawTable) -> RawTable:
    """Return a table about users or items, whose ids are its index, without secrets."""
    return replace(table, frame=table.frame.drop(columns=[name for name in table.frame if name in read.hidden]))


def _likeliness(one: tuple[RawTable, Roles]) -> tuple[bool, bool, bool, bool, int]:
    """Return how likely a table holds the interactions: users come again, values, no ids of anything else, times, rows.

    A profile names each user once; a table of tags names a tag beside user and item.
    """
    table, roles = one
    return (
        _come_again(table, roles),
        Role.VALUE in roles,
        not _foreign(table, roles),
        Role.TIME in roles,
        len(table.frame),
    )


def _come_again(table: RawTable, roles: Roles) -> bool:
    return bool(table.frame[roles[Role.USER][0]].duplicated().any())


def _foreign(table: RawTable, roles: Roles) -> set[str]:
    """Return the columns named as ids of something that plays no role, such as a tag."""
    named = {name for names in roles.values() for name in names}
    return {plain_name(name) for name in table.frame if name not in named and _stem(name) != plain_name(name)}


def _of_one_kind(table: RawTable, found: Roles, main: RawTable, roles: Roles) -> bool:
    """Return whether a table tells no ids that the main one lacks, and is no list of users beside it."""
    if not _foreign(table, found) <= {plain_name(name) for name in main.frame}:
        return False
    if EVENT in table.frame and EVENT in main.frame:
        return True
    columns = {plain_name(name) for name in table.frame} == {plain_name(name) for name in main.frame}
    return columns or _come_again(table, found) or not _come_again(main, roles)


def _about_rows(table: RawTable, made: Decision, why: Mapping[Role, str], test: bool) -> TableAbout:
    """Return the description of a table of interactions with the roles of its columns, and why they have them."""
    told = {name: dict(fields) for name, fields in made.told.items()}
    if table.about.header is None and table.about.delimiter:
        why = {role: CONTENT if said == NAMED else said for role, said in why.items()}
    for role, names in made.roles.items():
        for name in names:
            told[name] = {"role": str(role), "why": why[role], **told.get(name, {})}
    about = table.about.with_columns(told)
    return about.as_part("test", "test rows") if test else about.as_part("table", "holds the interactions")


def _by_content(frame: pd.DataFrame, roles: Roles, request: ReadRequest) -> Roles:
    """Return roles with the only column that may name users, or items, where no name tells."""
    for role in KEYS:
        found = _may_name(frame, roles) if role not in roles and role not in request.wished else []
        if len(found) == 1:
            roles = {**roles, role: (found[0],)}
    return roles


def _may_name(frame: pd.DataFrame, roles: Roles) -> list[str]:
    """Return the columns without a role that may name users or items: ids or words that come again."""
    used = {name for role, names in roles.items() if role in _ROW_ROLES for name in names}
    found = []
    for name in frame.columns:
        column = frame[name]
        if name in used or pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            continue
        distinct = column.nunique()
        if 2 <= distinct < column.notna().sum() and not is_time(column) and not _says(column):
            found.append(str(name))
    return found


def _says(column: pd.Series) -> bool:
    """Return whether a column says what an interaction was, not whose or of what: its kind, yes or no, a value."""
    if is_event(column) or flag_of(column) is not None:
        return True
    values = numbers_of(column)
    return values is not None and bool(
        (values % 1 != 0).any() or (len(np.unique(values)) <= 11 and values.max() <= 100)
    )


def _which(table: RawTable, roles: Roles) -> Question | None:
    """Return the question which column names the users or items, None where no two may."""
    found = _may_name(table.frame, roles)
    role = next(role for role in KEYS if role not in roles)
    if len(found) < 2:
        return None
    text = f"Which column names the {_WORDS[role]} in {shorten(table.name, 60)}? {listed(found, 5)} may."
    return Question(str(role), text, tuple(Choice(name, {role: (name,)}) for name in found[:8]))


def _with_known_item(main: RawTable, roles: Roles, others: Sequence[RawTable], request: ReadRequest) -> Roles:
    """Return roles with the column of items that a table beside the interactions knows best, of several named so.

    A review that names a variant and its product belongs to the product where the table of items names products.
    """
    found = item_candidates(main.frame)
    if Role.ITEM in request.wished or len(found) < 2 or not others:
        return roles
    known = {}
    for name in found:
        ids = pd.Index(as_ids(main.frame[name]).dropna().unique())
        same = [one.frame[c] for one in others for c in one.frame if plain_name(c) == plain_name(name)]
        tables = [as_ids(column) for column in same]
        known[name] = max((float(ids.isin(other).mean()) for other in tables if other.is_unique), default=0.0)
    best = max(found, key=lambda name: known[name])
    return {**roles, Role.ITEM: (best,)} if known[best] >= _OVERLAP else roles


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
    same = {role: main[role][0] for role in _ROW_ROLES if role in roles and role in main}
    names = {roles[role][0]: name for role, name in same.items() if name != EVENT}  # which each table has of its own
    frame = table.frame.drop(columns=[new for old, new in names.items() if new != old and new in table.frame])
    return replace(table, frame=frame.rename(columns=names))


def _sides(tables: Sequence[RawTable], main: pd.DataFrame, roles: Roles) -> tuple[list[RawTable], list[RawTable]]:
    """Return the tables of items and those of users, each with its ids as index."""
    known = {role: pd.Index(as_ids(main[roles[role][0]]).dropna().unique()) for role in KEYS}
    found: dict[Role, list[RawTable]] = {Role.USER: [], Role.ITEM: []}
    for table in tables:
        role, column = _about(table, roles, known, main)
        if role is None or table.frame.shape[1] < 2:
            continue
        ids = as_ids(table.frame[column])
        frame = table.frame.drop(columns=column).set_axis(pd.Index(ids, name="id"), axis=0)
        found[role].append(replace(table, frame=frame[ids.notna().to_numpy()], about=_about_side(table, role, column)))
    return found[Role.ITEM], found[Role.USER]


def _about(table: RawTable, roles: Roles, known: dict[Role, pd.Index], main: pd.DataFrame) -> tuple[Role | None, str]:
    """Return whether a table is about users or items, and the column of its ids.

    A column of the same name, or of another name for users or items, needs some ids in common; one of a general name
    (``id``, ``key``) or the first one must hold (nearly) the ids of the interactions one to one, since small numbers
    are alike everywhere. A column named as the id of something else (``tagID``) names neither.
    """
    names = guess_by_name(INTERACTION_SCHEMA, list(table.frame.columns))
    both = all(role in names for role in KEYS)
    options = []
    for role in KEYS:
        stem = _stem(roles[role][0])
        hints = (*_HINTS[role], *([stem] if len(stem) > 2 else []))
        hint = any(word in plain_name(table.name) for word in hints)
        same = [c for c in table.frame.columns if plain_name(c) == plain_name(roles[role][0])]
        for column in dict.fromkeys([*same, *names.get(role, ()), *_id_columns(table.frame)]):
            named = column in same or column in names.get(role, ())
            ids = as_ids(table.frame[column]).dropna()
            unique = bool(len(ids)) and ids.nunique() > (0.9 if both else 0.5) * len(ids)  # tags are no items table
            overlap = float(pd.Index(ids.unique()).isin(known[role]).mean()) if len(ids) else 0.0
            reached = len(known[role].intersection(pd.Index(ids.unique()))) / max(1, len(known[role]))
            least = _OVERLAP if named or hint else _ONE_TO_ONE
            foreign = not named and not _is_general(column) and (column in main or _stem(column) != plain_name(column))
            enough = max(overlap, reached) >= least if named or hint else min(overlap, reached) >= least
            if unique and not foreign and (enough or column in same):
                options.append(((column in same, named, hint, max(overlap, reached)), role, column))
    return max(options)[1:] if options else (None, "")


def _stem(column: object) -> str:
    """Return a column's name without what says that it holds ids: ``"artistID"`` → ``"artist"``."""
    return _ID_ENDS.sub("", plain_name(column)) or plain_name(column)


def _is_general(column: object) -> bool:
    return plain_name(column) in ("id", "code", "key", "no", "nr", "index", "column_1")


_ID_ENDS = re.compile(r"_?(id|no|nr|code|key|number|uuid)$")
_HINTS = {
    Role.USER: ("user", "customer", "member", "visitor", "client", "reader", "household"),
    Role.ITEM: ("item", "product", "movie", "article", "book", "song", "track", "catalog", "game", "content", "stock"),
}


def _id_columns(frame: pd.DataFrame) -> list[str]:
    first = [frame.columns[0]]
    return [*(c for c in frame.columns if _is_general(c)), *first]


def _about_side(table: RawTable, role: Role, column: str) -> TableAbout:
    about = table.about.with_roles({role: (column,)}, {role: CONTENT})
    word, further = _WORDS[role], Role.FEATURE if role == Role.ITEM else Role.GROUP
    told = {
        one.name: {"role": str(further), "why": f"describes the {word}"} for one in about.columns if one.name != column
    }
    return about.with_columns(told).as_part("side table", f"describes the {word}")


def _notes(rows: list[RawTable], items: list[RawTable], users: list[RawTable], left: list[str]) -> list[Finding]:
    found = {"interactions": rows, "items": items, "users": users}
    words = [f"{word}: {listed([table.name for table in tables], 4)}" for word, tables in found.items() if tables]
    notes = [Finding("info", "recognised-tables", f"Tables were recognised by their columns: {'; '.join(words)}.")]
    if left:
        text = f"Tables about neither these users nor these items were ignored: {listed(left, 4)}."
        notes.append(Finding("info", "other-tables", text))
    return notes
