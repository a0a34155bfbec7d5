"""Which column of a table of transactions has which role: as the user says, as names and contents tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.reading import CONTENT, Choice, Question
from dl_core.errors import shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.hide import Hidden
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.reading.table.several import counter_of_time, is_clock, is_counter, time_columns
from dl_core.reading.table.target import FoundLabel, find_label
from dl_core.reading.tables.about import reasons
from dl_core.reading.tables.names import (
    Roles,
    check_columns,
    guess_others,
    plain_name,
    spellings,
    words_of,
)
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import parse_numbers, sampled
from dl_core.schema import Role

_KEYED = (Role.ENTITY, Role.COUNTERPARTY)
_TIME_WORDS = frozenset(("ts", "time", "date", "stamp", "timestamp", "epoch", "datetime", "at", "when", "unix"))
_SINCE, _UNTIL = 5 * 10**8, 4 * 10**9  # seconds of 1985 and 2096
_ACCOUNT = re.compile(
    r"(id_)?(acct|cust|client[ei]?|klient|kund(en?)?|konto|konten|cuenta|compte|conto|conta|klant|rekening|usuario|utente"
    r"|账号|账户|客户|卡号|用户|口座|顧客|계좌|고객|счет|клиент)(_?(id|no|nr|num|number|nummer|numero|code|番号|编号|号))?"
    r"|.+_(account|acct|customer|cust|client|card|user|member|payer|sender)_?(id|no|nr|num|number|key|code)"
)
_OWNERS = ("user", "user_id", "userid", "client", "client_id", "customer", "customer_id", "member_id")


@dataclass
class Decided:
    """Roles of all columns but features, why each was found, what is to say, and what is open."""

    roles: Roles
    why: dict[Role, str] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def decide_roles(frame: pd.DataFrame, request: ReadRequest, hidden: Hidden) -> Decided:
    """Return the roles of all columns but features, as the user says or as names and contents tell.

    A role of `request.roles` is taken as it stands; without columns it means that there is none ("no label"). The rest
    is guessed by name, and given up again where the content does not fit; what cannot be known is asked. Locked columns
    are accounts or counterparties, or nothing.

    Raises
    ------
    SchemaError
        If the user names a column that does not exist.
    """
    wished = request.wished
    check_columns(wished, list(frame.columns))
    taken = {name for role, names in wished.items() if role != Role.FEATURE for name in names}
    open_columns = [name for name in frame.columns if name not in taken and name not in hidden]
    found = FoundLabel() if Role.LABEL in wished else find_label(frame, open_columns)
    roles = guess_others(TRANSACTION_SCHEMA, list(frame.columns), request, free=Role.FEATURE)
    roles = {role: tuple(c for c in names if role in _KEYED or c not in hidden) for role, names in roles.items()}
    roles = {role: names for role, names in roles.items() if names and role not in (Role.LABEL, Role.TIME, Role.UNIT)}
    roles = {role: names for role, names in roles.items() if role == Role.GROUP or frame[names[0]].notna().any()}
    if Role.AMOUNT in roles and not _mostly_numbers(frame[roles[Role.AMOUNT][0]]):
        roles.pop(Role.AMOUNT)
    if found.column:
        roles = _without(roles, found.column) | {Role.LABEL: (found.column,)}
    roles |= {role: columns for role, columns in wished.items() if columns and role not in (Role.FEATURE, Role.UNIT)}
    decided = Decided(roles, questions=[found.question] if found.question else [])
    if Role.TIME not in wished:
        _decide_times(frame, decided, hidden)
    if Role.ENTITY not in wished:
        _decide_accounts(frame, decided, wished, hidden)
    guessed = {role: columns for role, columns in decided.roles.items() if role not in wished}
    decided.why = dict(reasons(decided.roles, wished)) | ({Role.LABEL: found.why} if found.column else {})
    time = decided.roles.get(Role.TIME, ())
    if Role.TIME in guessed and plain_name(time[0]) not in words_of(TRANSACTION_SCHEMA, Role.TIME):
        decided.why[Role.TIME] = CONTENT
    for role, names in decided.roles.items():
        if len(names) > 1 and role in (Role.TIME, Role.ENTITY) and role in guessed:
            decided.why[role] = f"{' and '.join(names)} together"
    return decided


def _decide_times(frame: pd.DataFrame, decided: Decided, hidden: Hidden) -> None:
    """Find the column of time, or those that tell it together; ask where one may count months or be a season."""
    roles = decided.roles
    used = {name for role, names in roles.items() if role not in (Role.GROUP, Role.ID, Role.AMOUNT) for name in names}
    free = [name for name in frame.columns if name not in used and name not in hidden]
    first = _find_time(frame, used | {name for names in roles.values() for name in names})
    time = time_columns(frame, first, free)
    if not time:
        counter, certain = counter_of_time(frame, free)
        time = (counter,) if certain else ()
        if counter and not certain:
            decided.questions.append(_counter_question(frame[counter]))
    decided.roles = {role: names for role, names in roles.items() if not set(names) & set(time)}
    decided.roles |= {Role.TIME: time} if time else {}


def _counter_question(column: pd.Series) -> Question:
    name, low, high = shorten(column.name, 40), int(column.min()), int(column.max())
    told = Choice(f"yes, {low} is before {high}: the past trains, the future tests", {"time": (str(column.name),)})
    none = Choice("no, rows of any of them may come first", {"time": ()})
    return Question("time", f"Does {name!r} ({low} to {high}) tell which rows are later?", (told, none))


def _decide_accounts(
    frame: pd.DataFrame, decided: Decided, wished: Mapping[Role, tuple[str, ...]], hidden: Hidden
) -> None:
    """Join a card that only counts a user's cards to the user; ask where nothing else tells accounts apart."""
    used = {name for role, names in decided.roles.items() if role != Role.ENTITY for name in names}
    by_name = spellings(name for name in frame.columns if name not in used)
    named = [by_name[word] for word in words_of(TRANSACTION_SCHEMA, Role.ENTITY) if word in by_name]
    counters = [name for name in named if is_counter(frame[name])]
    owners = [name for name in named if name not in counters]
    chosen = decided.roles.get(Role.ENTITY, ())
    if chosen and chosen[0] in counters:
        owners.sort(key=lambda name: name in hidden)
        decided.roles[Role.ENTITY] = (*owners[:1], chosen[0])
        if not owners:
            decided.questions.append(_unit_question(frame, [chosen[0]]))
    elif chosen and owners and chosen[0] == owners[0] and plain_name(chosen[0]) in _OWNERS:
        cards = [name for name in counters if "card" in plain_name(name)]
        decided.roles[Role.ENTITY] = (chosen[0], *cards[:1])
    elif not chosen:
        locked = [name for name in by_name.values() if name in hidden and frame[name].nunique() < 0.8 * len(frame)]
        called = [
            name
            for name in by_name.values()
            if _ACCOUNT.fullmatch(plain_name(name)) and name not in locked and _repeats(frame[name])
        ]
        if called or locked:
            decided.questions.append(_unit_question(frame, [*called, *locked]))


def _repeats(column: pd.Series) -> bool:
    """Return whether keys come again, as accounts do."""
    return not pd.api.types.is_float_dtype(column.dtype) and 2 < column.nunique() < 0.8 * len(column)


def _unit_question(frame: pd.DataFrame, names: list[str]) -> Question:
    told = " and ".join(f"{shorten(name, 40)!r} ({frame[name].nunique():,} values)" for name in names)
    choices = [Choice(f"{shorten(name, 40)} is the account", {"entity": (name,)}) for name in names]
    none = Choice("no column is: every row for itself", {"entity": ()})
    return Question("unit", f"Which column tells whose transaction it is? {told} may or may not.", (*choices, none))


def _without(roles: Roles, column: str) -> Roles:
    left = {role: tuple(name for name in names if name != column) for role, names in roles.items()}
    return {role: names for role, names in left.items() if names}


def _find_time(frame: pd.DataFrame, used: Iterable[str]) -> str | None:
    """Return the column of time: by name where its content fits, else the first one that holds times."""
    free = [column for column in frame.columns if column not in set(used)]
    by_name = spellings(free)
    for name in words_of(TRANSACTION_SCHEMA, Role.TIME):
        column = by_name.get(name)
        if column is not None and _may_be_time(frame[column]):
            return column
    for column in free:
        if _TIME_WORDS & set(plain_name(column).split("_")) and _is_epoch(frame[column]):
            return column
    for column in free:
        kind = frame[column].dtype
        text = not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind)
        if pd.api.types.is_datetime64_any_dtype(kind) or (text and looks_like_time(frame[column])):
            return column
    return None


def _is_epoch(column: pd.Series) -> bool:
    """Return whether whole numbers are stamps of this age: seconds since 1970, or thousandths, or smaller still."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or not pd.api.types.is_numeric_dtype(kind):
        return False
    some = column.dropna()
    if some.nunique() < 3 or (some % 1 != 0).any():
        return False
    return any(some.between(_SINCE * unit, _UNTIL * unit).all() for unit in (1, 10**3, 10**6, 10**9))


def _may_be_time(column: pd.Series) -> bool:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return False
    if pd.api.types.is_numeric_dtype(kind):
        return bool(column.nunique() > 2 and column.min() >= 0)
    if pd.api.types.is_datetime64_any_dtype(kind) or looks_like_time(column) or is_clock(column):
        return True
    sample = sampled(column)
    return len(sample) > 0 and bool(pd.to_numeric(sample, errors="coerce").notna().mean() > 0.95)


def _mostly_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    sample = sampled(column, 500)
    return len(sample) == 0 or bool(parse_numbers(sample).bad.mean() <= 0.5)
