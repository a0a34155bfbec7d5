"""What the columns of a table of interactions are for, by name where that is plain, else by content; or a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.findings import listed
from dl_core.data.interactions.catalogue import PRICE, TITLE
from dl_core.data.reading import ASKED, Choice, Question, Verdict
from dl_core.errors import OptionError, shorten
from dl_core.reading.interactions.content import (
    LOOKED,
    agreement,
    candidates,
    flag_of,
    is_act,
    is_event,
    is_place,
    is_rating,
    is_settled,
    numbers_of,
    weights_of,
)
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.lists import BASKET
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA, RATINGS
from dl_core.reading.interactions.sides import AGREE, SPELLED, canonical
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.names import Roles, plain_name, words_of
from dl_core.reading.tables.values import parse_numbers
from dl_core.schema import Role

_MANY_ZEROS = 0.02  # share of ratings from which it is asked what zeros mean
ALL = "all"  # of the option ``taken``: every row counts
_WHY = {
    "item": "the same in all rows of an item",
    "user": "the same in all rows of a user",
}
_LEFT = {
    "time": "another time than the one of the interaction",
    "event": "kinds of events are not told apart: every row counts",
    "flag": "another answer of yes and no than the one that counts",
    "value": "another number than the value",
    "": "empty, always the same, or text of the single row",
}


@dataclass
class Decision:
    """Roles of the columns, how the value is to be read, and what is to be said or asked.

    Parameters
    ----------
    roles : dict of Role to tuple of str
    taken : mapping of str to float
        How much a row counts by what stands in the column ``event``; empty where there is none.
    told : dict of str to mapping
        Fields of the readings of columns.
    """

    roles: Roles
    taken: Mapping[str, float] = field(default_factory=dict)
    event: str = ""
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def decide(frame: pd.DataFrame, roles: Roles, request: ReadRequest, headless: bool) -> Decision:
    """Return what the columns are for.

    Parameters
    ----------
    frame : pandas.DataFrame
    roles : dict of Role to tuple of str
        As the user says, the rest by name; with user and item.
    request : ReadRequest
    headless : bool
        Whether the file names no columns, so that position has told users from items.
    """
    made = Decision(dict(roles))
    wished = request.wished
    if Role.FEATURE not in wished:  # a "type" of events is none of items
        roles = {
            role: tuple(c for c in names if role != Role.FEATURE or not is_event(frame[c]))
            for role, names in roles.items()
        }
        made.roles = {role: names for role, names in roles.items() if names}
    user, item = (as_ids(frame[roles[role][0]]) for role in (Role.USER, Role.ITEM))
    used = {name for names in roles.values() for name in names}
    kinds = candidates(frame, [name for name in frame.columns if name not in used], user, item)
    _drop_unsettled(made, frame, item, wished)
    _decide_time(made, kinds, wished)
    _decide_value(made, frame, kinds, request)
    _ask_zeros(made, frame, request)
    for name, kind in kinds.items():
        if name in {column for names in made.roles.values() for column in names}:
            continue
        if name in made.told:
            continue
        role = {"item": Role.FEATURE, "user": Role.GROUP}.get(kind)
        if role is not None and role not in wished:
            made.roles[role] = (*made.roles.get(role, ()), name)
            made.told[name] = {"why": _WHY[kind]}
        else:
            made.told[name] = {"why": _LEFT.get(kind, f"it describes the {kind}")}
    if headless and Role.ITEM not in wished:
        _ask_finer(made, frame, user, item)
    if headless and not {Role.USER, Role.ITEM} & set(wished):
        first, second = (roles[role][0] for role in (Role.USER, Role.ITEM))
        text = (
            f"The file has no header line: its first column of ids is taken for users ({first!r}), the next for items "
            f"({second!r})."
        )
        made.assumed.append("Each line is a basket, taken for a user of its own." if first == BASKET else text)
    return made


def _ask_finer(made: Decision, frame: pd.DataFrame, user: pd.Series, item: pd.Series) -> None:
    """Ask which of several columns of ids names the items, where another tells more apart: the songs of an artist."""
    used = {name for role, names in made.roles.items() if role != Role.FEATURE for name in names}
    coarse, finer = item.iloc[:LOOKED], []
    for name in frame.columns:
        column = frame[name].iloc[:LOOKED]
        distinct = 0 if name in used or pd.api.types.is_float_dtype(column.dtype) else column.nunique()
        if coarse.nunique() < distinct < 0.95 * len(column) and is_settled(coarse, column):
            finer += [str(name)] if not is_settled(column, user) else []
    if finer:
        first = made.roles[Role.ITEM][0]
        text = f"Which column names the items? {listed(finer, 4)} tell more apart than {first!r}."
        choices = tuple(Choice(name, {Role.ITEM: (name,)}) for name in (*finer[:6], first))
        made.questions.insert(0, Question("item", text, choices))


def _drop_unsettled(made: Decision, frame: pd.DataFrame, item: pd.Series, wished: Roles) -> None:
    """Take columns that are named like items' features, and differ among the rows of an item, out of the features."""
    if Role.FEATURE not in made.roles or Role.FEATURE in wished:
        return
    named = canonical(made.roles[Role.FEATURE])
    kept = []
    for name in made.roles[Role.FEATURE]:
        share = 1.0 if named.get(name) == PRICE else agreement(frame[name], item)
        if share is None or share >= (SPELLED if named.get(name) == TITLE else AGREE):
            kept.append(name)
        else:
            made.told[name] = {"why": "named like a feature of items, and differs among the rows of an item"}
    made.roles[Role.FEATURE] = tuple(kept)
    if not kept:
        del made.roles[Role.FEATURE]


def _decide_time(made: Decision, kinds: Mapping[str, str], wished: Roles) -> None:
    times = [name for name, kind in kinds.items() if kind == "time"]
    if Role.TIME in made.roles or Role.TIME in wished or not times:
        return
    if len(times) == 1:
        made.roles[Role.TIME] = (times[0],)
        made.told[times[0]] = {"why": "the only column of times"}
        return
    text = f"Which column is the time of an interaction? {listed(times, 4)} hold times."
    choices = [Choice(f"{name}", {Role.TIME: (name,)}) for name in times]
    made.questions.append(Question("time", text, (*choices, Choice("none of them", {Role.TIME: ()}))))


def _decide_value(made: Decision, frame: pd.DataFrame, kinds: Mapping[str, str], request: ReadRequest) -> None:
    """Find the value, or what counts as taken; ask where several readings fit."""
    by_kind = {kind: [name for name, found in kinds.items() if found == kind] for kind in ("event", "flag", "value")}
    by_kind["value"] = [name for name in by_kind["value"] if not _is_place(made, frame, name)]
    said = str(request.options.get("taken") or "")
    named = made.roles.get(Role.VALUE, ())
    if named and _is_event_role(frame[named[0]]):
        by_kind["event"].insert(0, named[0])
    if by_kind["event"] and said != ALL and (said or named or Role.VALUE not in request.wished):
        _of_events(made, frame[by_kind["event"][0]], said)
        return
    if said and said != ALL:
        raise OptionError(
            "there is no column of kinds of events",
            where="option taken",
            expected="nothing, or all",
            todo="leave it out, or name the column with the role value",
        )
    if said == ALL and named and _is_event_role(frame[named[0]]):
        del made.roles[Role.VALUE]  # words that every row counts whatever they say are no value
        return
    if named or Role.VALUE in request.wished or said == ALL:
        return
    acts = [name for name in by_kind["flag"] if is_act(name)]
    if len(by_kind["flag"]) == 1 and acts:
        made.roles[Role.VALUE] = (acts[0],)
        made.told[acts[0]] = {"why": "yes or no, named like an act: rows without it are impressions only"}
    elif by_kind["flag"]:
        _ask_flags(made, acts or by_kind["flag"], by_kind["value"])
    elif len(by_kind["value"]) == 1:
        made.roles[Role.VALUE] = (by_kind["value"][0],)
        why = "the one number that is no id or stamp and differs among the rows of users and items"
        made.told[by_kind["value"][0]] = {"why": why}
        if not is_rating(by_kind["value"][0]):
            made.assumed.append(f"How much a row counts stands in {by_kind['value'][0]!r}, {why}.")
    elif by_kind["value"]:
        names = by_kind["value"]
        text = f"Which column holds the rating or the count of an interaction? {listed(names, 4)} are numbers that fit."
        choices = [Choice(name, {Role.VALUE: (name,)}) for name in names[:6]]
        made.questions.append(Question("value", text, (*choices, Choice("none: rows count alike", {Role.VALUE: ()}))))


def _is_place(made: Decision, frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column counts the rows of a user, or of an order that another column names."""
    if not pd.api.types.is_integer_dtype(frame[name].dtype):
        return False
    keys = [made.roles[Role.USER][0], *(c for c in frame if c != name and plain_name(c).endswith("id"))]
    found = any(is_place(frame[name], frame[key]) for key in keys)
    if found:
        made.told[name] = {"why": "counts the rows of an order or a user"}
    return found


def _ask_zeros(made: Decision, frame: pd.DataFrame, request: ReadRequest) -> None:
    """Ask what a rating of 0 means on a scale of whole numbers that goes on from 1.

    Many catalogues write 0 for a book that was only shelved. Scales with half steps or signs begin where they begin.
    """
    name = made.roles.get(Role.VALUE, ("",))[0]
    said = request.options.get("zero") or request.options.get("positive_from")
    if not name or made.event or made.questions or said or not is_rating(name):
        return
    values = numbers_of(frame[name])
    if values is None or not (values == 0).mean() >= _MANY_ZEROS:
        return
    scale = np.unique(values[np.isfinite(values)])
    if len(scale) < 4 or scale[0] != 0 or scale[1] != 1 or (scale % 1 != 0).any():
        return
    text = f"What does 0 in {shorten(name, 40)!r} mean? {np.mean(values == 0):.0%} of rows have it; others reach "
    words = {"unrated": "taken, but not rated", "left out": "not taken: shown only", "lowest": "the lowest rating"}
    choices = tuple(Choice(said, {}, {"zero": option}) for option, said in words.items())
    made.questions.append(Question("taken", f"{text}{scale[-1]:g}.", choices))


def _is_event_role(column: pd.Series) -> bool:
    """Return whether a column that is to be the value holds words and not numbers or yes and no."""
    if pd.api.types.is_numeric_dtype(column.dtype) or flag_of(column) is not None:
        return False
    sample = column.dropna().iloc[:500]
    return bool(len(sample)) and bool(parse_numbers(sample).bad.mean() > 0.9) and sample.nunique() < 20


def _ask_flags(made: Decision, flags: Sequence[str], values: Sequence[str]) -> None:
    say = "says" if len(flags) == 1 else "say"
    text = f"Which rows are positive interactions? {listed(list(flags), 4)} {say} yes or no."
    shown = "the others were shown only"
    choices = [Choice(f"those with {name} = 1; {shown}", {Role.VALUE: (name,)}) for name in flags[:6]]
    choices += [Choice(f"all rows; {name} is their value", {Role.VALUE: (name,)}) for name in values[:1]]
    made.questions.append(Question("taken", text, (*choices, Choice("all rows", {Role.VALUE: ()}))))


def _of_events(made: Decision, column: pd.Series, said: str) -> None:
    """Take the kinds of events that count from the option, or ask."""
    name = str(column.name)
    texts = column.astype("str").str.strip()
    counts = texts.value_counts()
    if said:
        made.taken, made.event = parse_taken(said, list(counts.index)), name
        made.told[name] = {"why": f"the kinds of events that count: {ASKED}", "role": str(Role.VALUE)}
        made.roles.setdefault(Role.VALUE, (name,))
        return
    weights = weights_of(counts)
    counting = {kind: weight for kind, weight in weights.items() if weight}
    best = max(counting, key=lambda kind: (counting[kind], -counts[kind]), default="")
    undone = [kind for kind, weight in weights.items() if not weight]
    weighed = ",".join(f"{kind}={weight}" for kind, weight in counting.items())
    alike = ",".join(f"{kind}=1" for kind in counting)
    options = [
        (f"weighed: {', '.join(f'{kind} {weight}' for kind, weight in counting.items())}", weighed),
        (f"only {best}", f"{best}=1"),
        ("all alike", alike),
        (f"every row, whatever {shorten(name, 40)!r} says", ALL),
    ]
    told = ", ".join(f"{kind} {counts[kind]:,}" for kind in sorted(weights, key=lambda kind: -counts[kind]))
    text = f"Which events are positive interactions, and with what weight? Column {shorten(name, 40)!r} has {told}."
    text += f" With all answers but the last, {listed(undone, 3)} never counts." if undone else ""
    distinct: dict[str, str] = {}
    for words, option in options:
        distinct.setdefault(option, words)
    choices = [Choice(words, {}, {"taken": option}) for option, words in distinct.items()]
    made.questions.append(Question("taken", text, tuple(choices)))
    why = "few words or codes for kinds of events"
    made.told[name] = {"why": why, "verdict": Verdict.OPEN, "role": str(Role.VALUE)}


def parse_taken(said: str, kinds: Sequence[str] | None = None) -> dict[str, float]:
    """Return how much each kind of event counts, as the option says it: ``"view=1,purchase=5"``.

    Raises
    ------
    OptionError
        If it cannot be read, or names a kind that does not occur.
    """
    found: dict[str, float] = {}
    for part in said.split(","):
        kind, equals, weight = part.strip().rpartition("=")
        kind, weight = (kind, weight) if equals else (weight, "1")
        try:
            found[kind.strip()] = float(weight)
        except ValueError:
            found[kind.strip()] = np.nan
    wrong = [kind for kind, weight in found.items() if not weight >= 0 or (kinds is not None and kind not in kinds)]
    if wrong:
        raise OptionError(
            f"{shorten(wrong[0], 40)!r} is no kind of event with its weight",
            where="option taken",
            expected=f"such as {(kinds or ['purchase'])[0]}=1, parted by commas; kinds: {listed(list(kinds or ()), 8)}",
        )
    return found


def is_two_valued_rating(name: object, values: np.ndarray) -> bool:
    """Return whether a rating has two values only, one of them zero or less: thumbs up and down."""
    known = np.unique(values[np.isfinite(values)])
    rated = plain_name(name) in RATINGS or "rating" in plain_name(name)
    return rated and len(known) == 2 and known[0] in (-1, 0) and known[1] == 1


def item_candidates(frame: pd.DataFrame) -> list[str]:
    """Return the columns whose names are those of items, likeliest first."""
    wanted = words_of(INTERACTION_SCHEMA, Role.ITEM)
    by_name = {plain_name(column): str(column) for column in frame.columns}
    return [by_name[word] for word in wanted if word in by_name]
