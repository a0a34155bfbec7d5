"""Does what was learned elsewhere carry over? The score in a small market against the number of its users known."""

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

COLOURS = {  # lines of the curve; two of them are models of the page
    "carried_over": theme.DEEP[0],
    "as_learned": theme.DEEP[5],
    "ease_both": theme.GREYS[2],
}
DASHES = {"as_learned": "dot", "ease_both": "dash"}


def draw(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw a line a model: the mean of the draws, with a band from the worst to the best."""
    table = pd.DataFrame(rows)
    table = table[table["value"].notna()]
    if table.empty:
        st.caption("The target group has too few users with held-out interactions.")
        return
    series = stress.drawn_lines(context, table, COLOURS, DASHES)
    name = table["metric"].iloc[0]
    few, starts = stress.where_least_is_known(series)
    best = leading.best_of(metric_words.metric(name), starts)
    metric = metric_words.measure(context, name).label
    title = f"With {counted(few, 'target user')}, {best} leads: {metric} {number(starts[best])}"
    chart = charts.lines(series, title, x="Target users in training (log scale)", y=metric, height=400)
    chart.update_xaxes(
        type="log", tickvals=sorted(set(table["labels"])), ticktext=[count(n) for n in sorted(set(table["labels"]))]
    )
    said = "; ".join(f"{one['name']} {', '.join(number(y) for y in one['y'])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key="transfer_curve")
    st.caption(f"{table['about'].iloc[0]} Lines: mean over draws; bands: minimum to maximum.")


CURVE = stress.LearningCurve(
    "Transfer learning curve: source users to a small target group",
    "Pretrains on a large source group of users, such as one country, then fine-tunes on 10, 30, 100 … users of a "
    "small target group, three draws each, beside models trained on the target users alone.",
    "Compute the transfer curve",
    "Pretraining on the source, fine-tuning on the target",
    draw,
)
