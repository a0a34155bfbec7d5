"""What the pretrained forecaster is told: every series by its own level, spread and seasons, whatever its frequency.

All functions take ``xp``, which is `numpy` or `keras.ops`: the same lines feed training and stand in the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_STEPS, FEWEST_STEPS = 2_048, 128  # of a window
LONGEST_SEASON = 1_024  # longer ones are not read: two must fit into a window
CYCLES = 4  # seasons that are laid over each other
RECENT = 32  # last values told one by one
MEANS = (4, 8, 16, 32, 64, 128)  # steps of which the mean is told
LAGS = (1, 2, 4, 8, 16, 32, 64)  # steps over which the mean absolute change is told
SMOOTH = (0.1, 0.3, 0.6)  # factors of exponential smoothing
JUDGED = 64  # last steps on which smoothing is tried
LEAST = 1e-3  # of the mean absolute value: a spread below it counts as this
SERIES, STEPS, CANDIDATES, PLACE = "series", "steps", "candidates", "place"


@dataclass(frozen=True)
class Reading:
    """How a panel's windows are read: ``length`` steps, a short and a long season (1, 1 for none)."""

    length: int
    short: int
    long: int

    @classmethod
    def of(cls, seasons: Sequence[int]) -> Reading:
        """Return the reading for the seasons of a panel, in steps."""
        usable = sorted(season for season in seasons if 1 < season <= LONGEST_SEASON) or [1]
        short, long = usable[0], usable[-1]
        return cls(int(min(max(FEWEST_STEPS, 5 * long), MOST_STEPS)), short, long)


def read_windows(window: Any, reading: Reading, steps: np.ndarray, xp: Any = np) -> dict[str, Any]:
    """Return what the network reads of each window.

    Parameters
    ----------
    window : array
        (n, length) float32 in the series' unit, newest value last; short series are filled on the left with their first
        value, and values at the left that are all the same count as such a filling.
    reading : Reading
    steps : numpy.ndarray
        (h,) steps ahead, 1 for the next.
    xp : module
        `numpy` or `keras.ops`.

    Returns
    -------
    dict
        ``"series"`` (n, g), ``"steps"`` (n, h, s) and ``"candidates"`` (n, h, c): simple forecasts in the scaled unit;
        ``"place"`` (n, 2): last value and spread, by which scaled forecasts become the series' unit.
    """
    w = _Window(window, reading, np.asarray(steps, dtype=np.int64), xp)
    candidates = w.candidates()
    told = xp.concatenate([_squash(candidates, xp), _squash(w.phases(), xp), w.positions()], axis=2)
    return {
        SERIES: w.facts(),
        STEPS: told,
        CANDIDATES: candidates,
        PLACE: xp.concatenate([w.anchor, w.scale], axis=1),
    }


def _squash(values: Any, xp: Any) -> Any:
    """Return the inverse hyperbolic sine: linear near 0, logarithmic far off."""
    return xp.arcsinh(values)


class _Window:
    """Windows (n, length) less their last value, over their spread, and what is computed of them once."""

    def __init__(self, window: Any, reading: Reading, steps: np.ndarray, xp: Any) -> None:
        self.xp, self.reading, self.steps = xp, reading, steps
        length, short = reading.length, reading.short
        same = xp.where(window == window[:, :1], xp.ones_like(window), xp.zeros_like(window))
        self.known = length - xp.sum(xp.cumprod(same, axis=1), axis=1, keepdims=True) + 1.0  # (n, 1)
        age = np.arange(length - 1, -1, -1, dtype=np.float32)[None, :]
        self.mask = xp.where(age < self.known, xp.ones_like(window), xp.zeros_like(window))  # (n, length)
        self.raw, self.anchor = window, window[:, -1:]
        self.size = xp.mean(xp.abs(window), axis=1, keepdims=True)
        self.w = window  # in the series' unit until the spread is known
        change = self._change(1)
        spread = xp.where(self.known > short, 0.5 * (change + self._change(short)), change)
        self.scale = xp.maximum(spread, LEAST * self.size) + 1e-9
        self.w = (window - self.anchor) / self.scale
        self.cycles = {season: self._cycle(season) for season in {reading.short, reading.long}}

    def _flag(self, steps: float) -> Any:
        """Return (n, 1), 1 where more than ``steps`` steps are known."""
        return self.xp.where(self.known > steps, self.xp.ones_like(self.known), self.xp.zeros_like(self.known))

    def _mean(self, values: Any, mask: Any) -> Any:
        xp = self.xp
        return xp.sum(values * mask, axis=1, keepdims=True) / xp.maximum(xp.sum(mask, axis=1, keepdims=True), 1.0)

    def _change(self, lag: int) -> Any:
        """Return the mean absolute change over ``lag`` steps, (n, 1); 0 where too little is known."""
        if lag >= self.reading.length:
            return self.xp.zeros_like(self.known)
        return self._mean(self.xp.abs(self.w[:, lag:] - self.w[:, :-lag]), self.mask[:, :-lag])

    def _cycle(self, season: int) -> dict[str, Any]:
        """Return the profile (n, season) of the last seasons, their levels (n, k), and the series without it."""
        xp, length = self.xp, self.reading.length
        if season == 1:
            return {"profile": xp.zeros_like(self.known), "levels": self.w[:, -CYCLES:], "rest": self.w}
        count = min(CYCLES, length // season)
        blocks = xp.reshape(self.w[:, length - count * season :], (-1, count, season))
        there = xp.reshape(self.mask[:, length - count * season :], (-1, count, season))[:, :, :1]  # (n, k, 1)
        levels = xp.mean(blocks, axis=2, keepdims=True)
        rises = (levels[:, 1:] - levels[:, :-1]) * there[:, :-1]
        rise = xp.sum(rises, axis=1, keepdims=True) / xp.maximum(xp.sum(there[:, :-1], axis=1, keepdims=True), 1.0)
        ramp = ((np.arange(season) - (season - 1) / 2) / season).astype(np.float32)[None, None, :]
        around = blocks - levels - rise * ramp
        profile = xp.sum(around * there, axis=1) / xp.maximum(xp.sum(there, axis=1), 1.0)  # (n, season)
        phase = (np.arange(length) - length) % season
        return {
            "profile": profile,
            "levels": levels[:, :, 0],
            "rest": self.w - xp.take(profile, phase, axis=1),
        }

    def _smoothed(self, values: Any) -> Any:
        """Return the level by each smoothing factor, (n, len(SMOOTH)); it starts from the first value."""
        ages = np.arange(self.reading.length - 1, -1, -1)
        weights = np.stack([alpha * (1 - alpha) ** ages for alpha in SMOOTH], axis=1)
        weights[0] += 1 - weights.sum(axis=0)
        return self.xp.matmul(values, weights.astype(np.float32))

    def _slope(self, values: Any, steps: int) -> Any:
        """Return the slope of a straight line through the last ``steps`` values, (n, 1), for a step."""
        steps = min(steps, self.reading.length)
        t = np.arange(steps) - (steps - 1) / 2
        weights = (t / (t**2).sum()).astype(np.float32)[:, None]
        return self.xp.matmul(values[:, -steps:], weights)

    def _same_phase(self, season: int, back: int, shift: int = 0) -> Any:
        """Return the values (n, h) of the same phase ``back`` whole seasons before the last; 0 where not known."""
        xp, length = self.xp, self.reading.length
        ages = season * -(-self.steps // season) + back * season - self.steps - shift  # 0 is the last value
        place = np.clip(length - 1 - ages, 0, length - 1)
        known = xp.where(ages[None, :].astype(np.float32) < self.known, xp.ones_like(self.known), 0.0 * self.known)
        return xp.take(self.w, place, axis=1) * known

    def _phase_mean(self, season: int) -> Any:
        """Return the mean (n, h) over the last known seasons of the same phase."""
        xp, length = self.xp, self.reading.length
        total, count = 0.0, 0.0
        for back in range(min(CYCLES, max(1, length // season - 1))):
            age = season * -(-self.steps // season) + back * season - self.steps
            there = xp.where(age[None, :].astype(np.float32) < self.known, xp.ones_like(self.known), 0.0 * self.known)
            total, count = total + self._same_phase(season, back) * there, count + there
        return total / xp.maximum(count, xp.ones_like(count))

    def candidates(self) -> Any:
        """Return simple forecasts (n, h, c)."""
        xp, k = self.xp, self.steps[None, :].astype(np.float32)
        short, long = self.reading.short, self.reading.long
        one = xp.ones_like(self.known) * np.ones_like(k)  # (n, h)
        found = [0.0 * one]
        for season in (short, long):
            cycle = self.cycles[season]
            naive = self._same_phase(season, 0)
            before = self.w[:, -1 - season : -season] * self._flag(season)
            found += [naive, self._phase_mean(season), naive - before]
            phase = (self.steps - 1) % season
            smooth = self._smoothed(cycle["rest"])
            found += [smooth[:, at : at + 1] + xp.take(cycle["profile"], phase, axis=1) for at in range(len(SMOOTH))]
        near = max(1, short if short < long else long // 4)
        level = xp.mean(self.w[:, -near:], axis=1, keepdims=True)
        then = xp.mean(self.w[:, -near - long : -long], axis=1, keepdims=True)
        found.append((level - then) * self._flag(long + near) + self._same_phase(long, 0))
        found.append(self._grown(long, level, then))
        raw = self._smoothed(self.w)
        found += [raw[:, at : at + 1] * one for at in range(len(SMOOTH))]
        found.append(-self.w[:, :1] / xp.maximum(self.known - 1.0, xp.ones_like(self.known)) * k)  # drift
        rest, smooth = self.cycles[long]["rest"], self._smoothed(self.cycles[long]["rest"])
        season = xp.take(self.cycles[long]["profile"], (self.steps - 1) % long, axis=1)
        for steps, damped, at in ((16, 0.9, 2), (64, 0.98, 1)):
            reach = damped * (1 - damped**k) / (1 - damped)
            found.append(smooth[:, at : at + 1] + season + self._slope(rest, steps) * reach)
        found.append(self._mean(self.w, self.mask) * one)
        return xp.stack(found, axis=2)

    def _grown(self, season: int, level: Any, then: Any) -> Any:
        """Return the seasonal naive forecast times the growth since, (n, h), for series above 0; else the naive one."""
        xp, naive = self.xp, self._same_phase(season, 0)
        zero = self.anchor / self.scale  # what 0 is, with the sign turned
        ratio = (level + zero) / xp.maximum(then + zero, LEAST * xp.ones_like(then))
        ratio = xp.clip(xp.where(then + zero > LEAST, ratio, xp.ones_like(ratio)), 0.5, 2.0)
        above = xp.where(xp.min(self.raw, axis=1, keepdims=True) >= 0, self._flag(season), 0.0 * zero)
        return naive + above * (zero + naive) * (ratio - 1.0)

    def phases(self) -> Any:
        """Return values (n, h, p) of the same and the neighbouring phases in the last seasons."""
        found = []
        for season in (self.reading.short, self.reading.long):
            found += [self._same_phase(season, back) for back in range(1, CYCLES)]
            found += [self._same_phase(season, 0, shift) for shift in (-1, 1)]
        return self.xp.stack(found, axis=2)

    def positions(self) -> Any:
        """Return where a step stands (n, h, q): steps ahead against seasons and history."""
        xp, k = self.xp, self.steps.astype(np.float32)[None, :]
        short, long = self.reading.short, self.reading.long
        fixed = [np.log(k), np.sqrt(k) / 4, np.log(k / short), np.log(k / long)]
        fixed += [np.log(np.ceil(k / short)), np.log(np.ceil(k / long))]
        fixed += [np.cos(2 * np.pi * k / long), np.sin(2 * np.pi * k / long)]
        parts = [xp.ones_like(self.known) * part.astype(np.float32) for part in fixed]
        parts.append(np.log(k) - xp.log(self.known))
        return xp.stack(parts, axis=2)

    def facts(self) -> Any:
        """Return what is known of each series as a whole, (n, g)."""
        xp, short, long = self.xp, self.reading.short, self.reading.long
        parts = [_squash(self.w[:, -RECENT:], xp)]
        parts += [_squash(self._mean(self.w[:, -m:], self.mask[:, -m:]), xp) for m in MEANS]
        parts += [_log(self._change(lag), xp) for lag in (*LAGS, short, long, 2 * long)]
        for season in (short, long):
            cycle = self.cycles[season]
            levels = cycle["levels"]
            level = self._mean(xp.abs(cycle["profile"]), xp.ones_like(cycle["profile"]))
            rest, mask = cycle["rest"], self.mask
            parts += [_squash(levels - levels[:, -1:], xp)] + [0.0 * self.known] * (CYCLES - levels.shape[1])
            parts += [_log(level, xp), _log(self._mean(xp.abs(rest[:, 1:] - rest[:, :-1]), mask[:, :-1]), xp)]
            parts += [_log(self._season_change(season), xp), self._echo(season)]
            parts += [self._flag(season), self._flag(2 * season), xp.log(self.known / season) / 2.0]
        parts += [self._echo(1), *self._tried(), *(_squash(m * self._slope(self.w, m), xp) for m in (8, 32, 128))]
        parts += self._shape()
        fixed = np.array([[np.log(short), np.log(long), np.log(long / short)]], dtype=np.float32)
        parts.append(xp.ones_like(self.known) * fixed)
        return xp.concatenate(parts, axis=1)

    def _season_change(self, season: int) -> Any:
        """Return the mean absolute change of the change since the season before, (n, 1)."""
        if season + 1 >= self.reading.length:
            return 0.0 * self.known
        apart = self.w[:, season:] - self.w[:, :-season]
        return self._mean(self.xp.abs(apart[:, 1:] - apart[:, :-1]), self.mask[:, : -season - 1])

    def _echo(self, lag: int) -> Any:
        """Return the autocorrelation of changes at ``lag``, (n, 1)."""
        xp = self.xp
        change, mask = self.w[:, 1:] - self.w[:, :-1], self.mask[:, :-1]
        both = self._mean(change[:, lag:] * change[:, :-lag], mask[:, :-lag])
        return both / (self._mean(change * change, mask) + 1e-6) * xp.ones_like(self.known)

    def _tried(self) -> list[Any]:
        """Return logarithms of how far smoothing was off over the last steps, one and eight steps ahead."""
        xp, length = self.xp, self.reading.length
        back = np.arange(length - JUDGED, length)[None, :] - 1 - np.arange(length)[:, None]  # age at each try
        found = []
        for alpha in SMOOTH:
            weights = np.where(back >= 0, alpha * (1 - alpha) ** np.maximum(back, 0), 0.0)
            weights[0] += 1 - weights.sum(axis=0)
            level = xp.matmul(self.w, weights.astype(np.float32))  # (n, JUDGED)
            mask = self.mask[:, -JUDGED - 1 : -1]
            found.append(_log(self._mean(xp.abs(self.w[:, -JUDGED:] - level), mask), xp))
            found.append(_log(self._mean(xp.abs(self.w[:, -JUDGED + 7 :] - level[:, :-7]), mask[:, :-7]), xp))
        return found

    def _shape(self) -> list[Any]:
        """Return how long, high, jumpy and intermittent each series is, a list of (n, 1)."""
        xp = self.xp
        one, zero = xp.ones_like(self.raw), xp.zeros_like(self.raw)
        change = xp.abs(self.w[:, 1:] - self.w[:, :-1])
        mean = self._mean(change, self.mask[:, :-1])
        middle = self._mean(self.w, self.mask)
        deviation = xp.sqrt(self._mean((self.w - middle) ** 2, self.mask) + 1e-6)
        return [
            xp.log(self.known) / 4.0,
            _squash(self.anchor / self.scale, xp),
            _squash(xp.max(self.w, axis=1, keepdims=True), xp),
            _squash(xp.min(self.w, axis=1, keepdims=True), xp),
            _log(deviation, xp),
            _log(xp.max(change, axis=1, keepdims=True) / (mean + 1e-3), xp),
            self._mean(xp.where(change > 3.0 * mean, one[:, 1:], zero[:, 1:]), self.mask[:, :-1]),
            self._mean(xp.where(self.raw == 0, one, zero), self.mask),
            xp.where(xp.min(self.raw, axis=1, keepdims=True) >= 0, one[:, :1], zero[:, :1]),
        ]


def _log(values: Any, xp: Any) -> Any:
    return xp.log(values + 1e-2)
