"""The training loop of networks that forecast: a fixed number of steps on windows drawn at random, then the best epoch.

Training time does not depend on how many windows there are: each step draws its own batch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dl_core.errors import CancelledError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.store import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

Batch = tuple[dict[str, np.ndarray], np.ndarray]
Draw = Callable[[np.random.Generator, int], Batch]
Judge = Callable[[], dict[str, float]]
REPORT_EVERY = 0.5  # seconds between two progress events within an epoch
CHECKPOINT_EVERY = 15.0  # seconds between two checkpoints


@dataclass(frozen=True)
class ForecastPlan:
    """How to train.

    Parameters
    ----------
    epochs, steps : int
        An epoch is so many steps, after which held windows are judged.
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW. The rate rises over the first twentieth and falls along a cosine.
    middle : float
        Weight of the median's absolute error beside the mean of all quantiles' losses.
    patience : int
        Epochs without a better ``val_mase`` after which training ends.
    average : float
        Share of the last steps whose weights are averaged by the optimizer's moving mean; 0 for none.
    compile_from : int
        Steps from which they are compiled as a whole, which takes seconds first; on JAX they always are.
    name : str
        Name of the checkpoint.
    """

    epochs: int = 12
    steps: int = 100
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    middle: float = 1.0
    patience: int = 1_000
    average: float = 0.0
    compile_from: int = 400
    name: str = "network"

    @property
    def compiled(self) -> bool:
        """Whether steps are compiled as a whole."""
        return keras.config.backend() == "jax" or self.epochs * self.steps >= self.compile_from

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        total = self.epochs * self.steps
        warm = max(1, total // 20)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm))))


@keras.saving.register_keras_serializable(package="daylight")
class QuantileLoss(keras.losses.Loss):
    """Mean pinball loss over all levels, and the median's absolute error on top; missing truths count for nothing.

    Parameters
    ----------
    middle : float
        Weight of the median's absolute error.
    """

    def __init__(self, middle: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.middle = middle

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return (b,) losses of truths (b, horizon, 1) and quantiles (b, horizon, levels)."""
        ops = keras.ops
        seen = ops.logical_not(ops.isnan(y_true))  # (b, h, 1)
        error = ops.where(seen, y_true, 0.0) - y_pred
        levels = ops.convert_to_tensor(np.array(LEVELS, dtype="float32"))
        pinball = 2.0 * ops.mean(ops.maximum(levels * error, (levels - 1.0) * error), axis=2)  # (b, h)
        loss = pinball + self.middle * ops.abs(error[:, :, MIDDLE])
        mask = ops.cast(seen[:, :, 0], "float32")
        return ops.mean(loss * mask, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "middle": self.middle}


def fit_forecasting(
    network: keras.Model, draw: Draw, context: FitContext, plan: ForecastPlan, judge: Judge | None = None
) -> list[dict[str, float]]:
    """Train a network from scaled windows to scaled quantiles in place and leave it with its best weights.

    Parameters
    ----------
    network : keras.Model
        Compiled here; it starts from the weights it has.
    draw : callable
        Returns inputs and targets (b, horizon), NaN where missing, for a random generator and a batch size.
    context : FitContext
    plan : ForecastPlan
    judge : callable or None
        Returns ``val_mase`` (and more) of the network as it stands. Without it the last epoch is kept.

    Returns
    -------
    list of dict
        One entry an epoch: ``epoch, loss, seconds`` and what ``judge`` returns.

    Raises
    ------
    CancelledError
        If the work was stopped.
    """
    return _Training(network, draw, context, plan, judge).run()


class _Training:
    """State of one training: epoch, best weights, history."""

    def __init__(
        self, network: keras.Model, draw: Draw, context: FitContext, plan: ForecastPlan, judge: Judge | None
    ) -> None:
        self.network, self.draw, self.context, self.plan, self.judge = network, draw, context, plan, judge
        self.epoch, self.waited, self.best = 0, 0, float("inf")
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.reported = self.kept = self.started = time.monotonic()
        self.epochs_before = 0

    def run(self) -> list[dict[str, float]]:
        """Train to the end and return the history."""
        optimizer = keras.optimizers.AdamW(
            self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            global_clipnorm=1.0,
            use_ema=self.plan.average > 0,
            ema_momentum=self.plan.average or 0.99,
        )
        self.network.compile(optimizer=optimizer, loss=QuantileLoss(self.plan.middle), jit_compile=self.plan.compiled)
        optimizer.build(self.network.trainable_variables)  # now, so that a checkpoint finds its places
        self._resume()
        while self.epoch < self.plan.epochs and self.waited < self.plan.patience:
            if not self._train_epoch():
                break
        if self.best_weights:
            self.network.set_weights(self.best_weights)
        return self.history

    def _train_epoch(self) -> bool:
        """Train one epoch; return False if time was over before its end."""
        began = time.monotonic()
        self.network.reset_metrics()
        loss = float("nan")
        for step in range(self.plan.steps):
            done = self.epoch * self.plan.steps + step
            self.network.optimizer.learning_rate = self.plan.rate(done)
            inputs, targets = self.draw(np.random.default_rng([self.context.seed, done]), self.plan.batch_size)
            loss = self.network.train_on_batch(inputs, targets[:, :, None].astype(np.float32))
            self.context.check_stop()
            if self.context.out_of_time():
                if not self.best_weights:
                    raise CancelledError("the time was over before the first epoch ended")
                return False
            self._report(done + 1)
        self._end_epoch({"loss": float(np.asarray(loss)), "seconds": time.monotonic() - began})
        return True

    def _end_epoch(self, found: dict[str, float]) -> None:
        moving = self._copied() if self.plan.average else None
        if moving is not None:
            self.network.optimizer.finalize_variable_values(self.network.trainable_variables)  # the averages
            self.network.set_weights(self._copied())  # arrays of our own, not the optimizer's
        entry = {"epoch": self.epoch + 1, **found, **(self.judge() if self.judge else {})}
        self.history.append(entry)
        value = entry.get("val_mase", -float(self.epoch))  # nothing to choose by: the last epoch is kept
        if value < self.best or not self.best_weights:
            self.best, self.waited, self.best_weights = value, 0, self._copied()
        else:
            self.waited += 1
        if moving is not None:
            self.network.set_weights(moving)
        self.epoch += 1
        self._checkpoint()
        left = self._seconds_left(self.epoch * self.plan.steps)
        self.context.emit({"event": "epoch", "epochs": self.plan.epochs, "seconds_left": left, **entry})

    def _copied(self) -> list[np.ndarray]:
        """Return the weights as arrays of our own; JAX's may be views of memory that the next step overwrites."""
        return [np.array(weight) for weight in self.network.get_weights()]

    def _seconds_left(self, done: int) -> float:
        fresh = done - self.epochs_before * self.plan.steps
        return (time.monotonic() - self.started) / max(1, fresh) * (self.plan.epochs * self.plan.steps - done)

    def _report(self, done: int) -> None:
        now = time.monotonic()
        if now - self.reported < REPORT_EVERY:
            return
        self.reported = now
        share = done / (self.plan.epochs * self.plan.steps)
        text = f"Epoch {self.epoch + 1} of at most {self.plan.epochs}"
        self.context.emit({"event": "progress", "done": share, "text": text, "seconds_left": self._seconds_left(done)})

    def _place(self) -> Path | None:
        return None if self.context.checkpoint is None else self.context.checkpoint / f"{self.plan.name}.npz"

    def _key(self) -> str:
        """What must be the same for a checkpoint to be gone on with."""
        shapes = [tuple(variable.shape) for variable in self.network.variables]
        inputs, targets = self.draw(np.random.default_rng(0), 2)
        window = float(np.sum(inputs["window"])), float(np.nansum(targets))
        return repr((asdict(self.plan), shapes, self.context.seed, window, bool(self.judge)))

    def _state(self) -> dict[str, list[Any]]:
        return {"model": self.network.variables, "optimizer": self.network.optimizer.variables}

    def _checkpoint(self) -> None:
        place, now = self._place(), time.monotonic()
        if place is None or (now - self.kept < CHECKPOINT_EVERY and self.epoch < self.plan.epochs):
            return
        arrays = {part: [np.asarray(v) for v in variables] for part, variables in self._state().items()}
        about = {"key": self._key(), "epoch": self.epoch, "waited": self.waited, "best": self.best}
        write_checkpoint(place, {**arrays, "best": self.best_weights}, {**about, "history": self.history})
        self.kept = time.monotonic()

    def _resume(self) -> None:
        place = self._place()
        found = None if place is None else read_checkpoint(place)
        if found is None or found[1]["key"] != self._key():
            return
        arrays, about = found
        for part, variables in self._state().items():
            for variable, value in zip(variables, arrays[part], strict=True):
                variable.assign(value)
        self.best_weights, self.best = arrays["best"], about["best"]
        self.epoch, self.waited, self.history = about["epoch"], about["waited"], about["history"]
        self.epochs_before = self.epoch
