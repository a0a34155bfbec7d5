"""Probabilities that mean what they say: temperature scaling, reliability bins, and cuts that turn them to decisions.

Everything here is fitted on validation rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.about import About, about_rows, coded, has_columns
from dl_core.evaluate.formulas import decide

SMALLEST = 1e-12
TEMPERATURES = (0.05, 20.0)
METHODS = ("youden", "f1")
Z95 = 1.959963984540054  # two-sided 95 % point of the normal distribution
RARE = 0.05  # a positive class with a smaller share is rare


def fit_temperature(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Return the temperature T that best calibrates probabilities, 1 where nothing is gained.

    Parameters
    ----------
    y_true : numpy.ndarray
        (n,) class indices of validation rows.
    y_score : numpy.ndarray
        (n, k) probabilities; their logarithms stand in for the logits, from which they differ by a constant a row.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), *On Calibration of Modern Neural Networks*, section 4.2. Deviation: the
    targets are smoothed by 1 / (n + 2) as in Platt (1999), so that rows told apart perfectly do not ask for T = 0.
    """
    from scipy.optimize import minimize_scalar

    y_true, y_score = np.asarray(y_true, dtype=np.int64), np.asarray(y_score, dtype=float)
    n, k = y_score.shape
    if n < 2 or len(np.unique(y_true)) < 2:
        return 1.0
    smooth = 1 / (n + 2)
    target = np.full((n, k), smooth / (k - 1))
    target[np.arange(n), y_true] = 1 - smooth
    logits = np.log(np.clip(y_score, SMALLEST, 1.0))

    def loss(log_t: float) -> float:
        scaled = logits / np.exp(log_t)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(-(target * (scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))).sum(axis=1).mean())

    best = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-5})
    return float(np.exp(best.x)) if best.fun < loss(0.0) - 1e-9 else 1.0


def apply_temperature(y_score: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities (n, k) with their logits divided by ``temperature``; the order of classes stays.

    ``apply_temperature(apply_temperature(p, t), 1 / t)`` gives ``p`` back.

    Raises
    ------
    OptionError
        If the temperature is not positive.
    """
    if not temperature > 0:
        raise OptionError(f"the temperature is {temperature}", expected="a number over 0")
    if temperature == 1.0:
        return np.array(y_score, dtype=float)
    scaled = np.log(np.clip(np.asarray(y_score, dtype=float), SMALLEST, 1.0)) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def wilson(successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % Wilson interval of a share; ``trials`` must be over 0."""
    share, z2 = successes / trials, Z95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def reliability(y_true: np.ndarray, y_score: np.ndarray, bins: int = 10) -> dict[str, list[float]]:
    """Return the calibration curve: mean predicted and observed share by bin, with Wilson intervals.

    Two classes: probability of the last class against its share. More: top probability against the share of rows right.
    Bins are equally wide; but where the last of two classes is rare, equal widths would put next to all rows into the
    first, so there each bin holds an equal share of the probability given out, that is of the positives expected.

    Returns
    -------
    dict
        ``predicted, observed, count, low, high``, one entry for each bin that holds rows.
    """
    binary = y_score.shape[1] == 2
    predicted = y_score[:, 1] if binary else y_score.max(axis=1)
    observed = (y_true == 1) if binary else (y_score.argmax(axis=1) == y_true)
    if binary and 0 < observed.sum() < RARE * len(observed):
        index = _equal_mass(predicted, bins)
    else:
        index = np.minimum((predicted * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins).astype(float)
    full = count > 0
    count = count[full]
    hits = np.bincount(index, observed, minlength=bins)[full]
    low, high = wilson(hits, count)
    return {
        "predicted": (np.bincount(index, predicted, minlength=bins)[full] / count).tolist(),
        "observed": (hits / count).tolist(),
        "count": count.astype(int).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
    }


def _equal_mass(predicted: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin of each row, so that bins hold equal sums of ``predicted``; equal values share a bin."""
    order = np.argsort(predicted, kind="stable")
    mass = np.cumsum(predicted[order])
    if not mass[-1] > 0:
        return np.zeros(len(predicted), dtype=int)
    values, first = np.unique(predicted[order], return_index=True)
    before = np.r_[0.0, mass][first]  # of all rows with a smaller value
    own = np.minimum((before / mass[-1] * bins).astype(int), bins - 1)
    return own[np.searchsorted(values, predicted)]


def pick_threshold(y_true: np.ndarray, y_score: np.ndarray, method: str = "youden") -> float | None:
    """Return the operating point for the last of two classes, or None where there is none to pick.

    Parameters
    ----------
    y_true : numpy.ndarray
        (n,) class indices of validation rows.
    y_score : numpy.ndarray
        (n, 2) probabilities.
    method : str
        ``"youden"``: largest sensitivity + specificity. ``"f1"``: largest F1, for a rare class.

    Notes
    -----
    Candidates lie half way between neighbouring scores, and of equally good ones the nearest to 0.5 is taken, so that
    a point between two well-parted classes is not set at the very edge of one.

    Raises
    ------
    OptionError
        If the method is unknown.
    """
    y_true, y_score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if method not in METHODS:
        raise OptionError(f"{method!r} picks no threshold", expected=", ".join(METHODS))
    positives = int((y_true == 1).sum())
    negatives = len(y_true) - positives
    if y_score.ndim != 2 or y_score.shape[1] != 2 or not positives or not negatives:
        return None
    cuts, called = cuts_and_sums(y_score[:, 1], np.column_stack([y_true == 1, y_true != 1]).astype(float))
    if method == "f1":
        return best_cut(cuts, 2 * called[:, 0] / (called.sum(axis=1) + positives))
    return best_cut(cuts, called[:, 0] / positives + (1 - called[:, 1] / negatives))


def cuts_and_sums(score: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return candidate cuts (c,) of ``score`` (n,), rising, and the sums (c, v) of ``values`` (n, v) at or above each.

    Cuts lie half way between neighbouring scores; the first calls all rows and the last none.
    """
    known, at = np.unique(score, return_inverse=True)
    cuts = np.r_[known[0], (known[1:] + known[:-1]) / 2, np.nextafter(known[-1], 2.0)]
    sums = np.column_stack([np.bincount(at, one, minlength=len(known)) for one in values.T])
    above = np.cumsum(sums[::-1], axis=0)[::-1]
    return cuts, np.concatenate([above, np.zeros((1, values.shape[1]))])


def best_cut(cuts: np.ndarray, gain: np.ndarray) -> float:
    """Return the cut with the largest gain; of equally good ones the nearest to 0.5."""
    best = np.flatnonzero(gain >= gain.max() - 1e-9)
    return float(cuts[best[np.argmin(np.abs(cuts[best] - 0.5))]])


def pick_threshold_for_money(y_true: np.ndarray, y_score: np.ndarray, about: About | pd.DataFrame) -> float | None:
    """Return the operating point that saves most money on validation rows, or None where there is none to pick.

    Reviewing a row costs ``review_cost``, and where it is fraud saves ``loss_share`` of its amount. Where amounts or
    costs are not known, or a review costs nothing (then flagging all would be best), it is the point of the best F1.

    Parameters
    ----------
    y_true : numpy.ndarray
        (n,) class indices of validation rows.
    y_score : numpy.ndarray
        (n, 2) calibrated probabilities.
    about : mapping or pandas.DataFrame
        ``amount`` (n,) in currency, ``review_cost`` in currency and ``loss_share`` 0…1 (scalars or constant columns);
        a table has the rows of ``y_true`` in the same order.
    """
    y_true, y_score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if isinstance(about, pd.DataFrame):
        about = about_rows(coded(about), about.index)
    if not has_columns(("amount", "review_cost", "loss_share"), about) or not float(about["review_cost"]) > 0:
        return pick_threshold(y_true, y_score, "f1")
    if y_score.ndim != 2 or y_score.shape[1] != 2 or not 0 < (y_true == 1).sum() < len(y_true):
        return None
    gain = float(about["loss_share"]) * np.maximum(about["amount"], 0.0) * (y_true == 1) - float(about["review_cost"])
    cuts, saved = cuts_and_sums(y_score[:, 1], gain[:, None])
    return best_cut(cuts, saved[:, 0])


def pick_uncertain(
    y_true: np.ndarray,
    y_score: np.ndarray,
    threshold: float | None = None,
    *,
    accuracy: float = 0.95,
    most: float = 0.20,
    least: float = 0.05,
) -> float | None:
    """Return the top probability under which a prediction is flagged as uncertain; None without rows.

    It is the smallest cut above which ``accuracy`` of the validation rows are right, but no more than the share
    ``most`` of rows is flagged. Where the model is as good as that already, the ``least`` share of rows it is
    least sure of is flagged all the same, as far as they are below 0.9.

    Parameters
    ----------
    y_true : numpy.ndarray
        (n,) class indices of validation rows.
    y_score : numpy.ndarray
        (n, k) calibrated probabilities.
    threshold : float or None
        Operating point of a two-class model, by which "right" is judged.
    """
    y_true, y_score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if not len(y_true):
        return None
    top = y_score.max(axis=1)
    right = decide(y_score, threshold) == y_true
    order = np.argsort(top, kind="stable")
    values, first = np.unique(top[order], return_index=True)
    kept_right = np.cumsum(right[order][::-1])[::-1][first]  # right ones among rows at or above each value
    kept = len(top) - first
    good = np.flatnonzero(kept_right / kept >= accuracy)
    few = np.flatnonzero(first <= most * len(top))  # cuts that flag no more than the share allowed
    cut = values[min(good[0], few[-1])] if len(good) else values[few[-1]]
    floor = min(float(np.quantile(top, least)), 0.9)
    return float(max(cut, floor))
