"""Gradient-boosted trees on the raw columns: the usual choice for tables, and the peer to beat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.prior import known_rows, learnable
from dl_core.models.trees import TreePlan, Trees, grow_trees
from dl_core.models.weights import row_weights

PLAN = TreePlan(rounds=300, step=30, late=3, learning_rate=0.06, leaves=16, least=40, l2=5.0, features=0.5, bins=255)
ROWS_A_BIN = 100  # of training rows: small data get coarse bins, as making room for fine ones takes most of the time
FEWEST_BINS = 32


class Boosting(Classifier):
    """Histogram gradient boosting of scikit-learn, cut where validation was best, kept as plain arrays.

    Numbers are taken as they are, NaN included; categories as their codes, the frequent ones first. Both classes count
    by their numbers whatever ``options["imbalance"]`` says: trees need no balancing for the ranking, and the
    probabilities stay honest.
    """

    def __init__(self, plan: TreePlan = PLAN) -> None:
        self.plan = plan
        self.encoder = TableEncoder()
        self.trees: Trees | None = None

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Grow trees until validation gains no more."""
        self.classes = train.classes
        train, y, weight = learnable(train, context.sample_weight)
        context.progress(0.0, "Preparing features")
        self.encoder = TableEncoder.fit(train)
        known, y_known = known_rows(validation)
        weights = row_weights(y, len(self.classes), weight, balanced=False)
        pair = (self._values(train), y), (self._values(known), y_known)
        plan = replace(
            self.plan, bins=int(np.clip(len(y) // ROWS_A_BIN, min(FEWEST_BINS, self.plan.bins), self.plan.bins))
        )
        self.trees = grow_trees(*pair, len(self.classes), weights, context.part(0.05, 1.0), plan)

    def _values(self, data: Dataset) -> np.ndarray:
        """Return numbers with NaN and codes, (n, d) float64; a column at least, so that there is something to split."""
        numbers = self.encoder.frame(data)[list(self.encoder.numeric)].to_numpy(dtype=np.float64)
        found = np.concatenate([numbers, self.encoder.codes(data)], axis=1)
        return found if found.shape[1] else np.zeros((len(data), 1))

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that the trees see, in their order."""
        return (*self.encoder.numeric, *self.encoder.categorical)

    def scores(self, data: Dataset) -> np.ndarray:
        """Return the trees' probabilities (n, n_classes)."""
        return fitted(self.trees).scores(self._values(data), len(self.classes))

    def parameters(self) -> int:
        """Return the number of thresholds and leaf values."""
        return len(fitted(self.trees).value)

    def save(self, folder: Path) -> None:
        """Write the trees as npz, the encoder and the classes as JSON."""
        save_about(folder, {"classes": list(self.classes)})
        save_arrays(folder / "trees.npz", fitted(self.trees).arrays())
        self.encoder.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Boosting:
        """Return the saved trees."""
        model = cls()
        model.classes = tuple(load_about(folder)["classes"])
        model.encoder = TableEncoder.load(folder)
        model.trees = Trees(**load_arrays(folder / "trees.npz"))
        return model
