"""Charts of the report as plain SVG text: they print, need no script and weigh a few kilobytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

# Okabe-Ito, with greys for baselines, as in the dashboard
DEEP = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
PLAIN = ("#555555", "#777777", "#999999", "#B0B0B0")


@dataclass(frozen=True)
class Dot:
    """One value with its interval on a dot chart."""

    label: str
    value: float
    low: float
    high: float
    colour: str = DEEP[0]
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One curve of a line chart."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = DEEP[0]


def colours(kinds: dict[str, str]) -> dict[str, str]:
    """Return a colour for each model: deep ones in colour, baselines in grey."""
    deep = [name for name, kind in kinds.items() if kind == "deep"]
    plain = [name for name, kind in kinds.items() if kind != "deep"]
    return {
        **{name: DEEP[i % len(DEEP)] for i, name in enumerate(deep)},
        **{name: PLAIN[i % len(PLAIN)] for i, name in enumerate(plain)},
    }


def dots(rows: Sequence[Dot], title: str, axis: str, reference: float | None = None) -> str:
    """Return a chart of values with 95 % intervals, one a line; ``reference`` draws a dashed line."""
    shown = [row for row in rows if np.isfinite(row.value)]
    if not shown:
        return ""
    ends = [end for row in shown for end in (row.low, row.high, row.value) if np.isfinite(end)]
    ends += [] if reference is None else [reference]
    low, high = min(ends), max(ends)
    pad = max(high - low, 0.02) * 0.08
    low, high = low - pad, high + pad
    left, right, height = 230, 90, 26
    width = 760 - left - right

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    bottom = 10 + height * len(shown)
    parts = [_ticks(low, high, x, bottom)]
    if reference is not None:
        parts.append(f'<line x1="{x(reference):.1f}" x2="{x(reference):.1f}" y1="6" y2="{bottom}" class="ref"/>')
    for i, row in enumerate(shown):
        y = 10 + height * (i + 0.5)
        if np.isfinite(row.low) and np.isfinite(row.high):
            parts.append(
                f'<line x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y}" y2="{y}" stroke="{row.colour}" '
                'stroke-width="2"/>'
            )
        parts.append(f'<circle cx="{x(row.value):.1f}" cy="{y}" r="5" fill="{row.colour}"/>')
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>')
        parts.append(f'<text x="{760 - right + 8}" y="{y + 4}" class="note">{escape(row.note)}</text>')
    parts.append(
        f'<text x="{left + width / 2}" y="{bottom + 36}" text-anchor="middle" class="axis">{escape(axis)}</text>'
    )
    return frame(760, bottom + 44, title, parts)


def lines(curves: Sequence[Line], title: str, x_axis: str, y_axis: str, diagonal: bool = False) -> str:
    """Return a chart of curves on the unit square."""
    left, top, size = 52, 10, 300
    parts = [f'<rect x="{left}" y="{top}" width="{size}" height="{size}" class="box"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = left + size * tick
        parts.append(f'<text x="{at}" y="{top + size + 16}" text-anchor="middle" class="tick">{tick:g}</text>')
        at = top + size * (1 - tick)
        parts.append(f'<text x="{left - 6}" y="{at + 4}" text-anchor="end" class="tick">{tick:g}</text>')
    if diagonal:
        parts.append(f'<line x1="{left}" y1="{top + size}" x2="{left + size}" y2="{top}" class="ref"/>')
    for i, curve in enumerate(curves):
        points = " ".join(
            f"{left + size * px:.1f},{top + size * (1 - py):.1f}" for px, py in zip(curve.x, curve.y, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{curve.colour}" stroke-width="2"/>')
        y = top + 14 + 18 * i
        parts.append(f'<rect x="{left + size + 14}" y="{y - 8}" width="14" height="4" fill="{curve.colour}"/>')
        parts.append(f'<text x="{left + size + 34}" y="{y - 2}" class="tick">{escape(curve.label)}</text>')
    middle = top + size / 2
    parts.append(
        f'<text x="{left + size / 2}" y="{top + size + 36}" text-anchor="middle" class="axis">{escape(x_axis)}</text>'
    )
    parts.append(
        f'<text x="14" y="{middle}" text-anchor="middle" class="axis" transform="rotate(-90 14 {middle})">'
        f"{escape(y_axis)}</text>"
    )
    return frame(left + size + 230, top + size + 46, title, parts)


def _ticks(low: float, high: float, x, bottom: float) -> str:
    step = 10 ** np.floor(np.log10((high - low) / 2))
    step = step / 2 if (high - low) / step < 4 else step
    ticks = np.arange(np.ceil(low / step) * step, high, step)
    return "".join(
        f'<line x1="{x(t):.1f}" x2="{x(t):.1f}" y1="6" y2="{bottom}" class="grid"/>'
        f'<text x="{x(t):.1f}" y="{bottom + 16}" text-anchor="middle" class="tick">{t:.3g}</text>'
        for t in ticks
    )


def frame(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Return a figure with its caption around drawn parts."""
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )
