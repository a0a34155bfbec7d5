"""Charts of series as plain SVG text: a forecast with its history and what drove it, and values by step ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from dl_core.report.svg import DEEP, frame

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 760, 64, 12, 10, 200  # px
LABEL = 170  # px that the last two times need
UP, DOWN = DEEP[1], DEEP[0]  # of steps that raise and lower the forecast
BANDS = ((0, 12), (2, 10))  # positions of the quantiles of the 95 % and the 80 % interval


@dataclass(frozen=True)
class Told:
    """A history and what was forecast after it.

    ``history`` (n,) and ``weights`` (n,) are the past steps and what each adds; ``quantiles`` (h, 13) and ``truth``
    (h,) the steps ahead. ``ends`` name the first past step, the last one, and the last step ahead.
    """

    history: np.ndarray
    weights: np.ndarray
    quantiles: np.ndarray
    truth: np.ndarray
    ends: tuple[str, str, str]


def fan(told: Told, title: str) -> str:
    """Return a chart of a history shaded by its weights, the forecast with intervals, and what came."""
    n, h = len(told.history), len(told.quantiles)
    scale = _Scale(n + h, np.concatenate([told.history, told.truth, told.quantiles[:, [0, -1]].ravel()]))
    top = np.abs(told.weights).max(initial=0.0) or 1.0
    step = scale.x(1) - scale.x(0)
    parts = [scale.grid()]
    for at, weight in enumerate(told.weights):
        strength = abs(weight) / top
        if strength > 0.02:
            parts.append(
                f'<rect x="{scale.x(at) - step / 2:.1f}" y="{TOP}" width="{step:.2f}" height="{HEIGHT}" '
                f'fill="{UP if weight > 0 else DOWN}" opacity="{0.55 * strength:.2f}"/>'
            )
    ahead = np.arange(n, n + h)
    for low, high in BANDS:
        edge = [*_points(scale, ahead, told.quantiles[:, high]), *_points(scale, ahead, told.quantiles[:, low])[::-1]]
        parts.append(f'<polygon points="{" ".join(edge)}" fill="{DEEP[2]}" opacity="0.22"/>')
    middle = told.quantiles[:, told.quantiles.shape[1] // 2]
    parts += _lines(scale, np.arange(n), told.history, 'class="past"')
    parts += _lines(scale, ahead, middle, f'stroke="{DEEP[2]}" stroke-width="2"')
    parts += _lines(scale, ahead, told.truth, 'class="past" stroke-dasharray="3 3"')
    room = scale.x(n + h - 1) - scale.x(n - 1) > LABEL
    for place, text, anchor in zip((0, n - 1, n + h - 1), told.ends, ("start", "middle", "end"), strict=True):
        if place == n - 1 and not room:
            continue
        parts.append(
            f'<text x="{scale.x(place):.1f}" y="{TOP + HEIGHT + 16}" text-anchor="{anchor}" class="tick">'
            f"{escape(text)}</text>"
        )
    parts.append(_legend())
    return frame(WIDTH, TOP + HEIGHT + 44, title, parts)


def by_step(steps: Sequence[int], values: np.ndarray, low: np.ndarray, high: np.ndarray, title: str) -> str:
    """Return a chart of a metric by step ahead with its 95 % interval; all are (h,)."""
    values, low, high = (np.asarray(part, dtype=float) for part in (values, low, high))
    known = np.isfinite(values)
    if known.sum() < 2:
        return ""
    places = np.arange(len(values))
    scale = _Scale(len(values), np.concatenate([values, low, high, [0.0]]))
    parts = [scale.grid()]
    sure = known & np.isfinite(low) & np.isfinite(high)
    edge = [*_points(scale, places[sure], high[sure]), *_points(scale, places[sure], low[sure])[::-1]]
    parts.append(f'<polygon points="{" ".join(edge)}" fill="{DEEP[0]}" opacity="0.2"/>')
    parts += _lines(scale, places, values, f'stroke="{DEEP[0]}" stroke-width="2"')
    for place in {0, len(values) // 2, len(values) - 1}:
        parts.append(
            f'<text x="{scale.x(place):.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle" class="tick">'
            f"{steps[place]}</text>"
        )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{TOP + HEIGHT + 36}" text-anchor="middle" class="axis">forecast step</text>')
    return frame(WIDTH, TOP + HEIGHT + 44, title, parts)


class _Scale:
    """Where steps and values lie."""

    def __init__(self, count: int, values: np.ndarray) -> None:
        seen = values[np.isfinite(values)]
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
        pad = max(high - low, 1e-9 * max(abs(high), 1.0)) * 0.05
        self.low, self.high, self.count = low - pad, high + pad, max(count - 1, 1)

    def x(self, place: float) -> float:
        """Return the pixel of a step."""
        return LEFT + (WIDTH - LEFT - RIGHT) * place / self.count

    def y(self, value: float) -> float:
        """Return the pixel of a value."""
        return TOP + HEIGHT * (self.high - value) / (self.high - self.low)

    def grid(self) -> str:
        """Return lines across with their values."""
        step = 10 ** np.floor(np.log10((self.high - self.low) / 2))
        step = step / 2 if (self.high - self.low) / step < 4 else step
        ticks = np.arange(np.ceil(self.low / step) * step, self.high, step)
        ticks = ticks[:: max(1, -(-len(ticks) // 6))]
        return "".join(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(tick):.1f}" y2="{self.y(tick):.1f}" class="grid"/>'
            f'<text x="{LEFT - 6}" y="{self.y(tick) + 4:.1f}" text-anchor="end" class="tick">{_short(tick)}</text>'
            for tick in ticks
        )


def _short(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 1000 else f"{value + 0.0:.3g}"


def _points(scale: _Scale, places: np.ndarray, values: np.ndarray) -> list[str]:
    return [f"{scale.x(place):.1f},{scale.y(value):.1f}" for place, value in zip(places, values, strict=True)]


def _lines(scale: _Scale, places: np.ndarray, values: np.ndarray, style: str) -> list[str]:
    """Return a line for every stretch without missing values."""
    known = np.flatnonzero(np.isfinite(values))
    runs = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    return [
        f'<polyline points="{" ".join(_points(scale, places[run], values[run]))}" fill="none" {style}/>'
        for run in runs
        if len(run)
    ]


def _legend() -> str:
    """Return what the colours stand for."""
    entries = (
        (UP, "raises the forecast"),
        (DOWN, "lowers the forecast"),
        (DEEP[2], "forecast, 80 % and 95 % interval"),
    )
    y, x, parts = TOP + HEIGHT + 34, LEFT, []
    for colour, text in entries:
        parts.append(f'<rect x="{x}" y="{y - 9}" width="14" height="10" fill="{colour}" opacity="0.6"/>')
        parts.append(f'<text x="{x + 20}" y="{y}" class="tick">{text}</text>')
        x += 48 + 7 * len(text)
    parts.append(f'<line x1="{x}" x2="{x + 16}" y1="{y - 4}" y2="{y - 4}" class="past" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{x + 22}" y="{y}" class="tick">actual</text>')
    return "".join(parts)
