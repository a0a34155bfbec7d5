"""Rows in groups of scores, and weighted sums over groups: what areas under curves are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Steps(NamedTuple):
    """Rows in groups of scores, from the highest down, as `weighted_steps` needs them."""

    n_groups: int
    group: np.ndarray  # (n,) group of each row
    hits: np.ndarray  # (p,) the positive rows


def steps_of(positive: np.ndarray, score: np.ndarray) -> Steps:
    """Return the groups of ``score`` (n,), given which rows are ``positive`` (n,) bool.

    Distinct scores without a positive are taken together: neither the area under the ROC curve nor average precision
    changes by that, and where positives are rare next to nothing is left to add up.
    """
    order = np.argsort(-score, kind="stable")
    known = positive[order]
    first = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    holds = np.add.reduceat(known.astype(np.int64), first) > 0
    first = first[holds | np.r_[True, holds[:-1]]]  # a run of scores without a positive is one group
    group = np.empty(len(score), dtype=np.intp)
    group[order] = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(score)]))
    return Steps(len(first), group, np.flatnonzero(positive))


def sums_by(group: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Return the sum of ``weights`` (r, n) over each of ``count`` groups of columns, (r, count)."""
    return np.stack([np.bincount(group, one, minlength=count) for one in weights]).astype(float)


def weighted_steps(steps: Steps, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted true and false positives (r, g), calling positive all down to each group of scores."""
    everything = sums_by(steps.group, weights, steps.n_groups)
    hits = sums_by(steps.group[steps.hits], np.take(weights, steps.hits, axis=1), steps.n_groups)
    return np.cumsum(hits, axis=1), np.cumsum(everything - hits, axis=1)
