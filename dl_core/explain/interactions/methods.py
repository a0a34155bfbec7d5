"""Which items of a history brought an item onto the list: one function a method, and what each is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.models.interactions.base import Recommender

STEPS = 32  # points of the path of integrated gradients
TIMES = (np.arange(STEPS) + 0.5) / STEPS
BATCH = 256  # histories scored at once

Parts = list[np.ndarray]  # one array (length of the history,) a user


@dataclass(frozen=True)
class HistoryMethod:
    """One way to weigh the items of a history.

    ``function`` is ``(model, histories, targets (n,)) -> parts``, or None where the model has no such thing.
    """

    name: str
    label: str
    paper: str
    help: str
    function: Callable[[Recommender, Histories, np.ndarray], Parts | None]


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
        codes = np.repeat(histories.take([user]).sequences(length), STEPS, axis=0)
        gates = np.repeat((TIMES**2)[:, None], length, axis=1)
        _, gradients = gate_gradients(graph, codes, gates, np.full(STEPS, targets[user]))
        parts.append((2 * TIMES[:, None] * gradients).mean(axis=0))  # (length,)
    return parts


def leave_one_out(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts:
    """Take each item out of the history by itself: what its absence costs the target's score."""
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
        weights = model.attention(histories.take([user]).sequences(max(length, 1)))
        if weights is None:
            return None
        parts.append(np.asarray(weights[0], dtype=np.float64)[-length:] if length else np.zeros(0))
    return parts


def exact(model: Recommender, histories: Histories, targets: np.ndarray) -> Parts | None:
    """Return the summands of a score that is a sum over the history, as of EASE and item neighbours."""
    return model.contributions(histories, targets)


HISTORY_METHODS: Mapping[str, HistoryMethod] = MappingProxyType(
    {
        method.name: method
        for method in (
            HistoryMethod(
                "integrated_gradients",
                "Integrated gradients",
                "Sundararajan et al. 2017",
                "Gradients of the score, integrated as the history items' gates go from 0 to 1.",
                integrated_gradients,
            ),
            HistoryMethod(
                "leave_one_out",
                "Leave-one-out",
                "",
                "Removes one item at a time and scores again: slow, model-agnostic, a check on the others.",
                leave_one_out,
            ),
            HistoryMethod(
                "attention",
                "Attention",
                "Jain and Wallace 2019",
                "Attention weights of a self-attention model; the same for every recommended item. Attention is "
                "not attribution.",
                attention,
            ),
            HistoryMethod(
                "exact",
                "Exact decomposition",
                "",
                "The additive terms of the score, for models that are sums over history items.",
                exact,
            ),
        )
    }
)
