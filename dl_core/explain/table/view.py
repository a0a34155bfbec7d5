"""What an explainer of tables sees: named features of some rows, and scores of rows with features put back to others'.

A network is seen through its inputs (`InputView`): a feature is a block of input numbers, so that a category's whole
embedding or one step of a sequence is one feature. Any other model is seen through the table (`table_rows.RowsView`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.evaluate.calibration import apply_temperature
from dl_core.explain.table.values import feature_name

if TYPE_CHECKING:
    import keras

SMALLEST_PROBABILITY = 1e-9  # scores end at log-odds of about 20, also for a model that says 0 or 1
POINTS_A_PASS = 4_096  # rows of inputs a pass through a network


class InputBlock(Protocol):
    """A named block of a network's input numbers, from ``start`` to before ``stop``."""

    name: str
    start: int
    stop: int


class NetworkModel(Protocol):
    """A model of tables whose graph takes numbers (n, D)."""

    def graph(self) -> keras.Model | None:
        """Return the graph from (n, D) to probabilities (n, k)."""

    def inputs(self, data: Dataset) -> np.ndarray:
        """Return what the graph takes for ``data``, (n, D) float32."""

    def input_columns(self) -> Sequence[InputBlock]:
        """Return the blocks that make up the D numbers."""

    def scores(self, data: Dataset) -> np.ndarray:
        """Return probabilities (n, k)."""


def class_scores(probabilities: np.ndarray) -> np.ndarray:
    """Return each class's score, (n, k): its log-probability against the mean of the others'.

    For two classes it is the log-odds. It is the score of `gradients`, taken from probabilities.
    """
    logs = np.log(np.clip(np.asarray(probabilities, dtype=np.float64), SMALLEST_PROBABILITY, 1.0))
    k = logs.shape[1]
    return (k * logs - logs.sum(axis=1, keepdims=True)) / max(k - 1, 1)


class FeatureView(ABC):
    """Some rows of a table and the rows that they are compared with, as named features.

    Parameters
    ----------
    names : sequence of str
        The features, P of them.
    targets : numpy.ndarray
        (n,) class index explained for each row.
    references : int
        Rows compared with; the last is the typical row, the others are drawn ordinary rows.
    temperature : float
        Of the model's calibration, by which all log-odds are divided.
    """

    def __init__(self, names: Sequence[str], targets: np.ndarray, references: int, temperature: float = 1.0) -> None:
        self.names, self.targets, self.references = tuple(names), np.asarray(targets), references
        self.temperature = temperature

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def typical(self) -> int:
        """The place of the typical row among the references."""
        return self.references - 1

    @property
    def drawn(self) -> np.ndarray:
        """The places of the drawn rows among the references; the typical row where nothing was drawn."""
        return np.arange(self.references - 1) if self.references > 1 else np.array([0])

    @abstractmethod
    def uncalibrated(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return the model's own probabilities (m, k) of mixed rows, see `probabilities`."""

    def probabilities(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities (m, k) of mixed rows.

        Parameters
        ----------
        rows, others : numpy.ndarray
            (m,) places of explained rows, and of references.
        kept : numpy.ndarray
            (m, P) bool; a kept feature has the explained row's value, any other the reference's.
        """
        return apply_temperature(self.uncalibrated(rows, others, kept), self.temperature)

    def scores(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return the scores (m,) of each mixed row's target, in log-odds."""
        found = class_scores(self.probabilities(rows, others, kept))
        return found[np.arange(len(rows)), self.targets[rows]]

    def own_scores(self) -> np.ndarray:
        """Return the scores of the explained rows as they are, (n,)."""
        rows = np.arange(len(self))
        return self.scores(rows, np.full(len(rows), self.typical), np.ones((len(rows), len(self.names)), dtype=bool))

    def reference_scores(self, row: int, others: np.ndarray) -> np.ndarray:
        """Return the references' scores for ``row``'s target, (m,)."""
        others = np.asarray(others)
        kept = np.zeros((len(others), len(self.names)), dtype=bool)
        return self.scores(np.full(len(others), row), others, kept)


class InputView(FeatureView):
    """A network seen through its inputs.

    ``shift`` is what the model adds to the graph's log-odds (undoing class weights is such a constant), so that scores
    here are the model's own.
    """

    def __init__(
        self, model: Any, data: Dataset, references: Dataset, targets: np.ndarray, temperature: float = 1.0
    ) -> None:
        blocks = list(model.input_columns())
        features = [feature_name(block.name, [each.name for each in blocks]) for block in blocks]
        names = list(dict.fromkeys(features))
        super().__init__(names, targets, len(references), temperature)
        self.graph = model.graph()
        self.inputs = np.asarray(model.inputs(data), dtype=np.float32)  # (n, D)
        self.others = np.asarray(model.inputs(references), dtype=np.float32)  # (references, D)
        self.feature_of = np.zeros(self.inputs.shape[1], dtype=int)  # (D,) feature of each input number
        for block, feature in zip(blocks, features, strict=True):
            self.feature_of[block.start : block.stop] = names.index(feature)
        self.shift = self._shift(model.scores(references))

    def uncalibrated(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return the model's own probabilities (m, k) of mixed rows, see `FeatureView`."""
        parts = [
            self._predict(np.where(kept[part][:, self.feature_of], self.inputs[rows[part]], self.others[others[part]]))
            for part in passes(len(rows))
        ]
        found = np.concatenate(parts)
        if found.shape[1] != 2 or not self.shift:
            return found
        odds = np.clip(class_scores(found)[:, 1] + self.shift, -30, 30)
        positive = 1 / (1 + np.exp(-odds))
        return np.stack([1 / (1 + np.exp(odds)), positive], axis=1)

    def gradients(self, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the gradient of each point's target score, (m, D)."""
        from dl_core.explain.gradients import gradient

        found = [gradient(self.graph, points[part], targets[part]) for part in passes(len(points))]
        return np.concatenate(found) / self.temperature

    def by_feature(self, attributions: np.ndarray) -> np.ndarray:
        """Return attributions (n, D) summed over each feature's input numbers, (n, P)."""
        return attributions @ np.eye(len(self.names))[self.feature_of]

    def _predict(self, inputs: np.ndarray) -> np.ndarray:
        return np.asarray(self.graph.predict_on_batch(inputs), dtype=np.float64)

    def _shift(self, own: np.ndarray) -> float:
        """Return the median difference between the model's and its graph's log-odds over the references."""
        own = np.asarray(own, dtype=np.float64)
        if own.shape[1] != 2:
            return 0.0
        of_graph = np.concatenate([self._predict(self.others[part]) for part in passes(len(self.others))])
        shift = float(np.median(class_scores(own)[:, 1] - class_scores(of_graph)[:, 1]))
        return shift if abs(shift) > 1e-4 else 0.0


def passes(n: int, size: int = POINTS_A_PASS) -> list[slice]:
    """Return slices of at most ``size`` that cover 0…n."""
    return [slice(start, min(start + size, n)) for start in range(0, max(n, 1), size)]
