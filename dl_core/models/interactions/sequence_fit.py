"""The training loop of sequence models: batches, events, early stopping by held users' nDCG, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.interactions.sequence_loss import Drawing, plain_mean
from dl_core.models.interactions.sequence_windows import Batch, batches
from dl_core.models.store import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

REPORT_EVERY = 0.25  # seconds between two progress events within an epoch
WARM_UP = 50  # steps in which the learning rate rises


@dataclass(frozen=True)
class SequencePlan:
    """How to train.

    Parameters
    ----------
    epochs : int
        At most; exactly that many where nobody is held out to stop by.
    patience : int
        Epochs without a better nDCG after which training ends.
    learning_rate, weight_decay : float
        Of AdamW; the rate stays the same after a short rise, so that any number of epochs can be trained again.
    length : int
        Items of a window.
    drawn : int
        Items drawn for each batch's loss, 0 where all take part.
    name : str
        Of the checkpoint.
    """

    epochs: int = 12
    patience: int = 2
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    length: int = 50
    drawn: int = 0
    name: str = "fit"


class SequenceFit:
    """State of one training.

    Parameters
    ----------
    model : keras.Model
        From a `Batch` (and drawn items) to the loss; left with its best weights by `run`.
    histories : Histories
        Of all users.
    judge : callable or None
        Returns nDCG@10 of held users with the current weights; without it the last epoch is kept.
    context : FitContext
    plan : SequencePlan
    """

    def __init__(
        self,
        model: keras.Model,
        histories: Histories,
        judge: Callable[[], float] | None,
        context: FitContext,
        plan: SequencePlan,
    ) -> None:
        self.model, self.histories, self.judge, self.context, self.plan = model, histories, judge, context, plan
        counts = np.bincount(histories.items, minlength=histories.n_items)
        self.drawing = Drawing(counts, plan.drawn) if plan.drawn else None
        self.epoch, self.best_epoch, self.best, self.done = 0, 0, float("-inf"), 0
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.reported = self.started = time.monotonic()
        self.epochs_before = 0

    def run(self) -> int:
        """Train to the end and return the number of epochs that the weights kept have seen.

        Raises
        ------
        CancelledError
            If the work was stopped, or its time was over before the first epoch ended.
        """
        rate, decay = self.plan.learning_rate, self.plan.weight_decay
        optimizer = keras.optimizers.AdamW(rate, weight_decay=decay, beta_2=0.98, clipnorm=5.0)
        self.model.compile(optimizer=optimizer, loss=plain_mean)
        optimizer.build(self.model.trainable_variables)  # now, so that a checkpoint finds its places
        self._resume()
        while self.epoch < self.plan.epochs and self.epoch - self.best_epoch < self.plan.patience:
            if not self._train_epoch():
                break
        if self.best_weights:
            self.model.set_weights(self.best_weights)
        return self.best_epoch

    def _train_epoch(self) -> bool:
        """Train one epoch; return False if time was over before its end."""
        began, losses = time.monotonic(), []
        rng = np.random.default_rng([self.context.seed, self.epoch])
        for step, steps, batch in batches(self.histories, self.plan.length, rng):
            self.context.check_stop()
            losses.append(self._train_batch(batch, rng))
            if self.context.out_of_time():
                if not self.best_weights:
                    raise CancelledError("the time was over before the first epoch ended")
                return False
            self._report(step + 1, steps)
        self._end_epoch(float(np.mean(losses)) if losses else 0.0, time.monotonic() - began)
        return True

    def _train_batch(self, batch: Batch, rng: np.random.Generator) -> float:
        self.model.optimizer.learning_rate = self.plan.learning_rate * min(1.0, (self.done + 1) / WARM_UP)
        self.done += 1
        inputs = [batch.codes, batch.targets, batch.weights]
        if self.drawing is not None:
            drawn = self.drawing.draw(rng)
            inputs += [drawn.items, drawn.correction]
        self.model.reset_metrics()
        return float(np.asarray(self.model.train_on_batch(inputs, np.zeros((), np.float32))))

    def _end_epoch(self, loss: float, seconds: float) -> None:
        self.epoch += 1
        entry = {"epoch": self.epoch, "loss": loss}
        value = float(self.epoch)  # nothing to choose by: the last epoch is kept
        if self.judge is not None:
            entry["val_ndcg"] = value = self.judge()
        entry |= {"learning_rate": float(np.asarray(self.model.optimizer.learning_rate)), "seconds": seconds}
        self.history.append(entry)
        if value > self.best or not self.best_weights:
            self.best, self.best_epoch = value, self.epoch
            self.best_weights = [np.array(weight) for weight in self.model.get_weights()]
        self._checkpoint()
        self.context.emit({"event": "epoch", "epochs": self.plan.epochs, "seconds_left": self._left(0.0), **entry})

    def _left(self, part: float) -> float:
        done = self.epoch + part
        return (time.monotonic() - self.started) / max(1e-3, done - self.epochs_before) * (self.plan.epochs - done)

    def _report(self, step: int, steps: int) -> None:
        now = time.monotonic()
        if now - self.reported < REPORT_EVERY and step < steps:
            return
        self.reported = now
        event: dict[str, Any] = {"event": "progress", "done": (self.epoch + step / steps) / self.plan.epochs}
        event["text"] = f"Epoch {self.epoch + 1} of {'at most ' if self.judge else ''}{self.plan.epochs}"
        self.context.emit({**event, "seconds_left": self._left(step / steps)})

    def _place(self) -> Path | None:
        return None if self.context.checkpoint is None else self.context.checkpoint / f"{self.plan.name}.npz"

    def _key(self) -> str:
        """What must be the same for a checkpoint to be gone on with."""
        shapes = [tuple(variable.shape) for variable in self.model.variables]
        total = int(np.dot(self.histories.items, np.arange(1, len(self.histories.items) + 1) % 1_009))
        return repr((asdict(self.plan), shapes, self.context.seed, len(self.histories), total, self.judge is None))

    def _state(self) -> dict[str, list[Any]]:
        return {"model": self.model.variables, "optimizer": self.model.optimizer.variables}

    def _checkpoint(self) -> None:
        place = self._place()
        if place is not None:
            arrays = {part: [np.asarray(v) for v in variables] for part, variables in self._state().items()}
            about = {"key": self._key(), "epoch": self.epoch, "best_epoch": self.best_epoch, "best": self.best}
            about |= {"done": self.done, "history": self.history}
            write_checkpoint(place, {**arrays, "best": self.best_weights}, about)

    def _resume(self) -> None:
        place = self._place()
        found = None if place is None else read_checkpoint(place)
        if found is None or found[1]["key"] != self._key():
            return
        arrays, about = found
        for part, variables in self._state().items():
            for variable, value in zip(variables, arrays[part], strict=True):
                variable.assign(value)
        self.best_weights, self.history = arrays["best"], about["history"]
        self.epoch, self.best_epoch, self.best = about["epoch"], about["best_epoch"], about["best"]
        self.done = about["done"]
        self.epochs_before = self.epoch
