"""How networks that forecast are trained: a fixed number of steps an epoch, on windows drawn at random.

Training time does not depend on how many windows there are: each step draws its own batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.training import Batch, Judge, Plan, compile_adamw, compiled_whole, train_network, warm_cosine

Draw = Callable[[np.random.Generator, int], tuple[dict[str, np.ndarray], np.ndarray]]


@dataclass(frozen=True)
class ForecastPlan(Plan):
    """How to train; the learning rate rises over the first twentieth of the steps and falls along a cosine.

    Parameters
    ----------
    steps : int
        Of an epoch, after which held windows are judged.
    batch_size : int
    middle : float
        Weight of the median's absolute error beside the mean of all quantiles' losses.
    compile_from : int
        Steps from which they are compiled as a whole, which takes seconds first; on JAX they always are.
    """

    epochs: int = 12
    patience: int = 1_000
    weight_decay: float = 0.0
    monitor: str = "val_mase"
    name: str = "network"
    steps: int = 100
    batch_size: int = 256
    middle: float = 1.0
    compile_from: int = 400

    @property
    def compiled(self) -> bool:
        """Whether steps are compiled as a whole."""
        return compiled_whole() or self.epochs * self.steps >= self.compile_from

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0, out of ``steps``."""
        return self.learning_rate * warm_cosine(step, steps, 1 / 20)


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
        As in `Trained.history`.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first epoch ended.
    """

    def drawn(step: int) -> Batch:
        inputs, targets = draw(np.random.default_rng([context.seed, step]), plan.batch_size)
        return inputs, targets[:, :, None].astype(np.float32), None

    def batches(epoch: int) -> tuple[int, Iterator[Batch]]:
        first = epoch * plan.steps
        return plan.steps, (drawn(step) for step in range(first, first + plan.steps))

    compile_adamw(network, plan, QuantileLoss(plan.middle), jit_compile=plan.compiled, global_clipnorm=1.0)
    inputs, targets = draw(np.random.default_rng(0), 2)
    key = float(np.sum(inputs["window"])), float(np.nansum(targets))
    return train_network(network, batches, context, plan, judge, key=key).history
