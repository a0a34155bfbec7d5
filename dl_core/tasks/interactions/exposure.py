"""Jobs on what lists show: exposure by kind of item, the feedback loop, and re-ranking as a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.data.interactions.catalogue import PRICE, TEXT, TITLE
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.models.base import FitContext
from dl_core.tasks.interactions.lists import USUAL
from dl_core.tasks.interactions.serving import (
    Shelf,
    describe_items,
    judged_lists,
    list_length,
    open_shelf,
    recode,
    removes_seen,
)
from dl_core.tasks.opening import open_model, open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.evaluate.interactions.facts import ListFacts

POPULARITY = "popularity"
MOST_VALUES = 60  # distinct values of a column by which items can be grouped
ROUNDS = 5
MOST_HIDDEN = 12  # items shown to nobody that are named
DEPTH = 10  # a list is re-ranked from this many times its length
MOST_USERS = 2_000  # users whose lists are simulated or re-ranked
AIMS = ("exposure", "diversity")
QUICK = 3.0  # seconds of training up to which a model learns anew after every simulated round


def exposure(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return the share of places that each kind of item gets in a model's test lists beside its share of interactions.

    ``args["by"]`` is ``"popularity"`` (the default), ``"category"`` or a column of the items' table; ``columns`` of the
    result says what there is to choose from, and ``hidden`` names the most taken items that are shown to nobody.
    """
    from dl_core.bias.interactions.exposure import exposure as stage

    _, run = open_run(args, context)
    name, shelf = run.check_model(args.get("model")), open_shelf(run)
    columns = group_columns(shelf)
    by = args.get("by") or POPULARITY
    if by not in columns:
        raise OptionError(f"items cannot be grouped by {by!r}", expected=", ".join(columns))
    rankings, k = Rankings(run.predictions.table), list_length(run, args)
    facts = facts_of(shelf)
    found = stage(rankings, name, facts, by=by, k=k, seed=run.spec.seed)
    lists = judged_lists(run, name)
    hidden = _hidden(facts, lists[lists["rank"] <= k]["item"].unique())
    return {**found, "columns": columns, "by": by, "k": k, "model": name, "hidden": hidden}


def _hidden(facts: ListFacts, shown: np.ndarray) -> list[dict[str, Any]]:
    """Return the most taken items that are not among ``shown`` (ids), with how many users took each."""
    counts = facts.counts.copy()
    codes = facts.catalogue.codes(np.asarray(shown, dtype=object))
    counts[codes[codes >= 0]] = 0
    order = np.argsort(-counts, kind="stable")[:MOST_HIDDEN]
    order = order[counts[order] > 0]
    rows = describe_items(facts.catalogue, order)
    return [{**row, "taken": int(counts[code])} for row, code in zip(rows, order, strict=True)]


def group_columns(shelf: Shelf) -> list[str]:
    """Return by what items can be grouped: popularity, then columns of the items' table with few distinct values."""
    features = shelf.catalogue.features
    kinds = [
        str(name)
        for name in features
        if name not in (TITLE, TEXT)
        and not str(name).startswith(PRICE)
        and 2 <= features[name].nunique() <= MOST_VALUES
    ]
    return [POPULARITY, *kinds]


def facts_of(shelf: Shelf) -> ListFacts:
    """Return what was known of items and users when the models were judged."""
    from dl_core.evaluate.interactions.facts import ListFacts

    return ListFacts.of(recode(shelf.known, shelf.catalogue, shelf.judged), shelf.judged)


def feedback(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return how concentration grows when users take what is shown, over ``args["rounds"]`` simulated rounds."""
    from dl_core.bias.interactions.feedback import feedback_loop
    from dl_core.evaluate.interactions.facts import ListFacts

    domain, run = open_run(args, context)
    shelf, k = open_shelf(run), list_length(run, args)
    name, model = open_model(domain, run, args.get("model"))
    own = recode(shelf.known, shelf.catalogue, model.catalogue)
    facts = ListFacts.of(own, model.catalogue)
    few = own.take(_some(len(own), run.spec.seed))
    context.progress(0.1, "Simulating rounds")
    rounds = max(1, min(20, int(args.get("rounds") or ROUNDS)))
    refit = None
    if run.models[name].fit_seconds <= QUICK:
        refit = FitContext(seed=run.spec.seed, should_stop=context.should_stop, options=run.spec.options)
    found = feedback_loop(model, few, facts, rounds=rounds, k=k, seed=run.spec.seed, refit=refit)
    return {**found, "model": name}


def rerank(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return what re-ranking a model's lists gains and costs for every trade-off, and one user's list before and after.

    ``args["aim"]`` is ``"exposure"`` or ``"diversity"``, ``args["trade_off"]`` 0…1 how much of it the example shows and
    ``args["user"]`` whose list.
    """
    from dl_core.bias.interactions.rerank import trade_off_curve
    from dl_core.evaluate.interactions.facts import ListFacts

    domain, run = open_run(args, context)
    shelf, k, aim = open_shelf(run), list_length(run, args), args.get("aim") or AIMS[0]
    if aim not in AIMS:
        raise OptionError(f"there is no aim {aim!r}", expected=", ".join(AIMS))
    name, model = open_model(domain, run, args.get("model"))
    tested = np.flatnonzero(shelf.held.lengths > 0)
    if not len(tested):
        raise OptionError("no user has held-out items, so nothing can be judged", where="this run")
    chosen = tested[_some(len(tested), run.spec.seed)]
    context.progress(0.1, "Making long lists")
    facts = ListFacts.of(recode(shelf.known, shelf.catalogue, model.catalogue), model.catalogue)
    items, scores = _long_lists(model, shelf, chosen, k, removes_seen(run))
    relevant = recode(shelf.held.take(chosen), shelf.catalogue, model.catalogue).matrix().astype(bool).tocsr()
    context.progress(0.5, "Re-ranking them")
    found = trade_off_curve(items, scores, facts, relevant=relevant, aim=aim, k=k, seed=run.spec.seed)
    return {**found, "model": name, "aim": aim, "k": k, "users": len(chosen)}


def rerank_example(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return one user's list before and after re-ranking with ``args["trade_off"]`` 0…1 towards ``args["aim"]``."""
    from dl_core.bias.interactions.rerank import rerank as stage
    from dl_core.evaluate.interactions.facts import ListFacts

    domain, run = open_run(args, context)
    shelf, k, aim = open_shelf(run), list_length(run, args), args.get("aim") or AIMS[0]
    name, model = open_model(domain, run, args.get("model"))
    tested = np.flatnonzero(shelf.held.lengths > 0)
    at = shelf.position(str(args["user"])) if args.get("user") else None
    if at is None and len(tested) and not args.get("user"):  # someone whose history is neither short nor long
        at = int(tested[np.argmin(np.abs(np.log((1 + shelf.known.lengths[tested]) / (1 + USUAL))))])
    if at is None:
        raise OptionError("this user is not part of the data", todo="search for another id")
    facts = ListFacts.of(recode(shelf.known, shelf.catalogue, model.catalogue), model.catalogue)
    items, scores = _long_lists(model, shelf, np.array([at]), k, removes_seen(run))
    after, _ = stage(items, scores, facts, trade_off=float(args.get("trade_off") or 0.0), aim=aim, k=k)
    held = set(recode(shelf.held.take(np.array([at])), shelf.catalogue, model.catalogue).items.tolist())
    return {
        "model": name,
        "user": str(shelf.known.users[at]),
        "before": _as_items(model.catalogue, items[0, :k], held, facts),
        "after": _as_items(model.catalogue, after[0, :k], held, facts),
    }


def _long_lists(
    model: Any, shelf: Shelf, users: np.ndarray, k: int, remove_seen: bool
) -> tuple[np.ndarray, np.ndarray]:
    from dl_core.models.interactions.retrieve import top_items

    histories = recode(shelf.known.take(users), shelf.catalogue, model.catalogue)
    return top_items(model, histories, min(DEPTH * k, len(model.catalogue)), remove_seen=remove_seen)


def _as_items(catalogue: Any, codes: np.ndarray, held: set[int], facts: ListFacts) -> list[dict[str, Any]]:
    from dl_core.evaluate.interactions.facts import BANDS

    codes = [int(code) for code in codes if code >= 0]
    return [
        {**about, "rank": rank, "hit": code in held, "taken": int(facts.counts[code]), "band": BANDS[facts.bands[code]]}
        for rank, (about, code) in enumerate(zip(describe_items(catalogue, codes), codes, strict=True), start=1)
    ]


def _some(n: int, seed: int) -> np.ndarray:
    """Return at most `MOST_USERS` positions of n, drawn at random, in order."""
    if n <= MOST_USERS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MOST_USERS, replace=False))
