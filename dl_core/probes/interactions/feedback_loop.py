"""What would become of it if users took what is shown to them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core.data.interactions.recode import recode
from dl_core.domain import Domain
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Probe, of_the_best, open_as
from dl_core.probes.interactions.opened import LENGTH, open_histories, ranking_length

MOST_ROUNDS = 20
MOST_USERS = 2_000  # users whose rankings are simulated or re-ranked
QUICK = 3.0  # seconds of training up to which a model learns anew after every simulated round


def feedback_loop(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return how concentration grows over simulated rounds in which users take what is shown."""
    from dl_core.bias.interactions.feedback import feedback_loop as stage
    from dl_core.evaluate.interactions.facts import InteractionFacts

    histories = open_histories(run)
    name, model = open_as(domain, run, arguments["model"], Recommender, judged=True)
    known = recode(histories.known, histories.catalogue, model.catalogue)
    facts = InteractionFacts.of(known, model.catalogue)
    few = known.take(some(len(known), run.spec.seed))
    work.progress(0.1, "Simulating rounds")
    found = stage(
        model,
        few,
        facts,
        rounds=max(1, min(MOST_ROUNDS, arguments["rounds"])),
        k=ranking_length(run, arguments),
        seed=run.spec.seed,
        refit=work.fitting(run) if run.models[name].fit_seconds <= QUICK else None,
    )
    return {**found, "model": name}


def some(n: int, seed: int) -> np.ndarray:
    """Return at most `MOST_USERS` positions of n, drawn at random, in order."""
    if n <= MOST_USERS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MOST_USERS, replace=False))


PROBE = Probe(
    name="feedback_loop",
    title="Feedback loop",
    purpose="Concentration of consumption over simulated rounds of recommendation and retraining.",
    panel="bias",
    verb=feedback_loop,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(MODEL, Argument("rounds", int, 5, f"simulated rounds, 1 to {MOST_ROUNDS}"), LENGTH),
    first=of_the_best,
)
