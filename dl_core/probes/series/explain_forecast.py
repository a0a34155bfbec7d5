"""Why is a forecast as it is?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.series.plain import history_json, numbers, times_json
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.explain.defaults import default_forecast_methods
from dl_core.models.series.base import Forecaster
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Argument, Asked, Names, Probe, open_as
from dl_core.probes.series.opened import MOST_SHOWN, SERIES, WINDOW, windows_of

UNFIT = "does not fit this model"


def explain_forecast(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Say which past steps and covariates drove a test forecast.

    A method that does not fit a model stands under ``left_out`` with its reason.
    """
    from dl_core.explain.series.explain import explain_forecasts

    windows, series, step = windows_of(run), arguments["series"], arguments["step"]
    case = windows.case(series, arguments["window"])
    panel = windows.panel([case])
    names = [run.check_model(one) for one in arguments["models"] or [None]]
    methods = arguments["methods"] or list(domain.explainers[:1])
    if step is not None and not 1 <= step <= windows.horizon:
        raise OptionError(f"there is no step {step}", where="step", expected=f"1 to {windows.horizon}")
    found: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        work.progress(number / len(names), f"Explaining {domain.models[name].label}")
        _, model = open_as(domain, run, name, Forecaster, judged=True)
        for method in methods:
            try:
                explained = explain_forecasts(model, name, panel, [method], arguments["faithfulness"], step=step)
            except OptionError as error:
                left_out.append({"model": name, "method": method, "reason": error.problem})
                continue
            found += [one.as_json() for one in explained]
            if not explained:
                left_out.append({"model": name, "method": method, "reason": UNFIT})
    most = max([MOST_SHOWN, *(one["steps"] for one in found)])
    truth = windows.both.truth(windows.origins.at[[case]], windows.origins.ends[[case]], windows.horizon)[0]
    return {
        "series": series,
        "window": int(windows.origins.window[case]),
        "step": step,
        "horizon": windows.horizon,
        "history": history_json(panel.times[-most:], panel.values[-most:]),
        "ahead": {"time": times_json(panel.times_ahead(windows.horizon)[0]), "truth": numbers(truth)},
        "explanations": found,
        "left_out": left_out,
    }


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask about the first of the judged series."""
    methods = default_forecast_methods(asked.domain.explainers, asked.models[asked.shown].kind)
    return [
        {"models": [asked.shown], "methods": methods, "series": one["series"]}
        for one in asked.answers.get("judged_series", {}).get("series", [])[:1]
    ]


PROBE = Probe(
    name="explain_forecast",
    title="Explain a forecast",
    purpose="Attributions of past steps and covariates to a forecast of a test window.",
    panel="explain",
    verb=explain_forecast,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(
        SERIES,
        WINDOW,
        MODELS,
        Argument("methods", Names, None, "names of methods; default: the domain's first"),
        Argument("step", int, None, "forecast step to explain, from 1; default: the mean over the horizon"),
        Argument("faithfulness", bool, True, "whether faithfulness is measured"),
    ),
    first=first,
)
