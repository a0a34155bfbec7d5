"""The few chart forms that every panel uses: dots with whiskers, lines, bars. Titles say what is to be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dl_core.data import instants
from ui.shell import theme
from ui.shell.words import count, interval, number, signed

CONFIG = {"displayModeBar": False, "scrollZoom": False}
TITLE = 36  # pixels of the top margin that are a title's
MOST_TICKS = 6  # of an axis of days since a start
_DAYS = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]  # between two of them


def figure(title: str, *, x: str = "", y: str = "", height: int = 320) -> go.Figure:
    """Return an empty chart in the house's look; ``x`` and ``y`` name the axes with their units."""
    chart = go.Figure(layout=theme.layout())
    chart.update_layout(title_text=title, height=height, showlegend=False)
    for update, name in ((chart.update_xaxes, x), (chart.update_yaxes, y)):
        update(title={"text": name} if name else None)  # an empty title would take up room
    return chart


def draw(chart: go.Figure, alt: str, *, key: str | None = None, **options: Any) -> Any:
    """Show a chart with its text for those who cannot see it; ``options`` go to ``st.plotly_chart`` (``on_select``).

    The title stands above the chart as text, where it wraps on a narrow screen instead of being cut; what else stands
    above the plot (a legend, a label) keeps its part of the top margin.
    """
    if chart.layout.title.text:
        st.markdown(f"**{chart.layout.title.text}**")
        chart.update_layout(title_text=None, margin_t=chart.layout.margin.t - TITLE)
    return st.plotly_chart(chart, width="stretch", config=CONFIG, alt=alt, key=key, **options)


def dots(rows: Sequence[Mapping[str, Any]], title: str, *, x: str, line: float | None = None) -> go.Figure:
    """Return dots with thin whiskers, one row of the chart each.

    Parameters
    ----------
    rows : sequence of mappings
        ``label``, ``value``, ``low``, ``high``, ``colour`` and optionally ``n``; drawn from top to bottom.
    title, x : str
        Title and the axis' name with unit.
    line : float or None
        A value to compare with, drawn as a dotted line.
    """
    chart = figure(title, x=x, height=90 + 38 * max(len(rows), 1))
    for row in rows:
        value, low, high = row["value"], row.get("low"), row.get("high")
        whisker = {} if low is None or high is None else _whisker(value, low, high, row["colour"])
        size = f", n = {count(row['n'])}" if row.get("n") is not None else ""
        chart.add_scatter(
            x=[value],
            y=[row["label"]],
            mode="markers",
            marker={"size": 11, "color": row["colour"]},
            hovertemplate=f"{row['label']}: {number(value)} {interval(low, high)}{size}<extra></extra>",
            **whisker,
        )
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    if line is not None:
        chart.add_vline(x=line, line={"dash": "dot", "width": 1, "color": theme.GREYS[0]})
    return chart


def _whisker(value: float, low: float, high: float, colour: str) -> dict[str, Any]:
    bars = {"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low]}
    return {"error_x": {**bars, "thickness": 1.5, "width": 0, "color": colour}}


def line(
    name: str, rows: Sequence[Mapping[str, Any]], x: str, colour: str, *, banded: bool = True, dash: str = "solid"
) -> dict[str, Any]:
    """Return a line as `lines` takes it, from points (``value, low, high``) along ``x``, which is one of their keys.

    It has a band if it is ``banded`` and every point has an interval.
    """
    ends = ("low", "high") if banded and all(row.get("low") is not None for row in rows) else ()
    found = {"name": name, "x": [row[x] for row in rows], "y": [row["value"] for row in rows]}
    return {**found, **{end: [row[end] for row in rows] for end in ends}, "colour": colour, "dash": dash}


def lines(series: Sequence[Mapping[str, Any]], title: str, *, x: str, y: str, height: int = 320) -> go.Figure:
    """Return lines with a legend.

    Parameters
    ----------
    series : sequence of mappings
        ``name``, ``x``, ``y``, ``colour`` and optionally ``dash`` ("dot"), ``low`` and ``high`` (a band).
    """
    chart = figure(title, x=x, y=y, height=height)
    for one in series:
        if one.get("low") is not None:
            band(chart, one["x"], one["low"], one["high"], one["colour"], 0.15)
        chart.add_scatter(
            x=list(one["x"]),
            y=list(one["y"]),
            mode="lines+markers" if len(one["x"]) < 12 else "lines",
            name=one["name"],
            line={"color": one["colour"], "width": 2, "dash": one.get("dash", "solid")},
            marker={"size": 5},
        )
    return chart.update_layout(showlegend=True, hovermode="closest", margin_t=64 + 20 * (len(series) // 3))


def band(chart: go.Figure, x: Sequence, low: Sequence, high: Sequence, colour: str, shade: float) -> None:
    """Draw an interval along ``x`` as a pale band of a colour "#rrggbb"."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    chart.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},{shade})",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def time_axis(chart: go.Figure, first: str, last: str, **look: Any) -> go.Figure:
    """Return the chart with an x axis of instants (ISO): dates, or days since a start that is unknown."""
    chart.update_xaxes(type="date", **look)
    if instants.is_relative(first):
        end = (instants.read(last) - instants.START).days
        step = next(size for size in _DAYS if end <= MOST_TICKS * size)
        ticks = [instants.START + timedelta(days=day) for day in range(0, end + 1, step)]
        chart.update_xaxes(tickvals=ticks, ticktext=[instants.said(at, instants.DAY) for at in ticks])
    return chart


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    title: str,
    *,
    x: str,
    colours: Sequence[str],
    notes: Sequence[str],
    room: float = 34,
) -> go.Figure:
    """Return horizontal bars with their number (``notes``) at the end of each, ``room`` pixels high with its label."""
    chart = figure(title, x=x, height=round(90 + room * max(len(labels), 1)))
    chart.add_bar(
        x=list(values),
        y=list(labels),
        orientation="h",
        marker_color=list(colours),
        text=list(notes),
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    chart.update_layout(bargap=0.35, margin_r=80)
    return chart


def signed_bars(labels: Sequence[str], weights: Sequence[float], title: str, *, x: str, room: float) -> go.Figure:
    """Return what speaks for something as bars to the right, what speaks against it to the left.

    ``room`` is the height of a bar with its label in pixels.
    """
    colours = [theme.TOWARDS if weight > 0 else theme.AWAY for weight in weights]
    chart = bars(labels, weights, title, x=x, colours=colours, notes=list(map(signed, weights)), room=room)
    reach = max([abs(weight) for weight in weights], default=1.0) or 1.0
    low, high = min([0.0, *weights]), max([0.0, *weights])
    chart.update_xaxes(range=[low - 0.42 * reach if low < 0 else -0.02 * reach, high + 0.3 * reach])
    chart.add_vline(x=0, line={"width": 1, "color": theme.GREYS[0]})
    return chart.update_layout(bargap=0.42, margin_r=16)


def stacked(parts: Mapping[str, Mapping[str, float]], title: str, *, x: str, colours: Mapping[str, str]) -> go.Figure:
    """Return one stacked bar for each key of ``parts``; its value maps a segment's name to its length."""
    chart = figure(title, x=x, height=130 + 34 * max(len(parts), 1))
    names = list(dict.fromkeys(name for row in parts.values() for name in row))
    for name in names:
        chart.add_bar(
            x=[row.get(name, 0) for row in parts.values()],
            y=list(parts),
            name=name,
            orientation="h",
            marker_color=colours.get(name, theme.GREYS[0]),
            hovertemplate=f"%{{y}}, {name}: %{{x:,}}<extra></extra>",
        )
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    chart.update_layout(barmode="stack", bargap=0.35, showlegend=True, legend_traceorder="normal", margin_t=76)
    return chart
