"""Lines of series under each other on one axis of time, with what is held out shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ui.kinds.series.words import moment
from ui.shell import charts, theme
from ui.shell.words import count, escaped, number

SHADES = {"validation": theme.DEEP[4], "test": theme.DEEP[2]}  # the colours of the parts on every Data tab
WORDS = {"validation": "validation", "test": "test"}
LINE = 18  # pixels of a line of text
ONE, EACH = 270, 132  # pixels of a single line, and of each of several


def draw(lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any], *, key: str = "series_lines") -> None:
    """Draw the lines of ``series_lines``, as they were read, with the parts of the split."""
    if not lines:
        return
    charts.draw(figure(lines, found), said(lines, found), key=key)


def figure(lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> go.Figure:
    """Return the chart: a row for each series, each with an axis of its own, since sizes differ."""
    n = len(lines)
    chart = make_subplots(rows=n, cols=1, shared_xaxes=True, vertical_spacing=min(0.12, 0.28 / n))
    look = theme.layout()
    chart.update_layout({name: value for name, value in look.items() if not name.endswith("axis")})
    chart.update_xaxes(look["xaxis"])
    chart.update_yaxes(look["yaxis"])
    for row, one in enumerate(lines, start=1):
        _parts(chart, one, row, named=row == 1)
        chart.add_scatter(
            x=one["time"],
            y=one["value"],
            mode="lines+markers" if len(one["time"]) < 40 else "lines",
            marker={"size": 4},
            line={"color": theme.DEEP[0], "width": 1.4},
            hovertemplate="%{x}: %{y:,.4g}<extra></extra>",
            row=row,
            col=1,
        )
        chart.add_annotation(
            x=0,
            y=1,
            xref=f"x{_number(row)} domain",
            yref=f"y{_number(row)} domain",
            text=_plain(one["series"] if found["series"] > 1 else found["values"]["column"]),
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )
    chart.update_layout(
        showlegend=False, height=ONE if n == 1 else 70 + EACH * n, margin_t=30 + LINE, hovermode="closest"
    )
    title = found["values"]["column"] if n == 1 and found["series"] > 1 else None
    chart.update_yaxes(nticks=4, title_text=_plain(title) if title else None)
    return chart


def _number(row: int) -> str:
    return "" if row == 1 else str(row)


def _plain(text: object) -> str:
    """Return a user's text as a chart shows it, which reads some HTML."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parts(chart: go.Figure, one: Mapping[str, Any], row: int, *, named: bool) -> None:
    """Shade validation and test behind a line."""
    parts = one["parts"]
    ends = {"validation": parts.get("test", parts["end"]), "test": parts["end"]}
    for name, colour in SHADES.items():
        if name not in parts:
            continue
        chart.add_shape(
            type="rect",
            xref=f"x{_number(row)}",
            yref=f"y{_number(row)} domain",
            x0=parts[name],
            x1=ends[name],
            y0=0,
            y1=1,
            fillcolor=colour,
            opacity=0.16,
            line_width=0,
            layer="below",
        )
    if named and ("validation" in parts or "test" in parts):
        there = [name for name in SHADES if name in parts]
        legend = "  ".join(f'<span style="color:{SHADES[name]}">■</span> {WORDS[name]}' for name in there)
        chart.add_annotation(
            x=0,
            y=1,
            xref="x domain",
            yref="y domain",
            yshift=LINE,  # above the name of the first series, which may be as wide as a phone
            text=legend,
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )


def said(lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> str:
    """Return the chart in words, for those who cannot see it."""
    words = []
    for one in lines:
        known = [value for value in one["value"] if value is not None]
        if not known:
            words.append(f"{one['series']}: no values")
            continue
        first, last = (moment(one["time"][at], found["frequency"]) for at in (0, -1))
        words.append(
            f"{escaped(one['series'])}: {first} to {last}, between {number(min(known))} and {number(max(known))}"
            + (f", {count(one['steps'])} steps, downsampled" if one["thinned"] else "")
        )
    return "Time series with the held-out end shaded. " + "; ".join(words) + "."
