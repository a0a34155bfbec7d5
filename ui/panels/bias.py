"""The Bias tab: whom the model fails, how sure that is, and what mitigation would cost."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.panels import leading_model, mitigation
from ui.shell import charts, choice, metric_words, states, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, estimate, interval, number, percent, signed

LONE = (
    "Bias compares groups of series, such as regions or sectors; here a single series was evaluated. Its "
    "systematic over- or underforecasting is on the Compare tab, metric Mean signed error."
)
AXIS = "{label}; dotted: all {units}, {estimate}"
MOST_GROUPS = 12  # of a column that has more, unless more are large enough to judge


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if leading_model.lone(context):
        states.empty("groups", LONE, key="lone_series")
        return
    chosen, first = st.session_state.get(f"{context.key}_bias_columns") or [], f"{context.key}_bias_first"
    if chosen == st.session_state.get(first):
        chosen = []  # the columns that were offered: the same question, whose answer is there
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = choice.model(context, "bias_model", width=300)
        place = st.container()
    report = context.ask("bias", {"model": model, "columns": chosen}, label="Computing metrics by group")
    if report is None:
        return
    columns = report["columns"]
    if not chosen:
        st.session_state[first] = list(report["asked"])
    place.multiselect(
        "Sensitive features and intersections",
        [*columns, *(f"{a} × {b}" for a, b in combinations(columns, 2))],
        default=report["asked"],
        key=f"{context.key}_bias_columns",
        persist_state="session",
        help=(
            "Groups from the data's columns and groups derived from the rows. A pair of columns forms intersectional "
            "groups."
        ),
    )
    metric = _pick_metric(domain, context, report)
    _warnings(report)
    left, right = st.columns(kinds.part(context, "bias", "WIDTHS", (3, 2)), gap="large")
    with left:
        _groups(context, report, model, metric)
    with right:
        _disparities(context, report, metric)
        _four_fifths(report)
    kinds.part(context, "bias", "show", mitigation.show)(domain, context, model, columns)


def _pick_metric(domain: Domain, context: PageContext, report: dict[str, Any]) -> str:
    metric = choice.one_of(
        "Metric",
        [row["metric"] for row in report["overall"]],
        f"{context.key}_bias_metric",
        words=lambda name: metric_words.measure(context, name).label,
        default=domain.primary_metric if domain.primary_metric in domain.group_metrics else domain.group_metrics[0],
    )
    st.caption(metric_words.measure(context, metric).help)
    return metric


def _warnings(report: dict[str, Any]) -> None:
    for sentence in report["warnings"][:2]:
        st.warning(sentence, icon=":material/groups:")
    more = report["warnings"][2:]
    if more:
        with st.expander(f"{count(len(more))} more"):
            for sentence in more:
                st.markdown(f"- {sentence}")
    if not report["warnings"]:
        st.success("No significant disparity for these columns.", icon=":material/check_circle:")


def _groups(context: PageContext, report: dict[str, Any], model: str, metric: str) -> None:
    """Draw one chart a column: dots with intervals by group around the overall line."""
    overall = next(row for row in report["overall"] if row["metric"] == metric)
    table = pd.DataFrame([row for row in report["groups"] if row["metric"] == metric])
    units, stands_out = leading_model.units(context), kinds.part(context, "bias", "stands_out")
    for column, rows in table.groupby("column", sort=False):
        shown = largest(rows)
        dots = [
            {
                **row,
                "label": f"{row['group']} (n = {count(row['n'])}{'' if row['enough'] else ', too small to evaluate'})",
                "colour": context.colour(model) if row["enough"] else theme.FAINT,
            }
            for row in shown.to_dict("records")
            if row["value"] is not None and row["value"] == row["value"]
        ]
        label = metric_words.measure(context, metric).label
        worst = stands_out(report, metric, column) if stands_out is not None else ""
        title = f"{label} by {column}{worst}"
        everyone = estimate(overall["value"], overall["low"], overall["high"], overall["n"])
        axis = kinds.part(context, "bias", "AXIS", AXIS)
        words = axis.format(label=label, units=units, value=number(overall["value"]), estimate=everyone)
        chart = charts.dots(dots, title, x=words, line=overall["value"])
        if dots and min(row["value"] for row in dots) == max(row["value"] for row in dots):
            chart.update_xaxes(range=[-0.02, 1.05])  # one value alone would be drawn on an axis up to 2
        charts.draw(chart, alt=title, key=f"bias_{column}_{metric}")
        if len(shown) < len(rows):
            st.caption(
                f"The {count(len(shown))} largest of {count(len(rows))} groups; the others are too small to evaluate."
            )


def largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that are drawn: all that are large enough, and of the others the largest, in their order."""
    if len(rows) <= MOST_GROUPS:
        return rows
    most = max(MOST_GROUPS, int(rows["enough"].sum()))
    kept = rows.sort_values(["enough", "n"], ascending=False, kind="stable").head(most)
    return rows.loc[rows.index.isin(kept.index)]


def _disparities(context: PageContext, report: dict[str, Any], metric: str) -> None:
    st.markdown("**Disparities between groups**")
    rows = [row for row in report["disparities"] if row["metric"] == metric and row["kind"] == "difference"]
    if not rows:
        st.caption("Fewer than two groups are large enough to compare.")
        return
    table = [
        {
            "Column": row["column"],
            "Difference": signed(row["value"]),
            "95 % interval": interval(row["low"], row["high"]),
            "Best": _short(row, "best"),
            "Worst": _short(row, "worst"),
        }
        for row in rows
    ]
    tables.show(table, "Differences between the best and the worst group")
    ratios = [row for row in report["disparities"] if row["metric"] == metric and row["kind"] == "ratio"]
    order = kinds.part(context, "bias", "RATIOS", "worst to best")
    st.caption(
        "Groups below the minimum size are excluded. An interval that contains 0: not significant. Ratios, "
        f"{order}: {', '.join(map(_ratio, ratios)) or 'none'}."
    )


def _short(row: dict[str, Any], which: str) -> str:
    """Return a group's name without that of its column, which stands beside it."""
    return str(row[which]).removeprefix(f"{row['column']} ")


def _four_fifths(report: dict[str, Any]) -> None:
    """Show for each group whether it keeps the four-fifths rule, the groups that break it first."""
    rows = sorted(report.get("four_fifths") or (), key=lambda row: row["ratio_called"] or 0)
    if not rows:
        return
    st.markdown("**Four-fifths rule (disparate impact)**")
    table = [
        {
            "Group": _short(row, "group"),
            "Column": row["column"],
            "Selection rate": percent(row["called"]),
            "Reference group": f"{_short(row, 'favoured')}, {percent(row['called_favoured'])}",
            "Ratio of selection rates": _kept(row, "called"),
            "Ratio of non-selection rates": _kept(row, "left_alone"),
        }
        for row in rows
    ]
    tables.show(table, "Four-fifths rule by group", height="content")
    st.caption(
        "Reference: the group with the lowest selection rate. Disparate impact ratio: lower rate over higher "
        "rate. Rule of thumb from the US Uniform Guidelines: below 0.8 a disparity needs justification. Not a "
        "test of fairness by itself."
    )


def _kept(row: dict[str, Any], what: str) -> str:
    """Return one ratio of the four-fifths rule with its interval, and whether the rule is kept."""
    ratio = row[f"ratio_{what}"]
    if ratio is None:
        return "undefined (rate 0)"
    size = f"{number(ratio, 2)} {interval(row[f'low_{what}'], row[f'high_{what}'])}"
    return size if row[f"keeps_{what}"] else f"{size}, below 0.8"


def _ratio(row: dict[str, Any]) -> str:
    return f"{row['column']} {number(row['value'])} {interval(row['low'], row['high'])}"
