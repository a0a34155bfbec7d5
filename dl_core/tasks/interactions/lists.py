"""Jobs on a run's lists: find users and items, show what someone took beside what each model recommends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.tasks.interactions.serving import (
    Shelf,
    describe_history,
    describe_items,
    describe_user,
    judged_lists,
    list_length,
    open_shelf,
    removes_seen,
    top_lists,
)
from dl_core.tasks.opening import open_model, open_run
from dl_core.train.run import Run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

KINDS = ("all", "hits", "misses", "short")
PAGE = 12  # users on one page
USUAL = 20  # items of a history that is neither short nor long
SHORT = 5  # a history of at most so many items is a short one
FOUND = 20  # items that a search returns
SHOWN_HISTORY = 40  # items of a history that come back


def find_users(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """List test users of one model by ``args["kind"]`` (all, hits, misses, short) and ``args["search"]`` in their id.

    Those with most hits come first, then those whose history is of a usual length; of short histories the longest.
    ``args["rows"]`` lists exactly these users.
    """
    _, run = open_run(args, context)
    name, shelf, k = run.check_model(args.get("model")), open_shelf(run), list_length(run, args)
    kind = args.get("kind") or "all"
    if kind not in KINDS:
        raise OptionError(f"there is no kind of user {kind!r}", expected=", ".join(KINDS))
    table = _judged_users(run, shelf, name, k)
    if args.get("rows"):
        table = table.reindex([row for row in args["rows"] if row in table.index])
    else:
        table = _chosen(table, kind, str(args.get("search") or "").strip())
    page = max(int(args.get("page", 0)), 0)
    shown = table.iloc[page * PAGE : (page + 1) * PAGE]
    return {
        "total": len(table),
        "page": page,
        "pages": -(-len(table) // PAGE),
        "k": k,
        "users": [_line(shelf, str(user), line) for user, line in shown.iterrows()],
    }


def _judged_users(run: Run, shelf: Shelf, model: str, k: int) -> pd.DataFrame:
    """Return test users by id: ``hits`` in the top k, ``relevant``, ``taken`` (length of the history)."""
    lists = judged_lists(run, model)
    near = lists[lists["rank"] <= k]
    grouped = near.groupby(level=0, sort=False)
    table = pd.DataFrame({"hits": grouped["hit"].sum(), "relevant": grouped["relevant"].first()})
    at = pd.Index(shelf.known.users).get_indexer(table.index)
    return table.assign(taken=np.where(at >= 0, shelf.known.lengths[at], 0))


def _chosen(table: pd.DataFrame, kind: str, search: str) -> pd.DataFrame:
    """Return the users of a kind, sorted, whose id holds ``search``; an id that equals it comes first."""
    if kind == "hits":
        table = table[table["hits"] > 0]
    elif kind == "misses":
        table = table[table["hits"] == 0]
    elif kind == "short":
        table = table[table["taken"] <= SHORT]
    far = np.abs(np.log((1 + table["taken"]) / (1 + USUAL)))  # how many times a usual history, either way
    table = table.assign(far=far).sort_values(["hits", "far"], ascending=[kind != "hits", True], kind="stable")
    if kind in ("all", "short"):
        table = table.sort_values("far", kind="stable")
    if not search:
        return table
    ids = table.index.astype(str)
    table = table[ids.str.contains(search, case=False, regex=False)]
    exact = table.index.astype(str) == search
    return pd.concat([table[exact], table[~exact]])


def _line(shelf: Shelf, user: str, line: pd.Series) -> dict[str, Any]:
    """Return one user of the list with the title they took last before the test."""
    at = shelf.position(user)
    last = None if at is None else next(iter(describe_history(shelf, shelf.known, at, 1)), None)
    return {
        "user": user,
        "taken": int(line["taken"]),
        "hits": int(line["hits"]),
        "relevant": int(line["relevant"]),
        "last": None if last is None else last["title"],
        "about": {} if at is None else describe_user(shelf, at),
    }


def user_lists(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return what a test user took, what was held out, and the judged list of each of ``args["models"]``.

    Raises
    ------
    OptionError
        If the user is not part of the data.
    """
    domain, run = open_run(args, context)
    shelf, k, user = open_shelf(run), list_length(run, args), str(args["user"])
    at = shelf.position(user)
    if at is None:
        raise OptionError("this user is not part of the data", todo="search for another id")
    held = set(shelf.held.take(np.array([at])).items.tolist())
    lists = []
    for name in [run.check_model(one) for one in args.get("models") or [None]]:
        codes, scores = _list_of(run, shelf, name, user, k)
        if codes is None:
            _, model = open_model(domain, run, name)
            (found,) = top_lists(model, shelf.known.take(np.array([at])), shelf.catalogue, k, removes_seen(run))
            codes, scores = [code for code, _ in found], [score for _, score in found]
        lists.append({"model": name, **_as_list(shelf, codes, scores, held)})
    return {
        "user": user,
        "about": describe_user(shelf, at),
        "taken": int(shelf.known.lengths[at]),
        "history": describe_history(shelf, shelf.known, at, SHOWN_HISTORY),
        "held": describe_items(shelf.catalogue, sorted(held)),
        "k": k,
        "lists": lists,
    }


def _list_of(run: Run, shelf: Shelf, model: str, user: str, k: int) -> tuple[list[int] | None, list[float]]:
    """Return codes and scores of the judged list of a user, or None for one who was not judged."""
    lists = judged_lists(run, model)
    if user not in lists.index:
        return None, []
    rows = lists.loc[[user]].sort_values("rank").head(k)
    if len(rows) < k:  # judged by shorter lists than are asked for now
        return None, []
    return shelf.catalogue.codes(rows["item"].to_numpy(dtype=object)).tolist(), rows["score"].astype(float).tolist()


def _as_list(shelf: Shelf, codes: list[int], scores: list[float], held: set[int]) -> dict[str, Any]:
    items = [
        {**about, "rank": rank, "score": score, "hit": code in held}
        for rank, (about, code, score) in enumerate(
            zip(describe_items(shelf.catalogue, codes), codes, scores, strict=True), start=1
        )
    ]
    return {"items": items, "hits": sum(item["hit"] for item in items), "ndcg": _ndcg(items, len(held))}


def _ndcg(items: list[dict[str, Any]], relevant: int) -> float | None:
    """Return nDCG of one list: gain 1 / log2(rank + 1) of each hit over the best that was possible."""
    if not relevant:
        return None
    gained = sum(1 / np.log2(item["rank"] + 1) for item in items if item["hit"])
    best = sum(1 / np.log2(rank + 1) for rank in range(1, min(relevant, len(items)) + 1))
    return float(gained / best) if best else None


def find_items(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return items whose title, category or id holds every word of ``args["search"]``, the most taken first."""
    _, run = open_run(args, context)
    shelf = open_shelf(run)
    taken = np.bincount(shelf.whole.items, minlength=len(shelf.catalogue))
    words = str(args.get("search") or "").lower().split()
    texts = _searchable(shelf)
    fits = np.ones(len(texts), dtype=bool)
    for word in words:
        fits &= texts.str.contains(word, regex=False).to_numpy()
    codes = np.flatnonzero(fits)
    order = codes[np.argsort(-taken[codes], kind="stable")][:FOUND]
    rows = describe_items(shelf.catalogue, order)
    return {
        "total": int(fits.sum()),
        "items": [{**row, "taken": int(taken[code])} for row, code in zip(rows, order, strict=True)],
    }


def _searchable(shelf: Shelf) -> pd.Series:
    """Return one lower-case text an item: its title, category and id."""
    from dl_core.data.interactions.catalogue import CATEGORY

    texts = pd.Series(shelf.catalogue.titles(), dtype=object).astype(str)
    ids = pd.Series(shelf.catalogue.ids, dtype=object).astype(str)
    if CATEGORY in shelf.catalogue.features:
        texts = texts + " " + shelf.catalogue.features[CATEGORY].fillna("").astype(str).reset_index(drop=True)
    return (texts + " " + ids).str.lower()
