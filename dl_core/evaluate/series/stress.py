"""How much can a history be spoilt before forecasts fail: four kinds of damage at strengths 0…5, for every model.

All models see the same spoilt histories; what came afterwards is left as it was. The strengths are our own, mild to
severe, in units of the series' usual change, the idea of a scale that of Hendrycks and Dietterich (2019), *Benchmarking
Neural Network Robustness to Common Corruptions and Perturbations*.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.quantities import Estimate, mean_of, resample
from dl_core.evaluate.series.forecasts import MIDDLE

STRENGTHS = (0, 1, 2, 3, 4, 5)
MOST_CASES = 60  # histories that are spoilt; enough for a chart
FEWEST_CASES = 5  # of a model that is slow
TIME_LIMIT = 60.0  # seconds for all models
SPAN = 3  # seasons before the end that are damaged, or at least LEAST steps
LEAST = 24
OUTLIER = 8.0  # usual changes
TRIED = (1, 2, 8)  # cases on which a model's speed is tried; the first warms it up


class Forecasting(Protocol):
    """What is needed of a model: `Forecaster` has it."""

    def forecast(self, panel: Panel, horizon: int | None = None) -> np.ndarray:
        """Return quantiles (n, horizon, n_levels) of the steps after each series' end."""


@dataclass(frozen=True)
class Stress:
    """One way to spoil a history.

    Parameters
    ----------
    name, label, unit : str
        Key, words for the page, and what ``levels`` are measured in.
    levels : tuple of float
        The amount at each strength 0…5; strength 0 leaves the history as it is.
    function : callable
        ``f(values (length,), amount, scale, span, rng) -> (length,)``; ``span`` is how many last steps to damage.
    """

    name: str
    label: str
    unit: str
    levels: tuple[float, ...]
    function: Callable[[np.ndarray, float, float, int, np.random.Generator], np.ndarray]

    def __call__(self, history: Panel, scale: np.ndarray, strength: int, seed: int = 0) -> Panel:
        """Return the histories spoilt, each by draws of its own that do not change with the strength.

        Raises
        ------
        OptionError
            If the strength is not one of 0…5.
        """
        if strength not in STRENGTHS:
            raise OptionError(f"there is no severity {strength}", where=self.label, expected="0 to 5")
        if strength == 0:
            return history
        values = history.values.copy()
        wanted = max(LEAST, SPAN * history.season)
        for at in range(len(history)):
            part = slice(history.starts[at], history.starts[at + 1])
            one = history.values[part]
            rng = np.random.default_rng((seed, at))
            spoilt = self.function(one.copy(), self.levels[strength], float(scale[at]), min(wanted, len(one)), rng)
            values[part] = np.maximum(spoilt, 0.0) if np.nanmin(one, initial=np.inf) >= 0 else spoilt
        return replace(history, values=values)


def noise(values: np.ndarray, amount: float, scale: float, span: int, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation ``amount`` usual changes to every step."""
    return values + amount * scale * rng.normal(size=len(values))


def missing(values: np.ndarray, amount: float, scale: float, span: int, rng: np.random.Generator) -> np.ndarray:
    """Take away one stretch of ``amount`` per cent of the last ``span`` steps, somewhere in them."""
    size = min(int(np.ceil(span * amount / 100)), len(values) - 1)
    start = len(values) - span + int(rng.random() * (span - size + 1))
    values[start : start + size] = np.nan
    return values


def level_shift(values: np.ndarray, amount: float, scale: float, span: int, rng: np.random.Generator) -> np.ndarray:
    """Move all steps before a point in the last ``span`` by ``amount`` usual changes, up or down by lot.

    So the history has a jump, after which the level is the one that goes on.
    """
    point = len(values) - 1 - int(rng.random() * (span - 1))
    values[:point] += (1 if rng.random() < 0.5 else -1) * amount * scale
    return values


def outliers(values: np.ndarray, amount: float, scale: float, span: int, rng: np.random.Generator) -> np.ndarray:
    """Move ``amount`` per cent of the last ``span`` steps by eight usual changes, each up or down by lot."""
    place = rng.permutation(span)[: int(np.ceil(span * amount / 100))] + len(values) - span
    values[place] += OUTLIER * scale * np.where(rng.random(len(place)) < 0.5, 1.0, -1.0)
    return values


STRESSES: dict[str, Stress] = {
    stress.name: stress
    for stress in (
        Stress("noise", "Noise", "typical changes", (0, 0.1, 0.25, 0.5, 1.0, 2.0), noise),
        Stress("missing", "Missing segment", "% of the last seasons", (0, 5, 10, 20, 40, 60), missing),
        Stress("level_shift", "Level shift", "typical changes", (0, 0.5, 1, 2, 4, 8), level_shift),
        Stress("outliers", "Outliers", "% of the last seasons", (0, 1, 2, 5, 10, 20), outliers),
    )
}


def stress_forecasts(
    models: Mapping[str, Forecasting],
    history: Panel,
    truth: np.ndarray,
    *,
    scale: np.ndarray,
    kinds: Sequence[str] | None = None,
    seed: int = 0,
    check_stop: Callable[[], None] | None = None,
    time_limit: float = TIME_LIMIT,
) -> list[dict]:
    """Return MASE of every model at every strength of every kind of damage, with intervals over series.

    Parameters
    ----------
    models : mapping
        By name, fitted forecasters; none is trained again.
    history : Panel
        (m cases) what was known at each origin.
    truth : numpy.ndarray
        (m, horizon), NaN where missing.
    scale : numpy.ndarray
        (m,) of each case's series.
    kinds : sequence of str or None
        Names of `STRESSES`; None for all.
    seed : int
    check_stop : callable or None
        Called between forecasts; may raise to stop the work.
    time_limit : float
        Seconds for all models. One that is slow (a statistical model is fitted to each history anew) is judged on
        fewer histories, at least five, and ``n`` says on how many; past its time its stronger damage is left out.

    Returns
    -------
    list of dict
        ``model, corruption, strength, amount, unit, metric, value, low, high, n``.

    Raises
    ------
    OptionError
        If a kind is unknown.
    """
    names = list(STRESSES if kinds is None else kinds)
    for name in names:
        if name not in STRESSES:
            raise OptionError(f"there is no corruption {name!r}", where="stress", expected=", ".join(STRESSES))
    known = np.flatnonzero((~np.isnan(truth)).any(axis=1) & (np.asarray(scale) > 0))
    order = np.random.default_rng(seed).permutation(known)[:MOST_CASES]
    if not len(order):
        return []
    cases = _Cases(history.take(order), truth[order], np.asarray(scale, dtype=float)[order])
    lines = []
    for model, one in models.items():
        found = _stressed(one, cases, names, time_limit / len(models), seed, check_stop or _never)
        lines += [{"model": model, **line} for line in found]
    return lines


def _stressed(
    model: Forecasting, cases: _Cases, names: Sequence[str], seconds: float, seed: int, stop: Callable[[], None]
) -> list[dict]:
    """Return one model's lines; what is not begun within twice its ``seconds`` is left out."""
    end = time.monotonic() + 2 * seconds
    part = cases.first(_affordable(model, cases, 1 + len(names) * (len(STRENGTHS) - 1), seconds, stop))
    plain = _judged(model, part, seed)
    lines = []
    for stress in (STRESSES[name] for name in names):
        for strength in STRENGTHS:
            stop()
            if strength and time.monotonic() > end:
                break
            found = _judged(model, part.spoilt(stress, strength, seed), seed) if strength else plain
            about = {"corruption": stress.name, "strength": strength, "unit": stress.unit}
            lines.append({**about, "amount": float(stress.levels[strength]), "metric": "mase", **found})
    return lines


@dataclass(frozen=True, eq=False)
class _Cases:
    """Histories (m) with what followed them and their scales."""

    history: Panel
    truth: np.ndarray
    scale: np.ndarray

    def first(self, count: int) -> _Cases:
        return _Cases(self.history.take(np.arange(count)), self.truth[:count], self.scale[:count])

    def spoilt(self, stress: Stress, strength: int, seed: int) -> _Cases:
        return replace(self, history=stress(self.history, self.scale, strength, seed))


def _never() -> None:
    """Go on."""


def _affordable(model: Forecasting, cases: _Cases, times: int, seconds: float, stop: Callable[[], None]) -> int:
    """Return how many cases the model can forecast ``times`` times over in ``seconds``, told from a few."""
    spent = []
    for count in TRIED:
        stop()
        begin = time.monotonic()
        part = cases.first(min(count, len(cases.truth)))
        model.forecast(part.history, part.truth.shape[1])
        spent.append(time.monotonic() - begin)
    each = max(spent[2] - spent[1], 0.0) / (TRIED[2] - TRIED[1])
    start = max(spent[1] - TRIED[1] * each, 0.0)
    most = (seconds / times - start) / each if each > 0 else len(cases.truth)
    return int(np.clip(most, min(FEWEST_CASES, len(cases.truth)), len(cases.truth)))


def _judged(model: Forecasting, cases: _Cases, seed: int) -> dict:
    """Return MASE with its interval and n, None where it is not defined."""
    found = model.forecast(cases.history, cases.truth.shape[1])[:, :, MIDDLE]
    mase = mean_of(np.nanmean(np.abs(found - cases.truth), axis=1) / cases.scale, (0.0, np.inf))
    code = np.unique(cases.history.series.astype(str), return_inverse=True)[1]
    drawn = resample({"": mase}, Draws(len(code), seed=seed, clusters=code, nested=True))[""]
    return Estimate.of(mase, drawn).as_dict()
