"""Classical seasonal indices: whether a series has a season, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CRITICAL = 1.645  # of the normal curve at 90 %
STRONG = 0.64  # strength from which a season is taken away, as in `forecast::nsdiffs`


@dataclass(frozen=True)
class Index:
    """A seasonal pattern: ``factors`` (season,) to divide by or, if not ``multiplicative``, to subtract.

    ``factors[0]`` belongs to the first value of the series it was taken from.
    """

    factors: np.ndarray
    multiplicative: bool

    def at(self, start: int, steps: int) -> np.ndarray:
        """Return the factors of ``steps`` steps from position ``start`` of the series."""
        return self.factors[(start + np.arange(steps)) % len(self.factors)]

    def remove(self, values: np.ndarray, start: int = 0) -> np.ndarray:
        """Return values (length, …) whose first stands at ``start`` of the series, without the season."""
        pattern = self.at(start, len(values)).reshape(-1, *[1] * (values.ndim - 1))
        return values / pattern if self.multiplicative else values - pattern

    def put_back(self, values: np.ndarray, start: int) -> np.ndarray:
        """Return what `remove` took values from."""
        pattern = self.at(start, len(values)).reshape(-1, *[1] * (values.ndim - 1))
        return values * pattern if self.multiplicative else values + pattern


def is_seasonal(values: np.ndarray, season: int) -> bool:
    """Return whether the autocorrelation at the season stands out at 90 %, as the M4 competition tested it.

    References
    ----------
    Makridakis, Spiliotis, Assimakopoulos (2020), "The M4 Competition", IJF 36(1); Bartlett's limits of an
    autocorrelation given those of shorter lags. A series shorter than three seasons counts as not seasonal.
    """
    n = len(values)
    if season < 2 or n < 3 * season:
        return False
    centred = values - values.mean()
    power = float(centred @ centred)
    if power <= 0:
        return False
    lags = np.array([centred[lag:] @ centred[: n - lag] for lag in range(1, season + 1)]) / power
    limit = CRITICAL / np.sqrt(n) * np.sqrt(1 + 2 * (lags[:-1] ** 2).sum())
    return bool(abs(lags[-1]) > limit)


def moving_average(values: np.ndarray, season: int) -> np.ndarray:
    """Return the centred moving average over one season, (length,), NaN where it does not fit."""
    weights = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    side = len(weights) // 2
    found = np.full(len(values), np.nan)
    if len(values) >= len(weights):
        found[side : len(values) - side] = np.convolve(values, weights / season, mode="valid")
    return found


def classical_index(values: np.ndarray, season: int, multiplicative: bool, robust: bool = False) -> Index:
    """Return the index of the classical decomposition of a series of at least two seasons.

    Means (or, where ``robust``, medians) over the cycles of the ratio (or difference) to the centred moving average,
    scaled to mean 1 (or 0); the same as R's ``decompose`` where not robust.
    """
    trend = moving_average(values, season)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = values / trend if multiplicative else values - trend
    ratio[~np.isfinite(ratio)] = np.nan
    cycles = -(-len(values) // season)
    flat = np.full(cycles * season, np.nan)
    flat[: len(values)] = ratio
    table = flat.reshape(cycles, season)
    neutral = 1.0 if multiplicative else 0.0
    table[:, np.isnan(table).all(axis=0)] = neutral
    factors = np.nanmedian(table, axis=0) if robust else np.nanmean(table, axis=0)
    factors = factors / factors.mean() if multiplicative else factors - factors.mean()
    return Index(np.maximum(factors, 1e-3) if multiplicative else factors, multiplicative)


def strength(values: np.ndarray, index: Index) -> float:
    """Return how much of what is left of the trend the season explains, 0 (none) … 1.

    References
    ----------
    Wang, Smith, Hyndman (2006), "Characteristic-based clustering for time series data", DMKD 13; here with the centred
    moving average as the trend instead of STL's.
    """
    trend = moving_average(values, len(index.factors))
    known = ~np.isnan(trend)
    if known.sum() < 2:
        return 0.0
    detrended = (values - trend)[known]
    rest = (index.remove(values) - trend)[known]
    spread = float(np.var(detrended))
    return max(0.0, 1 - float(np.var(rest)) / spread) if spread > 0 else 0.0
