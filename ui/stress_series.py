"""How forecasts bear a spoilt history, and what more series and a longer history bring: two folded questions."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from ui import charts, measures
from ui.context import PageContext
from ui.words import number

KINDS = {
    "noise": "Noise",
    "missing": "Missing stretches",
    "level_shift": "Level shifts",
    "outliers": "Outliers",
}
CURVES = {"length": "Length of history (steps)", "series": "Number of series"}


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
    label = measures.measure(context, context.domain.primary_metric).label
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
    if not context.prepared and not st.session_state.get(asked):
        if context.read_only:
            st.caption("Open a run of your own to draw it.")
            return
        st.button("Draw the learning curve", on_click=lambda: st.session_state.update({asked: True}), key="draw_curve")
        return
    result = context.ask("learning_curve", {}, label="Training on growing histories", lane="train")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    left, right = st.columns(2, gap="large")
    for place, (form, words) in zip((left, right), CURVES.items(), strict=True):
        part = rows[rows["axis"] == form]
        if part.empty:
            continue
        by = ["model", "label", "labels"]
        mean = part.groupby(by, sort=False)["value"].agg(["mean", "min", "max"]).reset_index()
        mean = mean.rename(columns={"mean": "value", "min": "low", "max": "high"})
        lines = [_line(context, model, of_model, "labels") for model, of_model in mean.groupby("model", sort=False)]
        label = measures.measure(context, part["metric"].iloc[0]).label
        with place:
            chart = charts.lines(lines, f"{label} by {words.lower()}", x=f"{words}, log scale", y=label, direct=False)
            chart.update_xaxes(type="log")
            charts.draw(chart, alt=f"{label} against {words.lower()}", key=f"curve_{form}")
    st.caption("Lines are the mean of the draws, bands run from the worst to the best draw.")


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
