"""How good would models be with fewer labels, or less history?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.kinds import kind_of
from dl_core.pipeline import Run, Work
from dl_core.probes.base import Argument, Asked, Probe, RunFacts


def learning_curve(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primary metric against the number of labels, for the models that the domain compares this way."""
    if domain.learning_curve is None:
        raise OptionError(needs(domain, run), where=domain.title)
    dataset = run.load_dataset()
    parts = [dataset.subset(rows) for rows in (run.splits.train, run.splits.validation, run.splits.test)]
    return {"rows": domain.learning_curve(*parts, arguments["seeds"], work, run.spec.options)}


def needs(domain: Domain, run: RunFacts) -> str:
    """Return why there is none."""
    return "" if domain.learning_curve is not None else "this domain has no learning curve"


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask it ahead where it is not about labels: then many models are trained for it."""
    return [] if kind_of(asked.run.dataset).labels else [{}]


PROBE = Probe(
    name="learning_curve",
    title="Learning curve",
    purpose="Metric by number of training labels or history length, with and without transfer learning.",
    panel="compare",
    verb=learning_curve,
    arguments=(Argument("seeds", int, 3, "random draws of the training rows"),),
    needs=needs,
    first=first,
    trains=True,
)
