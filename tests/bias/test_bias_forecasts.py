"""Whom forecasts serve badly, by group of series, and what remedies change."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.groups import NOT_STATED
from dl_core.bias.series.check import LENGTH, MIN_SERIES, SIZE, VOLATILITY, check_bias_forecasts, group_frame
from dl_core.bias.series.mitigate import apply_shifts, fit_shifts, forecast_mitigation, group_weights, scaling_remedy
from dl_core.errors import OptionError
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import QUANTILES, Forecasts
from dl_core.schema import Role
from tests.series import toy_dataset, toy_forecasts, toy_panel

N, HORIZON, WINDOWS = 40, 6, 2


@pytest.fixture(scope="module")
def panel():
    return toy_panel(N)


@pytest.fixture(scope="module")
def facts(panel):
    return SeriesFacts.of(panel.until(np.arange(N), panel.lengths - HORIZON * WINDOWS))


@pytest.fixture(scope="module")
def plain(panel):
    return toy_forecasts(("good", "poor"), panel, HORIZON, WINDOWS)


@pytest.fixture(scope="module")
def slanted(plain, panel, facts):
    """All forecasts for the north are too high by one usual change."""
    table = plain.table.copy()
    north = (table["row"].map(panel.static["region"]) == "north").to_numpy()
    more = table["row"].map(facts.scale).to_numpy() * north
    table[list(QUANTILES)] = table[list(QUANTILES)].add(more.astype("float32"), axis=0)
    return Forecasts(table)


@pytest.fixture(scope="module")
def groups(panel):
    return panel.static[["region"]]


@pytest.fixture(scope="module")
def report(slanted, groups, facts):
    return check_bias_forecasts(slanted, "good", groups, facts=facts)


@pytest.fixture(scope="module")
def remedy(slanted, groups, facts):
    return scaling_remedy(slanted, "good", groups, facts=facts)


def test_groups_are_those_of_the_data_and_quartiles_of_what_is_known(panel, facts):
    frame = group_frame(panel, facts)
    assert list(frame.columns) == ["region", SIZE, VOLATILITY]  # all lengths are the same
    assert frame[SIZE].nunique() == 4 and (frame[SIZE].value_counts() == 10).all()
    assert frame.index.tolist() == panel.series.tolist()
    shorter = panel.until(np.arange(N), panel.lengths - np.arange(N))
    assert LENGTH in group_frame(shorter, SeriesFacts.of(shorter))


def test_the_report_has_the_columns_of_other_problems(report):
    columns = ["column", "group", "metric", "value", "low", "high", "n", "positives", "enough"]
    assert list(report.groups.columns) == columns
    assert list(report.overall.columns) == ["metric", "value", "low", "high", "n"]
    assert (report.overall["n"] == N).all() and set(report.groups["n"]) == {20}
    assert report.groups["positives"].isna().all() and report.groups["enough"].all()
    json.dumps(report.as_dict())


def test_a_group_value_is_the_mean_over_its_series(report, slanted, groups, facts):
    cases = slanted.cases("good")
    each = ((cases.middle - cases.truth) / facts.scales_of(cases.series)[:, None]).mean(axis=1)
    north = groups["region"].reindex(cases.series).to_numpy() == "north"
    here = report.groups[report.groups["metric"] == "bias"].set_index("group")["value"]
    assert here["north"] == pytest.approx(each[north].mean())
    assert here["north"] - here["south"] == pytest.approx(1.0, abs=0.4)


def test_a_systematic_over_forecast_stands_out(report):
    line = report.disparities[(report.disparities["metric"] == "bias")].iloc[0]
    assert (line["worst"], line["best"], line["kind"]) == ("north", "south", "difference")
    assert line["low"] > 0
    assert any("forecasts for north are too high on average" in text for text in report.warnings)
    assert not any("forecasts for south" in text for text in report.warnings)
    assert "ratio" not in report.disparities.loc[report.disparities["metric"] == "bias", "kind"].tolist()


def test_intervals_that_are_too_narrow_are_told(report):
    assert any("90 % prediction intervals cover only" in text for text in report.warnings)


def test_without_a_difference_nothing_is_claimed(plain, groups, facts):
    report = check_bias_forecasts(plain, "good", groups, metrics=["mase", "bias"], facts=facts)
    found = report.disparities[report.disparities["metric"] == "bias"].iloc[0]
    assert found["low"] <= 0
    assert not any("on average" in text for text in report.warnings)


def test_small_and_unstated_groups_take_no_part(slanted, groups, facts):
    label = groups["region"].copy()
    label.iloc[: MIN_SERIES - 1] = "few"
    label.iloc[-3:] = None
    report = check_bias_forecasts(slanted, "good", label.to_frame(), metrics=["mase", "bias"], facts=facts)
    enough = report.groups.drop_duplicates("group").set_index("group")["enough"]
    assert not enough["few"] and enough["north"] and NOT_STATED in enough.index
    assert not set(report.disparities["worst"]) & {"few", NOT_STATED}
    assert any("few (9 series): too few to evaluate" in text for text in report.warnings)


def test_nothing_to_group_or_to_judge_is_refused(slanted, groups, facts):
    with pytest.raises(OptionError, match="groups"):
        check_bias_forecasts(slanted, "good", groups[[]], facts=facts)
    empty = Forecasts(slanted.table.assign(y_true=np.nan))
    with pytest.raises(OptionError, match="windows"):
        check_bias_forecasts(empty, "good", groups, facts=facts)
    with pytest.raises(OptionError):
        check_bias_forecasts(slanted, "other", groups, facts=facts)


def test_weights_let_groups_count_equally():
    train = toy_dataset(3)  # two series of the north, one of the south
    weights = group_weights(train, pd.Series({"shop 0": "north", "shop 1": "south", "shop 2": "north"}))
    assert weights.index.equals(train.ids)
    names = train.values(Role.SERIES).to_numpy()
    assert weights[names == "shop 0"].unique().tolist() == [0.75]
    assert weights[names == "shop 1"].unique().tolist() == [1.5]
    assert weights.groupby(names).mean().mean() == pytest.approx(1.0)
    assert (group_weights(train, pd.Series(dtype=object)) == 1.0).all()  # one group of unstated ones


def test_shifts_are_learned_on_validation_and_drawn_to_nought_by_chance(slanted, groups, facts):
    shifts = fit_shifts(slanted, "good", groups["region"], facts=facts)
    assert shifts["north"] == pytest.approx(1.0, abs=0.25)
    assert abs(shifts["south"]) < 0.25
    table = slanted.table
    no_test = Forecasts(table[table["split"] == "validation"])
    assert fit_shifts(no_test, "good", groups["region"], facts=facts) == shifts


def test_a_shift_keeps_order_and_signs():
    quantiles = np.linspace(1, 13, 13)[None, None, :] * np.ones((2, 3, 1))
    moved = apply_shifts(quantiles, np.array([2.0, 1.0]), np.array(["a", "b"], dtype=object), {"a": 1.0})
    assert moved[0, 0].tolist() == [max(0, at - 1) for at in range(13)]  # never under 0, as nothing was
    assert (moved[1] == quantiles[1]).all()
    assert (np.diff(moved, axis=2) >= 0).all()


def test_the_shift_brings_groups_closer_and_says_so(remedy, report):
    assert remedy.method == "scaling" and remedy.column == "region"
    gain = remedy.gain.set_index("metric").loc["bias"]
    assert gain["after"] < 0.4 < gain["before"] and gain["verdict"] == "closer"
    cost = remedy.cost.set_index("metric")
    assert cost.loc["mase", "verdict"] == "better"
    assert cost.loc["width_80", "verdict"] == "tie"  # a shift changes no width
    assert "disparity reduced" in remedy.sentence and "rows" not in remedy.sentence
    before = remedy.before.overall.set_index("metric")["value"]
    assert before.to_dict() == report.overall.set_index("metric")["value"].to_dict()
    json.dumps(remedy.as_dict())


def test_two_trainings_are_held_side_by_side(slanted, plain, groups, facts):
    found = forecast_mitigation(slanted, plain, "good", groups, facts=facts)
    assert found.method == "reweighing" and found.thresholds == {}
    assert found.cost.set_index("metric").loc["mase", "change"] > 0
    table = plain.table
    other = Forecasts(table[table["row"] != "shop 3"])
    with pytest.raises(OptionError, match="not the same"):
        forecast_mitigation(slanted, other, "good", groups, facts=facts)
