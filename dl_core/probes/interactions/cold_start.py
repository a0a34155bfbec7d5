"""How good are rankings for new users and new items?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.rows import plain
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Probe, at_once
from dl_core.probes.interactions.opened import ranking_length


def cold_start(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Score models on new users with 1, 3 and 5 interactions and on new items known by their features.

    The models are trained again without a tenth of the users and of the items; see `transfer.interactions.cold_start`.
    """
    from dl_core.transfer.interactions.cold_start import cold_start as stage

    offers = {run.check_model(name): domain.models[name] for name in arguments["models"] or run.trained}
    k = ranking_length(run, arguments)
    rows = stage(offers, run.load_dataset(), run.splits, seed=run.spec.seed, k=k, context=work.fitting(run))
    return {"rows": [{key: plain(value) for key, value in row.items()} for row in rows]}


PROBE = Probe(
    name="cold_start",
    title="Cold start",
    purpose="Ranking metrics for new users and new items, by models retrained without a tenth of both.",
    panel="compare",
    verb=cold_start,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(MODELS,),
    first=at_once,
    trains=True,
)
