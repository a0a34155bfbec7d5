"""Explain lists: "because you took …", with a measure of how far each account can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.errors import OptionError, shorten
from dl_core.explain.explanation import Explanation, Faithfulness
from dl_core.explain.faithfulness import rank_correlation
from dl_core.explain.interactions.methods import HISTORY_METHODS, Parts, empty_scores, target_scores, variants
from dl_core.explain.request import ExplainRequest
from dl_core.models.interactions.base import Recommender
from dl_core.train.interactions.recommender import Recommending, users_of

RANDOM_ORDERS = 10
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of the history that has gone, or come back


def explain_users(request: ExplainRequest) -> list[Explanation]:
    """Explain the first recommendation (or ``target``) for each user of the data, who goes on from rows ``beside``.

    Raises
    ------
    OptionError
        If ``target`` is no item of the catalogue.
    """
    model, data = request.model, request.data
    source = Recommending(model, request.beside)
    histories = source.histories(users_of(data), data)
    if request.target is None:
        items, _ = source.lists(histories, 1)
        targets = np.maximum(items[:, 0], 0)
    else:
        targets = np.full(len(histories), _code(model, request.target))
    return explain_history(model, request.name, histories, targets, request.methods, request.faithfulness)


def _code(model: Recommender, target: str) -> int:
    code = int(model.catalogue.codes([target])[0])
    if code < 0:
        raise OptionError(f"there is no item {shorten(target)!r}", where="target", expected="an id of the catalogue")
    return code


def explain_history(
    model: Recommender,
    name: str,
    histories: Histories,
    targets: np.ndarray,
    methods: Sequence[str],
    faithfulness: bool = True,
    seed: int = 0,
) -> list[Explanation]:
    """Return one explanation a user and method; a method that the model does not allow is left out.

    Parameters
    ----------
    model : Recommender
    name : str
    histories : Histories
        In the model's catalogue.
    targets : numpy.ndarray
        (n,) item codes, one a user.
    methods : sequence of str
        Of `HISTORY_METHODS`.
    faithfulness : bool
        Whether to measure it: deletion, insertion and agreement with leaving one out.
    seed : int
        Of the random orders beside which deletion and insertion stand.

    Returns
    -------
    list of Explanation
        ``row`` is the user, ``target`` the item's id, ``features`` are the ids of the history's items, oldest first,
        ``values`` their titles, ``heat`` (1, length) what each adds to the score; ``score`` is the target's score and
        ``base`` that of an empty history.

    Raises
    ------
    OptionError
        If no method is left.
    """
    found: dict[str, Parts] = {}
    for method in methods:
        parts = HISTORY_METHODS[method].function(model, histories, targets)
        if parts is not None:
            found[method] = parts
    if not found:
        raise OptionError(
            f"{name} cannot be explained by {', '.join(methods)}",
            where="methods",
            todo="choose leave_one_out, which is model-agnostic",
        )
    scores = target_scores(model, histories, targets)
    bases = empty_scores(model, histories, targets, scores)
    ids, explanations = model.catalogue.ids, []
    for user in range(len(histories)):
        heats = {method: parts[user] for method, parts in found.items()}
        base, target = float(bases[user]), int(targets[user])
        measured = measure(model, histories, user, target, heats, base, seed) if faithfulness else {}
        inside = histories.items[histories.starts[user] : histories.starts[user + 1]]
        shared = {
            "row": str(histories.users[user]),
            "model": name,
            "target": str(ids[target]),
            "probability": float("nan"),
            "features": tuple(map(str, ids[inside])),
            "values": tuple(map(str, model.catalogue.titles(inside))),
            "score": float(scores[user]),
            "base": base,
            "history": True,
        }
        for method, heat in heats.items():
            weights = np.asarray(heat, dtype=np.float32)[None, :]  # (1, length)
            explanations.append(Explanation(method=method, heat=weights, faithfulness=measured.get(method), **shared))
    return explanations


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
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(length) for _ in range(RANDOM_ORDERS)]
    for heat in heats.values():
        orders += [np.argsort(-heat, kind="stable"), np.argsort(heat, kind="stable")]
    areas = _areas(model, histories, user, target, base, np.stack(orders))
    if areas is None:
        return {}
    random, own = areas[:RANDOM_ORDERS].mean(axis=0), areas[RANDOM_ORDERS:].reshape(len(heats), 2, 2)
    alone = heats.get("leave_one_out")
    if alone is None:
        alone = HISTORY_METHODS["leave_one_out"].function(model, histories.take([user]), np.array([target]))[0]
    return {
        method: Faithfulness(
            deletion=float(best[0]),
            insertion=float(best[1]),
            random_deletion=float(random[0]),
            random_insertion=float(random[1]),
            least_deletion=float(least[0]),
            least_insertion=float(least[1]),
            leave_one_out=rank_correlation(heat, alone),
        )
        for (method, heat), (best, least) in zip(heats.items(), own, strict=True)
    }


def _areas(
    model: Recommender, histories: Histories, user: int, target: int, base: float, orders: np.ndarray
) -> np.ndarray | None:
    """Return the areas (m, 2) under deletion and insertion curves of orders (m, length); None without any effect."""
    m, length = orders.shape
    counts = np.unique(np.round(np.array(SHARES) * length).astype(int))
    places = np.argsort(orders, axis=1)  # when each item goes
    gone = places[:, None, :] < counts[:, None]  # (m, counts, length)
    kept = np.stack([~gone, gone], axis=1).reshape(-1, length)
    scores = target_scores(model, variants(histories, user, kept), np.full(len(kept), target))
    scores[~kept.any(axis=1)] = base
    curves = scores.reshape(m, 2, len(counts))
    whole = curves[0, 0, 0]
    if not np.isfinite(whole - base) or abs(whole - base) < 1e-9:
        return None
    curves = np.clip((curves - base) / (whole - base), 0.0, 1.0)
    return ((curves[..., 1:] + curves[..., :-1]) / 2 * np.diff(counts)).sum(axis=-1) / length
