"""Values of a table as people write them: amounts with cents, days as days, categories as they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.table.recent import RECENT_FEATURES
from dl_core.errors import shorten
from dl_core.schema import Role

LONGEST = 60  # characters of a category
MISSING = "missing"
FLAGS = ("night", "weekend")  # running history writes them as 0 and 1
THIS = ", this transaction"
STEP = re.compile(r"^(.*), (?:(\d+) (?:transactions?|rows?|steps?) ago|this transaction)$")
PART_OF_ONE = re.compile(r", (?:sine|cosine)\b")  # two numbers that say one thing
SEQUENCE = "recent"  # the array that `data.recent` makes


def value_text(value: Any, column: str = "", role: Role | None = None) -> str:
    """Return one value as text in the user's units.

    Parameters
    ----------
    value : object
    column : str
        Its name tells the unit of the columns derived by us ("days since …", "… rate").
    role : Role or None
        An amount has two decimals; a column of `Role.HISTORY` is read by its name.
    """
    if value is None or value is pd.NaT or (isinstance(value, float | np.floating) and math.isnan(value)):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp | np.datetime64):
        return instants.said(value)
    if not isinstance(value, int | float | np.number):
        return shorten(value, LONGEST)
    number = float(value)
    if role == Role.AMOUNT:
        return f"{number:,.2f}"
    if role == Role.HISTORY:
        return _derived_text(number, column)
    return number_text(number)


def number_text(number: float) -> str:
    """Return a number with about four digits: whole numbers whole, others rounded, none with a long tail."""
    if not math.isfinite(number):
        return "infinite" if number > 0 else "minus infinite"
    if number == int(number) and abs(number) < 1e9:
        return f"{number:,.0f}"
    if abs(number) >= 1e9 or abs(number) < 1e-3:
        return f"{number:.3g}"
    decimals = max(0, 3 - math.floor(math.log10(abs(number))))
    return f"{number:,.{min(decimals, 4)}f}".rstrip("0").rstrip(".") if decimals else f"{number:,.0f}"


class RowTexts:
    """The values of a table's rows as text, feature by feature.

    Parameters
    ----------
    data : Dataset
    features : sequence of str
    groups : mapping of str to tuple of str
        Columns of a feature that is several; any other feature is a column of its name, or a step of a sequence.
    """

    def __init__(self, data: Dataset, features: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> None:
        roles = {name: role for role in reversed(Role) for name in data.roles.get(role, ())}
        sequence = data.arrays.get(SEQUENCE)
        self.sequence = None if sequence is None else np.asarray(sequence, dtype=np.float64)  # (n, T, F)
        self.steps = [None if feature in data.table else step_of(feature) for feature in features]
        self.parts = [
            [
                (column, roles.get(column), data.table[column].tolist())
                for column in shown(groups.get(feature, (feature,)))
                if column in data.table
            ]
            for feature in features
        ]

    def row(self, place: int) -> tuple[str, ...]:
        """Return each feature's value in one row; empty where a feature has no value of its own to show."""
        return tuple(
            self._step_text(place, *step)
            if step
            else " / ".join(value_text(v[place], name, role) for name, role, v in part)
            for part, step in zip(self.parts, self.steps, strict=True)
        )

    def _step_text(self, place: int, what: str, ago: int) -> str:
        if self.sequence is None or ago >= self.sequence.shape[1]:
            return ""
        return step_text(what, self.sequence[place, -1 - ago])


def shown(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a group whose values are shown: the first, middle and last of many."""
    return tuple(columns) if len(columns) <= 3 else (columns[0], columns[len(columns) // 2], columns[-1])


def step_text(what: str, step: np.ndarray) -> str:
    """Return one feature of a step (F,) of `data.recent` as text; empty where it is no such feature.

    Half precision keeps three digits, so no more are shown.
    """
    places = {PART_OF_ONE.sub("", name): place for place, name in reversed(list(enumerate(RECENT_FEATURES)))}
    if what not in places or len(step) != len(RECENT_FEATURES):
        return ""
    if not step[0]:
        return "none"
    number = float(step[places[what]])
    if what == "hour of day":
        return number_text(round(math.atan2(number, float(step[places[what] + 1])) / (2 * math.pi) * 24 % 24, 1))
    if what.startswith("days "):
        return f"{math.expm1(number):.1f} days"
    if what.startswith("amount"):
        return number_text(float(f"{math.copysign(math.expm1(abs(number)), number):.3g}"))
    return f"{10 * number:.3g} %" if what == "counterparty's risk" else "yes"


def step_of(feature: str) -> tuple[str, int] | None:
    """Return what and how many steps ago, of a feature such as "amount, 2 transactions ago"; None for any other."""
    found = STEP.match(feature)
    return None if found is None else (found[1], int(found[2] or 0))


def feature_name(block: str, blocks: Sequence[str]) -> str:
    """Return the feature that a block of a network's inputs belongs to.

    Sine and cosine of an hour are one; what a sequence says of the row itself belongs to the row's own column.
    """
    name = PART_OF_ONE.sub("", block)
    own = name.removesuffix(THIS)
    return own if own in blocks else name


def _derived_text(number: float, column: str) -> str:
    if column in FLAGS:
        return "yes" if number else "no"
    if " rate" in column or " fraud among " in column:
        return f"{100 * number:.3g} %"
    if "days since" in column:
        return f"{number:.1f} days"
    return number_text(number)
