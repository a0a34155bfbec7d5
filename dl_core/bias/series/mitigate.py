"""Two remedies for forecasts that serve groups unequally: weights in training, and a shift learned on validation.

Weights need a new training: take them here, train, hand old and new forecasts to `forecast_mitigation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.bias.change import first_grouping, sentence_of
from dl_core.bias.disparities import mitigation_of
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.remedy import Remedy, Treated
from dl_core.bias.report import Mitigation
from dl_core.bias.series.check import draw_forecasts, report_of
from dl_core.data.dataset import Dataset
from dl_core.evaluate.quantities import resample
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Forecasts, forecast_rows
from dl_core.evaluate.series.metrics import ForecastMetric
from dl_core.evaluate.series.windows import JudgedWindows
from dl_core.schema import Role

AIMS = {"scaling": "bias", "reweighing": "mase"}


def group_weights(train: Dataset, groups: pd.Series) -> pd.Series:
    """Return a weight for each training row, so that all groups count equally.

    Every row of a series weighs the same: the number of series over the number of groups times the series of its group.
    The mean over series is 1.

    Parameters
    ----------
    train : Dataset
        Series, long.
    groups : pandas.Series
        Group by series id; series whose group is not stated are a group of their own.
    """
    names = train.require(Role.SERIES).astype(str)
    series = pd.Index(names.unique())
    label = groups.astype(object).reindex(series).fillna(NOT_STATED)
    size = label.map(label.value_counts())
    weight = len(series) / (label.nunique() * size)
    return pd.Series(names.map(weight).to_numpy(dtype=float), index=train.ids, name="weight")


def fit_shifts(
    forecasts: Forecasts, model: str, groups: pd.Series, *, facts: SeriesFacts, seed: int = 0
) -> dict[str, float]:
    """Return by how much each group is forecast too high on the validation windows, in units of a series' scale.

    The mean signed error of a group is drawn towards 0 by as much as chance may have made it: times one minus its
    squared standard error over its square, or 0 where that is negative (the positive part of James and Stein 1961).
    Series whose group is not stated are left as they are.

    Raises
    ------
    OptionError
        If there are no validation forecasts.
    """
    units = JudgedWindows.of(forecasts.cases(model, "validation"), facts)
    label = groups.astype(object).reindex(units.cases.series).to_numpy(dtype=object)
    whole = units.quantity(metric_named("bias", ForecastMetric))
    names = [name for name in pd.unique(groups.dropna().astype(object)) if name != NOT_STATED]
    parts = {name: whole.within(np.asarray(label == name)) for name in names}
    drawn = resample(parts, units.draws(seed)) if len(units) else {}
    found = {}
    for name in names:
        value = parts[name].value
        error = float(np.nanstd(drawn[name])) if len(drawn) and parts[name].n > 1 else np.inf
        kept = max(0.0, 1 - (error / value) ** 2) if value and not np.isnan(value) else 0.0
        found[name] = kept * value if kept else 0.0
    return found


def apply_shifts(
    quantiles: np.ndarray, scale: np.ndarray, labels: np.ndarray, shifts: Mapping[str, float]
) -> np.ndarray:
    """Return forecasts (m, h, levels) moved down by each group's shift times the series' scale (m,).

    Forecasts that never are negative are not made so. A group without a shift is left as it is.
    """
    moved = quantiles - (np.array([shifts.get(one, 0.0) for one in labels]) * scale)[:, None, None]
    positive = (quantiles >= 0).all(axis=(1, 2), keepdims=True)
    return np.where(positive, np.maximum(moved, 0.0), moved)


def shifted(
    forecasts: Forecasts, model: str, groups: pd.Series, shifts: Mapping[str, float], facts: SeriesFacts
) -> Forecasts:
    """Return one model's test forecasts after `apply_shifts`."""
    cases = forecasts.cases(model)
    label = groups.astype(object).reindex(cases.series).fillna(NOT_STATED).to_numpy(dtype=object)
    scale = np.nan_to_num(facts.scales_of(cases.series))
    moved = apply_shifts(cases.quantiles, scale, label, shifts)
    return Forecasts(forecast_rows(model, "test", replace(cases, quantiles=moved)))


def scaling_remedy(
    forecasts: Forecasts, model: str, groups: pd.DataFrame, *, facts: SeriesFacts, seed: int = 0
) -> Mitigation:
    """Take back what groups were forecast too high or too low on the validation windows; show what that changes.

    Parameters
    ----------
    forecasts : Forecasts
        With validation windows, on which shifts are learned, and test windows, on which they are judged.
    groups : pandas.DataFrame
        Group labels by series id; the first column is the grouping to be made fairer.
    facts : SeriesFacts

    Returns
    -------
    Mitigation
        ``thresholds`` holds the shift by group in units of the series' scale, taken off every quantile.

    Raises
    ------
    OptionError
        If there are no groups or no validation forecasts.
    """
    column = first_grouping(groups)
    shifts = fit_shifts(forecasts, model, column, facts=facts, seed=seed)
    after = shifted(forecasts, model, column, shifts, facts)
    return forecast_mitigation(forecasts, after, model, groups, facts=facts, method="scaling", shifts=shifts, seed=seed)


def forecast_mitigation(
    before: Forecasts,
    after: Forecasts,
    model: str,
    groups: pd.DataFrame,
    *,
    facts: SeriesFacts,
    method: str = "reweighing",
    shifts: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Mitigation:
    """Return both bias reports on the same test windows, with paired intervals of what changed.

    Parameters
    ----------
    before, after : Forecasts
        Of one model, the same test windows.
    groups : pandas.DataFrame
        Group labels by series id; the first column is the grouping that was to be made fairer.
    method : str
        ``"reweighing"`` or ``"scaling"``.
    shifts : mapping or None
        By group, where that was the remedy.

    Raises
    ------
    OptionError
        If the test windows are not the same.
    """
    column = str(first_grouping(groups).name)
    drawn = [draw_forecasts(one, model, groups, facts=facts, seed=seed) for one in (before, after)]
    reports = [report_of(one, model) for one in drawn]

    def words(gain: pd.DataFrame, cost: pd.DataFrame) -> str:
        """Return gain and cost in a sentence about series."""
        return sentence_of(column, gain, cost, AIMS.get(method, "mase")).replace("all rows", "all series")

    return mitigation_of(drawn, reports, column, method, shifts, words)


def _by_shifts(treated: Treated) -> Mitigation:
    return scaling_remedy(treated.predictions, treated.model, treated.groups, **treated.judged)


def _by_weights(treated: Treated) -> Mitigation:
    again = treated.retrain(group_weights(treated.train, treated.groups.iloc[:, 0]))
    return forecast_mitigation(treated.predictions, again, treated.model, treated.groups, **treated.judged)


REMEDY = (
    Remedy(
        "scaling",
        "Group-wise bias correction",
        "Subtracts each group's mean signed error on the validation windows, shrunk towards 0 where it is uncertain. "
        "Post-processing, no retraining; the group must be known at prediction time.",
        "forecasting",
        _by_shifts,
    ),
    Remedy(
        "reweighing",
        "Reweighing and retraining",
        "Pre-processing: series are weighted so that all groups count equally, and the model is retrained.",
        "forecasting",
        _by_weights,
        trains=True,
    ),
)
