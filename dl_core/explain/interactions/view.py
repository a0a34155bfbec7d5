"""What explanations of rankings see of a model: the score of an item for a history, whole, empty, or with gaps."""

from __future__ import annotations

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.models.interactions.base import Recommender

BATCH = 256  # histories scored at once


def target_scores(model: Recommender, histories: Histories, targets: np.ndarray) -> np.ndarray:
    """Return the score (n,) of each history's own target item, in blocks."""
    scores = np.zeros(len(histories), dtype=np.float64)
    for start, block in histories.blocks(BATCH):
        rows = np.arange(len(block))
        scores[start + rows] = model.score_items(block)[rows, targets[start + rows]]
    return scores


def empty_scores(
    model: Recommender, histories: Histories, targets: np.ndarray, scores: np.ndarray | None = None
) -> np.ndarray:
    """Return what no item of the history adds to each target's score, (n,).

    Models that add up parts hand an empty history what is popular instead of zeros, on another scale; for them it is
    the score less its parts. ``scores`` are the targets' where they are known.
    """
    parts = model.contributions(histories, targets)
    if parts is None:
        return target_scores(model, histories.last(0), targets)
    scores = target_scores(model, histories, targets) if scores is None else scores
    return np.where(histories.lengths > 0, scores - np.array([part.sum() for part in parts]), scores)


def variants(histories: Histories, user: int, kept: np.ndarray) -> Histories:
    """Return one user's history as often as ``kept`` (m, length) has rows, each with the items that are True there."""
    at = np.arange(histories.starts[user], histories.starts[user + 1])
    lengths, inside = kept.sum(axis=1), np.tile(at, (len(kept), 1))[kept]
    return Histories(
        users=np.repeat(histories.users[user : user + 1], len(kept)),
        n_items=histories.n_items,
        items=histories.items[inside],
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        values=histories.values[inside],
        times=None if histories.times is None else histories.times[inside],
        features=None if histories.features is None else histories.features.iloc[np.full(len(kept), user)],
    )
