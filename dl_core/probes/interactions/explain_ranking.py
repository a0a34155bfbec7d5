"""Why was an item recommended to a user?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.data.interactions.describe import describe_items
from dl_core.data.interactions.histories import Histories
from dl_core.data.interactions.recode import recode
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.explain.defaults import default_item, default_ranking_methods
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Argument, Asked, Names, Probe, open_as
from dl_core.probes.interactions.opened import LENGTH, USER, open_histories, ranking_length
from dl_core.probes.interactions.user_rankings import judged_ranking

if TYPE_CHECKING:
    from dl_core.explain.interactions.plain import ItemContributions

MOST_HISTORY = 200  # latest items of a history that are looked at
UNFIT = "does not fit this model"


def explain_ranking(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Say which items of a user's history brought an item into their ranking.

    A method that does not fit a model stands under ``left_out`` with its reason.
    """
    histories, user = open_histories(run), arguments["user"]
    at = histories.find(user)
    names = [run.check_model(one) for one in arguments["models"] or [None]]
    item = arguments["item"]
    if item is None:
        ranked = judged_ranking(domain, run, histories, names[0], user, ranking_length(run, arguments))
        if not ranked:
            raise OptionError("this list is empty, so there is nothing to explain", todo="pick another user")
        item = str(histories.catalogue.ids[ranked[0][0]])
    methods = arguments["methods"] or list(domain.explainers[:1])
    found: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        work.progress(number / len(names), f"Explaining {domain.models[name].label}")
        _, model = open_as(domain, run, name, Recommender, judged=True)
        known = recode(histories.known.take(np.array([at])), histories.catalogue, model.catalogue)
        try:
            explained = _explained(model, name, known.last(MOST_HISTORY), item, methods, arguments["faithfulness"])
        except OptionError as error:
            left_out += [{"model": name, "method": method, "reason": error.problem} for method in methods]
            continue
        found += [one.as_json() for one in explained]
        lost = [method for method in methods if method not in {one.method for one in explained}]
        left_out += [{"model": name, "method": method, "reason": UNFIT} for method in lost]
    code = histories.catalogue.codes([item])
    taken = int(histories.known.lengths[at])
    return {
        "user": user,
        "item": describe_items(histories.catalogue, code)[0] if code[0] >= 0 else {"item": item, "title": item},
        "taken": taken,
        "explained": min(MOST_HISTORY, taken),
        "explanations": found,
        "left_out": left_out,
    }


def _explained(
    model: Any, name: str, histories: Histories, item: str, methods: list[str], faithfulness: bool
) -> list[ItemContributions]:
    from dl_core.explain.interactions.explain import explain_histories

    code = model.catalogue.codes([item])
    if code[0] < 0:
        raise OptionError("the model does not know this item", todo="pick another item or model")
    return explain_histories(model, name, histories, code, methods, faithfulness)


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask why the first hit of the first user's ranking, else its first item, stands there."""
    answer = asked.answers.get("user_rankings")
    if answer is None or not answer["lists"][0]["items"]:
        return []
    items = answer["lists"][0]["items"]
    methods = default_ranking_methods(asked.domain.explainers, asked.models[asked.shown].kind)
    item = items[default_item(items)]["item"]
    return [{"models": [asked.shown], "methods": methods, "user": answer["user"], "item": item}]


PROBE = Probe(
    name="explain_ranking",
    title="Explain a recommendation",
    purpose="Attributions of the items of a user's history to a recommended item.",
    panel="explain",
    verb=explain_ranking,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(
        USER,
        Argument("item", str, None, "id of the item explained; the first of the first model's ranking by default"),
        MODELS,
        Argument("methods", Names, None, "names of methods; default: the domain's first"),
        Argument("faithfulness", bool, True, "whether faithfulness is measured"),
        LENGTH,
    ),
    first=first,
)
