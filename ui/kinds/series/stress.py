"""How forecasts bear a spoilt history, and what more series and a longer history bring: two folded questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.errors import counted
from dl_core.evaluate import leading
from ui.panels import stress
from ui.shell import charts, metric_words, theme
from ui.shell.context import PageContext
from ui.shell.words import count, number

TITLE = "Robustness: error on corrupted inputs"
CURVES = {"length": ("steps of history", "History length in training (steps)"), "series": ("series", "Training series")}
COLOURS = {"from_scratch": theme.DEEP[0]}  # the others are models of the page, and keep their colours


def robustness(context: PageContext) -> None:
    """Draw a line a model against the strength of what spoils the history."""
    result = context.probe("corrupted_histories", {}, label="Forecasting from corrupted inputs")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    kind = stress.pick_corruption(context, "Corruption", list(rows["corruption"].unique()))
    rows = rows[rows["corruption"] == kind]
    label = metric_words.measure(context, context.domain.primary_metric).label
    lines = stress.strength_lines(context, rows)
    metric = metric_words.metric(context.domain.primary_metric)
    worst, loss = leading.loses_most(metric, {one["name"]: one["y"] for one in lines})
    what = context.kind.corruptions.get(kind, kind).lower()
    title = f"{worst} is least robust to {what}: {label} {number(loss)} higher at severity 5"
    if loss <= 0:
        title = f"All models are robust to {what}"
    chart = charts.lines(lines, title, x="Severity, 0 (none) to 5", y=label, height=380)
    charts.draw(chart, alt=title, key=f"robust_{kind}")
    most = rows.loc[rows["strength"].idxmax()]
    st.caption(
        f"Severity 5: {number(most['amount'])} {most['unit']}. On {counted(int(rows['n'].iloc[0]), 'test window')}; "
        "the input history is corrupted, the actual values are not."
    )


def draw(context: PageContext, answer: Sequence[Mapping[str, Any]]) -> None:
    """Draw one chart for the length of histories and one for the number of series."""
    rows = pd.DataFrame(answer)
    drawn = [axis for axis in CURVES if axis in set(rows["axis"])]
    for place, axis in zip(st.columns(len(drawn), gap="large"), drawn, strict=True):
        with place:
            draw_curve(context, rows[(rows["axis"] == axis) & rows["value"].notna()], axis)
    st.caption(f"{rows['about'].iloc[0]} Lines: mean over draws; bands: minimum to maximum.")


def draw_curve(context: PageContext, rows: pd.DataFrame, axis: str) -> None:
    """Draw a line a model against how much was known, and say who is ahead where least is known."""
    (unit, words), label = CURVES[axis], metric_words.measure(context, rows["metric"].iloc[0]).label
    lines = stress.drawn_lines(context, rows, COLOURS)
    few, starts = stress.where_least_is_known(lines)
    best = leading.best_of(metric_words.metric(rows["metric"].iloc[0]), starts)
    title = f"With {count(few)} {unit}, {best} leads: {label} {number(starts[best])}"
    chart = charts.lines(lines, title, x=f"{words}, log scale", y=f"{label}, lower is better", height=380)
    chart.update_xaxes(type="log", tickvals=sorted(set(rows["labels"])), tickformat=",d")
    charts.draw(chart, alt=title, key=f"curve_{axis}")


CURVE = stress.LearningCurve(
    "Learning curve: pretrained against from scratch",
    "Training on fewer series and on shorter histories: the pretrained network zero-shot and fine-tuned, the "
    "same network from scratch, and the seasonal naive. All are evaluated on the same test windows.",
    "Compute the learning curve",
    "Training on subsets of the data",
    draw,
)
