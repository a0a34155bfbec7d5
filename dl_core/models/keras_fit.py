"""How networks that name classes are trained: rows in a new order each epoch, cross-entropy, held-out rows judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.training import Batch, Plan, compile_adamw, train_network, warm_cosine

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]
EPSILON = 1e-7  # keeps logarithms of probabilities finite


@dataclass(frozen=True)
class FitPlan(Plan):
    """How to train; ``monitor`` may be ``"val_auroc"`` or ``"val_auprc"`` (average precision of the last class).

    The learning rate is a cosine schedule that rises over the first ``warm_up`` of all steps and ends at a hundredth.

    Parameters
    ----------
    batch_size : int
    label_smoothing : float
    warm_up : float
        Share of all steps.
    focal : float
        Exponent by which rows that are already told apart count less (Lin et al. 2017); 0 is plain cross-entropy.
    augment : callable or None
        Takes a batch (b, …) float32 and a generator and returns the changed batch.
    """

    batch_size: int = 64
    label_smoothing: float = 0.0
    warm_up: float = 0.1
    focal: float = 0.0
    augment: Augment | None = None

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step`` out of ``steps`` in all."""
        return self.learning_rate * warm_cosine(step, steps, self.warm_up)


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
        As in `Trained.history`, with ``val_loss`` and ``val_auroc``.

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before there were weights to keep.
    """
    loss = keras.losses.CategoricalCrossentropy()
    if plan.focal:
        loss = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=plan.focal)
    compile_adamw(model, plan, loss, clipnorm=1.0)
    rows = _Rows(train, model.output_shape[-1], plan, context.seed, sample_weight)

    def judge() -> dict[str, float]:
        scores = predict_batches(model, validation[0], plan.batch_size, context)
        return _judged(validation[1], scores, plan.monitor)

    key = len(train[1]), np.bincount(train[1]).tolist()
    return train_network(model, rows, context, plan, judge if len(validation[1]) else None, key=key).history


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


class _Rows:
    """Training rows in batches, in a new order each epoch; the last batch is filled up: one shape, one compilation."""

    def __init__(
        self, train: tuple[np.ndarray, np.ndarray], classes: int, plan: FitPlan, seed: int, weight: np.ndarray | None
    ) -> None:
        (self.x, self.y), self.plan, self.seed = train, plan, seed
        self.weight = np.ones(len(self.y), np.float32) if weight is None else np.asarray(weight, np.float32)
        self.size = max(1, min(plan.batch_size, len(self.y)))
        self.steps = max(1, -(-len(self.y) // self.size))
        self.targets = np.eye(classes) * (1 - plan.label_smoothing) + plan.label_smoothing / classes  # of each class

    def __call__(self, epoch: int) -> tuple[int, Iterator[Batch]]:
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.y))
        order = np.resize(order, (self.steps, self.size))
        return self.steps, (self._batch(rows, epoch, step) for step, rows in enumerate(order))

    def _batch(self, rows: np.ndarray, epoch: int, step: int) -> Batch:
        x: Any = np.asarray(self.x[rows], dtype="float32")  # (b, …)
        if self.plan.augment is not None:
            x = self.plan.augment(x, np.random.default_rng([self.seed, epoch, step]))
        return x, self.targets[self.y[rows]].astype("float32"), self.weight[rows]


def _judged(y_true: np.ndarray, scores: np.ndarray, monitor: str) -> dict[str, float]:
    """Return log loss, AUROC and, where it is what epochs are chosen by, average precision of scores (n, n_classes)."""
    picked = scores[np.arange(len(scores)), y_true]
    found = {"val_loss": float(-np.log(np.clip(picked, EPSILON, 1)).mean())}
    area = auroc(y_true, scores)
    if not np.isnan(area):
        found["val_auroc"] = area
        last = y_true == scores.shape[1] - 1
        if monitor == "val_auprc" and last.any():
            found["val_auprc"] = average_precision(last, scores[:, -1])
    return found
