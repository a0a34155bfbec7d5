"""What lists show, on the Bias tab: exposure by kind of item against their share of interactions, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.interactions.facts import BAND_HELP
from ui.kinds.interactions import feedback, rerank
from ui.panels import slices
from ui.shell import charts, choice, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, estimate, number, percent

NAMES = {"popularity": "Popularity"}
BANDS = {"head": "Head", "middle": "Middle", "tail": "Tail"}
MOST_GROUPS = 12  # drawn; the others are in the table


def show(domain: Domain, context: PageContext, model: str, columns: list[str]) -> None:
    """Draw exposure, the feedback loop and re-ranking of one model."""
    st.subheader("Exposure", anchor=False)
    place = st.container()
    by = st.session_state.get(f"{context.key}_exposure_by") or "popularity"
    found = context.probe("exposure", {"model": model, "by": by}, label="Computing exposure")
    if found is not None:
        with place:
            words = {name: NAMES.get(name, name.capitalize()) for name in found["columns"]}
            choice.in_box("Item groups", words, f"{context.key}_exposure_by", default=by, width=260)
        st.info(found["sentence"], icon=":material/visibility:")
        left, right = st.columns([3, 2], gap="large")
        with left:
            _groups(context, found, model)
        with right:
            _lorenz(context, found, model)
        _hidden(found)
    feedback.show(context, model)
    rerank.show(context, model)


def name_of(group: str) -> str:
    """Return a group of items for people."""
    return BANDS.get(group, group)


def _groups(context: PageContext, found: Mapping[str, Any], model: str) -> None:
    """Draw each group's share of the places as a bar with its interval, and its share of interactions as a mark."""
    groups = [line for line in found["groups"] if line["share_exposure"] is not None][:MOST_GROUPS]
    if not groups:
        st.caption("No recommendation lists, so no exposure.")
        return
    k = found["k"]
    title = f"Exposure in the top {k} by group, beside share of interactions (diamonds)"
    chart = charts.figure(title, x="Share, %; whiskers: 95 % interval", height=110 + 36 * len(groups))
    labels = [f"{name_of(line['group'])} ({count(line['items'])})" for line in groups]
    chart.add_bar(
        x=[100 * line["share_exposure"] for line in groups],
        y=labels,
        orientation="h",
        marker_color=context.colour(model),
        error_x=slices.whiskers([_in_percent(line) for line in groups]),
        customdata=[_hover(line) for line in groups],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
        name="Exposure",
    )
    chart.add_scatter(
        x=[None if line["share_interactions"] is None else 100 * line["share_interactions"] for line in groups],
        y=labels,
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": theme.OKABE_ITO["vermillion"]},
        hovertemplate="%{y}: %{x:.1f} % of interactions<extra></extra>",
        name="Interactions",
    )
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    chart.update_layout(bargap=0.45)
    said = "; ".join(f"{name_of(line['group'])} {_hover(line)}" for line in groups)
    charts.draw(chart, f"{title}. {said}.", key=f"exposure_{found['by']}")
    words = BAND_HELP if found["by"] == "popularity" else "In brackets: number of items."
    st.caption(f"{words} n = {count(found['users'])} lists.")


def _in_percent(line: Mapping[str, Any]) -> dict[str, float | None]:
    """Return a group's share of exposure with its interval, in per cent."""
    found = {"value": line["share_exposure"], "low": line["low"], "high": line["high"]}
    return {name: None if share is None else 100 * share for name, share in found.items()}


def _hover(line: Mapping[str, Any]) -> str:
    """Return a group's numbers in words."""
    taken = percent(line["share_interactions"])
    ratio = ""
    if line["ratio"] is not None:
        ratio = f", {estimate(line['ratio'], line['ratio_low'], line['ratio_high'])} times its share of interactions"
    never = f", {count(line['never_shown'])} of {count(line['items'])} items never recommended"
    return f"{percent(line['share_exposure'])} of exposure, {taken} of interactions{ratio}{never}"


def _hidden(found: Mapping[str, Any]) -> None:
    """Name the items that many took and that nobody is shown."""
    hidden = found.get("hidden") or ()
    if not hidden:
        return
    title = f"Never recommended: the most popular of {count(found['never_shown'])} items"
    with st.expander(title, icon=":material/visibility_off:"):
        keys = {"title": "Item", "taken": "Interactions"}
        keys |= {"category": "Category"} if any(item.get("category") for item in hidden) else {}
        rows = [{title: item.get(key) for key, title in keys.items()} for item in hidden]
        tables.show(rows, "Popular items that are in no user's top-k list", row_height=30)


def lorenz(curve: Mapping[str, Any], title: str, colour: str, **look: Any) -> Any:
    """Return the Lorenz curves of exposure and of interactions beside equal exposure."""
    items, x, y = curve["items"], "Cumulative share of items, least exposed first", "Cumulative share of exposure"
    taken = {"name": "interactions", "y": curve["interactions"], "colour": theme.OKABE_ITO["vermillion"]}
    series = [
        {"name": "exposure", "x": items, "y": curve["exposure"], "colour": colour},
        {**taken, "x": items, "dash": "dash"},
        {"name": "equal exposure", "x": [0, 1], "y": [0, 1], "colour": theme.GREYS[0], "dash": "dot"},
    ]
    return charts.lines(series, title, x=x, y=y, **look)


def _lorenz(context: PageContext, found: Mapping[str, Any], model: str) -> None:
    """Draw how evenly places are shared among items."""
    gini = found["gini"]
    title = f"Gini of exposure {estimate(gini['value'], gini['low'], gini['high'])}"
    chart = lorenz(found["lorenz"], title, context.colour(model), height=300)
    chart.update_xaxes(tickformat=".0%").update_yaxes(tickformat=".0%")
    charts.draw(chart, f"{title}; Gini of interactions {number(found['gini_interactions'])}.", key="lorenz")
    cover = found["coverage"]
    st.caption(
        "0: equal exposure; near 1: a few items get it all. Gini of interactions: "
        f"{number(found['gini_interactions'])}. Never in any top {found['k']}: {count(found['never_shown'])} of "
        f"{count(found['items'])} items (catalogue coverage "
        f"{estimate(cover['value'], cover['low'], cover['high'])})."
    )
