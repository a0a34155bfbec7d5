"""The training loop of the two towers: cosine schedule, held users as judges, best weights, progress, time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from dl_core.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dl_core.models.base import FitContext
    from dl_core.models.interactions.two_tower_batches import Batches
    from dl_core.models.interactions.two_tower_net import Towers

REPORT_EVERY = 0.25  # seconds between two progress events within an epoch
WARM_UP = 50  # steps over which the learning rate rises, or a tenth of all


@dataclass(frozen=True)
class Plan:
    """How the towers are trained.

    Parameters
    ----------
    epochs : int
        ``options["epochs"]`` of a run comes first.
    batch_size : int
        Users in a step.
    learning_rate : float
        Peak of a cosine schedule.
    weight_decay : float
        Decoupled, as in AdamW.
    judge_every : int
        Epochs between two looks at the held users.
    patience : int
        Looks without a better value after which training ends.
    from_start : bool
        Whether the weights before the first step are judged too, and kept where no epoch is better.
    """

    epochs: int = 24
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    judge_every: int = 2
    patience: int = 4
    from_start: bool = False

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step`` out of ``steps``."""
        rising = min(1.0, (step + 1) / max(1, min(WARM_UP, steps // 10)))
        return self.learning_rate * rising * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * step / max(1, steps)))))


class Training:
    """State of one training: step, best weights, history.

    Parameters
    ----------
    net : Towers
        Trained in place.
    batches : Batches
    judge : callable or None
        Returns how well held users are served now, higher is better; None keeps the last epoch.
    plan : Plan
    context : FitContext
    """

    def __init__(
        self, net: Towers, batches: Batches, judge: Callable[[], float] | None, plan: Plan, context: FitContext
    ) -> None:
        self.net, self.batches, self.judge, self.plan, self.context = net, batches, judge, plan, context
        self.best, self.best_epoch, self.waited = -1.0, 0, 0
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.began = self.reported = time.monotonic()

    def run(self, stop: int) -> int:
        """Train ``stop`` epochs of the plan's schedule at most, leave the best weights and return their epoch."""
        optimizer = keras.optimizers.AdamW(self.plan.learning_rate, weight_decay=self.plan.weight_decay, clipnorm=5.0)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        self.net.compile(optimizer, loss=loss, jit_compile=keras.backend.backend() == "jax")  # XLA takes seconds more
        if self.judge is not None and self.plan.from_start:
            self._choose(0, self.judge())
        for epoch in range(1, stop + 1):
            if not self._epoch(epoch, stop) or self.waited >= self.plan.patience:
                break
        if self.best_weights:
            self.net.set_weights(self.best_weights)
        return self.best_epoch

    def _epoch(self, epoch: int, stop: int) -> bool:
        """Train one epoch and judge it where it is due; return False where time is over."""
        losses, count = [], len(self.batches)
        for place, (inputs, targets) in enumerate(self.batches.epoch(epoch)):
            step = (epoch - 1) * count + place
            self.net.optimizer.learning_rate = self.plan.rate(step, self.plan.epochs * count)
            losses.append(float(np.asarray(self.net.train_on_batch(inputs, targets))))
            self._report((step + 1) / (stop * count), f"Epoch {epoch} of {stop}")
            if self.context.out_of_time():
                break
        over = self.context.out_of_time()
        if over and len(losses) < count and epoch == 1 and not self.best_weights:
            raise CancelledError("the time was over before the first epoch ended")
        entry = {"epoch": epoch, "epochs": stop, "loss": float(np.mean(losses))}
        if self.judge is None:
            self.best_epoch = epoch
        elif over or epoch == stop or epoch % self.plan.judge_every == 0:
            entry["val_ndcg"] = self.judge()
            self._choose(epoch, entry["val_ndcg"])
        self.history.append(entry)
        done = (time.monotonic() - self.began) / epoch
        self.context.emit({"event": "epoch", "seconds_left": done * (stop - epoch), **entry})
        return not over

    def _report(self, done: float, text: str) -> None:
        self.context.check_stop()
        if time.monotonic() - self.reported >= REPORT_EVERY:
            self.reported = time.monotonic()
            self.context.progress(done, text)

    def _choose(self, epoch: int, value: float) -> None:
        """Keep the weights if they are the best so far."""
        if value > self.best:
            self.best, self.best_epoch, self.waited = value, epoch, 0
            self.best_weights = [np.array(weight) for weight in self.net.get_weights()]
        else:
            self.waited += 1
