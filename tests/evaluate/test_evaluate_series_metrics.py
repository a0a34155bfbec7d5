"""Metrics of forecasts against numbers worked by hand, the M4 competition's table, and what must hold of any data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.series import formulas
from dl_core.evaluate.series.evaluate import forecast_metrics
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, Cases
from dl_core.evaluate.series.metrics import ForecastMetric
from dl_core.evaluate.series.windows import JudgedWindows

M4 = Path(__file__).parents[3] / "shared" / "data" / "m4"


def panel_of(*series, season=1):
    values = [np.array(one, dtype=float) for one in series]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in values])])
    names = np.array([f"s{at}" for at in range(len(values))], dtype=object)
    times = np.concatenate([np.arange(len(one)) for one in values])
    return Panel(names, starts, np.concatenate(values), times, scale_season=season)


def cases_of(truth, middle, spread=0.0, names=None, windows=None):
    """Quantiles at ``spread`` times (level − 0.5) about the middle."""
    truth, middle = np.array(truth, dtype=float), np.array(middle, dtype=float)
    quantiles = middle[:, :, None] + spread * (np.array(LEVELS) - 0.5)
    names = np.array([f"s{at}" for at in range(len(truth))] if names is None else names, dtype=object)
    windows = np.zeros(len(truth), dtype=int) if windows is None else np.array(windows)
    return Cases(names, windows, np.zeros(truth.shape, dtype=np.int64), truth, quantiles)


@pytest.fixture(scope="module")
def facts():
    return SeriesFacts.of(panel_of([1, 3, 2, 6], [10, 10, 20, 10]))  # mean change 7/3 and 20/3; squared 7 and 200/3


@pytest.fixture(scope="module")
def cases():
    return cases_of([[4, 8], [10, np.nan]], [[5, 6], [20, 7]])  # errors +1, −2 and +10


def value(name, cases, facts):
    return metric_named(name).value(cases, facts)


def test_facts_are_those_of_the_steps_before_the_test(facts):
    assert facts.scale.tolist() == pytest.approx([7 / 3, 20 / 3])
    assert facts.square_scale.tolist() == pytest.approx([21 / 3, 200 / 3])
    assert facts.level.tolist() == pytest.approx([3.0, 12.5])
    assert facts.length.tolist() == [4, 4]
    assert np.isnan(facts.scales_of(np.array(["unknown"], dtype=object))).all()


def test_the_seasonal_lag_of_the_scale_is_the_panels():
    facts = SeriesFacts.of(panel_of([1, 5, 2, 7, np.nan, 9], season=2))
    assert facts.scale["s0"] == pytest.approx((1 + 2 + 2) / 3)  # 2−1, 7−5, (missing), 9−7
    assert facts.square_scale["s0"] == pytest.approx((1 + 4 + 4) / 3)


def test_a_constant_series_has_a_finite_scale():
    facts = SeriesFacts.of(panel_of([5, 5, 5], [0, 0, 0]))
    assert facts.scale.tolist() == [5.0, 1.0]
    assert facts.square_scale.tolist() == [25.0, 1.0]


def test_point_errors_by_hand(cases, facts):
    first, second = 1.5 / (7 / 3), 10 / (20 / 3)
    assert value("mase", cases, facts) == pytest.approx((first + second) / 2)
    assert value("mae", cases, facts) == pytest.approx((1.5 + 10) / 2)
    assert value("rmsse", cases, facts) == pytest.approx((np.sqrt(2.5 / 7) + np.sqrt(100 / (200 / 3))) / 2)
    assert value("smape", cases, facts) == pytest.approx(((200 / 9 + 400 / 14) / 2 + 2000 / 30) / 2)
    assert value("bias", cases, facts) == pytest.approx(((1 - 2) / 2 / (7 / 3) + 10 / (20 / 3)) / 2)


def test_two_zeros_make_no_percentage_error():
    assert formulas.symmetric_percentage(np.array([[0.0, 0.0]]), np.array([[0.0, 3.0]])).tolist() == [[0.0, 200.0]]


def test_a_forecast_without_spread_is_judged_by_its_absolute_error(cases, facts):
    assert formulas.crps(cases.truth, cases.quantiles)[0].tolist() == pytest.approx([1.0, 2.0])
    levels = np.array(LEVELS)
    over, under = 2 * (1 - levels).mean(), 2 * levels.mean()  # losses of an error of one
    expected = (over * (1 + 10) + under * 2) / (4 + 8 + 10)
    assert value("wql", cases, facts) == pytest.approx(expected)


def test_crps_of_a_uniform_forecast_by_hand():
    """For a uniform distribution on 0…1 and the truth 0.5 the score is 1/12; thirteen levels come near."""
    quantiles = np.array(LEVELS)[None, None, :]
    assert formulas.crps(np.array([[0.5]]), quantiles)[0, 0] == pytest.approx(1 / 12, abs=0.003)
    assert formulas.level_widths().sum() == pytest.approx(1.0)


def test_coverage_and_width_count_known_steps(facts):
    cases = cases_of([[4, 8], [10, np.nan]], [[4, 4], [10, 10]], spread=10)  # 80 %: middle ± 4
    assert value("coverage_80", cases, facts) == pytest.approx(1.0)  # 8 lies on the end, which counts
    cases = cases_of([[4, 8.4], [10, np.nan]], [[4, 4], [10, 10]], spread=10)
    assert value("coverage_80", cases, facts) == pytest.approx((0.5 + 1) / 2)
    assert value("coverage_90", cases, facts) == pytest.approx(1.0)  # middle ± 4.5
    assert value("width_80", cases, facts) == pytest.approx((8 / (7 / 3) + 8 / (20 / 3)) / 2)


def test_owa_is_the_mean_of_two_shares_of_naive2(cases, facts):
    same = JudgedWindows.of(cases, facts, cases)
    assert same.quantity(metric_named("owa")).value == pytest.approx(1.0)
    worse = cases_of([[4, 8], [10, np.nan]], [[6, 4], [30, 7]])  # errors twice as large
    judged = JudgedWindows.of(cases, facts, worse)
    smape = value("smape", cases, facts) / value("smape", worse, facts)
    assert judged.quantity(metric_named("owa")).value == pytest.approx((smape + 0.5) / 2)


def test_without_a_reference_there_is_no_owa(cases, facts):
    assert "owa" not in [metric.name for metric in forecast_metrics(None, has_reference=False)]
    assert np.isnan(JudgedWindows.of(cases, facts).quantity(metric_named("owa")).value)


def test_an_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(OptionError, match="mase"):
        metric_named("accuracy", ForecastMetric)


@pytest.mark.skipif(not M4.exists(), reason="the M4 Weekly data are not here")
def test_naive2_on_m4_weekly_has_the_published_figures():
    """Without a season Naive2 is the last value; Makridakis et al. (2020) give sMAPE 9.161 and MASE 2.777."""
    tables = [pd.read_csv(M4 / f"Weekly-{part}.csv", index_col=0) for part in ("train", "test")]
    train, test = (table.to_numpy(dtype=float) for table in tables)
    known = panel_of(*(row[~np.isnan(row)] for row in train))
    last = np.repeat(known.values[known.starts[1:] - 1][:, None], 13, axis=1)
    cases, facts = cases_of(test, last), SeriesFacts.of(known)
    assert value("smape", cases, facts) == pytest.approx(9.161, abs=0.001)
    assert value("mase", cases, facts) == pytest.approx(2.777, abs=0.001)
    judged = JudgedWindows.of(cases, facts, cases)
    assert judged.quantity(metric_named("owa")).value == pytest.approx(1.0)


numbers = arrays(float, (3, 4), elements=st.floats(-1e3, 1e3))


@settings(max_examples=30, deadline=None)
@given(truth=numbers, middle=numbers, factor=st.floats(0.01, 100))
def test_scaled_metrics_do_not_know_the_unit(truth, middle, factor):
    history = [[1.0, 4.0, 2.0, 8.0], [5.0, 1.0, 7.0, 3.0], [2.0, 2.5, 9.0, 1.0]]
    plain = SeriesFacts.of(panel_of(*history))
    larger = SeriesFacts.of(panel_of(*(np.array(one) * factor for one in history)))
    for name in ("mase", "rmsse", "bias", "smape", "wql", "crps", "width_80"):
        one = value(name, cases_of(truth, middle, 2.0), plain)
        other = value(name, cases_of(truth * factor, middle * factor, 2.0 * factor), larger)
        assert other == pytest.approx(one, rel=1e-6, abs=1e-6, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(truth=numbers, middle=numbers)
def test_values_keep_their_bounds(truth, middle):
    facts = SeriesFacts.of(panel_of([1, 2, 4], [3, 1, 2], [5, 9, 5]))
    cases = cases_of(truth, middle, 1.0)
    for metric in forecast_metrics(None, has_reference=False):
        found = metric.by_case(cases, facts)
        low, high = metric.bounds
        assert ((found >= low - 1e-9) & (found <= high + 1e-9) | np.isnan(found)).all(), metric.name


@settings(max_examples=20, deadline=None)
@given(truth=numbers)
def test_a_perfect_forecast_errs_by_nothing(truth):
    facts = SeriesFacts.of(panel_of([1, 2, 4], [3, 1, 2], [5, 9, 5]))
    cases = cases_of(truth, truth)
    assert (cases.middle == cases.quantiles[:, :, MIDDLE]).all()
    for name in ("mase", "rmsse", "smape", "mae", "crps", "bias"):
        assert value(name, cases, facts) == 0
