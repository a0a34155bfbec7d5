"""Metrics of forecasts as columns over cases, and a bootstrap that draws series first, then windows within each.

Windows of one series are no independent witnesses, so whole series are drawn, and for each series that was drawn its
windows again (a two-level bootstrap, Davison and Hinkley 1997, section 3.8). With one series only windows are drawn,
with one window only series. Windows that overlap are drawn in blocks of those that do (Künsch 1989), the last one
followed by the first. The same draws serve all models, so that differences are paired. What befalls all series
at once (a bad year) is in no interval: that would take many more windows than there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from dl_core.evaluate.formulas import divide
from dl_core.evaluate.interactions.draws import Column, bootstrap_columns
from dl_core.evaluate.intervals import LEVEL, percentile, resamples_for
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases
from dl_core.evaluate.series.metrics import MEAN, OWA, SeriesMetric, series_metric

CELLS = 4_000_000  # draws made at once
MOST_HELD = 10_000_000  # weights kept for the next model (80 MB); more are drawn anew
Parts = tuple[Column, ...]  # a number to judge by: the mean of one or two ratios of sums


@dataclass(frozen=True, eq=False)
class Judged:
    """Cases of one model that have a truth, with their series as numbers.

    ``reference`` holds the same cases as Naive2 forecasts them, for OWA, or None.
    """

    cases: Cases
    code: np.ndarray
    facts: SeriesFacts
    reference: Cases | None = None

    @classmethod
    def of(cls, cases: Cases, facts: SeriesFacts, reference: Cases | None = None) -> Judged:
        """Return the cases with any truth and known scale; OWA needs all of them in ``reference``."""
        known = (~np.isnan(cases.truth)).any(axis=1) & ~np.isnan(facts.scales_of(cases.series))
        cases = take_cases(cases, np.flatnonzero(known))
        if reference is not None:
            at = keys_of(reference).get_indexer(keys_of(cases))
            reference = take_cases(reference, at) if (at >= 0).all() else None
        return cls(cases, pd.factorize(cases.series)[0], facts, reference)

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
    def unit(self) -> str:
        """What n counts, in words."""
        return "series" if self.by_series else "windows"

    def count(self, column: Column) -> int:
        """Return on how many series (windows, where there is one series) a column stands."""
        inside = column.below > 0
        return len(np.unique(self.code[inside])) if self.by_series else int(inside.sum())

    def draws(self, seed: int = 0, n_resamples: int | None = None) -> Draws:
        """Return draws of these cases, by which models on the same cases are compared."""
        return Draws.of(self.code, seed, n_resamples, self.lag)

    def parts(self, metric: SeriesMetric, step: int | None = None) -> Parts:
        """Return a metric as columns, of all steps or of one (0 first)."""
        if metric.kind == OWA:
            return self._against_reference(step)
        above, below = _sums(metric, self.cases, self.facts, step)
        return (Column(above, below, metric.bounds, metric.bounds == (0.0, 1.0)),)

    def _against_reference(self, step: int | None) -> Parts:
        none = np.zeros(len(self.cases))
        if self.reference is None:
            return (Column(none, none),)
        names = ("smape", "mase")
        made = [[_sums(series_metric(name), one, self.facts, step)[0] for name in names] for one in self._both()]
        return tuple(Column(own, base, (0.0, np.inf)) for own, base in zip(*made, strict=True))

    def _both(self) -> tuple[Cases, Cases]:
        return self.cases, self.reference


def _sums(metric: SeriesMetric, cases: Cases, facts: SeriesFacts, step: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return two arrays (m,) of which a metric is the ratio of sums, of all steps or of one."""
    if step is None:
        return metric.sums(cases, facts)
    return metric.sums(at_step(cases, step), facts)


def keys_of(cases: Cases) -> pd.MultiIndex:
    """Return what names each case: series and window."""
    return pd.MultiIndex.from_arrays([cases.series.astype(object), cases.windows])


def take_cases(cases: Cases, at: np.ndarray) -> Cases:
    """Return the cases at these positions."""
    return Cases(cases.series[at], cases.windows[at], cases.times[at], cases.truth[at], cases.quantiles[at])


def at_step(cases: Cases, step: int) -> Cases:
    """Return the cases with one step ahead only, 0 for the first."""
    part = slice(step, step + 1)
    return Cases(cases.series, cases.windows, cases.times[:, part], cases.truth[:, part], cases.quantiles[:, part])


def slice_parts(parts: Parts, inside: np.ndarray) -> Parts:
    """Return columns for the cases ``inside`` (m,) only; the others stay in the draws without a value."""
    keep = inside.astype(float)
    return tuple(Column(part.above * keep, part.below * keep, part.bounds, part.share) for part in parts)


def value_of(parts: Parts) -> float:
    """Return the number itself, NaN where nothing can be judged."""
    return float(np.mean([part.value for part in parts]))


def two_level_weights(code: np.ndarray, n_resamples: int, seed: int = 0, lag: int = 1) -> Iterator[np.ndarray]:
    """Yield how often each case stands in each resample, blocks (r, m): series are drawn, then windows in each.

    ``code`` (m,) is the series of each case, whose windows stand in order; of them ``lag`` neighbours are drawn as one.
    """
    order = np.argsort(code, kind="stable")
    sizes = np.bincount(code)
    first, most, n, m = np.cumsum(sizes) - sizes, int(sizes.max()), len(sizes), len(code)
    rng = np.random.default_rng(seed)
    block = max(1, CELLS // (n * most))
    for start in range(0, n_resamples, block):
        r = min(block, n_resamples - start)
        drawn = rng.integers(0, n, size=(r, n))
        size = sizes[drawn][:, :, None]
        begin = (rng.random((r, n, -(-most // lag)), dtype=np.float32) * size).astype(np.int64)
        window = (np.repeat(begin, lag, axis=2)[:, :, :most] + np.arange(most) % lag) % size
        place = order[first[drawn][:, :, None] + window] + np.arange(r)[:, None, None] * m
        used = np.broadcast_to(np.arange(most) < size, place.shape)
        yield np.bincount(place[used], minlength=r * m).reshape(r, m).astype(float)


@dataclass(frozen=True, eq=False)
class Draws:
    """The draws of one set of cases, the same for each who asks; kept where they are few."""

    code: np.ndarray
    n_resamples: int
    seed: int
    lag: int = 1
    held: tuple[np.ndarray, ...] = ()

    @classmethod
    def of(cls, code: np.ndarray, seed: int = 0, n_resamples: int | None = None, lag: int = 1) -> Draws:
        """Return draws of cases whose series have these numbers (m,)."""
        count = n_resamples or resamples_for(len(code))
        held = ()
        if len(code) and len(code) * count <= MOST_HELD:
            held = tuple(two_level_weights(code, count, seed, lag))
        return cls(code, count, seed, lag, held)

    def __iter__(self) -> Iterator[np.ndarray]:
        if not len(self.code):
            return iter(())
        return iter(self.held) if self.held else two_level_weights(self.code, self.n_resamples, self.seed, self.lag)


def bootstrap_parts(parts: Mapping[Hashable, Parts], draws: Draws) -> dict[Hashable, np.ndarray]:
    """Return the resampled values (r,) of every number, by its key."""
    flat = {(key, at): part for key, found in parts.items() for at, part in enumerate(found)}
    drawn = bootstrap_columns(flat, draws)
    return {key: np.mean([drawn[key, at] for at in range(len(found))], axis=0) for key, found in parts.items()}


def interval_of(parts: Parts, drawn: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a number from its resampled values."""
    if len(parts) == 1:
        return parts[0].interval(drawn, level)
    if parts[0].n < 2:
        return float("nan"), float("nan")
    return percentile(drawn, level)


def line_of(judged: Judged, parts: Parts, drawn: np.ndarray) -> dict:
    """Return value, interval and n as plain JSON, None where not defined."""
    ends = interval_of(parts, drawn) if judged.spreads else (np.nan, np.nan)
    found = (value_of(parts), *ends)
    value, low, high = (None if np.isnan(one) else float(one) for one in found)
    return {"value": value, "low": low, "high": high, "n": judged.count(parts[0])}


def pseudo_steps(metric: SeriesMetric, judged: Judged) -> np.ndarray:
    """Return values (m, h) step by step whose mean over known steps is the metric, NaN where nothing is known.

    For a mean these are its losses; a root and a ratio are made linear about their value (the delta method), so that
    a test of mean differences serves for all metrics.
    """
    if metric.kind == OWA:
        return np.mean([_linear_ratio(name, judged) for name in ("smape", "mase")], axis=0)
    above, below = metric.steps(judged.cases, judged.facts)
    known = below > 0
    if metric.kind == MEAN:
        return np.where(known, above, np.nan)
    value = float(divide(above.sum(), below.sum()))
    if metric.kind == "root":
        value = np.sqrt(value)
        return np.where(known, value + (above - value**2) / (2 * value if value > 0 else 1.0), np.nan)
    mean = below[known].mean() if known.any() else 1.0
    return np.where(known, value + (above - value * below) / mean, np.nan)


def _linear_ratio(name: str, judged: Judged) -> np.ndarray:
    """Return one half of OWA made linear, (m, h)."""
    if judged.reference is None:
        return np.full(judged.cases.truth.shape, np.nan)
    metric = series_metric(name)
    above, known = metric.steps(judged.cases, judged.facts)
    below = metric.steps(judged.reference, judged.facts)[0]
    value = float(divide(above.sum(), below.sum()))
    mean = divide(below.sum(), known.sum())
    return np.where(known > 0, value + (above - value * below) / mean, np.nan)
