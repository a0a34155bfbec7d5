"""Curves of all models on one chart, and the operating point of two of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dl_core.errors import counted
from dl_core.evaluate.operating_point import confusion_shares, operating_point
from dl_core.evaluate.results import Evaluation, Predictions
from ui.shell import charts, choice, theme
from ui.shell.context import PageContext
from ui.shell.words import count, number, percent

FORMS = {
    "roc": ("ROC", "fpr", "tpr", "False positive rate", "True positive rate", "Closer to the top left is better"),
    "pr": ("Precision-recall", "recall", "precision", "Recall", "Precision", "Closer to the top right is better"),
    "calibration": (
        "Calibration",
        "predicted",
        "observed",
        "Predicted probability",
        "Observed frequency",
        "perfectly calibrated on the diagonal",
    ),
}


def show(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    """Draw the curves, and for two classes the slider of the operating point."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        form = choice.one_of(
            "Curve", list(FORMS), f"{context.key}_curve", words=lambda name: FORMS[name][0], default="roc", hidden=True
        )
        _curve(context, evaluation, form)
    with right:
        if len(evaluation.classes) == 2 and pair:
            _operating_point(context, evaluation, pair)
        elif pair:
            _confusion(context, evaluation, pair[0])


def _curve(context: PageContext, evaluation: Evaluation, form: str) -> None:
    name, x, y, x_title, y_title, title = FORMS[form]
    series = []
    for model in context.models:
        curve = evaluation.curves.get(model, {}).get(form)
        if not curve:
            continue
        points = [(a, b) for a, b in zip(curve[x], curve[y], strict=True) if a is not None and b is not None and b == b]
        if len(points) > 1:
            xs, ys = zip(*points, strict=True)
            series.append({"name": context.label(model), "x": xs, "y": ys, "colour": context.colour(model)})
    chart = charts.lines(series, f"{name}: {title.lower()}", x=x_title, y=y_title, height=420)
    if form != "pr":
        chart.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"dash": "dot", "width": 1, "color": theme.GREYS[0]})
    chart.update_xaxes(range=[-0.01, 1.01])
    chart.update_yaxes(range=[-0.01, 1.02])
    charts.draw(chart, alt=f"{name} curves of {counted(len(series), 'model')}", key=f"curve_{form}")
    if form == "calibration":
        cooled = [f"{context.label(m)} {number(evaluation.curves[m]['temperature'], 2)}" for m in context.models]
        st.caption("Temperature scaling, fitted on the validation set. Temperatures: " + ", ".join(cooled) + ".")


def _operating_point(context: PageContext, evaluation: Evaluation, pair: tuple[str, str]) -> None:
    """Let the user move the threshold and see what both models do there."""
    positive = evaluation.classes[-1]
    start = evaluation.curves[pair[0]]["operating_point"]["threshold"]
    cut = st.slider(
        f"Operating point: decision threshold for {positive}",
        0.01,
        0.99,
        float(np.clip(start if start is not None else 0.5, 0.01, 0.99)),
        0.01,
        key=f"{context.key}_cut_{pair[0]}",
        persist_state="session",
        help="Default: chosen on the validation set. A lower threshold raises sensitivity and false positives.",
    )
    said = Predictions(context.predictions(), evaluation.classes)
    table = pd.DataFrame({name: at_cut(said, model, cut) for name, model in zip(("A", "B"), pair, strict=True)})
    st.dataframe(table, alt=f"Counts and rates of both models at {cut}", row_height=32)


def at_cut(predictions: Predictions, model: str, cut: float) -> dict[str, str]:
    """Return counts and rates of a model's test rows at a threshold, as text."""
    point = operating_point(predictions, model, cut)
    return {
        f"True positives ({predictions.classes[-1]})": f"{count(point.found)} of {count(point.found + point.missed)}",
        "Sensitivity": percent(point.sensitivity),
        "False positives": f"{count(point.alarms)} of {count(point.alarms + point.passed)}",
        "Specificity": percent(point.specificity),
        "Precision": percent(point.precision),
        "Accuracy": percent(point.accuracy),
    }


def _confusion(context: PageContext, evaluation: Evaluation, model: str) -> None:
    matrix, classes = evaluation.curves[model]["confusion"], list(evaluation.classes)
    chart = charts.figure(
        f"Confusion matrix of {context.label(model)}", x="Predicted class", y="True class", height=380
    )
    chart.add_heatmap(
        z=confusion_shares(matrix),
        x=classes,
        y=classes,
        text=matrix,
        texttemplate="%{text}",
        colorscale="Blues",
        zmin=0,
        zmax=1,
        showscale=False,
        hovertemplate="true %{y}, predicted %{x}: %{text}<extra></extra>",
    )
    chart.update_yaxes(autorange="reversed")
    charts.draw(chart, alt=f"Confusion matrix of {context.label(model)}", key="confusion")
