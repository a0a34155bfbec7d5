"""The decision a model takes: which class a row is given, and the calibrated probability of that class.

Whatever shows a class or its probability (predictions, explanations, cases, what-if, queue, report) takes both here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dl_core.errors import OptionError, shorten
from dl_core.evaluate.calibration import apply_temperature
from dl_core.evaluate.formulas import decide
from dl_core.evaluate.results import SCORE

KINDS = ("all", "right", "wrong", "uncertain")
UNSURE = 0.6  # a top probability below this is uncertain where validation picked no limit


class Decisions(NamedTuple):
    """Calibrated ``probabilities`` (n, k) of the classes and the index ``chosen`` (n,) of the decided one."""

    probabilities: np.ndarray
    chosen: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """The calibrated probability of the decided class, (n,)."""
        return self.probabilities[np.arange(len(self.chosen)), self.chosen]

    @property
    def followed(self) -> np.ndarray:
        """The class (n,) whose probability is a row's score: the last of two, else the decided one."""
        return np.ones_like(self.chosen) if self.probabilities.shape[1] == 2 else self.chosen


@dataclass(frozen=True)
class DecisionRule:
    """How a model's scores become decisions, as validation rows chose it.

    Parameters
    ----------
    temperature : float
        Divides the logits, over 0.
    threshold : float or None
        The operating point: calibrated probability from which the last of two classes is decided. None, or more
        classes: the most probable class.
    """

    temperature: float = 1.0
    threshold: float | None = None

    def decide(self, scores: np.ndarray) -> Decisions:
        """Return the decisions on ``scores`` (n, k), the model's own probabilities before calibration."""
        probabilities = apply_temperature(scores, self.temperature)
        return Decisions(probabilities, decide(probabilities, self.threshold))


def outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """Return what was decided of each line of `Predictions`' table and how sure the model was.

    Returns
    -------
    pandas.DataFrame
        ``table`` with ``confidence`` (the calibrated probability of the decided class; below one half where the
        operating point of two classes lies there), ``top`` (that of the most probable class) and ``right`` (false where
        the truth is not known).
    """
    columns = [column for column in table if column.startswith(SCORE)]
    scores = table[columns].to_numpy(dtype=float)
    chosen = pd.Index(columns).get_indexer(SCORE + table["y_pred"].astype(str))
    return table.assign(
        confidence=scores[np.arange(len(table)), chosen],
        top=scores.max(axis=1) if len(columns) else np.zeros(len(table)),
        right=(table["y_true"] == table["y_pred"]).fillna(False).astype(bool),
    )


def of_kind(table: pd.DataFrame, kind: str, unsure: pd.Series) -> pd.DataFrame:
    """Return the lines of `outcomes` that are of a kind of `KINDS`; ``unsure`` (n,) bool tells the uncertain ones.

    A line whose truth is not known is neither right nor wrong.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise OptionError(f"there are no {shorten(kind)!r} cases", expected=", ".join(KINDS))
    wanted = {"right": table["right"], "wrong": ~table["right"] & table["y_true"].notna(), "uncertain": unsure}
    return table if kind == "all" else table[wanted[kind]]


def by_confidence(table: pd.DataFrame, kind: str, uncertain_below: float | None) -> pd.DataFrame:
    """Return the lines of `outcomes` of a kind, the surest first; uncertain ones begin with the least sure.

    ``uncertain_below`` is the limit of the top probability that validation chose; None where it chose none.
    """
    unsure = table["top"] < (UNSURE if uncertain_below is None else uncertain_below)
    by, rising = ("top", True) if kind == "uncertain" else ("confidence", False)
    return of_kind(table, kind, unsure).sort_values(by, ascending=rising, kind="stable")


def class_index(classes: Sequence[str], target: str) -> int:
    """Return the place of the class to explain or to follow.

    Raises
    ------
    OptionError
        If there is no such class.
    """
    if target not in classes:
        raise OptionError(f"there is no class {shorten(target)!r}", where="the class", expected=", ".join(classes))
    return list(classes).index(target)


def moves(
    scores: Mapping[str, np.ndarray], rules: Mapping[str, DecisionRule], classes: Sequence[str], best: str
) -> dict[str, Any]:
    """Return every model's decision on one row as it is and changed; the same class is followed before and after.

    Parameters
    ----------
    scores : mapping of str to numpy.ndarray
        (2, k) by model, before calibration: of the row as it is, and changed.
    rules : mapping of str to DecisionRule
        By model.
    classes : sequence of str
    best : str
        The model whose decision on the row as it is names the class that is followed, where there are more than two
        classes; of two it is the last.

    Returns
    -------
    dict
        ``target`` (the class followed) and ``scores``: a line a model with ``model``, ``before`` and ``after`` (the
        calibrated probabilities of the target), ``called_before``, ``called_after`` (the decided classes) and ``cut``
        (the operating point, or None).
    """
    decided = {name: rules[name].decide(both) for name, both in scores.items()}
    at = int(decided[best].followed[0])
    lines = []
    for name, (probabilities, chosen) in decided.items():
        before, after = (float(value) for value in probabilities[:, at])
        called = [classes[int(place)] for place in chosen]
        line = {"model": name, "before": before, "after": after, "cut": rules[name].threshold}
        lines.append(line | {"called_before": called[0], "called_after": called[1]})
    return {"target": classes[at], "scores": lines}
