"""Accuracy on spoilt images."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ui.panels import stress
from ui.shell import charts
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
    drop = {line["name"]: line["y"][0] - line["y"][-1] for line in lines}
    worst = max(drop, key=lambda name: drop[name])
    title = f"{worst} is least robust to {what}: accuracy −{number(drop[worst])} at severity 5"
    chart = charts.lines(lines, title, x=f"Severity, 0 (none) to 5{unit}", y="Accuracy", height=380, direct=False)
    charts.draw(chart, alt=title, key=f"robust_{kind}")
    st.caption(f"On {int(rows['n'].iloc[0])} test rows; bands are 95 % intervals.")
