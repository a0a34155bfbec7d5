"""What if: change one case and see every model's score move."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import kinds
from ui.panels import cases
from ui.shell import charts, states
from ui.shell.context import PageContext
from ui.shell.words import number


def show(context: PageContext) -> None:
    """Draw the picker, the changes and the models' scores."""
    body = kinds.body(context, "what_if")
    if body is None:
        st.caption(f"{context.words.row[1].capitalize()} cannot be changed here.")
        return
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        row = cases.pick(context, context.best or next(iter(context.models)), f"{context.key}_what_if")
    if row is None:
        return
    with right:
        changes = body.changes(context, row)
        if changes is None:
            return
        result = context.probe(body.PROBE, {"row": row, "changes": changes}, label="Predicting with every model")
        if result is not None:
            body.answer(context, result, bool(changes))


def moved(context: PageContext, result: dict[str, Any]) -> None:
    """Draw every model's score before and after."""
    target = result["target"]
    chart = charts.figure(
        f"Change of each model's probability of {target}",
        x=f"Probability of {target}; hollow: before the change",
        height=100 + 44 * len(result["scores"]),
    )
    for score in result["scores"]:
        name, colour = context.label(score["model"]), context.colour(score["model"])
        chart.add_scatter(
            x=[score["before"], score["after"]],
            y=[name, name],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 12, "symbol": ["circle-open", "circle"], "color": colour},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )
    chart.update_xaxes(range=[-0.03, 1.03])
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    moved = ", ".join(f"{context.label(s['model'])} {number(s['after'])}" for s in result["scores"])
    charts.draw(chart, alt=f"Probability of {target} after the change: {moved}", key="what_if")
