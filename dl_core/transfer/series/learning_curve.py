"""What being taught on other series brings: the error against how much history, and how many series, there are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.series.origins import horizon_of, rolling_origins, stride_of
from dl_core.data.series.panel import Panel
from dl_core.errors import SchemaError
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext, silent
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.naive import SeasonalNaive
from dl_core.models.series.pretrained import FRESH, GENTLE, FineTuned, ZeroShot, shipped_size
from dl_core.models.series.pretrained_net import build_network

LENGTHS, COUNTS = 4, (1, 3, 10, 30, 100, 300, 1_000)
MOST_COUNTS = 4
MOST_SERIES = 48  # that are judged, and that teach while histories are cut
MOST_WINDOWS = 144  # of them
MOST_HELD = 48  # windows by which training ends
SECONDS = 25.0  # after which no further draw is begun
GOING_ON, AFRESH = replace(GENTLE, steps=45, batch=32, every=15), replace(FRESH, steps=75, batch=32, every=25)
LENGTH, SERIES = "length", "series"  # what is varied
MODELS = {  # key of a line, and its words
    "seasonal_naive": "Seasonal naive",
    "zero_shot": "Pretrained, zero-shot",
    "fine_tuned": "Pretrained, fine-tuned",
    "from_scratch": "Same network, from scratch",
}


@dataclass(frozen=True)
class Parts:
    """A panel of training steps, one of validation steps after them, and the test windows of some series.

    ``history`` (m cases) is everything before each window, ``truth`` (m, horizon), ``scale`` (m,) what MASE divides by:
    that of the whole training steps, however much of them is told.
    """

    known: Panel
    later: Panel
    history: Panel
    truth: np.ndarray
    scale: np.ndarray


def series_curve(
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    seeds: int | Sequence[int],
    work: Any,
    *,
    options: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return MASE on test windows against the length of the history, and against the number of series to learn from.

    Four ways: the seasonal naive forecast, the pretrained network as it is, fine-tuned, and the same network from
    random weights. Lengths run from about a horizon to all there is, and cut what is learned from as well as what is
    forecast from; numbers of series run from one to all, and the series judged are the same throughout, with all their
    history. Held windows of the validation steps end training. At most 48 series are judged; after 25 seconds no
    further draw is begun, so that all ends within about a minute.

    Parameters
    ----------
    train, validation, test : Dataset
    seeds : int or sequence of int
        Draws of series and windows; a number n stands for 0 … n - 1.
    work
        Has ``emit``, ``should_stop`` and ``cache``.
    options : mapping or None
        As of a run: ``"horizon"``, ``"stride"``.

    Returns
    -------
    list of dict
        ``model``, ``label``, ``axis`` (``"length"`` or ``"series"``), ``labels`` (steps of history, or series),
        ``rows`` (values that could be learned from), ``seed``, ``metric``, ``value`` and ``about`` (one sentence).

    Raises
    ------
    SchemaError
        If there is no series with a test window.
    """
    context = FitContext(emit=work.emit, should_stop=work.should_stop, cache=work.cache, options=options or {})
    draws = list(range(seeds) if isinstance(seeds, int) else seeds)
    began, rows = time.monotonic(), []
    network = build_network(shipped_size())  # all trainings work in one, so that it is compiled once
    parts, horizon = _parts(train, validation, test, context.options)
    points = [(LENGTH, n) for n in lengths(parts.known, horizon)] + [(SERIES, n) for n in counts(len(parts.known))]
    for place, seed in enumerate(draws):
        if place and time.monotonic() - began > SECONDS:
            break
        part = replace(context.part(place / len(draws), (place + 1) / len(draws)), seed=seed)
        for at, (axis, count) in enumerate(points):
            said = f"{count:,} steps of history" if axis == LENGTH else f"{count:,} series"
            part.progress(at / len(points), f"{said}, draw {place + 1}")
            rows += _point(parts, axis, count, horizon, network, part)
    context.progress(1.0, "Learning curve computed")
    return rows


def lengths(known: Panel, horizon: int) -> list[int]:
    """Return the steps of history to try, each about twice the one before, the last all of the usual series."""
    most = int(np.median(known.lengths))
    least = min(max(4, known.season + 1, horizon), most)
    return sorted({int(round(n)) for n in np.geomspace(least, most, LENGTHS)})


def counts(series: int) -> list[int]:
    """Return the numbers of series to try, the last all of them."""
    smaller = [n for n in COUNTS if n < 0.7 * series]
    if len(smaller) >= MOST_COUNTS:
        smaller = [smaller[at] for at in np.linspace(0, len(smaller) - 1, MOST_COUNTS - 1).round().astype(int)]
    return [*smaller, series]


def _parts(train: Dataset, validation: Dataset, test: Dataset, options: Mapping[str, Any]) -> tuple[Parts, int]:
    known, later, last = (Panel.of(part) for part in (train, validation, test))
    both = known.append(later)
    horizon = horizon_of(options, known)
    origins = rolling_origins(both, last, horizon, stride_of(options, horizon))
    names = np.unique(origins.at)
    if not len(names):
        raise SchemaError("no series has steps to test on", todo="give longer series")
    judged = np.random.default_rng(0).permutation(names)[:MOST_SERIES]
    rows = np.flatnonzero(np.isin(origins.at, judged))[-MOST_WINDOWS:]
    at, ends = origins.at[rows], origins.ends[rows]
    whole = both.append(last)
    history, truth = whole.until(at, ends), whole.truth(at, ends, horizon)
    return Parts(known, later, history, truth, both.scales()[at]), horizon


def _point(
    parts: Parts, axis: str, count: int, horizon: int, network: keras.Model, context: FitContext
) -> list[dict[str, Any]]:
    """Return a row a model for one length or number of series."""
    most = MOST_SERIES if axis == LENGTH else count
    chosen = np.sort(np.random.default_rng([context.seed, 11]).permutation(len(parts.known))[:most])
    known, history = parts.known.take(chosen), parts.history
    if axis == LENGTH:
        known, history = _last(known, count), _last(history, count)
    held = _held(known, parts.later, horizon, context.options)
    judged = f"{len(np.unique(history.series)):,} series are evaluated, by the median of {len(history):,} windows of "
    judged += f"{horizon} steps."
    about = {
        "axis": axis,
        "labels": count,
        "rows": len(known.values),
        "seed": context.seed,
        "metric": "mase",
        "about": judged,
    }
    rows = []
    for name, model in _models(network).items():
        model.horizon, model.chosen = horizon, {}
        model.learn(known, held, replace(context, emit=silent))
        rows.append({"model": name, "label": MODELS[name], **about, "value": _mase(model, history, parts)})
    return rows


def _models(network: keras.Model) -> dict[str, Forecaster]:
    return {
        "seasonal_naive": SeasonalNaive(),
        "zero_shot": ZeroShot(),
        "fine_tuned": FineTuned(plan=GOING_ON, network=network),
        "from_scratch": FineTuned(pretrained=False, plan=AFRESH, network=network),
    }


def _held(known: Panel, later: Panel, horizon: int, options: Mapping[str, Any]) -> Held | None:
    """Return the validation windows of the series ``known``, the last ones where there are many; None where none is."""
    place = np.flatnonzero(np.isin(later.series, known.series))
    if not len(place):
        return None
    held = Held.of(known, later.take(place), horizon, stride_of(options, horizon))
    rows = np.arange(len(held.history))[-MOST_HELD:]
    return Held(held.history.take(rows), held.truth[rows]) if len(rows) else None


def _last(panel: Panel, steps: int) -> Panel:
    """Return the last ``steps`` steps of each series."""
    return panel.until(np.arange(len(panel)), panel.lengths, most=steps)


def _mase(model: Forecaster, history: Panel, parts: Parts) -> float:
    """Return the median over windows of the mean absolute error over the scale.

    Of some fifty series one that hardly moved before and then jumps would decide a mean.
    """
    away = np.abs(model.forecast(history)[:, :, MIDDLE] - parts.truth)
    known = ~np.isnan(away).all(axis=1)
    return float(np.median(np.nanmean(away[known], axis=1) / parts.scale[known])) if known.any() else float("nan")
