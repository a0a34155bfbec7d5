"""How networks that rebuild their input are trained: no labels, and a fixed number of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.training import Batch, Plan, Stream, compile_adamw, train_network, warm_cosine

REPORTS = 20  # of which one training's steps are made, each as an epoch


@dataclass(frozen=True)
class RebuildPlan(Plan):
    """How to train; the learning rate rises over a tenth of the steps and falls as a cosine.

    Parameters
    ----------
    steps : int
        In all, from which the number of passes follows; ``options["epochs"]`` of the run comes first.
    batch_size : int
        At most; small data get smaller batches.
    passes : tuple of int
        Fewest and most passes over all rows.
    noise : float
        Standard deviation of the noise on what goes in, so that the network cannot learn to copy (Vincent et al. 2008,
        *Extracting and composing robust features with denoising autoencoders*).
    text : str
        What the progress says.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 1e-5
    steps: int = 660
    batch_size: int = 512
    passes: tuple[int, int] = (1, 60)
    noise: float = 0.0
    text: str = "Training the autoencoder"

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0; `for_rows` has set the steps in all."""
        return self.learning_rate * warm_cosine(step, self.steps, 0.1)

    def said(self, epoch: int, until: int, *, judged: bool) -> str:
        """Return what progress says."""
        return self.text

    def for_rows(self, count: int, context: FitContext) -> RebuildPlan:
        """Return the plan with batch size and steps in all for so many rows."""
        batch = int(min(self.batch_size, max(8, count // 16)))
        a_pass = -(-max(1, count) // batch)
        wanted = int(context.options.get("epochs") or 0) or int(np.clip(round(self.steps / a_pass), *self.passes))
        return replace(self, batch_size=batch, steps=wanted * a_pass)


def fit_rebuild(
    network: keras.Model,
    x: np.ndarray,
    target: np.ndarray,
    context: FitContext,
    plan: RebuildPlan,
    sample_weight: np.ndarray | None = None,
) -> list[dict[str, float]]:
    """Train ``network`` in place to map x (n, d) to ``target`` (n, k) by mean squared error.

    Returns
    -------
    list of dict
        As in `Trained.history`; an epoch is a twentieth of the steps.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first twentieth.
    """
    plan = plan.for_rows(len(x), context)
    compile_adamw(network, plan, "mse", clipnorm=1.0)
    weight = np.ones(len(x), np.float32) if sample_weight is None else np.asarray(sample_weight, np.float32)
    rows = _Rows(x, target, weight / max(float(weight.mean()), 1e-12), plan, context.seed)
    every = max(1, plan.steps // REPORTS)
    batches, until = Stream(rows.batch, plan.steps, every), -(-plan.steps // every)
    key = x.shape, target.shape, float(np.float64(target).sum())
    return train_network(network, batches, context, plan, until=until, key=key).history


class _Rows:
    """Rows in a new order after each pass, with noise on what goes in."""

    def __init__(self, x: np.ndarray, target: np.ndarray, weight: np.ndarray, plan: RebuildPlan, seed: int) -> None:
        self.x, self.target, self.weight, self.plan = x, target, weight, plan
        self.rng = np.random.default_rng(seed)
        self.left = np.zeros(0, dtype=np.int64)

    def batch(self) -> Batch:
        """Return the next batch."""
        size, count = self.plan.batch_size, len(self.x)
        if len(self.left) < size:
            again = self.rng.permutation(count), self.rng.permutation(count)[:size]
            self.left = np.concatenate([self.left, *again])
        rows, self.left = self.left[:size], self.left[size:]
        given = self.x[rows]
        if self.plan.noise:
            given = given + self.plan.noise * self.rng.standard_normal(given.shape)
        return np.float32(given), np.float32(self.target[rows]), self.weight[rows]
