"""A linear head on embeddings: standardise, clip, multinomial logistic regression.

The defaults of `models.image.frozen.FrozenFeatures` were chosen on the 4,708 training images of PneumoniaMNIST by
three-fold cross-validation; its test images took no part. Besides random folds, which are too easy as a patient's
images stand in several, there were folds of look-alikes: three clusters of raw pixels within each class, so that the
judged images look unlike those learned from. AUC / class-balanced log loss at C = 0.001:

    sizes      copies   random folds    folds of look-alikes
    64         0        .9931 / .109    .9574 / .282
    64 + 112   0        .9942 / .098    .9630 / .273
    64 + 112   1        .9945 / .092    .9649 / .273

A weaker penalty (0.003) gains at most .0002 of AUC in either kind of fold and loses log loss (.094 and .304); a
stronger one (0.0003) gains log loss on look-alikes (.262) and loses .0005 and .0021 of AUC. Hence `TOLERANCE`:
validation rows that are like the training rows call for too weak a penalty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from dl_core.errors import SchemaError

SMALLEST_SPREAD = 1e-6  # a feature that never moves is left at zero
C_GRID = (3e-4, 1e-3, 3e-3)
TOLERANCE = 0.01  # log loss per validation row that a weaker penalty must win to be taken


@dataclass(frozen=True)
class LinearHead:
    """Fitted head; everything that scoring needs, as arrays.

    Parameters
    ----------
    mean, spread : numpy.ndarray
        (d,) float32, of the training rows.
    weights : numpy.ndarray
        (d, n_classes) float32.
    bias : numpy.ndarray
        (n_classes,) float32.
    clip : float
        Standardised features are cut to ±clip, so that no odd image runs away.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    clip: float = 5.0

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return (n, n_classes) float64."""
        return (standardise(features, self.mean, self.spread, self.clip) @ self.weights + self.bias).astype(np.float64)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return (n, n_classes) float64 that sum to 1."""
        return softmax(self.logits(features), axis=1)


def standardise(features: np.ndarray, mean: np.ndarray, spread: np.ndarray, clip: float) -> np.ndarray:
    """Return (features - mean) / spread cut to ±clip, float32, in one new array."""
    z = np.subtract(features, mean, dtype=np.float32)
    z /= spread
    return np.clip(z, -clip, clip, out=z)


def fit_logistic(
    z: np.ndarray, y: np.ndarray, n_classes: int, c: float, sample_weight: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """Return the weights (d + 1, n_classes) float64 of a multinomial logistic regression, the bias in the last row.

    The objective is ``c · Σ w_i loss_i + ½ ‖W‖²`` with the bias free, as in scikit-learn, by L-BFGS; products with the
    features run in float32.

    Parameters
    ----------
    z : numpy.ndarray
        (n, d) float32.
    y : numpy.ndarray
        (n,) class indices.
    n_classes : int
    c : float
        Inverse of the penalty.
    sample_weight : numpy.ndarray
        (n,) with mean 1.
    start : numpy.ndarray or None
        A solution for a neighbouring ``c`` to start from.
    """
    from scipy.optimize import minimize

    n, d = z.shape
    truth = np.eye(n_classes)[y]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the penalised loss and its gradient."""
        w = flat.reshape(d + 1, n_classes)
        logits = (z @ w[:-1].astype(np.float32)).astype(np.float64) + w[-1]
        top = logits.max(axis=1, keepdims=True)
        e = np.exp(logits - top)
        total = e.sum(axis=1, keepdims=True)
        log_p = logits - top - np.log(total)
        value = -c * (sample_weight * (truth * log_p).sum(axis=1)).sum() + 0.5 * (w[:-1] ** 2).sum()
        back = (c * sample_weight)[:, None] * (e / total - truth)  # (n, n_classes)
        slope = np.concatenate([z.T @ back.astype(np.float32) + w[:-1], back.sum(axis=0, keepdims=True)])
        return value, slope.ravel()

    first = np.zeros((d + 1, n_classes)) if start is None else start
    options = {"maxiter": 300, "gtol": 1e-3, "ftol": 1e-7}
    return minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(d + 1, n_classes)


def fit_head(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    n_classes: int,
    sample_weight: np.ndarray,
    c_grid: Sequence[float] = C_GRID,
    clip: float = 5.0,
    check_stop: Callable[[], None] = lambda: None,
) -> tuple[LinearHead, dict[str, float]]:
    """Fit a head and choose its penalty by log loss on validation rows.

    Parameters
    ----------
    train, validation : tuple
        Features (n, d) float32 and class indices (n,); without validation rows the
        middle of the grid is taken.
    n_classes : int
    sample_weight : numpy.ndarray
        (n_train,) with mean 1.
    c_grid : sequence of float
        Inverse penalties, rising. A weaker penalty is taken only if it wins `TOLERANCE` over the one before.
    clip : float
    check_stop : callable
        Called before each fit; may raise.

    Returns
    -------
    tuple
        The head, and ``{"C": chosen, "val_loss": its log loss}``.

    Raises
    ------
    SchemaError
        If the training rows hold fewer than two classes.
    """
    features, y = train
    if len(np.unique(y)) < 2:
        raise SchemaError("the training rows are all of one class", where="linear head", expected="two or more")
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.maximum(features.std(axis=0, dtype=np.float64), SMALLEST_SPREAD).astype(np.float32)
    z = standardise(features, mean, spread, clip)
    z_val = standardise(validation[0], mean, spread, clip) if len(validation[1]) else None
    grid = c_grid if z_val is not None else (c_grid[len(c_grid) // 2],)
    best: tuple[float, float, np.ndarray] | None = None
    solution: np.ndarray | None = None
    for c in grid:
        check_stop()
        solution = fit_logistic(z, y, n_classes, c, sample_weight, solution)
        loss = float("nan") if z_val is None else _log_loss(z_val, validation[1], solution)
        if best is None or loss < best[0] - TOLERANCE:
            best = (loss, c, solution)
    if best is None:
        raise ValueError("there is no penalty to choose from")
    loss, c, w = best
    head = LinearHead(mean, spread, w[:-1].astype(np.float32), w[-1].astype(np.float32), clip)
    return head, {"C": float(c), "val_loss": loss}


def _log_loss(z: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    p = softmax(z @ w[:-1].astype(np.float32) + w[-1], axis=1)
    return float(-np.log(np.clip(p[np.arange(len(y)), y], 1e-12, 1.0)).mean())
