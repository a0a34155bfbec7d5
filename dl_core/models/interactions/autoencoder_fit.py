"""The training loop of networks that rebuild histories: batches made dense one at a time, chosen by held-out users."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from scipy import sparse

from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.interactions.multi_hot import NormalCode, batch_for, dense_rows, multinomial_loss
from dl_core.models.store import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

Judge = Callable[[], dict[str, float]]
REPORT_EVERY = 0.25  # seconds between two progress events within an epoch
CHECKPOINT_EVERY = 15.0  # seconds between two checkpoints, which may hold hundreds of megabytes


@dataclass(frozen=True)
class RebuildingPlan:
    """How to train.

    Parameters
    ----------
    epochs, batch_size : int
        The batch is smaller where a dense one would be too large.
    patience : int
        Epochs without a better ``val_ndcg`` after which training ends.
    learning_rate, weight_decay : float
        Of AdamW, constant, so that training anew for fewer epochs follows the same way.
    kl_weight : float
        Weight β of the KL term that annealing ends at.
    anneal : int
        Epochs in which β rises from 0, linearly.
    name : str
        Name of the checkpoint.
    """

    epochs: int = 100
    batch_size: int = 256
    patience: int = 12
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    kl_weight: float = 0.2
    anneal: int = 30
    name: str = "rebuild"

    def beta(self, step: int, steps: int) -> float:
        """Return the KL term's weight at ``step``, with ``steps`` steps an epoch."""
        return self.kl_weight * min(1.0, step / max(1, self.anneal * steps))


def fit_rebuilding(
    network: keras.Model,
    rows: sparse.csr_matrix,
    context: FitContext,
    plan: RebuildingPlan,
    judge: Judge | None = None,
) -> list[dict[str, float]]:
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
    list of dict
        One entry an epoch: ``epoch, loss, kl_weight, seconds`` and what ``judge`` returns. ``loss`` is the mean over
        the epoch's batches, regularisation included.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first epoch ended.
    """
    return _Rebuilding(network, rows, context, plan, judge).run()


def best_epoch(history: list[dict[str, float]]) -> int:
    """Return the number of the first epoch with the best ``val_ndcg``, or of the last where none was judged."""
    judged = [entry.get("val_ndcg", float(entry["epoch"])) for entry in history]
    return int(history[int(np.argmax(judged))]["epoch"]) if history else 0


class _Rebuilding:
    """State of one training: epoch, best weights, history."""

    def __init__(
        self,
        network: keras.Model,
        rows: sparse.csr_matrix,
        context: FitContext,
        plan: RebuildingPlan,
        judge: Judge | None,
    ) -> None:
        self.network, self.rows, self.context, self.plan, self.judge = network, rows, context, plan, judge
        self.users = np.flatnonzero(np.diff(rows.indptr))
        self.batch = max(1, min(batch_for(rows.shape[1], plan.batch_size), len(self.users)))
        self.steps = max(1, -(-len(self.users) // self.batch))
        self.codes = [layer for layer in network.layers if isinstance(layer, NormalCode)]
        self.epoch, self.waited, self.best = 0, 0, float("-inf")
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.reported = self.kept = self.started = time.monotonic()
        self.epochs_before = 0

    def run(self) -> list[dict[str, float]]:
        """Train to the end and return the history."""
        if not len(self.users):
            return []
        optimizer = keras.optimizers.AdamW(self.plan.learning_rate, weight_decay=self.plan.weight_decay)
        self.network.compile(optimizer=optimizer, loss=multinomial_loss)
        optimizer.build(self.network.trainable_variables)  # now, so that a checkpoint finds its places
        self._resume()
        while self.epoch < self.plan.epochs and self.waited < self.plan.patience:
            if not self._train_epoch():
                break
        if self.best_weights:
            self.network.set_weights(self.best_weights)
        return self.history

    def _train_epoch(self) -> bool:
        """Train one epoch; return False if time was over before its end."""
        began = time.monotonic()
        order = np.random.default_rng([self.context.seed, self.epoch]).permutation(self.users)
        order = np.resize(order, self.steps * self.batch)  # the last batch is filled up: one shape, one compilation
        losses = []
        for step in range(self.steps):
            beta = self.plan.beta(self.epoch * self.steps + step, self.steps)
            for layer in self.codes:
                layer.weight.assign(beta)
            x = dense_rows(self.rows, order[step * self.batch : (step + 1) * self.batch])  # (b, n_items)
            self.network.reset_metrics()
            losses.append(float(np.asarray(self.network.train_on_batch(x, x))))
            self.context.check_stop()
            if self.context.out_of_time():
                if not self.best_weights:
                    raise CancelledError("the time was over before the first epoch ended")
                return False
            self._report(step)
        self._end_epoch({"loss": float(np.mean(losses)), "kl_weight": beta, "seconds": time.monotonic() - began})
        return True

    def _end_epoch(self, found: dict[str, float]) -> None:
        entry = {"epoch": self.epoch + 1, **found, **(self.judge() if self.judge else {})}
        self.history.append(entry)
        value = entry.get("val_ndcg", float(self.epoch))  # nothing to choose by: the last epoch is kept
        if value > self.best or not self.best_weights:
            self.best, self.waited = value, 0
            self.best_weights = [np.array(weight) for weight in self.network.get_weights()]
        else:
            self.waited += 1
        self.epoch += 1
        self._checkpoint()
        left = self._seconds_left(self.epoch * self.steps)
        self.context.emit({"event": "epoch", "epochs": self.plan.epochs, "seconds_left": left, **entry})

    def _seconds_left(self, done: int) -> float:
        fresh = done - self.epochs_before * self.steps
        return (time.monotonic() - self.started) / max(1, fresh) * (self.plan.epochs * self.steps - done)

    def _report(self, step: int) -> None:
        now = time.monotonic()
        if now - self.reported < REPORT_EVERY and step + 1 < self.steps:
            return
        self.reported = now
        done = self.epoch * self.steps + step + 1
        event: dict[str, Any] = {"event": "progress", "done": done / (self.plan.epochs * self.steps)}
        event["text"] = f"Epoch {self.epoch + 1} of at most {self.plan.epochs}"
        self.context.emit({**event, "seconds_left": self._seconds_left(done)})

    def _place(self) -> Path | None:
        return None if self.context.checkpoint is None else self.context.checkpoint / f"{self.plan.name}.npz"

    def _key(self) -> str:
        """What must be the same for a checkpoint to be gone on with."""
        shapes = [tuple(variable.shape) for variable in self.network.variables]
        return repr((asdict(self.plan), shapes, self.context.seed, self.rows.shape, self.rows.nnz, bool(self.judge)))

    def _state(self) -> dict[str, list[Any]]:
        return {"model": self.network.variables, "optimizer": self.network.optimizer.variables}

    def _checkpoint(self) -> None:
        place, now = self._place(), time.monotonic()
        if place is None or now - self.kept < CHECKPOINT_EVERY:
            return
        arrays = {part: [np.asarray(v) for v in variables] for part, variables in self._state().items()}
        about = {"key": self._key(), "epoch": self.epoch, "waited": self.waited, "best": self.best}
        write_checkpoint(place, {**arrays, "best": self.best_weights}, {**about, "history": self.history})
        self.kept = time.monotonic()

    def _resume(self) -> None:
        place = self._place()
        found = None if place is None else read_checkpoint(place)
        if found is None or found[1]["key"] != self._key():
            return
        arrays, about = found
        for part, variables in self._state().items():
            for variable, value in zip(variables, arrays[part], strict=True):
                variable.assign(value)
        self.best_weights, self.best = arrays["best"], about["best"]
        self.epoch, self.waited, self.history = about["epoch"], about["waited"], about["history"]
        self.epochs_before = self.epoch
