"""The curves behind the numbers, as plain JSON: ROC, precision-recall, calibration, confusion, operating point."""

from __future__ import annotations

from typing import Any

import numpy as np

from dl_core.evaluate.calibration import apply_temperature, reliability
from dl_core.evaluate.formulas import cumulative, decide, sensitivity, specificity, weighted_confusion
from dl_core.evaluate.scored import Scored

POINTS = 300  # most points of a curve; a screen shows no more


def thin_curve(x: np.ndarray, y: np.ndarray, most: int = POINTS) -> np.ndarray:
    """Return at most ``most`` indices of a curve's points, the first and last among them, evenly along its way.

    Even steps in x and in y, not in the number of points: where positives are rare nearly all points of a
    precision-recall curve lie in its last stretch, and even steps by number would leave two for the rest.
    """
    if len(x) <= most:
        return np.arange(len(x))
    keep = [np.array([0, len(x) - 1])]
    for values, share in ((x, most // 2), (y, most - most // 2 - 2)):
        way = np.r_[0.0, np.cumsum(np.abs(np.diff(values)))]
        keep.append(np.searchsorted(way, np.linspace(0, way[-1], share)))
    return np.unique(np.concatenate(keep))


def _json(values: np.ndarray) -> list[float]:
    """Return shares as plain numbers, rounded to what a chart can show."""
    return np.round(values, 6).tolist()


def roc_curve(positive: np.ndarray, score: np.ndarray) -> dict[str, list[float]] | None:
    """Return ``fpr``, ``tpr`` and the ``threshold`` of each point, from (0, 0) up; None without both classes."""
    if not len(score):
        return None
    tp, fp = (counts[0] for counts in cumulative(positive.astype(float), score, np.ones((1, len(score)))))
    if not tp[-1] or not fp[-1]:
        return None
    tpr, fpr = np.r_[0.0, tp / tp[-1]], np.r_[0.0, fp / fp[-1]]
    cuts = np.r_[np.nextafter(score.max(), 2.0), np.unique(score)[::-1]]
    # points in the middle of a straight stretch say nothing
    bend = np.r_[True, (np.diff(tpr, 2) != 0) | (np.diff(fpr, 2) != 0), True]
    keep = np.flatnonzero(bend)
    keep = keep[thin_curve(fpr[keep], tpr[keep])]
    return {"fpr": _json(fpr[keep]), "tpr": _json(tpr[keep]), "threshold": cuts[keep].tolist()}


def pr_curve(positive: np.ndarray, score: np.ndarray) -> dict[str, list[float]] | None:
    """Return ``recall``, ``precision`` and ``threshold``, recall rising; None without positives."""
    if not len(score):
        return None
    tp, fp = (counts[0] for counts in cumulative(positive.astype(float), score, np.ones((1, len(score)))))
    if not tp[-1]:
        return None
    recall, precision, cuts = tp / tp[-1], tp / (tp + fp), np.unique(score)[::-1]
    keep = thin_curve(recall, precision)
    return {
        "recall": _json(np.r_[0.0, recall[keep]]),
        "precision": _json(np.r_[precision[0], precision[keep]]),
        "threshold": np.r_[cuts[0], cuts[keep]].tolist(),
    }


def _macro(curves: list[dict], x: str, y: str) -> dict[str, list[float]]:
    """Return the mean of curves over a common grid of ``x``."""
    grid = np.linspace(0, 1, 101)
    mean = np.mean([np.interp(grid, curve[x], curve[y]) for curve in curves], axis=0)
    return {x: _json(grid), y: _json(mean)}


def curves_of(case: Scored, classes: tuple[str, ...], temperature: float = 1.0) -> dict[str, Any]:
    """Return every curve of one model on labelled rows.

    Two classes: of the last class. More: ``roc`` and ``pr`` are the mean over the classes, one against the rest, and
    ``roc_by_class`` and ``pr_by_class`` hold each. ``calibration_before`` undoes ``temperature``.
    """
    y_true, y_score, k = case.y_true, case.y_score, len(classes)
    chosen = [1] if k == 2 else list(range(k))
    about: dict[str, Any] = {}
    for name, curve, x, y in (("roc", roc_curve, "fpr", "tpr"), ("pr", pr_curve, "recall", "precision")):
        each = {classes[c]: curve(y_true == c, y_score[:, c]) for c in chosen}
        known = {name: one for name, one in each.items() if one is not None}
        if k > 2:
            about[f"{name}_by_class"] = known
        values = list(known.values())
        about[name] = None if not values else values[0] if k == 2 else _macro(values, x, y)
    matrix = weighted_confusion(y_true, decide(y_score, case.threshold), k, np.ones((1, len(y_true))))[0]
    threshold = case.threshold if k == 2 and case.threshold is not None else (0.5 if k == 2 else None)
    point = {"threshold": threshold, "sensitivity": None, "specificity": None}
    for metric in (sensitivity, specificity):
        value = metric(y_true, y_score, case.threshold)
        point[metric.__name__] = None if np.isnan(value) else value
    return {
        **about,
        "calibration": reliability(y_true, y_score),
        "calibration_before": reliability(y_true, apply_temperature(y_score, 1 / temperature)),
        "confusion": matrix.astype(int).tolist(),
        "operating_point": point,
        "temperature": float(temperature),
        "positive": classes[-1] if k == 2 else None,
    }
