"""The noun `Metric`: one way to judge scores, with all that a page or a bootstrap must know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dl_core.evaluate.about import About, has_columns, take_rows
from dl_core.evaluate.formulas import Function, Threshold, Weighted


@dataclass(frozen=True)
class Metric:
    """One way to judge scores.

    Parameters
    ----------
    name, label : str
        Key and words for the page.
    help : str
        One line that explains it to a newcomer.
    function : callable
        ``f(y_true (n,), y_score (n, k), threshold=None) -> float``.
    higher_is_better : bool
    bounds : (float, float)
    needs : str
        ``"labels"`` if it judges decisions (and so depends on the operating point), ``"scores"`` if probabilities.
    binary_only : bool
    weighted : callable or None
        ``f(y_true, y_score, weights (r, n), threshold) -> (r,)``, the fast path of a bootstrap; None loops.
    trials : str
        Which rows it is a plain share of: ``"rows"``, ``"positives"``, ``"negatives"``, or ``""`` if it is no share.
    judges : bool
        False where it describes decisions, for groups to be held side by side, and more is neither better nor worse.
    columns : tuple of str
        Facts of the rows that it needs besides scores (`about.py`). Its functions take them as keyword ``about``, and
        it is NaN where one is missing.
    comparable : bool
        False where it grows with the number of rows or hands a group the whole budget, so that groups cannot be held
        side by side by it.
    """

    name: str
    label: str
    help: str
    function: Function
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    needs: str = "labels"
    binary_only: bool = False
    weighted: Weighted | None = None
    trials: str = ""
    judges: bool = True
    columns: tuple[str, ...] = ()
    comparable: bool = True

    def __call__(
        self, y_true: np.ndarray, y_score: np.ndarray, threshold: Threshold = None, about: About | None = None
    ) -> float:
        """Return the metric's value; ``about`` holds the facts of the rows, where it needs any."""
        if not self.columns:
            return self.function(y_true, y_score, threshold)
        return self.function(y_true, y_score, threshold, about=about) if self.fits(about) else float("nan")

    def fits(self, about: About | None) -> bool:
        """Return whether all facts are there that the metric needs."""
        return has_columns(self.columns, about)

    @property
    def sign(self) -> int:
        """1 where higher is better, −1 where lower is."""
        return 1 if self.higher_is_better else -1

    def resampled(
        self,
        y_true: np.ndarray,
        y_score: np.ndarray,
        weights: np.ndarray,
        threshold: Threshold = None,
        about: About | None = None,
    ) -> np.ndarray:
        """Return the metric (r,) for each row of integer ``weights`` (r, n)."""
        if not self.fits(about):
            return np.full(len(weights), np.nan)
        if self.weighted is not None:
            facts = {"about": about} if self.columns else {}
            return self.weighted(y_true, y_score, weights, threshold, **facts)
        rows = (np.repeat(np.arange(len(y_true)), counts.astype(int)) for counts in weights)
        return np.array([self._at(y_true, y_score, r, threshold, about) for r in rows])

    def _at(
        self, y_true: np.ndarray, y_score: np.ndarray, rows: np.ndarray, threshold: Threshold, about: About | None
    ) -> float:
        cut = threshold[rows] if isinstance(threshold, np.ndarray) else threshold
        return self(y_true[rows], y_score[rows], cut, take_rows(about, rows))
