"""Sums of forecast metrics, quantile counts and the Diebold-Mariano test with very few windows, worked by hand."""

import math

import numpy as np
import pytest

from dl_core.evaluate.series import formulas
from dl_core.evaluate.series.diebold_mariano import correction, diebold_mariano, long_run_variance
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, Cases
from dl_core.evaluate.series.metrics import RATIO, ROOT, ForecastMetric


def test_two_windows_are_enough_for_a_test_and_one_is_not():
    # mean 2, variance 1: t = sqrt(1/2) · 2 / sqrt(1/2) = 2 with one degree of freedom: p = 1 − 2 atan(2) / π
    found = diebold_mariano(np.array([1.0, 3.0]), 1)
    assert found.mean == 2 and found.n == 2 and found.p == pytest.approx(1 - 2 * math.atan(2) / math.pi)
    reach = math.tan(math.pi * 0.475)  # the 97.5 % point of t with one degree of freedom
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))
    one = diebold_mariano(np.array([3.0, np.nan]), 1)
    assert (one.mean, one.p, one.n) == (3.0, 1.0, 1) and math.isnan(one.low) and math.isnan(one.high)
    few = diebold_mariano(np.array([1.0, 3.0]), 2)  # 2 + 1 − 4 + 1 = 0: no correction is left
    assert few.p == 1.0 and math.isnan(few.low)
    none = diebold_mariano(np.array([]), 1)
    assert none.p == 1.0 and none.n == 0 and math.isnan(none.mean)
    same = diebold_mariano(np.full(4, 0.5), 1)
    assert (same.mean, same.low, same.high, same.p) == (0.5, 0.5, 0.5, 0.0)
    assert diebold_mariano(np.array([1.0, 3.0]), 1, mean=4.0).mean == 4.0


def test_the_correction_and_the_long_run_variance():
    assert correction(10, 3) == pytest.approx(math.sqrt((10 + 1 - 6 + 6 / 10) / 10)) and correction(2, 2) == 0
    # about their mean: −1, 1, 3, −3; variance 5; neighbours −1 + 3 − 9 = −7, two apart −3 − 3 = −6
    values = np.array([1.0, 3.0, 5.0, -1.0])
    assert long_run_variance(values, 0) == 5.0
    assert long_run_variance(values, 1) == pytest.approx(5 - 2 * 0.5 * 7 / 4)
    assert long_run_variance(values, 2) == pytest.approx(max(5 - 2 * (2 / 3) * 7 / 4 - 2 * (1 / 3) * 6 / 4, 0))
    assert long_run_variance(values[:1], 5) == 0.0


def cases():
    """Three cases: losses 1, 4; 9 and a step not known; none known."""
    truth = np.array([[1.0, 4.0], [9.0, np.nan], [np.nan, np.nan]])
    quantiles = np.zeros((3, 2, len(LEVELS)))
    return Cases(
        np.array(["a", "b", "c"], dtype=object), np.zeros(3, dtype=int), np.zeros((3, 2), int), truth, quantiles
    )


def loss(cases, facts):
    return cases.truth


@pytest.mark.parametrize(
    ("more", "above", "below", "value"),
    [
        ({}, [2.5, 9, 0], [1, 1, 0], 11.5 / 2),
        ({"form": ROOT}, [math.sqrt(2.5), 3, 0], [1, 1, 0], (math.sqrt(2.5) + 3) / 2),
        ({"form": RATIO, "weights": lambda cases, facts: 2 * np.ones(cases.truth.shape)}, [5, 9, 0], [4, 2, 0], 14 / 6),
    ],
)
def test_sums_of_a_metric_whose_cases_are_known_in_part(more, above, below, value):
    metric = ForecastMetric("mae", "MAE", "", loss, **more)
    found = metric.sums(cases(), None)
    assert found[0] == pytest.approx(above) and found[1].tolist() == below
    assert metric.value(cases(), None) == pytest.approx(value)
    by_case = metric.by_case(cases(), None)
    assert by_case[:2] == pytest.approx(np.array(above[:2]) / np.array(below[:2])) and np.isnan(by_case[2])


def test_truths_below_each_quantile_and_inside_intervals():
    quantiles = np.arange(-6.0, 7.0).reshape(1, 1, -1) + 10
    truth = np.array([[11.0]])
    assert formulas.below(truth, quantiles)[0, 0].tolist() == [0.0] * 7 + [0.5] + [1.0] * 5
    assert np.isnan(formulas.below(np.array([[np.nan]]), quantiles)).all()
    low, high = formulas.interval_ends(quantiles, 80)
    assert (low[0, 0], high[0, 0]) == (10 - 6 + LEVELS.index(0.1), 10 - 6 + LEVELS.index(0.9))
    for value, inside in ((low[0, 0], 1), (high[0, 0], 1), (low[0, 0] - 0.1, 0), (high[0, 0] + 0.1, 0)):
        assert formulas.inside(np.array([[value]]), quantiles, 80)[0, 0] == inside
    assert formulas.width(truth, quantiles, 80)[0, 0] == high[0, 0] - low[0, 0] == 2 * (MIDDLE - 2)
    assert np.isnan(formulas.inside(np.array([[np.nan]]), quantiles, 80)[0, 0])


def test_pinball_losses_by_hand():
    quantiles = np.full((1, 1, len(LEVELS)), 2.0)
    over = formulas.pinball(np.array([[5.0]]), quantiles)[0, 0]  # the truth lies 3 above: level · 3
    under = formulas.pinball(np.array([[1.0]]), quantiles)[0, 0]  # 1 below: (1 − level) · 1
    scale = over[MIDDLE] / 1.5
    assert over == pytest.approx(scale * 3 * np.array(LEVELS))
    assert under == pytest.approx(scale * (1 - np.array(LEVELS)))
