"""What does re-ranking gain and cost, over all users and in one user's ranking?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.data.interactions.describe import describe_items
from dl_core.data.interactions.recode import recode
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Asked, Probe, of_the_best, open_as
from dl_core.probes.interactions.feedback_loop import some
from dl_core.probes.interactions.opened import (
    LENGTH,
    RunHistories,
    open_histories,
    ranking_length,
    removes_seen,
)
from dl_core.probes.interactions.users import USUAL

if TYPE_CHECKING:
    from dl_core.evaluate.interactions.facts import InteractionFacts

DEPTH = 10  # a ranking is re-ranked from this many times its length
AIM = Argument("aim", str, "exposure", "objective of re-ranking", ("exposure", "diversity"))


def reranking(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what re-ranking a model's rankings gains and costs for every trade-off."""
    from dl_core.bias.interactions.rerank import trade_off_curve

    histories, k, aim = open_histories(run), ranking_length(run, arguments), arguments["aim"]
    name, model = open_as(domain, run, arguments["model"], Recommender, judged=True)
    tested = np.flatnonzero(histories.held.lengths > 0)
    if not len(tested):
        raise OptionError("no user has held-out items, so re-ranking cannot be evaluated", where="this run")
    chosen = tested[some(len(tested), run.spec.seed)]
    work.progress(0.1, "Computing long lists")
    items, scores = _long_rankings(run, model, histories, chosen, k)
    held = recode(histories.held.take(chosen), histories.catalogue, model.catalogue)
    relevant = held.matrix().astype(bool).tocsr()
    work.progress(0.5, "Re-ranking")
    facts = _facts(histories, model)
    found = trade_off_curve(items, scores, facts, relevant=relevant, aim=aim, k=k, seed=run.spec.seed)
    return {**found, "model": name, "aim": aim, "k": k, "users": len(chosen)}


def reranking_of_user(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return one user's ranking before and after re-ranking."""
    from dl_core.bias.interactions.rerank import rerank

    histories, k = open_histories(run), ranking_length(run, arguments)
    name, model = open_as(domain, run, arguments["model"], Recommender, judged=True)
    at = np.array([_someone(histories) if arguments["user"] is None else histories.find(arguments["user"])])
    facts = _facts(histories, model)
    items, scores = _long_rankings(run, model, histories, at, k)
    after, _ = rerank(items, scores, facts, trade_off=arguments["trade_off"], aim=arguments["aim"], k=k)
    held = set(recode(histories.held.take(at), histories.catalogue, model.catalogue).items.tolist())
    return {
        "model": name,
        "user": str(histories.known.users[at[0]]),
        "before": _as_items(items[0, :k], held, facts),
        "after": _as_items(after[0, :k], held, facts),
    }


def _someone(histories: RunHistories) -> int:
    """Return the place of a test user whose history is neither short nor long."""
    tested = np.flatnonzero(histories.held.lengths > 0)
    if not len(tested):
        raise OptionError("no user has held-out items", todo="name a user")
    return int(tested[np.argmin(np.abs(np.log((1 + histories.known.lengths[tested]) / (1 + USUAL))))])


def _facts(histories: RunHistories, model: Recommender) -> InteractionFacts:
    from dl_core.evaluate.interactions.facts import InteractionFacts

    return InteractionFacts.of(recode(histories.known, histories.catalogue, model.catalogue), model.catalogue)


def _long_rankings(
    run: Run, model: Recommender, histories: RunHistories, users: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    from dl_core.models.interactions.retrieve import top_items

    known = recode(histories.known.take(users), histories.catalogue, model.catalogue)
    return top_items(model, known, min(DEPTH * k, len(model.catalogue)), remove_seen=removes_seen(run))


def _as_items(codes: np.ndarray, held: set[int], facts: InteractionFacts) -> list[dict[str, Any]]:
    from dl_core.evaluate.interactions.facts import BANDS

    known = [int(code) for code in codes if code >= 0]
    return [
        {**about, "rank": rank, "hit": code in held, "taken": int(facts.counts[code]), "band": BANDS[facts.bands[code]]}
        for rank, (about, code) in enumerate(zip(describe_items(facts.catalogue, known), known, strict=True), start=1)
    ]


def first_user(asked: Asked) -> list[dict[str, Any]]:
    """Ask for one ranking at the trade-off that is suggested."""
    answer = asked.answers.get("reranking")
    return [] if answer is None else [{"model": asked.run.best, "trade_off": answer["suggested"]}]


PROBE = (
    Probe(
        name="reranking",
        title="Re-ranking",
        purpose="Relevance–fairness trade-off: gain and cost of re-ranking for exposure or diversity.",
        panel="bias",
        verb=reranking,
        problems=("ranking",),
        kinds=("interactions",),
        arguments=(MODEL, AIM, LENGTH),
        first=of_the_best,
    ),
    Probe(
        name="reranking_of_user",
        title="Re-ranking for one user",
        purpose="One user's ranking before and after re-ranking.",
        panel="bias",
        verb=reranking_of_user,
        problems=("ranking",),
        kinds=("interactions",),
        arguments=(
            MODEL,
            AIM,
            Argument("trade_off", float, 0.0, "trade-off between relevance (0) and objective (1)"),
            Argument("user", str, None, "id of a user; default: one with a typical history"),
            LENGTH,
        ),
        first=first_user,
    ),
)
