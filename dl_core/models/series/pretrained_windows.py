"""Windows of a user's series for the pretrained forecaster: to forecast from, to go on learning from, to judge by."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.models.series.base import Held
from dl_core.models.series.pretrained_features import PLACE, Reading, read_windows
from dl_core.models.series.pretrained_fit import Samples
from dl_core.models.training import Judge

MOST_WINDOWS = 4_096  # of a panel that are learned from
MOST_JUDGED = 1_024  # held windows
CHUNK = 512  # windows that are read with the same steps ahead
MOST_AHEAD = 32  # steps ahead of a window that are learned from
RECENT = 260  # window ends of a series that are learned from, or so many seasons and horizons as follow
RECENT_SEASONS, RECENT_HORIZONS = 3, 8


def last_windows(panel: Panel, at: np.ndarray, ends: np.ndarray, reading: Reading) -> np.ndarray:
    """Return the last steps before ``ends`` (m,) of the series ``at`` (m,), (m, length) float32.

    Shorter ones are filled on the left with their first value, empty ones with 0. ``panel`` has no missing values.
    """
    back = np.arange(reading.length - 1, -1, -1)
    place = panel.starts[at][:, None] + np.maximum(ends[:, None] - 1 - back[None, :], 0)
    if not len(panel.values):
        return np.zeros((len(at), reading.length), dtype=np.float32)
    found = panel.values[np.minimum(place, len(panel.values) - 1)]
    return np.where(ends[:, None] > 0, found, 0.0).astype(np.float32)


def panel_samples(panel: Panel, reading: Reading, horizon: int, seed: int) -> Samples | None:
    """Return samples of windows at random recent ends of each series, or None where all series are too short.

    Windows count by the series' weights, and as MASE scales them.
    """
    rng = np.random.default_rng([seed, 29])
    span = max(RECENT, RECENT_SEASONS * reading.long, RECENT_HORIZONS * horizon)
    least = min(reading.short + 2, 2 * horizon + 2)
    last = panel.lengths - max(1, horizon // 2)  # half a horizon of truths at least
    first = np.maximum(least, last - span)
    count = np.maximum(last - first + 1, 0)
    if not count.sum():
        return None
    most = min(MOST_WINDOWS, int(count.sum()))
    drawn = np.sort(rng.choice(int(count.sum()), most, replace=False))
    stops = np.cumsum(count)
    at = np.searchsorted(stops, drawn, side="right")
    ends = first[at] + drawn - (stops - count)[at]
    order = rng.permutation(most)
    at, ends = at[order], ends[order]
    filled, scales = panel.filled(), panel.scales()
    parts = []
    for start in range(0, most, CHUNK):
        rows = slice(start, start + CHUNK)
        steps = np.sort(rng.choice(np.arange(1, horizon + 1), min(horizon, MOST_AHEAD), replace=False))
        truth = panel.truth(at[rows], ends[rows], horizon)[:, steps - 1]
        window = last_windows(filled, at[rows], ends[rows], reading)
        part = Samples.read(window, reading, steps, truth)
        weight = _importance(window, reading, scales[at[rows]])
        weight *= 1.0 if panel.weight is None else panel.weight[at[rows]]
        parts.append(replace(part, weight=weight.astype(np.float32)))
    return Samples.together(parts)


def held_judge(network: keras.Model, held: Held, reading: Reading) -> Judge:
    """Return what tells ``val_loss``: the quantile loss of held windows, scaled as MASE is."""
    rows = np.arange(len(held.history))
    if len(rows) > MOST_JUDGED:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_JUDGED, replace=False))
    panel, truth = held.history.take(rows), held.truth[rows]
    filled = panel.filled()
    window = last_windows(filled, np.arange(len(panel)), filled.lengths, reading)
    samples = Samples.read(window, reading, np.arange(1, truth.shape[1] + 1), truth)
    known = np.isfinite(samples.truth)
    weight = np.where(known, _importance(window, reading, panel.scales())[:, None], 0.0)
    target = np.nan_to_num(samples.truth)
    inputs = [samples.series, samples.steps, samples.candidates]

    def judge() -> dict[str, float]:
        found = np.asarray(network(inputs, training=False))
        return {"val_loss": float((_pinball(target, found) * weight).sum() / max(known.sum(), 1))}

    return judge


def _pinball(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    from dl_core.evaluate.series.forecasts import LEVELS

    gap, levels = truth[:, :, None] - quantiles, np.array(LEVELS)
    return 2 * np.maximum(levels * gap, (levels - 1) * gap).mean(axis=2)


def _importance(window: np.ndarray, reading: Reading, scales: np.ndarray) -> np.ndarray:
    """Return how much errors in a window's own unit count in the unit of MASE, (n,), within bounds."""
    spread = read_windows(window, reading, np.ones(1, dtype=np.int64))[PLACE][:, 1]
    return np.clip(spread / scales, 0.1, 10.0)
