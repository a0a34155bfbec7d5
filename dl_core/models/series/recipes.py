"""Which networks an ensemble is made of, from what the panel is: its seasons, its lengths, how far ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.stack import DenseStack

LONG = 100  # a season of so many steps is read as a whole, twice, and forecast as a change of the last one
RECENT = 260  # window ends of each series that are trained on: older ones tell less of what comes
ENOUGH = 50_000  # windows of all series under which older ones are trained on too
EPOCHS = 4
STEPS, LEAST_STEPS = 100, 40  # of an epoch
PASSES = 40.0  # times that a window is seen in training at most
WIDTHS = ((20_000, 512), (2_000, 256), (0, 128))  # from so many windows, so wide


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
    longest = max(2, int(np.median(panel.lengths)) - horizon) if len(panel) else 2
    season = max((one for one in panel.seasons if 2 * one <= longest), default=1)
    ways = _seasonal(season, panel.season, longest) if season >= LONG else _plain(season, horizon, longest)
    recent = max(RECENT if season < LONG else 2 * season, ENOUGH // max(1, len(panel)))
    windows = int(np.clip(panel.lengths - horizon, 1, recent).sum())
    size = {**_sized(windows), "recent": recent}
    return [Recipe(name, DenseStack, {**size, **changes}) for name, changes in ways]


def _plain(season: int, horizon: int, longest: int) -> list[tuple[str, dict[str, Any]]]:
    """Return stacks of several look-backs that forecast the ratio to the last value."""
    wanted = {4 * horizon, 5 * horizon, 6 * horizon, 8 * horizon, 10 * horizon, season, 2 * season}
    looks = {look for look in wanted if 4 <= look <= longest and look >= min(2 * season, 4 * horizon)}
    if len(looks) < 4:
        looks = {max(2, round(share * longest)) for share in (0.3, 0.5, 0.7, 1.0)}
    return [(f"stack_{look}", {"lookback": look}) for look in sorted(looks)]


def _seasonal(season: int, short: int, longest: int) -> list[tuple[str, dict[str, Any]]]:
    """Return stacks that forecast what differs from the last long season."""
    twice = min(2 * season, longest)
    scalings = {
        "season_level": (twice, Scaling(centre="zero", size="level", log=False, lag=season, span=season)),
        "season_ratio": (twice, Scaling(centre="mean", size="spread", log=True, lag=season, span=season)),
        "season_change": (twice, Scaling(centre="last", size="lagged", log=False, lag=season, span=season)),
        "short_ratio": (min(season + 2 * short, longest), Scaling(centre="mean", size="spread", lag=short, span=short)),
    }
    return [(name, {"lookback": look, "scaling": one}) for name, (look, one) in scalings.items()]


def _sized(windows: int) -> dict[str, Any]:
    """Return width, batch and steps that suit so many windows."""
    width = next(wide for least, wide in WIDTHS if windows >= least)
    batch = int(np.clip(windows // 4, 32, 256))
    steps = int(np.clip(PASSES * windows / batch / EPOCHS, LEAST_STEPS, STEPS))
    return {"width": width, "batch_size": batch, "epochs": EPOCHS, "steps": steps, "average": 0.98}
