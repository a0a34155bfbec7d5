"""An isolation forest: what a few random cuts set apart is unusual. It never sees a label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.prior import pair, without_labels
from dl_core.models.table.ranks import RankMap
from dl_core.models.trees import Trees

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest

TREES = 200
STEP = 25  # trees between two looks at the stop
DRAWN = 512  # rows that each tree sees
EULER = 0.5772156649015329
RARE = 3.0  # log of the rarity of a category, per step of one standard deviation


class Isolation(Classifier):
    """Liu, Ting and Zhou 2008 (*Isolation forest*), grown by scikit-learn and kept as plain arrays.

    Labels take no part, nor do columns made from labels. A category is told by how rare it is. The unusualness becomes
    a probability by its rank among training rows (`ranks`).
    """

    def __init__(self, trees: int = TREES, drawn: int = DRAWN) -> None:
        self.count, self.drawn = trees, drawn
        self.encoder = TableEncoder()
        self.forest: Trees | None = None
        self.usual = 1.0  # path length that is normal for the rows drawn
        self.rarity = np.zeros((0, 0))  # (c, most codes) of each code
        self.ranks: RankMap | None = None

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Grow trees on all training rows, whatever their label."""
        self.classes = train.classes
        context.progress(0.0, "Preparing features")
        train = without_labels(train)
        self.encoder = TableEncoder.fit(train)
        self._fit_rarity(self.encoder.codes(train))
        x = self._values(train)
        forest = _grow(x, context.part(0.1, 0.8), min(self.drawn, len(x)), self.count)
        self.forest, self.usual = take_forest(forest)
        self.ranks = RankMap.fit(self._unusual(x), context.sample_weight)
        context.progress(1.0, "Isolation forest")

    def _fit_rarity(self, codes: np.ndarray) -> None:
        """Take the logarithm of each code's rarity, in steps that compare with standardised numbers."""
        most = max((int(codes.max(initial=0)) + 1, *self.encoder.sizes()))
        self.rarity = np.zeros((codes.shape[1], most))
        for place in range(codes.shape[1]):
            counts = np.bincount(codes[:, place], minlength=most)
            self.rarity[place] = -np.log((counts + 0.5) / (len(codes) + 1)) / RARE

    def _values(self, data: Dataset) -> np.ndarray:
        """Return standardised numbers and the rarity of categories, (n, d) float32."""
        codes = self.encoder.codes(data)
        rare = self.rarity[np.arange(codes.shape[1]), codes].reshape(len(codes), -1)
        found = np.concatenate([self.encoder.numbers(data), rare], axis=1, dtype=np.float32)
        return found if found.shape[1] else np.zeros((len(data), 1), np.float32)

    def _unusual(self, x: np.ndarray) -> np.ndarray:
        """Return the unusualness (n,) in 0…1 of Liu et al.; scikit-learn's ``score_samples`` is its negative."""
        forest = fitted(self.forest)
        return 2.0 ** (-forest.raw(x)[:, 0] / (len(forest.root) * self.usual))

    def scores(self, data: Dataset) -> np.ndarray:
        """Return (n, 2): the probability by rank is the second class'."""
        p = fitted(self.ranks).probability(self._unusual(self._values(data)))
        return np.stack([1 - p, p], axis=1) if len(p) else pair(p)

    def parameters(self) -> int:
        """Return the number of cuts and leaves."""
        return 0 if self.forest is None else len(self.forest.value)

    def save(self, folder: Path) -> None:
        """Write trees and ranks as npz, the encoder and the classes as JSON."""
        save_about(folder, {"classes": list(self.classes), "usual": self.usual})
        save_arrays(folder / "trees.npz", fitted(self.forest).arrays())
        save_arrays(folder / "ranks.npz", {**fitted(self.ranks).arrays(), "rarity": self.rarity})
        self.encoder.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Isolation:
        """Return the saved forest."""
        model, about = cls(), load_about(folder)
        model.classes, model.usual = tuple(about["classes"]), about["usual"]
        model.encoder = TableEncoder.load(folder)
        model.forest = Trees(**load_arrays(folder / "trees.npz"))
        arrays = load_arrays(folder / "ranks.npz")
        model.rarity, model.ranks = arrays["rarity"], RankMap.of(arrays)
        return model


def _grow(x: np.ndarray, context: FitContext, drawn: int, count: int) -> IsolationForest:
    """Return a forest, grown a few trees at a time so that the work can be stopped in between."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=0, max_samples=drawn, warm_start=True, random_state=context.seed, n_jobs=1)
    for trees in range(min(STEP, count), count + 1, STEP):
        forest.set_params(n_estimators=trees).fit(x)
        context.progress(trees / count, f"{trees} random trees")
        if context.out_of_time():
            break
    return forest


def take_forest(forest: IsolationForest) -> tuple[Trees, float]:
    """Return the trees of a fitted `IsolationForest`, whose leaves hold path lengths, and the usual path length."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    roots, offset = [], 0
    for grown, columns in zip(forest.estimators_, forest.estimators_features_, strict=True):
        tree = grown.tree_
        leaf = tree.children_left < 0
        depth = _depths(tree.children_left, tree.children_right)
        parts["feature"].append(np.where(leaf, 0, np.asarray(columns)[np.where(leaf, 0, tree.feature)]))
        parts["threshold"].append(tree.threshold)
        parts["left"].append(np.where(leaf, -1, tree.children_left + offset))
        parts["right"].append(np.where(leaf, -1, tree.children_right + offset))
        parts["value"].append(np.where(leaf, depth + path_length(tree.n_node_samples), 0.0))
        roots.append(offset)
        offset += tree.node_count
    joined = {name: np.concatenate(values) for name, values in parts.items()}
    kinds = {"feature": np.int32, "left": np.int32, "right": np.int32, "threshold": np.float64, "value": np.float64}
    arrays = {name: joined[name].astype(kind) for name, kind in kinds.items()}
    trees = Trees(start=np.zeros(1), present=np.array([0, 1]), root=np.array(roots, dtype=np.int64), **arrays)
    return trees, float(max(path_length(np.array([forest.max_samples_]))[0], 1e-12))


def path_length(rows: np.ndarray) -> np.ndarray:
    """Return the mean path length (n,) that telling ``rows`` (n,) rows apart takes: 0 for one, 1 for two."""
    rows = np.asarray(rows, dtype=np.float64)
    many = np.maximum(rows, 3)
    found = 2 * (np.log(many - 1) + EULER) - 2 * (many - 1) / many
    return np.where(rows <= 1, 0.0, np.where(rows <= 2, 1.0, found))


def _depths(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return each node's depth; children come after their parent."""
    depth = np.zeros(len(left))
    for node in np.flatnonzero(left >= 0):
        depth[left[node]] = depth[right[node]] = depth[node] + 1
    return depth
