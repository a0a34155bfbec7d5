"""Logistic regression on the encoder's numbers: one weight for each column, added up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.onehot import OneHot
from dl_core.models.table.prior import known_rows, learnable, log_loss, pair, tilted_weights

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)  # C of scikit-learn; smaller is more regularised
USUAL_STRENGTH = 1e-2  # where validation cannot choose


class Logistic(Classifier):
    """Logistic regression with an L2 penalty picked by validation loss; numbers standardised, categories one-hot."""

    def __init__(self) -> None:
        self.encoder = TableEncoder()
        self.onehot = OneHot(())
        self.strength = USUAL_STRENGTH
        self.weights = np.zeros(0)  # (d,)
        self.bias = 0.0

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Fit one regression for each strength and keep the best on validation."""
        self.classes = train.classes
        train, y, weight = learnable(train, context.sample_weight)
        context.progress(0.0, "Preparing features")
        self.encoder = TableEncoder.fit(train)
        self.onehot = OneHot.fit(self.encoder.codes(train))
        x = self._values(train)
        known, y_known = known_rows(validation)
        x_known = self._values(known)
        weights, tilt = tilted_weights(y, context, weight)
        choose = len(np.unique(y_known)) > 1
        best = np.inf
        strengths = STRENGTHS if choose else (USUAL_STRENGTH,)
        for step, strength in enumerate(strengths):
            context.progress(0.1 + 0.9 * step / len(strengths), f"Logistic regression, C = {strength:g}")
            found, bias = _solve(x, y, weights, strength)
            loss = log_loss(y_known, pair(self._log_odds(x_known, found, bias - tilt))) if choose else 0.0
            if loss < best:
                best, self.strength, self.weights, self.bias = loss, strength, found, bias - tilt
            if context.out_of_time():
                break
        context.progress(1.0, "Logistic regression")

    def _values(self, data: Dataset) -> np.ndarray:
        """Return numbers and one-hot categories, (n, d) float32."""
        return np.concatenate([self.encoder.numbers(data), self.onehot.columns(self.encoder.codes(data))], axis=1)

    @staticmethod
    def _log_odds(x: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
        return (x @ weights if x.shape[1] else np.zeros(len(x))) + bias

    def scores(self, data: Dataset) -> np.ndarray:
        """Return probabilities (n, 2), class weights undone."""
        return pair(self._log_odds(self._values(data), self.weights, self.bias))

    def parameters(self) -> int:
        """Return the number of weights and the bias."""
        return len(self.weights) + 1

    def save(self, folder: Path) -> None:
        """Write the weights as npz, the encoder and the rest as JSON."""
        about = {"classes": list(self.classes), "strength": self.strength, "bias": self.bias}
        save_about(folder, {**about, "sizes": list(self.onehot.sizes)})
        save_arrays(folder / "weights.npz", {"weights": self.weights})
        self.encoder.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Logistic:
        """Return the saved regression."""
        model, about = cls(), load_about(folder)
        model.classes, model.strength, model.bias = tuple(about["classes"]), about["strength"], about["bias"]
        model.onehot = OneHot(tuple(about["sizes"]))
        model.weights = load_arrays(folder / "weights.npz")["weights"]
        model.encoder = TableEncoder.load(folder)
        return model


def _solve(x: np.ndarray, y: np.ndarray, weights: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    if not x.shape[1]:
        x = np.zeros((len(x), 1), np.float32)
    with threadpool_limits(1):
        fitted = LogisticRegression(C=strength, max_iter=200, tol=1e-4).fit(x, y, sample_weight=weights)
    return fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0])
