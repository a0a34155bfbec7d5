"""Gradient-boosted trees as plain arrays: scikit-learn grows them, this file keeps, saves and walks them, unpickled."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.weights import check_two_classes

ROUNDS = 75  # at most
STEP = 15  # rounds between two looks at validation and at the stop
LATE = 2  # looks without gain after which growing ends


@dataclass(frozen=True)
class Trees:
    """A boosted ensemble.

    Parameters
    ----------
    start : numpy.ndarray
        (n_outputs,) raw prediction before the first tree; one output for two classes, else one a class.
    present : numpy.ndarray
        (k,) indices of the classes that training held, in the order of the outputs.
    root : numpy.ndarray
        (n_trees,) place of each tree's root; tree t adds to output ``t % n_outputs``.
    feature, threshold, left, right, value : numpy.ndarray
        (n_nodes,) A row goes ``left`` if its feature is at most the threshold; ``left`` is -1 at a leaf,
        whose ``value`` is added.
    """

    start: np.ndarray
    present: np.ndarray
    root: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray

    def raw(self, x: np.ndarray) -> np.ndarray:
        """Return the raw predictions of x (n, d) after each round, (n_rounds + 1, n, n_outputs)."""
        outputs = len(self.start)
        current = np.tile(self.start, (len(x), 1))
        rounds = [current.copy()]
        for number, root in enumerate(self.root):
            current[:, number % outputs] += self._walk(x, int(root))
            if (number + 1) % outputs == 0:
                rounds.append(current.copy())
        return np.stack(rounds)

    def _walk(self, x: np.ndarray, root: int) -> np.ndarray:
        rows, node = np.arange(len(x)), np.full(len(x), root)
        while True:
            inner = self.left[node] >= 0
            if not inner.any():
                return self.value[node]
            low = x[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(inner, np.where(low, self.left[node], self.right[node]), node)

    def probabilities(self, raw: np.ndarray, n_classes: int) -> np.ndarray:
        """Return probabilities (n, n_classes) of raw predictions (n, n_outputs); 0 for classes not in training."""
        logits = np.concatenate([np.zeros_like(raw), raw], axis=1) if raw.shape[1] == 1 else raw
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = np.zeros((len(raw), n_classes))
        scores[:, self.present] = powers / powers.sum(axis=1, keepdims=True)
        return scores

    def scores(self, x: np.ndarray, n_classes: int) -> np.ndarray:
        """Return probabilities (n, n_classes) of x (n, d)."""
        return self.probabilities(self.raw(x)[-1], n_classes)

    def first(self, rounds: int) -> Trees:
        """Return the ensemble after so many rounds."""
        return replace(self, root=self.root[: rounds * len(self.start)])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def grow_trees(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    n_classes: int,
    weights: np.ndarray,
    context: FitContext,
) -> Trees:
    """Return trees grown on x (n, d), y (n,), cut at the round with the best validation log-loss.

    Histogram gradient boosting of scikit-learn, fifteen rounds at a time so that the work can be stopped in between;
    where validation holds fewer than two classes of the training part, half of them are grown.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    x, y = train
    present = check_two_classes(y, [str(i) for i in range(n_classes)])
    known = np.isin(validation[1], present)
    x_known, y_known = validation[0][known], validation[1][known]
    choose = len(np.unique(y_known)) > 1
    booster = HistGradientBoostingClassifier(
        learning_rate=0.15,
        max_leaf_nodes=12,
        min_samples_leaf=min(20, max(1, len(y) // 10)),
        l2_regularization=1.0,
        max_features=0.3,
        max_bins=32,  # small histograms: most of the time goes into making room for them
        early_stopping=False,
        warm_start=True,
        random_state=context.seed,
    )
    trees, best, late = None, (np.inf, 0), 0
    last = ROUNDS if choose else ROUNDS // 2
    for rounds in range(STEP, last + 1, STEP):
        with threadpool_limits(
            1
        ):  # threads that wait for each other stand still on a busy machine: seen 50 times slower
            booster.set_params(max_iter=rounds).fit(x, y, sample_weight=weights)
        trees = take_trees(booster, present)
        if choose:
            losses = [_loss(trees.probabilities(raw, n_classes), y_known) for raw in trees.raw(x_known)]
            found = (min(losses), int(np.argmin(losses)))
            late = 0 if found[1] > best[1] else late + 1
            best = min(best, found)
        context.progress(rounds / last, f"{rounds} rounds of trees")
        if late >= LATE or context.out_of_time():
            break
    return trees.first(best[1]) if choose else trees


def take_trees(booster: object, present: np.ndarray) -> Trees:
    """Return the trees of a fitted `HistGradientBoostingClassifier` as arrays."""
    nodes = [predictor.nodes for group in booster._predictors for predictor in group]
    offsets = np.cumsum([0, *(len(tree) for tree in nodes)])[:-1]
    joined = np.concatenate(nodes)
    shift = np.repeat(offsets, [len(tree) for tree in nodes])
    leaf = joined["is_leaf"].astype(bool)
    return Trees(
        start=np.asarray(booster._baseline_prediction, dtype=np.float64).ravel(),
        present=np.asarray(present),
        root=offsets.astype(np.int64),
        feature=np.where(leaf, 0, joined["feature_idx"]).astype(np.int32),
        threshold=joined["num_threshold"].astype(np.float64),
        left=np.where(leaf, -1, joined["left"].astype(np.int64) + shift).astype(np.int32),
        right=np.where(leaf, -1, joined["right"].astype(np.int64) + shift).astype(np.int32),
        value=joined["value"].astype(np.float64),
    )


def _loss(scores: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.clip(scores[np.arange(len(y)), y], 1e-7, 1)).mean())
