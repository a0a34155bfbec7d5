"""Logistic regression on pixels: the simplest thing that looks at the image at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext
from dl_core.models.images.resize import area_matrix, shrink
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.weights import check_two_classes, row_weights

if TYPE_CHECKING:
    import keras

SIDE = 32  # px, the largest side that the regression sees
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # C of scikit-learn; smaller is more regularised
USUAL_STRENGTH = 1e-3  # where validation cannot choose
STEADY = 4.0  # grey levels added to a pixel's spread, so that an almost constant pixel is not blown up
NEVER = -30.0  # logit of a class that training has not seen
BLOCK = 512  # images that are shrunk at a time


class PixelRegression(Classifier):
    """Multinomial logistic regression on standardised pixels of at most 32 × 32, C picked by validation loss."""

    def __init__(self) -> None:
        self.size, self.channels = 0, 0
        self.strength = USUAL_STRENGTH
        self.mean = self.spread = np.zeros(0)  # (d,) grey levels
        self.kernel = np.zeros((0, 0))  # (d, n_classes)
        self.bias = np.zeros(0)  # (n_classes,)

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Fit one regression for each C and keep the best on validation."""
        self.classes = train.classes
        self.size, self.channels = train.images.shape[1], train.images.shape[3]
        y = train.targets
        check_two_classes(y, self.classes)
        pixels = self._pixels(train, context)  # (n, d)
        self.mean, self.spread = pixels.mean(axis=0), pixels.std(axis=0) + STEADY
        x = (pixels - self.mean) / self.spread
        known = (self._pixels(validation, context) - self.mean) / self.spread
        weights = row_weights(y, len(self.classes), context.sample_weight)
        choose = len(np.unique(validation.targets)) > 1
        best = np.inf
        for step, strength in enumerate(STRENGTHS if choose else (USUAL_STRENGTH,)):
            context.progress(0.2 + 0.8 * step / len(STRENGTHS), f"Logistic regression, C = {strength:g}")
            kernel, bias = self._solve(x, y, weights, strength)
            loss = _log_loss(validation.targets, softmax(known @ kernel + bias, axis=1)) if choose else 0.0
            if loss < best:
                best, self.strength, self.kernel, self.bias = loss, strength, kernel, bias
        context.progress(1.0, "Logistic regression")

    def _pixels(self, data: Dataset, context: FitContext | None = None) -> np.ndarray:
        blocks = [np.zeros((0, min(self.size, SIDE) ** 2 * self.channels), np.float32)]
        for start in range(0, len(data), BLOCK):
            if context is not None:
                context.check_stop()
            small = shrink(data.images[start : start + BLOCK], SIDE)  # (b, t, t, c)
            blocks.append(small.reshape(len(small), -1))
        return np.concatenate(blocks).astype(np.float64)

    def _solve(
        self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, strength: float
    ) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.linear_model import LogisticRegression

        solver = LogisticRegression(C=strength, max_iter=150, tol=1e-3).fit(x, y, sample_weight=weights)
        coefficients, intercepts = solver.coef_, solver.intercept_
        if len(solver.classes_) == 2:  # one row for the second class: shared between both
            coefficients = np.concatenate([-coefficients / 2, coefficients / 2])
            intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
        kernel, bias = np.zeros((x.shape[1], len(self.classes))), np.full(len(self.classes), NEVER)
        kernel[:, solver.classes_], bias[solver.classes_] = coefficients.T, intercepts
        return kernel, bias

    def scores(self, data: Dataset) -> np.ndarray:
        """Return softmax probabilities (n, n_classes)."""
        return softmax((self._pixels(data) - self.mean) / self.spread @ self.kernel + self.bias, axis=1)

    def graph(self) -> keras.Model:
        """Return the same model as one dense layer: shrinking and standardising are linear and go into its kernel."""
        import keras

        side, classes = min(self.size, SIDE), len(self.classes)
        kernel = (self.kernel / self.spread[:, None]).reshape(side, side, self.channels, classes)
        bias = self.bias - (self.mean / self.spread) @ self.kernel
        matrix = area_matrix(self.size, side)  # (t, s)
        full = np.einsum("ti,uj,tuck->ijck", matrix, matrix, kernel, optimize=True)  # (s, s, c, k)
        inputs = keras.Input((self.size, self.size, self.channels), name="image")
        dense = keras.layers.Dense(classes, activation="softmax", name="probabilities")
        model = keras.Model(inputs, dense(keras.layers.Flatten(name="pixels")(inputs)), name="pixel_regression")
        dense.set_weights([full.reshape(-1, classes), bias])
        return model

    def parameters(self) -> int:
        """Return the number of coefficients."""
        return int(self.kernel.size + self.bias.size)

    def save(self, folder: Path) -> None:
        """Write the coefficients as npz and the rest as JSON."""
        about = {"size": self.size, "channels": self.channels, "strength": self.strength}
        save_about(folder, {**about, "classes": list(self.classes)})
        arrays = {"mean": self.mean, "spread": self.spread, "kernel": self.kernel, "bias": self.bias}
        save_arrays(folder / "weights.npz", arrays)

    @classmethod
    def load(cls, folder: Path) -> PixelRegression:
        """Return the saved regression."""
        about, arrays = load_about(folder), load_arrays(folder / "weights.npz")
        model = cls()
        model.classes, model.size, model.channels = tuple(about["classes"]), about["size"], about["channels"]
        model.strength = about["strength"]
        model.mean, model.spread = arrays["mean"], arrays["spread"]
        model.kernel, model.bias = arrays["kernel"], arrays["bias"]
        return model


def _log_loss(y: np.ndarray, scores: np.ndarray) -> float:
    return float(-np.log(np.clip(scores[np.arange(len(y)), y], 1e-7, 1)).mean())
