"""Jobs that say why an item was recommended, and how models do with users and items they know little of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core import pipeline, probes
from dl_core.errors import OptionError
from dl_core.tasks.interactions.lists import user_lists
from dl_core.tasks.interactions.serving import Shelf, describe_items, open_shelf, recode
from dl_core.tasks.opening import open_model, open_run
from dl_core.tasks.rows import plain

if TYPE_CHECKING:
    from dl_core.data.interactions.histories import Histories
    from dl_core.engine import TaskContext
    from dl_core.explain.explanation import Explanation

MOST_HISTORY = 200  # latest items of a history that are looked at
UNFIT = "does not fit this model"
MOST_BARS = 12  # history items that are drawn one by one


def explain_list(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Say which items of a user's history brought an item into their list, by ``args["models"]`` and ``["methods"]``.

    ``args["user"]`` is a test user and ``args["item"]`` the item explained: by default the first of the first model's
    list. A method that does not fit a model stands under ``left_out`` with its reason.
    """
    domain, run = open_run(args, context)
    shelf, user = open_shelf(run), str(args["user"])
    at = shelf.position(user)
    if at is None:
        raise OptionError("this user is not part of the data", todo="search for another id")
    names = [run.check_model(one) for one in args.get("models") or [None]]
    item = args.get("item") or _first_item(args, names[0], context)
    methods = list(args.get("methods") or domain.explainers[:1])
    found: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        context.progress(number / len(names), f"Explaining {domain.models[name].label}")
        _, model = open_model(domain, run, name)
        histories = recode(shelf.known.take(np.array([at])), shelf.catalogue, model.catalogue)
        try:
            explained = _explained(model, name, histories.last(MOST_HISTORY), str(item), methods, args)
        except OptionError as error:
            left_out += [{"model": name, "method": method, "reason": error.problem} for method in methods]
            continue
        found += [_as_json(one, shelf) for one in explained]
        lost = [method for method in methods if method not in {one.method for one in explained}]
        left_out += [{"model": name, "method": method, "reason": UNFIT} for method in lost]
    code = shelf.catalogue.codes([str(item)])
    return {
        "user": user,
        "item": describe_items(shelf.catalogue, code)[0] if code[0] >= 0 else {"item": str(item), "title": str(item)},
        "taken": int(shelf.known.lengths[at]),
        "explained": min(MOST_HISTORY, int(shelf.known.lengths[at])),
        "explanations": found,
        "left_out": left_out,
    }


def _first_item(args: Mapping[str, Any], model: str, context: TaskContext) -> str:
    lists = user_lists({**args, "models": [model]}, context)["lists"][0]["items"]
    if not lists:
        raise OptionError("this list is empty, so there is nothing to explain", todo="pick another user")
    return lists[0]["item"]


def _explained(
    model: Any, name: str, histories: Histories, item: str, methods: list[str], args: Mapping[str, Any]
) -> list[Explanation]:
    from dl_core.explain.interactions.explain import explain_history

    code = model.catalogue.codes([item])
    if code[0] < 0:
        raise OptionError("the model does not know this item", todo="pick another item or model")
    return explain_history(model, name, histories, code, methods, bool(args.get("faithfulness", True)))


def _as_json(one: Explanation, shelf: Shelf) -> dict[str, Any]:
    """Return an explanation with the strongest history items, those of one item added up, the rest as one number."""
    weights: dict[str, float] = {}
    for item, weight in zip(one.features, one.heat.reshape(-1).tolist(), strict=True):
        weights[item] = weights.get(item, 0.0) + float(weight)
    order = sorted(weights, key=lambda item: -abs(weights[item]))
    titles = {row["item"]: row["title"] for row in describe_items(shelf.catalogue, _codes(shelf, order))}
    return {
        "model": one.model,
        "method": one.method,
        "target": one.target,
        "bars": [
            {"item": item, "title": titles.get(item, item), "weight": weights[item]} for item in order[:MOST_BARS]
        ],
        "other": sum(weights[item] for item in order[MOST_BARS:]),
        "others": len(order[MOST_BARS:]),
        "base": plain(one.base),
        "score": plain(one.score),
        "faithfulness": None
        if one.faithfulness is None
        else {key: plain(value) for key, value in asdict(one.faithfulness).items()},
    }


def _codes(shelf: Shelf, items: list[str]) -> np.ndarray:
    codes = shelf.catalogue.codes(np.asarray(items, dtype=object)) if items else np.array([], dtype=np.int32)
    return codes[codes >= 0]


def cold_start(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Score ``args["models"]`` on new users with 1, 3 and 5 interactions and on new items known by their features.

    The models are trained again without a tenth of the users and of the items; that takes about as long as training.
    """
    domain, run = open_run(args, context)
    names = [run.check_model(one) for one in args.get("models") or run.trained]
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    rows = probes.cold_start(domain, run, names, work)
    return {"rows": [{key: plain(value) for key, value in row.items()} for row in rows]}
