"""Forecasts of several models over the same history, and how good they are by step, window, size and interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.evaluate.leading import coverage_errors, leads_most
from dl_core.evaluate.results import Evaluation
from ui.kinds.series import forecast_charts, pick
from ui.panels import leading_model
from ui.shell import charts, metric_words, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, estimate, number

COVERED = "Nominal coverage"


def show(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    """Draw the forecasts of the two models, and one chart of slices."""
    _forecasts(context, pair)
    if evaluation.metrics.empty:
        return
    st.subheader("Error by horizon, window and series", anchor=False)
    form = st.segmented_control(
        "Slices",
        list(FORMS),
        default="by_step",
        format_func=lambda name: FORMS[name][0],
        required=True,
        key=f"{context.key}_slices",
        persist_state="session",
        label_visibility="collapsed",
    )
    FORMS[form][1](context, evaluation, pair)


def _forecasts(context: PageContext, pair: tuple[str, str] | None) -> None:
    """Draw one series with the forecasts of the pair, and of others if they are wanted."""
    names = list(context.models)
    st.subheader("Forecasts of one window", anchor=False)
    picked = pick.pick(context, (pair or names)[0], f"{context.key}_compare")
    if picked is None:
        return
    shown = st.pills(
        "Models",
        names,
        selection_mode="multi",
        default=list(pair or names[:2]),
        format_func=context.label,
        key=f"{context.key}_fan_models_{'_'.join(pair or ())}",
    )
    found = pick.forecasts(context, picked, f"{context.key}_compare")
    if found is None or not shown:
        return
    draw_fan(context, found, shown, key="fan")


def draw_fan(context: PageContext, found: Mapping[str, Any], shown: list[str], *, key: str) -> None:
    """Draw one window of a series (``series_forecasts``) with the forecasts of the models ``shown``."""
    models = fan_models(context, found["models"], shown)
    errors = sorted(
        (found["errors"][name], context.label(name)) for name in shown if found["errors"].get(name) is not None
    )
    name = pick.unit(context) if leading_model.lone(context) else str(found["series"])
    closest = f": lowest MASE {errors[0][1]}" if len(errors) > 1 else ""
    unit = pick.unit(context)
    chart = forecast_charts.figure(found["history"], models, escaped(name) + closest, truth=found["truth"], unit=unit)
    said = "; ".join(f"{model} {number(error)}" for error, model in errors) or "no actual values"
    charts.draw(chart, f"{name}{closest}. {forecast_charts.said(models)}. MASE: {said}.", key=key)
    st.caption(
        f"MASE in this window: {said}. Bands: 80 % and 95 % prediction intervals, of at most "
        f"{forecast_charts.MOST_FANS} models. One window of one series is no evidence of which model is better."
    )


def fan_models(context: PageContext, fans_of: Mapping[str, Any], shown: list[str]) -> list[dict[str, Any]]:
    """Return models as `fans.figure` takes them."""
    return [
        {
            "name": context.label(name),
            "colour": context.colour(name),
            "fan": fans_of[name],
            "intervals": at < forecast_charts.MOST_FANS,
        }
        for at, name in enumerate(one for one in shown if one in fans_of)
    ]


def _lines(context: PageContext, evaluation: Evaluation, name: str) -> dict[str, list[Mapping[str, Any]]]:
    found = {model: evaluation.curves.get(model, {}).get(name) or [] for model in context.models}
    return {model: lines for model, lines in found.items() if lines}


def _pick_metric(context: PageContext, lines: Mapping[str, list], key: str) -> str:
    there = {line["metric"] for of_model in lines.values() for line in of_model}
    known = [name for name in context.domain.metrics if name in there] or sorted(there)
    first = context.domain.primary_metric
    return st.selectbox(
        "Metric",
        known,
        known.index(first) if first in known else 0,
        format_func=lambda name: metric_words.measure(context, name).label,
        key=f"{context.key}_{key}_metric",
        persist_state="session",
        width=260,
    )


def _by_step(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    _along(context, evaluation, pair, "by_step", "step", "Forecast step (1 to the horizon)")


def _by_window(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    _along(context, evaluation, pair, "by_window", "window", "Forecast origin (test window, earliest first)")


def _along(
    context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None, name: str, key: str, axis: str
) -> None:
    """Draw a metric along steps or windows; the two models side by side have bands."""
    lines = _lines(context, evaluation, name)
    if not lines:
        st.caption("This run has no such metrics.")
        return
    metric = _pick_metric(context, lines, name)
    label, series = metric_words.measure(context, metric).label, []
    first = 0 if name == "by_step" else 1  # windows are counted from nought
    for model, of_model in lines.items():
        rows = [line for line in of_model if line["metric"] == metric and line["value"] is not None]
        if rows:
            banded = pair is not None and model in pair and all(row["low"] is not None for row in rows)
            series.append(
                {
                    "name": context.label(model),
                    "x": [row[key] + first for row in rows],
                    "y": [row["value"] for row in rows],
                    "low": [row["low"] for row in rows] if banded else None,
                    "high": [row["high"] for row in rows] if banded else None,
                    "colour": context.colour(model),
                }
            )
    if not series:
        st.caption(f"{label} is not defined here.")
        return
    title = leads(context, metric, series, "forecast steps" if key == "step" else "windows")
    chart = charts.lines(series, title, x=axis, y=label, height=400, direct=False)
    said = "; ".join(f"{one['name']} {number(one['y'][0])} to {number(one['y'][-1])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key=f"{name}_{metric}")
    st.caption("Bands: 95 % intervals of the two compared models.")


def leads(context: PageContext, metric: str, series: list[Mapping[str, Any]], places: str) -> str:
    """Return in how many places which line is the best by a metric."""
    label = metric_words.measure(context, metric).label
    values = {one["name"]: pd.Series(one["y"], index=one["x"], dtype=float) for one in series}
    found = leads_most(metric_words.metric(metric), values)
    return (
        f"{label} by {places}"
        if found is None
        else f"{label}: {found[0]} is the best at {found[1]} of {found[2]} {places}"
    )


def _by_size(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    _grouped(context, evaluation, pair, "by_size", "Series by level (mean value before the test)")


def _by_length(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    _grouped(context, evaluation, pair, "by_length", "Series by history length")


def _grouped(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None, name: str, axis: str) -> None:
    lines = {
        model: [row for row in rows if row["value"] is not None]
        for model, rows in _lines(context, evaluation, name).items()
    }
    if len({row["group"] for rows in lines.values() for row in rows}) < 2:
        st.caption("Too few evaluated series, or too little variation, to form groups.")
        return
    metric = _pick_metric(context, lines, name)
    label = metric_words.measure(context, metric).label
    points = [
        {"name": context.label(model), "x": [r["group"] for r in rows], "y": [r["value"] for r in rows]}
        for model, of_model in lines.items()
        if (rows := [line for line in of_model if line["metric"] == metric])
    ]
    title = leads(context, metric, points, "sizes" if name == "by_size" else "lengths")
    chart = charts.figure(title, x=axis, y=label, height=400)
    said = []
    for model, of_model in lines.items():
        rows = [line for line in of_model if line["metric"] == metric]
        whisker = {"error_y": _whiskers(rows)} if pair is None or model in pair else {}
        chart.add_scatter(
            x=[row["group"] for row in rows],
            y=[row["value"] for row in rows],
            mode="markers+lines",
            name=context.label(model),
            marker={"size": 9, "color": context.colour(model)},
            line={"color": context.colour(model), "width": 1, "dash": "dot"},
            customdata=[estimate(row["value"], row["low"], row["high"], row["n"]) for row in rows],
            hovertemplate=f"{context.label(model)}, %{{x}}: %{{customdata}}<extra></extra>",
            **whisker,
        )
        said.append(f"{context.label(model)}: " + ", ".join(f"{row['group']} {number(row['value'])}" for row in rows))
    chart.update_xaxes(type="category")
    chart.update_layout(showlegend=True, margin_t=64 + 20 * (len(lines) // 3))
    charts.draw(chart, f"{title}. {'; '.join(said)}", key=f"{name}_{metric}")
    st.caption("Whiskers: 95 % intervals of the two compared models.")


def _whiskers(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the intervals of a line's points as a chart takes them; none where there is none."""
    high = [(row["high"] if row["high"] is not None else row["value"]) - row["value"] for row in rows]
    low = [row["value"] - (row["low"] if row["low"] is not None else row["value"]) for row in rows]
    return {"type": "data", "symmetric": False, "array": high, "arrayminus": low, "thickness": 1.5, "width": 0}


def _coverage(context: PageContext, evaluation: Evaluation, pair: tuple[str, str] | None) -> None:
    """Draw how often intervals held what came, against how often they say they do."""
    lines = _lines(context, evaluation, "coverage")
    if not lines:
        st.caption("This run has no interval coverage.")
        return
    series = []
    for model, rows in lines.items():
        rows = [row for row in rows if row["value"] is not None]
        banded = pair is not None and model in pair and all(row.get("low") is not None for row in rows)
        errors = coverage_errors(rows)
        series.append(
            {
                "name": context.label(model),
                "x": [row["level"] for row in errors],
                "y": [100 * row["value"] for row in errors],
                "low": [100 * row["low"] for row in errors] if banded else None,
                "high": [100 * row["high"] for row in errors] if banded else None,
                "held": rows[-1]["value"],
                "colour": context.colour(model),
            }
        )
    ends = [min(one["x"][0] for one in series), max(one["x"][-1] for one in series)]
    perfect = {"name": "nominal", "x": ends, "y": [0, 0], "colour": theme.GREYS[1], "dash": "dot"}
    shown = series if pair is None else [one for one in series if one["name"] in map(context.label, pair)]
    said = "; ".join(f"{one['name']} {100 * one['held']:.1f} %" for one in shown)
    title = f"Empirical coverage of {100 * ends[1]:.0f} % intervals: {said}"
    chart = charts.lines(
        [perfect, *series], title, x=COVERED, y="Empirical − nominal coverage (pp)", height=400, direct=False
    )
    chart.update_xaxes(tickformat=".0%").update_yaxes(rangemode="tozero")
    charts.draw(chart, f"{title}.", key="coverage")
    n = max((row.get("n") or 0 for rows in lines.values() for row in rows), default=0)
    st.caption(
        "Coverage error: at 0 intervals are calibrated; below, overconfident (too narrow); above, underconfident "
        f"(too wide). n = {count(n)} {leading_model.units(context)}; bands: 95 % intervals of the two compared "
        "models. Split conformal: each window is calibrated on all windows before it."
    )


FORMS: dict[str, tuple[str, Callable[..., None]]] = {
    "by_step": ("By horizon", _by_step),
    "by_window": ("By origin", _by_window),
    "coverage": ("Coverage", _coverage),
    "by_size": ("By level", _by_size),
    "by_length": ("By history length", _by_length),
}
