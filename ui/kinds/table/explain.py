"""The Explain tab's body for tables: what pushed a row's score up and down, in the user's own units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.errors import shorten
from dl_core.explain.table import plain
from ui.panels import cases, faithfulness
from ui.shell import charts, method_words, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import percent, signed

LABEL = "Computing feature attributions and faithfulness"
LONGEST = 38  # characters of a column's name on a chart
MOST_INPUTS = 10  # lines of the strip over time


def usual_target(context: PageContext) -> str:
    """Return what is explained unless a class is chosen: the last of two classes."""
    return context.classes[-1] if len(context.classes) == 2 else "the predicted class"


def controls(context: PageContext) -> None:
    """Draw what only this body needs: nothing."""


def case(context: PageContext, case: Mapping[str, Any], view: str, more: None) -> None:
    """Draw the row's outcome, its contributions by method or model, and its values."""
    shown = list(case["maps"])
    st.markdown(cases.sentence(context, shown[0]["model"], case["row"]))
    columns = st.columns(min(2, max(1, len(shown))), gap="large")
    for at, one in enumerate(shown):
        with columns[at % len(columns)], st.container(border=True, gap="small"):
            by_method = view == "methods"
            title = method_words.label(one["method"], context.kind) if by_method else context.label(one["model"])
            _contributions(context, one, title, f"explain_{at}_{one['model']}_{one['method']}")
    with st.expander("All features of this row"):
        rows = [{"Feature": name, "Value": tables.value_text(value)} for name, value in case["values"].items()]
        st.dataframe(rows, hide_index=True, alt="Every feature of this row with its value")
    _how_to_read()


def more(context: PageContext, model: str, row: str) -> None:
    """Draw nothing: a table's model has no layers worth looking into."""


def _contributions(context: PageContext, one: Mapping[str, Any], title: str, key: str) -> None:
    """Draw one explanation: where the score starts, what moved it, and whether that can be trusted."""
    target = one["target"]
    heading = f"{title}: {percent(one['probability'])} {target}"
    if not one["features"]:
        st.markdown(f"**{heading}**")
        st.caption("The model reads no feature of this row, so nothing explains its score.")
        return
    chart = bars(one["features"], heading, target)
    strongest = "; ".join(f"{part['name']} {part['value']} {signed(part['weight'])}" for part in one["features"][:5])
    charts.draw(chart, f"{heading}. {strongest}.", key=key)
    words = [] if one.get("base_probability") is None else [f"Base value: {_low(one['base_probability'])}."]
    if one.get("other"):
        words.append(f"All other features together: {signed(one['other'])}.")
    if words:
        st.caption(" ".join(words))
    if one.get("sequence"):
        _strip(one["sequence"], target, f"{key}_strip", context.words.row)
    if one.get("faithfulness"):
        faithfulness.show(one["faithfulness"])


def _low(base: float) -> str:
    """Return where the bars start, in words."""
    return f"the score of a typical row, {'below 0.1 %' if base < 0.001 else percent(base)}"


def bars(features: Sequence[Mapping[str, Any]], title: str, target: str) -> Any:
    """Return contributions as bars: towards the target to the right, away from it to the left."""
    return charts.signed_bars(
        [_tick(part) for part in features],
        [part["weight"] for part in features],
        title,
        x=f"Contribution to log-odds; right: towards {target}",
        room=40,
    )


def _tick(part: Mapping[str, Any]) -> str:
    """Return a bar's label: the column, below it the row's value and the usual one."""
    name = shorten(part["name"], LONGEST)
    value, usual = part.get("value") or "", part.get("typical") or ""
    if not value:
        return name
    text = f"{value}, typical" if value == usual else f"{value} · typical {usual}" if usual else value
    return f"{name}<br><b>{shorten(text, LONGEST)}</b>"


def _strip(sequence: Mapping[str, Any], target: str, key: str, words: tuple[str, str]) -> None:
    """Draw the weights of the account's last rows: time from left to right, inputs from top to bottom."""
    found = plain.strip(sequence, MOST_INPUTS)
    steps = ["this one" if ago == 0 else f"{ago} ago" for ago in sequence["steps"]]
    reach = max((abs(value) for line in found.weights for value in line), default=1.0) or 1.0
    title = f"The account's recent {words[1]}"
    chart = charts.figure(title, x=f"{words[0].capitalize()} of the same account", height=110 + 24 * len(found.inputs))
    chart.add_heatmap(
        z=found.weights,
        x=steps,
        y=[shorten(name, LONGEST) for name in found.inputs],
        colorscale=[[0, theme.AWAY], [0.5, "rgba(128,128,128,0.10)"], [1, theme.TOWARDS]],
        zmin=-reach,
        zmax=reach,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
    )
    chart.update_yaxes(autorange="reversed", showgrid=False)
    most = found.lead
    charts.draw(
        chart, f"{title}: {steps[most]} contributes most, {signed(found.totals[most])} towards {target}.", key=key
    )


def _how_to_read() -> None:
    with st.expander("How to read this"):
        st.markdown(
            "Each bar is one feature's contribution to the log-odds of this row, relative to background rows of "
            "the training data: right supports the class, left opposes it. Below a feature's name are the row's "
            "value and the typical one. **Deletion** sets the features with the largest contributions to typical "
            "values and measures the area under the probability curve: lower is better. **Insertion** adds them "
            "to a typical row: higher is better. A faithful attribution beats a **random** order of features."
        )
