"""Which test users does a model serve well, and which not?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.domain import Domain
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Asked, Names, Probe
from dl_core.probes.interactions.opened import LENGTH, RunHistories, judged_rankings, open_histories, ranking_length

KINDS = ("all", "hits", "misses", "short")
PAGE = 12  # users on one page
USUAL = 20  # items of a history that is neither short nor long
SHORT = 5  # a history of at most so many items is a short one


def users(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """List test users of one model by kind and by words in their id.

    Those with most hits come first, then those whose history is of a usual length; of short histories the longest.
    """
    name, histories, k = run.check_model(arguments["model"]), open_histories(run), ranking_length(run, arguments)
    table = _judged_users(run, histories, name, k)
    if arguments["rows"]:
        table = table.reindex([row for row in arguments["rows"] if row in table.index])
    else:
        table = _chosen(table, arguments["kind"], arguments["search"].strip())
    page = max(arguments["page"], 0)
    shown = table.iloc[page * PAGE : (page + 1) * PAGE]
    return {
        "total": len(table),
        "page": page,
        "pages": -(-len(table) // PAGE),
        "k": k,
        "users": [_line(histories, str(user), line) for user, line in shown.iterrows()],
    }


def _judged_users(run: Run, histories: RunHistories, model: str, k: int) -> pd.DataFrame:
    """Return test users by id: ``hits`` in the top k, ``relevant``, ``taken`` (length of the history)."""
    rankings = judged_rankings(run, model)
    near = rankings[rankings["rank"] <= k]
    grouped = near.groupby(level=0, sort=False)
    table = pd.DataFrame({"hits": grouped["hit"].sum(), "relevant": grouped["relevant"].first()})
    at = pd.Index(histories.known.users).get_indexer(table.index)
    return table.assign(taken=np.where(at >= 0, histories.known.lengths[at], 0))


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


def _line(histories: RunHistories, user: str, line: pd.Series) -> dict[str, Any]:
    """Return one user with the title they took last before the test."""
    at = histories.position(user)
    last = None if at is None else next(iter(histories.shown(histories.known, at, 1)), None)
    return {
        "user": user,
        "taken": int(line["taken"]),
        "hits": int(line["hits"]),
        "relevant": int(line["relevant"]),
        "last": None if last is None else last["title"],
        "about": histories.about(at),
    }


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask for users whom the best network serves well."""
    return [{"model": asked.shown, "kind": "hits"}]


PROBE = Probe(
    name="users",
    title="Test users",
    purpose="Test users with the number of hits of a model, with search.",
    panel="explain",
    verb=users,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(
        MODEL,
        Argument("kind", str, "all", "which users", KINDS),
        Argument("search", str, "", "words in the id"),
        Argument("rows", Names, None, "exactly these users instead"),
        Argument("page", int, 0, f"page of {PAGE} users, from 0"),
        LENGTH,
    ),
    first=first,
)
