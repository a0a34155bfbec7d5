"""Whom a classifier fails: every metric by group with interval and n, and the differences that stand out of chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.bias import disparities
from dl_core.bias.disparities import GroupDraws
from dl_core.bias.four_fifths import four_fifths
from dl_core.bias.report import BiasReport
from dl_core.bias.words import warnings_of
from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.quantities import Quantity
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Predictions
from dl_core.evaluate.scored import Scored, scored_rows

MIN_ROWS = 30  # a group with fewer rows says nothing
MIN_CASES = 10  # nor does a rate over fewer positives (or negatives), nor rows of fewer units
PARITY = ("sensitivity", "false_positive_rate", "selection_rate")  # always shown for two classes


def check_bias(
    predictions: Predictions,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | ClassMetric] | None = None,
    threshold: float | pd.Series | None = None,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
) -> BiasReport:
    """Return every metric by group on the labelled test rows, and how far groups are apart.

    Parameters
    ----------
    predictions : Predictions
    model : str
    groups : pandas.DataFrame
        Group labels by row id, one column a grouping (`make_groups`).
    metrics : sequence or None
        Names or `ClassMetric` objects. For two classes sensitivity, false positive rate and selection rate are always
        among them, so that equalised odds (Hardt 2016) and demographic parity can be read.
    threshold : float, pandas.Series or None
        Operating point, or one for each row id.
    units : pandas.Series or None
        Unit (patient, account) by row id; rows of a unit are resampled together.
    about : pandas.DataFrame or None
        Facts by row id for metrics of money and of a review queue (`evaluate.about`); those that lack one are left out.
    seed : int

    Returns
    -------
    BiasReport
        A group is not ``enough`` for a metric under 30 rows, 10 units, or 10 of the positives or negatives that the
        metric counts; it and rows whose group is not stated take no part in disparities. A disparity is the difference
        (and ratio) of the best and the worst group, those two fixed, with an interval widened (Bonferroni) for having
        picked the most distant pair; so it may reach over 0, which a resampled maximum never would. Metrics that grow
        with a group's size, or hand it the whole review budget, have no disparities (`Metric.comparable`).

    Raises
    ------
    OptionError
        If there are no groups or labels, or the model or a metric is unknown.
    """
    decided = Decided(predictions, model, metrics, threshold, units, about, seed)
    return decided.report(decided.draw(groups, group_metrics(metrics, len(predictions.classes))))


@dataclass(frozen=True)
class Decided:
    """How a model decides, and how that is judged by group; the fields are the arguments of `check_bias`."""

    predictions: Predictions
    model: str
    metrics: Sequence[str | ClassMetric] | None = None
    threshold: float | pd.Series | None = None
    units: pd.Series | None = None
    about: pd.DataFrame | None = None
    seed: int = 0

    def draw(self, groups: pd.DataFrame, metrics: Sequence[ClassMetric]) -> GroupDraws:
        """Return the resampled metrics of all labelled test rows and of every group.

        Raises
        ------
        OptionError
            If there are no groups or labels.
        """
        case = scored_rows(self.predictions, self.model, "test", facts=Facts(self.about), units=self.units)
        if not len(case) and len(groups.columns):
            raise OptionError(
                "these rows have no labels", where="groups", expected="labelled test rows to evaluate by group"
            )
        cut = self.threshold
        cut = cut.reindex(case.ids).to_numpy(dtype=float) if isinstance(cut, pd.Series) else cut
        return disparities.draw_groups(replace(case, threshold=cut), groups, metrics, self.seed)

    def report(self, drawn: GroupDraws) -> BiasReport:
        """Return the report on resampled metrics."""
        case, classes = drawn.units, self.predictions.classes
        clusters = case.clusters if isinstance(case, Scored) else None

        def enough(metric: ClassMetric, inside: np.ndarray, number: Quantity) -> bool:
            """Return whether a group is large enough for a metric."""
            n_units = None if clusters is None else len(np.unique(clusters[inside]))
            return is_enough(metric, int(inside.sum()), case.positives_of(inside), n_units)

        return disparities.report_of(
            drawn,
            self.model,
            enough=enough,
            words=lambda table, apart: warnings_of(table, apart, classes),
            rule=lambda table: four_fifths(table, drawn.drawn, classes),
        )


def group_metrics(metrics: Sequence[str | ClassMetric] | None, n_classes: int) -> list[ClassMetric]:
    """Return the metrics of a check, those of parity among them."""
    return class_metrics([*(metrics or ("auroc", "accuracy", "sensitivity", "specificity")), *PARITY], n_classes)


def is_enough(metric: ClassMetric, n: int, positives: int | None, n_units: int | None = None) -> bool:
    """Return whether a group is large enough for ``metric``; ``positives`` is None with more than two classes."""
    if n < MIN_ROWS or (n_units is not None and n_units < MIN_CASES):
        return False
    if positives is None or metric.trials == "rows" or metric.name in ("brier", "log_loss", "ece"):
        return True
    needed = {"positives": [positives], "negatives": [n - positives]}.get(metric.trials, [positives, n - positives])
    return min(needed) >= MIN_CASES
