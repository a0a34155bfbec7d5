"""The units of classification: labelled rows with what one model said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.evaluate.about import About, Facts, take_rows
from dl_core.evaluate.draws import Draws, codes_of
from dl_core.evaluate.judge import Units
from dl_core.evaluate.metric import ClassMetric, Metric
from dl_core.evaluate.quantities import LEVEL, Quantity, exact_ends, percentile
from dl_core.evaluate.results import Predictions


@dataclass(frozen=True, eq=False)
class Scored(Units):
    """What one model said about labelled rows.

    Parameters
    ----------
    y_true : numpy.ndarray
        (n,) class indices.
    y_score : numpy.ndarray
        (n, k) probabilities.
    threshold : float, numpy.ndarray or None
        Operating point: one number, or one for each row (n,) where groups have their own, or None.
    about : mapping
        Facts of the rows, arrays (n,) and single numbers, for metrics that need them (`about.about_rows`).
    rows : pandas.Index or None
        (n,) ids; None for rows by number.
    clusters : numpy.ndarray or None
        (n,) code of each row's unit (patient, account), whose rows are resampled together.
    """

    y_true: np.ndarray
    y_score: np.ndarray
    threshold: float | np.ndarray | None = None
    about: About = field(default_factory=dict)
    rows: pd.Index | None = None
    clusters: np.ndarray | None = None

    @property
    def ids(self) -> pd.Index:
        """Ids of the rows."""
        return pd.RangeIndex(len(self.y_true)) if self.rows is None else self.rows

    @property
    def spreads(self) -> bool:
        """Whether rows are of two units at least: those of a single patient or account tell nothing of others."""
        return self.clusters is None or len(np.unique(self.clusters)) > 1

    def positives_of(self, inside: np.ndarray) -> int | None:
        """Return how many rows ``inside`` are of the positive class of two; None with more classes."""
        return int((self.y_true[inside] == 1).sum()) if self.y_score.shape[1] == 2 else None

    def take(self, at: np.ndarray) -> Scored:
        """Return the rows at these positions."""
        threshold = self.threshold[at] if isinstance(self.threshold, np.ndarray) else self.threshold
        rows = None if self.rows is None else self.rows[at]
        clusters = None if self.clusters is None else self.clusters[at]
        return Scored(self.y_true[at], self.y_score[at], threshold, take_rows(self.about, at), rows, clusters)

    def value(self, metric: ClassMetric) -> float:
        """Return a metric of these rows."""
        return metric(self.y_true, self.y_score, self.threshold, self.about)

    def resampled(self, metric: ClassMetric, weights: np.ndarray) -> np.ndarray:
        """Return a metric (r,) under each row of ``weights`` (r, n)."""
        return metric.resampled(self.y_true, self.y_score, weights, self.threshold, self.about)

    def fits(self, metric: ClassMetric) -> bool:
        """Return whether the facts are there that a metric needs."""
        return metric.fits(self.about)

    def quantity(self, metric: ClassMetric, seed: int = 0) -> Weighed:
        """Return a metric of these rows, to be weighed."""
        return Weighed(self, metric)

    def draws(self, seed: int = 0, n_resamples: int | None = None) -> Draws:
        """Return draws of rows, or of clusters."""
        return Draws(len(self), n_resamples, seed, self.clusters)

    def grouped(self, metrics: Sequence[Metric], inside: np.ndarray, whole: Mapping[str, Quantity]) -> list[Quantity]:
        """Return metrics of a group of rows, which share what is worked out from these once."""
        at = np.flatnonzero(inside)
        part = self.take(at)
        return [Weighed(part, metric, at) for metric in metrics if isinstance(metric, ClassMetric)]


@dataclass(frozen=True, eq=False)
class Weighed(Quantity):
    """A metric of classes as a function of the rows' weights; ``at``: the rows' positions among all, None for all."""

    case: Scored
    metric: ClassMetric
    at: np.ndarray | None = None

    @property
    def rows(self) -> np.ndarray | None:
        """Positions among all rows."""
        return self.at

    @property
    def value(self) -> float:
        """The metric; NaN where it is not defined."""
        return self.case.value(self.metric)

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.case.y_true)

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the metric (r,) under each row of ``weights`` (r, n)."""
        return self.case.resampled(self.metric, weights)

    def within(self, inside: np.ndarray) -> Weighed:
        """Return the metric of the rows ``inside``."""
        at = np.flatnonzero(inside)
        return Weighed(self.case.take(at), self.metric, at)

    def interval(self, drawn: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
        """Return the percentile interval; for a plain share of exactly 0 or 1 the exact binomial bound."""
        trials = count_trials(self.metric, self.case.y_true, self.case.y_score.shape[1])
        return exact_ends(*percentile(drawn, level), trials, level)


def count_trials(metric: ClassMetric, y_true: np.ndarray, n_classes: int) -> int:
    """Return the number of rows that a metric is a share of; 0 where it is no plain share."""
    if metric.trials == "rows":
        return len(y_true)
    if n_classes != 2 or not metric.trials:
        return 0
    positives = int((y_true == 1).sum())
    return positives if metric.trials == "positives" else len(y_true) - positives


def scored_rows(
    predictions: Predictions,
    model: str,
    split: str,
    threshold: float | None = None,
    facts: Facts | None = None,
    units: pd.Series | None = None,
) -> Scored:
    """Return what ``model`` said about the labelled rows of a split, with the ``facts`` of them.

    ``units`` holds the unit (patient, account) by row id; rows of a unit are resampled together.
    """
    y_true, y_score, rows = predictions.arrays(model, split)
    clusters = None if units is None else codes_of(units.reindex(rows))
    return Scored(y_true, y_score, threshold, facts.of(rows) if facts is not None else {}, rows, clusters)
