"""How sequence models are trained: windows of all users' histories, a constant rate, held users' nDCG as judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.sequence_loss import Drawing, plain_mean
from dl_core.models.interactions.sequence_windows import Windows, batches
from dl_core.models.training import Batch, Judge, Plan, Trained, compile_adamw, train_network

WARM_UP = 50  # steps in which the learning rate rises


@dataclass(frozen=True)
class SequencePlan(Plan):
    """How to train; after a short rise the learning rate stays, so that any number of epochs can be trained again.

    Parameters
    ----------
    length : int
        Items of a window.
    drawn : int
        Items drawn for each batch's loss, 0 where all take part.
    """

    epochs: int = 12
    patience: int = 2
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    monitor: str = "val_ndcg"
    length: int = 50
    drawn: int = 0

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0."""
        return self.learning_rate * min(1.0, (step + 1) / WARM_UP)


def fit_sequences(
    network: keras.Model, histories: Histories, judge: Judge | None, context: FitContext, plan: SequencePlan
) -> Trained:
    """Train a network in place and leave it with its best weights.

    Parameters
    ----------
    network : keras.Model
        From a `Windows` batch (and drawn items) to the loss; compiled here.
    histories : Histories
        Of all users.
    judge : callable or None
        Returns ``val_ndcg`` of held users with the current weights; without it the last epoch is kept.
    context : FitContext
    plan : SequencePlan

    Returns
    -------
    Trained

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first epoch ended.
    """
    compile_adamw(network, plan, plain_mean, beta_2=0.98, clipnorm=5.0)
    counts = np.bincount(histories.items, minlength=histories.n_items)
    drawing = Drawing(counts, plan.drawn) if plan.drawn else None

    def source(epoch: int) -> tuple[int, Iterator[Batch]]:
        rng = np.random.default_rng([context.seed, epoch])
        steps, windows = batches(histories, plan.length, rng)
        return steps, (_batch(one, drawing, rng) for one in windows)

    total = int(np.dot(histories.items, np.arange(1, len(histories.items) + 1) % 1_009))
    return train_network(network, source, context, plan, judge, key=(len(histories), total))


def _batch(windows: Windows, drawing: Drawing | None, rng: np.random.Generator) -> Batch:
    inputs = [windows.codes, windows.targets, windows.weights]
    if drawing is not None:
        drawn = drawing.draw(rng)
        inputs += [drawn.items, drawn.correction]
    return inputs, np.zeros((), np.float32), None
