"""What networks that forecast have in common: look-back, scaling, training, going on, averaging, saving, the graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.judge import mean_scaled_error, predict_blocks
from dl_core.models.series.scaling import ScaledWindow, UnscaledForecast
from dl_core.models.series.settings import NetShape, Settings, changed_settings, settings_from
from dl_core.models.series.train_network import ForecastPlan, fit_forecasting
from dl_core.models.series.windows import Covariates, Windows, last_windows
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.training import Judge


class NetworkForecaster(Forecaster):
    """A network trained on windows of all series at once; a subclass names its builder and its default settings.

    Each window is scaled by itself (`Scaling`), training minimises the pinball loss over `LEVELS` with emphasis on the
    median, a fixed number of steps of random windows takes the same time for any amount of data, and the epoch with
    the best MASE of held windows is kept. `refit` goes on from the weights there are, for a few steps at a small
    rate, with the new steps among the windows.

    Parameters
    ----------
    **changes
        Fields of `Settings` that differ from the class's ``defaults``; fields of the plan may be named too.
    """

    name = "network"
    defaults = Settings()

    def __init__(self, **changes: Any) -> None:
        self.settings = changed_settings(self.defaults, changes)
        self.networks: list[keras.Model] = []
        self.chosen = {}
        self.horizon = 0

    @staticmethod
    @abstractmethod
    def build(shape: NetShape) -> keras.Model:
        """Return a network from `NetShape.inputs`, the window scaled, to scaled quantiles (b, horizon, levels)."""

    @property
    def reach(self) -> int:
        """Steps of a series that are read."""
        return self.shape.length

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Train the networks anew where there are held windows or no weights yet, else go on from the weights."""
        if held is not None or not self.networks:
            self._start(known, context)
            plan, name = self._plan(context), self.name
        else:
            plan, name = self._plan_again(), f"{self.name}_again_{len(known.values)}"
        windows = Windows(known, self.shape.length, self.horizon, self.covariates, self.settings.recent)
        if not len(windows):
            context.emit(
                {"event": "warning", "text": "No series is long enough to train on: weights stay at initialisation"}
            )
            return
        found = []
        for number, network in enumerate(self.networks):
            part = replace(
                context.part(number / len(self.networks), (number + 1) / len(self.networks)),
                seed=context.seed + 1_000 * number,
            )
            judge = None if held is None else self._judge(network, held)
            one = replace(plan, name=f"{name}_{number}")
            history = fit_forecasting(
                network, lambda random, count: self._batch(windows, random, count), part, one, judge
            )
            found.append(history)
            part.progress(1.0, "Trained")
        if held is not None and found[0]:
            best = [min(history, key=lambda entry: entry["val_mase"]) for history in found]
            self.chosen |= {"epochs": int(best[0]["epoch"]), "mase": float(np.mean([one["val_mase"] for one in best]))}

    def _judge(self, network: keras.Model, held: Held) -> Judge:
        """Return what tells ``val_mase``: the mean absolute scaled error of held windows' medians."""
        sizes, count, scaling = held.history.scales(), len(held.history), self.settings.scaling
        panel = held.history.until(np.arange(count), held.history.lengths, most=self.shape.length, keep_ahead=True)
        inputs = self.inputs(panel.filled())
        scaled, reference = scaling.apply(inputs["window"], self.horizon)
        read = {**inputs, "window": scaled}

        def judge() -> dict[str, float]:
            middle = scaling.back(predict_blocks(network, read).astype(float), reference)[:, :, MIDDLE]
            return {"val_mase": mean_scaled_error(middle, held.truth, sizes)}

        return judge

    def ahead(self, panel: Panel) -> np.ndarray:
        """Return quantiles (n, horizon, levels) in the series' unit, the mean of the networks in the scaled one."""
        inputs = self.inputs(panel)
        scaled, reference = self.settings.scaling.apply(inputs["window"], self.horizon)
        read = {**inputs, "window": scaled}
        found = np.mean([predict_blocks(network, read) for network in self.networks], axis=0)
        return self.settings.scaling.back(found.astype(float), reference)

    def inputs(self, panel: Panel) -> Mapping[str, np.ndarray]:
        """Return windows in the series' unit, and covariates with mean 0 and spread 1 (0 where not known)."""
        return last_windows(panel.filled(), self.shape.length, self.horizon, self.covariates)

    def graph(self) -> keras.Model:
        """Return the network with its scaling inside."""
        inputs = self.shape.inputs()
        scaled, *reference = ScaledWindow(self.settings.scaling, self.horizon, name="scaled")(inputs["window"])
        outputs = [network({**inputs, "window": scaled}) for network in self.networks]
        found = outputs[0] if len(outputs) == 1 else keras.layers.Average(name="seeds")(outputs)
        back = UnscaledForecast(self.settings.scaling, name="quantiles")([found, *reference])
        return keras.Model(inputs, back, name=self.name)

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return sum(int(network.count_params()) for network in self.networks)

    def save(self, folder: Path) -> None:
        """Write settings and weights into ``folder``."""
        about = {"settings": asdict(self.settings), "shape": asdict(self.shape), "horizon": self.horizon}
        save_about(Path(folder), {**about, "chosen": self.chosen, "seeds": len(self.networks)})
        arrays = {f"covariates:{name}": value for name, value in self.covariates.arrays().items()}
        for number, network in enumerate(self.networks):
            arrays |= {f"{number}:{at:04d}": weight for at, weight in enumerate(network.get_weights())}
        save_arrays(Path(folder) / "weights.npz", arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about, arrays = load_about(Path(folder)), load_arrays(Path(folder) / "weights.npz")
        model = cls()
        model.settings = settings_from(about["settings"])
        model.shape = NetShape(**{**about["shape"], "seasons": tuple(about["shape"]["seasons"])})
        model.horizon, model.chosen = int(about["horizon"]), about["chosen"]
        model.covariates = Covariates.from_arrays(_part(arrays, "covariates"))
        model._build(int(about["seeds"]), 0)
        for number, network in enumerate(model.networks):
            network.set_weights(list(_part(arrays, str(number)).values()))
        return model

    def _start(self, known: Panel, context: FitContext) -> None:
        """Decide on shapes and draw the first weights."""
        asked = int(context.options.get("lookback") or 0)
        self.covariates = Covariates.of(known, self.settings.calendar)
        past, future = self.covariates.sizes
        one = self.settings
        self.shape = NetShape(
            length=one.length(known, self.horizon, asked),
            horizon=self.horizon,
            past=past,
            future=future,
            seasons=known.seasons,
            width=one.width,
            depth=one.depth,
            blocks=one.blocks,
            dropout=one.dropout,
        )
        self.chosen |= {"length": self.shape.length}
        self._build(max(1, int(context.options.get("seeds") or 1)), context.seed)

    def _build(self, seeds: int, seed: int) -> None:
        self.networks = []
        for number in range(seeds):
            keras.utils.set_random_seed(seed + 1_000 * number)
            network = self.build(self.shape)
            network.name = f"{self.name}_{number}"  # one graph may hold several
            self.networks.append(network)

    def _plan(self, context: FitContext) -> ForecastPlan:
        epochs = int(context.options.get("epochs") or 0)
        return replace(self.settings.plan, epochs=epochs) if epochs else self.settings.plan

    def _plan_again(self) -> ForecastPlan:
        plan = self.settings.plan
        steps = max(1, round(self.settings.again * plan.epochs * plan.steps))
        rate = self.settings.again_rate * plan.learning_rate
        return replace(plan, epochs=1, steps=steps, learning_rate=rate)

    def _batch(
        self, windows: Windows, random: np.random.Generator, count: int
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return scaled inputs and targets (count, horizon) of random windows."""
        drawn = windows.draw(random, count)
        scaled, reference = self.settings.scaling.apply(drawn.inputs["window"], self.horizon)
        inputs = {**drawn.inputs, "window": scaled.astype(np.float32)}
        return inputs, self.settings.scaling.target(drawn.truth, reference)


def _part(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the arrays under a prefix, in order of their names."""
    return {name[len(prefix) + 1 :]: arrays[name] for name in sorted(arrays) if name.startswith(f"{prefix}:")}
