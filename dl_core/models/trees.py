"""Gradient-boosted trees as plain arrays: scikit-learn grows them, this file keeps, saves and walks them, unpickled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.weights import check_two_classes

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

BLOCK = 16_384  # rows that walk together: their places stay in the processor's cache


@dataclass(frozen=True)
class TreePlan:
    """How to grow trees.

    Parameters
    ----------
    rounds : int
        At most.
    step : int
        Rounds between two looks at validation and at the stop.
    late : int
        Looks without gain after which growing ends.
    learning_rate : float
    leaves : int
        Of one tree, at most.
    least : int
        Rows of a leaf.
    l2 : float
        Penalty on leaf values.
    features : float
        Share of the features that each split may choose from.
    bins : int
        Values of one feature that are told apart.
    """

    rounds: int = 75
    step: int = 15
    late: int = 2
    learning_rate: float = 0.15
    leaves: int = 12
    least: int = 20
    l2: float = 1.0
    features: float = 0.3
    bins: int = 32  # small histograms: most of the time goes into making room for them


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
    missing : numpy.ndarray or None
        (n_nodes,) whether NaN goes left; None where it always goes right.
    """

    start: np.ndarray
    present: np.ndarray
    root: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    missing: np.ndarray | None = None

    @property
    def rounds(self) -> int:
        """How many rounds were grown."""
        return len(self.root) // len(self.start)

    def raw(self, x: np.ndarray) -> np.ndarray:
        """Return the raw predictions of x (n, d) after the last round, (n, n_outputs)."""
        found = np.tile(self.start, (len(x), 1))
        for begin in range(0, len(x), BLOCK):
            rows = slice(begin, begin + BLOCK)
            for number, root in enumerate(self.root):
                found[rows, number % len(self.start)] += self._walk(x[rows], int(root))
        return found

    def further(self, x: np.ndarray, current: np.ndarray, done: int) -> Iterator[np.ndarray]:
        """Yield the raw predictions after each round beyond ``done``, of which ``current`` (n, n_outputs) are those."""
        outputs = len(self.start)
        current = current.copy()
        for number in range(done * outputs, len(self.root)):
            current[:, number % outputs] += self._walk(x, int(self.root[number]))
            if (number + 1) % outputs == 0:
                yield current.copy()

    def _walk(self, x: np.ndarray, root: int) -> np.ndarray:
        rows, node = np.arange(len(x)), np.full(len(x), root)
        while True:
            inner = self.left[node] >= 0
            if not inner.any():
                return self.value[node]
            values = x[rows, self.feature[node]]
            low = values <= self.threshold[node]
            if self.missing is not None:
                low |= np.isnan(values) & self.missing[node]
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
        return self.probabilities(self.raw(x), n_classes)

    def first(self, rounds: int) -> Trees:
        """Return the ensemble after so many rounds."""
        return replace(self, root=self.root[: rounds * len(self.start)])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: values for name, values in found.items() if values is not None}


def grow_trees(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    n_classes: int,
    weights: np.ndarray,
    context: FitContext,
    plan: TreePlan | None = None,
) -> Trees:
    """Return trees grown on x (n, d), y (n,), cut at the round with the best validation log-loss.

    Histogram gradient boosting of scikit-learn, a few rounds at a time so that the work can be stopped in between;
    where validation holds fewer than two classes of the training part, half of them are grown. NaN is a value of its
    own: each split learned which way it goes.
    """
    from threadpoolctl import threadpool_limits

    plan = plan or TreePlan()
    x, y = train
    given = None if np.ptp(weights) == 0 else weights
    if given is not None:
        x = snapped(x, plan.bins)
    present = check_two_classes(y, [str(i) for i in range(n_classes)])
    known = np.isin(validation[1], present)
    x_known, y_known = validation[0][known], validation[1][known]
    choose = len(np.unique(y_known)) > 1
    booster = _booster(plan, len(y), context.seed)
    best, late = _Best(), 0
    last = plan.rounds if choose else max(1, plan.rounds // 2)
    context.check_stop()
    for rounds in range(min(plan.step, last), last + 1, plan.step):
        with threadpool_limits(1):  # threads that wait for each other stand still on a busy machine: 50 times slower
            booster.set_params(max_iter=rounds).fit(x, y, sample_weight=given)
        trees = take_trees(booster, present)
        if choose:
            late = 0 if best.look(trees, x_known, y_known, n_classes) else late + 1
        context.progress(rounds / last, f"{rounds} boosting rounds")
        if late >= plan.late or context.out_of_time():
            break
    return trees.first(best.rounds) if choose else trees


def snapped(x: np.ndarray, bins: int) -> np.ndarray:
    """Return x (n, d) with each column brought to at most ``bins`` values, the nearest of its quantiles.

    With weights, scikit-learn looks for weighted quantiles of each column at every call of ``fit``, which takes ten
    times as long as the trees; columns of few values are spared that. Its cuts lie half way between neighbouring
    values, just where snapping changes from one to the next, so the trees mean the same for values as they were.
    """
    found = np.array(x, dtype=np.float64)
    for column in range(found.shape[1]):
        known = ~np.isnan(found[:, column])
        values = found[known, column]
        if len(np.unique(values)) > bins:
            kept = np.unique(np.quantile(values, np.linspace(0, 1, bins)))
            found[known, column] = kept[np.searchsorted((kept[1:] + kept[:-1]) / 2, values)]
    return found


def _booster(plan: TreePlan, rows: int, seed: int) -> HistGradientBoostingClassifier:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=plan.learning_rate,
        max_leaf_nodes=plan.leaves,
        min_samples_leaf=min(plan.least, max(1, rows // 10)),
        l2_regularization=plan.l2,
        max_features=plan.features,
        max_bins=plan.bins,
        early_stopping=False,
        warm_start=True,
        random_state=seed,
    )


class _Best:
    """The round with the smallest loss on validation rows so far."""

    def __init__(self) -> None:
        self.loss, self.rounds, self.seen = np.inf, 0, 0
        self.current = np.zeros((0, 0))  # raw predictions after ``seen`` rounds

    def look(self, trees: Trees, x: np.ndarray, y: np.ndarray, n_classes: int) -> bool:
        """Take in the rounds that are new; return whether one of them is the best."""
        before = self.rounds
        if not self.seen:
            self.current = np.tile(trees.start, (len(x), 1))
            self.loss = _loss(trees.probabilities(self.current, n_classes), y)
        for raw in trees.further(x, self.current, self.seen):
            self.current, self.seen = raw, self.seen + 1
            loss = _loss(trees.probabilities(raw, n_classes), y)
            if loss < self.loss:
                self.loss, self.rounds = loss, self.seen
        return self.rounds > before


def take_trees(booster: Any, present: np.ndarray) -> Trees:
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
        missing=joined["missing_go_to_left"].astype(bool),
    )


def _loss(scores: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.clip(scores[np.arange(len(y)), y], 1e-7, 1)).mean())
