"""Mitigation on the Bias tab: what treating groups more alike would gain, and what it would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.bias.remedy import remedies
from dl_core.bias.report import most_gained
from dl_core.domain import Domain
from ui import kinds
from ui.panels import leading_model
from ui.shell import charts, choice, metric_words, on_request, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import interval, number, signed

CONSTRAINTS = {
    "equalized_odds": "equalized odds (TPR and FPR parity)",
    "false_positive_rate": "FPR parity (predictive equality)",
    "demographic_parity": "demographic parity (selection rate)",
}


def show(domain: Domain, context: PageContext, model: str, columns: list[str]) -> None:
    """Draw the form, and before and after once it was asked for."""
    st.subheader("Mitigation", anchor=False)
    if context.read_only:
        st.caption("This run is shared read-only; train a run of your own to try a mitigation.")
        return
    methods = remedies(domain.problem.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = choice.in_box("Sensitive feature", columns, f"{context.key}_mitigate_column", width=220)
        words = {name: about.label for name, about in methods.items()}
        method = choice.in_box("Method", words, f"{context.key}_mitigate_method", width=300)
        question = {"model": model, "column": column, "method": method}
        if methods[method].constrained:
            key = f"{context.key}_mitigate_constraint"
            question["constraint"] = choice.in_box("Fairness constraint", CONSTRAINTS, key, width=240)
        button, icon = "Apply mitigation", ":material/balance:"
        wanted = on_request.pressed(context, button, question, key="try_mitigation", icon=icon)
    st.caption(methods[method].help)
    if not wanted:
        return
    lane = "train" if methods[method].trains else "quick"
    result = context.probe("mitigation", question, label="Applying the mitigation", lane=lane)
    if result is not None:
        _before_and_after(context, result, column)


def _before_and_after(context: PageContext, result: dict[str, Any], column: str) -> None:
    st.info(result["sentence"], icon=":material/balance:")
    metric = _shown_metric(result)
    label = metric_words.measure(context, metric).label
    dots = []
    for name, colour in (("before", theme.GREYS[0]), ("after", theme.DEEP[0])):
        dots += [
            {**row, "label": f"{row['group']}, {name}", "colour": colour}
            for row in result[name]["groups"]
            if row["metric"] == metric and row["value"] is not None
        ]
    dots.sort(key=lambda row: (row["group"], row["label"].endswith("after")))
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart = charts.dots(dots, f"{label} by {column}, before and after", x=f"{label}; whiskers: 95 % interval")
        charts.draw(chart, alt=f"{label} by {column} before and after mitigation", key="mitigation_dots")
    with right:
        st.markdown(f"**Overall cost, all {leading_model.units(context)}**")
        table = [
            {
                "Metric": metric_words.measure(context, row["metric"]).label,
                "Before": number(row["before"]),
                "After": number(row["after"]),
                "Change": f"{signed(row['change'])} {interval(row['low'], row['high'])}",
            }
            for row in result["cost"]
        ]
        tables.show(table, "Overall metrics before and after mitigation")
        if result.get("thresholds"):
            st.caption(kinds.part(context, "bias", "learned", learned)(result["thresholds"]))


def learned(thresholds: Mapping[str, float | None]) -> str:
    """Return what a remedy learned on validation rows."""
    parts = ", ".join(f"{group} {estimate_threshold(cut)}" for group, cut in thresholds.items())
    return f"Thresholds, chosen on the validation set: {parts}."


def _shown_metric(result: dict[str, Any]) -> str:
    """Return the metric drawn: the one whose groups came closest, else sensitivity, else the first."""
    known = [row["metric"] for row in result["before"]["overall"]]
    return most_gained(result.get("gain") or ()) or ("sensitivity" if "sensitivity" in known else known[0])


def estimate_threshold(cut: float | None) -> str:
    """Return a group's threshold as text."""
    return "unchanged" if cut is None else number(cut)
