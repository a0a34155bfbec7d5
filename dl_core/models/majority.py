"""The class frequencies of the training data: what a score is worth that looks at nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext
from dl_core.models.store import load_about, save_about


class Majority(Classifier):
    """Gives every row the (weighted) share of each class in training, and so always predicts the largest."""

    def __init__(self) -> None:
        self.shares: tuple[float, ...] = ()

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Count."""
        self.classes = train.classes
        counts = np.bincount(train.targets, weights=context.sample_weight, minlength=len(self.classes))
        self.shares = tuple((counts / counts.sum()).tolist())
        context.progress(1.0, "Classes counted")

    def scores(self, data: Dataset) -> np.ndarray:
        """Return the same shares for every row, (n, n_classes)."""
        return np.tile(np.array(self.shares), (len(data), 1))

    def parameters(self) -> int:
        """Return the number of classes."""
        return len(self.shares)

    def save(self, folder: Path) -> None:
        """Write the shares as JSON."""
        save_about(folder, {"classes": list(self.classes), "shares": list(self.shares)})

    @classmethod
    def load(cls, folder: Path) -> Majority:
        """Return the saved shares."""
        about = load_about(folder)
        model = cls()
        model.classes, model.shares = tuple(about["classes"]), tuple(about["shares"])
        return model
