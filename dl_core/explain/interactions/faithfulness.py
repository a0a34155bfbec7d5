"""How far an account of a recommendation can be trusted: the items it names leave the history and come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import measure_way, rank_correlation
from dl_core.explain.interactions.methods import leave_one_out
from dl_core.explain.interactions.view import target_scores, variants
from dl_core.models.interactions.base import Recommender

SMALLEST = 1e-9  # effect of the whole history on the score under which nothing is measured


def measure(
    model: Recommender,
    histories: Histories,
    user: int,
    target: int,
    heats: Mapping[str, np.ndarray],
    base: float,
    seed: int = 0,
) -> dict[str, Faithfulness]:
    """Measure several methods' weights of one history.

    Deletion (Petsiuk, Das and Saenko, RISE, BMVC 2018) follows the target's score as the items that speak most for it
    leave the history, insertion as they come back into an empty one. Deviation: scores of recommenders are no
    probabilities, so a score counts as the share of the way from the empty history's (0) to the whole one's (1), cut to
    0…1, and areas are taken at `SHARES` of the history. ``leave_one_out`` is Spearman's rank correlation with what
    taking out each item alone costs.

    Returns
    -------
    dict of str to Faithfulness
        By method; empty where there are fewer than two items, or the history does not move the score at all.
    """
    length = int(histories.lengths[user])
    if length < 2:
        return {}

    def scores(kept: np.ndarray) -> np.ndarray:
        found = target_scores(model, variants(histories, user, kept), np.full(len(kept), target))
        return np.where(kept.any(axis=1), found, base)

    whole = float(scores(np.ones((1, length), dtype=bool))[0])
    if not np.isfinite(whole - base) or abs(whole - base) < SMALLEST:
        return {}

    alone = heats.get("leave_one_out")
    if alone is None:
        alone = leave_one_out(model, histories.take(np.array([user])), np.array([target]))[0]
    return {
        method: replace(one, leave_one_out=rank_correlation(heats[method], alone))
        for method, one in measure_way(heats, scores, (base, whole), seed).items()
    }
