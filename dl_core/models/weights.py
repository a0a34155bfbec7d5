"""How much each training row counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.errors import SchemaError


def row_weights(
    y: np.ndarray, n_classes: int, sample_weight: np.ndarray | None = None, balanced: bool = True
) -> np.ndarray:
    """Return weights (n,) float64 with mean 1.

    Parameters
    ----------
    y : numpy.ndarray
        (n,) class indices.
    n_classes : int
    sample_weight : numpy.ndarray or None
        (n,) weights of the caller, for instance of reweighing.
    balanced : bool
        Whether each class that occurs gets the same total weight, on top of ``sample_weight``.
    """
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64).copy()
    if balanced:
        totals = np.bincount(y, weights=weights, minlength=n_classes)
        weights = weights / np.where(totals > 0, totals, 1.0)[y]
    return weights * len(y) / weights.sum() if len(y) else weights


def check_two_classes(y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the indices of the classes that occur in y (n,).

    Raises
    ------
    SchemaError
        If there are fewer than two, so that there is nothing to tell apart.
    """
    present = np.unique(y)
    if len(present) < 2:
        only = f"only the class {classes[present[0]]!r}" if len(present) else "no labelled row"
        raise SchemaError(f"the training set has {only}", expected="two classes or more", todo="add images of another")
    return present
