"""Mitigation on the Bias tab: what treating groups more alike would gain, and what it would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.bias.remedy import remedies
from dl_core.bias.report import most_gained
from dl_core.domain import Domain
from ui import kinds
from ui.panels import leading_model
from ui.shell import charts, metric_words, theme
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
        column = st.selectbox(
            "Sensitive feature", columns, key=f"{context.key}_mitigate_column", persist_state="session", width=220
        )
        method = st.selectbox(
            "Method",
            list(methods),
            format_func=lambda name: methods[name].label,
            key=f"{context.key}_mitigate_method",
            persist_state="session",
            width=300,
        )
        constraint = _constraint(context) if methods[method].constrained else None
        asked = f"{context.key}_mitigated"
        wanted = [str(context.run), model, column, method, constraint]
        st.button(
            "Apply mitigation",
            icon=":material/balance:",
            key="try_mitigation",
            on_click=lambda: st.session_state.update({asked: wanted}),
        )
    st.caption(methods[method].help)
    if st.session_state.get(asked) != wanted:
        return
    lane = "train" if methods[method].trains else "quick"
    question = {"model": model, "column": column, "method": method}
    if constraint:
        question["constraint"] = constraint
    result = context.probe("mitigation", question, label="Applying the mitigation", lane=lane)
    if result is not None:
        _before_and_after(context, result, column)


def _constraint(context: PageContext) -> str:
    return st.selectbox(
        "Fairness constraint",
        list(CONSTRAINTS),
        format_func=lambda name: CONSTRAINTS[name],
        key=f"{context.key}_mitigate_constraint",
        persist_state="session",
        width=240,
    )


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
        table = pd.DataFrame(
            {
                "Metric": [metric_words.measure(context, row["metric"]).label for row in result["cost"]],
                "Before": [number(row["before"]) for row in result["cost"]],
                "After": [number(row["after"]) for row in result["cost"]],
                "Change": [f"{signed(row['change'])} {interval(row['low'], row['high'])}" for row in result["cost"]],
            }
        )
        st.dataframe(table, hide_index=True, alt="Overall metrics before and after mitigation")
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
