"""The noun `Remedy`: one way to treat groups more alike, and the registry of them.

A module of this stage, or of a folder in it, that exports ``REMEDY`` (one, or a tuple of them) adds to it; so does an
entry point of the group ``daylight.remedies``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from dl_core.bias.report import Mitigation
from dl_core.data.dataset import Dataset
from dl_core.discover import discover
from dl_core.errors import OptionError

CONSTRAINTS = ("equalized_odds", "false_positive_rate", "demographic_parity")


@dataclass(frozen=True)
class Treated:
    """One model of a run whose groups are to be treated more alike.

    Parameters
    ----------
    predictions : Predictions or Forecasts
        What all models of the run said of validation and test cases.
    model : str
    groups : pandas.DataFrame
        Labels by case id; the first column is the grouping.
    judged : mapping
        How the problem judges by group, as keyword arguments of its own remedies.
    train : Dataset
        The training rows.
    retrain : callable
        Takes weights by row id of ``train`` and returns what the model says once it was trained with them.
    constraint : str
        One of `CONSTRAINTS`, for remedies that follow one.
    """

    predictions: Any
    model: str
    groups: pd.DataFrame
    judged: Mapping[str, Any]
    train: Dataset
    retrain: Callable[[pd.Series], Any]
    constraint: str = CONSTRAINTS[0]


@dataclass(frozen=True)
class Remedy:
    """One way to treat groups more alike.

    Parameters
    ----------
    name, label, help : str
        On the command line, on the page, and what it does in a sentence or two.
    problem : str
        Name of the problem whose answers it changes.
    apply : callable
        Returns the `Mitigation`: before, after and what it costs.
    trains : bool
        Whether the model is trained again, which takes as long.
    constrained : bool
        Whether it follows ``Treated.constraint``.
    """

    name: str
    label: str
    help: str
    problem: str
    apply: Callable[[Treated], Mitigation]
    trains: bool = False
    constrained: bool = False


@cache
def remedies(problem: str) -> dict[str, Remedy]:
    """Return the remedies for a problem by name; none for one that has none."""
    found = discover("dl_core.bias", "REMEDY", "daylight.remedies", below=True)
    return {one.name: one for one in found if one.problem == problem}


def get_remedy(problem: str, name: str) -> Remedy:
    """Return a problem's remedy by name.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    known = remedies(problem)
    if name not in known:
        raise OptionError(f"there is no mitigation {name!r}", where=problem, expected=", ".join(known) or "none")
    return known[name]
