"""Which networks an ensemble is made of, from what the panel is: its seasons, its lengths, how far ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.ridge import LinearPath, LinearStart
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.stack import DenseStack

LONG = 100  # a season of so many steps is read as a whole, twice, and forecast as a change of the last one
WEEKS = 10  # only where it is at most so many short seasons: a week of days, not a year of weeks
FAR = 512  # longest look-back
RECENT = 260  # window ends of each series that are trained on: older ones tell less of what comes
ENOUGH = 50_000  # windows of all series under which older ones are trained on too
EPOCHS = 4
STEPS, LEAST_STEPS = 100, 40  # of an epoch
PASSES = 40.0  # times that a window is seen in training at most
WIDTHS = ((20_000, 512), (2_000, 256), (0, 128))  # from so many windows, so wide
Way = tuple[str, type[NetworkForecaster], dict[str, Any]]  # name, class, what it changes


@dataclass(frozen=True)
class Recipe:
    """One member: its name, its class, and what it changes of the class's settings."""

    name: str
    kind: type[NetworkForecaster]
    changes: dict[str, Any]


def recipes_for(panel: Panel, horizon: int) -> list[Recipe]:
    """Return the members that suit a panel.

    Panels with a long season (the week of hourly series) get networks that forecast changes of the last season; others
    get networks of several look-backs from four horizons to two seasons and more, which change the last value. Few
    windows make small networks and short training.
    """
    longest = min(FAR, max(2, int(np.median(panel.lengths)) - horizon)) if len(panel) else 2
    season = max((one for one in panel.seasons if 2 * one <= longest), default=1)
    weekly = LONG <= season <= WEEKS * panel.season
    ways = _seasonal(season, panel.season, longest) if weekly else _plain(season, horizon, longest)
    recent = max(2 * season if weekly else RECENT, ENOUGH // max(1, len(panel)))
    windows = int(np.clip(panel.lengths - horizon, 1, recent).sum())
    size = {**_sized(windows), "recent": recent}
    return [Recipe(name, kind, {**size, **changes}) for name, kind, changes in ways]


def _plain(season: int, horizon: int, longest: int) -> list[Way]:
    """Return stacks of several look-backs that forecast the ratio to the last value, or to the window's mean.

    The linear path comes first, so that there is a forecast where time is short, then the look-backs that differ most.
    """
    wanted = {4 * horizon, 5 * horizon, 6 * horizon, 8 * horizon, 10 * horizon, season, 2 * season}
    looks = sorted(look for look in wanted if 4 <= look <= longest and look >= min(2 * season, 4 * horizon))
    if len(looks) < 4:
        looks = sorted({max(2, round(share * longest)) for share in (0.3, 0.5, 0.7, 1.0)})
    last, mean = Scaling(centre="last", size="change"), Scaling(centre="mean", size="spread")
    ways: list[Way] = [("linear", LinearPath, {"lookback": looks[-2] if len(looks) > 1 else looks[0], "scaling": mean})]
    for at in sorted(range(len(looks)), key=lambda at: (at % 2 == 0, at)):
        scaling = mean if at in (0, 2) else last  # the mean serves short windows
        ways.append((f"stack_{looks[at]}", DenseStack, {"lookback": looks[at], "scaling": scaling}))
    return ways


def _seasonal(season: int, short: int, longest: int) -> list[Way]:
    """Return a linear path, and stacks that start from one and forecast what differs from the last long season."""
    twice = {"lookback": min(2 * season, longest)}
    level = Scaling(centre="zero", size="level", log=False, lag=season, span=season)
    change = Scaling(centre="last", size="lagged", log=False, lag=season, span=season)
    ratio = Scaling(centre="mean", size="spread", log=True, lag=season, span=season)
    daily = Scaling(centre="mean", size="spread", log=True, lag=short, span=max(short, season // 7))
    return [
        ("linear_ratio", LinearPath, {**twice, "scaling": daily}),
        ("season_ratio", LinearStart, {**twice, "scaling": ratio}),
        ("season_change", LinearStart, {**twice, "scaling": change}),
        ("season_level", LinearStart, {**twice, "scaling": level}),
    ]


def _sized(windows: int) -> dict[str, Any]:
    """Return width, batch and steps that suit so many windows."""
    width = next(wide for least, wide in WIDTHS if windows >= least)
    batch = int(np.clip(windows // 4, 32, 256))
    steps = int(np.clip(PASSES * windows / batch / EPOCHS, LEAST_STEPS, STEPS))
    return {"width": width, "batch_size": batch, "epochs": EPOCHS, "steps": steps, "average": 0.98}
