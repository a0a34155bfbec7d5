"""One training loop for every Keras model, whatever the backend: events, early stopping, cancel, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.store import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]
REPORT_EVERY = 0.25  # seconds between two progress events within an epoch
EPSILON = 1e-7  # keeps logarithms of probabilities finite


@dataclass(frozen=True)
class FitPlan:
    """How to train.

    Parameters
    ----------
    epochs, batch_size : int
    patience : int
        Epochs without a better value of ``monitor`` after which training ends.
    learning_rate : float
        Peak of a cosine schedule that rises over the first ``warm_up`` of all steps and ends at a hundredth of it.
    weight_decay : float
        Decoupled, as in AdamW.
    label_smoothing : float
    warm_up : float
        Share of all steps.
    monitor : str
        ``"val_loss"`` (lower is better), ``"val_auroc"`` or ``"val_auprc"`` (average precision of the last class);
        higher is better in both.
    average : float
        Above 0, the weights that are judged and kept are a moving average with this factor (0.99) of those that the
        optimizer moves: steadier than any one step's (Polyak and Juditsky 1992).
    from_start : bool
        Whether the weights before the first step are judged too, and kept where no epoch is better.
    name : str
        Name of the checkpoint, so that the steps of one fit do not mix theirs up.
    focal : float
        Exponent by which rows that are already told apart count less (Lin et al. 2017); 0 is plain cross-entropy.
    augment : callable or None
        Takes a batch (b, …) float32 and a generator and returns the changed batch.
    """

    epochs: int = 30
    batch_size: int = 64
    patience: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    warm_up: float = 0.1
    monitor: str = "val_loss"
    average: float = 0.0
    from_start: bool = False
    name: str = "fit"
    focal: float = 0.0
    augment: Augment | None = None

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step`` out of ``steps`` in all."""
        rising = max(1, int(self.warm_up * steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        share = (step - rising) / max(1, steps - rising)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * share))))


def fit_keras(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    context: FitContext,
    plan: FitPlan,
    sample_weight: np.ndarray | None = None,
) -> list[dict[str, float]]:
    """Train ``model`` in place and leave it with its best weights.

    Parameters
    ----------
    model : keras.Model
        Maps x to probabilities (b, n_classes). It is compiled here with AdamW and cross-entropy, so layers must be
        frozen or thawed before.
    train : tuple
        x (n, …) of any number type, which goes to float32 a batch at a time, and class indices y (n,).
    validation : tuple
        The same; may be empty or of one class. Without it nothing is chosen and the last epoch is kept.
    context : FitContext
        The seed decides order and augmentation; it does not re-initialise the model.
    plan : FitPlan
    sample_weight : numpy.ndarray or None
        (n,), mean about 1 (see `weights.row_weights`).

    Returns
    -------
    list of dict
        One entry an epoch: ``epoch, loss, val_loss, val_auroc, learning_rate, seconds``.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before the first epoch ended.
    """
    return _Fit(model, train, validation, context, plan, sample_weight).run()


def predict_batches(
    model: keras.Model, x: np.ndarray, batch_size: int = 64, context: FitContext | None = None
) -> np.ndarray:
    """Return the outputs of ``model`` for x (n, …) as float64, with one shape of batch, so that it is compiled once."""
    parts = []
    for start in range(0, len(x), batch_size):
        if context is not None:
            context.check_stop()
        batch = np.asarray(x[start : start + batch_size], dtype="float32")
        count = len(batch)
        if count < batch_size:  # filled up with its last row
            batch = np.concatenate([batch, np.repeat(batch[-1:], batch_size - count, axis=0)])
        parts.append(np.asarray(model.predict_on_batch(batch), dtype=np.float64)[:count])
    return np.concatenate(parts) if parts else np.zeros((0, *model.output_shape[1:]))


def auroc(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Return the one-vs-rest AUROC, averaged over the classes that occur and do not occur; NaN if none does both.

    ``y_true`` (n,) class indices, ``y_score`` (n, n_classes). By ranks (Mann-Whitney), ties count half.
    """
    from scipy.stats import rankdata

    values = []
    for index in range(y_score.shape[1]) if y_score.shape[1] > 2 else [y_score.shape[1] - 1]:
        positive = y_true == index
        count = int(positive.sum())
        if 0 < count < len(y_true):
            ranks = rankdata(y_score[:, index])
            above = ranks[positive].sum() - count * (count + 1) / 2
            values.append(above / (count * (len(y_true) - count)))
    return float(np.mean(values)) if values else float("nan")


def average_precision(positive: np.ndarray, y_score: np.ndarray) -> float:
    """Return the average precision of scores (n,) for the rows that are ``positive`` (n,) bool, at least one."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, y_score))


class _Fit:
    """State of one training: epoch, best weights, history."""

    def __init__(
        self,
        model: keras.Model,
        train: tuple[np.ndarray, np.ndarray],
        validation: tuple[np.ndarray, np.ndarray],
        context: FitContext,
        plan: FitPlan,
        sample_weight: np.ndarray | None,
    ) -> None:
        self.model, self.context, self.plan = model, context, plan
        self.x, self.y = train
        self.x_val, self.y_val = validation
        self.weight = np.ones(len(self.y), np.float32) if sample_weight is None else np.float32(sample_weight)
        self.batch = max(1, min(plan.batch_size, len(self.y)))
        self.steps = max(1, -(-len(self.y) // self.batch))
        self.epoch, self.waited, self.best = 0, 0, float("-inf")
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.started = self.reported = time.monotonic()
        self.epochs_before = 0

    def run(self) -> list[dict[str, float]]:
        """Train to the end and return the history."""
        self._compile()
        self._resume()
        if self.plan.from_start and not self.epoch and len(self.y_val):
            self._choose(self._validate())
        while self.epoch < self.plan.epochs and self.waited < self.plan.patience:
            if not self._train_epoch():
                break
        if self.best_weights:
            self.model.set_weights(self.best_weights)
        return self.history

    def _copied(self) -> list[np.ndarray]:
        """Return the weights as arrays of our own; JAX's may be views of memory that the next step overwrites."""
        return [np.array(weight) for weight in self.model.get_weights()]

    def _compile(self) -> None:
        optimizer = keras.optimizers.AdamW(
            self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            clipnorm=1.0,
            use_ema=self.plan.average > 0,
            ema_momentum=self.plan.average or 0.99,
        )
        loss = keras.losses.CategoricalCrossentropy()
        if self.plan.focal:
            loss = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=self.plan.focal)
        self.model.compile(optimizer=optimizer, loss=loss)
        optimizer.build(self.model.trainable_variables)  # now, so that a checkpoint finds its places

    def _train_epoch(self) -> bool:
        """Train one epoch; return False if time was over before its end."""
        began = time.monotonic()
        order = np.random.default_rng([self.context.seed, self.epoch]).permutation(len(self.y))
        order = np.resize(order, self.steps * self.batch)  # the last batch is filled up: one shape, one compilation
        self.model.reset_metrics()
        loss = 0.0
        for step in range(self.steps):
            loss = self._train_batch(order[step * self.batch : (step + 1) * self.batch], step)
            self.context.check_stop()
            if self.context.out_of_time():
                if not self.best_weights:
                    raise CancelledError("the time was over before the first epoch ended")
                return False
            self._report(step)
        self._end_epoch(loss, time.monotonic() - began)
        return True

    def _train_batch(self, rows: np.ndarray, step: int) -> float:
        done = self.epoch * self.steps + step
        self.model.optimizer.learning_rate = self.plan.rate(done, self.plan.epochs * self.steps)
        x = np.asarray(self.x[rows], dtype="float32")  # (b, …)
        if self.plan.augment is not None:
            x = self.plan.augment(x, np.random.default_rng([self.context.seed, self.epoch, step]))
        y = self._targets(self.y[rows])  # (b, n_classes)
        return float(np.asarray(self.model.train_on_batch(x, y, sample_weight=self.weight[rows])))

    def _targets(self, y: np.ndarray) -> np.ndarray:
        classes = self.model.output_shape[-1]
        smoothing = self.plan.label_smoothing
        return (np.eye(classes)[y] * (1 - smoothing) + smoothing / classes).astype("float32")

    def _end_epoch(self, loss: float, seconds: float) -> None:
        moving = self._copied() if self.plan.average else None
        if moving is not None:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)  # the averages
            self.model.set_weights(self._copied())  # not the optimizer's own arrays, which JAX uses up in its next step
        entry = {"epoch": self.epoch + 1, "loss": loss, **self._validate()}
        entry["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))
        entry["seconds"] = seconds
        self.history.append(entry)
        self._choose(entry)
        if moving is not None:
            self.model.set_weights(moving)
        self.epoch += 1
        self._checkpoint()
        left = self._seconds_left(self.epoch * self.steps)
        self.context.emit({"event": "epoch", "epochs": self.plan.epochs, "seconds_left": left, **entry})

    def _validate(self) -> dict[str, float]:
        if not len(self.y_val):
            return {}
        scores = predict_batches(self.model, self.x_val, self.plan.batch_size, self.context)
        picked = scores[np.arange(len(scores)), self.y_val]
        found = {"val_loss": float(-np.log(np.clip(picked, EPSILON, 1)).mean())}
        area = auroc(self.y_val, scores)
        if not np.isnan(area):
            found["val_auroc"] = area
            last = self.y_val == scores.shape[1] - 1
            if self.plan.monitor == "val_auprc" and last.any():
                found["val_auprc"] = average_precision(last, scores[:, -1])
        return found

    def _choose(self, entry: dict[str, float]) -> None:
        """Keep the weights if they are the best so far."""
        if "val_loss" not in entry:
            value = float(self.epoch)  # nothing to choose by: the last epoch is kept
        elif self.plan.monitor != "val_loss" and self.plan.monitor in entry:
            value = entry[self.plan.monitor]
        else:
            value = -entry["val_loss"]
        if value > self.best or not self.best_weights:
            self.best, self.waited, self.best_weights = value, 0, self._copied()
        else:
            self.waited += 1

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
        event["text"] = f"Epoch {self.epoch + 1} of {self.plan.epochs}"
        self.context.emit({**event, "seconds_left": self._seconds_left(done)})

    def _place(self) -> Path | None:
        return None if self.context.checkpoint is None else self.context.checkpoint / f"{self.plan.name}.npz"

    def _key(self) -> str:
        """What must be the same for a checkpoint to be gone on with."""
        plan = {**asdict(self.plan), "augment": self.plan.augment is not None}
        shapes = [tuple(variable.shape) for variable in self.model.variables]
        return repr((plan, shapes, self.context.seed, len(self.y), np.bincount(self.y).tolist()))

    def _state(self) -> dict[str, list[Any]]:
        return {"model": self.model.variables, "optimizer": self.model.optimizer.variables}

    def _checkpoint(self) -> None:
        place = self._place()
        if place is not None:
            arrays = {part: [np.asarray(v) for v in variables] for part, variables in self._state().items()}
            about = {"key": self._key(), "epoch": self.epoch, "waited": self.waited, "best": self.best}
            write_checkpoint(place, {**arrays, "best": self.best_weights}, {**about, "history": self.history})

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
        self.epoch, self.waited, self.best = about["epoch"], about["waited"], about["best"]
        self.epochs_before = self.epoch
