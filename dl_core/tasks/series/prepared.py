"""What the tabs ask first of a prepared run of forecasters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model

FIRST_LINES = 3  # series that the Data tab draws at first
FIRST_METHODS = 2  # of the domain's explainers, shown at first for a network


def is_series(run: Mapping[str, Any]) -> bool:
    """Return whether a run forecasts series."""
    roles = run["dataset"]["roles"]
    return bool(roles.get("series") and roles.get("value"))


def first_listed() -> dict[str, Any]:
    """Return the question after the series that the Data tab lists first."""
    return {"kind": "mix", "search": "", "page": 0}


def first_lines(series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the question after the lines that the Data tab draws first: spread over those that are not all zero."""
    shown = [one for one in series if one["mean"]] or list(series)
    places = sorted({at * len(shown) // FIRST_LINES for at in range(FIRST_LINES)})
    return {"series": [str(shown[place]["series"]) for place in places]}


def first_found(model: str) -> dict[str, Any]:
    """Return the question after the series whose forecasts are shown first."""
    return {"model": model, "kind": "typical", "search": ""}


def first_reasons(explainers: Sequence[str], kind: str) -> list[str]:
    """Return the methods by which a forecast is explained at first: gradients need a network."""
    return list(explainers[:FIRST_METHODS]) if kind == "deep" else ["occlusion"]


def series_questions(domain: Domain, run: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (task, args) of what the tabs ask when they are opened for the first time."""
    models = {name: about for name, about in run["models"].items() if about["state"] == "done"}
    model = best_model(models)
    shown = best_model(models, "deep") or model
    found = first_found(shown)
    return [
        ("series_overview", {}),
        ("series_listed", first_listed()),
        ("series_found", found),
        ("bias", {"model": model, "columns": []}),
        ("forecast_ahead", {"model": model}),
        ("what_if_forecast", {}),
        ("stress_forecast", {}),
    ]


def after_series(
    domain: Domain, run: Mapping[str, Any], task: str, args: Mapping[str, Any], result: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Return (task, args) of what the tabs ask next, once they know the answer to a first question."""
    if task == "series_listed" and result["series"]:
        return [("series_lines", first_lines(result["series"]))]
    if task != "series_found" or not result["series"]:
        return []
    series, model = result["series"][0]["series"], args["model"]
    methods = first_reasons(domain.explainers, run["models"][model]["kind"])
    return [
        ("series_forecasts", {"series": series}),
        ("explain_forecast", {"models": [model], "methods": methods, "series": series}),
    ]
