"""Evaluations of forecasts: the two-level bootstrap, slices, what cannot be judged, and where models stand."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.results import Evaluation
from dl_core.evaluate.series.evaluate import FEW_WINDOWS, NO_TRUTH, evaluate_forecasts, forecast_standing
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases, Forecasts, forecast_rows
from dl_core.evaluate.series.slices import BEST, MOST_SERIES, WORST, quartile_labels, series_lines, short
from dl_core.evaluate.series.windows import JudgedWindows
from tests.series import toy_forecasts, toy_panel

HORIZON, WINDOWS = 6, 2


def known_of(panel):
    return panel.until(np.arange(len(panel)), panel.lengths - HORIZON * WINDOWS)


@pytest.fixture(scope="module")
def forecasts():
    return toy_forecasts(("good", "poor"), toy_panel(12), HORIZON, WINDOWS)


@pytest.fixture(scope="module")
def facts():
    return SeriesFacts.of(known_of(toy_panel(12)))


@pytest.fixture(scope="module")
def evaluation(forecasts, facts):
    return evaluate_forecasts(forecasts, "by time", facts=facts, reference=forecasts.cases("poor"))


def test_every_model_has_every_metric_within_its_interval(evaluation):
    table = evaluation.metrics
    assert list(table.columns) == ["model", "metric", "value", "low", "high", "n"]
    assert table.groupby("model")["metric"].count().tolist() == [13, 13]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert (table["n"] == 12).all()  # series
    assert evaluation.value("good", "mase") < evaluation.value("poor", "mase")
    assert evaluation.value("poor", "owa") == pytest.approx(1.0)


def test_values_are_the_plain_means(evaluation, forecasts, facts):
    cases = forecasts.cases("good")
    each = np.abs(cases.middle - cases.truth).mean(axis=1) / facts.scales_of(cases.series)
    assert evaluation.value("good", "mase") == pytest.approx(each.mean())


def test_slices_by_step_and_window_average_to_the_whole(evaluation):
    curves = evaluation.curves["good"]
    whole = evaluation.value("good", "mase")
    for name, count in (("by_step", HORIZON), ("by_window", WINDOWS), ("by_size", 4)):
        lines = [line for line in curves[name] if line["metric"] == "mase"]
        assert len(lines) == count
        assert np.mean([line["value"] for line in lines]) == pytest.approx(whole)
    assert curves["by_window"][0]["start"] < curves["by_window"][-1]["start"]
    assert curves["by_length"] == []  # all are of one length
    assert (curves["series"], curves["windows"], curves["cases"], curves["unit"]) == (12, 2, 24, "series")


def test_coverage_grows_with_the_nominal_level_and_is_told_for_each(evaluation):
    lines = evaluation.curves["good"]["coverage"]
    assert [line["level"] for line in lines] == [0.2, 0.4, 0.6, 0.8, 0.9, 0.95]
    assert np.all(np.diff([line["value"] for line in lines]) >= 0)
    assert lines[3]["value"] == pytest.approx(evaluation.value("good", "coverage_80"))
    under = evaluation.curves["good"]["quantiles"]
    assert len(under) == 13 and np.all(np.diff([line["value"] for line in under]) >= 0)


def test_an_evaluation_is_plain_json_and_comes_back(evaluation):
    about = json.loads(json.dumps(evaluation.as_dict()))
    again = Evaluation.from_dict(about)
    assert again.value("good", "mase") == pytest.approx(evaluation.value("good", "mase"))
    assert again.curves == about["curves"]


def test_a_case_without_truth_is_left_out_and_one_with_some_is_judged_on_those(facts):
    one = toy_forecasts(("good",), toy_panel(12), HORIZON, WINDOWS)
    table = one.table.copy()
    gone = (table["row"] == "shop 0") & (table["split"] == "test")
    table.loc[gone, "y_true"] = np.nan
    table.loc[(table["row"] == "shop 1") & (table["step"] > 2), "y_true"] = np.nan
    found = evaluate_forecasts(Forecasts(table), "by time", facts=facts)
    assert found.curves["good"]["series"] == 11
    steps = [line["n"] for line in found.curves["good"]["by_step"] if line["metric"] == "mase"]
    assert steps == [11, 11, 10, 10, 10, 10]
    table["y_true"] = np.nan
    nothing = evaluate_forecasts(Forecasts(table), "by time", facts=facts)
    assert nothing.metrics.empty and nothing.note == NO_TRUTH
    assert np.isnan(forecast_standing(Forecasts(table), "good", "mase", facts).value)


def test_one_window_of_one_series_has_values_without_intervals():
    panel = toy_panel(1)
    one = toy_forecasts(("good",), panel, HORIZON, 1)
    known = panel.until(np.arange(1), panel.lengths - HORIZON)
    found = evaluate_forecasts(one, "by time", facts=SeriesFacts.of(known))
    line = found.metrics[found.metrics["metric"] == "mase"].iloc[0]
    assert found.note == FEW_WINDOWS
    assert line["value"] > 0 and np.isnan(line["low"]) and line["n"] == 1


def test_of_one_series_n_counts_windows():
    panel = toy_panel(1)
    known = panel.until(np.arange(1), panel.lengths - HORIZON * WINDOWS)
    found = evaluate_forecasts(toy_forecasts(("good",), panel, HORIZON, 2), "by time", facts=SeriesFacts.of(known))
    assert found.curves["good"]["unit"] == "windows"
    assert (found.metrics["n"] == 2).all()


def test_draws_take_series_then_windows_within_each():
    code = np.array([0, 0, 0, 1, 2, 2])  # three windows, one, two
    weights = np.concatenate(list(Draws(6, 4000, 1, code, nested=True)))
    drawn = np.stack([weights[:, code == one].sum(axis=1) for one in range(3)], axis=1) / [3, 1, 2]
    assert (drawn == drawn.astype(int)).all()  # a series comes with as many windows as it has
    assert (drawn.sum(axis=1) == 3).all()  # and as many series as there are
    assert drawn.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.05)
    assert weights.mean(axis=0) == pytest.approx(np.ones(6), abs=0.1)


def test_an_interval_knows_that_windows_of_a_series_are_alike():
    """With all windows of a series the same, the spread is that of the mean of series and not of cases."""
    rng = np.random.default_rng(0)
    error = rng.exponential(size=50)
    code = np.repeat(np.arange(50), 4)
    draws = np.concatenate([block @ error[code] / 200 for block in Draws(200, 2000, 0, code, nested=True)])
    assert draws.std() == pytest.approx(error.std() / np.sqrt(50), rel=0.1)


def test_windows_that_overlap_are_drawn_in_blocks():
    """Windows of six steps with origins two apart: three neighbours share steps, so that few are free to differ."""
    panel = toy_panel(1)
    facts = SeriesFacts.of(panel)
    ends = panel.lengths[0] - 40 + 2 * np.arange(12)
    truth = panel.truth(np.zeros(12, int), ends, HORIZON)
    times = panel.until(np.zeros(12, int), ends).times_ahead(HORIZON)
    rng = np.random.default_rng(0)
    quantiles = np.repeat((truth + rng.normal(size=(12, 1)))[:, :, None], 13, axis=2)
    names = np.array(["shop 0"] * 12, dtype=object)
    judged = JudgedWindows.of(Cases(names, np.arange(12), times, truth, quantiles), facts)
    assert judged.lag == 3 and judged.spreads and judged.unit == "windows"
    weights = np.concatenate(list(judged.draws(n_resamples=300)))
    assert (weights.sum(axis=1) == 12).all()
    next_to = np.minimum(weights, np.roll(weights, 1, axis=1)).sum(axis=1)  # a drawn window comes with a neighbour
    assert next_to.min() >= 4
    few = JudgedWindows.of(Cases(names[:3], np.arange(3), times[:3], truth[:3], quantiles[:3]), facts)
    assert not few.spreads  # all three share a step
    table = Forecasts(forecast_rows("one", "test", few.cases))
    line = evaluate_forecasts(table, "by time", facts=facts, metrics=["mase"]).metrics.iloc[0]
    assert line["value"] > 0 and np.isnan(line["low"])


def test_draws_and_values_repeat_with_the_seed(forecasts, facts, evaluation):
    again = evaluate_forecasts(forecasts, "by time", facts=facts, reference=forecasts.cases("poor"))
    assert again.metrics.equals(evaluation.metrics)
    other = evaluate_forecasts(forecasts, "by time", facts=facts, metrics=["mase"], seed=5)
    assert other.metrics["low"].iloc[0] != evaluation.metrics["low"].iloc[0]


def test_a_standing_is_turned_so_that_higher_is_better(forecasts, facts):
    good, poor = (forecast_standing(forecasts, model, "mase", facts, size=7) for model in ("good", "poor"))
    assert poor.value < good.value < 0 and good.error > 0 and good.size == 7
    cases = forecasts.cases("good", "validation")
    share = metric_named("coverage_90").value(cases, facts)
    assert forecast_standing(forecasts, "good", "coverage_90", facts).value == pytest.approx(-abs(share - 0.9))
    assert np.isnan(forecast_standing(forecasts, "good", "mase", facts, split="new").value)


def test_an_unknown_model_is_refused(forecasts):
    with pytest.raises(OptionError, match="good, poor"):
        forecasts.cases("other")


def test_of_many_series_the_worst_best_and_typical_are_kept():
    m = 300
    truth = np.zeros((m, 2))
    middle = np.tile(np.arange(1.0, m + 1)[:, None], (1, 2))
    names = np.array([f"s{at}" for at in range(m)], dtype=object)
    cases = Cases(names, np.zeros(m, int), np.zeros((m, 2), int), truth, np.repeat(middle[:, :, None], 13, axis=2))
    one = pd.Series(1.0, index=names)
    facts = SeriesFacts(one, one, one, one, pd.DataFrame(index=names))
    lines = series_lines(JudgedWindows.of(cases, facts))
    kinds = pd.Series([line["kind"] for line in lines])
    assert len(lines) == MOST_SERIES
    assert kinds.value_counts().to_dict() == {"worst": WORST, "best": BEST, "typical": MOST_SERIES - WORST - BEST}
    assert lines[0]["series"] == "s299" and lines[-1]["series"] == "s0" and lines[0]["bias"] == 300.0
    assert Forecasts(forecast_rows("one", "test", cases)).horizon == 2


def test_quartiles_never_part_equal_values_and_need_enough_series():
    values = pd.Series([1, 1, 1, 1, 1, 1, 5, 9.0], index=list("abcdefgh"))
    assert quartile_labels(values, "steps").tolist() == ["1 steps"] * 6 + ["5 to 9 steps"] * 2
    assert len(quartile_labels(values[:4])) == 0
    assert [short(one) for one in (3.14159, 250.4, 12_345, 4_500_000, 7)] == ["3.14", "250", "12.3k", "4.5M", "7"]
