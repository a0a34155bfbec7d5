"""What a metric is called and means, whatever the problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dl_core.evaluate.metric import Metric
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.problems.base import Problem
from ui.shell.context import PageContext

K = 10  # length of a list unless the run says otherwise


class Measure(NamedTuple):
    """A metric in words: ``label`` for axes, ``help`` in one line, which way is better.

    ``target`` is the value that is best where neither more nor less is better. ``share`` tells whether it is read on
    the scale of the others.
    """

    label: str
    help: str
    higher_is_better: bool = True
    target: float | None = None
    share: bool = True


def k_of(summary: Mapping[str, Any] | None) -> int:
    """Return how many items a list of a run has, from the run's summary."""
    return int(((summary or {}).get("spec") or {}).get("options", {}).get("k") or K)


def measure(context: PageContext, name: str) -> Measure:
    """Return a metric of the run on the page in words."""
    return of(context.domain.problem, name, k_of(context.summary))


def is_share(context: PageContext, name: str) -> bool:
    """Return whether a metric of the run on the page is read on the scale of the others."""
    return measure(context, name).share


def metric(name: str) -> Metric:
    """Return a metric; of a name that nobody knows, one of which more is better."""
    return ALL_METRICS.get(name) or Metric(name, name.replace("_", " ").capitalize(), "", float)


def of(problem: Problem, name: str, k: int = K) -> Measure:
    """Return a metric of a problem, of lists of ``k`` items; of a name that nobody knows, the name itself."""
    known = metric(name).at(k)
    share = known.share and name in problem.metrics()
    return Measure(known.label, known.help, known.higher_is_better, known.target, share)
