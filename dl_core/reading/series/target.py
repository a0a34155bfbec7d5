"""Which column is forecast: certain by name and content, or asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.findings import listed
from dl_core.data.reading import Choice, Question
from dl_core.errors import shorten
from dl_core.reading.series.numbers import counts_rows, first_cells, read_numbers
from dl_core.reading.series.parts import unit_named
from dl_core.reading.series.schema import SERIES_SCHEMA, is_known_ahead, is_named
from dl_core.reading.series.stamps import axes
from dl_core.reading.tables.names import plain_name, spellings, words_of
from dl_core.schema import Role

_PLAIN = ("y", "value", "values", "target", "obs_value", "wert")  # names that mean nothing but the value
_MOST_CHOICES = 6
_MOST_BESIDE = 12
_NEARLY = 0.99
_BOUNDS = frozenset(
    ["open", "high", "low", "close", "min", "max", "mean", "avg", "average", "median", "minimum", "maximum"]
)
_LAST_PRICE = ("close", "adj_close", "last", "schluss", "price")


@dataclass(frozen=True)
class Target:
    """The columns that may be forecast, likeliest first, and whether the first is certain.

    Parameters
    ----------
    columns : tuple of str
        Candidates.
    certain : bool
    hinted : bool
        Whether names say that one of them is the value and the others are not.
    why : str
        Why the first is the one.
    ahead : tuple of str
        Columns of numbers that are rather covariates: known ahead by name, or of 0 and 1 only.
    """

    columns: tuple[str, ...] = ()
    certain: bool = True
    hinted: bool = False
    why: str = ""
    ahead: tuple[str, ...] = ()


def find_target(
    frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], numbers: Sequence[str], time: Sequence[str]
) -> Target:
    """Return what may be forecast among columns of numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
    roles : mapping of Role to sequence of str
        As the user says.
    numbers, time : sequence of str
        Columns of numbers, and those of the time.
    """
    if roles.get(Role.VALUE):
        return Target(tuple(roles[Role.VALUE]), why="as asked")
    taken = {name for role, names in roles.items() if role != Role.VALUE for name in names}
    left = [name for name in numbers if name not in taken and name not in time]
    first = first_cells(frame, left)
    marks = ((first == 0) | (first == 1) | np.isnan(first)).all(axis=0)
    ahead = tuple(
        name
        for name, mark in zip(left, marks, strict=True)
        if is_known_ahead(name, frame[name]) or (mark and _is_mark(frame[name]))
    )
    likely = [name for name in left if name not in ahead and _may_be(name)]
    likely = likely or [name for name in left if _may_be(name)] or left
    idle = _idle(frame, likely)
    likely = [name for name in likely if name not in idle] or likely
    by_name = spellings(likely)
    exact = [by_name[word] for word in words_of(SERIES_SCHEMA, Role.VALUE) if word in by_name]
    plain = [name for name in exact if plain_name(name) in _PLAIN]
    ended = [name for name in likely if is_named(name, Role.VALUE) and name not in exact]
    bounded = _bounded(frame, likely)
    if len(likely) < 2:
        why = "the only column of numbers to forecast"
        return Target(tuple(likely), hinted=bool(exact or ended), why=why, ahead=ahead)
    if len(plain) == 1:
        return Target(_first(plain, likely), hinted=True, why="named like a value", ahead=ahead)
    if bounded and not set(exact) & set(bounded):
        return Target(_first(bounded, likely), certain=False, hinted=True, ahead=ahead)
    chosen = [] if _crossed([*exact, *ended]) else exact or ended
    if len(chosen) == 1:
        return Target(_first(chosen, likely), hinted=True, why="named like a value", ahead=ahead)
    return Target(_first(chosen, likely), certain=False, hinted=bool(chosen), ahead=ahead)


def _crossed(names: Sequence[str]) -> bool:
    """Return whether one measure stands in several columns: "North / Units", "South / Units"."""
    last = [plain_name(name).split("_")[-1] for name in names if len(plain_name(name).split("_")) > 1]
    return len(set(last)) < len(last)


def _first(names: Sequence[str], others: Collection[str]) -> tuple[str, ...]:
    return (*names, *(name for name in others if name not in names))


def _may_be(name: str) -> bool:
    plain = plain_name(name)
    keys = words_of(SERIES_SCHEMA, Role.SERIES)
    return plain not in keys and not plain.endswith(("_id", "_nbr")) and not unit_named(name)


def _idle(frame: pd.DataFrame, names: Sequence[str]) -> set[str]:
    """Return the columns that only number the rows before all others, count time itself, or never change."""
    first = first_cells(frame, names)[:2]
    differ = np.isfinite(first).all(axis=0) & (first.min(axis=0, initial=np.inf) < first.max(axis=0, initial=-np.inf))
    still = [name for name, changes in zip(names, differ, strict=True) if not changes and frame[name].nunique() < 2]
    counts = [name for name in names if name == frame.columns[0] and counts_rows(frame[name])]
    return {*still, *counts, *axes(frame, names)}


def _is_mark(column: pd.Series) -> bool:
    """Return whether a column holds nothing but 0 and 1, both of them."""
    if column.nunique() != 2:
        return False
    values = read_numbers(column.to_frame(), [column.name], strict=False)[:, 0]
    return set(np.unique(values[np.isfinite(values)])) == {0.0, 1.0}


def _bounded(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return columns that tell one quantity several times: open, high, low, close, or least, mean and most.

    Two of their names say so, and one is at least, another at most all of them at nearly every step.
    """
    told = [name for name in names if _BOUNDS & set(plain_name(name).split("_"))]
    if not 3 <= len(told) <= _MOST_BESIDE:
        return []
    values = read_numbers(frame, told, strict=False)
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return []
    above = (values >= values.max(axis=1, keepdims=True)).mean(axis=0)
    below = (values <= values.min(axis=1, keepdims=True)).mean(axis=0)
    if max(above) < _NEARLY or max(below) < _NEARLY:
        return []
    return sorted(told, key=lambda name: (plain_name(name) not in _LAST_PRICE, told.index(name)))


def target_question(target: Target, each: bool) -> Question:
    """Return the question which column is forecast.

    Parameters
    ----------
    target : Target
    each : bool
        Whether every column may be a series of its own.
    """
    shown = target.columns[:_MOST_CHOICES]
    choices = [Choice(shorten(name, 40), {str(Role.VALUE): (name,)}) for name in shown]
    if each:
        every = {str(Role.VALUE): tuple(target.columns)}
        choices.append(Choice("each of them, as a series of its own", every, {"layout": "columns"}))
    text = f"Which column is the target, to be forecast? {listed(list(shown), _MOST_CHOICES)} all fit."
    return Question("target", text, tuple(choices))
