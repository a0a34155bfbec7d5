"""Hand-made features with gradient boosting: how far one gets without learning what to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.images.descriptors import describe
from dl_core.models.images.resize import shrink
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.trees import Trees, grow_trees
from dl_core.models.weights import check_two_classes, row_weights

LARGEST = 64  # px, side from which the descriptors are taken
BLOCK = 256  # images at a time
KEPT = 120  # descriptors that the trees see, those that differ most between the classes


class TextureBoosting(Classifier):
    """Gradients, local patterns, co-occurrence and intensity (see `descriptors`), and boosted trees on them."""

    def __init__(self) -> None:
        self.trees: Trees | None = None
        self.columns = np.zeros(0, np.int64)  # (k,) the descriptors kept

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Describe the images and grow trees until validation gains no more."""
        self.classes = train.classes
        y = train.targets
        check_two_classes(y, self.classes)
        x = _features(train, context.part(0.0, 0.4))
        known = _features(validation, context.part(0.4, 0.5))
        weights = row_weights(y, len(self.classes), context.sample_weight)
        self.columns = np.sort(np.argsort(-_telling(x, y), kind="stable")[:KEPT])
        pair = (x[:, self.columns], y), (known[:, self.columns], validation.targets)
        self.trees = grow_trees(*pair, len(self.classes), weights, context.part(0.5, 1.0))

    def scores(self, data: Dataset) -> np.ndarray:
        """Return the trees' probabilities (n, n_classes)."""
        return fitted(self.trees).scores(_features(data, FitContext())[:, self.columns], len(self.classes))

    def parameters(self) -> int:
        """Return the number of thresholds and leaf values."""
        return len(fitted(self.trees).value)

    def save(self, folder: Path) -> None:
        """Write the trees as npz and the classes as JSON."""
        save_about(folder, {"classes": list(self.classes)})
        save_arrays(folder / "trees.npz", {**fitted(self.trees).arrays(), "columns": self.columns})

    @classmethod
    def load(cls, folder: Path) -> TextureBoosting:
        """Return the saved trees."""
        model = cls()
        model.classes = tuple(load_about(folder)["classes"])
        arrays = load_arrays(folder / "trees.npz")
        model.columns = arrays.pop("columns")
        model.trees = Trees(**arrays)
        return model


def _features(data: Dataset, context: FitContext) -> np.ndarray:
    """Return the descriptors of all images, (n, d) float32."""
    blocks = []
    for start in range(0, max(1, len(data)), BLOCK):
        blocks.append(describe(shrink(data.images[start : start + BLOCK], LARGEST)))
        context.progress(min(1.0, (start + BLOCK) / max(1, len(data))), "Computing image descriptors")
    return np.concatenate(blocks)


def _telling(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the variance between classes over that within, for each column of x (n, d)."""
    total = x.var(axis=0)
    within = sum((y == label).mean() * x[y == label].var(axis=0) for label in np.unique(y))
    return (total - within) / np.maximum(within, 1e-9)
