"""Bootstrap intervals, by row or by unit; one set of draws for all models and metrics, so that pairs stay pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.evaluate.about import About, take_rows
from dl_core.evaluate.metrics import Metric

CELLS = 8_000_000  # weights held at once; keeps the memory of a bootstrap at about 200 MB whatever n is
LEVEL = 0.95


@dataclass(frozen=True)
class Scored:
    """What one model said about labelled rows: ``y_true`` (n,), ``y_score`` (n, k) and its operating point.

    ``threshold`` is one number, or one for each row (n,) where groups have their own, or None. ``about`` holds facts of
    the rows, arrays (n,) and single numbers, for metrics that need them (`about.about_rows`).
    """

    y_true: np.ndarray
    y_score: np.ndarray
    threshold: float | np.ndarray | None = None
    about: About = field(default_factory=dict)

    def take(self, rows: np.ndarray) -> Scored:
        """Return the rows at these positions."""
        threshold = self.threshold[rows] if isinstance(self.threshold, np.ndarray) else self.threshold
        return Scored(self.y_true[rows], self.y_score[rows], threshold, take_rows(self.about, rows))

    def value(self, metric: Metric) -> float:
        """Return a metric of these rows."""
        return metric(self.y_true, self.y_score, self.threshold, self.about)

    def resampled(self, metric: Metric, weights: np.ndarray) -> np.ndarray:
        """Return a metric (r,) under each row of ``weights`` (r, n)."""
        return metric.resampled(self.y_true, self.y_score, weights, self.threshold, self.about)


def resamples_for(n: int) -> int:
    """Return how many resamples an interval on ``n`` rows takes: 1000, fewer (down to 200) from 20,000 rows on.

    The ends of an interval from 200 draws wander by about a tenth of its width; so many rows make it narrow anyway.
    """
    return int(np.clip(20_000_000 // max(n, 1), 200, 1000))


def _draw(n_units: int, members: Sequence[np.ndarray], r: int, rng: np.random.Generator) -> np.ndarray:
    """Return counts (r, n_units) of draws with replacement within each of ``members`` (arrays of unit numbers)."""
    counts = np.zeros((r, n_units))
    for these in members:
        drawn = rng.integers(0, len(these), size=(r, len(these))) + np.arange(r)[:, None] * len(these)
        counts[:, these] = np.bincount(drawn.ravel(), minlength=r * len(these)).reshape(r, -1)
    return counts


def draw_weights(
    n: int,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    units: np.ndarray | pd.Series | None = None,
    strata: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Yield how often each row stands in each resample, in blocks (r, n) that add up to ``n_resamples``.

    Parameters
    ----------
    n : int
        Number of rows.
    units : array-like or None
        (n,) unit of each row (a patient, an account). Rows of a unit are drawn together, because they are not
        independent; an interval that drew them singly would be too narrow. A missing unit is a unit of its own.
    strata : numpy.ndarray or None
        (n,) class of each row, kept in the same counts in every resample; a unit counts with its commonest class.
    """
    if not n:
        yield np.zeros((n_resamples, 0))
        return
    rng = np.random.default_rng(seed)
    code = np.arange(n)
    if units is not None:
        code = pd.factorize(units if isinstance(units, pd.Series) else np.asarray(units, dtype=object))[0]
        alone = code < 0
        code[alone] = code.max(initial=-1) + 1 + np.arange(alone.sum())
    n_units = int(code.max()) + 1
    members = [np.arange(n_units)]
    if strata is not None:
        table = pd.crosstab(pd.Series(code), pd.Series(np.asarray(strata))).to_numpy()
        members = [np.flatnonzero(table.argmax(axis=1) == column) for column in range(table.shape[1])]
        members = [these for these in members if len(these)]
    block = max(1, CELLS // n)
    for start in range(0, n_resamples, block):
        counts = _draw(n_units, members, min(block, n_resamples - start), rng)
        yield counts if units is None else np.take(counts, code, axis=1)


def bootstrap(
    scored: Mapping[str, Scored],
    metrics: Sequence[Metric],
    *,
    units: np.ndarray | pd.Series | None = None,
    stratified: bool = False,
    seed: int = 0,
    n_resamples: int | None = None,
) -> dict[tuple[str, str], np.ndarray]:
    """Return the metric of every model in every resample, by (model, metric name), each (n_resamples,).

    All models must stand on the same rows in the same order; resample i holds the same rows for all of them, so that
    the difference of two entries is a paired one. Values that a resample leaves undefined are NaN.
    """
    first = next(iter(scored.values()))
    strata = first.y_true if stratified else None
    n_resamples = n_resamples or resamples_for(len(first.y_true))
    parts: dict[tuple[str, str], list[np.ndarray]] = {(m, metric.name): [] for m in scored for metric in metrics}
    for weights in draw_weights(len(first.y_true), n_resamples=n_resamples, seed=seed, units=units, strata=strata):
        for model, case in scored.items():
            for metric in metrics:
                parts[model, metric.name].append(case.resampled(metric, weights))
    return {key: np.concatenate(values) for key, values in parts.items()}


def percentile(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of resampled values; NaN where fewer than half of them are defined."""
    known = values[~np.isnan(values)]
    if len(known) * 2 < len(values) or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def interval(metric: Metric, case: Scored, values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a metric from its resampled ``values``.

    It is the percentile interval, except for a plain share (sensitivity, accuracy) of exactly 0 or 1: there every
    resample agrees and would claim certainty, so the exact binomial bound (Clopper and Pearson 1934) is given instead.
    """
    low, high = percentile(values, level)
    return exact_ends(low, high, count_trials(metric, case.y_true, case.y_score.shape[1]), level)


def exact_ends(low: float, high: float, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval, or where it is a mere 0 or 1 out of ``trials`` the exact binomial one."""
    if trials and low == high and low in (0.0, 1.0):
        bound = ((1 - level) / 2) ** (1 / trials)
        return (bound, 1.0) if low == 1.0 else (0.0, 1 - bound)
    return low, high


def count_trials(metric: Metric, y_true: np.ndarray, n_classes: int) -> int:
    """Return the number of rows that a metric is a share of; 0 where it is no plain share."""
    if metric.trials == "rows":
        return len(y_true)
    if n_classes != 2 or not metric.trials:
        return 0
    positives = int((y_true == 1).sum())
    return positives if metric.trials == "positives" else len(y_true) - positives
