"""Explain rankings: "because you took …", with a measure of how far each account can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.errors import OptionError, shorten
from dl_core.explain.interactions.faithfulness import measure
from dl_core.explain.interactions.methods import Parts
from dl_core.explain.interactions.plain import ItemContributions
from dl_core.explain.interactions.view import empty_scores, target_scores
from dl_core.explain.registry import get_explainer
from dl_core.explain.request import ExplainRequest
from dl_core.models.interactions.base import Recommender
from dl_core.train.interactions.ranker import Ranker, users_of


def explain_users(request: ExplainRequest) -> list[ItemContributions]:
    """Explain the first recommendation (or ``target``) for each user of the data, who goes on from rows ``beside``.

    Raises
    ------
    OptionError
        If ``target`` is no item of the catalogue.
    """
    model, data = request.model, request.data
    source = Ranker(model, request.beside)
    histories = source.histories(users_of(data).tolist(), data)
    if request.target is None:
        items, _ = source.top(histories, 1)
        targets = np.maximum(items[:, 0], 0)
    else:
        targets = np.full(len(histories), _code(model, request.target))
    return explain_histories(model, request.name, histories, targets, request.methods, request.faithfulness)


def _code(model: Recommender, target: str) -> int:
    code = int(model.catalogue.codes([target])[0])
    if code < 0:
        raise OptionError(f"there is no item {shorten(target)!r}", where="target", expected="an id of the catalogue")
    return code


def explain_histories(
    model: Recommender,
    name: str,
    histories: Histories,
    targets: np.ndarray,
    methods: Sequence[str],
    faithfulness: bool = True,
    seed: int = 0,
) -> list[ItemContributions]:
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
        Of the registry's for interactions.
    faithfulness : bool
        Whether to measure it: deletion, insertion and agreement with leaving one out.
    seed : int
        Of the random orders beside which deletion and insertion stand.

    Raises
    ------
    OptionError
        If there is no such method, or none is left.
    """
    found: dict[str, Parts] = {}
    for method in methods:
        parts = get_explainer(method, "interactions")(model, histories, targets)
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
    explanations = []
    for user in range(len(histories)):
        heats = {method: parts[user] for method, parts in found.items()}
        base, target = float(bases[user]), int(targets[user])
        measured = measure(model, histories, user, target, heats, base, seed) if faithfulness else {}
        inside = histories.items[histories.starts[user] : histories.starts[user + 1]]
        explanations += [
            ItemContributions(
                row=str(histories.users[user]),
                model=name,
                method=method,
                target=str(model.catalogue.ids[target]),
                heat=np.asarray(heat, dtype=np.float32)[None, :],  # (1, length)
                score=float(scores[user]),
                faithfulness=measured.get(method),
                features=tuple(map(str, model.catalogue.ids[inside])),
                titles=tuple(map(str, model.catalogue.titles(inside))),
                base=base,
            )
            for method, heat in heats.items()
        ]
    return explanations
