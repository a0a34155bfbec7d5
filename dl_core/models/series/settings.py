"""What a network of forecasting is told: the shape that its builder reads, and the settings of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.train_network import ForecastPlan


@dataclass(frozen=True)
class NetShape:
    """What a builder must know of a network.

    Parameters
    ----------
    length, horizon, levels : int
        Steps read, steps ahead, and quantiles of each.
    past, future : int
        Covariates known as time goes by, and known ahead (calendar features among them).
    seasons : tuple of int
        Steps of each season, shortest first.
    width, depth, blocks : int
        Size of layers, layers in a block, and blocks; a builder may read them as suits it.
    dropout : float
    """

    length: int
    horizon: int
    levels: int = len(LEVELS)
    past: int = 0
    future: int = 0
    seasons: tuple[int, ...] = ()
    width: int = 256
    depth: int = 2
    blocks: int = 3
    dropout: float = 0.0

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Return the inputs of a graph by name: ``window``, and ``past`` and ``future`` where there are any."""
        found = {"window": keras.Input((self.length,), name="window")}
        if self.past:
            found["past"] = keras.Input((self.length, self.past), name="past")
        if self.future:
            found["future"] = keras.Input((self.length + self.horizon, self.future), name="future")
        return found


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two networks besides their graph.

    Parameters
    ----------
    lookback : int
        Steps read; 0 for what ``horizons`` and ``cycles`` give. The run's option ``lookback`` goes first.
    horizons, cycles : float
        Look-back in horizons and in (longest) seasons; the longer one holds, up to ``most`` steps.
    most : int
        Longest look-back that is chosen without being asked for.
    width, depth, blocks, dropout
        As in `NetShape`.
    scaling : Scaling
    plan : ForecastPlan
    recent : int
        Only so many last window ends of each series are trained on; 0 for all.
    calendar : bool
        Whether the network reads calendar features.
    again : float
        Share of the first training's steps that `refit` takes.
    again_rate : float
        Share of the first training's learning rate that `refit` starts with.
    """

    lookback: int = 0
    horizons: float = 4.0
    cycles: float = 2.0
    most: int = 512
    width: int = 256
    depth: int = 2
    blocks: int = 3
    dropout: float = 0.0
    scaling: Scaling = field(default_factory=Scaling)
    plan: ForecastPlan = field(default_factory=ForecastPlan)
    recent: int = 0
    calendar: bool = True
    again: float = 0.3
    again_rate: float = 0.5

    def length(self, panel: Panel, horizon: int, asked: int = 0) -> int:
        """Return the steps to read, at most what half of the series can fill."""
        wanted = asked or self.lookback
        if not wanted:
            season = max((one for one in panel.seasons if self.cycles * one <= self.most), default=1)
            wanted = min(self.most, int(max(self.horizons * horizon, self.cycles * season)))
        usual = int(np.median(panel.lengths)) - horizon if len(panel) else wanted
        return max(2, min(wanted, usual))


def changed_settings(defaults: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return the settings with changes, those of the plan in the plan."""
    own = {name: value for name, value in changes.items() if name in Settings.__dataclass_fields__}
    plan = {name: value for name, value in changes.items() if name not in own}
    settings = replace(defaults, **own)
    return replace(settings, plan=replace(settings.plan, **plan))


def settings_from(about: Mapping[str, Any]) -> Settings:
    """Return settings from plain JSON."""
    return Settings(**{**about, "scaling": Scaling(**about["scaling"]), "plan": ForecastPlan(**about["plan"])})
