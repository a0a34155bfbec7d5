"""Intervals that learn from every window: each is calibrated by all windows before it, and widened after misses.

Adaptive conformal inference (Gibbs and Candès 2021, *Adaptive conformal inference under distribution shift*) goes on
calibrating while time goes by: when an interval missed more than it should it becomes wider, else narrower. So the
share of truths inside tends to the nominal level whatever the series does, which a calibration on few windows of one
series cannot promise.

Deviations: the width is changed itself (by its logarithm) and not the level that is asked for, once for each window
rather than for each step, since a window's truths come to be known together; the share missed is that over all series.
Besides, the factors of `conformal` are learned anew from the `KEPT` last windows. What a window is calibrated by is
known when it is forecast: nothing of the window itself or of later ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dl_core.evaluate.series.conformal import apply_conformal, fit_conformal
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, Cases

GAIN = 0.15  # of the logarithm of the width, for each share missed too many, as a share of the one allowed
LEAST = 0.1  # share that misses are measured against at least, so that rare ones move little
KEPT = 20  # windows that factors are learned from
REACH = 1.5  # bound of the logarithm: no more than 4.5 times as wide


def rolling_conformal(
    validation: Cases, test: Cases, scale: Sequence[np.ndarray], lag: int = 1
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return calibrated forecasts of the test windows, and what to calibrate later ones by.

    Parameters
    ----------
    validation, test : Cases
        Of one model; windows are numbered from the earliest. The model did not learn from the truths of either.
    scale : pair of numpy.ndarray
        Scale of each case's series, of ``validation`` (m,) and of ``test`` (n,).
    lag : int
        Windows after which a window's truths are all known: 1 unless windows overlap.

    Returns
    -------
    quantiles : numpy.ndarray
        (n, h, n_levels) of ``test``; a window is calibrated by the validation windows and the test windows before it.
    chosen : dict
        For `apply_conformal`, learned from all windows; its ``stretch`` (n_levels) is what misses added, as logarithms.
    """
    numbers = np.unique(test.windows)
    past = [(_at(validation, scale[0], window)) for window in np.unique(validation.windows)]
    future = [_at(test, scale[1], window) for window in numbers]
    stretch = np.zeros(len(LEVELS))
    found = test.quantiles.copy()
    used: list[dict[str, Any]] = []
    for place, window in enumerate(numbers):
        done = max(0, place - lag + 1)
        if place >= lag:
            stretch = _learned(stretch, future[place - lag], used[place - lag])
        used.append(_fit([*past, *future[:done]], stretch))
        inside = test.windows == window
        found[inside] = apply_conformal(test.quantiles[inside], scale[1][inside], used[-1])
    for place in range(max(0, len(numbers) - lag), len(numbers)):
        stretch = _learned(stretch, future[place], used[place])
    return found, _fit([*past, *future], stretch)


def _at(cases: Cases, scale: np.ndarray, window: int) -> tuple[Cases, np.ndarray]:
    inside = cases.windows == window
    parts = (cases.series, cases.windows, cases.times, cases.truth, cases.quantiles)
    return Cases(*(part[inside] for part in parts)), np.asarray(scale)[inside]


def _fit(parts: Sequence[tuple[Cases, np.ndarray]], stretch: np.ndarray) -> dict[str, Any]:
    """Return factors of the last windows, and the stretch; empty where there are none to learn from."""
    parts = parts[-KEPT:]
    if not parts:
        return {}
    names = ("series", "windows", "times", "truth", "quantiles")
    whole = Cases(*(np.concatenate([getattr(cases, name) for cases, _ in parts]) for name in names))
    chosen = fit_conformal(whole, np.concatenate([scale for _, scale in parts]))
    return {**chosen, "stretch": stretch.round(5).tolist()} if chosen else {}


def _learned(stretch: np.ndarray, window: tuple[Cases, np.ndarray], chosen: dict[str, Any]) -> np.ndarray:
    """Return the stretch after what a window, forecast with ``chosen``, has missed."""
    cases, scale = window
    known = ~np.isnan(cases.truth)
    if not chosen or not known.any():
        return stretch
    quantiles = apply_conformal(cases.quantiles, scale, chosen)
    found = stretch.copy()
    for at in range(MIDDLE):
        low, high = quantiles[:, :, at], quantiles[:, :, -1 - at]
        allowed = 2 * LEVELS[at]
        missed = 1 - ((cases.truth >= low) & (cases.truth <= high))[known].mean()
        step = GAIN * (missed - allowed) / max(allowed, LEAST)
        found[[at, -1 - at]] += step
    return np.clip(found, -REACH, REACH)
