"""What a threshold decides: its counts, the rates they make, and confusion counts as shares of the true class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate.results import Predictions


@dataclass(frozen=True)
class OperatingPoint:
    """The counts of calling positive from a threshold on.

    Parameters
    ----------
    threshold : float
        0…1; a row is called positive where its score is at least this.
    found, missed : int
        Positive rows called positive (true positives) and called negative (false negatives).
    alarms, passed : int
        Negative rows called positive (false positives) and called negative (true negatives).

    Examples
    --------
    >>> point = OperatingPoint.of(np.array([True, True, False]), np.array([0.9, 0.2, 0.6]), 0.5)
    >>> (point.found, point.missed, point.alarms, point.passed)
    (1, 1, 1, 0)
    """

    threshold: float
    found: int
    missed: int
    alarms: int
    passed: int

    @classmethod
    def of(cls, positive: np.ndarray, score: np.ndarray, threshold: float) -> OperatingPoint:
        """Return the counts for rows that are ``positive`` (n,) bool or not, and their ``score`` (n,)."""
        called = score >= threshold
        counts = (positive & called, positive & ~called, ~positive & called, ~positive & ~called)
        return cls(float(threshold), *(int(one.sum()) for one in counts))

    @property
    def rows(self) -> int:
        """All rows that were counted."""
        return self.found + self.missed + self.alarms + self.passed

    @property
    def sensitivity(self) -> float:
        """Share of positives called positive; NaN without one."""
        return share(self.found, self.found + self.missed)

    @property
    def specificity(self) -> float:
        """Share of negatives called negative; NaN without one."""
        return share(self.passed, self.alarms + self.passed)

    @property
    def precision(self) -> float:
        """Share of those called positive that are; NaN where none is called."""
        return share(self.found, self.found + self.alarms)

    @property
    def accuracy(self) -> float:
        """Share of rows decided rightly; NaN without rows."""
        return share(self.found + self.passed, self.rows)


def share(part: int, whole: int) -> float:
    """Return ``part / whole``, NaN of nothing."""
    return part / whole if whole else float("nan")


def operating_point(predictions: Predictions, model: str, threshold: float, split: str = "test") -> OperatingPoint:
    """Return what a threshold of the positive (last) class decides on the labelled rows of a split.

    Raises
    ------
    OptionError
        If there are more than two classes or no such predictions.
    """
    if len(predictions.classes) != 2:
        raise OptionError(f"there are {len(predictions.classes)} classes", expected="two, for a threshold")
    y_true, y_score, _ = predictions.arrays(model, split)
    return OperatingPoint.of(y_true == 1, y_score[:, 1], threshold)


def confusion_shares(confusion: Sequence[Sequence[int]]) -> np.ndarray:
    """Return confusion counts as shares of their true class, (true, predicted); rows without a case stay 0."""
    counts = np.asarray(confusion, dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
