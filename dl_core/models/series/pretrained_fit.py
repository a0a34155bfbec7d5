"""Training of the pretrained forecaster's network, long before it ships or for seconds on a user's panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.series.pretrained_features import CANDIDATES, PLACE, SERIES, STEPS, Reading, read_windows
from dl_core.models.series.pretrained_net import quantile_loss, scaled_truth
from dl_core.models.training import Batch, Judge, Plan, Stream, Trained, compile_adamw, compiled_whole, train_network


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
            read[SERIES],
            read[STEPS],
            read[CANDIDATES],
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

    def batch(self, rows: np.ndarray, steps: np.ndarray) -> Batch:
        """Return inputs, truths and weights of some windows and, of each, some steps (b, k)."""
        truth = np.take_along_axis(self.truth[rows], steps, axis=1)
        weight = self.weight[rows, None] * np.isfinite(truth)
        inputs = [self.series[rows]]
        inputs += [np.take_along_axis(part[rows], steps[:, :, None], axis=1) for part in (self.steps, self.candidates)]
        return inputs, np.nan_to_num(truth), weight.astype(np.float32)


@dataclass(frozen=True)
class StepsPlan(Plan):
    """How to train, on a cosine schedule; weights from before the first step are kept where no step makes them better.

    Parameters
    ----------
    steps, every : int
        Steps in all, and of an epoch, after which the network is judged.
    batch, each : int
        Windows, and of each so many steps ahead, that go into a training step.
    """

    patience: int = 4
    from_start: bool = True
    name: str = "steps"
    steps: int = 200
    every: int = 25
    batch: int = 128
    each: int = 8

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of a step: it rises over the first twentieth and then falls along a cosine."""
        rising = min(1.0, (step + 1) / (0.05 * self.steps))
        return self.learning_rate * rising * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * step / self.steps))))

    def said(self, epoch: int, until: int, *, judged: bool) -> str:
        """Return what progress says."""
        return f"Step {min(epoch * self.every, self.steps):,} of {self.steps:,}"


def train_steps(
    network: keras.Model,
    samples: Samples,
    plan: StepsPlan,
    context: FitContext,
    judge: Judge | None = None,
    until: int | None = None,
) -> Trained:
    """Train ``network`` in place.

    Parameters
    ----------
    network : keras.Model
        As `pretrained_net.build_network` makes it.
    samples : Samples
    plan : StepsPlan
    context : FitContext
        Its seed decides the order of windows and steps.
    judge : callable or None
        Returns ``val_loss`` of the network as it is. The weights with the lowest stay, also those from before the first
        step.
    until : int or None
        Training ends after so many steps, on the schedule of all.

    Returns
    -------
    Trained
        ``epoch`` counts judgements.
    """
    _compile(network, plan)
    until = plan.steps if until is None else min(until, plan.steps)
    order = _Order(samples, plan, context.seed)
    batches = Stream(order.batch, until, plan.every)
    key = len(samples), float(samples.truth[np.isfinite(samples.truth)].sum()), until
    return train_network(network, batches, context, plan, judge, until=-(-until // plan.every), key=key)


def _compile(network: keras.Model, plan: StepsPlan) -> None:
    """Give the network a fresh optimizer; that of an earlier training is emptied, so that nothing is compiled again."""
    optimizer = getattr(network, "optimizer", None)
    if optimizer is not None and not plan.average:
        for variable in optimizer.variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
        return
    compile_adamw(network, plan, quantile_loss, jit_compile=compiled_whole(), clipnorm=1.0)  # XLA takes seconds more


class _Order:
    """Batches of windows, in a new random order each time all have been taken, with some steps ahead of each."""

    def __init__(self, samples: Samples, plan: StepsPlan, seed: int) -> None:
        self.samples, self.plan = samples, plan
        self.rng = np.random.default_rng([seed, 23])
        self.left = np.zeros(0, dtype=np.int64)

    def batch(self) -> Batch:
        """Return the next batch."""
        while len(self.left) < self.plan.batch:
            self.left = np.concatenate([self.left, self.rng.permutation(len(self.samples))])
        rows, self.left = self.left[: self.plan.batch], self.left[self.plan.batch :]
        horizon = self.samples.truth.shape[1]
        steps = self.rng.random((len(rows), horizon)).argsort(axis=1)[:, : min(self.plan.each, horizon)]
        return self.samples.batch(rows, steps)
