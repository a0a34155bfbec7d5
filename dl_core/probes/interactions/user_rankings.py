"""What did a test user take, and what does each model recommend to them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dl_core.data.interactions.describe import describe_items, describe_ranking
from dl_core.domain import Domain
from dl_core.files import read_json
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Asked, Probe, open_as
from dl_core.probes.interactions.opened import (
    LENGTH,
    USER,
    RunHistories,
    judged_rankings,
    open_histories,
    ranking_length,
    removes_seen,
    top_ranking,
)


def user_rankings(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a test user took, what was held out, and the judged ranking of each model (the best by default)."""
    histories, k, user = open_histories(run), ranking_length(run, arguments), arguments["user"]
    at = histories.find(user)
    held = set(histories.held.take(np.array([at])).items.tolist())
    rankings = []
    for name in [run.check_model(one) for one in arguments["models"] or [None]]:
        ranked = judged_ranking(domain, run, histories, name, user, k)
        items = describe_ranking(histories.catalogue, ranked, held)
        hits = sum(item["hit"] for item in items)
        rankings.append({"model": name, "items": items, "hits": hits, "ndcg": _ndcg(items, len(held))})
    return {
        "user": user,
        "about": histories.about(at),
        "taken": int(histories.known.lengths[at]),
        "history": histories.shown(histories.known, at),
        "held": describe_items(histories.catalogue, sorted(held)),
        "k": k,
        "lists": rankings,
    }


def judged_ranking(
    domain: Domain, run: Run, histories: RunHistories, model: str, user: str, k: int
) -> list[tuple[int, float]]:
    """Return (item code, score) of a test user's ranking as it was judged; made now for one who was not."""
    judged = judged_rankings(run, model)
    if user in judged.index:
        rows = judged.loc[[user]].sort_values("rank").head(k)
        if len(rows) == k:  # else judged by shorter rankings than are asked for now
            codes = histories.catalogue.codes(rows["item"].to_numpy(dtype=object)).tolist()
            return list(zip(codes, rows["score"].astype(float).tolist(), strict=True))
    _, fitted = open_as(domain, run, model, Recommender, judged=True)
    history = histories.known.take(np.array([histories.find(user)]))
    return top_ranking(fitted, history, histories.catalogue, k, removes_seen(run))


def _ndcg(items: Sequence[Mapping[str, Any]], relevant: int) -> float | None:
    """Return nDCG of one ranking: gain 1 / log2(rank + 1) of each hit over the best that was possible."""
    if not relevant:
        return None
    gained = sum(1 / np.log2(item["rank"] + 1) for item in items if item["hit"])
    best = sum(1 / np.log2(rank + 1) for rank in range(1, min(relevant, len(items)) + 1))
    return float(gained / best) if best else None


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask for the first user of `users`, and for the first to whom the two models shown first say different things."""
    if "users" not in asked.answers:  # whoever asks on from the first answer means the user who is shown first
        return []
    users = asked.answers["users"]["users"]
    wanted = [{"user": one["user"], "models": [asked.shown]} for one in users[:1]]
    path = asked.run.folder / "comparison.json"
    if len(asked.pair) > 1 and path.is_file():
        apart = [one for one in read_json(path)["disagreements"] if {one["a"], one["b"]} == set(asked.pair)]
        wanted += [{"user": str(one["row"]), "models": asked.pair} for one in apart[:1]]
    return wanted


PROBE = Probe(
    name="user_rankings",
    title="Rankings of one user",
    purpose="History, held-out items and each model's recommendations of a test user.",
    panel="compare",
    verb=user_rankings,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(USER, MODELS, LENGTH),
    first=first,
)
