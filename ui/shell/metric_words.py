"""What a metric is called and means, whether it judges classes, lists or forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dl_core.evaluate.interactions.metrics import LIST_METRICS
from dl_core.evaluate.metrics import METRICS
from dl_core.evaluate.series.metrics import SERIES_METRICS
from ui import kinds
from ui.shell.context import PageContext

K = 10  # length of a list unless the run says otherwise


class Measure(NamedTuple):
    """A metric in words: ``label`` for axes, ``help`` in one line, which way is better."""

    label: str
    help: str
    higher_is_better: bool = True


def k_of(summary: Mapping[str, Any] | None) -> int:
    """Return how many items a list of a run has, from the run's summary."""
    return int(((summary or {}).get("spec") or {}).get("options", {}).get("k") or K)


def measure(context: PageContext, name: str) -> Measure:
    """Return a metric of the run on the page in words."""
    if kinds.is_series(context):
        return of_series(name)
    return of_lists(name, k_of(context.summary)) if kinds.is_lists(context) else of_classes(name)


def is_share(context: PageContext, name: str) -> bool:
    """Return whether a metric is read on the scale of the others.

    Of lists that is what judges hits and lies in 0…1; of series what is neither in per cent nor in the data's unit.
    """
    if kinds.is_series(context):
        return name in SERIES_METRICS and name not in ("smape", "mae")
    if not kinds.is_lists(context):
        return True
    known = LIST_METRICS.get(name)
    return known is not None and not known.needs_facts


def of_classes(name: str) -> Measure:
    """Return a metric of classes; of a name that nobody knows, the name itself."""
    known = METRICS.get(name)
    return _unknown(name) if known is None else Measure(known.label, known.help, known.higher_is_better)


def of_lists(name: str, k: int = K) -> Measure:
    """Return a metric of lists of ``k`` items."""
    known = LIST_METRICS.get(name)
    if known is None:
        return _unknown(name)
    return Measure(known.label.format(k=k), known.help.format(k=k), known.higher_is_better)


def of_series(name: str) -> Measure:
    """Return a metric of forecasts; of a name that nobody knows, the name itself."""
    known = SERIES_METRICS.get(name)
    return _unknown(name) if known is None else Measure(known.label, known.help, known.higher_is_better)


def _unknown(name: str) -> Measure:
    return Measure(name.replace("_", " ").capitalize(), "")
