"""The formulas of the metrics: plain functions of labels and scores that can judge many weighted resamples at once.

Every metric is written once, for a matrix of row weights (r, n): the plain value uses weights of one, a bootstrap the
counts of its draws, so that a thousand resamples cost a few matrix products. A value that is not defined (no positive
row, say) is NaN and never an error.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dl_core.evaluate.keep import keep
from dl_core.evaluate.steps import Steps, steps_of, weighted_steps

Function = Callable[..., float]
Weighted = Callable[..., np.ndarray]
Threshold = float | np.ndarray | None  # of the positive class: one for all rows, or one each (n,)
SMALLEST = 1e-12  # probabilities are clipped to this before a logarithm
BINS = 10  # equal-width bins of the calibration error


def decide(y_score: np.ndarray, threshold: Threshold = None) -> np.ndarray:
    """Return predicted class indices (n,).

    Two classes with a ``threshold``: the last class where its score reaches it. Else the most probable class.

    >>> decide(np.array([[0.7, 0.3], [0.8, 0.2]]), 0.3).tolist(), decide(np.array([[0.7, 0.3]])).tolist()
    ([1, 0], [0])
    """
    if threshold is not None and y_score.shape[1] == 2:
        return (y_score[:, 1] >= threshold).astype(np.int64)
    return y_score.argmax(axis=1)


def divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return ``above / below`` with NaN where ``below`` is 0.

    >>> divide(np.array([1.0, 3.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    above, below = np.broadcast_arrays(np.asarray(above, dtype=float), np.asarray(below, dtype=float))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Return the mean of the last axis over entries that are not NaN; NaN where all are."""
    known = ~np.isnan(values)
    return divide(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


@keep
def total(weights: np.ndarray) -> np.ndarray:
    """Return the number of rows (r,) in each resample of ``weights`` (r, n)."""
    return weights.sum(axis=1)


def weighted_confusion(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, weights: np.ndarray) -> np.ndarray:
    """Return confusion matrices (r, n_classes, n_classes) for ``weights`` (r, n); rows are true classes."""
    cell = y_true * n_classes + y_pred
    sizes = np.bincount(cell, minlength=n_classes**2)
    cells = np.zeros((len(weights), n_classes**2))
    largest = int(sizes.argmax())  # what is left once all others are counted; most rows, where a class is rare
    for number in np.flatnonzero(sizes):
        if number != largest:
            cells[:, number] = np.take(weights, np.flatnonzero(cell == number), axis=1).sum(axis=1)
    cells[:, largest] = total(weights) - cells.sum(axis=1)
    return cells.reshape(-1, n_classes, n_classes)


@keep
def _matrices(y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold) -> np.ndarray:
    """Return the confusion matrices (r, k, k) of decisions, worked out once for all metrics."""
    return weighted_confusion(y_true, decide(y_score, threshold), y_score.shape[1], weights)


def _counts(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold, positive: int | None = None
) -> tuple[np.ndarray, ...]:
    """Return tp, fp, fn, tn, each (r, k) one-vs-rest; k = 1 (the positive class) with two classes or a chosen one."""
    k = y_score.shape[1]
    if positive is not None and k > 2:  # one class against the rest, at its own operating point
        chosen = y_score[:, positive]
        said = chosen >= threshold if threshold is not None else y_score.argmax(axis=1) == positive
        matrix = weighted_confusion((y_true == positive).astype(np.int64), said.astype(np.int64), 2, weights)
    else:
        matrix = _matrices(y_true, y_score, weights, threshold)
    tp = np.diagonal(matrix, axis1=1, axis2=2)  # (r, k)
    fn, fp = matrix.sum(axis=2) - tp, matrix.sum(axis=1) - tp
    tn = matrix.sum(axis=(1, 2))[:, None] - tp - fn - fp
    if matrix.shape[1] == 2:
        one = 0 if k == 2 and positive == 0 else 1
        return tuple(part[:, one : one + 1] for part in (tp, fp, fn, tn))
    return tp, fp, fn, tn


def weighted_accuracy(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the accuracy (r,) under each row of ``weights`` (r, n)."""
    matrix = _matrices(y_true, y_score, weights, threshold)
    return divide(np.trace(matrix, axis1=1, axis2=2), matrix.sum(axis=(1, 2)))


def weighted_balanced_accuracy(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the balanced accuracy (r,) under each row of ``weights`` (r, n)."""
    matrix = _matrices(y_true, y_score, weights, threshold)
    return mean_defined(divide(np.diagonal(matrix, axis1=1, axis2=2), matrix.sum(axis=2)))


def weighted_sensitivity(
    y_true: np.ndarray,
    y_score: np.ndarray,
    weights: np.ndarray,
    threshold: Threshold = None,
    positive: int | None = None,
) -> np.ndarray:
    """Return the sensitivity (r,) under each row of ``weights`` (r, n)."""
    tp, _, fn, _ = _counts(y_true, y_score, weights, threshold, positive)
    return mean_defined(divide(tp, tp + fn))


def weighted_specificity(
    y_true: np.ndarray,
    y_score: np.ndarray,
    weights: np.ndarray,
    threshold: Threshold = None,
    positive: int | None = None,
) -> np.ndarray:
    """Return the specificity (r,) under each row of ``weights`` (r, n)."""
    _, fp, _, tn = _counts(y_true, y_score, weights, threshold, positive)
    return mean_defined(divide(tn, tn + fp))


def weighted_false_positive_rate(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the false positive rate (r,) under each row of ``weights`` (r, n)."""
    return 1 - weighted_specificity(y_true, y_score, weights, threshold)


def weighted_selection_rate(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the selection rate (r,) under each row of ``weights`` (r, n)."""
    matrix = _matrices(y_true, y_score, weights, threshold)
    return divide(matrix[:, :, -1].sum(axis=1), matrix.sum(axis=(1, 2)))


def weighted_f1(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the F1 (r,) under each row of ``weights`` (r, n)."""
    tp, fp, fn, _ = _counts(y_true, y_score, weights, threshold)
    return mean_defined(divide(2 * tp, 2 * tp + fp + fn))


def cumulative(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted true and false positives (r, g), calling positive all down to each of g distinct scores.

    Distinct scores run from the highest down, so that ties enter together.
    """
    order = np.argsort(-score, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    sorted_weights = weights[:, order]  # (r, n)
    everything = np.add.reduceat(sorted_weights, first, axis=1)
    hits = np.add.reduceat(sorted_weights * positive[order], first, axis=1)
    return np.cumsum(hits, axis=1), np.cumsum(everything - hits, axis=1)


@keep
def _binary_steps(y_true: np.ndarray, y_score: np.ndarray) -> Steps:
    return steps_of(y_true == 1, y_score[:, 1])


@keep
def _binary_counts(y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return weighted_steps(_binary_steps(y_true, y_score), weights)


def auroc_of(tp: np.ndarray, fp: np.ndarray) -> np.ndarray:
    """Return the AUROC (r,) of true and false positives (r, g) down to each score."""
    before = np.concatenate([np.zeros((len(tp), 1)), tp[:, :-1]], axis=1)
    new_fp = np.diff(fp, axis=1, prepend=0.0)
    return divide((new_fp * (tp + before)).sum(axis=1) / 2, tp[:, -1] * fp[:, -1])


def auprc_of(tp: np.ndarray, fp: np.ndarray) -> np.ndarray:
    """Return the average precision (r,) of true and false positives (r, g) down to each score."""
    called = tp + fp
    precision = np.divide(tp, called, out=np.zeros_like(tp), where=called > 0)
    return divide((np.diff(tp, axis=1, prepend=0.0) * precision).sum(axis=1), tp[:, -1])


def one_vs_rest(area: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Weighted:
    """Return ``area`` for any number of classes: the last class of two, else the mean over the classes defined."""

    def value(y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None) -> np.ndarray:
        """Return the value (r,) under each row of ``weights`` (r, n)."""
        if not len(y_true):
            return np.full(len(weights), np.nan)
        k = y_score.shape[1]
        if k == 2:
            return area(*_binary_counts(y_true, y_score, weights))
        each = [area(*weighted_steps(steps_of(y_true == c, y_score[:, c]), weights)) for c in range(k)]
        return mean_defined(np.stack(each, axis=-1))

    return value


def weighted_brier(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the Brier score (r,) under each row of ``weights`` (r, n)."""
    k = y_score.shape[1]
    loss = (y_score[:, 1] - y_true) ** 2 if k == 2 else ((y_score - np.eye(k)[y_true]) ** 2).sum(axis=1)
    return divide(weights @ loss, total(weights))


def weighted_log_loss(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the log loss (r,) under each row of ``weights`` (r, n)."""
    chosen = y_score[np.arange(len(y_true)), y_true]
    return divide(weights @ -np.log(np.clip(chosen, SMALLEST, 1.0)), total(weights))


def weighted_ece(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
) -> np.ndarray:
    """Return the expected calibration error (r,) under each row of ``weights`` (r, n)."""
    bins, error = _errors(y_true, y_score)
    sums = np.zeros((len(weights), BINS))
    largest = int(np.bincount(bins, minlength=BINS).argmax())  # what is left once all others are summed up
    for number in range(BINS):
        rows = np.flatnonzero(bins == number)
        if number != largest and len(rows):
            sums[:, number] = np.take(weights, rows, axis=1) @ error[rows]
    sums[:, largest] = weights @ error - sums.sum(axis=1)
    return divide(np.abs(sums).sum(axis=1), total(weights))


@keep
def _errors(y_true: np.ndarray, y_score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's bin and how far its probability is above what happened."""
    # two classes: the positive class's probability; more: the top probability against being right (Guo 2017)
    binary = y_score.shape[1] == 2
    predicted = y_score[:, 1] if binary else y_score.max(axis=1)
    observed = y_true == 1 if binary else y_score.argmax(axis=1) == y_true
    return np.minimum((predicted * BINS).astype(int), BINS - 1), predicted - observed


def plain(name: str, weighted: Weighted, line: str) -> Function:
    """Return the plain function of a weighted metric."""

    def function(y_true: np.ndarray, y_score: np.ndarray, threshold: Threshold = None, **options) -> float:
        y_true, y_score = np.asarray(y_true, dtype=np.int64), np.asarray(y_score, dtype=float)
        return float(weighted(y_true, y_score, np.ones((1, len(y_true))), threshold, **options)[0])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{line} ``y_true`` (n,) class indices, ``y_score`` (n, k) probabilities; NaN if undefined."
    return function


accuracy = plain("accuracy", weighted_accuracy, "Share of rows whose predicted class is right.")
balanced_accuracy = plain("balanced_accuracy", weighted_balanced_accuracy, "Mean over the classes of the share found.")
weighted_auroc, weighted_auprc = one_vs_rest(auroc_of), one_vs_rest(auprc_of)
auroc = plain("auroc", weighted_auroc, "Area under the ROC curve; ties count half; one-vs-rest mean if k > 2.")
auprc = plain("auprc", weighted_auprc, "Average precision, the step-wise area under the precision-recall curve.")
f1 = plain(
    "f1", weighted_f1, "Harmonic mean of precision and recall of the positive class; mean over classes if k > 2."
)
sensitivity = plain(
    "sensitivity",
    weighted_sensitivity,
    "True positive rate: share of positives predicted positive; ``positive=`` chooses the class if k > 2.",
)
specificity = plain(
    "specificity",
    weighted_specificity,
    "True negative rate: share of negatives predicted negative; ``positive=`` chooses the class if k > 2.",
)
false_positive_rate = plain(
    "false_positive_rate",
    weighted_false_positive_rate,
    "False positive rate: share of negatives predicted positive, 1 - specificity.",
)
selection_rate = plain("selection_rate", weighted_selection_rate, "Share of rows predicted positive (the last class).")
brier = plain(
    "brier",
    weighted_brier,
    "Mean squared error of the probability (of the positive class; summed over classes if k > 2).",
)
log_loss = plain("log_loss", weighted_log_loss, "Mean negative logarithm of the true class's probability.")
ece = plain("ece", weighted_ece, "Expected calibration error over ten equal-width bins.")
