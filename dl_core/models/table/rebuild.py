"""The training loop of networks that rebuild their input: no labels, a fixed number of steps, stops in between."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from dl_core.errors import CancelledError
from dl_core.models.base import FitContext

REPORTS = 20  # progress events of one fit


@dataclass(frozen=True)
class RebuildPlan:
    """How to train.

    Parameters
    ----------
    steps : int
        Steps in all, from which the number of epochs follows; ``options["epochs"]`` of the run comes first.
    batch_size : int
        At most; small data get smaller batches.
    epochs : tuple of int
        Fewest and most epochs.
    learning_rate : float
        Peak; it rises over a tenth of the steps and falls to zero as a cosine.
    noise : float
        Standard deviation of the noise on what goes in, so that the network cannot learn to copy (Vincent et al. 2008,
        *Extracting and composing robust features with denoising autoencoders*).
    text : str
        What the progress says.
    """

    steps: int = 660
    batch_size: int = 512
    epochs: tuple[int, int] = (1, 60)
    learning_rate: float = 3e-3
    noise: float = 0.0
    text: str = "Learning what is ordinary"

    def for_rows(self, count: int, context: FitContext) -> tuple[int, int]:
        """Return batch size and steps in all for so many rows."""
        batch = int(min(self.batch_size, max(8, count // 16)))
        an_epoch = -(-max(1, count) // batch)
        epochs = int(context.options.get("epochs") or 0) or int(np.clip(round(self.steps / an_epoch), *self.epochs))
        return batch, epochs * an_epoch


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
        The loss after each twentieth of the steps: ``epoch``, ``loss``.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first twentieth.
    """
    network.compile(optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=1e-5, clipnorm=1.0), loss="mse")
    batch, steps = plan.for_rows(len(x), context)
    weight = np.ones(len(x), np.float32) if sample_weight is None else np.float32(sample_weight)
    weight = weight / max(float(weight.mean()), 1e-12)
    rng = np.random.default_rng(context.seed)
    order, history = np.zeros(0, dtype=np.int64), []
    every = max(1, steps // REPORTS)
    for step in range(steps):
        if len(order) < batch:
            order = np.concatenate([order, rng.permutation(len(x)), rng.permutation(len(x))[:batch]])
        rows, order = order[:batch], order[batch:]
        given = x[rows] + plan.noise * rng.standard_normal((batch, x.shape[1])) if plan.noise else x[rows]
        network.optimizer.learning_rate = _rate(plan, step, steps)
        loss = network.train_on_batch(np.float32(given), np.float32(target[rows]), sample_weight=weight[rows])
        context.check_stop()
        if (step + 1) % every == 0:
            history.append({"epoch": len(history) + 1, "loss": float(np.asarray(loss))})
            context.progress((step + 1) / steps, plan.text)
        if context.out_of_time():
            if not history:
                raise CancelledError("the time was over before anything was learned")
            break
    return history


def _rate(plan: RebuildPlan, step: int, steps: int) -> float:
    rising = max(1, steps // 10)
    if step < rising:
        return plan.learning_rate * (step + 1) / rising
    return plan.learning_rate * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * (step - rising) / (steps - rising)))))
