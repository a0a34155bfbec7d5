"""Accuracy on spoilt images."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dl_core.errors import counted
from dl_core.evaluate import leading
from ui.panels import stress
from ui.shell import charts, metric_words
from ui.shell.context import PageContext
from ui.shell.words import number

TITLE = "Robustness: accuracy on corrupted images"


def robustness(context: PageContext) -> None:
    """Draw a line a model against the strength of what spoils the images."""
    known = context.kind.corruptions
    kind = stress.pick_corruption(context, "Corruption", list(known))
    what = known[kind].lower()
    result = context.probe("corrupted_images", {"corruption": kind}, label=f"Scoring all models under {what}")
    if result is None:
        return
    rows = pd.DataFrame(result["rows"])
    unit = f" ({rows['unit'].iloc[0]})" if "unit" in rows and rows["unit"].iloc[0] else ""
    lines = stress.strength_lines(context, rows)
    metric = metric_words.metric("accuracy")
    worst, loss = leading.loses_most(metric, {line["name"]: line["y"] for line in lines})
    title = f"{worst} is least robust to {what}: accuracy −{number(loss)} at severity 5"
    if loss <= 0:
        title = f"All models are robust to {what}"
    chart = charts.lines(lines, title, x=f"Severity, 0 (none) to 5{unit}", y="Accuracy", height=380)
    charts.draw(chart, alt=title, key=f"robust_{kind}")
    st.caption(f"On {counted(int(rows['n'].iloc[0]), 'test row')}; bands are 95 % intervals.")
