""" "Because you took …": what each item of a history adds to one recommendation, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.errors import shorten
from ui.kinds.interactions import faithfulness
from ui.shell import charts, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number, signed

TOWARDS, AWAY = theme.OKABE_ITO["vermillion"], theme.OKABE_ITO["blue"]
LONGEST = 44  # characters of a title on a chart
WORDS = {
    "integrated_gradients": (
        "Integrated gradients",
        "Sundararajan et al. 2017, over the history: each item's gate goes from closed to open, and the score's "
        "gradient on the way is added up.",
    ),
    "attention": (
        "Attention",
        "How much the model's last step attends to each item. What is attended to need not be what counts: compare it "
        "with leaving out.",
    ),
    "leave_one_out": (
        "Leave one out",
        "The score with the whole history less the score without this one item: slow, simple, the check on the others.",
    ),
    "exact": (
        "Exact parts",
        "Linear models such as EASE and neighbours add up a part for each item: nothing is estimated.",
    ),
}


def label(method: str) -> str:
    """Return a method's name for people."""
    return WORDS[method][0] if method in WORDS else method.replace("_", " ").capitalize()


def show(context: PageContext, found: Mapping[str, Any], view: str) -> None:
    """Draw each explanation beside the others, and say what could not be explained."""
    explained = found["explanations"]
    if explained:
        columns = st.columns(max(2, min(3, len(explained))), gap="medium")
        for at, one in enumerate(explained):
            with columns[at % len(columns)], st.container(border=True, gap="small"):
                _one(context, one, view)
    for lost in found["left_out"]:
        st.caption(f":material/info: {label(lost['method'])}, {context.label(lost['model'])}: {lost['reason']}")
    if found["explained"] < found["taken"]:
        st.caption(f"Of {count(found['taken'])} items the latest {count(found['explained'])} are looked at.")
    _how_to_read({one["method"] for one in explained})


def _one(context: PageContext, one: Mapping[str, Any], view: str) -> None:
    bars = one["bars"]
    heading = label(one["method"]) if view == "methods" else context.label(one["model"])
    if not bars:
        st.markdown(f"**{heading}**")
        st.caption("The history is empty, so no item of it can be the reason.")
        return
    strongest = max(bars, key=lambda bar: bar["weight"])  # the longest bar may speak against it
    if not any(bar["weight"] for bar in bars):
        st.markdown(f"**{heading}**")
        st.caption("Nothing the user took moves this score: the model would say the same to everyone.")
        return
    title = f"{heading}: because you took {escaped(shorten(strongest['title'], LONGEST))}"
    if strongest["weight"] <= 0:
        title = f"{heading}: no item of the history speaks for it"
    said = "; ".join(f"{bar['title']} {signed(bar['weight'])}" for bar in bars[:5])
    charts.draw(_bars(one, title), f"{title}. {said}.", key=f"why_{one['model']}_{one['method']}")
    words = []
    if one["others"]:
        words.append(f"The other {count(one['others'])} items together: {signed(one['other'])}.")
    if one.get("score") is not None:
        words.append(f"Score {number(one['score'])}.")
    if words:
        st.caption(" ".join(words))
    if one.get("faithfulness"):
        faithfulness.show(one["faithfulness"])
        agrees = one["faithfulness"].get("leave_one_out")
        if agrees is not None and one["method"] != "leave_one_out":
            st.caption(f"Rank correlation with leaving one item out: {number(agrees, 2)} (1 is the same order).")


def _bars(one: Mapping[str, Any], title: str) -> Any:
    """Return what each item adds, the strongest first; right speaks for the recommendation."""
    bars = one["bars"]
    names = [f"{shorten(bar['title'], LONGEST)}" for bar in bars]
    names = [name if names.index(name) == at else f"{name} ({at + 1})" for at, name in enumerate(names)]
    weights = [bar["weight"] for bar in bars]
    axis = "Share of attention" if one["method"] == "attention" else "Part of the score; right: speaks for it"
    chart = charts.figure(title, x=axis, height=96 + 32 * len(bars))
    chart.add_bar(
        x=weights,
        y=names,
        orientation="h",
        marker_color=[TOWARDS if weight > 0 else AWAY for weight in weights],
        text=[signed(weight) for weight in weights],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    reach = max([abs(weight) for weight in weights], default=1.0) or 1.0
    low, high = min([0.0, *weights]), max([0.0, *weights])
    chart.update_xaxes(range=[low - 0.45 * reach if low < 0 else -0.02 * reach, high + 0.35 * reach])
    chart.add_vline(x=0, line={"width": 1, "color": theme.GREYS[0]})
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return chart.update_layout(bargap=0.4)


def _how_to_read(methods: set[str]) -> None:
    with st.expander("How to read this"):
        st.markdown(
            "Each bar is one item of the history: to the right it speaks for the recommended item, to the left against "
            "it. **Deletion** takes the items with the longest bars out of the history first: the faster the score "
            "falls, the lower the number and the better. **Insertion** puts them into an empty history: higher is "
            "better. Both earn trust only against random orders of the same history."
        )
        for method in WORDS:
            if method in methods:
                st.markdown(f"**{WORDS[method][0]}**: {WORDS[method][1]}")
