"""Forecasts of several models over the same history, and how good they are by step, window, size and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.evaluate.leading import coverage_errors, leads_most
from dl_core.evaluate.results import Evaluation
from ui.kinds.series import forecast_charts, pick
from ui.panels import leading_model, slices
from ui.shell import charts, choice, metric_words, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number

COVERED = "Nominal coverage"


def show(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    """Draw the forecasts of the two models, and one chart of slices."""
    _forecasts(context, pair)
    if evaluation.metrics.empty:
        return
    st.subheader("Error by horizon, window and series", anchor=False)
    slices.show(context, evaluation, pair, FORMS)


def _forecasts(context: PageContext, pair: slices.Pair) -> None:
    """Draw one series with the forecasts of the pair, and of others if they are wanted."""
    names = list(context.models)
    st.subheader("Forecasts of one window", anchor=False)
    picked = pick.pick(context, (pair or names)[0], f"{context.key}_compare")
    if picked is None:
        return
    first, key = pair or names[:2], f"{context.key}_fan_models_{'_'.join(pair or ())}"
    shown = choice.pills("Models", names, first, context.label, key)
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


def _by_step(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    _along(context, evaluation, pair, "by_step", "step", "Forecast step (1 to the horizon)")


def _by_window(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    _along(context, evaluation, pair, "by_window", "window", "Forecast origin (test window, earliest first)")


def _along(context: PageContext, evaluation: Evaluation, pair: slices.Pair, name: str, key: str, axis: str) -> None:
    """Draw a metric along steps or windows; the two models side by side have bands."""
    lines = slices.lines_of(context, evaluation, name)
    if not lines:
        st.caption("This run has no such metrics.")
        return
    metric = slices.pick_metric(context, lines, name)
    label = metric_words.measure(context, metric).label
    shown = slices.of_metric(lines, metric)
    if key == "window":  # they are counted from nought
        shown = {model: [{**row, key: row[key] + 1} for row in rows] for model, rows in shown.items()}
    series = [slices.curve(context, model, rows, key, pair) for model, rows in shown.items()]
    if not series:
        st.caption(f"{label} is not defined here.")
        return
    title = leads(context, metric, series, "forecast steps" if key == "step" else "windows")
    chart = charts.lines(series, title, x=axis, y=label, height=400)
    said = "; ".join(f"{one['name']} {number(one['y'][0])} to {number(one['y'][-1])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key=f"{name}_{metric}")
    st.caption("Bands: 95 % intervals of the two compared models.")


def leads(context: PageContext, metric: str, series: Sequence[Mapping[str, Any]], places: str) -> str:
    """Return in how many places which line is the best by a metric."""
    label = metric_words.measure(context, metric).label
    values = {one["name"]: pd.Series(one["y"], index=one["x"], dtype=float) for one in series}
    found = leads_most(metric_words.metric(metric), values)
    if found is None:
        return f"{label} by {places}"
    return f"{label}: {found[0]} is best at {found[1]} of {found[2]} {places}"


def _by_size(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    _grouped(context, evaluation, pair, "by_size", "Series by level (mean value before the test)")


def _by_length(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    _grouped(context, evaluation, pair, "by_length", "Series by history length")


def _grouped(context: PageContext, evaluation: Evaluation, pair: slices.Pair, name: str, axis: str) -> None:
    lines = slices.lines_of(context, evaluation, name)
    if len({row["group"] for rows in lines.values() for row in rows if row["value"] is not None}) < 2:
        st.caption("Too few evaluated series, or too little variation, to form groups.")
        return
    metric = slices.pick_metric(context, lines, name)
    shown = slices.of_metric(lines, metric)
    points = [slices.curve(context, model, rows, "group", None) for model, rows in shown.items()]
    title = leads(context, metric, points, "levels" if name == "by_size" else "history lengths")
    groups = {row["group"]: row["group"] for rows in shown.values() for row in rows}
    look = {"x": axis, "y": metric_words.measure(context, metric).label, "name": f"{name}_{metric}"}
    slices.draw_groups(context, shown, "group", groups, pair, title, **look)
    st.caption("Whiskers: 95 % intervals of the two compared models.")


def _coverage(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    """Draw how often intervals held what came, against how often they say they do."""
    lines = slices.lines_of(context, evaluation, "coverage")
    if not lines:
        st.caption("This run has no interval coverage.")
        return
    series = []
    for model, rows in lines.items():
        points = [_in_points(row) for row in coverage_errors(rows)]
        held = [row["value"] for row in rows if row["value"] is not None]
        if held:
            line = slices.curve(context, model, points, "level", pair)
            series.append({**line, "held": held[-1]})
    ends = [min(one["x"][0] for one in series), max(one["x"][-1] for one in series)]
    perfect = {"name": "nominal", "x": ends, "y": [0, 0], "colour": theme.GREYS[1], "dash": "dot"}
    shown = series if pair is None else [one for one in series if one["name"] in map(context.label, pair)]
    said = "; ".join(f"{one['name']} {100 * one['held']:.1f} %" for one in shown)
    title = f"Empirical coverage of {100 * ends[1]:.0f} % intervals: {said}"
    chart = charts.lines([perfect, *series], title, x=COVERED, y="Empirical − nominal coverage (pp)", height=400)
    chart.update_xaxes(tickformat=".0%").update_yaxes(rangemode="tozero")
    charts.draw(chart, f"{title}.", key="coverage")
    n = max((row.get("n") or 0 for rows in lines.values() for row in rows), default=0)
    st.caption(
        "Coverage error: at 0 intervals are calibrated; below, overconfident (too narrow); above, underconfident "
        f"(too wide). n = {count(n)} {leading_model.units(context)}; bands: 95 % intervals of the two compared "
        "models. Split conformal: each window is calibrated on all windows before it."
    )


def _in_points(row: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return a line whose shares, all but the level, are in percentage points."""
    return {key: share if share is None or key == "level" else 100 * share for key, share in row.items()}


FORMS: slices.Forms = {
    "by_step": ("By horizon", _by_step),
    "by_window": ("By origin", _by_window),
    "coverage": ("Coverage", _coverage),
    "by_size": ("By level", _by_size),
    "by_length": ("By history length", _by_length),
}
