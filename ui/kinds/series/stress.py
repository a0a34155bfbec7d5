"""How forecasts bear a spoilt history, and what more series and a longer history bring: two folded questions."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from ui.shell import charts, metric_words, theme
from ui.shell.ask import kept
from ui.shell.context import PageContext
from ui.shell.words import count, number

KINDS = {
    "noise": "Noise",
    "missing": "Missing stretches",
    "level_shift": "Level shifts",
    "outliers": "Outliers",
}
CURVES = {"length": ("steps of history", "Steps of history known"), "series": ("series", "Series known")}
COLOURS = {"from_scratch": theme.DEEP[0]}  # the others are models of the page, and keep their colours


def show(context: PageContext) -> None:
    """Draw both questions, folded; each is answered when it is opened."""
    robust = st.expander(
        "How robust are they? Error when the history is spoilt", key=f"{context.key}_robust", on_change="rerun"
    )
    if robust.open:
        with robust:
            _robustness(context)
    curve = st.expander(
        "How much history do I need? Pretrained against from scratch", key=f"{context.key}_labels", on_change="rerun"
    )
    if curve.open:
        with curve:
            _curve(context)


def _robustness(context: PageContext) -> None:
    result = context.ask("stress_forecast", {}, label="Forecasting from spoilt histories")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    known = list(rows["corruption"].unique())
    kind = st.segmented_control(
        "What spoils the history",
        known,
        default=known[0],
        format_func=lambda name: KINDS.get(name, name),
        required=True,
        key=f"{context.key}_corruption",
        persist_state="session",
    )
    rows = rows[rows["corruption"] == kind]
    label = metric_words.measure(context, context.domain.primary_metric).label
    lines = [_line(context, model, part, "strength") for model, part in rows.groupby("model", sort=False)]
    grows = {one["name"]: one["y"][-1] - one["y"][0] for one in lines}
    worst = max(grows, key=lambda name: grows[name])
    what = KINDS.get(kind, kind).lower()
    title = f"{worst} suffers most from {what}: {label} {number(grows[worst])} higher at the strongest"
    if grows[worst] <= 0:
        title = f"No model suffers from {what}"
    chart = charts.lines(lines, title, x="Strength, 0 (none) to 5", y=label, height=380, direct=False)
    charts.draw(chart, alt=title, key=f"robust_{kind}")
    most = rows.loc[rows["strength"].idxmax()]
    st.caption(
        f"The strongest is {number(most['amount'])} {most['unit']}. On {int(rows['n'].iloc[0])} test windows; the "
        "spoilt history is made up, the truth is not."
    )


def _curve(context: PageContext) -> None:
    st.caption(
        "Forecasts with ever fewer series and ever shorter histories: the pretrained network as it is and fine-tuned, "
        "the same network from scratch, and the seasonal naive. All are judged on the same test windows."
    )
    asked = f"{context.key}_curve_asked_{context.run}"
    if not kept(context, "learning_curve", {}) and not st.session_state.get(asked):
        if context.read_only:
            st.caption("Open a run of your own to draw it.")
            return
        st.button("Draw the learning curve", on_click=lambda: st.session_state.update({asked: True}), key="draw_curve")
        return
    result = context.ask("learning_curve", {}, label="Training on growing histories", lane="train")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    drawn = [axis for axis in CURVES if axis in set(rows["axis"])]
    for place, axis in zip(st.columns(len(drawn), gap="large"), drawn, strict=True):
        with place:
            draw_curve(context, rows[(rows["axis"] == axis) & rows["value"].notna()], axis)
    st.caption(f"{rows['about'].iloc[0]} Lines are the mean of the draws, bands run from the worst to the best draw.")


def draw_curve(context: PageContext, rows: pd.DataFrame, axis: str) -> None:
    """Draw a line a model against how much was known, and say who is ahead where least is known."""
    (unit, words), label = CURVES[axis], metric_words.measure(context, rows["metric"].iloc[0]).label
    mean = rows.groupby(["model", "label", "labels"], sort=False)["value"].agg(["mean", "min", "max"]).reset_index()
    lines = [
        {
            "name": name,
            "x": part["labels"].tolist(),
            "y": part["mean"].tolist(),
            "low": part["min"].tolist(),
            "high": part["max"].tolist(),
            "colour": COLOURS.get(model) or context.colour(model),
        }
        for (model, name), part in mean.sort_values("labels").groupby(["model", "label"], sort=False)
    ]
    least = mean[mean["labels"] == mean["labels"].min()].sort_values("mean").iloc[0]
    title = f"With {count(least['labels'])} {unit}, {least['label']} is ahead: {label} {number(least['mean'])}"
    chart = charts.lines(lines, title, x=f"{words}, log scale", y=f"{label}, lower is better", height=380, direct=False)
    chart.update_xaxes(type="log", tickvals=sorted(set(mean["labels"])), tickformat=",d")
    charts.draw(chart, alt=title, key=f"curve_{axis}")


def _line(context: PageContext, model: str, rows: pd.DataFrame, x: str) -> dict[str, Any]:
    rows = rows.sort_values(x)
    return {
        "name": rows["label"].iloc[0] if "label" in rows else context.label(model),
        "x": rows[x].tolist(),
        "y": rows["value"].tolist(),
        "low": rows["low"].tolist() if "low" in rows else None,
        "high": rows["high"].tolist() if "high" in rows else None,
        "colour": context.colour(model),
    }
