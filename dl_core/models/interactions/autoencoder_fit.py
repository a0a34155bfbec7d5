"""How networks that rebuild histories are trained: batches made dense one at a time, held-out users as judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from scipy import sparse

from dl_core.models.base import FitContext
from dl_core.models.interactions.multi_hot import NormalCode, batch_for, dense_rows, multinomial_loss
from dl_core.models.training import Batch, Judge, Plan, Trained, compile_adamw, train_network


@dataclass(frozen=True)
class RebuildingPlan(Plan):
    """How to train; the learning rate is constant, so that training anew for fewer epochs follows the same way.

    Parameters
    ----------
    batch_size : int
        Smaller where a dense one would be too large.
    kl_weight : float
        Weight β of the KL term that annealing ends at.
    anneal : int
        Epochs in which β rises from 0, linearly.
    """

    epochs: int = 100
    patience: int = 12
    weight_decay: float = 0.0
    monitor: str = "val_ndcg"
    name: str = "rebuild"
    batch_size: int = 256
    kl_weight: float = 0.2
    anneal: int = 30

    def beta(self, step: int, steps: int) -> float:
        """Return the KL term's weight at ``step``, with ``steps`` steps an epoch."""
        return self.kl_weight * min(1.0, step / max(1, self.anneal * steps))

    def noted(self, step: int, steps: int) -> dict[str, float]:
        """Return the KL term's weight."""
        return {"kl_weight": self.beta(step, steps)}


def fit_rebuilding(
    network: keras.Model,
    rows: sparse.csr_matrix,
    context: FitContext,
    plan: RebuildingPlan,
    judge: Judge | None = None,
) -> Trained:
    """Train a network from (b, n_items) to logits (b, n_items) in place and leave it with its best weights.

    Parameters
    ----------
    network : keras.Model
        Compiled here with AdamW and the multinomial likelihood of its own input.
    rows : scipy.sparse.csr_matrix
        (n, n_items) ones where taken. Empty rows are passed over. Only one batch at a time is made dense.
    context : FitContext
        The seed decides the order; it does not initialise the network.
    plan : RebuildingPlan
    judge : callable or None
        Returns ``val_ndcg`` (and more) of the network as it stands. Without it the last epoch is kept.

    Returns
    -------
    Trained
        Entries also have ``kl_weight``; ``loss`` holds regularisation.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first epoch ended.
    """
    source = _Users(network, rows, plan, context.seed)
    if not len(source.users):
        return Trained([])
    compile_adamw(network, plan, multinomial_loss)
    return train_network(network, source, context, plan, judge, key=(rows.shape, rows.nnz))


class _Users:
    """Users in batches, in a new order each epoch; the last batch is filled up: one shape, one compilation."""

    def __init__(self, network: keras.Model, rows: sparse.csr_matrix, plan: RebuildingPlan, seed: int) -> None:
        self.rows, self.plan, self.seed = rows, plan, seed
        self.users = np.flatnonzero(np.diff(rows.indptr))
        self.size = max(1, min(batch_for(rows.shape[1], plan.batch_size), len(self.users)))
        self.steps = -(-len(self.users) // self.size)
        self.codes = [layer for layer in network.layers if isinstance(layer, NormalCode)]

    def __call__(self, epoch: int) -> tuple[int, Iterator[Batch]]:
        order = np.random.default_rng([self.seed, epoch]).permutation(self.users)
        return self.steps, self._batches(np.resize(order, (self.steps, self.size)), epoch * self.steps)

    def _batches(self, order: np.ndarray, first: int) -> Iterator[Batch]:
        for step, users in enumerate(order, start=first):
            for layer in self.codes:
                layer.weight.assign(self.plan.beta(step, self.steps))
            x = dense_rows(self.rows, users)  # (b, n_items)
            yield x, x, None
