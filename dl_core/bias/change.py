"""What a remedy changed: two ways of deciding the same test rows, over all and by group, with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from dl_core.bias.check import draw_groups, group_metrics, report_of
from dl_core.bias.disparities import mitigation_of
from dl_core.bias.report import Mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.pairs import number
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Predictions

MONEY = ("money_lost", "money_saved_total")  # what a remedy costs, where amounts and costs are known


@dataclass(frozen=True)
class Judgement:
    """How a model decides: its predictions and its operating point, or one by row id."""

    predictions: Predictions
    model: str
    threshold: float | pd.Series | None = None


def first_grouping(groups: pd.DataFrame) -> pd.Series:
    """Return the first column; raise `OptionError` if there is none."""
    if not len(groups.columns):
        raise OptionError("there are no groups", where="mitigation", expected="a column of the metadata")
    return groups.iloc[:, 0]


def mitigation_result(
    before: Judgement,
    after: Judgement,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | ClassMetric] | None = None,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
    thresholds: Mapping[str, float] | None = None,
) -> Mitigation:
    """Return both bias reports on the same test rows, with paired intervals of what changed.

    Where ``about`` holds amounts and costs, what the remedy costs in money is among the metrics.

    Parameters
    ----------
    before, after : Judgement
        The same test rows, decided in two ways.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping that was to be made fairer.
    thresholds : mapping or None
        Operating point by group, where that was the remedy.
    about : pandas.DataFrame or None
        Facts by row id, as in `check_bias`.

    Raises
    ------
    OptionError
        If the test rows are not the same.
    """
    column = str(first_grouping(groups).name)
    known = group_metrics(metrics, len(before.predictions.classes))
    known = class_metrics([*known, *(MONEY if about is not None else ())], len(before.predictions.classes))
    drawn = [
        draw_groups(
            one.predictions, one.model, groups, known, threshold=one.threshold, units=units, about=about, seed=seed
        )
        for one in (before, after)
    ]
    reports = [
        report_of(draw, one.model, one.predictions.classes) for draw, one in zip(drawn, (before, after), strict=True)
    ]
    method = "thresholds" if thresholds is not None else "reweighing"
    return mitigation_of(drawn, reports, column, method, thresholds, partial(sentence_of, column))


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
