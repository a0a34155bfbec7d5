"""Pick a judged series and one of its test windows: the worst, typical and best forecast first, or by search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.panels import leading_model
from ui.shell import choice
from ui.shell.context import PageContext
from ui.shell.words import number

LABEL = "Searching series"
KINDS = {"typical": "Typical", "worst": "Worst", "best": "Best"}


def pick(context: PageContext, model: str, key: str) -> str | None:
    """Draw the choice and return the id of the series, or None while it is fetched; one alone is no choice."""
    if leading_model.lone(context):
        found = context.probe("judged_series", {"model": model, "kind": "typical", "search": ""}, label=LABEL)
        return None if found is None else found["series"][0]["series"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choice.one_of(f"Series by MASE of {context.label(model)}", KINDS, f"{key}_kind", default="typical")
        search = st.text_input(
            "Search", key=f"{key}_search", placeholder="series name", icon=":material/search:", width=240
        )
        place = st.container()
    found = context.probe("judged_series", {"model": model, "kind": kind, "search": search}, label=LABEL)
    if found is None:
        return None
    if not found["series"]:
        st.caption("No matching series.")
        return None
    errors = {one["series"]: one["errors"].get(model) for one in found["series"]}
    words = {name: str(name) if error is None else f"{name} (MASE {number(error)})" for name, error in errors.items()}
    with place:
        title, key = f"Series ({found['total']} of {found['judged']})", f"{key}_series_{kind}_{search}_{model}"
        return choice.in_box(title, words, key, width=440)


def forecasts(context: PageContext, series: str, key: str) -> Mapping[str, Any] | None:
    """Ask for all models' forecasts of a window of ``series``, with a choice of the window where there are several."""
    place = st.container()
    found = context.probe("window_forecasts", {"series": series}, label="Loading the forecasts")
    if found is None or found["windows"] < 2:
        return found
    last = found["windows"] - 1
    words = {number: f"{number + 1} of {last + 1}" for number in range(last + 1)}
    with place:
        chosen = choice.one_of("Test window", words, f"{key}_window_{series}", default=last)
    if chosen == last:
        return found
    return context.probe("window_forecasts", {"series": series, "window": chosen}, label="Loading the forecasts")


def unit(context: PageContext) -> str:
    """Return the name of the value's column."""
    about = context.record.get("dataset") or context.about
    return next(iter(about.get("roles", {}).get("value", ())), "value")
