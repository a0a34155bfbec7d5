"""Charts of forecasts: the history, what came, and each model's line with its intervals as a fan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from ui.kinds.series import words
from ui.shell import charts, theme
from ui.shell.words import number

HISTORY, TRUTH = theme.GREYS[0], theme.OKABE_ITO["vermillion"]
MOST_FANS = 2  # models with intervals in one chart; more would hide each other


def figure(
    history: Mapping[str, Sequence] | None,
    models: Sequence[Mapping[str, Any]],
    title: str,
    *,
    truth: Mapping[str, Sequence] | None = None,
    unit: str = "",
    height: int = 400,
) -> go.Figure:
    """Return history and forecasts in one chart.

    Parameters
    ----------
    history, truth : mapping or None
        ``time`` and ``value``, plain lists; None where a value is missing.
    models : sequence of mappings
        ``name``, ``colour``, ``fan`` (``time, middle, lower_80 …``) and optionally ``intervals`` (False for a line
        only) and ``dash``.
    title, unit : str
        Title, and the name of the value's axis.
    """
    chart = charts.figure(title, y=unit, height=height).update_xaxes(title=None)
    if history is not None:
        chart.add_scatter(
            x=list(history["time"]),
            y=list(history["value"]),
            mode="lines",
            name="history",
            line={"color": HISTORY, "width": 1.6},
            hovertemplate="%{x}: %{y:,.4g}<extra>history</extra>",
        )
    for one in models:
        for level, shade in (("95", 0.12), ("80", 0.22)) if one.get("intervals", True) else ():
            low, high = one["fan"][f"lower_{level}"], one["fan"][f"upper_{level}"]
            charts.band(chart, one["fan"]["time"], low, high, one["colour"], shade)
    for one in models:
        fan = one["fan"]
        chart.add_scatter(
            x=list(fan["time"]),
            y=list(fan["middle"]),
            mode="lines",
            name=one["name"],
            line={"color": one["colour"], "width": 2.2, "dash": one.get("dash", "solid")},
            hovertemplate=f"%{{x}}: %{{y:,.4g}}<extra>{one['name']}</extra>",
        )
    if truth is not None:
        chart.add_scatter(
            x=list(truth["time"]),
            y=list(truth["value"]),
            mode="lines+markers",
            name="actual",
            line={"color": TRUTH, "width": 1.4, "dash": "dot"},
            marker={"size": 5},
            hovertemplate="%{x}: %{y:,.4g}<extra>actual</extra>",
        )
    return chart.update_layout(showlegend=True, hovermode="closest", margin_t=64 + 20 * (len(models) // 4))


def moments(times: Sequence[str | int]) -> list[str]:
    """Return times in words, as finely as they differ: months, days, or hours.

    Examples
    --------
    >>> moments(["2001-01-01 00:00:00", "2001-02-01 00:00:00"])
    ['Jan 2001', 'Feb 2001']
    """
    texts = [str(one) for one in times if isinstance(one, str)]
    clocks, days = {one[11:] for one in texts}, {one[8:10] for one in texts}
    fine = "h" if clocks - {"", "00:00:00"} else "MS" if days == {"01"} and len(texts) > 1 else "D"
    return [words.moment(one, fine) for one in times]


def said(models: Sequence[Mapping[str, Any]]) -> str:
    """Return the first and last value of each forecast in words, for those who cannot see the chart."""
    parts = []
    for one in models:
        middle = one["fan"]["middle"]
        parts.append(f"{one['name']} from {number(middle[0])} to {number(middle[-1])}")
    return "; ".join(parts)
