"""Parts of simulated series, many at once: trends, seasons of any shape, noise with memory; each (n, length), spread 1.

They follow what pretrained forecasters were taught with: sums and products of trends and seasons (ForecastPFN, Dooley
et al. 2023), draws of Gaussian processes with simple kernels (KernelSynth of Chronos, Ansari et al. 2024) and convex
mixtures (TSMixup, there). We deviate in drawing Gaussian processes by random waves, which costs no matrix inverse.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

WAVES = 12  # random waves that make one smooth curve


def standard(values: np.ndarray) -> np.ndarray:
    """Return values (n, length) less their mean, over their standard deviation; constant ones become 0."""
    apart = values - values.mean(axis=1, keepdims=True)
    return apart / np.maximum(apart.std(axis=1, keepdims=True), 1e-6)


def smooth(rng: np.random.Generator, count: int, length: int, scale: np.ndarray) -> np.ndarray:
    """Return draws of a Gaussian process whose kernel is a bell curve of width ``scale`` (n,) steps."""
    rate = rng.standard_normal((count, WAVES, 1)) / scale[:, None, None]
    shift = rng.uniform(0, 2 * np.pi, (count, WAVES, 1))
    time = np.arange(length, dtype=np.float32)[None, None, :]
    return np.sqrt(2 / WAVES) * np.cos(rate.astype(np.float32) * time + shift.astype(np.float32)).sum(axis=1)


def trends(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Return trends: straight, bent, exponential, levelling off, random walks of two kinds, steps, smooth curves."""
    t = np.linspace(0, 1, length)[None, :]
    kind = rng.choice(8, count, p=(0.13, 0.12, 0.08, 0.07, 0.28, 0.10, 0.10, 0.12))[:, None]
    bend = rng.uniform(0, 1, (count, 3, 1))
    pieces = (rng.standard_normal((count, 3, 1)) * np.maximum(t[:, None, :] - bend, 0)).sum(axis=1)
    steps = (rng.standard_normal((count, 3, 1)) * (t[:, None, :] > bend)).sum(axis=1)
    rate = rng.uniform(0.5, 5, (count, 1))
    shocks = rng.standard_normal((count, length))
    heavy = np.where(rng.random((count, 1)) < 0.3, rng.standard_t(3, (count, length)), shocks)
    walk = np.cumsum(heavy, axis=1)
    gentle = np.cumsum(lfilter([1], [1, -0.97], rng.standard_normal((count, length)), axis=1), axis=1)
    options = (
        np.broadcast_to(t, (count, length)),
        pieces,
        np.exp(rate * t),
        -np.exp(-rate * 2 * t),
        walk,
        gentle,
        steps,
        smooth(rng, count, length, length * np.exp(rng.uniform(np.log(0.03), np.log(0.5), count))),
    )
    found = np.select([kind == at for at in range(len(options))], options)
    return standard(found) * rng.choice([-1, 1], (count, 1), p=(0.4, 0.6))


def season(rng: np.random.Generator, count: int, length: int, period: int) -> np.ndarray:
    """Return seasons of ``period`` steps: waves, smooth profiles, rough ones, spikes, blocks; some slowly change."""
    phase = np.arange(period)[None, :] / period
    harmonics = np.zeros((count, period))
    fade = rng.uniform(0.3, 2.5, (count, 1))
    for order in range(1, max(2, min(period // 2, 8)) + 1):
        size = rng.standard_normal((count, 1)) / order**fade
        harmonics += size * np.cos(2 * np.pi * (order * phase + rng.random((count, 1))))
    rough = rng.standard_normal((count, period))
    spikes = np.where(rng.random((count, period)) < 2.0 / period, rng.exponential(1, (count, period)), 0)
    spikes += 0.03 * rough
    width = rng.uniform(0.1, 0.6, (count, 1))
    blocks = ((phase + rng.random((count, 1))) % 1.0 < width).astype(float)
    kind = rng.choice(4, (count, 1), p=(0.6, 0.12, 0.13, 0.15))
    profile = standard(np.select([kind == at for at in range(4)], [harmonics, rough, spikes, blocks]))
    found = profile[:, np.arange(length) % period]
    late = np.roll(standard(harmonics[::-1]), 1, axis=0)[:, np.arange(length) % period]
    move = rng.random((count, 1)) < 0.35
    turn = 0.6 * smooth(rng, count, length, period * np.exp(rng.uniform(0.7, 3.5, count)))
    swell = np.clip(1 + 0.3 * smooth(rng, count, length, period * np.exp(rng.uniform(0.7, 3.5, count))), 0.1, 3)
    return standard(
        found * np.where(move, swell, 1) + np.where(move & (turn.std(axis=1, keepdims=True) > 0), turn, 0) * late
    )


def two_seasons(rng: np.random.Generator, count: int, length: int, short: int, long: int) -> np.ndarray:
    """Return a short season whose size, and on some parts of the long one whose shape, depends on the long season."""
    share = max(1, long // short)
    day = np.arange(length) // short % share
    one, other = season(rng, count, length, short), season(rng, count, length, short)
    off = rng.random((count, share)) < np.where(rng.random((count, 1)) < 0.7, 2.0 / share, 0.0)
    size = np.exp(0.25 * rng.standard_normal((count, share)) * rng.integers(0, 2, (count, 1)))[:, day]
    level = 0.5 * rng.standard_normal((count, share)) * rng.integers(0, 2, (count, 1))
    return standard(np.where(off[:, day], other * 0.7 - 0.4, one) * size + level[:, day])


def noise(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Return noise: white or with memory (ARMA), bell-shaped or heavy-tailed, of even or changing size."""
    tail = np.exp(rng.uniform(np.log(2.5), np.log(30), (count, 1)))
    shocks = np.where(
        rng.random((count, 1)) < 0.6, rng.standard_normal((count, length)), rng.standard_t(tail, (count, length))
    )
    found = np.zeros_like(shocks)
    ar = np.where(rng.random((count, 2)) < 0.4, 0.0, rng.uniform(-0.4, 0.95, (count, 2)))
    ar[:, 1] *= np.minimum(0.95 - np.abs(ar[:, 0]), 0.6)  # stays stationary
    moving = np.where(rng.random((count, 1)) < 0.6, 0.0, rng.uniform(-0.7, 0.7, (count, 1)))[:, 0]
    before = np.zeros((4, count))
    for at in range(length):
        now = shocks[:, at] + moving * before[2] + ar[:, 0] * before[0] + ar[:, 1] * before[1]
        before = np.stack([now, before[0], shocks[:, at], before[2]])
        found[:, at] = now
    size = np.exp(0.8 * smooth(rng, count, length, length * rng.uniform(0.02, 0.3, count)))
    return standard(found * np.where(rng.random((count, 1)) < 0.3, size, 1.0))


def events(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Return rare outliers, and spikes at regular long distances, as holidays make; spread not 1."""
    rare = np.where(
        rng.random((count, length)) < rng.uniform(0, 0.02, (count, 1)), rng.standard_t(3, (count, length)), 0
    )
    every = rng.integers(20, max(21, length // 2), (count, 1))
    regular = (np.arange(length)[None, :] + rng.integers(0, 1000, (count, 1))) % every < rng.integers(1, 4, (count, 1))
    size = rng.standard_normal((count, 1))
    return np.where(rng.random((count, 1)) < 0.5, rare, regular * size)


def activity(rng: np.random.Generator, count: int, length: int, short: int, long: int) -> np.ndarray:
    """Return what people do in the course of days and weeks, above 0: a profile for work days and one for days of rest.

    ``short`` steps are a day, ``long`` a week. Days differ in size, some days of work are like days of rest (holidays),
    the level changes slowly, and what is left has a memory of hours.
    """
    days, share = -(-length // short), max(1, long // short)
    phase = 2 * np.pi * np.arange(short)[None, None, :] / short
    waves = np.zeros((count, 2, short))
    for order in range(1, max(1, min(5, short // 2)) + 1):
        size = rng.standard_normal((count, 2, 1)) / order
        waves += size * np.cos(order * phase + rng.uniform(0, 2 * np.pi, (count, 2, 1)))
    alike = rng.uniform(0, 0.9, (count, 1, 1))
    waves[:, 1:] = alike * waves[:, :1] + (1 - alike) * waves[:, 1:]
    profiles = np.exp(waves * rng.uniform(0.2, 1.2, (count, 1, 1)))  # (n, 2, short)
    day = (np.arange(days)[None, :] + rng.integers(0, share, (count, 1))) % share
    rest = (day >= share - rng.integers(1, 3, (count, 1))) & (share > 1)
    rest = rest | (rng.random((count, days)) < rng.uniform(0, 0.03, (count, 1)))
    each = np.exp(rng.uniform(0, 0.2, (count, 1)) * rng.standard_normal((count, share)))  # Mondays, Tuesdays …
    level = lfilter([1], [1, -0.6], rng.standard_normal((count, days)), axis=1) * rng.uniform(0.005, 0.12, (count, 1))
    level += rng.uniform(0, 0.15, (count, 1)) * smooth(rng, count, days, rng.uniform(5, 60, count))
    size = (
        np.take_along_axis(each, day, axis=1) * np.exp(level) * np.where(rest, rng.uniform(0.4, 1.0, (count, 1)), 1.0)
    )
    found = profiles[np.arange(count)[:, None], rest.astype(int)] * size[:, :, None]  # (n, days, short)
    shocks = lfilter([1], [1, -0.7], rng.standard_normal((count, length)), axis=1)
    loud = np.exp(rng.uniform(np.log(0.01), np.log(0.2), (count, 1)))
    return found.reshape(count, -1)[:, :length] * np.exp(loud * shocks)
