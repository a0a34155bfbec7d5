"""The noun `Metric`: one way to judge, with all that a page, a bootstrap or a comparison must know of it.

Each problem has its own kind of metric, which says what its function takes: `ClassMetric` here, and `RankingMetric` and
`ForecastMetric` in the folders of their kind. `registry` finds them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from dl_core.evaluate.about import About, has_columns, take_rows
from dl_core.evaluate.formulas import Threshold, Weighted

Values = TypeVar("Values", float, np.ndarray)


@dataclass(frozen=True)
class Metric:
    """One way to judge.

    Parameters
    ----------
    name, label : str
        Key and words for the page.
    help : str
        One line that explains it to a newcomer.
    function : callable
        What it takes is said by each kind of metric.
    higher_is_better : bool
    bounds : (float, float)
    judges : bool
        False where it describes, or another metric says the same, and more is neither better nor worse.
    comparable : bool
        False where groups cannot be held side by side by it: it grows with their size, hands each the whole budget, or
        is in a unit that they do not share.
    target : float or None
        The value that is best, where neither more nor less is better; then the distance from it is compared.
    joins : tuple of str
        Names of the domains whose scores show it though they do not name it themselves.
    """

    name: str
    label: str
    help: str
    function: Callable[..., Any]
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    judges: bool = True
    comparable: bool = True
    target: float | None = None
    joins: tuple[str, ...] = field(default=(), kw_only=True)
    problem: ClassVar[str] = ""

    @property
    def sign(self) -> int:
        """1 where higher is better, −1 where lower is."""
        return 1 if self.higher_is_better else -1

    @property
    def by_group(self) -> bool:
        """Whether it has a value for a group of the units at all."""
        return self.comparable

    @property
    def share(self) -> bool:
        """Whether it can be read on one scale with the others of its problem."""
        return True

    def gap(self, values: Values) -> Values:
        """Return values turned so that higher is better: by sign, or as minus the distance from the target."""
        return self.sign * values if self.target is None else -abs(values - self.target)

    def at(self, k: int) -> Metric:
        """Return the metric with its words for rankings of ``k`` places, which only some speak of."""
        return replace(self, label=self.label.format(k=k), help=self.help.format(k=k))


@dataclass(frozen=True)
class ClassMetric(Metric):
    """One way to judge probabilities of classes; ``function`` is ``f(y_true (n,), y_score (n, k), threshold=None)``.

    Parameters
    ----------
    needs : str
        ``"labels"`` if it judges decisions (and so depends on the operating point), ``"scores"`` if probabilities.
    binary_only : bool
    weighted : callable or None
        ``f(y_true, y_score, weights (r, n), threshold) -> (r,)``, the fast path of a bootstrap; None loops.
    trials : str
        Which rows it is a plain share of: ``"rows"``, ``"positives"``, ``"negatives"``, or ``""`` if it is no share.
    columns : tuple of str
        Facts of the rows that it needs besides scores (`about.py`). Its functions take them as keyword ``about``, and
        it is NaN where one is missing.
    """

    needs: str = "labels"
    binary_only: bool = False
    weighted: Weighted | None = None
    trials: str = ""
    columns: tuple[str, ...] = ()
    problem: ClassVar[str] = "classification"

    @property
    def by_group(self) -> bool:
        """Every metric has a value for the rows of a group."""
        return True

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
