"""The tabs that judge, explain and predict series: what charts say, what can be chosen, and what is left empty."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core.domain import Sample
from dl_core.evaluate.results import Evaluation
from dl_core.kinds import get_kind
from dl_core.train.run import Run
from tests.forecast_runs import HORIZON, QUICK, shared_run
from tests.pages.conftest import answered
from tests.pages.test_pages_router import said
from tests.series import toy_frame
from ui.kinds.series import curves, disagreements, explain, forecast_charts, predict
from ui.panels import faithfulness, leading_model
from ui.shell import tables

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shops_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of three quick models on six shops with a plan of promotions."""
    return shared_run(tmp_path_factory)


@pytest.fixture
def shops(shops_run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Put the run on shops in the place of the sample's."""
    known = registry.get_domain("forecasting")
    sample = Sample(shops_run.folder, "Shops", shops_run.folder)
    monkeypatch.setitem(registry._DOMAINS, "forecasting", dataclasses.replace(known, sample=sample))
    yield shops_run


def opened(tab: str) -> AppTest:
    """Return the page at a tab, through the router."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    test.run()
    assert not test.exception
    test.session_state["tab"] = tab
    return settled(test.switch_page("pages/forecasting.py"))


def settled(test: AppTest) -> AppTest:
    """Return the page after one more run; jobs are answered at once here."""
    test.run()
    assert not test.exception
    assert not test.error, said(test)
    return test


def drawn(test: AppTest, key: str) -> dict[str, Any]:
    """Return the chart of that key as plain JSON."""
    (chart,) = [one for one in test.get("plotly_chart") if f"-{key}" in one.proto.id]
    return json.loads(chart.proto.spec)


@pytest.mark.usefixtures("shops")
def test_compare_names_the_best_by_error_and_by_what_is_promised() -> None:
    test = opened("Compare")
    words = said(test)
    assert (
        "has the best MASE" in words
        and "n = 6 series" in words
        and "lower is better" in json.dumps(drawn(test, "leaderboard_mase"))
    )
    assert "Forecasts of one window" in words and "lowest MASE" in words
    names = {one.get("name") for one in drawn(test, "fan")["data"]}
    assert {"history", "actual", "NLinear"} <= names
    test.segmented_control(key="forecasting_metric").set_value("coverage_80")
    assert "is closest to 0.80" in said(settled(test))
    assert drawn(test, "leaderboard_coverage_80")["layout"]["shapes"][0]["x0"] == 0.8
    test.segmented_control(key="forecasting_metric").set_value("width_95")
    assert "is the sharpest" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_slices_say_who_leads_and_how_honest_intervals_are() -> None:
    test = opened("Compare")
    assert f"of {HORIZON} forecast steps" in said(test)
    for form, seen in (
        ("by_window", "of 2 windows"),
        ("coverage", "Empirical coverage of"),
        ("by_length", "Too few evaluated series"),
    ):
        test.segmented_control(key="forecasting_slices").set_value(form)
        assert seen in said(settled(test)), form
    test.segmented_control(key="forecasting_slices").set_value("coverage")
    chart = drawn(settled(test), "coverage")
    assert chart["layout"]["xaxis"]["tickformat"] == ".0%" and max(chart["data"][0]["x"]) <= 1
    assert chart["data"][0]["y"] == [0, 0] and "(pp)" in chart["layout"]["yaxis"]["title"]["text"]


@pytest.mark.usefixtures("shops")
def test_a_series_and_a_window_are_chosen() -> None:
    test = opened("Compare")
    test.text_input(key="forecasting_compare_search").set_value("shop 4")
    assert "shop 4: " in said(settled(test))
    last = drawn(test, "fan")["data"][-1]["x"]
    test.segmented_control(key="forecasting_compare_window_shop 4").set_value(0)
    first = drawn(settled(test), "fan")["data"][-1]["x"]
    assert len(first) == len(last) == HORIZON and first[-1] < last[0]
    test.text_input(key="forecasting_compare_search").set_value("nobody")
    assert "No matching series" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_robustness_is_asked_for_when_opened() -> None:
    test = opened("Compare")
    test.session_state["forecasting_robust"] = True
    words = said(settled(test))
    assert "robust to" in words and "Severity 5:" in words
    test.segmented_control(key="forecasting_corruption").set_value("level_shift")
    assert "level shifts" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_explain_sets_two_methods_side_by_side_and_takes_a_step() -> None:
    test = opened("Explain")
    words = said(test)
    assert "Integrated gradients: " in words and "Occlusion: " in words and "Mean forecast" in words
    assert drawn(test, "why_nlinear_occlusion")["data"][-1]["yaxis"] == "y2"
    test.select_slider(key="forecasting_explain_step").set_value("2")
    words = said(settled(test))
    assert "Forecast " in words and "Mean forecast" not in words
    test.segmented_control(key="forecasting_explain_view").set_value("models")
    assert "Seasonal naive: " in said(settled(test)) or "Drift: " in said(test)


@pytest.mark.usefixtures("shops")
def test_bias_shows_groups_and_a_shift_that_mends() -> None:
    test = opened("Bias")
    words = said(test)
    assert "by region" in words and "Disparities between groups" in words
    assert "Group-wise bias correction" in test.selectbox(key="forecasting_mitigate_method").options
    test.button(key="try_mitigation").click()
    assert "Overall cost" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_predict_goes_on_further_adds_up_and_writes_a_file() -> None:
    test = opened("Predict")
    assert f"6 series, {6 * HORIZON} forecasts" in said(test) and test.get("download_button")
    assert test.dataframe[-1].value.columns[:3].tolist() == ["Series", "Time", "Forecast"]
    assert test.dataframe[-1].value["Time"].iloc[0] == "Jan 2018"
    test.number_input(key="forecasting_predict_horizon").set_value(9)
    assert f"6 series, {6 * 9} forecasts" in said(settled(test))
    test.selectbox(key="forecasting_reconcile").set_value("bottom up")
    assert "7 series" in said(settled(test))
    test.multiselect(key="forecasting_hierarchy").set_value(["region"])
    assert "9 series" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_new_files_are_forecast_and_left_again() -> None:
    test = opened("Predict")
    content = toy_frame(n=2, length=60, covariates=True).to_csv(index=False).encode()
    test.file_uploader(key="forecasting_new_files").upload("new.csv", content, "text/csv").run()
    test.button(key="predict_files").click().run()
    assert f"2 series, {2 * HORIZON} forecasts" in said(settled(test))
    test.button(key="predict_own").click().run()
    assert f"6 series, {6 * HORIZON} forecasts" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_a_changed_plan_is_drawn_beside_the_planned() -> None:
    test = opened("Predict")
    test.session_state["forecasting_predict_tabs"] = "What if: change future covariates"
    assert "sum over the horizon: NLinear unchanged" in said(settled(test))
    test.segmented_control(key="forecasting_plan_value_promo").set_value(1.0)
    words = said(settled(test))
    assert (
        "From Jan 2018 to Jun 2018" in words
        and "sum over the horizon: NLinear" in words
        and " %" in words
        and "not evidence of a causal effect" in words
    )
    assert {"NLinear, changed", "NLinear, planned"} & {one.get("name") for one in drawn(test, "what_if_plan")["data"]}


def test_more_series_than_came_back_are_searched(shops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("dl_core.probes.series.forecast_ahead"), "SHOWN", 2)
    test = opened("Predict")
    assert test.selectbox(key="forecasting_ahead_series").options == ["shop 0", "shop 1"]
    test.text_input(key="forecasting_ahead_search").set_value("shop 5")
    assert settled(test).selectbox(key="forecasting_ahead_series").options == ["shop 5"]
    test.text_input(key="forecasting_ahead_search").set_value("nobody")
    assert "No matching series" in said(settled(test))


def test_one_series_alone_has_no_groups() -> None:
    context = MagicMock(words=get_kind("series").words)
    context.evaluation.return_value = Evaluation(pd.DataFrame(), {"drift": {"series": 1, "unit": "windows"}}, "", ())
    assert leading_model.lone(context) and leading_model.units(context) == "windows"
    context.evaluation.return_value = Evaluation(pd.DataFrame(), {"drift": {"series": 5, "unit": "series"}}, "", ())
    assert not leading_model.lone(context) and leading_model.units(context) == "series"


def test_the_leader_is_the_closest_to_a_target() -> None:
    context = MagicMock(domain=registry.get_domain("forecasting"), summary=None)
    rows = pd.DataFrame({"model": ["a", "b", "c"], "value": [0.99, 0.78, 0.70]})
    assert leading_model.ranked("coverage_80", rows)["model"].tolist() == ["b", "c", "a"]
    assert leading_model.ranked("mase", rows)["model"].tolist() == ["c", "b", "a"]
    signed = pd.DataFrame({"model": ["a", "b"], "value": [-0.4, 0.1]})
    assert leading_model.ranked("bias", signed)["model"].tolist() == ["b", "a"]
    lines = [{"name": "A", "x": [1, 2, 3], "y": [0.9, 0.8, 0.7]}, {"name": "B", "x": [1, 2, 3], "y": [0.8, 0.7, 0.9]}]
    assert curves.leads(context, "coverage_80", lines, "steps").endswith("A is best at 1 of 3 steps") is False
    assert curves.leads(context, "mase", lines, "steps").endswith("B is best at 2 of 3 steps")


def test_stretches_of_one_weight_are_named_together() -> None:
    months = [f"2020-{month:02d}-01 00:00:00" for month in range(1, 7)]
    one = list(zip(months, [0.0, 1.0, 1.0, -3.0, -3.0, 0.5], strict=True))
    assert explain.strongest(one) == "Apr 2020 to May 2020 contribute most (−3.00 per step)"
    assert explain.strongest(one[:1]).endswith("contributes most (+0)")
    assert forecast_charts.moments([1, 2]) == ["step 1", "step 2"]
    assert forecast_charts.moments(["2020-01-01 05:00:00"]) == ["1 Jan 2020, 05:00"]
    assert forecast_charts.moments(["2020-01-01 00:00:00", "2020-01-08 00:00:00"]) == ["1 Jan 2020", "8 Jan 2020"]


def test_numbers_of_forecasts_have_four_digits() -> None:
    assert predict.four_digits(301863.4) == 301900 and predict.four_digits(None) is None
    assert len(QUICK) == 3


def test_faithfulness_is_told_beside_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    page = MagicMock()
    monkeypatch.setattr(faithfulness, "st", page)
    measured = {"deletion": 0.1, "random_deletion": 0.5, "insertion": 0.4, "random_insertion": 0.5}
    faithfulness.show(measured)
    assert page.badge.call_args.args[0] == "Partly faithful"
    faithfulness.show({**measured, "insertion": 0.9, "leave_one_out": 0.8})
    assert page.badge.call_args.args[0] == "Faithful"
    assert "Rank correlation with occlusion" in page.markdown.call_args.args[0]
    page.reset_mock()
    faithfulness.show({"deletion": None})
    page.badge.assert_not_called()


def test_parts_and_covariates_are_drawn_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    charts: list[Any] = []
    monkeypatch.setattr(explain.charts, "draw", lambda chart, alt, **more: charts.append((chart, alt)))
    context = MagicMock()
    context.label.side_effect = str.upper
    context.dataset = {"roles": {"series": ["s"], "value": ["v"]}}
    context.summary = {"dataset": {"roles": {"value": ["sales"]}}}
    ahead = {"ahead": {"time": ["2020-01-01 00:00:00", "2020-02-01 00:00:00"]}}
    one = {"model": "nbeats", "method": "components", "parts": ["trend", "season"], "weights": [[1, 2], [0.5, -0.5]]}
    explain._components(context, one, ahead, "Trend, season, residual")
    chart, alt = charts.pop()
    assert alt.startswith("Trend, season, residual: components of NBEATS. trend from 1.00 to 2.00")
    assert {line.name for line in chart.data} >= {"trend", "season"}
    explain._covariates({"model": "nbeats", "method": "occlusion"}, [("promo", -14.0), ("rain", 2.0)])
    chart, alt = charts.pop()
    assert alt == "Covariates: promo −14.0; rain +2.00."
    assert list(chart.layout.xaxis.range) == pytest.approx([-14 * 1.42, 2 + 14 * 0.3])  # room for the numbers
    assert explain.strongest([("2020-01-01", 3.0)], [("promo", -14.0)]) == "promo contributes most (−14.0)"


@pytest.mark.usefixtures("shops")
def test_the_learning_curve_says_who_is_ahead_where_little_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {
            "model": model,
            "label": label,
            "axis": axis,
            "labels": labels,
            "rows": 10,
            "seed": seed,
            "metric": "mase",
            "value": value + 0.1 * seed,
            "about": "Judged on the same windows.",
        }
        for model, label, value in (("zero_shot", "Pretrained", 0.8), ("from_scratch", "From scratch", 1.1))
        for axis in ("length", "series")
        for labels in (12, 48)
        for seed in (0, 1)
    ]
    answered(monkeypatch, "learning_curve", rows)
    test = opened("Compare")
    test.session_state["forecasting_labels"] = True
    settled(test).button(key="draw_curve").click()
    words = said(settled(test))
    assert "With 12 steps of history, Pretrained leads: MASE 0.850" in words
    assert "With 12 series, Pretrained leads" in words and "Judged on the same windows." in words
    assert len(drawn(test, "curve_length")["data"]) == 4  # a line and a band for each model


def test_a_chosen_window_of_disagreement_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    page, asked, shown = MagicMock(), [], []
    for module in (disagreements, tables):
        monkeypatch.setattr(module, "st", page)
    monkeypatch.setattr(curves, "draw_fan", lambda *about, **more: shown.append((about, more)))
    context = MagicMock()
    context.label.side_effect = str.upper
    context.probe.side_effect = lambda task, args, **more: asked.append((task, args)) or {"series": "x"}
    found = [
        {"row": name, "window": at, "a": "drift", "b": "nlinear", "difference": 3.0, "error_a": 1.0, "error_b": 2.0}
        for at, name in enumerate(("x", "y"))
    ]
    page.dataframe.return_value.selection.rows = []
    disagreements.show(context, found, ("nlinear", "drift"))
    assert not asked and not shown
    table = page.dataframe.call_args.args[0]
    assert table["MASE of NLINEAR"].tolist() == [2.0, 2.0] and table["Window"].tolist() == [1, 2]
    page.dataframe.return_value.selection.rows = [1]
    disagreements.show(context, found, ("nlinear", "drift"))
    assert asked == [("window_forecasts", {"series": "y", "window": 1})] and shown[0][0][2] == ["nlinear", "drift"]
