"""Which items of a history brought an item onto the list: one function a method.

A method is ``(model, histories, targets (n,)) -> parts``, or None where the model has no such thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dl_core.explain.registry import ExplainerInfo

if TYPE_CHECKING:
    from dl_core.data.interactions.histories import Histories
    from dl_core.models.interactions.base import Recommender

STEPS = 32  # points of the path of integrated gradients
TIMES = (np.arange(STEPS) + 0.5) / STEPS

Parts = list[np.ndarray]  # one array (length of the history,) a user


def integrated_gradients(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts | None:
    """Integrate the target's gradient while all items of the history are let in together.

    Sundararajan, Taly and Yan, *Axiomatic attribution for deep networks*, ICML 2017. The path runs over gates on the
    items from 0 (an empty history) to 1, not over pixels, so that one weight an item comes out. Parts sum to the score
    less the empty history's, but for the error of a midpoint sum of `STEPS` points; these lie closer together near the
    empty history (gate = t squared), since networks that scale a history to unit length move most there.
    """
    graph = model.gated()
    if graph is None:
        return None
    from dl_core.explain.gradients import gate_gradients

    parts = []
    for user in range(len(histories)):
        length = int(histories.lengths[user])
        if not length:
            parts.append(np.zeros(0))
            continue
        codes = np.repeat(histories.take(np.array([user])).sequences(length), STEPS, axis=0)
        gates = np.repeat((TIMES**2)[:, None], length, axis=1)
        _, gradients = gate_gradients(graph, codes, gates, np.full(STEPS, targets[user]))
        parts.append((2 * TIMES[:, None] * gradients).mean(axis=0))  # (length,)
    return parts


def leave_one_out(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts:
    """Take each item out of the history by itself: what its absence costs the target's score."""
    from dl_core.explain.interactions.view import empty_scores, target_scores, variants

    parts, bases = [], empty_scores(model, histories, targets)
    for user in range(len(histories)):
        length = int(histories.lengths[user])
        kept = (
            np.vstack([np.ones(length, dtype=bool), ~np.eye(length, dtype=bool)]) if length else np.ones((1, 0), bool)
        )
        scores = target_scores(model, variants(histories, user, kept), np.full(len(kept), targets[user]))
        scores[~kept.any(axis=1)] = bases[user]
        parts.append(scores[0] - scores[1:])
    return parts


def attention(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts | None:
    """Return how much the last step attends to each item. It is the same for every target, and no proof of influence.

    Jain and Wallace, *Attention is not explanation*, NAACL 2019: read it beside the others.
    """
    parts = []
    for user in range(len(histories)):
        length = int(histories.lengths[user])
        weights = model.attention(histories.take(np.array([user])).sequences(max(length, 1)))
        if weights is None:
            return None
        parts.append(np.asarray(weights[0], dtype=np.float64)[-length:] if length else np.zeros(0))
    return parts


def exact(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts | None:
    """Return the summands of a score that is a sum over the history, as of EASE and item neighbours."""
    return model.contributions(histories, targets)


EXPLAINER = (
    ExplainerInfo(
        name="integrated_gradients",
        kind="interactions",
        label="Integrated gradients",
        paper="Sundararajan et al. 2017",
        help="Gradients of the score, integrated as the history items' gates go from 0 (absent) to 1 (present).",
        load=lambda: integrated_gradients,
        needs_graph=True,
        cost="medium",
    ),
    ExplainerInfo(
        name="leave_one_out",
        kind="interactions",
        label="Leave-one-out",
        paper="",
        help="Score with the full history minus the score without this item: slow, model-agnostic, a check on the "
        "others.",
        load=lambda: leave_one_out,
        cost="high",
    ),
    ExplainerInfo(
        name="attention",
        kind="interactions",
        label="Attention",
        paper="Jain and Wallace 2019",
        help="Attention weights of the last position over the history. Attention is not attribution: compare it with "
        "leave-one-out.",
        load=lambda: attention,
    ),
    ExplainerInfo(
        name="exact",
        kind="interactions",
        label="Exact decomposition",
        paper="",
        help="Linear models such as EASE and item neighbours are sums of one term per history item: exact, not "
        "estimated.",
        load=lambda: exact,
    ),
)
