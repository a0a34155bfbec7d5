"""Repeats of one user and item as one row, and the k-core of what is left."""

from __future__ import annotations

import numpy as np

_LATE = np.iinfo(np.int64).max


def fold_repeats(
    pairs: np.ndarray, time: np.ndarray | None, value: np.ndarray | None, sums: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fold rows of the same pair: the earliest row stays.

    Parameters
    ----------
    pairs : numpy.ndarray
        (n,) int64 number of user and item together.
    time : numpy.ndarray or None
        (n,) datetime64[ns]; rows without a time come last. Without times the order of the rows counts.
    value : numpy.ndarray or None
        (n,) float64.
    sums : bool
        Whether values are summed (counts), or the last one stays (ratings).

    Returns
    -------
    first : numpy.ndarray
        (m,) positions of the rows that stay, in order.
    folded : numpy.ndarray
        (m,) float64 value of each, NaN without values.
    times : numpy.ndarray
        (m,) int64 how many rows were folded into it.
    """
    stamps = np.zeros(len(pairs), dtype=np.int64) if time is None else _stamps(time)
    order = np.lexsort((stamps, pairs))  # stable: rows of one instant stay in the order of the file
    ordered = pairs[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, dtype=np.int64)
    times = np.diff(np.r_[starts, len(order)])
    first = order[starts]
    if value is None:
        folded = np.full(len(first), np.nan)
    elif sums:
        folded = np.add.reduceat(np.nan_to_num(value[order]), starts) if len(order) else np.zeros(0)
        known = np.add.reduceat(np.isfinite(value[order]), starts) if len(order) else np.zeros(0)
        folded = np.where(known > 0, folded, np.nan)
    else:
        rated = np.lexsort((stamps, np.isfinite(value), pairs))  # rows with a rating after those without
        folded = value[rated[starts + times - 1]] if len(order) else np.zeros(0)
    back = np.argsort(first, kind="stable")
    return first[back], folded[back], times[back]


def _stamps(time: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(time), _LATE, time.astype("datetime64[ns]").astype(np.int64))


def k_core(users: np.ndarray, items: np.ndarray, counts: np.ndarray, min_user: int, min_item: int) -> np.ndarray:
    """Return which rows are left when users and items with too few rows are taken out until nothing changes.

    Parameters
    ----------
    users, items : numpy.ndarray
        (n,) int codes.
    counts : numpy.ndarray
        (n,) bool rows that count (positive ones); the others go with their user or item.
    min_user, min_item : int
        Least number of rows; 1 or less asks for nothing.
    """
    keep = np.ones(len(users), dtype=bool)
    while True:
        left = keep.copy()
        for codes, least in ((users, min_user), (items, min_item)):
            if least > 1 and left.any():
                number = np.bincount(codes[left & counts], minlength=int(codes.max()) + 1)
                left &= number[codes] >= least
        if left.sum() == keep.sum():
            return left
        keep = left
