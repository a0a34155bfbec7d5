"""The forecasts everyone must beat: last season again, a straight line, and the M4 competition's Naive2."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Held
from dl_core.models.series.direct import RECENT, DirectForecaster, spread, tails
from dl_core.models.series.seasonal import classical_index, is_seasonal


class SeasonalNaive(DirectForecaster):
    """The last season again; the last value where there is no season or a series is shorter than one.

    One season of the panel (a day, a week) is used for all series, or none where the last value does better: which,
    held-out windows decide, or in-sample errors where there are none. Intervals grow with the square root of the number
    of seasons ahead.

    References
    ----------
    Hyndman, Athanasopoulos, "Forecasting: principles and practice", 3rd ed., 5.2 and 5.5. Deviation: quantiles come
    from the past errors themselves, mixed with a normal curve (`spread`).
    """

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Choose among the panel's seasons; ``chosen["season"]`` is the steps, 1 for the last value."""
        context.progress(0.0, "Comparing seasons")
        if held is not None and known.seasons:
            self.chosen = {"season": held_season(known, held)}
        elif "season" not in self.chosen:
            self.chosen = {"season": best_season(known.filled())}
        context.progress(1.0, "No training needed")

    @property
    def reach(self) -> int:
        """The steps that errors are taken from, and a season before them."""
        season = self.chosen.get("season", 1)
        return max(RECENT, 2 * season) + season

    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, levels)."""
        season = self.chosen.get("season", panel.season)
        found = np.zeros((len(panel), horizon, len(LEVELS)))
        long = panel.lengths >= season
        for at, lag in ((np.flatnonzero(long), season), (np.flatnonzero(~long), 1)):
            if len(at):
                found[at] = repeat_season(panel.take(at), horizon, lag)
        return found

    def parameters(self) -> int:
        """Return 1 where a season was chosen."""
        return 1


class Drift(DirectForecaster):
    """The straight line through the first and the last value goes on.

    References
    ----------
    Hyndman, Athanasopoulos, "Forecasting: principles and practice", 3rd ed., 5.2 and 5.5: the standard deviation of
    step h is that of the changes, times the square root of h (1 + h / (T - 1)).
    """

    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, levels)."""
        first, last = _ends(panel)
        steps = np.maximum(panel.lengths - 1, 1)
        slope, ahead = (last - first) / steps, np.arange(1, horizon + 1)
        growth = np.sqrt(ahead[None, :] * (1 + ahead[None, :] / steps[:, None]))  # (n, horizon)
        errors = np.diff(tails(panel, _most(panel, 1)), axis=1) - slope[:, None]
        middle = last[:, None] + slope[:, None] * ahead[None, :]
        return middle[:, :, None] + growth[:, :, None] * spread(errors)[:, None, :]

    def parameters(self) -> int:
        """Return 1: the slope of each series is not learned but read off."""
        return 1


class Naive2(DirectForecaster):
    """The M4 competition's benchmark: the last value of the seasonally adjusted series, with its season put back.

    See `naive2_ahead`. Intervals are those of a random walk: the square root of the steps ahead.
    """

    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, levels)."""
        adjusted, last, pattern, times = _adjusted(panel, horizon)
        away = np.sqrt(np.arange(1, horizon + 1))[None, :, None] * spread(np.diff(adjusted, axis=1))[:, None, :]
        plain = last[:, None, None] + away
        return np.where(times[:, None, None], plain * pattern[:, :, None], plain + pattern[:, :, None])

    def parameters(self) -> int:
        """Return 1: seasonal factors are taken from the series that is asked about."""
        return 1


def naive2_ahead(panel: Panel, horizon: int) -> np.ndarray:
    """Return the M4 competition's Naive2, (n, horizon).

    A season of ``panel.scale_season`` steps is tested for at 90 %; where there is one, the series is divided by the
    index of the classical multiplicative decomposition, its last value repeated, and multiplied by the index.

    References
    ----------
    Makridakis, Spiliotis, Assimakopoulos (2020), "The M4 Competition: 100,000 time series and 61 forecasting methods",
    IJF 36(1). Deviation: a series that is not positive throughout is adjusted by differences.
    """
    _, last, pattern, times = _adjusted(panel.filled(), horizon)
    return np.where(times[:, None], last[:, None] * pattern, last[:, None] + pattern)


def best_season(panel: Panel) -> int:
    """Return the season of the panel whose lag has the smallest error over all series, 1 where there is none.

    Errors are mean absolute changes over the lag, in units of those over one step, so that no series counts more; only
    series of at least two of the longest fitting seasons take part.
    """
    fitting = [season for season in panel.seasons if (panel.lengths >= 2 * season).any()]
    if len(fitting) < 2:
        return (fitting or [panel.season])[0]
    at = np.flatnonzero(panel.lengths >= 2 * max(fitting))
    values = tails(panel.take(at), 2 * max(fitting) + RECENT)
    scale = np.nanmean(np.abs(np.diff(values, axis=1)), axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    recent = values[:, max(fitting) :]
    return min(
        fitting,
        key=lambda lag: float(np.mean(np.nanmean(np.abs(recent - values[:, max(fitting) - lag : -lag]), 1) / scale)),
    )


def held_season(known: Panel, held: Held) -> int:
    """Return the season of the panel, or 1, that met held-out windows best: mean absolute scaled error."""
    history, scale = held.history.filled(), known.scales()
    place = pd.Index(known.series).get_indexer(pd.Index(history.series))
    found = {}
    for season in (*known.seasons, 1):
        model = SeasonalNaive()
        model.chosen = {"season": season}
        away = np.abs(model.forecast(history, held.truth.shape[1])[:, :, MIDDLE] - held.truth)
        found[season] = float(np.nanmean(away / scale[place][:, None])) if np.isfinite(away).any() else 0.0
    return min(found, key=found.__getitem__)


def repeat_season(panel: Panel, horizon: int, season: int) -> np.ndarray:
    """Return the seasonal naive's quantiles (n, horizon, levels) of series that are at least a season long.

    Where there is no past error over that lag the errors over one step stand in, times the root of the season.
    """
    values = tails(panel, _most(panel, season))
    ahead = np.arange(horizon)
    middle = values[:, values.shape[1] - season + ahead % season]
    away = spread(values[:, season:] - values[:, :-season])
    short = panel.lengths <= season + 1
    if short.any():
        away[short] = spread(np.diff(values[short], axis=1)) * np.sqrt(season)
    return middle[:, :, None] + np.sqrt(ahead // season + 1)[None, :, None] * away[:, None, :]


def _most(panel: Panel, lag: int) -> int:
    """Return how many steps are looked at: no more than there are, no less than the lag and one."""
    longest = int(panel.lengths.max()) if len(panel) else 0
    return max(min(longest, RECENT + lag), lag + 1)


def _ends(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    return panel.values[panel.starts[:-1]], panel.values[panel.starts[1:] - 1]


def _adjusted(panel: Panel, horizon: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return last adjusted values (n, recent), the very last (n,), the pattern ahead (n, horizon), and whether it
    multiplies (n,)."""
    season, n = max(1, panel.scale_season), len(panel)
    adjusted, times = tails(panel, _most(panel, 1)), np.zeros(n, dtype=bool)
    pattern = np.zeros((n, horizon))
    for at in range(n) if season > 1 else ():
        values = panel.of_series(at)
        if not is_seasonal(values, season):
            continue
        index = classical_index(values, season, multiplicative=bool((values > 0).all()))
        times[at] = index.multiplicative
        pattern[at] = index.at(len(values), horizon)
        recent = values[-adjusted.shape[1] :]
        adjusted[at, -len(recent) :] = index.remove(recent, len(values) - len(recent))
    return adjusted, adjusted[:, -1], pattern, times
