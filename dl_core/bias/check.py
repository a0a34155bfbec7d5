"""Whom a model fails: every metric by group with interval and n, and the differences that stand out of chance.

Values by group come from fairlearn's `MetricFrame`, intervals from the bootstrap that all metrics share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from dl_core.bias.four_fifths import four_fifths
from dl_core.bias.groups import NOT_STATED, natural_order
from dl_core.bias.report import BiasReport
from dl_core.bias.words import warnings_of
from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.evaluate import fitting, scored_rows, units_of
from dl_core.evaluate.interactions.metrics import ListMetric
from dl_core.evaluate.intervals import LEVEL, Scored, draw_weights, interval, percentile, resamples_for
from dl_core.evaluate.metrics import METRICS, Metric, get_metrics
from dl_core.evaluate.results import Predictions

MIN_ROWS = 30  # a group with fewer rows says nothing
MIN_CASES = 10  # nor does a rate over fewer positives (or negatives), nor rows of fewer units
PARITY = ("sensitivity", "false_positive_rate", "selection_rate")  # always shown for two classes

Key = tuple[str, str, str]  # column, group, metric


@dataclass(frozen=True)
class GroupDraws:
    """A model's metrics by (column, group, metric): resampled values (r,), and the same for all rows by metric."""

    case: Scored
    rows: pd.Index
    labels: pd.DataFrame
    units: np.ndarray | None
    metrics: list[Metric]
    overall: dict[str, np.ndarray]
    by_group: dict[Key, np.ndarray]


def check_bias(
    predictions: Predictions,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | Metric] | None = None,
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
        Names or `Metric` objects. For two classes sensitivity, false positive rate and selection rate are always among
        them, so that equalised odds (Hardt 2016) and demographic parity can be read.
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
    chosen = group_metrics(metrics, len(predictions.classes))
    drawn = draw_groups(predictions, model, groups, chosen, threshold=threshold, units=units, about=about, seed=seed)
    return report_of(drawn, model, predictions.classes)


def report_of(drawn: GroupDraws, model: str, classes: tuple[str, ...]) -> BiasReport:
    """Return the report on resampled metrics."""
    chosen = drawn.metrics
    overall = pd.DataFrame(
        [
            (m.name, drawn.case.value(m), *interval(m, drawn.case, drawn.overall[m.name]), len(drawn.rows))
            for m in chosen
        ],
        columns=["metric", "value", "low", "high", "n"],
    )
    table = pd.concat([_group_table(drawn, column, chosen) for column in drawn.labels], ignore_index=True)
    apart = [disparities_of(drawn.by_group, table, column, chosen) for column in drawn.labels]
    disparities = pd.concat(apart, ignore_index=True)
    rule = four_fifths(table, drawn.by_group, classes)
    return BiasReport(model, overall, table, disparities, warnings_of(table, disparities, classes), rule)


def group_metrics(metrics: Sequence[str | Metric] | None, n_classes: int) -> list[Metric]:
    """Return the metrics of a check, those of parity among them."""
    return get_metrics([*(metrics or ("auroc", "accuracy", "sensitivity", "specificity")), *PARITY], n_classes)


def draw_groups(
    predictions: Predictions,
    model: str,
    groups: pd.DataFrame,
    metrics: Sequence[Metric],
    *,
    threshold: float | pd.Series | None,
    units: pd.Series | None,
    about: pd.DataFrame | None = None,
    seed: int,
) -> GroupDraws:
    """Return the resampled metrics of all rows and of every group, from one set of draws.

    Metrics that lack a fact are left out.
    """
    if not len(groups.columns):
        raise OptionError("there are no groups to check", where="groups", expected="a column of the metadata")
    case, rows = scored_rows(predictions, model, "test", facts=Facts(about))
    if not len(rows):
        raise OptionError("these rows have no labels", where="groups", expected="labelled test rows to judge by group")
    if isinstance(threshold, pd.Series):
        threshold = threshold.reindex(rows).to_numpy(dtype=float)
    case = Scored(case.y_true, case.y_score, threshold, case.about)
    metrics = fitting(metrics, case.about)
    labels = groups.reindex(rows).fillna(NOT_STATED)
    unit = units_of(rows, units)
    members = members_of(labels)
    parts = {key: case.take(at) for key, at in members.items()}
    overall: dict[str, list] = {metric.name: [] for metric in metrics}
    by_group: dict[Key, list] = {(*key, metric.name): [] for key in members for metric in metrics}
    n = len(rows)
    for weights in draw_weights(n, n_resamples=resamples_for(n), seed=seed, units=unit):
        for metric in metrics:
            overall[metric.name].append(case.resampled(metric, weights))
        for key, at in members.items():
            its_weights = np.take(weights, at, axis=1)
            for metric in metrics:
                by_group[*key, metric.name].append(parts[key].resampled(metric, its_weights))
    joined = {name: np.concatenate(values) for name, values in overall.items()}
    drawn = {key: np.concatenate(values) for key, values in by_group.items()}
    return GroupDraws(case, rows, labels, None if unit is None else unit.to_numpy(), metrics, joined, drawn)


def members_of(labels: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Return the row positions of each group by (column, group)."""
    found = {}
    for column in labels:
        codes, names = pd.factorize(labels[column])
        for code in sorted(range(len(names)), key=lambda code, names=names: natural_order(names[code])):
            found[column, names[code]] = np.flatnonzero(codes == code)
    return found


def by_group(case: Scored, labels: pd.Series, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Return metric values by group from fairlearn's `MetricFrame`: groups as rows, metrics as columns.

    The frame is given row positions, and one function looks its rows up and judges them by every metric: fairlearn
    walks through each value of each metric's arguments, which takes long on many rows.
    """
    from fairlearn.metrics import MetricFrame

    def judged(rows: np.ndarray, _: np.ndarray) -> tuple[float, ...]:
        """Return every metric of the rows at these positions, which come twice."""
        part = case.take(np.asarray(rows))
        return tuple(part.value(metric) for metric in metrics)

    place = np.arange(len(case.y_true))
    frame = MetricFrame(metrics=judged, y_true=place, y_pred=place, sensitive_features=labels.to_numpy())
    names = [metric.name for metric in metrics]
    return pd.DataFrame(frame.by_group.tolist(), index=frame.by_group.index, columns=names, dtype=float)


def _group_table(drawn: GroupDraws, column: str, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Return one grouping's rows of the report."""
    labels, binary = drawn.labels[column], drawn.case.y_score.shape[1] == 2
    values = by_group(drawn.case, labels, metrics)
    lines = []
    for (_, group), at in members_of(labels.to_frame()).items():
        part = drawn.case.take(at)
        positives = int((part.y_true == 1).sum()) if binary else None
        n_units = len(at) if drawn.units is None else pd.Series(drawn.units[at]).nunique()
        for metric in metrics:
            low, high = interval(metric, part, drawn.by_group[column, group, metric.name])
            enough = is_enough(metric, len(at), positives, n_units)
            value = values.loc[group, metric.name]
            lines.append((column, group, metric.name, value, low, high, len(at), positives, enough))
    names = ["column", "group", "metric", "value", "low", "high", "n", "positives", "enough"]
    return pd.DataFrame(lines, columns=names)


def is_enough(metric: Metric, n: int, positives: int | None, n_units: int | None = None) -> bool:
    """Return whether a group is large enough for ``metric``; ``positives`` is None with more than two classes."""
    if n < MIN_ROWS or (n_units is not None and n_units < MIN_CASES):
        return False
    if positives is None or metric.trials == "rows" or metric.name in ("brier", "log_loss", "ece"):
        return True
    needed = {"positives": [positives], "negatives": [n - positives]}.get(metric.trials, [positives, n - positives])
    return min(needed) >= MIN_CASES


def disparities_of(
    by_group: Mapping[Key, np.ndarray], table: pd.DataFrame, column: str, metrics: Sequence[Metric | ListMetric]
) -> pd.DataFrame:
    """Return the differences and ratios between the best and worst group of one grouping.

    ``by_group`` holds resampled values (r,), ``table`` is ``groups`` of a `BiasReport`.
    """
    lines = []
    for metric in metrics:
        if not metric.comparable:
            continue
        here = table[(table["column"] == column) & (table["metric"] == metric.name)]
        here = here[here["enough"] & here["value"].notna() & (here["group"] != NOT_STATED)]
        if len(here) < 2:
            continue
        ordered = here.sort_values("value", ascending=metric.higher_is_better, kind="stable")
        worst, best = ordered.iloc[0], ordered.iloc[-1]
        draws = [by_group[column, row["group"], metric.name] for row in (worst, best)]
        level = 1 - (1 - LEVEL) / len(list(combinations(range(len(here)), 2)))
        difference = abs(best["value"] - worst["value"])
        spread = percentile(metric.sign * (draws[1] - draws[0]), level)
        lines.append((column, metric.name, "difference", difference, *spread, worst["group"], best["group"]))
        small, large = (0, 1) if metric.higher_is_better else (1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(draws[large] > 0, draws[small] / draws[large], np.nan)
        top = max(best["value"], worst["value"])
        ratio = min(best["value"], worst["value"]) / top if top > 0 else float("nan")
        lines.append((column, metric.name, "ratio", ratio, *percentile(share, level), worst["group"], best["group"]))
    odds = [row for row in lines if row[1] in ("sensitivity", "false_positive_rate") and row[2] == "difference"]
    if len(odds) == 2:  # the larger of the two differences, as in fairlearn's equalized_odds_difference
        larger = max(odds, key=lambda row: row[3])
        lines.append((column, "equalised_odds", *larger[2:]))
    return pd.DataFrame(lines, columns=["column", "metric", "kind", "value", "low", "high", "worst", "best"])


def label_of(metric: str) -> str:
    """Return a metric's words for the page."""
    return "Equalised odds" if metric == "equalised_odds" else METRICS[metric].label if metric in METRICS else metric
