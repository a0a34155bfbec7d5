"""A forecaster that was taught on other series: it forecasts at once, and learns on from a user's series in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.errors import RunError
from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.files import read_json
from dl_core.models.base import FitContext, fitted
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.pretrained_features import (
    CANDIDATES,
    MOST_STEPS,
    PLACE,
    SERIES,
    STEPS,
    Reading,
    read_windows,
)
from dl_core.models.series.pretrained_fit import StepsPlan, train_steps
from dl_core.models.series.pretrained_net import NetSize, build_network, window_graph
from dl_core.models.series.pretrained_windows import held_judge, last_windows, panel_samples
from dl_core.models.store import load_about, load_weights, save_about, save_weights

SHIPPED = Path(__file__).parent / "weights"
ROWS = 20_000  # steps ahead, of all series together, that go through the network at once
GENTLE = StepsPlan(steps=200, batch=64, learning_rate=4e-4, every=20)
FRESH = StepsPlan(steps=400, batch=64, learning_rate=2e-3, every=40)


class ZeroShot(Forecaster):
    """The network that ships with the project, as it is: `fit` notes how far to look ahead and learns nothing.

    It reads each series by its own level, spread and seasons (`pretrained_features`), so that any frequency, season,
    length and horizon will do, and weighs simple forecasts against each other, corrects their mixture and says how far
    off it may be. It was taught on simulated series and early years of the electricity sample
    (`dl_core.transfer.series.pretrain`). Covariates and the calendar are not read; of several seasons the shortest
    and the longest up to 1,024 steps are.

    References
    ----------
    Dooley et al. 2023, "ForecastPFN"; Ansari et al. 2024, "Chronos"; Montero-Manso et al. 2020, "FFORMA". We deviate
    from the first two in reading prepared features with a small dense network instead of values with a transformer,
    from the third in weighing by a network that also corrects.
    """

    name = "zero_shot"

    def __init__(self) -> None:
        self.chosen: dict[str, Any] = {}
        self.horizon = 0
        self.seasons: tuple[int, ...] = ()
        self.network: keras.Model | None = None

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Note the seasons; nothing is learned."""
        self.seasons = tuple(known.seasons)
        self.network = shipped()
        context.progress(1.0, "No training needed: pretrained")

    @property
    def reach(self) -> int:
        """The most steps of a window."""
        return MOST_STEPS

    def ahead(self, panel: Panel) -> np.ndarray:
        """Return quantiles (n, horizon, levels)."""
        network = fitted(self.network)
        reading = Reading.of(panel.seasons)
        steps = np.arange(1, self.horizon + 1)
        size = max(1, ROWS // self.horizon)
        found = np.zeros((len(panel), self.horizon, len(LEVELS)))
        for start in range(0, len(panel), size):
            rows = np.arange(start, min(start + size, len(panel)))
            read = read_windows(last_windows(panel, rows, panel.lengths[rows], reading), reading, steps)
            scaled = np.asarray(network([read[SERIES], read[STEPS], read[CANDIDATES]], training=False))
            anchor, scale = read[PLACE][:, None, :1], read[PLACE][:, None, 1:]
            found[rows] = scaled.astype(float) * scale + anchor
        return found

    def graph(self) -> keras.Model:
        """Return the graph from ``window`` to quantiles; what the network reads of a window is computed inside."""
        return window_graph(fitted(self.network), Reading.of(self.seasons), self.horizon)

    def inputs(self, panel: Panel) -> Mapping[str, np.ndarray]:
        """Return ``"window"`` (n, length) float32."""
        panel = panel.filled()
        return {"window": last_windows(panel, np.arange(len(panel)), panel.lengths, Reading.of(self.seasons))}

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return 0 if self.network is None else int(self.network.count_params())

    def save(self, folder: Path) -> None:
        """Write weights and settings; the weights too, so that a run stays as it was when others ship."""
        save_weights(folder / "weights.npz", fitted(self.network).get_weights())
        about = {"horizon": self.horizon, "chosen": self.chosen, "seasons": list(self.seasons)}
        save_about(folder, {**about, "size": shipped_size().as_dict()})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the saved model."""
        about = load_about(folder)
        model = cls()
        model.horizon, model.chosen, model.seasons = about["horizon"], about["chosen"], tuple(about["seasons"])
        model.network = build_network(NetSize(**about["size"]))
        model.network.set_weights(load_weights(folder / "weights.npz"))
        return model


class FineTuned(ZeroShot):
    """The network that ships with the project goes on to learn from windows of the user's series for seconds.

    Held windows say when to stop; where no step on makes them better, the network stays as it shipped.
    ``chosen["steps"]`` is how far it went (0 for not at all), ``chosen["held"]`` the held windows' scaled quantile loss
    before and after. `refit` starts from the shipped weights and goes as far with all steps.

    Parameters
    ----------
    pretrained : bool
        False starts from random weights: what being taught before has to beat.
    plan : StepsPlan or None
        How to train; None for the usual.
    network : keras.Model or None
        One to work in, as `build_network` makes it, so that many fits compile it once.
    """

    name = "fine_tuned"

    def __init__(
        self, pretrained: bool = True, plan: StepsPlan | None = None, network: keras.Model | None = None
    ) -> None:
        super().__init__()
        self.pretrained = pretrained
        self.plan = plan or (GENTLE if pretrained else FRESH)
        self._workplace = network

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Train from the shipped weights; held windows choose the number of steps."""
        context.progress(0.0, "Reading windows of the series")
        self.seasons = tuple(known.seasons)
        reading, plan = Reading.of(self.seasons), self.plan
        keras.utils.set_random_seed(context.seed)
        self.network = self._workplace or build_network(shipped_size())
        self.network.set_weights(shipped_weights() if self.pretrained else build_network(shipped_size()).get_weights())
        until = plan.steps if held is not None else int(self.chosen.get("steps", plan.steps // 2))
        samples = panel_samples(known, reading, self.horizon, context.seed) if until else None
        if samples is None or not len(samples):
            self.chosen["steps"] = 0  # too short to learn from
            return
        judge = None if held is None else held_judge(self.network, held, reading)
        plan = replace(plan, name=self.name if held is not None else f"{self.name}_again_{len(known.values)}")
        trained = train_steps(self.network, samples, plan, context, judge, until)
        if held is not None:
            self.chosen["steps"] = min(trained.epoch * plan.every, until)
            self.chosen["held"] = [trained.start["val_loss"], trained.best["val_loss"]]


@lru_cache(maxsize=1)
def shipped() -> keras.Model:
    """Return the network with the shipped weights, one for all; it must not be trained on."""
    network = build_network(shipped_size())
    network.set_weights(shipped_weights())
    network.trainable = False
    return network


@lru_cache(maxsize=1)
def shipped_size() -> NetSize:
    """Return how large the shipped network is.

    Raises
    ------
    RunError
        If the weights are not where they belong.
    """
    try:
        return NetSize(**read_json(SHIPPED / "pretrained.json")["size"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            "the pretrained forecaster's weights are missing",
            where="dl_core/models/series/weights",
            todo="run python -m dl_core.transfer.series.pretrain, or install the project again",
        ) from error


def shipped_weights() -> list[np.ndarray]:
    """Return the shipped weights in the network's order."""
    return load_weights(SHIPPED / "pretrained.npz")
