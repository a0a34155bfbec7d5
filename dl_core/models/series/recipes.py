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


@dataclass(frozen=True)
class Recipe:
    """One member: its name, its class, and what it changes of the class's settings."""

    name: str
    kind: type[NetworkForecaster]
    changes: dict[str, Any]


def recipes_for(panel: Panel, horizon: int) -> list[Recipe]:
    """Return the members that suit a panel.

    Panels with a long season (the week of hourly series) get networks that forecast changes of the last season; others
    get networks of several look-backs from two horizons to two seasons, which change the last value.
    """
    longest = int(np.median(panel.lengths)) - horizon if len(panel) else 2
    season = max((one for one in panel.seasons if 2 * one <= longest), default=1)
    return _seasonal(season, panel.season, longest) if season >= LONG else _plain(season, horizon, longest)


def _plain(season: int, horizon: int, longest: int) -> list[Recipe]:
    """Return stacks of several look-backs that forecast the ratio to the last value."""
    wanted = (2 * horizon, 4 * horizon, 5 * horizon, 8 * horizon, season, 2 * season)
    looks = sorted({max(4, min(one, longest)) for one in wanted if one > 1})
    return [Recipe(f"stack_{look}", DenseStack, {"lookback": look, "recent": 260}) for look in looks]


def _seasonal(season: int, short: int, longest: int) -> list[Recipe]:
    """Return stacks that forecast what differs from the last long season."""
    looks = [min(2 * season, longest), min(2 * season, longest), min(season + 2 * short, longest)]
    scalings = [
        Scaling(centre="zero", size="level", log=False, lag=season, span=season),
        Scaling(centre="mean", size="spread", log=True, lag=season, span=season),
        Scaling(centre="mean", size="spread", log=False, lag=season, span=season),
    ]
    return [
        Recipe(f"season_{number}", DenseStack, {"lookback": look, "scaling": scaling})
        for number, (look, scaling) in enumerate(zip(looks, scalings, strict=True))
    ]
