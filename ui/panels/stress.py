"""How far can it be pushed: accuracy on spoilt images, and how many labels are needed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.kinds.interactions import transfer
from ui.kinds.series import stress
from ui.shell import charts, metric_words
from ui.shell.context import PageContext
from ui.shell.words import number

CORRUPTIONS = {
    "noise": "Noise",
    "blur": "Blur",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "rotation": "Rotation",
    "jpeg": "JPEG compression",
}


def show(domain: Domain, context: PageContext) -> None:
    """Draw the questions that these data allow, folded; each is answered when it is opened."""
    if kinds.is_series(context):
        stress.show(context)
        return
    if not kinds.is_table(context):
        _about_images(context)
    if domain.learning_curve is None:
        return
    if kinds.is_lists(context):
        transfer.show(context)
        return
    labels = st.expander("How many labels do I need? A learning curve", key=f"{context.key}_labels", on_change="rerun")
    if labels.open:
        with labels:
            _learning_curve(context)


def _about_images(context: PageContext) -> None:
    robust = st.expander(
        "How robust are they? Accuracy on spoilt images", key=f"{context.key}_robust", on_change="rerun"
    )
    if robust.open:
        with robust:
            _robustness(context)


def _robustness(context: PageContext) -> None:
    kind = st.segmented_control(
        "What spoils the images",
        list(CORRUPTIONS),
        default="noise",
        format_func=CORRUPTIONS.get,
        required=True,
        key=f"{context.key}_corruption",
        persist_state="session",
    )
    result = context.ask(
        "robustness", {"corruption": kind}, label=f"Scoring all models under {CORRUPTIONS[kind].lower()}"
    )
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    unit = f" ({rows['unit'].iloc[0]})" if "unit" in rows and rows["unit"].iloc[0] else ""
    series = [_line(context, model, of_model, "strength") for model, of_model in rows.groupby("model", sort=False)]
    drop = {line["name"]: line["y"][0] - line["y"][-1] for line in series}
    worst = max(drop, key=lambda name: drop[name])
    title = f"{worst} loses most under {CORRUPTIONS[kind].lower()}: {number(drop[worst])} of accuracy at the strongest"
    chart = charts.lines(series, title, x=f"Strength, 0 (none) to 5{unit}", y="Accuracy", height=380, direct=False)
    charts.draw(chart, alt=title, key=f"robust_{kind}")
    st.caption(f"On {int(rows['n'].iloc[0])} test rows; bands are 95 % intervals.")


def _learning_curve(context: PageContext) -> None:
    st.caption(
        "Trains the transfer model and the network from scratch again on 10, 25, 50 … of your labels, three draws "
        "each, and scores each on the same test rows."
    )
    asked = f"{context.key}_curve_asked_{context.run}"
    if not st.session_state.get(asked):
        if context.read_only:
            st.caption("Open a run of your own to draw it.")
            return
        st.button("Draw the learning curve", on_click=lambda: st.session_state.update({asked: True}), key="draw_curve")
        return
    result = context.ask("learning_curve", {}, label="Training on growing numbers of labels", lane="train")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    mean = rows.groupby(["model", "labels"], sort=False)["value"].agg(["mean", "min", "max"]).reset_index()
    series = [
        _line(context, model, of_model.rename(columns={"mean": "value", "min": "low", "max": "high"}), "labels")
        for model, of_model in mean.groupby("model", sort=False)
    ]
    metric = metric_words.measure(context, rows["metric"].iloc[0] if "metric" in rows else "auroc").label
    chart = charts.lines(series, "What more labels bring", x="Labels (log scale)", y=metric, height=380, direct=False)
    chart.update_xaxes(type="log")
    charts.draw(chart, alt=f"{metric} against the number of labels", key="learning_curve")
    st.caption("Lines are the mean of the draws, bands run from the worst to the best draw.")


def _line(context: PageContext, model: str, rows: pd.DataFrame, x: str) -> dict[str, Any]:
    rows = rows.sort_values(x)
    return {
        "name": context.label(model),
        "x": rows[x].tolist(),
        "y": rows["value"].tolist(),
        "low": rows["low"].tolist() if "low" in rows else None,
        "high": rows["high"].tolist() if "high" in rows else None,
        "colour": context.colour(model),
    }
