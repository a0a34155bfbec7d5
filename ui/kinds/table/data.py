"""What the Data tab shows of a table: first rows, its course in time with the split drawn on it, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data import instants
from ui.shell import charts, choice, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, percent

PARTS, COLOURS = theme.PARTS, {**theme.PART_COLOURS, "Label delay": theme.FAINT}
GAP = timedelta(days=1)  # a shorter pause between two parts is none
LEFT = 82  # pixels left of the charts in time, so that their axes stand below each other
MOST_MISSING = 12  # columns of the chart of missing values


def _overview(context: PageContext) -> dict[str, Any] | None:
    """Return the table's summary, or draw its state and return None."""
    own, label = context.own, "Summarising the table"
    if context.run is not None:
        return context.ask("describe", {"view": "overview"}, label=label)
    return context.ask("describe", {"view": "overview", "dataset_id": own, "run": None}, label=label) if own else None


def first_look(context: PageContext) -> dict[str, Any] | None:
    """Draw the first rows of each class and, where there is time, the course of the rows; return the summary."""
    if context.dataset_folder is None and not context.prepared:
        st.caption("The rows of this data set are not stored with the run.")
        return None
    found = _overview(context)
    if found is not None:
        _preview(context, found)
        if found["time"]:
            _course(context, found["time"])
    return found


def facts(context: PageContext, split: Mapping[str, Any] | None, seen: Mapping[str, Any] | None) -> None:
    """Draw the classes by part, and what is missing, from the summary that `first_look` returned."""
    if seen is None:
        return
    _balance(context, seen)
    _missing(seen["columns"])
    _columns(context, seen)


def _preview(context: PageContext, found: Mapping[str, Any]) -> None:
    classes = [name for name, rows in found["first"].items() if name and rows]
    picked = ""
    if classes:
        picked = choice.one_of("Class", classes, f"{context.key}_preview_class", default=classes[-1], hidden=True)
    rows = found["first"].get(picked or "", [])
    columns = found["columns"]
    table = tables.frame(rows, columns)
    st.dataframe(
        table,
        hide_index=True,
        height=282,
        row_height=30,
        column_config=tables.config(columns),
        alt=f"First rows{f' of class {picked}' if picked else ''}",
    )
    one, many = context.words.row
    derived = f" {count(found['derived'])} aggregate history features were derived." if found["derived"] else ""
    st.caption(f"The first {len(table)} {f'{picked} ' if picked else ''}{many} of {count(found['rows'])}.{derived}")


def _course(context: PageContext, time: Mapping[str, Any]) -> None:
    """Draw the split on a time axis, and rows and positives by day, week or month below it."""
    span = [time["points"][0]["start"], max([one["end"] for one in time["parts"]] + [time["points"][-1]["start"]])]
    if time["parts"]:
        _split_in_time(context, time, span)
    starts = [point["start"] for point in time["points"]]
    many, step = context.words.row[1], time["step"]
    _bars(starts, [point["rows"] for point in time["points"]], f"{many.capitalize()} a {step}", span, theme.GREYS[0])
    if time["labelled"] and context.classes:
        hits = [point["positives"] for point in time["points"]]
        _bars(starts, hits, f"{context.classes[-1].capitalize()} a {step}", span, theme.OKABE_ITO["vermillion"])


def _split_in_time(context: PageContext, time: Mapping[str, Any], span: Sequence[str]) -> None:
    """Draw from when to when each part of the split reaches, with the gap that stands for the labels' delay."""
    parts = time["parts"]
    if any(datetime.fromisoformat(b["start"]) < datetime.fromisoformat(a["end"]) for a, b in _pairs(parts)):
        return  # the parts overlap in time: they were not split by it
    positive = context.classes[-1] if context.classes else ""
    bars = []
    for part in parts:
        hits = f", {count(part['positives'])} {positive}" if time["labelled"] else ""
        bars.append((PARTS[part["part"]], part["start"], part["end"], f"{count(part['rows'])}{hits}"))
    for before, after in _pairs(parts):
        gap = datetime.fromisoformat(after["start"]) - datetime.fromisoformat(before["end"])
        if gap > GAP:
            words = f"{round(gap / timedelta(days=1))} days"
            bars.append(("Label delay", before["end"], after["start"], words))
    chart = charts.figure("Time-based split", height=64 + 34 * len({name for name, *_ in bars}))
    for name, start, end, words in bars:
        begin, finish, low, high = map(datetime.fromisoformat, (start, end, *span))
        chart.add_bar(
            base=[start],
            x=[(finish - begin) / timedelta(milliseconds=1)],
            y=[name],
            orientation="h",
            marker_color=COLOURS[name],
            width=0.5,
            hovertemplate=f"{name}: {_day(start)} to {_day(end)}, {words}<extra></extra>",
        )
        late = begin - low > high - finish  # the words stand where there is more room
        side = {"x": start, "xanchor": "right", "xshift": -6} if late else {"x": end, "xanchor": "left", "xshift": 6}
        chart.add_annotation(y=name, text=words, showarrow=False, font={"size": 12}, **side)
    charts.time_axis(chart, *span, range=_stretched(span))
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category", automargin=False)
    chart.update_layout(barmode="overlay", margin_l=LEFT)
    charts.draw(chart, "; ".join(f"{n} from {_day(a)} to {_day(b)}: {words}" for n, a, b, words in bars), key="in_time")
    dropped = time["left_out"]
    if dropped:
        one, many = context.words.row
        st.caption(
            f"{count(dropped)} {one if dropped == 1 else many} are in no split: they fall into the label delay, or "
            "their account was already known to be compromised."
        )


def _pairs(parts: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return list(zip(parts[:-1], parts[1:], strict=True))


def _day(moment: str) -> str:
    return instants.said(moment, "%d %b %Y")


def _stretched(span: Sequence[str]) -> list[str]:
    """Return the ends of the time axis with room for half a bar at either."""
    first, last = (datetime.fromisoformat(end) for end in span)
    room = 0.04 * (last - first)
    return [(first - room).isoformat(), (last + room).isoformat()]


def _bars(starts: Sequence[str], values: Sequence[int], title: str, span: Sequence[str], colour: str) -> None:
    chart = charts.figure(title, height=150)
    chart.add_bar(
        x=list(starts),
        y=list(values),
        customdata=list(map(_day, starts)),
        marker_color=colour,
        hovertemplate="from %{customdata}: %{y:,}<extra></extra>",
    )
    charts.time_axis(chart, *span, range=_stretched(span))
    chart.update_yaxes(automargin=False)
    chart.update_layout(bargap=0.15, margin_l=LEFT)
    low, high = min(values), max(values)
    charts.draw(chart, f"{title}: between {count(low)} and {count(high)}.", key=f"course_{title}")


def _balance(context: PageContext, found: Mapping[str, Any]) -> None:
    """Draw rows and share of each class by part."""
    balance = found["balance"]
    if not balance:
        st.caption("No labels: models score anomalies.")
        return
    positive = list(balance)[-1]
    parts = list(balance[positive])
    total = {part: sum(of_class[part] for of_class in balance.values()) for part in parts}
    share = sum(balance[positive].values()) / max(1, sum(total.values()))
    st.markdown(f"**{positive.capitalize()} is {percent(share)} of the {context.words.row[1]}**")
    table = pd.DataFrame(
        {
            "Split": [PARTS.get(part, "All rows") for part in parts],
            context.words.row[1].capitalize(): [total[part] for part in parts],
            **{name.capitalize(): [of_class[part] for part in parts] for name, of_class in balance.items()},
            f"Share {positive}": [percent(balance[positive][part] / max(1, total[part])) for part in parts],
        }
    )
    counted = {name: st.column_config.NumberColumn(format="localized") for name in table.columns[1:-1]}
    st.dataframe(
        table,
        hide_index=True,
        row_height=32,
        column_config=counted,
        alt=f"Rows by split, {percent(share)} {positive}",
    )


def _missing(columns: Sequence[Mapping[str, Any]]) -> None:
    """Draw the share of missing values of the columns that have any."""
    gaps = sorted((one for one in columns if one["missing"] > 0), key=lambda one: -one["missing"])[:MOST_MISSING]
    if not gaps:
        st.caption(":material/check: No missing values in any column.")
        return
    words = [percent(one["missing"]) for one in gaps]
    title = f"{gaps[0]['name']} has the most missing values: {words[0]}"
    chart = charts.bars(
        [one["name"] for one in gaps],
        [100 * one["missing"] for one in gaps],
        title,
        x="Missing values, %",
        colours=[theme.GREYS[0]] * len(gaps),
        notes=words,
    )
    alt = "; ".join(f"{one['name']} {word}" for one, word in zip(gaps, words, strict=True))
    charts.draw(chart, f"Missing values by column: {alt}.", key="missing")


def _columns(context: PageContext, found: Mapping[str, Any]) -> None:
    with st.expander(f"Columns ({count(len(found['columns']))})", icon=":material/table_rows:"):
        rows = [
            {
                "Column": tables.heading(one),
                "Role": one["role"] or "unused",
                "Non-missing": 1 - one["missing"],
                "Distinct values": one["distinct"],
                "Median or mode": tables.value_text(one["typical"], one),
            }
            for one in found["columns"]
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt=(
                "Every column with its role, share of non-missing values, number of distinct values, and median or mode"
            ),
            column_config={"Non-missing": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
        )
