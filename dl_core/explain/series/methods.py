"""Which past steps and covariates drove a forecast: one function a method.

A method is ``(case) -> Weighed``, or None where the model has no such thing; `COMPONENTS` are read off the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.explain.registry import ExplainerInfo

if TYPE_CHECKING:
    import keras

    from dl_core.explain.series.view import Case
    from dl_core.models.series.base import Forecaster

COMPONENTS = "components"
PATH = 32  # points of the path of integrated gradients
SAME = 1e-3  # relative difference up to which a graph that was kept is the model's; else it was trained anew
_GRAPHS: WeakKeyDictionary[Forecaster, keras.Model] = WeakKeyDictionary()


class Weighed(NamedTuple):
    """What each step and covariate adds, (steps + covariates,), to a forecast ``score`` that starts from ``base``."""

    weights: np.ndarray
    score: float
    base: float


def integrated_gradients(case: Case) -> Weighed | None:
    """Integrate the forecast's gradient from the usual history to this one.

    Sundararajan, Taly and Yan, *Axiomatic attribution for deep networks*, ICML 2017. The path starts at the usual
    values (`view.usual_values`) and mean covariates, not at zeros, which no series of that size ever shows:
    what is explained is why the forecast is not the usual one. Calendar features are the same at both ends and get
    nothing. Weights sum to score less base, but for the error of a midpoint sum of `PATH` points.
    """
    graph = _graph(case)
    if graph is None:
        return None
    from dl_core.explain.gradients import forecast_gradients

    whole, start = case.model.inputs(case.panel), case.model.inputs(case.usual)
    times = np.concatenate([[0.0, 1.0], (np.arange(PATH) + 0.5) / PATH])
    path = {name: start[name] + _along(times, value) * (value - start[name]) for name, value in whole.items()}
    scores, gradients = forecast_gradients(graph, path, _target_weights(case, graph.output_shape[1]))
    parts = {name: (whole[name] - start[name])[0] * gradients[name][2:].mean(axis=0) for name in whole}
    return Weighed(_named(case, parts), float(scores[1]), float(scores[0]))


def _graph(case: Case) -> keras.Model | None:
    """Return the model's graph, which takes a second to build, as it was kept if it still says what the model says."""
    kept = _GRAPHS.get(case.model)
    if kept is not None:
        middle = np.asarray(kept(dict(case.model.inputs(case.panel)), training=False))[:, :, MIDDLE]
        if np.allclose(case.target_of(middle), case.targets(case.panel), rtol=SAME, atol=0.0):
            return kept
    graph = case.model.graph()
    if graph is not None:
        _GRAPHS[case.model] = graph
    return graph


def occlusion(case: Case) -> Weighed:
    """Swap each stretch of steps, and each covariate, for the usual by itself: what its absence costs the forecast.

    After Zeiler and Fergus, *Visualizing and understanding convolutional networks*, ECCV 2014, with whole seasons
    in place of patches and usual values in place of grey. It asks for nothing but forecasts, so it works for every
    model.
    """
    units = case.units
    kept = np.vstack([np.ones(units, dtype=bool), np.zeros(units, dtype=bool), ~np.eye(units, dtype=bool)])
    found = case.swapped(kept)
    return Weighed(case.by_step(found[0] - found[2:]), float(found[0]), float(found[1]))


def _target_weights(case: Case, horizon: int) -> np.ndarray:
    """Return the weight (horizon, levels) of each quantile in what is explained."""
    weights = np.zeros((horizon, len(LEVELS)), dtype=np.float32)
    if case.step is None:
        weights[:, MIDDLE] = 1.0 / horizon
    else:
        weights[case.step - 1, MIDDLE] = 1.0
    return weights


def _along(times: np.ndarray, value: np.ndarray) -> np.ndarray:
    return times.reshape(-1, *[1] * (value.ndim - 1)).astype(np.float32)


def _named(case: Case, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what each step and covariate adds, from what each input number adds."""
    window, steps, columns = parts["window"], case.steps, []
    length = len(window)
    own = window[max(0, length - steps) :]
    own = np.concatenate([np.zeros(steps - len(own)), own])
    own[0] += window[: length - steps].sum() if length > steps else 0.0  # a short series is filled with its first value
    past, future = parts.get("past"), parts.get("future")
    columns += _summed(past, len(case.panel.past_names))
    known = len(case.panel.future_names)  # calendar features stand after them
    columns += _summed(None if future is None else future[:length], known)
    columns += _summed(None if future is None else future[length:], known)
    columns = columns[: len(case.place)]
    return np.concatenate([own, np.bincount(case.place, columns, minlength=len(case.covariates))])


def _summed(part: np.ndarray | None, columns: int) -> list[float]:
    """Return the sums over steps of the first ``columns`` columns; zeros where a model does not read them."""
    found = np.zeros(columns) if part is None else part.sum(axis=0)[:columns]
    return [*found.tolist(), *[0.0] * (columns - len(found))]


EXPLAINER = (
    ExplainerInfo(
        name="integrated_gradients",
        kind="series",
        label="Integrated gradients",
        paper="Sundararajan et al. 2017",
        help="Gradients of the forecast, integrated along the path from a baseline history (seasonal profile only) to "
        "the actual history. The attributions sum to the change of the forecast.",
        load=lambda: integrated_gradients,
        needs_graph=True,
        cost="medium",
    ),
    ExplainerInfo(
        name="occlusion",
        kind="series",
        label="Occlusion",
        paper="Zeiler and Fergus 2014",
        help="A segment of the history is replaced by its seasonal profile; the change of the forecast is its "
        "attribution. Slow, model-agnostic, a check on the others.",
        load=lambda: occlusion,
        cost="high",
    ),
    ExplainerInfo(
        name=COMPONENTS,
        kind="series",
        label="Trend, season, residual",
        paper="Oreshkin et al. 2020",
        help="The additive components of the model's own forecast. Only decomposable models have them.",
        load=None,
    ),
)
