"""Rows and columns to learn from, how much each counts, and how what that does to probabilities is undone."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import FitContext
from dl_core.models.weights import check_two_classes, row_weights
from dl_core.schema import Role

FROM_LABELS = re.compile(r"\bknown\b|\bfrauds?\b")  # as `data.history` names what it makes of known labels


def learnable(data: Dataset, sample_weight: np.ndarray | None = None) -> tuple[Dataset, np.ndarray, np.ndarray | None]:
    """Return the rows whose label is known, their class indices (n,) and their weights.

    Raises
    ------
    SchemaError
        If there is no label column, or the rows hold fewer than two classes.
    """
    y = data.targets
    known = y >= 0
    if not known.all():
        data, y = data.subset(data.ids[known]), y[known]
        sample_weight = None if sample_weight is None else np.asarray(sample_weight)[known]
    check_two_classes(y, data.classes)
    return data, y, sample_weight


def known_rows(data: Dataset) -> tuple[Dataset, np.ndarray]:
    """Return the rows whose label is known, perhaps none, and their class indices (n,)."""
    if not data.labelled:
        return data.subset([]), np.zeros(0, dtype=np.int64)
    y = data.targets
    return (data, y) if (y >= 0).all() else (data.subset(data.ids[y >= 0]), y[y >= 0])


def without_labels(data: Dataset) -> Dataset:
    """Return the same rows without the columns that were made from labels: delayed fraud rates and counts.

    A detector that reads them is not unsupervised: it profits from labels as a rule or a network does.
    """
    history = data.roles.get(Role.HISTORY, ())
    kept = tuple(name for name in history if not FROM_LABELS.search(name))
    return data if kept == tuple(history) else replace(data, roles={**data.roles, Role.HISTORY: kept})


def tilted_weights(
    y: np.ndarray, context: FitContext, sample_weight: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Return weights (n,) of mean 1 by ``options["imbalance"]``, and the log-odds that they add to class 1.

    With ``"none"`` rows count as given; otherwise both classes count the same in total. A model fitted with these
    weights is right about the true shares once the log-odds are taken off (Elkan 2001, *The foundations of
    cost-sensitive learning*). Reweighing by the caller (``sample_weight``) is not undone: it is meant.

    Parameters
    ----------
    y : numpy.ndarray
        (n,) 0 or 1.
    context : FitContext
    sample_weight : numpy.ndarray or None
        (n,)
    """
    if context.options.get("imbalance", "weights") == "none":
        return row_weights(y, 2, sample_weight, balanced=False), 0.0
    base = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    totals = np.maximum(np.bincount(y, weights=base, minlength=2), 1e-12)
    return row_weights(y, 2, sample_weight), float(np.log(totals[0] / totals[1]))


def pair(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities (n, 2) of log-odds (n,) of class 1."""
    powers = np.exp(-np.abs(log_odds))
    likely = 1 / (1 + powers)  # of the side that the log-odds favour
    second = np.where(log_odds >= 0, likely, 1 - likely)
    return np.stack([1 - second, second], axis=1)


def shifted(scores: np.ndarray, log_odds: float) -> np.ndarray:
    """Return probabilities (n, 2) with ``log_odds`` added to class 1."""
    odds = np.log(np.clip(scores[:, 1], 1e-12, 1.0)) - np.log(np.clip(scores[:, 0], 1e-12, 1.0))
    return pair(odds + log_odds)


def log_loss(y: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean log-loss of probabilities (n, 2) for y (n,)."""
    return float(-np.log(np.clip(scores[np.arange(len(y)), y], 1e-9, 1)).mean())
