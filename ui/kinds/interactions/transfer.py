"""Does what was learned elsewhere carry over? The score in a small market against the number of its users known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ui.shell import charts, metric_words, theme
from ui.shell.ask import kept
from ui.shell.context import PageContext
from ui.shell.words import count, number

COLOURS = {  # lines of the curve; two of them are models of the page
    "carried_over": theme.DEEP[0],
    "as_learned": theme.DEEP[5],
    "ease_both": theme.GREYS[2],
}
DASHES = {"as_learned": "dot", "ease_both": "dash"}


def show(context: PageContext) -> None:
    """Draw the question, folded; it is answered when it is asked."""
    body = st.expander(
        "Transfer learning curve: source users to a small target group",
        key=f"{context.key}_labels",
        on_change="rerun",
    )
    if not body.open:
        return
    with body:
        st.caption(
            "Pretrains on a large source group of users, such as one country, then fine-tunes on 10, 30, 100 … "
            "users of a small target group, three draws each, beside models trained on the target users alone."
        )
        ready, asked = kept(context, "learning_curve", {}), f"{context.key}_curve_asked_{context.run}"
        if not ready and not st.session_state.get(asked):
            if context.read_only:
                st.caption("Train a run of your own to compute it.")
                return
            st.button(
                "Compute the transfer curve", on_click=lambda: st.session_state.update({asked: True}), key="draw_curve"
            )
            return
        found = context.ask(
            "learning_curve", {}, label="Pretraining on the source, fine-tuning on the target", lane="train"
        )
        if found is not None:
            _draw(context, found["rows"])


def _draw(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw a line a model: the mean of the draws, with a band from the worst to the best."""
    table = pd.DataFrame(rows)
    table = table[table["value"].notna()]
    if table.empty:
        st.caption("The target group has too few users with held-out interactions.")
        return
    grouped = table.groupby(["model", "label", "labels"], sort=False)["value"].agg(["mean", "min", "max"]).reset_index()
    series = []
    for (model, label), own in grouped.groupby(["model", "label"], sort=False):
        own = own.sort_values("labels")
        series.append(
            {
                "name": label,
                "x": own["labels"].tolist(),
                "y": own["mean"].tolist(),
                "low": own["min"].tolist(),
                "high": own["max"].tolist(),
                "colour": COLOURS.get(model) or context.colour(model),
                "dash": DASHES.get(model, "solid"),
            }
        )
    metric = metric_words.of_lists(table["metric"].iloc[0]).label
    few = min(one["x"][0] for one in series)
    best = max(series, key=lambda one: one["y"][0])
    title = f"With {count(few)} target users, {best['name']} leads: {metric} {number(best['y'][0])}"
    chart = charts.lines(series, title, x="Target users in training (log scale)", y=metric, height=400, direct=False)
    chart.update_xaxes(
        type="log", tickvals=sorted(set(table["labels"])), ticktext=[count(n) for n in sorted(set(table["labels"]))]
    )
    said = "; ".join(f"{one['name']} {', '.join(number(y) for y in one['y'])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key="transfer_curve")
    st.caption(f"{table['about'].iloc[0]} Lines: mean over draws; bands: minimum to maximum.")
