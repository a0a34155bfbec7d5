"""The right half of the Data tab for interactions: the threshold, the long tail, histories, tables beside the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.shell import charts, options, readings, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, percent

TITLES = {
    "positive_from": "Positive-feedback threshold",
    "repeats": "Duplicate interactions",
    "min_user": "Minimum interactions per user (k-core)",
    "min_item": "Minimum interactions per item (k-core)",
}
NAMES = {"items": "items", "users": "users"}


def show(context: PageContext, found: Mapping[str, Any]) -> None:
    """Draw the panels."""
    if found["values"]:
        _values(found["values"])
    _how_read(context, found)
    _tail(found["tail"])
    _lengths(found["lengths"])
    _sides(found["sides"])


def _values(values: Mapping[str, Any]) -> None:
    """Draw the ratings or counts, with those under the threshold in grey."""
    points, limit = values["points"], values["from"]
    colours = [theme.FAINT if _under(point["value"], limit) else theme.DEEP[0] for point in points]
    title = f"{escaped(values['column'].capitalize())}: every interaction is positive"
    if values["below"]:
        title = (
            f"{count(values['below'])} rows with {escaped(values['column'])} under {limit:g} are not positive feedback"
        )
    chart = charts.figure(title, x=values["column"], y="Rows", height=230)
    chart.add_bar(
        x=[point["value"] for point in points],
        y=[point["n"] for point in points],
        marker_color=colours,
        hovertemplate="%{x}: %{y:,} rows<extra></extra>",
    )
    chart.update_xaxes(type="category")
    said = "; ".join(f"{point['value']}: {count(point['n'])}" for point in points)
    charts.draw(chart, f"{title}. {said}.", key="values")


def _under(value: str, limit: float | None) -> bool:
    """Return whether a bar, named by a number or by a range of numbers, lies under the threshold."""
    if limit is None:
        return False
    try:
        return float(value.partition(" to ")[0].replace(",", "")) < limit
    except ValueError:
        return False


def _how_read(context: PageContext, found: Mapping[str, Any]) -> None:
    """Draw the threshold and what leaves rows out, editable for one's own data."""
    known = options.read_options(context.domain)
    if not known or context.dataset_folder is None:
        return
    own = context.own
    fixed = own is None or context.read_only
    with (
        st.expander("Filters: positive threshold, duplicates, k-core", icon=":material/filter_alt:"),
        st.form(f"{context.key}_reading", border=False),
    ):
        chosen, asked = {}, st.session_state.get(f"{options.READ}{own}", {})
        for option in known:
            now = asked.get(option.name, found["options"].get(option.name, option.default))
            if option.name == "positive_from" and found["values"] and found["values"]["from"] is not None:
                now = found["values"]["from"]
            key = f"read_{own or 'sample'}_{option.name}"
            chosen[option.name] = options.field(option, key, now, disabled=fixed)
        words = "These belong to the sample." if own is None else "Changing them reads the files again."
        st.caption(f"{words} What they removed is listed under the findings.")
        if st.form_submit_button("Apply and read again", disabled=fixed) and own is not None:
            readings.with_rows(context.domain, context.owner, own, {}, chosen)
            st.rerun()


def _tail(tail: Mapping[str, Any]) -> None:
    """Draw how few items make up most interactions."""
    if not tail["n"]:
        return
    title = f"The top 10 % of items make up {percent(tail['top_tenth'])} of the interactions"
    series = [
        {"name": "items", "x": [0, *tail["items"]], "y": [0, *tail["share"]], "colour": theme.DEEP[0]},
        {"name": "equal shares", "x": [0, 1], "y": [0, 1], "colour": theme.GREYS[0], "dash": "dot"},
    ]
    chart = charts.lines(
        series,
        title,
        x="Cumulative share of items, most popular first",
        y="Cumulative share of interactions",
        height=280,
    )
    chart.update_xaxes(tickformat=".0%")
    chart.update_yaxes(tickformat=".0%")
    charts.draw(chart, f"{title}; dotted: equal shares.", key="tail")
    first = "; ".join(f"{escaped(one['title'])} ({count(one['n'])})" for one in tail["head"][:3])
    st.caption(f"Most popular: {first}. {count(tail['once'])} of {count(tail['n'])} items have a single interaction.")


def _lengths(lengths: Mapping[str, Any]) -> None:
    bars = lengths["bars"]
    if not bars:
        return
    middle = lengths["median"]
    title = f"Median history length: {middle:g} items"
    chart = charts.figure(title, x="Interactions per user", y="Users", height=240)
    chart.add_bar(
        x=[bar["label"] for bar in bars],
        y=[bar["n"] for bar in bars],
        marker_color=theme.DEEP[0],
        hovertemplate="%{x} items: %{y:,} users<extra></extra>",
    )
    chart.update_xaxes(type="category")
    said = "; ".join(f"{bar['label']}: {count(bar['n'])}" for bar in bars)
    charts.draw(chart, f"{title}. {said}.", key="lengths")
    single = lengths["single"]
    words = f" {count(single)} users have a single interaction, so nothing can be held out." if single else ""
    st.caption(f"The longest history has {count(lengths['longest'])} items.{words}")


def _sides(sides: list[Mapping[str, Any]]) -> None:
    """Say which tables of items and users were recognised, and what they hold."""
    if not sides:
        st.caption(":material/info: No item or user features: models learn from ids alone.")
        return
    for side in sides:
        name = NAMES.get(side["name"], side["name"])
        matched = f"{count(side['matched'])} of {count(side['ids'])} {name} in the interactions have features"
        with st.expander(f"Features of {name}: {count(side['rows'])} rows", icon=":material/table_rows:"):
            st.caption(f"{matched}.")
            rows = [{"Column": one["name"], "Non-missing": one["filled"]} for one in side["columns"]]
            st.dataframe(
                rows,
                hide_index=True,
                alt=f"Feature columns of {name} with their share of non-missing values",
                column_config={
                    "Non-missing": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
                },
            )
