"""Whom a model fails, whatever it is judged on: metrics by group, how far groups are apart, and what a remedy changes.

All groups and all units are judged under the same draws (`evaluate.judge`), so that differences between groups, and
between before and after, are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from dl_core.bias.groups import NOT_STATED, natural_order
from dl_core.bias.report import BiasReport, Mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.judge import Units, estimate
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.pairs import verdict
from dl_core.evaluate.quantities import LEVEL, Quantity, percentile, resample

Key = tuple[str, str, str]  # column, group, metric; the first two are empty for all units
Enough = Callable[[Any, np.ndarray, Quantity], bool]  # metric, members (n,) bool, its number of them
FINE = 6  # decimals; scores may be kept as float32, and what is under that is no change
OVERALL = ["metric", "value", "low", "high", "n"]
GROUPS = ["column", "group", "metric", "value", "low", "high", "n", "positives", "enough"]
APART = ["column", "metric", "kind", "value", "low", "high", "worst", "best"]
COST = ["metric", "before", "after", "change", "low", "high", "n", "verdict"]
GAIN = ["column", "metric", "worst", "best", "before", "after", "change", "low", "high", "verdict"]
ODDS = ("sensitivity", "false_positive_rate")


@dataclass(frozen=True, eq=False)
class GroupDraws:
    """One model's metrics of all units and of every group: the numbers and their resampled values, by `Key`."""

    units: Units
    members: dict[tuple[str, str], np.ndarray]  # (n,) bool by (column, group)
    metrics: list[Metric]
    numbers: dict[Key, Quantity]
    drawn: dict[Key, np.ndarray]

    @property
    def columns(self) -> list[str]:
        """The groupings."""
        return list(dict.fromkeys(column for column, _ in self.members))


def draw_groups(units: Units, groups: pd.DataFrame, metrics: Sequence[Metric], seed: int = 0) -> GroupDraws:
    """Return the metrics of all units and of every group with their resampled values, from one set of draws.

    Parameters
    ----------
    units : Units
    groups : pandas.DataFrame
        Group labels, one column a grouping, by what `group_ids` calls each unit; a missing one is not stated.
    metrics : sequence of Metric
        Those that lack a fact are left out; those that have no value for a group are told over all only.
    seed : int

    Raises
    ------
    OptionError
        If there are no groups.
    """
    if not len(groups.columns):
        raise OptionError("there are no groups to check", where="groups", expected="a column of the metadata")
    chosen = [metric for metric in metrics if units.fits(metric)]
    members = members_of(groups.astype(object).reindex(group_ids(units)).fillna(NOT_STATED))
    whole = {metric.name: units.quantity(metric, seed) for metric in chosen}
    numbers: dict[Key, Quantity] = {("", "", name): one for name, one in whole.items()}
    by_group = [metric for metric in chosen if metric.by_group]
    for (column, group), inside in members.items():
        made = units.grouped(by_group, inside, whole)
        numbers |= {(column, group, metric.name): one for metric, one in zip(by_group, made, strict=True)}
    return GroupDraws(units, members, chosen, numbers, resample(numbers, units.draws(seed)))


def group_ids(units: Units) -> pd.Index:
    """Return by what each unit is grouped: its id, of windows that of their series."""
    return units.ids.get_level_values(0) if units.ids.nlevels > 1 else units.ids


def members_of(labels: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Return which units (n,) bool are of each group, by (column, group)."""
    found = {}
    for column in labels:
        codes, names = pd.factorize(pd.Index(labels[column]))
        for name in sorted(names, key=natural_order):
            found[column, name] = codes == names.get_loc(name)
    return found


def report_of(
    drawn: GroupDraws,
    model: str,
    *,
    enough: Enough,
    words: Callable[[pd.DataFrame, pd.DataFrame], tuple[str, ...]],
    rule: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> BiasReport:
    """Return the report on resampled metrics.

    Parameters
    ----------
    drawn : GroupDraws
    model : str
    enough : callable
        Whether a group is large enough for a metric.
    words : callable
        What groups and disparities mean, in sentences.
    rule : callable or None
        Makes `BiasReport.four_fifths` of the groups.
    """
    units, overall, lines = drawn.units, [], []
    for (column, group, name), number in drawn.numbers.items():
        found = estimate(units, number, drawn.drawn[column, group, name])
        if not column:
            overall.append((name, *found))
            continue
        inside = drawn.members[column, group]
        metric = next(one for one in drawn.metrics if one.name == name)
        lines.append((column, group, name, *found, units.positives_of(inside), enough(metric, inside, number)))
    table = pd.DataFrame(lines, columns=GROUPS)
    disparities = pd.concat([disparities_of(drawn, table, column) for column in drawn.columns], ignore_index=True)
    told = pd.DataFrame() if rule is None else rule(table)
    return BiasReport(
        model, pd.DataFrame(overall, columns=OVERALL), table, disparities, words(table, disparities), told
    )


def disparities_of(drawn: GroupDraws, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the differences and ratios between the best and the worst group of one grouping.

    ``table`` is ``groups`` of a `BiasReport`. Of signed errors the worst group is the one further from 0, and there is
    no ratio. The two groups are those of the data, with an interval widened (Bonferroni) for having picked the most
    distant pair.
    """
    lines = []
    for metric in drawn.metrics:
        here = table[(table["column"] == column) & (table["metric"] == metric.name)]
        here = here[here["enough"] & here["value"].notna() & (here["group"] != NOT_STATED)]
        if len(here) < 2 or not metric.comparable:
            continue
        ordered = here.sort_values("value", ascending=metric.higher_is_better, kind="stable")
        worst, best = ((row["group"], float(row["value"])) for _, row in ordered.iloc[[0, -1]].iterrows())
        signed, turn = metric.target == 0.0, metric.sign
        if signed and abs(best[1]) > abs(worst[1]):
            worst, best, turn = best, worst, -turn
        own, other = (drawn.drawn[column, group, metric.name] for group, _ in (worst, best))
        level = 1 - (1 - LEVEL) / len(list(combinations(range(len(here)), 2)))
        size, spread = abs(best[1] - worst[1]), percentile(turn * (other - own), level)
        lines.append((column, metric.name, "difference", size, *spread, worst[0], best[0]))
        if not signed:
            small, large = (own, other) if turn > 0 else (other, own)
            shares = np.divide(small, large, out=np.full(len(small), np.nan), where=large > 0)
            low, top = sorted((best[1], worst[1]))
            ratio = low / top if top > 0 else float("nan")
            lines.append((column, metric.name, "ratio", ratio, *percentile(shares, level), worst[0], best[0]))
    odds = [row for row in lines if row[1] in ODDS and row[2] == "difference"]
    if len(odds) == 2:  # the larger of the two differences, as in fairlearn's equalized_odds_difference
        larger = max(odds, key=lambda row: row[3])
        lines.append((column, "equalised_odds", *larger[2:]))
    return pd.DataFrame(lines, columns=APART)


def mitigation_of(
    drawn: Sequence[GroupDraws],
    reports: Sequence[BiasReport],
    column: str,
    method: str,
    thresholds: Mapping[str, float] | None,
    words: Callable[[pd.DataFrame, pd.DataFrame], str],
) -> Mitigation:
    """Return what a remedy changed, before and after it, on the same units under the same draws.

    ``column`` is the grouping that was to be made fairer, ``thresholds`` what the remedy gave each group, and ``words``
    tells gain and cost in a sentence.

    Raises
    ------
    OptionError
        If the units are not the same.
    """
    if not drawn[0].units.ids.equals(drawn[1].units.ids):
        unit = drawn[0].units.unit
        raise OptionError(f"the test {unit} before and after are not the same", expected="two trainings on one split")
    gain, cost = gain_of(drawn, reports, column), cost_of(drawn, reports)
    made = dict(thresholds or {})
    return Mitigation(method, column, reports[0], reports[1], cost, gain, words(gain, cost), made)


def cost_of(drawn: Sequence[GroupDraws], reports: Sequence[BiasReport]) -> pd.DataFrame:
    """Return the change of every metric over all units, before and after a remedy: `Mitigation.cost`."""
    table = [report.overall.set_index("metric") for report in reports]
    lines = []
    for metric in drawn[0].metrics:
        old, new = (float(one.loc[metric.name, "value"]) for one in table)
        was, now = (metric.gap(one.drawn["", "", metric.name]) for one in drawn)
        low, high = percentile((now - was).round(FINE))
        told, n = verdict(low, high) if metric.judges else "", int(table[0].loc[metric.name, "n"])
        lines.append((metric.name, old, new, metric.gap(new) - metric.gap(old), low, high, n, told))
    return pd.DataFrame(lines, columns=COST)


def gain_of(drawn: Sequence[GroupDraws], reports: Sequence[BiasReport], column: str) -> pd.DataFrame:
    """Return how the distance of the two groups furthest apart before has changed, by metric: `Mitigation.gain`."""
    known = {metric.name for metric in drawn[0].metrics}
    found = reports[0].disparities
    found = found[(found["column"] == column) & (found["kind"] == "difference") & found["metric"].isin(known)]
    lines = []
    for row in found.itertuples():
        keys: list[Key] = [(column, group, row.metric) for group in (row.best, row.worst)]
        apart = [abs(float(one.numbers[keys[0]].value - one.numbers[keys[1]].value)) for one in drawn]
        before, after = (np.abs(one.drawn[keys[0]] - one.drawn[keys[1]]) for one in drawn)
        low, high = percentile((after - before).round(FINE))
        closer = "closer" if high < 0 else "further apart" if low > 0 else "tie"
        lines.append((column, row.metric, row.worst, row.best, *apart, apart[1] - apart[0], low, high, closer))
    return pd.DataFrame(lines, columns=GAIN)
