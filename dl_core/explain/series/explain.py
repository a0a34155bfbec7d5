"""Explain forecasts: which past steps and covariates drove them, and how far each account can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.data.series.ends import planned
from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError, shorten
from dl_core.explain.explanation import Explanation
from dl_core.explain.request import ExplainRequest
from dl_core.explain.series.case import Case, fits_anew, times_text
from dl_core.explain.series.faithfulness import measure
from dl_core.explain.series.methods import FORECAST_METHODS, Weighed, occlusion
from dl_core.explain.table.values import number_text
from dl_core.models.series.base import Forecaster

COMPONENTS = "components"


def explain_cases(request: ExplainRequest) -> list[Explanation]:
    """Explain what a model forecasts after the end of each series of the request's data.

    ``target`` is a step ahead as text, such as ``"3"``, or None for the mean of all; ``beside`` is not needed, since a
    forecast goes on from the series itself.

    Raises
    ------
    OptionError
        If ``target`` is no forecast step that the model forecasts, or no method is left.
    """
    return explain_forecasts(
        request.model,
        request.name,
        Panel.of(request.data),
        request.methods,
        request.faithfulness,
        step=_step(request.target),
    )


def explain_forecasts(
    model: Forecaster,
    name: str,
    history: Panel,
    methods: Sequence[str],
    faithfulness: bool = True,
    *,
    step: int | None = None,
    seed: int = 0,
) -> list[Explanation]:
    """Return one explanation a case and method; a method that the model does not allow is left out.

    Parameters
    ----------
    model : Forecaster
    name : str
    history : Panel
        (m) cases: what was known of a series at the moment of the forecast; known-ahead covariates in ``ahead``.
    methods : sequence of str
        Of `FORECAST_METHODS`.
    faithfulness : bool
        Whether to measure it: deletion, insertion, and agreement with occlusion.
    step : int or None
        The step ahead that is explained, from 1; None for the mean of all.
    seed : int
        Of the random orders beside which deletion and insertion stand.

    Returns
    -------
    list of Explanation
        ``row`` is the series, ``heat`` (1, steps + covariates) what each adds to the central forecast in the series'
        unit, ``features`` are times of the steps, oldest first, then covariates; ``steps`` says how many are times.
        ``values`` and ``typical`` are what stood there and what is usual, ``score`` is the forecast and ``base`` that
        of a usual history. For ``components`` ``heat`` is (parts, horizon), ``parts`` names its rows and ``features``
        its columns.

    Raises
    ------
    OptionError
        If no method is left, or the model does not forecast so far.
    """
    if step is not None and not 1 <= step <= model.horizon:
        raise OptionError(f"there is no step {step}", where="step", expected=f"1 to {model.horizon}")
    explanations, history = [], planned(history, model.horizon)
    for at in range(len(history)):
        case = Case.of(model, history.take([at]), step)
        explanations += _explained(case, name, methods, faithfulness, seed)
    if len(history) and not explanations:
        raise OptionError(
            f"{shorten(name)} cannot be explained by {', '.join(map(shorten, methods))}",
            where="methods",
            todo="choose occlusion, which is model-agnostic",
        )
    return explanations


def _explained(case: Case, name: str, methods: Sequence[str], faithfulness: bool, seed: int) -> list[Explanation]:
    """Return the explanations of one case, by method."""
    found: dict[str, Weighed] = {}
    for method in methods:
        function = _method(method)
        weighed = None if function is None else function(case)
        if weighed is not None:
            found[method] = weighed
    measured = {}
    if faithfulness and found and not fits_anew(case.model):
        alone = found.get("occlusion") or occlusion(case)
        measured = measure(case, found, case.by_unit(alone.weights), seed)
    shared = {"row": str(case.panel.series[0]), "model": name, "target": _target(case), "probability": float("nan")}
    weighed = {
        "features": (*times_text(case.panel.times[-case.steps :]), *case.covariates),
        "values": _texts(case, case.panel),
        "typical": _texts(case, case.usual),
        "steps": case.steps,
    }
    done = []
    for method in methods:
        if method == COMPONENTS:
            done += _components(case, shared)
        elif method in found:
            heat = found[method].weights.astype(np.float32)[None]
            sums = {"score": found[method].score, "base": found[method].base}
            done.append(
                Explanation(method=method, heat=heat, faithfulness=measured.get(method), **shared, **weighed, **sums)
            )
    return done


def _components(case: Case, shared: dict) -> list[Explanation]:
    """Return the parts of the forecast that the model itself adds up; nothing where it adds up none."""
    parts = case.model.components(case.panel)
    if not parts:
        return []
    heat = np.stack([np.asarray(part[0], dtype=np.float32) for part in parts.values()])  # (parts, horizon)
    times = times_text(case.panel.times_ahead(heat.shape[1])[0])
    return [Explanation(method=COMPONENTS, heat=heat, features=times, parts=tuple(parts), **shared)]


def _method(name: str):
    if name not in FORECAST_METHODS:
        raise OptionError(f"there is no method {shorten(name)!r}", expected=", ".join(FORECAST_METHODS))
    return FORECAST_METHODS[name].function


def _target(case: Case) -> str:
    if case.step is None:
        return "mean over the horizon"
    return f"step {case.step}: {times_text(case.panel.times_ahead(case.step)[0, -1:])[0]}"


def _texts(case: Case, panel: Panel) -> tuple[str, ...]:
    """Return what stood at each step, and the mean of each covariate or its commonest category, as text."""
    means = [part.mean(axis=0) for part in (panel.past, panel.future) if part is not None]
    names = [*panel.past_names, *panel.future_names]
    if len(case.place) > len(names):
        means.append(np.nanmean(panel.ahead[0], axis=0))
        names += panel.future_names
    found = np.concatenate(means).tolist() if means else []
    texts = [number_text(float(value)) for value in panel.values[-case.steps :]]
    for unit in range(len(case.covariates)):
        columns = [(mean, name) for mean, name, at in zip(found, names, case.place, strict=True) if at == unit]
        mean, name = max(columns)
        texts.append(f"{name.split('=')[1]} {mean:.0%}" if "=" in name else number_text(mean))
    return tuple(texts)


def _step(target: str | None) -> int | None:
    """Return the step ahead that a text names."""
    if target is None or not str(target).strip():
        return None
    try:
        return int(target)
    except ValueError:
        raise OptionError(
            f"{shorten(target)!r} is no forecast step", where="target", expected="a number of steps, or nothing for all"
        ) from None
