"""How far has each input of the test rows moved from the training rows?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.rows import plain_rows
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.pipeline import Run, Work
from dl_core.probes.base import Probe, RunFacts, at_once
from dl_core.schema import Role


def drift(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw inputs with how far they moved, the furthest first; see `evaluate.drift`."""
    from dl_core.evaluate.drift import drift as stage

    if domain.inputs is None:
        raise OptionError(needs(domain, run), where=domain.title)
    dataset = run.load_dataset()
    running = list(dataset.roles.get(Role.HISTORY, ()))  # starts empty and grows, however steady the rows are
    before, after = (
        domain.inputs(dataset.subset(rows)).drop(columns=running, errors="ignore")
        for rows in (run.splits.train, run.splits.test)
    )
    return {"rows": plain_rows(stage(before, after))}


def needs(domain: Domain, run: RunFacts) -> str:
    """Return why there is nothing to compare."""
    return "" if domain.inputs is not None else "this domain has no tabular features"


PROBE = Probe(
    name="drift",
    title="Feature drift",
    purpose="Population stability index of each feature between training and test rows.",
    panel="compare",
    verb=drift,
    needs=needs,
    first=at_once,
)
