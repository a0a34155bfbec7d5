"""Which inputs have moved between training and test: the first thing to look at when a model ages."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from ui import charts, theme
from ui.context import PageContext
from ui.words import count, number

MOST = 15  # inputs drawn
SLIGHT, CLEAR = 0.1, 0.25  # usual marks of the population stability index
COLOURS = {"clear": theme.OKABE_ITO["vermillion"], "slight": theme.OKABE_ITO["orange"], "none": theme.GREYS[0]}


def show(domain: Domain, context: PageContext) -> None:
    """Draw the panel, folded; it is answered when it is opened."""
    if domain.inputs is None:
        return
    body = st.expander("Which inputs have moved since training?", key=f"{context.key}_drift", on_change="rerun")
    if not body.open:
        return
    with body:
        found = context.ask("drift", {}, label="Comparing the inputs")
        if found is not None:
            _draw(found["rows"])


def how_far(psi: float) -> str:
    """Return "none", "slight" or "clear" for a population stability index."""
    return "clear" if psi >= CLEAR else "slight" if psi >= SLIGHT else "none"


def _draw(rows: list[dict[str, Any]]) -> None:
    table = pd.DataFrame(rows)
    name, value = _columns(table)
    table = table[table[value].notna()].sort_values(value, ascending=False, kind="stable")
    if table.empty:
        st.caption("No input can be compared.")
        return
    moved = int((table[value] >= SLIGHT).sum())
    clear = table[table[value] >= CLEAR][name].tolist()
    if moved:
        more = f" {', '.join(map(str, clear[:3]))} most clearly." if clear else " None of them clearly."
        title = f"{count(moved)} of {count(len(table))} inputs have moved.{more}"
    else:
        title = f"None of the {count(len(table))} inputs has moved"
    dots = [
        {"label": str(row[name]), "value": row[value], "colour": COLOURS[how_far(row[value])]}
        for row in table.head(MOST).to_dict("records")
    ]
    chart = charts.dots(dots, title, x="Population stability index of the test against the training rows", line=SLIGHT)
    chart.update_xaxes(rangemode="tozero")
    words = "; ".join(f"{dot['label']} {number(dot['value'], 2)}" for dot in dots[:5])
    charts.draw(chart, alt=f"{title}. {words}.", key="drift")
    st.caption(
        "Below 0.1 (dotted) an input looks as it did in training; from 0.25 on it has clearly moved. A moved input "
        "does not make a model wrong, but it says where to look when a score falls."
    )


def _columns(table: pd.DataFrame) -> tuple[str, str]:
    """Return the columns that hold the input's name and its index."""
    name = next(column for column in ("column", "input", "feature", "name") if column in table)
    return name, "psi" if "psi" in table else "value"
