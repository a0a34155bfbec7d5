"""The feedback loop, simulated: users take what they are shown, the model sees it, and shows more of the same."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.bias.interactions.rerank import EXPOSURE, HEAD_SHARE, measured, rerank
from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.formulas import gini
from dl_core.evaluate.quantities import Estimate, mean_of, resample

if TYPE_CHECKING:
    from dl_core.models.base import FitContext
    from dl_core.models.interactions.base import Recommender

MOST_USERS = 1_000  # simulated
CANDIDATES = 10  # re-ranking chooses from this many times k
RESAMPLES = 200
PLAIN, RERANKED = "plain", "reranked"
SHOWN = ("gini", "coverage", "diversity", HEAD_SHARE)
CHOICE = (
    "Simulated: in each round every user consumes one recommended item, at rank r with a probability proportional "
    "to 1 / log2(r + 1), whatever the item."
)
LEARNS = "The model is retrained after every round."
LOOKS = "The model is not retrained; only the users' histories grow."


def feedback_loop(
    model: Recommender,
    histories: Histories,
    facts: InteractionFacts,
    *,
    rounds: int = 5,
    k: int = 10,
    seed: int = 0,
    trade_off: float = 0.5,
    refit: FitContext | None = None,
) -> dict[str, Any]:
    """Return how concentrated lists and what is taken become over simulated rounds, with and without re-ranking.

    A simulation in the manner of Mansoury et al., *Feedback Loop and Bias Amplification in Recommender Systems* (2020):
    users accept items by their place only, so that it shows what the recommender does by itself, not what people want.

    Parameters
    ----------
    model : Recommender
    histories : Histories
        In the model's catalogue; at most `MOST_USERS` of them, drawn at random, are simulated.
    facts : InteractionFacts
        In the same catalogue.
    rounds, k, seed : int
    trade_off : float
        Of the re-ranking for exposure (`rerank.rerank`) from the best 10 k items.
    refit : FitContext or None
        With it the model learns anew after every round from ``facts.known`` with the simulated users' histories brought
        up to date: for models that take little time. Without it what was learned stays, and only the histories grow.
    Returns
    -------
    dict
        Plain JSON: ``simulated`` True, ``choice`` and ``learning`` in words, ``rounds``, ``k``, ``users``,
        ``trade_off``, ``refit`` bool; ``start`` {head_share, gini_taken} of the histories before; ``lines`` {arm,
        round, metric, value, low, high, n} for arm ``"plain"`` and ``"reranked"``, round 1…, and metric ``gini`` (of
        places over items), ``coverage``, ``diversity``, ``head_share`` (of places), ``head_taken`` (share of the
        round's choices that fall into the head) and ``gini_taken`` (of all taken so far, without an interval);
        ``sentence``.
    """
    rng = np.random.default_rng(seed)
    if len(histories) > MOST_USERS:
        histories = histories.take(np.sort(rng.choice(len(histories), MOST_USERS, replace=False)))
    luck = rng.random((rounds, len(histories)))  # the same for both arms, so that they differ by the remedy alone
    made = _Play(model, facts, luck, k, Draws(len(histories), RESAMPLES, seed).kept(), refit)
    lines = [*made.lines(PLAIN, histories, 0.0), *made.lines(RERANKED, histories, trade_off)]
    start = {"head_share": _head_share(histories, facts), "gini_taken": _gini_taken(histories)}
    result = {
        "simulated": True,
        "choice": CHOICE,
        "learning": LEARNS if refit is not None else LOOKS,
        "rounds": rounds,
        "k": k,
        "users": len(histories),
        "trade_off": trade_off,
        "refit": refit is not None,
        "start": start,
        "lines": lines,
    }
    return {**result, "sentence": _sentence(result)}


@dataclass(frozen=True)
class _Play:
    """What every round of a simulation is made with; ``luck`` (rounds, n) decides what users take."""

    model: Recommender
    facts: InteractionFacts
    luck: np.ndarray
    k: int
    weights: Any
    refit: FitContext | None

    def lines(self, arm: str, now: Histories, trade_off: float) -> list[dict[str, Any]]:
        """Return the lines of all rounds, re-ranked with this trade-off."""
        learned, lines = self.model, []
        for number, luck in enumerate(self.luck, 1):
            shown = _lists(learned, now, self.facts, self.k, trade_off)
            taken = choose_by_place(shown, luck)
            now = grow(now, taken)
            found = _measure(shown, taken, now, self.facts, self.k, self.weights)
            lines += [{"arm": arm, "round": number, **line} for line in found]
            if self.refit is not None and number < len(self.luck):
                self.refit.check_stop()
                learned = _learn_again(self.model, self.facts.known, now, self.refit)
        return lines


def _lists(model: Recommender, histories: Histories, facts: InteractionFacts, k: int, trade_off: float) -> np.ndarray:
    """Return the lists (n, k) that are shown."""
    from dl_core.models.interactions.retrieve import top_items

    many = min(max(k * CANDIDATES if trade_off else k, 1), facts.n_items)
    items, scores = top_items(model, histories, many)
    return rerank(items, scores, facts, trade_off=trade_off, aim=EXPOSURE, k=k)[0]


def choose_by_place(shown: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Return the item (n,) that each user takes of ``shown`` (n, k) by ``luck`` (n,) in 0…1; −1 of an empty list."""
    pull = (shown >= 0) / np.log2(np.arange(2, shown.shape[1] + 2))
    edges = np.cumsum(pull, axis=1)
    place = (edges <= luck[:, None] * edges[:, -1:]).sum(axis=1)
    place = np.minimum(place, shown.shape[1] - 1)
    return np.where(edges[:, -1] > 0, shown[np.arange(len(shown)), place], -1)


def grow(histories: Histories, taken: np.ndarray) -> Histories:
    """Return the histories with one more item each, ``taken`` (n,), as the latest; −1 adds none."""
    adds = taken >= 0
    at = histories.starts[1:][adds]
    starts = histories.starts + np.concatenate([[0], np.cumsum(adds)])
    times = histories.times
    if times is not None:
        last = np.where(histories.lengths > 0, times[np.maximum(histories.starts[1:] - 1, 0)] if len(times) else 0, 0)
        times = np.insert(times, at, last[adds] + 1)
    return replace(
        histories,
        items=np.insert(histories.items, at, taken[adds]).astype(np.int32),
        starts=starts,
        values=np.insert(histories.values, at, 1.0),
        times=times,
    )


def _learn_again(model: Recommender, known: Histories, now: Histories, context: FitContext) -> Recommender:
    """Return the model learned anew from all histories, those in ``now`` brought up to date."""
    again = copy.copy(model)
    again.chosen = copy.deepcopy(model.chosen)
    again.learn(merge(known, now), None, context)
    return again


def merge(known: Histories, now: Histories) -> Histories:
    """Return ``known`` with the users of ``now`` in their place; users that only ``now`` has come last."""
    stays = np.flatnonzero(~np.isin(known.users, now.users))
    old = known.take(stays)
    both = old.times is not None and now.times is not None
    return Histories(
        users=np.concatenate([old.users, now.users]),
        n_items=known.n_items,
        items=np.concatenate([old.items, now.items]),
        starts=np.concatenate([old.starts, old.starts[-1] + now.starts[1:]]),
        values=np.concatenate([old.values, now.values]),
        times=np.concatenate([old.times, now.times]) if both else None,
    )


def _measure(
    shown: np.ndarray, taken: np.ndarray, now: Histories, facts: InteractionFacts, k: int, weights: Any
) -> list[dict[str, Any]]:
    """Return one round's lines."""
    made = {name: one for name, one in measured(shown, facts, None, k).items() if name in SHOWN}
    took = np.where(taken >= 0, (facts.bands[np.maximum(taken, 0)] == 0).astype(float), np.nan)
    made["head_taken"] = mean_of(took, (0.0, 1.0))
    draws = resample(made, weights)
    lines = [{"metric": name, **Estimate.of(one, draws[name]).as_dict()} for name, one in made.items()]
    return [*lines, {"metric": "gini_taken", "value": _gini_taken(now), "low": None, "high": None, "n": len(now)}]


def _gini_taken(histories: Histories) -> float | None:
    """Return the Gini coefficient of how often items were taken."""
    value = float(gini(np.bincount(histories.items, minlength=histories.n_items)))
    return None if np.isnan(value) else value


def _head_share(histories: Histories, facts: InteractionFacts) -> float | None:
    """Return the share of what was taken that is in the head."""
    return float((facts.bands[histories.items] == 0).mean()) if len(histories.items) else None


def _sentence(result: dict[str, Any]) -> str:
    """Return what the rounds did, in words."""
    value = {(line["arm"], line["round"], line["metric"]): line["value"] for line in result["lines"]}
    last = result["rounds"]
    found = [value.get((arm, last, "head_taken")) for arm in (PLAIN, RERANKED)]
    if result["start"]["head_share"] is None or None in found:
        return "No recommendations, so no consumption."
    before, plain, remedy = (100 * one for one in (result["start"]["head_share"], *found))
    rounds = "1 simulated round" if last == 1 else f"{last} simulated rounds"
    return (
        f"Head share of these users' interactions before: {before:.0f} %. Head share of consumption in the last of "
        f"{rounds}: {plain:.0f} % with the original ranking, {remedy:.0f} % with re-ranking."
    )
