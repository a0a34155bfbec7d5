"""What a recommender shows: the share of places that each kind of item gets, beside its share of interactions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.bias.groups import NOT_STATED, make_groups
from dl_core.errors import OptionError
from dl_core.evaluate.formulas import divide
from dl_core.evaluate.interactions.evaluate import ranking_metrics
from dl_core.evaluate.interactions.facts import BANDS, InteractionFacts
from dl_core.evaluate.interactions.formulas import gini
from dl_core.evaluate.interactions.likeness import SPLIT
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.quantities import Estimate, Ratio, resample

POPULARITY = "popularity"
MOST_GROUPS = 20  # groups of items told apart; the others, least taken, are one
OTHER = "other"
POINTS = 100  # of a curve, at most


def exposure(
    rankings: Rankings,
    model: str,
    facts: InteractionFacts,
    by: str = POPULARITY,
    *,
    k: int = 10,
    seed: int = 0,
    split: str = "test",
) -> dict[str, Any]:
    """Return how a model's places are shared among kinds of items, against how interactions were.

    Exposure is the number of places: each of the first ``k`` of a user's list counts one, whatever its rank.

    Parameters
    ----------
    rankings : Rankings
    model : str
    facts : InteractionFacts
    by : str
        ``"popularity"`` (head, middle and tail) or a column of the catalogue's items, such as ``"category"``. Values
        joined by "|" share an item by equal parts; numbers are cut at quartiles.
    k : int
    seed : int
    split : str

    Returns
    -------
    dict
        Plain JSON: ``by``, ``k``, ``users``, ``items``, ``never_shown`` (items); ``groups``, lines {group, items,
        never_shown, share_items, share_interactions, share_exposure, low, high, ratio, ratio_low, ratio_high}, where
        ``ratio`` is exposure over interactions (1 is fair, None where nothing was taken) and intervals are over users,
        with what was taken in training held fixed; ``gini`` and ``coverage`` {value, low, high, n};
        ``gini_interactions``; ``lorenz`` {items, exposure, interactions}: share of items, the least shown (or taken)
        first, and the share of all places (interactions) that they get together; ``sentence``.

    Raises
    ------
    OptionError
        If the model has no such lists or items have no such column.
    """
    lists = RankedLists.of(rankings, model, split, facts, judged_only=False)
    shown = shown_matrix(lists.codes[:, :k], facts.n_items)
    places = np.asarray(shown.sum(axis=1)).ravel()
    member, names = item_groups(facts, by)
    per_group = shown @ member
    made = {("group", name): Ratio(per_group[:, at], places, (0.0, 1.0)) for at, name in enumerate(names)}
    made |= {("metric", one.name): lists.quantity(one, seed) for one in ranking_metrics(("gini", "coverage"), k)}
    draws = resample(made, lists.draws(seed))
    found = {key: Estimate.of(one, draws[key]).as_dict() for key, one in made.items()}
    counts = np.asarray(shown.sum(axis=0)).ravel()
    groups = [_group(name, member[:, at], counts, facts, found["group", name]) for at, name in enumerate(names)]
    of_training = float(gini(facts.counts)) if facts.n_items else float("nan")
    result = {
        "by": by,
        "k": k,
        "users": len(lists),
        "items": facts.n_items,
        "never_shown": int((counts == 0).sum()),
        "groups": groups,
        "gini": found["metric", "gini"],
        "gini_interactions": None if np.isnan(of_training) else of_training,
        "coverage": found["metric", "coverage"],
        "lorenz": lorenz(counts, facts.counts),
    }
    return {**result, "sentence": _sentence(result)}


def shown_matrix(codes: np.ndarray, n_items: int) -> sparse.csr_matrix:
    """Return users by items, (n, n_items) float: 1 where an item is among the user's ``codes`` (n, k)."""
    inside = codes >= 0
    rows = np.repeat(np.arange(len(codes)), inside.sum(axis=1))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[inside])), shape=(len(codes), n_items))


def item_groups(facts: InteractionFacts, by: str) -> tuple[np.ndarray, list[str]]:
    """Return which part of each item belongs to each group, (n_items, g) rows summing to 1, and the g names.

    Raises
    ------
    OptionError
        If items have no such column.
    """
    if by == POPULARITY:
        return (facts.bands[:, None] == np.arange(len(BANDS))).astype(float), list(BANDS)
    features = facts.catalogue.features
    if by not in features:
        known = ", ".join([POPULARITY, *map(str, features.columns)])
        raise OptionError(f"items cannot be grouped by {by!r}", where="exposure", expected=known)
    parts = _parts(features[by], by).explode()
    at, names = pd.factorize(parts)
    item = np.repeat(np.arange(facts.n_items), parts.groupby(level=0, sort=False).size().to_numpy())
    member = sparse.coo_matrix((np.ones(len(at)), (item, at)), shape=(facts.n_items, len(names))).toarray()
    member /= np.maximum(member.sum(axis=1, keepdims=True), 1)
    order = np.argsort(-(facts.counts @ member), kind="stable")
    member, names = member[:, order], [str(names[one]) for one in order]
    if len(names) > MOST_GROUPS:
        rest = member[:, MOST_GROUPS - 1 :].sum(axis=1, keepdims=True)
        member, names = np.hstack([member[:, : MOST_GROUPS - 1], rest]), [*names[: MOST_GROUPS - 1], OTHER]
    return member, names


def _parts(values: pd.Series, name: str) -> pd.Series:
    """Return the groups that each item is part of, a list an item, by position."""
    values = values.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return make_groups(pd.DataFrame({name: values}), [name])[name].map(lambda label: [label])
    return values.map(_split)


def _split(value: Any) -> list[str]:
    """Return the distinct parts of a cell."""
    parts = [] if pd.isna(value) else [part.strip() for part in str(value).split(SPLIT)]
    return sorted({part for part in parts if part}) or [NOT_STATED]


def _group(name: str, part: np.ndarray, counts: np.ndarray, facts: InteractionFacts, found: dict) -> dict[str, Any]:
    """Return one group's line; ``part`` (n_items,) says how much of each item belongs to it."""
    taken = float(divide(facts.counts @ part, facts.counts.sum())) if facts.n_items else float("nan")
    over = None if np.isnan(taken) or taken == 0 else taken
    ratio = {key: None if over is None or found[key] is None else found[key] / over for key in ("value", "low", "high")}
    return {
        "group": name,
        "items": int((part > 0).sum()),
        "never_shown": int(((part > 0) & (counts == 0)).sum()),
        "share_items": float(part.sum() / max(len(part), 1)),
        "share_interactions": None if np.isnan(taken) else taken,
        "share_exposure": found["value"],
        "low": found["low"],
        "high": found["high"],
        "ratio": ratio["value"],
        "ratio_low": ratio["low"],
        "ratio_high": ratio["high"],
    }


def lorenz(shown: np.ndarray, taken: np.ndarray, points: int = POINTS) -> dict[str, list[float]]:
    """Return the Lorenz curves of how often items are shown and were taken, (n_items,) each, at most so many points."""
    n = len(shown)
    at = np.unique(np.linspace(0, n, min(points, n + 1)).round().astype(int))
    curves = [np.concatenate([[0], np.cumsum(np.sort(one))]) for one in (shown, taken)]
    shares = [(one / max(one[-1], 1))[at].tolist() for one in curves]
    return {"items": (at / max(n, 1)).tolist(), "exposure": shares[0], "interactions": shares[1]}


def _sentence(result: dict[str, Any]) -> str:
    """Return what stands out, in words."""
    if not result["users"] or not result["items"]:
        return "No recommendation lists, so no exposure."
    text = f"{result['never_shown']:,} of {result['items']:,} items are in no user's top {result['k']}"
    known = [line for line in result["groups"] if line["ratio_low"] is not None and line["ratio_high"] is not None]
    over = max((line for line in known if line["ratio_low"] > 1), key=_gap, default=None)
    under = min((line for line in known if line["ratio_high"] < 1), key=_gap, default=None)
    told = [
        f"Most {where} its share of interactions: {_told(line, result['by'])}."
        for where, line in (("above", over), ("below", under))
        if line is not None
    ]
    return " ".join([text + ".", *(told or ["No item group's exposure is far from its share of interactions."])])


def _gap(line: dict[str, Any]) -> float:
    return line["share_exposure"] - line["share_interactions"]


def _told(line: dict[str, Any], by: str) -> str:
    name = f"the {line['group']}" if by == POPULARITY else line["group"]
    shown, taken = (f"{100 * line[key]:.0f} %" for key in ("share_exposure", "share_interactions"))
    return f"{name} ({shown} of exposure, {taken} of interactions)"
