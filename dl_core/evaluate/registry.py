"""All metrics by name, whatever they judge: found in the folders of this stage, or by an entry point.

A module ``metrics*.py`` of ``dl_core/evaluate`` or of a folder in it that holds ``METRICS``, a tuple of them, is found;
so is an entry point of the group ``daylight.metrics``. A name stands for one metric only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from dl_core.discover import discover, named
from dl_core.errors import OptionError
from dl_core.evaluate.metric import ClassMetric, Metric

Kind = TypeVar("Kind", bound=Metric)
GROUP = "daylight.metrics"


def _found() -> dict[str, Metric]:
    """Return the metrics of the stage, of its folders, and other people's, in this order."""
    return named(discover("dl_core.evaluate", "METRICS", GROUP, below=True))


ALL_METRICS = _found()


def metric_named(name: str, kind: type[Kind] = Metric) -> Kind:  # type: ignore[assignment]  # any Metric is a Kind
    """Return a metric by name.

    Raises
    ------
    OptionError
        If there is none of that name and kind.
    """
    found = ALL_METRICS.get(name)
    if not isinstance(found, kind):
        known = ", ".join(one.name for one in ALL_METRICS.values() if isinstance(one, kind))
        raise OptionError(f"there is no metric {name!r}", where="metric", expected=known)
    return found


def get_metrics(names: Sequence[str | Kind] | None, kind: type[Kind]) -> list[Kind]:
    """Return metrics of one kind by name or as given, each once; None means all that judge.

    Raises
    ------
    OptionError
        If a name is unknown.
    """
    if names is None:
        names = [one for one in ALL_METRICS.values() if isinstance(one, kind) and one.judges]
    found = [one if isinstance(one, Metric) else metric_named(one, kind) for one in names]
    return list({metric.name: metric for metric in found}.values())


def class_metrics(names: Sequence[str | ClassMetric] | None, n_classes: int) -> list[ClassMetric]:
    """Return metrics of classes, without those for two classes only where there are more."""
    return [one for one in get_metrics(names, ClassMetric) if n_classes == 2 or not one.binary_only]
