"""Re-ranking as a remedy: relevance against a fair share of places, or against variety, and what either costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.errors import OptionError
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.interactions.evaluate import ranking_metrics
from dl_core.evaluate.interactions.facts import BANDS, InteractionFacts
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.pairs import number
from dl_core.evaluate.quantities import Estimate, Ratio, percentile, resample

EXPOSURE, DIVERSITY = "exposure", "diversity"
AIMS = (EXPOSURE, DIVERSITY)
MEANING = {
    EXPOSURE: "Target: exposure of head, middle and tail in proportion to their interactions.",
    DIVERSITY: "Each next item should be dissimilar to those already chosen (maximal marginal relevance).",
}
STEPS = tuple(step / 10 for step in range(11))
MEASURED = ("ndcg", "recall", "coverage", "gini", "diversity", "novelty")
HEAD_SHARE = "head_share"
AFFORDABLE = 0.05  # share of nDCG that the suggested trade-off may cost
MOST_OF_IT = 0.9  # share of the gain to be had at that price which the suggested trade-off reaches


def rerank(
    items: np.ndarray,
    scores: np.ndarray,
    facts: InteractionFacts,
    *,
    trade_off: float,
    aim: str = EXPOSURE,
    k: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k items of each user that are chosen greedily by ``(1 − trade_off) · relevance + trade_off · aim``.

    Relevance is the score, stretched to 0…1 over a user's candidates. The aim ``"exposure"`` follows the greedy
    re-ranking for popularity bias of Abdollahpouri, Burke and Mobasher, *Managing Popularity Bias in Recommender
    Systems with Personalized Re-ranking* (2019), with head, middle and tail as what a list should cover. We deviate in
    the bonus: it is what a band still lacks (0…1 items) of its share of all interactions in a list of the length so
    far, and so calibrates lists as Steck (*Calibrated Recommendations*, 2018) does; it is the same for all users. The
    aim ``"diversity"`` is the maximal marginal relevance of Carbonell and Goldstein (1998): the penalty is the
    likeness to the most alike item chosen (`InteractionFacts.likeness`).

    Parameters
    ----------
    items : numpy.ndarray
        (n, m) int candidates in the catalogue's codes, best first; −1 where there are fewer.
    scores : numpy.ndarray
        (n, m) of these.
    facts : InteractionFacts
    trade_off : float
        0…1; 0 leaves the lists untouched, 1 looks at relevance only to part equals.
    aim : str
        ``"exposure"`` or ``"diversity"``.
    k : int
        Nothing but the candidates can be chosen: where all of them are popular, no trade-off reaches the tail.

    Returns
    -------
    items, scores : numpy.ndarray
        (n, k) chosen candidates in order and their scores; −1 and ``-inf`` where there are fewer.

    Raises
    ------
    OptionError
        If the trade-off or the aim is not known.
    """
    if not 0 <= trade_off <= 1:
        raise OptionError(f"a trade-off of {trade_off} is not possible", where="trade_off", expected="0 to 1")
    if aim not in AIMS:
        raise OptionError(f"there is no aim {aim!r}", where="aim", expected=", ".join(AIMS))
    k = min(k, items.shape[1])
    if trade_off == 0 or not items.size:
        return items[:, :k], scores[:, :k]
    fit = relevance(items, scores)
    value = np.where(np.isneginf(fit), fit, (1 - trade_off) * np.maximum(fit, 0))
    gain = _Shares(items, facts) if aim == EXPOSURE else _Variety(items, facts)
    rows, chosen = np.arange(len(items)), np.zeros((len(items), k), dtype=int)
    for place in range(k):
        at = (value + trade_off * gain.bonus()).argmax(axis=1)  # the first of equals is the most relevant
        chosen[:, place] = at
        gain.add(at)
        value[rows, at] = -np.inf
    picked, kept = np.take_along_axis(items, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)
    empty = _repeats(chosen) | (picked < 0)  # where a user has fewer candidates than places
    return np.where(empty, -1, picked).astype(items.dtype), np.where(empty, -np.inf, kept).astype(scores.dtype)


def _repeats(chosen: np.ndarray) -> np.ndarray:
    """Return which places (n, k) choose a candidate for the second time."""
    same = chosen[:, :, None] == chosen[:, None, :]
    return (same & np.tri(chosen.shape[1], k=-1, dtype=bool)).any(axis=2)


def relevance(items: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return scores stretched to 0…1 over each user's candidates, (n, m) float; −inf where there is none."""
    there = (items >= 0) & np.isfinite(scores)
    low = np.where(there, scores, np.inf).min(axis=1, keepdims=True).astype(float)
    high = np.where(there, scores, -np.inf).max(axis=1, keepdims=True).astype(float)
    span = np.where(np.isfinite(high - low) & (high > low), high - low, 1.0)
    return np.where(there, (np.where(there, scores, 0.0) - np.where(np.isfinite(low), low, 0.0)) / span, -np.inf)


class _Shares:
    """What each candidate's band still lacks of its share."""

    def __init__(self, items: np.ndarray, facts: InteractionFacts) -> None:
        self.band = facts.bands[np.maximum(items, 0)].astype(int)  # (n, m)
        taken = np.bincount(facts.bands, weights=facts.counts, minlength=len(BANDS))
        self.target = taken / max(taken.sum(), 1)
        self.count = np.zeros((len(items), len(BANDS)))

    def bonus(self) -> np.ndarray:
        """Return 0…1 for each candidate, (n, m)."""
        length = self.count.sum(axis=1, keepdims=True) + 1
        lacks = np.clip(self.target * length - self.count, 0, 1)
        return np.take_along_axis(lacks, self.band, axis=1)

    def add(self, at: np.ndarray) -> None:
        """Note the candidate (n,) chosen for each user."""
        rows = np.arange(len(at))
        self.count[rows, self.band[rows, at]] += 1


class _Variety:
    """How alike each candidate is to the most alike of those chosen, as a penalty."""

    def __init__(self, items: np.ndarray, facts: InteractionFacts) -> None:
        self.items, self.likeness = items, facts.likeness
        self.most = np.zeros(items.shape)

    def bonus(self) -> np.ndarray:
        """Return −1…0 for each candidate, (n, m)."""
        return -self.most

    def add(self, at: np.ndarray) -> None:
        """Note the candidate (n,) chosen for each user."""
        chosen = np.take_along_axis(self.items, at[:, None], axis=1)
        alike = self.likeness.between(self.items, np.broadcast_to(chosen, self.items.shape))
        self.most = np.maximum(self.most, np.nan_to_num(alike))


def trade_off_curve(
    items: np.ndarray,
    scores: np.ndarray,
    facts: InteractionFacts,
    *,
    relevant: sparse.csr_matrix,
    aim: str = EXPOSURE,
    k: int = 10,
    steps: tuple[float, ...] = STEPS,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what re-ranking gains and costs at each trade-off, on held-out items of the same users.

    Parameters
    ----------
    items, scores : numpy.ndarray
        (n, m) candidates and their scores, as `rerank` takes them.
    facts : InteractionFacts
    relevant : scipy.sparse.csr_matrix
        (n, n_items) non-zero where a user took an item in the held-out rows.
    aim : str
    k : int
    steps : tuple of float
        Trade-offs besides 0, which always is the first.
    seed : int

    Returns
    -------
    dict
        Plain JSON: ``aim``, ``meaning``, ``k``, ``users``, ``trade_offs``, ``metrics``; ``lines`` {trade_off, metric,
        value, low, high, n, change, change_low, change_high} with changes from trade-off 0, paired over users (not
        turned: a lower Gini has a negative change); ``suggested``, the least trade-off that has nine tenths of
        what can be gained for at most 5 % of nDCG (0 where nothing can); ``before`` and ``after`` {metric: value} at 0
        and there; ``sentence``.
    """
    at = sorted({0.0, *map(float, steps)})
    draws = Draws(len(items), seed=seed).kept()
    found = {}
    for trade_off in at:
        picked, _ = rerank(items, scores, facts, trade_off=trade_off, aim=aim, k=k)
        made = measured(picked, facts, relevant, k, seed)
        found[trade_off] = made, resample(made, draws)
    names = list(found[0.0][0])
    lines = [_line(found, trade_off, name) for trade_off in at for name in names]
    value = {(line["trade_off"], line["metric"]): line["value"] for line in lines}
    suggested = _suggested(at, value, HEAD_SHARE if aim == EXPOSURE else DIVERSITY)
    result = {
        "aim": aim,
        "meaning": MEANING[aim],
        "k": k,
        "users": len(items),
        "trade_offs": at,
        "metrics": names,
        "lines": lines,
        "suggested": suggested,
        "before": {name: value[0.0, name] for name in names},
        "after": {name: value[suggested, name] for name in names},
    }
    return {**result, "sentence": _sentence(result)}


def measured(
    codes: np.ndarray, facts: InteractionFacts, relevant: sparse.csr_matrix | None, k: int, seed: int = 0
) -> dict[str, Ratio]:
    """Return the numbers of `MEASURED` and of the head's share of places for lists ``codes`` (n, k).

    Without ``relevant`` those that look at hits are left out.
    """
    n = len(codes)
    hits, counts = np.zeros(codes.shape, dtype=bool), np.zeros(n, dtype=int)
    if relevant is not None:
        rows = np.repeat(np.arange(n), codes.shape[1])
        hits = np.asarray(relevant[rows, np.maximum(codes, 0).ravel()]).reshape(codes.shape).astype(bool) & (codes >= 0)
        counts = relevant.getnnz(axis=1)
    lists = RankedLists(codes, hits, counts, pd.RangeIndex(n), facts)
    names = MEASURED if relevant is not None else [name for name in MEASURED if name not in ("ndcg", "recall")]
    found = {metric.name: lists.quantity(metric, seed) for metric in ranking_metrics(names, k)}
    head = (codes >= 0) & (facts.bands[np.maximum(codes, 0)] == 0)
    there = (codes >= 0).sum(axis=1).astype(float)
    found[HEAD_SHARE] = Ratio(head.sum(axis=1).astype(float), there, (0.0, 1.0), share=True)
    return found


def _line(found: dict, trade_off: float, name: str) -> dict[str, Any]:
    """Return one metric at one trade-off with its change from 0."""
    made, draws = found[trade_off]
    before, at_first = found[0.0]
    change = made[name].value - before[name].value
    low, high = percentile(draws[name] - at_first[name])
    changed = {"change": change, "change_low": low, "change_high": high}
    return {
        "trade_off": trade_off,
        "metric": name,
        **Estimate.of(made[name], draws[name]).as_dict(),
        **{key: None if np.isnan(one) else float(one) for key, one in changed.items()},
    }


def _suggested(at: list[float], value: dict, aim: str) -> float:
    """Return the least trade-off with most of the gain in ``aim`` that can be had for `AFFORDABLE` of nDCG; else 0."""
    before = value[0.0, "ndcg"]
    if before is None or value[0.0, aim] is None:
        return 0.0
    sign = -1 if aim == HEAD_SHARE else 1
    gain = {
        one: sign * (value[one, aim] - value[0.0, aim]) for one in at if value[one, "ndcg"] >= (1 - AFFORDABLE) * before
    }
    most = max(gain.values())
    return next((one for one in sorted(gain) if gain[one] >= MOST_OF_IT * most), 0.0) if most > 0 else 0.0


def _sentence(result: dict[str, Any]) -> str:
    """Return before, after and cost at the suggested trade-off, in words."""
    at, name = result["suggested"], f"nDCG@{result['k']}"
    if result["before"]["ndcg"] is None:
        return "No user has held-out items, so the cost of re-ranking cannot be measured."
    lines = {line["metric"]: line for line in result["lines"] if line["trade_off"] == at}
    if not at:
        return f"No re-ranking improves the objective at a cost of at most {100 * AFFORDABLE:.0f} % of {name}."
    cost = lines["ndcg"]
    size = f"{number(cost['change'], sign=True)} [{number(cost['change_low'])}, {number(cost['change_high'])}]"
    aim = HEAD_SHARE if result["aim"] == EXPOSURE else DIVERSITY
    words = "the head share of exposure" if aim == HEAD_SHARE else "intra-list diversity"
    before, after = result["before"], result["after"]
    gain = "" if before[aim] is None else f"{words} changes from {number(before[aim])} to {number(after[aim])}, "
    return (
        f"At a trade-off of {at:g}, {gain}coverage from {number(before['coverage'])} to {number(after['coverage'])}, "
        f"and {name} changes by {size}, n = {cost['n']}."
    )
