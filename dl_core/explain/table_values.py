"""Values of a table as people write them: amounts with cents, days as days, categories as they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.errors import shorten
from dl_core.schema import Role

LONGEST = 60  # characters of a category
MISSING = "missing"
FLAGS = ("night", "weekend")  # running history writes them as 0 and 1
STEP = re.compile(r"^(.*), (\d+) (?:transactions?|rows?|steps?) ago$")


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
        return f"{pd.Timestamp(value):%Y-%m-%d %H:%M}"
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
        Columns of a feature that is several; any other feature is a column of its name.
    """

    def __init__(self, data: Dataset, features: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> None:
        roles = {name: role for role in reversed(Role) for name in data.roles.get(role, ())}
        self.parts = [
            [
                (column, roles.get(column), data.table[column].tolist())
                for column in groups.get(feature, (feature,))
                if column in data.table
            ]
            for feature in features
        ]

    def row(self, place: int) -> tuple[str, ...]:
        """Return each feature's value in one row; empty where a feature has no value of its own to show."""
        return tuple(
            " / ".join(value_text(values[place], column, role) for column, role, values in part) for part in self.parts
        )


def step_of(feature: str) -> tuple[str, int] | None:
    """Return what and how many steps ago, of a feature such as "amount, 2 transactions ago"; None for any other."""
    found = STEP.match(feature)
    return None if found is None else (found[1], int(found[2]))


def _derived_text(number: float, column: str) -> str:
    if column in FLAGS:
        return "yes" if number else "no"
    if " rate" in column or " fraud among " in column:
        return f"{100 * number:.3g} %"
    if "days since" in column:
        return f"{number:.1f} days"
    return number_text(number)
