"""What a metric is called and means, whatever the problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.evaluate.metric import Metric
from dl_core.evaluate.registry import ALL_METRICS
from ui.shell.context import PageContext

K = 10  # length of a list unless the run says otherwise


def k_of(summary: Mapping[str, Any] | None) -> int:
    """Return how many items a list of a run has, from the run's summary."""
    return int(((summary or {}).get("spec") or {}).get("options", {}).get("k") or K)


def measure(context: PageContext, name: str) -> Metric:
    """Return a metric of the run on the page, of lists as long as it makes them."""
    return metric(name).at(k_of(context.summary))


def is_share(context: PageContext, name: str) -> bool:
    """Return whether a metric of the run on the page is read on the scale of the others."""
    return metric(name).share and name in context.domain.problem.metrics()


def metric(name: str) -> Metric:
    """Return a metric; of a name that nobody knows, one of which more is better."""
    return ALL_METRICS.get(name) or Metric(name, name.replace("_", " ").capitalize(), "", float)
