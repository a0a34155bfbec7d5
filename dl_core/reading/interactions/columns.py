"""The columns of interactions typed: users, items, ratings or counts, times; what cannot be read is named by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.errors import SchemaError, counted, shorten
from dl_core.reading.interactions.content import flag_of, is_rating
from dl_core.reading.interactions.ids import as_ids, is_damaged
from dl_core.reading.interactions.schema import COUNTS, RATINGS
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import read_times
from dl_core.reading.tables.values import read_numbers
from dl_core.schema import Role

COUNT, RATING = "count", "rating"
ZERO = ("", "lowest", "unrated", "left out")  # what a rating of 0 means
_COUNTS_FROM = 20  # whole numbers above this, under an unknown name, are counts
_STRAY = 0.25  # share of ratings that may lie outside the scale
_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)
_WORD = {Role.USER: "user", Role.ITEM: "item"}


@dataclass
class Typed:
    """Columns as typed so far, all (n,); rows that cannot be used are False in ``keep``."""

    names: dict[Role, str]
    ids: dict[Role, pd.Series]
    keep: np.ndarray
    value: np.ndarray | None = None  # float64
    value_kind: str = ""  # COUNT, RATING or nothing
    time: np.ndarray | None = None  # datetime64[ns]
    notes: list[Finding] = field(default_factory=list)
    impressions: int = 0  # rows that were shown and not taken

    def drop(self, bad: np.ndarray, kind: str, text: str) -> None:
        """Leave rows out with a warning; ``text`` is what is wrong, with {count} ("2 rows") and {rows}."""
        bad = bad & self.keep
        if bad.any():
            text = text.replace("{count}", counted(int(bad.sum()), "row")).replace("{rows}", rows_named(bad))
            self.notes.append(Finding("warning", kind, text, tuple(map(str, np.flatnonzero(bad)[:100]))))
            self.keep &= ~bad


def read_columns(
    frame: pd.DataFrame,
    roles: dict[Role, tuple[str, ...]],
    order: str = "",
    event: str = "",
    taken: Mapping[str, float] | None = None,
    zero: str = "",
) -> Typed:
    """Type the columns of users, items, values and times.

    Parameters
    ----------
    frame : pandas.DataFrame
    roles : mapping of Role to tuple of str
    order : str
        ``"day-first"`` or ``"month-first"``, where the training data have decided it.
    event : str
        Column of kinds of events, empty where there is none.
    taken : mapping of str to float, optional
        How much each kind counts; the others do not.
    zero : str
        What a rating of 0 means: ``"lowest"`` (also the empty text), ``"unrated"`` or ``"left out"``.

    Raises
    ------
    SchemaError
        If most of a column cannot be read as what it should be.
    """
    names: dict[Role, str] = {role: roles[role][0] for role in _ROLES if role in roles}
    ids: dict[Role, pd.Series] = {role: as_ids(frame[names[role]]) for role in _WORD if role in names}
    typed = Typed(names, ids, np.ones(len(frame), dtype=bool))
    for role, column in ids.items():
        missing, name = column.isna().to_numpy(), shorten(names[role], 40)
        if missing.all():
            raise SchemaError(
                "every cell is empty",
                where=f"column {name}",
                expected=f"the id of a {_WORD[role]} in every row",
                todo=f"choose another column for the {_WORD[role]}s",
            )
        text = f"Column {name!r}: {{count}} without a {_WORD[role]} ({{rows}}), left out."
        typed.drop(missing, f"missing-{_WORD[role]}", text)
        if is_damaged(column):
            text = (
                f"Ids in column {name!r} were shortened by a spreadsheet (1.23E+11), so that several {_WORD[role]}s "
                "became one. Export the column as text."
            )
            typed.notes.append(Finding("warning", "damaged-ids", text))
    if event:
        _read_event(typed, frame[event], taken or {})
    if Role.VALUE in names and names[Role.VALUE] != event:
        _read_value(typed, frame[names[Role.VALUE]], zero)
    if Role.TIME in names:
        _read_time(typed, frame[names[Role.TIME]], order)
    return typed


def _read_event(typed: Typed, column: pd.Series, taken: Mapping[str, float]) -> None:
    """Leave out rows of kinds that do not count; where there is no other value, it is how much a kind counts."""
    weights = column.astype("str").str.strip().map(dict(taken)).fillna(0.0).to_numpy(dtype=np.float64)
    rest = (weights <= 0) & typed.keep
    typed.impressions += int(rest.sum())
    typed.keep &= ~rest
    counts = ", ".join(f"{kind} {weight:g}" for kind, weight in taken.items())
    left = counted(int(rest.sum()), "row")
    text = f"Column {shorten(column.name, 40)!r}: positive interactions are {counts}; {left} left out."
    typed.notes.append(Finding("info", "taken", text))
    if typed.names.get(Role.VALUE) == column.name:
        typed.value, typed.value_kind = weights, COUNT


def _read_flag(typed: Typed, flags: np.ndarray, name: str) -> None:
    """Leave out rows that were shown and not taken."""
    shown = (flags == 0) & typed.keep
    typed.impressions += int(shown.sum())
    typed.keep &= ~shown
    text = f"Column {name!r} tells positive interactions: {counted(int(shown.sum()), 'row')} of impressions left out."
    typed.notes.append(Finding("info", "impressions", text))
    typed.value, typed.value_kind = np.where(flags == 1, 1.0, np.nan), COUNT


def _read_value(typed: Typed, column: pd.Series, zero: str) -> None:
    name = shorten(column.name, 40)
    flags = None if plain_name(column.name) in RATINGS | COUNTS else flag_of(column)
    if flags is not None:
        _read_flag(typed, flags, name)
        return
    todo = "write the ratings as numbers, or choose another column, or none, for the value"
    numbers = read_numbers(column, "ratings or counts such as 4 or 4.5", todo)
    bad = numbers.bad | np.isinf(numbers.values)
    typed.drop(bad, "not-a-number", f"Column {name!r}: {{count}} without a number ({{rows}}), left out.")
    values = np.where(bad, np.nan, numbers.values)
    if not np.isfinite(values[typed.keep]).any():
        typed.notes.append(
            Finding("info", "empty-values", f"Column {name!r} is empty, so all interactions count equally.")
        )
        typed.names.pop(Role.VALUE)
        return
    typed.value, typed.value_kind = values, _kind(column.name, values[typed.keep])
    if typed.value_kind == COUNT:
        text = (
            f"Column {name!r}: {{count}} with a quantity of zero or less ({{rows}}), interpreted as returns and "
            "cancellations and dropped."
        )
        typed.drop(values <= 0, "cancellations", text)
    else:
        if zero not in ("", "lowest"):
            _read_zeros(typed, values, zero, name)
        _check_scale(typed, values, name)
    empty = np.isnan(values) & typed.keep
    if empty.any():
        text = (
            f"Column {name!r}: {counted(int(empty.sum()), 'row')} without a {typed.value_kind} "
            f"({rows_named(empty)}), counted as positive unless a threshold is set."
        )
        typed.notes.append(Finding("info", "missing-values", text, tuple(map(str, np.flatnonzero(empty)[:100]))))
    word = {COUNT: "a count or quantity", RATING: "a rating"}[typed.value_kind]
    typed.notes.append(Finding("info", f"{typed.value_kind}s", f"Column {name!r} was read as {word}."))


def _read_zeros(typed: Typed, values: np.ndarray, zero: str, name: str) -> None:
    """Empty ratings of 0 that say that nothing was rated, or leave their rows out."""
    none = (values == 0) & typed.keep
    values[none] = np.nan
    if zero == "left out":
        typed.impressions += int(none.sum())
        typed.keep &= ~none
        text = f"Column {name!r}: {counted(int(none.sum()), 'row')} of 0 were shown and not taken, left out."
        typed.notes.append(Finding("info", "impressions", text))


def _kind(name: object, values: np.ndarray) -> str:
    """Return whether values are counts or ratings: by name, else by their size."""
    plain = plain_name(name)
    if plain in COUNTS or any(plain.endswith(f"_{word}") for word in ("count", "quantity", "qty")):
        return COUNT
    if is_rating(name):
        return RATING
    values = values[np.isfinite(values)]
    whole = bool((values == np.floor(values)).all())
    return COUNT if whole and values.max() > _COUNTS_FROM and values.min() >= 0 and values.max() != 100 else RATING


def _check_scale(typed: Typed, values: np.ndarray, name: str) -> None:
    """Leave out ratings far outside the scale of nearly all others: 99 or -1 beside 1 to 5, often "not rated"."""
    kept = values[typed.keep]
    distinct, counts = np.unique(kept[np.isfinite(kept)], return_counts=True)
    if len(distinct) < 3:
        return
    low, high = _scale(distinct, counts)
    stray = (values < low) | (values > high)
    such = ", ".join(f"{value:g}" for value in distinct[(distinct < low) | (distinct > high)][:3])
    text = (
        f"Column {name!r}: {{count}} with a rating ({such}) outside {low:g} to {high:g}, where all others are "
        "({rows}), left out. Correct them, or empty their cells if they mean that nothing was rated."
    )
    typed.drop(stray, "rating-out-of-range", text)


def _scale(distinct: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Return least and largest rating without stray values: a few, and twice as far away as the scale is long."""
    total, low, high = counts.sum(), 0, len(distinct) - 1
    if distinct[0] < 0 <= distinct[1] and counts[0] <= _STRAY * total:
        low = 1  # one negative value beside a scale from zero or one up
    for cut in range(1, min(4, high - low - 1)):  # three different ratings at least are left
        inner = distinct[low : high + 1 - cut]
        length = max(inner[-1] - inner[0], abs(inner[-1]), 1.0)
        far = distinct[high + 1 - cut] - inner[-1] >= 2 * length
        if far and (cut == 1 or counts[high + 1 - cut :].sum() <= _STRAY * total):  # 99 may stand in most cells
            return float(distinct[low]), float(inner[-1])
    return float(distinct[low]), float(distinct[high])


def _read_time(typed: Typed, column: pd.Series, order: str) -> None:
    name = shorten(column.name, 40)
    times = read_times(column, order)
    typed.time = times.values
    typed.notes += times.notes
    lost = (times.bad | np.isnat(times.values)) & typed.keep
    if lost.any():
        text = (
            f"Column {name!r}: {counted(int(lost.sum()), 'row')} without a readable time ({rows_named(lost)}), "
            "treated as the earliest and not held out."
        )
        typed.notes.append(Finding("warning", "not-a-time", text, tuple(map(str, np.flatnonzero(lost)[:100]))))
