"""Jobs that ask why a forecast is as it is, and how forecasts bear a spoilt history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dl_core import probes
from dl_core.errors import OptionError
from dl_core.pipeline import Work
from dl_core.tasks.opening import open_model, open_run
from dl_core.tasks.rows import plain
from dl_core.tasks.series.results import MOST_SHOWN, held, history_json, numbers, times_json

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.explain.explanation import Explanation

UNFIT = "does not fit this model"


def explain_forecast(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Say which past steps and covariates drove a test forecast of ``args["series"]``.

    It is asked of ``args["models"]`` by ``args["methods"]``. ``args["window"]`` is the window's number (the last by
    default), ``args["step"]`` the step ahead that is explained (all together by default). A method that does not fit a
    model stands under ``left_out`` with its reason.
    """
    from dl_core.explain.series.explain import explain_forecasts

    domain, run = open_run(args, context)
    windows, series = held(run), str(args["series"])
    case = windows.case(series, args.get("window"))
    panel = windows.panel([case])
    names = [run.check_model(one) for one in args.get("models") or [None]]
    methods = list(args.get("methods") or domain.explainers[:1])
    step = int(args["step"]) if args.get("step") else None
    if step is not None and not 1 <= step <= windows.horizon:
        raise OptionError(f"there is no step {step}", where="step", expected=f"1 to {windows.horizon}")
    found, left_out = [], []
    for number, name in enumerate(names):
        context.progress(number / len(names), f"Explaining {domain.models[name].label}")
        _, model = open_model(domain, run, name, judged=True)
        for method in methods:
            try:
                explained = explain_forecasts(
                    model, name, panel, [method], bool(args.get("faithfulness", True)), step=step
                )
            except OptionError as error:
                left_out.append({"model": name, "method": method, "reason": error.problem})
                continue
            found += [as_json(one) for one in explained]
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


def as_json(one: Explanation) -> dict[str, Any]:
    """Return an explanation as plain JSON."""
    return {
        "model": one.model,
        "method": one.method,
        "target": one.target,
        "features": list(one.features),
        "values": list(one.values),
        "typical": list(one.typical),
        "steps": one.steps,
        "parts": list(one.parts),
        "weights": [[plain(value) for value in row] for row in one.heat.tolist()],
        "base": plain(one.base),
        "score": plain(one.score),
        "faithfulness": None
        if one.faithfulness is None
        else {key: plain(value) for key, value in asdict(one.faithfulness).items()},
    }


def stress_forecast(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Score ``args["models"]`` on test windows whose history was spoilt in every way, at growing strength."""
    domain, run = open_run(args, context)
    work = Work(context.emit, context.should_stop, context.home / "cache")
    rows = probes.stress(domain, run, args.get("models"), work)
    return {"rows": [{key: plain(value) for key, value in row.items()} for row in rows]}
