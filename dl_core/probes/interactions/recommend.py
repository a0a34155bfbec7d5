"""What do models recommend to one user now, or to someone new who took a few items?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core.data.interactions.describe import describe_ranking
from dl_core.data.interactions.histories import Histories
from dl_core.data.interactions.recode import new_history
from dl_core.domain import Domain
from dl_core.errors import DaylightError, OptionError
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Argument, Asked, Names, Probe, open_as
from dl_core.probes.interactions.opened import (
    LENGTH,
    RunHistories,
    open_histories,
    ranking_length,
    removes_seen,
    top_ranking,
)

UNKNOWN = "Unknown user: recommendations for a new user."
ONLY_FEATURES = "Empty history: only models with user features can personalise."


def recommend(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the top items of each model (the best by default) for one user, by all that is known of them by now.

    Raises
    ------
    OptionError
        If neither a user nor items are given.
    """
    histories, k, user = open_histories(run), ranking_length(run, arguments), arguments["user"] or ""
    history, notes = _history(histories, user, arguments["items"])
    rankings = []
    for name in [run.check_model(one) for one in arguments["models"] or [None]]:
        try:
            _, model = open_as(domain, run, name, Recommender)
            ranked = top_ranking(model, history, histories.catalogue, k, removes_seen(run))
        except DaylightError as error:
            notes.append(f"{domain.models[name].label}: {error.line()}")
            continue
        items = describe_ranking(histories.catalogue, ranked)
        rankings.append({"model": name, "items": items, "hits": 0, "ndcg": None})
    at = histories.position(user) if user else None
    return {
        "user": user,
        "about": histories.about(at),
        "known": at is not None,
        "taken": int(history.lengths[0]),
        "history": histories.shown(history, 0),
        "held": [],
        "k": k,
        "lists": rankings,
        "notes": notes,
    }


def _history(histories: RunHistories, user: str, items: list[str] | None) -> tuple[Histories, list[str]]:
    """Return the history to recommend for, one user, and what is to be said about it."""
    if items is not None:
        history = new_history(histories.catalogue, items)
        lost = len(items) - int(history.lengths[0])
        return history, [f"{lost} of the items are unknown and ignored."] if lost else []
    if not user:
        raise OptionError("no user was named", todo="pick a user, or choose some items")
    at = histories.position(user)
    if at is None:
        return new_history(histories.catalogue, [], user), [UNKNOWN]
    history = histories.whole.take(np.array([at]))
    return history, [] if history.lengths[0] else [ONLY_FEATURES]


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask for someone new who took nothing, for the first item and for the first user that are listed."""
    found: list[dict[str, Any]] = [{"items": [], "models": asked.pair}]
    items, users = (asked.answers.get(name, {}).get(name, []) for name in ("items", "users"))
    found += [{"items": [one["item"]], "models": asked.pair} for one in items[:1]]
    found += [{"user": one["user"], "models": asked.pair} for one in users[:1]]
    return found


PROBE = Probe(
    name="recommend",
    title="Recommend",
    purpose="Recommendations of models for one user, or for a new user with a few items.",
    panel="predict",
    verb=recommend,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(
        Argument("user", str, None, "id of a user of the data, or of anyone"),
        Argument("items", Names, None, "instead: history of a new user, ids of items, latest last"),
        MODELS,
        LENGTH,
    ),
    first=first,
)
