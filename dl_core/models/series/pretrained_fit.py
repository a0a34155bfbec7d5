"""Training of the pretrained forecaster's network, long before it ships or for seconds on a user's panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.series.pretrained_features import CANDIDATES, PLACE, SERIES, STEPS, Reading, read_windows
from dl_core.models.series.pretrained_net import quantile_loss, scaled_truth


@dataclass(frozen=True)
class Samples:
    """What the network reads of n windows, (n, g), (n, h, s) and (n, h, c), and what came, (n, h) scaled, NaN for none.

    ``weight`` (n,) says how much a window counts.
    """

    series: np.ndarray
    steps: np.ndarray
    candidates: np.ndarray
    truth: np.ndarray
    weight: np.ndarray

    @classmethod
    def read(
        cls,
        window: np.ndarray,
        reading: Reading,
        steps: np.ndarray,
        truth: np.ndarray,
        weight: np.ndarray | None = None,
    ) -> Samples:
        """Return the samples of windows (n, length) and of what came ``steps`` (h,) after them, (n, h)."""
        read = read_windows(window, reading, steps)
        weight = np.ones(len(window)) if weight is None else weight
        return cls(
            *(read[name] for name in (SERIES, STEPS, CANDIDATES)),
            scaled_truth(truth, read[PLACE]),
            weight.astype(np.float32),
        )

    @classmethod
    def together(cls, parts: Sequence[Samples]) -> Samples:
        """Return the samples of all parts, which have as many steps."""
        names = ("series", "steps", "candidates", "truth", "weight")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __len__(self) -> int:
        return len(self.series)

    def batch(self, rows: np.ndarray, steps: np.ndarray) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """Return inputs, truths and weights of some windows and, of each, some steps (b, k)."""
        truth = np.take_along_axis(self.truth[rows], steps, axis=1)
        weight = self.weight[rows, None] * np.isfinite(truth)
        inputs = [self.series[rows]]
        inputs += [np.take_along_axis(part[rows], steps[:, :, None], axis=1) for part in (self.steps, self.candidates)]
        return inputs, np.nan_to_num(truth), weight.astype(np.float32)


@dataclass(frozen=True)
class Plan:
    """How to train.

    ``batch`` windows and of each ``each`` steps ahead go into a training step; ``rate`` is the peak of a cosine
    schedule; above 0, ``average`` is the factor of a moving average of weights that are kept at the end; ``every``
    steps the weights are judged, where there is a judge, and ``patience`` such times without a better value end it.
    """

    steps: int
    batch: int = 128
    each: int = 8
    rate: float = 1e-3
    average: float = 0.0
    every: int = 25
    patience: int = 4

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step: it rises over the first twentieth and then falls along a cosine."""
        rising = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.rate * rising * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * step / self.steps))))


def train_steps(
    network: keras.Model,
    samples: Samples,
    plan: Plan,
    context: FitContext,
    judge: Callable[[], float] | None = None,
    until: int | None = None,
) -> dict[str, list[float]]:
    """Train ``network`` in place.

    Parameters
    ----------
    network : keras.Model
        As `pretrained_net.build_network` makes it.
    samples : Samples
    plan : Plan
    context : FitContext
        Its seed decides the order of windows and steps.
    judge : callable or None
        Returns a loss of the network as it is, lower is better. The weights with the lowest stay, also those from
        before the first step.
    until : int or None
        Training ends after so many steps, on the schedule of all.

    Returns
    -------
    dict
        ``steps``, ``loss`` (of training, since the last entry) and ``judged``, a list each.
    """
    optimizer = _compiled(network, plan)
    history: dict[str, list[float]] = {"steps": [0], "loss": [], "judged": []}
    best = _Best(network, judge, history)
    order, losses = _Order(len(samples), plan.batch, context.seed), []
    until = plan.steps if until is None else min(until, plan.steps)
    for step in range(until):
        context.check_stop()
        optimizer.learning_rate = plan.rate_at(step)
        losses.append(_one(network, samples, order, plan))
        late = context.out_of_time()
        if late or (step + 1) % plan.every == 0 or step + 1 == until:
            history["steps"].append(step + 1)
            history["loss"].append(float(np.mean(losses)))
            losses = []
            best.look()
            _tell(context, history, plan)
        if late or best.waited >= plan.patience:
            break
    if judge is not None:
        network.set_weights(best.weights)
    elif plan.average:
        optimizer.finalize_variable_values(network.trainable_variables)
    return history


class _Best:
    """The weights that a judge liked best so far, those from before the first step among them."""

    def __init__(self, network: keras.Model, judge: Callable[[], float] | None, history: dict) -> None:
        self.network, self.judge, self.judged = network, judge, history["judged"]
        self.weights: list[np.ndarray] = []
        self.waited = 0
        self.look()

    def look(self) -> None:
        """Judge the network as it is, where there is a judge."""
        if self.judge is None:
            return
        self.judged.append(self.judge())
        if self.judged[-1] < min(self.judged[:-1], default=float("inf")) or not self.weights:
            # JAX's weights may be views of memory that the next step overwrites
            self.weights, self.waited = [np.array(weight) for weight in self.network.get_weights()], 0
        else:
            self.waited += 1


def _compiled(network: keras.Model, plan: Plan) -> keras.optimizers.Optimizer:
    """Return a fresh optimizer; that of an earlier training is emptied, so that nothing is compiled again."""
    optimizer = getattr(network, "optimizer", None)
    if optimizer is not None and not plan.average:
        for variable in optimizer.variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
        return optimizer
    optimizer = keras.optimizers.AdamW(
        plan.rate, weight_decay=1e-4, clipnorm=1.0, use_ema=plan.average > 0, ema_momentum=plan.average or 0.99
    )
    network.compile(
        optimizer, loss=quantile_loss, jit_compile=keras.backend.backend() == "jax"
    )  # XLA takes seconds more
    return optimizer


class _Order:
    """Rows in a new random order each time all have been taken."""

    def __init__(self, count: int, batch: int, seed: int) -> None:
        self.rng, self.count, self.batch = np.random.default_rng([seed, 23]), count, batch
        self.left = np.zeros(0, dtype=np.int64)

    def rows(self) -> np.ndarray:
        """Return the next batch, (batch,)."""
        while len(self.left) < self.batch:
            self.left = np.concatenate([self.left, self.rng.permutation(self.count)])
        found, self.left = self.left[: self.batch], self.left[self.batch :]
        return found


def _one(network: keras.Model, samples: Samples, order: _Order, plan: Plan) -> float:
    """Take one training step and return its loss."""
    rows, horizon = order.rows(), samples.truth.shape[1]
    each = min(plan.each, horizon)
    steps = order.rng.random((len(rows), horizon)).argsort(axis=1)[:, :each]
    inputs, truth, weight = samples.batch(rows, steps)
    return float(np.asarray(network.train_on_batch(inputs, truth, sample_weight=weight)))


def _tell(context: FitContext, history: dict[str, list[float]], plan: Plan) -> None:
    entry = {"epoch": len(history["loss"]), "epochs": -(-plan.steps // plan.every), "loss": history["loss"][-1]}
    if history["judged"]:
        entry["val_loss"] = history["judged"][-1]
    context.emit({"event": "epoch", **entry})
    context.progress(min(1.0, history["steps"][-1] / plan.steps), f"Step {history['steps'][-1]:,} of {plan.steps:,}")
