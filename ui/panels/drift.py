"""Which inputs have moved between training and test: the first thing to look at when a model ages."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import shorten
from dl_core.evaluate.drift import LEVELS, STEADY
from ui.shell import charts, theme
from ui.shell.context import PageContext
from ui.shell.words import count, number

MOST = 15  # inputs drawn
STILL, MOVED, FAR, TOO_FEW = LEVELS
MOST_SENTENCES = 4
LONGEST = 44  # characters of a column's name on the chart
COLOURS = {FAR: theme.OKABE_ITO["vermillion"], MOVED: theme.OKABE_ITO["orange"], STILL: theme.GREYS[0]}


def show(domain: Domain, context: PageContext) -> None:
    """Draw the panel, folded; it is answered when it is opened."""
    body = st.expander("Feature drift since training", key=f"{context.key}_drift", on_change="rerun")
    if not body.open:
        return
    with body:
        found = context.probe("drift", {}, label="Computing feature drift")
        if found is not None:
            _draw(found["rows"])


def _draw(rows: list[dict[str, Any]]) -> None:
    known = [row for row in rows if row["psi"] is not None and row["level"] != TOO_FEW]
    if not known:
        st.caption("Too few rows to measure feature drift.")
        return
    known.sort(key=lambda row: -row["psi"])
    far = {row["column"]: row["level"] for row in known}
    moved = sum(word != STILL for word in far.values())
    clear = [column for column, word in far.items() if word == FAR]
    if moved:
        more = f"; {', '.join(clear[:3])} most" if clear else ", none significantly"
        title = f"{count(moved)} of {count(len(known))} features have drifted{more}"
    else:
        title = f"None of the {count(len(known))} features has drifted"
    dots = [
        {"label": shorten(row["column"], LONGEST), "value": row["psi"], "colour": COLOURS[far[row["column"]]]}
        for row in known[:MOST]
    ]
    chart = charts.dots(dots, title, x="Population stability index (PSI), test rows against training rows", line=STEADY)
    chart.update_xaxes(rangemode="tozero")
    words = "; ".join(f"{dot['label']} {number(dot['value'], 2)}" for dot in dots[:5])
    charts.draw(chart, alt=f"{title}. {words}.", key="drift")
    for row in known[:MOST_SENTENCES]:
        if far[row["column"]] != STILL:
            st.markdown(f"- {row['sentence']}")
    st.caption(
        "PSI below 0.1 (dotted): no drift; 0.1 to 0.25: moderate; from 0.25: significant. Feature drift alone "
        "does not make a model wrong; it shows where to look when a metric falls."
    )
