"""The metrics of forecasts: what each is called and means to a newcomer, which way is better, its function.

A metric is made of losses step by step (its function). By its `form` a case (a window of a series) has the
mean of its steps, the root of that mean, or two sums whose ratio over all cases is the metric.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from dl_core.evaluate.formulas import divide
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.series import formulas
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases

MEAN, ROOT, RATIO, OWA = "mean", "root", "ratio", "owa"
PRIMARY = "mase"
Losses = Callable[[Cases, SeriesFacts], np.ndarray]


@dataclass(frozen=True)
class ForecastMetric(Metric):
    """One way to judge forecasts; its function gives losses, ``f(cases, facts) -> (m, h)``, NaN where nothing is known.

    Parameters
    ----------
    form : str
        ``"mean"``: the mean over cases of each case's mean over steps. ``"root"``: the mean over cases of the root of
        that. ``"ratio"``: the sum of losses over the sum of `weights`. ``"owa"``: half the sum of two ratios to a
        reference.
    weights : callable or None
        What a ``"ratio"`` divides by, step by step.
    """

    higher_is_better: bool = False
    bounds: tuple[float, float] = (0.0, float("inf"))
    form: str = MEAN
    weights: Losses | None = None
    problem: ClassVar[str] = "forecasting"

    @property
    def share(self) -> bool:
        """Whether it is neither in per cent nor in the unit of the data."""
        return self.name not in ("smape", "mae")

    def steps(self, cases: Cases, facts: SeriesFacts) -> tuple[np.ndarray, np.ndarray]:
        """Return losses and weights step by step, two arrays (m, h) with 0 where there is nothing to judge."""
        found = self.function(cases, facts)
        known = ~np.isnan(found)
        weight = known.astype(float) if self.weights is None else np.nan_to_num(self.weights(cases, facts)) * known
        return np.where(known, found, 0.0), weight

    def sums(self, cases: Cases, facts: SeriesFacts) -> tuple[np.ndarray, np.ndarray]:
        """Return two arrays (m,) of which the metric is the ratio of sums."""
        above, below = (part.sum(axis=1) for part in self.steps(cases, facts))
        if self.form == RATIO:
            return above, below
        mean = divide(above, below)
        value = np.sqrt(mean) if self.form == ROOT else mean
        return np.nan_to_num(value), (below > 0).astype(float)

    def by_case(self, cases: Cases, facts: SeriesFacts) -> np.ndarray:
        """Return the metric of each case, (m,), NaN where there is nothing to judge."""
        return divide(*self.sums(cases, facts))

    def value(self, cases: Cases, facts: SeriesFacts) -> float:
        """Return the metric of all cases; NaN without any that can be judged."""
        above, below = self.sums(cases, facts)
        return float(divide(above.sum(), below.sum()))


def _mase(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return formulas.absolute(cases.truth, cases.middle) / facts.scales_of(cases.series)[:, None]


def _rmsse(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return (cases.middle - cases.truth) ** 2 / facts.squares_of(cases.series)[:, None]


def _smape(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return formulas.symmetric_percentage(cases.truth, cases.middle)


def _mae(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return formulas.absolute(cases.truth, cases.middle)


def _quantile_loss(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return formulas.quantile_loss(cases.truth, cases.quantiles)


def _size(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return np.abs(cases.truth)


def _crps(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return formulas.crps(cases.truth, cases.quantiles) / facts.scales_of(cases.series)[:, None]


def _bias(cases: Cases, facts: SeriesFacts) -> np.ndarray:
    return (cases.middle - cases.truth) / facts.scales_of(cases.series)[:, None]


def _coverage(cases: Cases, facts: SeriesFacts, percent: int) -> np.ndarray:
    return formulas.inside(cases.truth, cases.quantiles, percent)


def _width(cases: Cases, facts: SeriesFacts, percent: int) -> np.ndarray:
    return formulas.width(cases.truth, cases.quantiles, percent) / facts.scales_of(cases.series)[:, None]


def _coverage_metric(percent: int) -> ForecastMetric:
    return ForecastMetric(
        f"coverage_{percent}",
        f"Coverage of {percent} % intervals",
        f"Share of actual values inside the prediction interval; a calibrated one covers {percent} of 100, "
        "neither more nor fewer.",
        partial(_coverage, percent=percent),
        higher_is_better=True,
        bounds=(0.0, 1.0),
        target=percent / 100,
    )


def _width_metric(percent: int) -> ForecastMetric:
    return ForecastMetric(
        f"width_{percent}",
        f"Width of {percent} % intervals",
        "Mean width of the prediction intervals (sharpness), in units of the series' typical change; narrower is "
        "better at equal coverage.",
        partial(_width, percent=percent),
    )


METRICS = (
    ForecastMetric(
        "mase",
        "MASE",
        "Mean absolute scaled error: MAE relative to the in-sample MAE of the (seasonal) naive forecast; lower "
        "is better.",
        _mase,
    ),
    ForecastMetric(
        "rmsse",
        "RMSSE",
        "Root mean squared scaled error: like MASE with squared errors, so large errors count more.",
        _rmsse,
        form=ROOT,
    ),
    ForecastMetric(
        "smape",
        "sMAPE",
        "Symmetric mean absolute percentage error, 0 to 200; unreliable for values near 0.",
        _smape,
        bounds=(0.0, 200.0),
    ),
    ForecastMetric(
        "mae",
        "MAE",
        "Mean absolute error in the unit of the data, averaged over series: large series weigh most.",
        _mae,
        comparable=False,
    ),
    ForecastMetric(
        "wql",
        "Weighted quantile loss",
        "Quantile (pinball) loss of 13 quantiles, relative to the size of the actual values.",
        _quantile_loss,
        form=RATIO,
        weights=_size,
    ),
    ForecastMetric(
        "crps",
        "CRPS, scaled",
        "Continuous ranked probability score: calibration and sharpness of the forecast distribution, in units "
        "of the series' typical change.",
        _crps,
    ),
    ForecastMetric(
        "owa",
        "OWA",
        "Overall weighted average of the M4 competition: mean of sMAPE and MASE relative to Naive2; below 1 is "
        "better than Naive2.",
        _mase,
        form=OWA,
        comparable=False,
    ),
    *(_coverage_metric(percent) for percent in (80, 90, 95)),
    *(_width_metric(percent) for percent in (80, 95)),
    ForecastMetric(
        "bias",
        "Mean signed error",
        "Mean error (bias): positive is overforecasting, negative underforecasting; in units of the series' "
        "typical change.",
        _bias,
        bounds=(-float("inf"), float("inf")),
        target=0.0,
    ),
)
