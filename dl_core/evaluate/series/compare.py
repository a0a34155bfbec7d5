"""Forecasts of several models side by side: paired differences, a verdict in words, the cases they part on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.evaluate.choice import Standing
from dl_core.evaluate.judge import shared
from dl_core.evaluate.pairs import MOST_APART, Chosen, Difference, apart_by, compare_units
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.results import Comparison
from dl_core.evaluate.series.diebold_mariano import diebold_mariano
from dl_core.evaluate.series.evaluate import NO_TRUTH, forecast_metrics, forecast_standing
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.evaluate.series.metrics import OWA, PRIMARY, ForecastMetric
from dl_core.evaluate.series.windows import JudgedWindows, pseudo_steps, take_cases

FEWEST = 5  # series; of fewer a bootstrap over series says little, and the Diebold-Mariano test decides
APART = ["row", "window", "a", "b", "difference", "error_a", "error_b"]
FEW_WINDOWS = "Too few test windows and series to compare models: use more test windows."
BY_TEST = (
    "Fewer than five series: differences are tested over time by the Diebold-Mariano test with the "
    "Harvey-Leybourne-Newbold correction."
)


def compare_forecasts(
    forecasts: Forecasts,
    chosen: Chosen,
    *,
    facts: SeriesFacts,
    reference: Cases | None = None,
) -> Comparison:
    """Compare the forecasts of models pair by pair on the test cases that all of them have.

    Differences are paired: every resample draws the same series and windows for all models (`windows`). With fewer than
    five series the Diebold-Mariano test decides instead (`diebold_mariano`), over the mean of the series at each time;
    of one window it can tell nothing, and calls all a tie. Coverage is compared by its distance from the nominal level.

    Parameters
    ----------
    forecasts : Forecasts
        Test forecasts to judge, and validation forecasts by which the best model of each kind is picked.
    chosen : Chosen
        Without a primary metric it is MASE.
    facts : SeriesFacts
    reference : Cases or None
        Naive2's forecasts of the test cases, for OWA.

    Returns
    -------
    Comparison
        ``disagreements`` has the columns ``row`` (series id), ``window``, ``a``, ``b``, ``difference`` (mean distance
        of the two forecasts in units of the series' scale), ``error_a`` and ``error_b`` (each one's MASE there), the
        furthest apart first. ``n`` counts series, or windows where there is one series. Without any truth its tables
        are empty and its sentence says so.

    Raises
    ------
    OptionError
        If fewer than two models are left, a name is unknown, or they share no case.
    """
    names, primary = chosen.among(forecasts.models), forecast_metrics([chosen.primary_metric or PRIMARY])[0]
    wanted = forecast_metrics(
        [*forecast_metrics(chosen.metrics), primary], reference is not None or primary.form == OWA
    )
    units = {name: JudgedWindows.of(forecasts.cases(name), facts, reference) for name in names}
    if not any(map(len, units.values())):
        return chosen.nothing(NO_TRUTH, APART)
    units = shared(units, "test window")
    first = units[names[0]]

    def stands(name: str) -> Standing:
        """Return where a model stands on validation; OWA needs Naive2 there, so MASE stands in.

        Series differ far more than two models do on one series, so no standard error makes room for simpler models.
        """
        judge = PRIMARY if primary.form == OWA else primary
        size = chosen.models[name].parameters
        return replace(forecast_standing(forecasts, name, judge, facts, size=size), error=0.0)

    few = first.code.max() + 1 < FEWEST
    found = compare_units(
        units,
        wanted,
        primary,
        chosen,
        stands=stands,
        apart=forecast_disagreements(units, facts),
        test=over_windows if few else None,
    )
    if not few:
        return found
    silent = bool(found.pairs.loc[found.pairs["metric"] == primary.name, "low"].isna().all())
    note = f"{BY_TEST} {found.note}".strip()
    return replace(found, note=note, sentence=FEW_WINDOWS if silent else found.sentence)


def over_windows(a: JudgedWindows, b: JudgedWindows, metric: ForecastMetric) -> Difference:
    """Return what the Diebold-Mariano test tells of the difference of two models by a metric."""
    values = [one.quantity(metric).value for one in (a, b)]
    losses = [_turned(metric, pseudo_steps(metric, one), value) for one, value in zip((a, b), values, strict=True)]
    related = a.lag if a.lag > 1 else a.cases.truth.shape[1]
    gap = metric.gap(values[0]) - metric.gap(values[1])
    test = diebold_mariano(over_time(losses[0] - losses[1], a.cases, a.lag > 1), related, mean=gap)
    return Difference(test.mean, test.low, test.high, test.p)


def _turned(metric: ForecastMetric, steps: np.ndarray, value: float) -> np.ndarray:
    """Return values step by step turned so that higher is better; a distance is made linear about ``value``."""
    if metric.target is None:
        return metric.sign * steps
    return -np.sign(value - metric.target) * (steps - metric.target)


def over_time(steps: np.ndarray, cases: Cases, overlap: bool = False) -> np.ndarray:
    """Return values (m, h) as one sequence in order of time: by window, then step, each the mean over series.

    Of windows that ``overlap`` the means. NaN where there is no value.
    """
    found = []
    for window in np.unique(cases.windows):
        inside = steps[cases.windows == window]
        inside = inside.reshape(-1, 1) if overlap else inside
        known = ~np.isnan(inside)
        total, count = np.where(known, inside, 0.0).sum(axis=0), known.sum(axis=0)
        found.append(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))
    return np.concatenate(found) if found else np.zeros(0)


def forecast_disagreements(judged: Mapping[str, JudgedWindows], facts: SeriesFacts) -> pd.DataFrame:
    """Return the cases on which two models' forecasts are furthest apart, at most `MOST_APART` a pair."""
    mase = metric_named(PRIMARY, ForecastMetric)

    def lines(a: JudgedWindows, b: JudgedWindows) -> dict[str, np.ndarray]:
        """Return the windows whose two forecasts are furthest apart, and the error of each."""
        one, two = a.cases, b.cases
        distance = np.nanmean(np.abs(one.middle - two.middle), axis=1) / facts.scales_of(one.series)
        apart = np.argsort(-distance, kind="stable")[:MOST_APART]
        apart = apart[distance[apart] > 0]
        return {
            "row": one.series[apart],
            "window": one.windows[apart],
            "difference": distance[apart],
            "error_a": mase.by_case(take_cases(one, apart), facts),
            "error_b": mase.by_case(take_cases(two, apart), facts),
        }

    return apart_by("difference", judged, lines)[APART]
