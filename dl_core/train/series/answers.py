"""Forecasters speak of every window of every series; before a model is kept it goes on to the newest steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.origins import horizon_of, rolling_origins, stride_of
from dl_core.data.series.panel import Panel
from dl_core.data.splits import Splits
from dl_core.evaluate.series.adaptive import rolling_conformal
from dl_core.evaluate.series.conformal import apply_conformal, fit_conformal, floored
from dl_core.evaluate.series.evaluate import forecast_standing
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import (
    LEVELS,
    Cases,
    Forecasts,
    are_rare,
    central_means,
    forecast_rows,
    mean_factor,
)
from dl_core.models.base import FitContext, Offer
from dl_core.models.series.base import Forecaster
from dl_core.train.answers import Answer, Answers
from dl_core.train.run import FittedModel

CONFORMAL = "conformal"  # key of `FittedModel.chosen`
MEAN = "mean"  # key of `FittedModel.chosen`: by what means of rare demand are multiplied
CALIBRATED = "calibrated"  # quantiles (m, h, levels) of an answer, once calibrated window by window
KNOWN = {"validation": "train", "test": "known"}  # what stands before the held-out steps
PANELS = ("train", "validation", "test", "known", "all")


@dataclass
class ForecastAnswers(Answers[Forecaster]):
    """Answers of forecasters.

    Parameters
    ----------
    primary_metric : str
        By which models are ranked on validation windows.
    options : mapping
        Of the run: horizon, stride.
    seed : int
    """

    primary_metric: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    settles = 0.3
    finishes = True

    def __post_init__(self) -> None:
        self._panels: dict[str, Panel] = {}
        self._may_end = True

    def parts(self, dataset: Dataset, splits: Splits) -> dict[str, Dataset]:
        """Return the three parts, ``"known"``: all before the test, and ``"all"``: whatever may be learned at last."""
        parts = super().parts(dataset, splits)
        both, given = set(splits.train).union(splits.validation), dataset.fixed_split is not None
        parts["known"] = dataset.subset(dataset.ids[dataset.ids.isin(both)])
        parts["all"] = parts["known"] if given else dataset
        self._panels, self._may_end = {name: Panel.of(parts[name]) for name in PANELS}, not given
        return parts

    def ask(self, model: Forecaster, part: str, parts: Mapping[str, Dataset]) -> Answer:
        """Return ``series``, ``windows``, ``scale`` (m,), ``times``, ``truth`` (m, h), ``quantiles`` (m, h, levels).

        Quantiles are as the model gives them, before calibration.
        """
        known, held = self._panels[KNOWN[part]], self._panels[part]
        return window_answer(model, known, held, stride_of(self.options, model.horizon))

    def settle(self, model: Forecaster, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Go on to the validation steps: they are the newest that is known before the test."""
        if not len(parts["validation"]):
            return False
        model.refit(self._panels["known"], context)
        return True

    def finish(self, model: Forecaster, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Go on to the test steps, once they have judged; rows given as a test set are never learned."""
        if not self._may_end or not model.learns_on or not len(parts["test"]):
            return False
        model.refit(self._panels["all"], context)
        return True

    def count(self, answer: Answer) -> int:
        """Return the number of windows."""
        return len(answer["series"])

    def fitted(
        self, offer: Offer, model: Forecaster, answer: Answer, parts: Mapping[str, Dataset], seed: int
    ) -> FittedModel:
        """Return the model with its standing on validation windows and the calibration of its intervals."""
        about = FittedModel(offer.name, offer.label, offer.kind, parameters=model.parameters())
        chosen = dict(model.chosen)
        if not len(answer["series"]):
            return replace(about, chosen=chosen)
        chosen[CONFORMAL] = fit_conformal(cases_of(answer), answer["scale"])
        forecasts = Forecasts(forecast_rows(offer.name, "validation", cases_of(answer)))
        facts = SeriesFacts.of(self._panels["train"])
        standing = forecast_standing(forecasts, offer.name, self.primary_metric, facts, seed)
        return replace(about, chosen=chosen, validation=float(standing.value))

    def judged(self, fitted: FittedModel, said: dict[str, Answer]) -> tuple[FittedModel, dict[str, Answer]]:
        """Calibrate each test window by all that was known before it, and what comes later by all windows.

        Rows given as a test set are learned from in no way.
        """
        before, after = said["validation"], said["test"]
        if not self._may_end or not self.count(after):
            return fitted, said
        lag = -(-after["truth"].shape[1] // stride_of(self.options, after["truth"].shape[1]))
        scales = before["scale"], after["scale"]
        quantiles, chosen = rolling_conformal(cases_of(before), cases_of(after), scales, lag)
        quantiles = floored(quantiles, after["positive"])
        own = calibrated(fitted, before).quantiles
        said = {
            "validation": {**before, CALIBRATED: own.astype(np.float32)},
            "test": {**after, CALIBRATED: quantiles.astype(np.float32)},
        }
        both = [cases_of({**answer, "quantiles": answer[CALIBRATED]}) for answer in said.values()]
        by = mean_factor(all_cases(both))
        return replace(fitted, chosen={**fitted.chosen, CONFORMAL: chosen, **({MEAN: by} if by != 1 else {})}), said

    def rows(self, fitted: FittedModel, answer: Answer, part: str, parts: Mapping[str, Dataset]) -> pd.DataFrame:
        """Return `Forecasts`' lines, calibrated."""
        cases = cases_of(answer)
        if CALIBRATED in answer:
            return forecast_rows(fitted.name, part, replace(cases, quantiles=answer[CALIBRATED].astype(float)))
        return forecast_rows(fitted.name, part, calibrated(fitted, answer))

    def gather(self, table: pd.DataFrame, dataset: Dataset) -> Forecasts:
        """Return the forecasts of all models."""
        return Forecasts(table)


def window_answer(model: Forecaster, known: Panel, held: Panel, stride: int) -> Answer:
    """Return what a model says at every rolling origin of the steps ``held``, which follow ``known``."""
    origins = rolling_origins(known, held, model.horizon, stride)
    both = known.append(held)
    history = both.until(origins.at, origins.ends, model.horizon, most=model.reach)
    return {
        "series": known.series[origins.at].astype(str),
        "windows": origins.window.astype(np.int32),
        "times": history.times_ahead(model.horizon),
        "truth": both.truth(origins.at, origins.ends, model.horizon),
        "quantiles": model.forecast(history).astype(np.float32),
        "scale": known.scales()[origins.at],
        "positive": never_negative(known)[origins.at],
    }


def never_negative(panel: Panel) -> np.ndarray:
    """Return which series (n,) have values and none below 0."""
    least = np.array([np.nanmin(panel.of_series(at), initial=np.inf) for at in range(len(panel))])
    return (least >= 0) & np.isfinite(least)


def cases_of(answer: Answer) -> Cases:
    """Return an answer as rectangles."""
    series = answer["series"].astype(object)
    return Cases(series, answer["windows"], answer["times"], answer["truth"], answer["quantiles"].astype(float))


def all_cases(parts: Sequence[Cases]) -> Cases:
    """Return windows of several parts together."""
    names = ("series", "windows", "times", "truth", "quantiles")
    return Cases(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def calibrated(fitted: FittedModel, answer: Answer) -> Cases:
    """Return forecasts with the intervals that validation windows made honest, none below 0 that never was."""
    cases, found = cases_of(answer), fitted.chosen.get(CONFORMAL)
    if not found or not len(cases):
        return cases
    quantiles = apply_conformal(cases.quantiles, answer["scale"], found)
    return replace(cases, quantiles=floored(quantiles, answer["positive"]))


def new_rows(
    fitted: FittedModel, model: Forecaster, panel: Panel, options: Mapping[str, Any], split: str = "new"
) -> pd.DataFrame:
    """Return `Forecasts`' lines of the steps after the end of each series of ``panel``.

    Where demand is rare, a column ``mean`` tells central forecasts, which are means there, since medians are 0.
    """
    horizon = int(options.get("horizon") or 0) or model.horizon or horizon_of(options, panel)
    n = len(panel)
    answer = {
        "series": panel.series,
        "windows": np.zeros(n, dtype=np.int32),
        "times": panel.times_ahead(horizon),
        "truth": np.full((n, horizon), np.nan),
        "quantiles": model.forecast(panel, horizon) if n else np.zeros((0, horizon, len(LEVELS))),
        "scale": panel.scales(),
        "positive": never_negative(panel),
    }
    cases = calibrated(fitted, answer)
    rows = forecast_rows(fitted.name, split, cases)
    if not are_rare(cases.quantiles).any():
        return rows
    return rows.assign(mean=central_means(cases.quantiles, fitted.chosen.get(MEAN, 1.0)).reshape(-1))
