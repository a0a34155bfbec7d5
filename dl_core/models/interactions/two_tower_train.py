"""How the two towers are trained: a cosine schedule, held users as judges now and then."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.interactions.two_tower_batches import Batches
from dl_core.models.interactions.two_tower_net import Towers
from dl_core.models.training import Judge, Plan, Trained, compile_adamw, compiled_whole, train_network

WARM_UP = 50  # steps over which the learning rate rises, or a tenth of all


@dataclass(frozen=True)
class TowersPlan(Plan):
    """How the towers are trained, on a cosine schedule; ``options["epochs"]`` of a run comes first.

    Parameters
    ----------
    batch_size : int
        Users in a step.
    """

    epochs: int = 24
    patience: int = 4
    learning_rate: float = 3e-3
    judge_every: int = 2
    monitor: str = "val_ndcg"
    name: str = "two_tower"
    batch_size: int = 256

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step`` out of ``steps``."""
        rising = min(1.0, (step + 1) / max(1, min(WARM_UP, steps // 10)))
        return self.learning_rate * rising * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * step / max(1, steps)))))


def fit_towers(
    net: Towers, batches: Batches, judge: Judge | None, context: FitContext, plan: TowersPlan, until: int
) -> Trained:
    """Train ``until`` epochs of the plan's schedule at most; `train_network` says what comes back.

    ``judge`` returns ``val_ndcg``: how well held users are served now; None keeps the last epoch.
    """
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    compile_adamw(net, plan, loss, jit_compile=compiled_whole(), clipnorm=5.0)  # XLA takes seconds more
    key = batches.matrix.shape, batches.matrix.nnz, batches.size
    return train_network(net, batches.epoch, context, plan, judge, until=until, key=key)
