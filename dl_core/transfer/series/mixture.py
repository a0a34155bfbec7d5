"""A wide mix of simulated series, cut to windows with what followed them: what a pretrained forecaster learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.models.series.pretrained_features import Reading
from dl_core.transfer.series import parts

STEPS = 16  # steps ahead that are learned of each window
SEASONS = (  # declared seasons and how often they are drawn
    ((), 0.18),
    ((12,), 0.15),
    ((4,), 0.05),
    ((52,), 0.13),
    ((7,), 0.10),
    ((24,), 0.08),
    ((24, 168), 0.20),
    ((7, 364), 0.02),
    ((48, 336), 0.03),
    ((5,), 0.02),
    ((0,), 0.04),  # any
)
ACTIVITY = {1: 0.25, 2: 0.55}  # share of what people do in the course of days and weeks, by the number of seasons
FURTHEST = 192  # steps ahead


@dataclass(frozen=True)
class Group:
    """Windows that are read alike, and what came after them at some steps.

    Parameters
    ----------
    reading : Reading
    window : numpy.ndarray
        (n, length) float32, filled on the left with the first known value.
    steps : numpy.ndarray
        (h,) steps ahead.
    truth : numpy.ndarray
        (n, h) float32.
    """

    reading: Reading
    window: np.ndarray
    steps: np.ndarray
    truth: np.ndarray


def draw_group(rng: np.random.Generator, count: int) -> Group:
    """Return ``count`` windows of simulated series with one declared season, of different known lengths."""
    seasons = SEASONS[rng.choice(len(SEASONS), p=[share for _, share in SEASONS])][0]
    if seasons == (0,):
        seasons = (int(np.exp(rng.uniform(np.log(2), np.log(100)))),)
    reading = Reading.of(seasons)
    furthest = int(np.clip(np.exp(rng.uniform(np.log(STEPS), np.log(max(48, 2 * reading.long)))), STEPS, FURTHEST))
    values = simulate(rng, count, reading.length + furthest, seasons)
    least = np.log(min(4 + reading.short, reading.length))
    known = np.exp(rng.uniform(least, np.log(reading.length), count)).astype(int)
    known = np.where(rng.random(count) < 0.4, reading.length, known)
    return cut(rng, values, reading, known, furthest)


def cut(rng: np.random.Generator, values: np.ndarray, reading: Reading, known: np.ndarray, furthest: int) -> Group:
    """Return windows of series (n, length + furthest) of which ``known`` (n,) steps before the last ones are told."""
    window = values[:, : reading.length].copy()
    unknown = np.arange(reading.length)[None, :] < reading.length - known[:, None]
    first = window[np.arange(len(window)), reading.length - known]
    window = np.where(unknown, first[:, None], window)
    steps = draw_steps(rng, furthest)
    truth = values[:, reading.length + steps - 1]
    return Group(reading, window.astype(np.float32), steps, truth.astype(np.float32))


def draw_steps(rng: np.random.Generator, furthest: int) -> np.ndarray:
    """Return `STEPS` steps ahead in order, nearer ones more often."""
    k = np.arange(1, furthest + 1)
    chance = 1 / np.sqrt(k)
    return np.sort(rng.choice(k, STEPS, replace=False, p=chance / chance.sum()))


def simulate(rng: np.random.Generator, count: int, length: int, seasons: Sequence[int]) -> np.ndarray:
    """Return ``count`` series of ``length`` steps, (count, length) float64, in units of all sizes.

    A sum of trend, seasons, noise and events of random sizes is taken as it is, or as a logarithm; some series are
    then cut at 0, made of counts or of rare demand, and some are convex mixtures of others.
    """
    body = _size(rng, count, 0.25) * parts.trends(rng, count, length)
    body += _size(rng, count, 0.6, 0.6) * parts.trends(rng, count, length)
    seasons = list(seasons)
    if len(seasons) > 1:
        body += _size(rng, count, 0.1, 1.3) * parts.two_seasons(rng, count, length, *seasons)
    for at, period in enumerate(seasons):
        body += _size(rng, count, 0.35 if not at else 0.5, 1.2) * parts.season(rng, count, length, period)
    hidden = int(np.exp(rng.uniform(np.log(3), np.log(max(4, length // 3)))))  # a cycle that nobody declared
    body += _size(rng, count, 0.85, 0.7) * parts.season(rng, count, length, hidden)
    body += _size(rng, count, 0.9) * parts.smooth(rng, count, length, np.exp(rng.uniform(1, 4, count)))
    loud = np.exp(rng.normal(-1.2, 1.0, (count, 1))) * (rng.random((count, 1)) < 0.92)
    body += loud * parts.noise(rng, count, length)
    body += _size(rng, count, 0.8) * parts.events(rng, count, length)
    found = _finished(rng, body)
    if seasons and seasons[0] > 3:
        human = parts.activity(rng, count, length, seasons[0], seasons[-1]) * np.exp(rng.uniform(-3, 9, (count, 1)))
        found = np.where(rng.random((count, 1)) < ACTIVITY[len(seasons)], human, found)
    return _mixed(rng, found)


def _size(rng: np.random.Generator, count: int, none: float, mean: float = 1.0) -> np.ndarray:
    """Return sizes (n, 1) of a part, 0 for a share ``none``."""
    return mean * np.exp(0.7 * rng.standard_normal((count, 1))) * (rng.random((count, 1)) >= none)


def _finished(rng: np.random.Generator, body: np.ndarray) -> np.ndarray:
    """Return sums as series: as they are, above 0, multiplied, counted, or mostly 0."""
    count = len(body)
    spread = np.maximum(body.std(axis=1, keepdims=True), 1e-6)
    scaled = (body - body.mean(axis=1, keepdims=True)) / spread
    grown = np.exp(np.clip(scaled, -6, 6) * np.exp(rng.uniform(np.log(0.03), np.log(0.9), (count, 1))))
    high = scaled + np.exp(rng.uniform(np.log(1.5), np.log(60), (count, 1)))
    above = np.maximum(scaled + rng.uniform(0.3, 2.5, (count, 1)), 0)
    rate = grown / grown.mean(axis=1, keepdims=True) * np.exp(rng.uniform(np.log(0.5), np.log(50), (count, 1)))
    counts = rng.poisson(np.minimum(rate, 1e4)).astype(float)
    demand = (
        np.where(rng.random(body.shape) < rng.uniform(0.05, 0.6, (count, 1)), rng.gamma(2, 0.5, body.shape), 0) * above
    )
    kind = rng.choice(6, (count, 1), p=(0.10, 0.38, 0.34, 0.08, 0.06, 0.04))
    found = np.select([kind == at for at in range(6)], (scaled, grown, high, above, counts, demand))
    return found * np.exp(rng.uniform(-3, 9, (count, 1)))


def _mixed(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return the series, a quarter of them replaced by convex mixtures of two or three (TSMixup)."""
    count = len(values)
    unit = values / np.maximum(np.abs(values).mean(axis=1, keepdims=True), 1e-9)
    shares = rng.dirichlet((1.5, 1.5, 1.5), count)
    shares[:, 2] *= rng.random(count) < 0.5
    others = [unit[rng.permutation(count)] for _ in range(3)]
    mixed = sum(shares[:, at : at + 1] * other for at, other in enumerate(others))
    return np.where(rng.random((count, 1)) < 0.25, mixed, values)
