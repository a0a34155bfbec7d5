"""What the Data tab shows of interactions: first rows, counts, the split of single users, the course in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.data import instants
from ui.kinds.interactions import data_facts
from ui.shell import charts, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, number

COLOURS = {
    "train": theme.DEEP[0],
    "validation": theme.DEEP[4],
    "test": theme.DEEP[2],
    "left out": theme.FAINT,
}
WORDS = {"train": "Train", "validation": "Validation", "test": "Test", "left out": "Unused"}


def read_as(about: Mapping[str, Any]) -> list[str]:
    """Return what a reading says of the times, for its headline: "1 Jan 2024 to 15 Mar 2024"."""
    time = about.get("interactions", {}).get("time")
    return [" to ".join(instants.said(time[end], "%-d %b %Y") for end in ("first", "last"))] if time else []


def first_look(context: PageContext) -> dict[str, Any] | None:
    """Draw the first rows, the counts, the split and the course in time; return the summary."""
    if context.dataset_folder is None and not context.prepared:
        st.caption("The rows of this data set are not stored with the run.")
        return None
    found = _overview(context)
    if found is not None:
        _preview(context, found)
        _counts(found)
        if found["split"]:
            _split(found["split"], timed=found["time"] is not None)
        if found["time"]:
            _course(found["time"])
    return found


def _overview(context: PageContext) -> dict[str, Any] | None:
    """Return the summary of the interactions, or draw its state and return None."""
    own = context.own
    label = "Summarising the interactions"
    if context.run is not None:
        return context.ask("describe", {"view": "overview"}, label=label)
    return context.ask("describe", {"view": "overview", "dataset_id": own, "run": None}, label=label) if own else None


def facts(context: PageContext, split: Mapping[str, Any] | None, seen: Mapping[str, Any] | None) -> None:
    """Draw what the interactions are like, from the summary that `first_look` returned."""
    if seen is not None:
        data_facts.show(context, seen)


def _preview(context: PageContext, found: Mapping[str, Any]) -> None:
    columns = list(found["columns"])
    if any("title" in row for row in found["first"]) and not any(one["name"] == "title" for one in columns):
        columns.insert(2, {"name": "title", "role": "", "kind": "text", "unit": ""})
    table = tables.frame(found["first"], columns)
    st.dataframe(
        table,
        hide_index=True,
        height=282,
        row_height=30,
        column_config=tables.config(columns),
        alt="First rows of the interactions",
    )
    st.caption(f"The first {count(len(table))} of {count(found['rows'])} {context.words.row[1]}.")


def _counts(found: Mapping[str, Any]) -> None:
    """Draw how many users, items and interactions there are, and how full the table of users by items is."""
    dense = found["density"]
    with st.container(horizontal=True):
        st.metric("Users", count(found["users"]), border=True)
        st.metric("Items", count(found["items"]), border=True)
        st.metric(
            "Interactions",
            count(found["positives"]),
            border=True,
            help="Positive interactions: ratings below the positive-feedback threshold are left out.",
        )
        st.metric(
            "Density",
            f"{number(100 * dense, 2)} %",
            border=True,
            help="Interactions divided by all possible user-item pairs.",
        )


def _split(split: Mapping[str, Any], *, timed: bool) -> None:
    """Draw some users' rows as dots in their order, coloured by the part they belong to."""
    drawn = split["drawn"]
    parts, users = split["parts"], split["users"]
    words = ", ".join(f"{WORDS[name].lower()} {count(parts[name])}" for name in parts)
    if not drawn:
        st.caption(f"Interactions by split: {words}.")
        return
    title = "Held-out interactions per user" + ("" if timed else ", in file order")
    chart = charts.figure(title, x="Interactions of a user, oldest first", height=110 + 26 * len(drawn))
    for part in WORDS:
        points = [
            (place + 1, f"User {one['user']}", one["titles"][place], _day(one, place))
            for one in drawn
            for place, own in enumerate(one["parts"])
            if own == part
        ]
        if points:
            chart.add_scatter(
                x=[point[0] for point in points],
                y=[point[1] for point in points],
                mode="markers",
                name=WORDS[part],
                marker={"size": 9, "color": COLOURS[part], "symbol": "diamond" if part == "test" else "circle"},
                customdata=[point[2:] for point in points],
                hovertemplate=f"%{{y}}, {WORDS[part].lower()}: %{{customdata[0]}}%{{customdata[1]}}<extra></extra>",
            )
    chart.update_yaxes(type="category", autorange="reversed", showgrid=False)
    chart.update_layout(showlegend=True, margin_t=76)
    charts.draw(
        chart,
        f"{title}: of {count(len(drawn))} users, each interaction with its split. Interactions by split: {words}.",
        key="held",
    )
    left_out = f" {count(split['left_out'])} interactions are in no split." if split["left_out"] else ""
    fresh = ""
    if split["new_items"]:
        fresh = f" {count(split['new_items'])} test interactions are with items unseen in training (cold items):"
        fresh += " models without item features cannot rank them."
    st.caption(f"{count(users['test'])} test users. Interactions: {words}.{left_out}{fresh}")


def _day(one: Mapping[str, Any], place: int) -> str:
    """Return a comma and the day of a row, or nothing where no time is known."""
    when = (one.get("times") or [None] * (place + 1))[place]
    return f", {tables.value_text(when, {'kind': 'time'}).partition(', ')[0]}" if when else ""


def _course(time: Mapping[str, Any]) -> None:
    points: Sequence[Mapping[str, Any]] = time["points"]
    title = f"Interactions per {time['step']}"
    chart = charts.figure(title, y="Interactions", height=190)
    chart.add_bar(
        x=[point["start"] for point in points],
        y=[point["rows"] for point in points],
        customdata=[instants.said(point["start"], "%d %b %Y") for point in points],
        marker_color=theme.GREYS[0],
        hovertemplate="from %{customdata}: %{y:,}<extra></extra>",
    )
    charts.time_axis(chart, points[0]["start"], points[-1]["start"])
    chart.update_layout(bargap=0.15)
    values = [point["rows"] for point in points]
    charts.draw(chart, f"{title}: between {count(min(values))} and {count(max(values))}.", key="course")
    if time["missing"]:
        st.caption(f"{count(time['missing'])} interactions have no timestamp.")
