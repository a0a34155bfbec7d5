"""The units of forecasting: windows of series that have a truth, with one model's forecasts of them.

Windows of one series are no independent witnesses, so whole series are drawn, and for each series that was drawn its
windows again (`draws`). With one series only windows are drawn, with one window only series. Windows that overlap are
drawn in blocks of those that do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from dl_core.evaluate.draws import Draws
from dl_core.evaluate.formulas import divide
from dl_core.evaluate.judge import Units
from dl_core.evaluate.quantities import Quantity, Ratio
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases
from dl_core.evaluate.series.metrics import MEAN, OWA, ForecastMetric


@dataclass(frozen=True, eq=False)
class JudgedWindows(Units):
    """Cases of one model that have a truth, with their series as numbers.

    ``reference`` holds the same cases as Naive2 forecasts them, for OWA, or None.
    """

    cases: Cases
    code: np.ndarray
    facts: SeriesFacts
    reference: Cases | None = None
    large = True

    @classmethod
    def of(cls, cases: Cases, facts: SeriesFacts, reference: Cases | None = None) -> JudgedWindows:
        """Return the cases with any truth and known scale; OWA needs all of them in ``reference``."""
        known = (~np.isnan(cases.truth)).any(axis=1) & ~np.isnan(facts.scales_of(cases.series))
        cases = take_cases(cases, np.flatnonzero(known))
        if reference is not None:
            at = keys_of(reference).get_indexer(keys_of(cases))
            reference = take_cases(reference, at) if (at >= 0).all() else None
        return cls(cases, pd.factorize(cases.series)[0], facts, reference)

    @cached_property
    def ids(self) -> pd.Index:  # type: ignore[override]  # worked out once
        """Series and window of each case."""
        return keys_of(self.cases)

    def take(self, at: np.ndarray) -> JudgedWindows:
        """Return the cases at these positions."""
        return JudgedWindows.of(take_cases(self.cases, at), self.facts, self.reference)

    @property
    def by_series(self) -> bool:
        """Whether there are several series, so that n counts series; else it counts windows."""
        return bool(len(self.code)) and self.code.max() > 0

    @cached_property
    def lag(self) -> int:
        """Windows from one to the next that shares no step with it: 1 unless windows overlap."""
        if not len(self.cases):
            return 1
        busiest = np.flatnonzero(self.code == np.bincount(self.code).argmax())
        times = self.cases.times[busiest[np.argsort(self.cases.windows[busiest], kind="stable")]]
        return max(1, int((times[:, 0] <= times[0].max()).sum()))

    @property
    def spreads(self) -> bool:
        """Whether there are two series, or two windows that share no step, so that an interval can be told."""
        return self.by_series or len(self.code) > self.lag

    @property
    def unit(self) -> str:  # type: ignore[override]  # which it is depends on the data
        """What n counts, in words."""
        return "series" if self.by_series else "windows"

    def count(self, quantity: Quantity) -> int:
        """Return on how many series (windows, where there is one series) a number stands."""
        return self.count_series(quantity) if self.by_series else quantity.n

    def count_series(self, quantity: Quantity) -> int:
        """Return on how many series a number stands."""
        return int(
            np.count_nonzero(np.bincount(self.code[quantity.known] if isinstance(quantity, Ratio) else self.code))
        )

    def draws(self, seed: int = 0, n_resamples: int | None = None) -> Draws:
        """Return draws of series, then of windows within each."""
        return Draws(len(self.code), n_resamples, seed, self.code, nested=True, lag=self.lag)

    def quantity(self, metric: ForecastMetric, seed: int = 0) -> Ratio:
        """Return a metric of all steps; OWA without a reference has no value."""
        if metric.form != OWA:
            return share_or_mean(*metric.sums(self.cases, self.facts), metric)
        if self.reference is None:
            return Ratio(np.zeros(len(self)), np.zeros(len(self)))
        halves = [metric_named(name, ForecastMetric) for name in ("smape", "mase")]
        own, base = ([half.sums(one, self.facts)[0] for half in halves] for one in (self.cases, self.reference))
        return Ratio(np.stack(own, axis=1), np.stack(base, axis=1), (0.0, np.inf))


def share_or_mean(above: np.ndarray, below: np.ndarray, metric: ForecastMetric) -> Ratio:
    """Return a metric as the ratio of two sums (m,) over cases."""
    return Ratio(above, below, metric.bounds, metric.bounds == (0.0, 1.0))


def keys_of(cases: Cases) -> pd.MultiIndex:
    """Return what names each case: series and window."""
    return pd.MultiIndex.from_arrays([cases.series.astype(object), cases.windows])


def take_cases(cases: Cases, at: np.ndarray) -> Cases:
    """Return the cases at these positions."""
    return Cases(cases.series[at], cases.windows[at], cases.times[at], cases.truth[at], cases.quantiles[at])


def pseudo_steps(metric: ForecastMetric, judged: JudgedWindows) -> np.ndarray:
    """Return values (m, h) step by step whose mean over known steps is the metric, NaN where nothing is known.

    For a mean these are its losses; a root and a ratio are made linear about their value (the delta method), so that
    a test of mean differences serves for all metrics.
    """
    if metric.form == OWA:
        return np.mean([_linear_ratio(name, judged) for name in ("smape", "mase")], axis=0)
    above, below = metric.steps(judged.cases, judged.facts)
    known = below > 0
    if metric.form == MEAN:
        return np.where(known, above, np.nan)
    value = float(divide(above.sum(), below.sum()))
    if metric.form == "root":
        value = np.sqrt(value)
        return np.where(known, value + (above - value**2) / (2 * value if value > 0 else 1.0), np.nan)
    mean = below[known].mean() if known.any() else 1.0
    return np.where(known, value + (above - value * below) / mean, np.nan)


def _linear_ratio(name: str, judged: JudgedWindows) -> np.ndarray:
    """Return one half of OWA made linear, (m, h)."""
    if judged.reference is None:
        return np.full(judged.cases.truth.shape, np.nan)
    metric = metric_named(name, ForecastMetric)
    above, known = metric.steps(judged.cases, judged.facts)
    below = metric.steps(judged.reference, judged.facts)[0]
    value = float(divide(above.sum(), below.sum()))
    mean = divide(below.sum(), known.sum())
    return np.where(known > 0, value + (above - value * below) / mean, np.nan)
