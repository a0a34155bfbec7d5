"""A real forecast from the sample, for the card on the home page and for Concepts: history, fan, and what came."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.tasks.prepared import kept_answer
from ui.kinds.series import forecast_charts
from ui.shell import charts, folders, metric_words, samples, theme
from ui.shell.words import escaped, number

HEIGHT = 130  # pixels of the chart on a card
BEFORE = 3  # times the horizon that the history on it reaches back


def forecast(domain: Domain) -> dict[str, Any] | None:
    """Return the kept forecasts of a typical series of the prepared run, with ``best``, or None where none are kept."""
    folder, summary = samples.prepared_run(domain), samples.summary(domain)
    if folder is None or summary is None:
        return None
    models = {name: about for name, about in summary["models"].items() if about["state"] == "done"}
    shown = best_model(models, "deep") or best_model(models)
    listed = kept_answer(folder, "judged_series", {"model": shown, "kind": "typical"})
    if not listed or not listed["series"]:
        return None
    found = kept_answer(folder, "window_forecasts", {"series": listed["series"][0]["series"]})
    return None if found is None or shown not in found["models"] else {**found, "best": shown}


def draw(domain: Domain) -> None:
    """Draw the end of a typical series with its forecast fan and what came, small enough for a card."""
    found = forecast(domain)
    if found is None:
        return
    label = domain.models[found["best"]].label if found["best"] in domain.models else found["best"]
    shown = [{"name": label, "colour": theme.DEEP[0], "fan": found["models"][found["best"]]}]
    most = BEFORE * len(found["truth"]["time"])
    history = {name: values[-most:] for name, values in found["history"].items()}
    chart = forecast_charts.figure(history, shown, "", truth=found["truth"], height=HEIGHT)
    chart.update_traces(mode="lines")
    chart.update_layout(showlegend=False, margin_t=4)
    chart.update_xaxes(nticks=4)
    chart.update_yaxes(nticks=3)
    series = escaped(found["series"])
    charts.draw(
        chart,
        f"{series}: history, forecast with prediction intervals, actual values. {forecast_charts.said(shown)}.",
        key="card_fan",
    )
    st.caption(f"{series}: {label}'s forecast, and the actual values (dotted).")


def words(domain: Domain) -> str:
    """Return how far the sample's best model errs beside the best baseline, or an empty text."""
    folder, summary = samples.prepared_run(domain), samples.summary(domain)
    judged = folders.evaluation(folder) if folder is not None else None
    if judged is None or summary is None:
        return ""
    models = {name: about for name, about in summary["models"].items() if about["state"] == "done"}
    metric = metric_words.metric(domain.primary_metric).label
    told = []
    best = best_model(models, "deep"), best_model(models, "baseline")
    for name in dict.fromkeys(name for name in best if name is not None):
        row = judged.metrics[(judged.metrics["model"] == name) & (judged.metrics["metric"] == domain.primary_metric)]
        if len(row):
            label = domain.models[name].label if name in domain.models else name
            told.append(f"{label} {number(float(row['value'].iloc[0]))}")
    return f"{metric} on the sample, lower is better: {', '.join(told)}." if told else ""
