"""Explain forecasts: which past steps and covariates drove them, and how far each account can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.data.series.ends import planned
from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError, shorten
from dl_core.explain.registry import get_explainer
from dl_core.explain.request import ExplainRequest
from dl_core.explain.series.faithfulness import measure
from dl_core.explain.series.methods import COMPONENTS, Weighed, occlusion
from dl_core.explain.series.plain import ForecastDrivers, ForecastExplanation, ForecastParts
from dl_core.explain.series.view import Case, fits_anew, times_text
from dl_core.explain.table.values import number_text
from dl_core.models.series.base import Forecaster


def explain_cases(request: ExplainRequest) -> list[ForecastExplanation]:
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
) -> list[ForecastExplanation]:
    """Return one explanation a case and method; a method that the model does not allow is left out.

    Parameters
    ----------
    model : Forecaster
    name : str
    history : Panel
        (m) cases: what was known of a series at the moment of the forecast; known-ahead covariates in ``ahead``.
    methods : sequence of str
        Of the registry's for series.
    faithfulness : bool
        Whether to measure it: deletion, insertion, and agreement with occlusion.
    step : int or None
        The step ahead that is explained, from 1; None for the mean of all.
    seed : int
        Of the random orders beside which deletion and insertion stand.

    Returns
    -------
    list of ForecastExplanation
        `ForecastDrivers`, ``heat`` (1, steps + covariates), or for ``components`` `ForecastParts`.

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


def _explained(
    case: Case, name: str, methods: Sequence[str], faithfulness: bool, seed: int
) -> list[ForecastExplanation]:
    """Return the explanations of one case, by method."""
    found: dict[str, Weighed] = {}
    for method in methods:
        function = get_explainer(method, "series")
        weighed = None if function is None else function(case)
        if weighed is not None:
            found[method] = weighed
    measured = {}
    if faithfulness and found and not fits_anew(case.model):
        alone = found.get("occlusion") or occlusion(case)
        measured = measure(case, found, case.by_unit(alone.weights), seed)
    done: list[ForecastExplanation] = []
    for method in methods:
        if method == COMPONENTS:
            done += _components(case, name)
        elif method in found:
            done.append(
                ForecastDrivers(
                    row=str(case.panel.series[0]),
                    model=name,
                    method=method,
                    target=_target(case),
                    heat=found[method].weights.astype(np.float32)[None],
                    score=found[method].score,
                    faithfulness=measured.get(method),
                    features=(*times_text(case.panel.times[-case.steps :]), *case.covariates),
                    values=_texts(case, case.panel),
                    typical=_texts(case, case.usual),
                    steps=case.steps,
                    base=found[method].base,
                )
            )
    return done


def _components(case: Case, name: str) -> list[ForecastParts]:
    """Return the parts of the forecast that the model itself adds up; nothing where it adds up none."""
    parts = case.model.components(case.panel)
    if not parts:
        return []
    heat = np.stack([np.asarray(part[0], dtype=np.float32) for part in parts.values()])  # (parts, horizon)
    times, score = times_text(case.panel.times_ahead(heat.shape[1])[0]), case.target_of(heat.sum(axis=0)[None])
    return [
        ForecastParts(
            row=str(case.panel.series[0]),
            model=name,
            method=COMPONENTS,
            target=_target(case),
            heat=heat,
            score=float(score[0]),
            features=times,
            parts=tuple(parts),
        )
    ]


def _target(case: Case) -> str:
    if case.step is None:
        return "mean over the horizon"
    return f"step {case.step}: {times_text(case.panel.times_ahead(case.step)[0, -1:])[0]}"


def _texts(case: Case, panel: Panel) -> tuple[str, ...]:
    """Return what stood at each step, and the mean of each covariate or its commonest category, as text."""
    means = [part.mean(axis=0) for part in (panel.past, panel.future) if part is not None]
    names = [*panel.past_names, *panel.future_names]
    if panel.ahead is not None and len(case.place) > len(names):
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
