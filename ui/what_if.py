"""What if: spoil or change one case and see every model's score move."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cases, charts, maps
from ui.context import PageContext
from ui.stress import CORRUPTIONS
from ui.words import number

STRENGTHS = (0, 1, 2, 3, 4, 5)


def show(context: PageContext) -> None:
    """Draw the picker, the sliders and the models' scores."""
    if context.dataset_folder is None:
        st.caption("The images of this run are not kept beside it.")
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        row = cases.pick(context, next(iter(context.models)), f"{context.key}_what_if")
    if row is None:
        return
    with right:
        with st.grid(3, min_column_width=150):
            changes = {
                name: st.select_slider(label, STRENGTHS, 0, key=f"{context.key}_change_{name}", persist_state="session")
                for name, label in CORRUPTIONS.items()
            }
        changes = {name: strength for name, strength in changes.items() if strength}
        result = context.ask("what_if", {"row": row, "changes": changes}, label="Asking every model")
        if result is not None:
            _answer(context, result, bool(changes))


def _answer(context: PageContext, result: dict[str, Any], changed: bool) -> None:
    from PIL import Image

    one, two = st.columns([1, 2])
    with one:
        picture = cases.enlarged(Image.fromarray(maps.image_of(result["image"])), maps.LEAST)
        st.image(picture, width="stretch", alt="The case as it is shown to the models")
        st.caption("Changed" if changed else "As it is. Move a slider to change it.")
    with two:
        target = result["target"]
        chart = charts.figure(
            f"How each model's probability of {target} moves",
            x=f"Probability of {target}; hollow: as it was",
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
