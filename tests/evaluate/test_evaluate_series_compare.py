"""Comparisons of forecasts: paired differences, the Diebold-Mariano test by hand, verdicts in words, disagreements."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t

from dl_core.errors import OptionError
from dl_core.evaluate.judge import shared
from dl_core.evaluate.pairs import PAIRS, Chosen
from dl_core.evaluate.series.compare import APART, FEW_WINDOWS, compare_forecasts, over_time
from dl_core.evaluate.series.diebold_mariano import correction, diebold_mariano, long_run_variance
from dl_core.evaluate.series.evaluate import NO_TRUTH
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Forecasts
from dl_core.evaluate.series.windows import JudgedWindows
from tests.series import toy_forecasts, toy_panel

HORIZON = 6


def about(label, kind):
    return SimpleNamespace(label=label, kind=kind, parameters=10, threshold=None)


MODELS = {"good": about("Net", "deep"), "poor": about("Naive", "baseline"), "bad": about("Drift", "baseline")}


def compared(n, windows, models=("good", "poor"), table=None, **more):
    panel = toy_panel(n)
    forecasts = toy_forecasts(models, panel, HORIZON, windows)
    forecasts = forecasts if table is None else Forecasts(table(forecasts.table.copy()))
    facts = SeriesFacts.of(panel.until(np.arange(n), panel.lengths - HORIZON * windows))
    return compare_forecasts(forecasts, Chosen(list(models), MODELS, **more), facts=facts)


@pytest.fixture(scope="module")
def comparison():
    return compared(12, 2, ("good", "poor", "bad"))


def test_diebold_mariano_by_hand():
    """Four differences one step ahead: mean 2, variance 1.5, factor √(3/4); a lag more counts half."""
    found = diebold_mariano(np.array([1.0, 2.0, 1.0, 4.0]), 1)
    error = np.sqrt(1.5 / 4)
    assert correction(4, 1) == pytest.approx(np.sqrt(3 / 4))
    statistic = np.sqrt(3 / 4) * 2 / error
    assert found.p == pytest.approx(2 * t.sf(statistic, 3))
    reach = t.ppf(0.975, 3) * error / np.sqrt(3 / 4)
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))
    # deviations −1, 0, −1, 2: autocovariance of lag one is (0 + 0 − 2) / 4
    assert long_run_variance(np.array([1.0, 2.0, 1.0, 4.0]), 1) == pytest.approx(1.5 + 2 * 0.5 * -0.5)


def test_the_correction_is_that_of_the_paper():
    assert correction(20, 3) == pytest.approx(np.sqrt((20 + 1 - 6 + 3 * 2 / 20) / 20))
    assert correction(6, 6) == 0.0  # one window tells nothing


def test_interval_and_p_of_the_test_agree():
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.3, 0.6, 1.0):
        found = diebold_mariano(rng.normal(shift, 1, 30), 4)
        assert (found.low > 0 or found.high < 0) == (found.p < 0.05)


def test_the_test_holds_its_level_on_related_differences():
    """Moving averages over h steps with mean 0: about one in twenty is called different, and not one in three."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(400, 123))
    means = np.stack([np.convolve(one, np.ones(4) / 4, mode="valid") for one in drawn])
    share = np.mean([diebold_mariano(one, 4).p < 0.05 for one in means])
    assert 0.01 < share < 0.12


def test_nothing_and_constant_differences_are_no_error():
    assert diebold_mariano(np.array([np.nan, np.nan]), 1).p == 1.0
    assert diebold_mariano(np.zeros(10), 1).p == 1.0
    assert diebold_mariano(np.ones(10), 1).p == 0.0


def test_a_clear_difference_is_told_with_interval_and_verdict(comparison):
    pairs = comparison.pairs
    assert list(pairs.columns) == PAIRS
    line = pairs[(pairs["metric"] == "mase") & (pairs["a"] == "good") & (pairs["b"] == "poor")].iloc[0]
    assert line["value_a"] < line["value_b"] and line["difference"] > 0
    assert line["low"] <= line["difference"] <= line["high"]
    assert line["verdict"] == "better" and line["n"] == 12
    assert "Deep learning is worth it here: Net is better than" in comparison.sentence
    assert comparison.as_dict()["pairs"]


def test_coverage_is_compared_by_its_distance_from_nominal(comparison):
    lines = comparison.pairs[comparison.pairs["metric"] == "coverage_90"]
    for line in lines.itertuples():
        assert line.difference == pytest.approx(abs(line.value_b - 0.9) - abs(line.value_a - 0.9))


def test_disagreements_name_the_cases_furthest_apart(comparison):
    table = comparison.disagreements
    assert list(table.columns) == APART
    assert table["difference"].is_monotonic_decreasing and (table["difference"] > 0).all()
    assert {"window", "row"} <= set(table) and table["row"].str.startswith("shop").all()


def test_under_five_series_the_diebold_mariano_test_decides():
    found = compared(1, 8)
    line = found.pairs[found.pairs["metric"] == "mase"].iloc[0]
    assert "Diebold-Mariano" in found.note
    assert line["n"] == 8 and (line["low"] > 0) == (line["p"] < 0.05)
    for row in found.pairs.itertuples():
        assert (row.verdict == "tie") == (row.p >= 0.05), row.metric


def test_one_window_of_one_series_tells_nothing():
    found = compared(1, 1)
    assert found.sentence == FEW_WINDOWS
    assert (found.pairs["verdict"] == "tie").all()


def test_models_that_say_the_same_are_a_tie():
    def same(table):
        quantiles = [name for name in table if name.startswith("q_")]
        rows = {model: (table["model"] == model).to_numpy() for model in ("good", "poor")}
        table.loc[rows["poor"], quantiles] = table.loc[rows["good"], quantiles].to_numpy()
        return table

    for n in (2, 12):
        found = compared(n, 2, table=same)
        assert (found.pairs["verdict"] == "tie").all() and found.disagreements.empty
        assert "A tie between" in found.sentence


def shared_windows(forecasts, facts):
    return shared({name: JudgedWindows.of(forecasts.cases(name), facts) for name in ("good", "poor")}, "test window")


def test_only_cases_that_both_have_are_compared():
    panel = toy_panel(8)
    forecasts = toy_forecasts(("good", "poor"), panel, HORIZON, 2)
    table = forecasts.table
    table = table[~((table["model"] == "good") & (table["row"] == "shop 3"))]
    facts = SeriesFacts.of(panel)
    found = shared_windows(Forecasts(table), facts)
    assert len(found["good"].cases) == len(found["poor"].cases) == 14
    assert (found["good"].cases.series == found["poor"].cases.series).all()
    none = table[~((table["model"] == "good") & (table["split"] == "test") & (table["row"] != "x"))]
    with pytest.raises(OptionError):
        shared_windows(Forecasts(none), facts)


def test_without_truth_the_sentence_says_so():
    found = compared(6, 2, table=lambda table: table.assign(y_true=np.nan))
    assert found.sentence == NO_TRUTH and found.pairs.empty


def test_one_model_is_no_comparison():
    with pytest.raises(OptionError):
        compared(6, 2, ("good",))


def test_times_come_by_window_then_step():
    forecasts = toy_forecasts(("good",), toy_panel(2), HORIZON, 2)
    cases = forecasts.cases("good")
    steps = np.where(cases.windows[:, None] == 0, 0.0, 10.0) + np.arange(HORIZON)
    assert over_time(steps, cases).tolist() == [*range(HORIZON), *(10 + at for at in range(HORIZON))]
    assert over_time(steps, cases, overlap=True).tolist() == [2.5, 12.5]
