"""What a remedy changed: two ways of deciding the same test rows, over all and by group, with paired intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from dl_core.bias.check import Decided, group_metrics
from dl_core.bias.disparities import mitigation_of
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.report import Mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.pairs import number
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Predictions
from dl_core.evaluate.scored import Scored, scored_rows

MONEY = ("money_lost", "money_saved_total")  # what a remedy costs, where amounts and costs are known


def first_grouping(groups: pd.DataFrame) -> pd.Series:
    """Return the first column; raise `OptionError` if there is none."""
    if not len(groups.columns):
        raise OptionError("there are no groups", where="mitigation", expected="a column of the metadata")
    return groups.iloc[:, 0]


def mitigation_result(
    before: Decided,
    after: Decided,
    groups: pd.DataFrame,
    thresholds: Mapping[str, float] | None = None,
    method: str = "reweighing",
    aim: str = "sensitivity",
) -> Mitigation:
    """Return both bias reports on the same test rows, with paired intervals of what changed.

    Where facts hold amounts and costs, what the remedy costs in money is among the metrics.

    Parameters
    ----------
    before, after : Decided
        The same test rows, decided in two ways.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping that was to be made fairer.
    thresholds : mapping or None
        Operating point by group, where that was the remedy.
    method : str
    aim : str
        The metric that the sentence speaks of.

    Raises
    ------
    OptionError
        If the test rows are not the same.
    """
    column, n_classes = str(first_grouping(groups).name), len(before.predictions.classes)
    money = MONEY if before.about is not None else ()
    known = class_metrics([*group_metrics(before.metrics, n_classes), *money], n_classes)
    drawn = [one.draw(groups, known) for one in (before, after)]
    reports = [one.report(draw) for draw, one in zip(drawn, (before, after), strict=True)]
    return mitigation_of(drawn, reports, column, method, thresholds, partial(sentence_of, column, aim=aim))


def with_thresholds(
    decided: Decided,
    groups: pd.DataFrame,
    fit: Callable[[pd.Series, float], dict[str, float]],
    method: str = "thresholds",
    aim: str = "sensitivity",
) -> Mitigation:
    """Give each group the operating point that ``fit`` picks for it, and show what that changes and what it costs.

    Parameters
    ----------
    decided : Decided
        As it is: one operating point for all, None for one half.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping to be made fairer.
    fit : callable
        Takes the group of each row and the operating point for all.
    method, aim : str
        As in `mitigation_result`.
    """
    labels = first_grouping(groups).fillna(NOT_STATED)
    shared = shared_threshold(decided.threshold)
    found = fit(labels, shared)
    own = labels.map(found).astype(float).reindex(decided.predictions.of(decided.model).index).fillna(shared)
    before, after = (replace(decided, threshold=cut) for cut in (shared, own))
    return mitigation_result(before, after, groups, found, method, aim)


def shared_threshold(threshold: float | pd.Series | None) -> float:
    """Return the operating point of all rows; one half where there is none."""
    return 0.5 if threshold is None or isinstance(threshold, pd.Series) else float(threshold)


def validation_groups(
    predictions: Predictions, model: str, groups: pd.Series, threshold: float, about: pd.DataFrame | None = None
) -> tuple[Scored, np.ndarray]:
    """Return the labelled validation rows of two classes, and the group (n,) of each.

    Raises
    ------
    OptionError
        If there are more than two classes or no validation rows.
    """
    if len(predictions.classes) != 2:
        raise OptionError(
            f"there are {len(predictions.classes)} classes", expected="two, for group-specific thresholds"
        )
    case = scored_rows(predictions, model, "validation", threshold, Facts(about))
    return case, groups.reindex(case.ids).fillna(NOT_STATED).to_numpy(dtype=object)


def sentence_of(column: str, gain: pd.DataFrame, cost: pd.DataFrame, aim: str = "sensitivity") -> str:
    """Return what was gained in the metric ``aim`` and what it cost, in words."""
    if gain.empty:
        return f"{column}: fewer than two groups are large enough, so the change cannot be measured."
    row = gain[gain["metric"] == aim].iloc[0] if aim in set(gain["metric"]) else gain.iloc[0]
    size = f"from {row['before']:.3f} to {row['after']:.3f}, change {number(row['change'], sign=True)} "
    size += f"[{number(row['low'])}, {number(row['high'])}]"
    told = {"closer": "disparity reduced", "further apart": "disparity increased"}.get(
        row["verdict"], "not significant"
    )
    name = row["metric"].replace("_", " ")
    text = f"{column}: the difference in {name} between {row['worst']} and {row['best']} changes {size}: {told}. "
    apart = gain[(gain["verdict"] == "further apart") & (gain["metric"] != row["metric"])]
    names = ", ".join(metric.replace("_", " ") for metric in apart["metric"])
    text += f"The disparity increases in {names}. " if names else ""
    worse = cost[cost["verdict"] == "worse"]
    worse = worse[~worse["metric"].isin(MONEY)]
    costs = [f"{c.metric.replace('_', ' ')} {number(c.change, sign=True)}" for c in worse.itertuples()]
    text += f"Overall cost: {', '.join(costs)}." if costs else "Overall, no metric is significantly worse."
    return text + _money(cost)


def _money(cost: pd.DataFrame) -> str:
    """Return what the remedy does to the money saved, in words; nothing where that is not known."""
    row = next(cost[cost["metric"] == "money_saved_total"].itertuples(), None)
    if row is None or np.isnan(row.change):
        return ""
    size = f"{row.change:+,.0f} [{row.low:+,.0f}, {row.high:+,.0f}]".replace("-", "−")
    told = {"worse": "savings decrease", "better": "savings increase"}.get(row.verdict, "not significant")
    before, after = (f"{value:,.0f}".replace("-", "−") for value in (row.before, row.after))
    return f" Savings from review change from {before} to {after}, change {size}: {told}."
