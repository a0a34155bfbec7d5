"""The feedback loop, simulated: what happens when users take what they are shown, round after round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.errors import counted
from ui.shell import charts, choice, on_request, theme
from ui.shell.context import PageContext
from ui.shell.words import number

ARMS = {"plain": "Original ranking", "reranked": "Re-ranked"}
METRICS = {
    "head_taken": ("Head share of consumption", "head_share"),
    "gini_taken": ("Gini of consumption", "gini_taken"),
    "coverage": ("Catalogue coverage", None),
    "gini": ("Gini of exposure", None),
    "diversity": ("Intra-list diversity", None),
}
MOST_ROUNDS, FIRST_ROUNDS = 10, 5


def show(context: PageContext, model: str) -> None:
    """Draw the form, and the rounds once they were asked for."""
    st.subheader("Feedback loop", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rounds = st.number_input(
            "Rounds", 1, MOST_ROUNDS, FIRST_ROUNDS, key=f"{context.key}_rounds", persist_state="session", width=120
        )
        question = {"model": model, "rounds": int(rounds)}
        ready, icon = context.kept("feedback_loop", question), ":material/autorenew:"
        ready = ready or on_request.pressed(context, "Simulate", question, key="simulate_feedback", icon=icon)
        st.badge("Simulated", icon=":material/science:", color="violet")
    if not ready:
        st.caption(
            "Users choose from what is recommended, the model learns from it and recommends more of the same: how "
            "much does consumption concentrate? A simulation, not a forecast."
        )
        return
    found = context.probe("feedback_loop", question, label="Simulating rounds")
    if found is not None:
        _draw(context, found, model)


def _draw(context: PageContext, found: Mapping[str, Any], model: str) -> None:
    st.info(found["sentence"], icon=":material/autorenew:")
    there = {line["metric"] for line in found["lines"]}
    metric = choice.one_of(
        "Metric",
        [name for name in METRICS if name in there],
        f"{context.key}_feedback_metric",
        words=lambda name: METRICS[name][0],
        default=next(name for name in METRICS if name in there),
        wrap=True,
    )
    label, before = METRICS[metric]
    start = found["start"].get(before) if before else None
    series = _series(context, found, model, metric, start)
    if not series:
        st.caption("No recommendations, so nothing to simulate.")
        return
    title = f"{label}: from {number(series[0]['y'][0])} to {number(series[0]['y'][-1])}"
    axis = "Simulated round; 0: before the first" if start is not None else "Simulated round"
    chart = charts.lines(series, title, x=axis, y=label, height=320)
    chart.update_xaxes(dtick=1)
    said = "; ".join(f"{one['name']} {', '.join(number(y, 2) for y in one['y'])}" for one in series)
    charts.draw(chart, f"Simulated. {title}. {said}.", key=f"feedback_{metric}")
    st.caption(
        f"{found['choice']} {found['learning']} {counted(found['users'], 'user')}; re-ranked with a trade-off of "
        f"{found['trade_off']:g}."
    )


def _series(
    context: PageContext, found: Mapping[str, Any], model: str, metric: str, start: float | None
) -> list[dict[str, Any]]:
    """Return a line for the lists as they are and one for the re-ranked; ``start`` is the value before any round."""
    series = []
    for arm, colour in (("plain", context.colour(model)), ("reranked", theme.OKABE_ITO["green"])):
        lines = [line for line in found["lines"] if (line["arm"], line["metric"]) == (arm, metric)]
        lines = [line for line in lines if line["value"] is not None]
        if not lines:
            continue
        first = [] if start is None else [{"round": 0, "value": start}]
        dash = "solid" if arm == "plain" else "dash"
        series.append(charts.line(ARMS[arm], [*first, *lines], "round", colour, dash=dash))
    return series
