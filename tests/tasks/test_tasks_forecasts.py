"""Jobs on a run of forecasters: what it said of test windows, why, what comes next, and what if the plan changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.series.plain import numbers, times_json
from dl_core.domain import get_domain
from dl_core.explain.defaults import default_forecast_methods
from dl_core.probes.series.opened import MOST_SHOWN, fan, shown_history
from dl_core.tasks.prepared import first_questions
from dl_core.train.run import Run
from tests.forecast_runs import HORIZON, QUICK, WINDOWS, shared_run, workplace
from tests.series import toy_frame, toy_panel
from tests.tasks.conftest import Workplace, upload


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of three quick models on six shops with a plan of promotions."""
    return shared_run(tmp_path_factory)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Workplace:
    """Return a workspace that holds the run."""
    return workplace(tmp_path_factory.mktemp("home"), run)


def refused(shops: Workplace, probe: str, **args) -> str:
    """Return the kind of error with which a job ends."""
    return (shops.put(probe, run=shops.run, **args).error or {}).get("kind", "")


def test_series_are_found_by_their_error_and_by_name(shops, run):
    found = shops.ask("judged_series", run=shops.run, model="drift", kind="worst")
    errors = [one["errors"]["drift"] for one in found["series"]]
    assert (found["total"], found["judged"]) == (6, 6) and errors == sorted(errors, reverse=True)
    cases = run.predictions.cases("drift", "test")
    first = found["series"][0]
    scale = dict(zip(toy_panel(length=96).series, run_scales(run), strict=True))[first["series"]]
    mine = np.array([name == first["series"] for name in cases.series])
    by_hand = np.abs(cases.middle - cases.truth)[mine].mean() / scale
    assert first["errors"]["drift"] == pytest.approx(by_hand) and set(first["errors"]) == set(QUICK)
    assert first["groups"]["region"] in ("north", "south")
    best = shops.ask("judged_series", run=shops.run, model="drift", kind="best")["series"]
    assert [one["errors"]["drift"] for one in best] == errors[::-1]
    named = shops.ask("judged_series", run=shops.run, search="SHOP 3")
    assert [one["series"] for one in named["series"]] == ["shop 3"] and named["total"] == 1
    assert shops.ask("judged_series", run=shops.run, search="nothing")["series"] == []


def run_scales(run: Run) -> np.ndarray:
    """Return what MASE divides by: the mean change over a season before the test."""
    table = run.load_dataset().table
    known = table[~table.index.isin(run.splits.test)]
    return known.groupby("series", sort=False)["sales"].apply(lambda sales: sales.diff(12).abs().mean()).to_numpy()


def test_a_window_has_history_truth_and_intervals_around_each_forecast(shops, run):
    found = shops.ask("window_forecasts", run=shops.run, series="shop 2")
    assert (found["window"], found["windows"]) == (WINDOWS - 1, WINDOWS) and list(found["models"]) == list(QUICK)
    sales = run.load_dataset().table.query("series == 'shop 2'")["sales"].to_numpy()
    assert found["truth"]["value"] == pytest.approx(sales[-HORIZON:], rel=1e-6)
    assert found["history"]["value"] == pytest.approx(sales[-HORIZON - 36 : -HORIZON], rel=1e-6)
    assert found["history"]["time"][-1] < found["truth"]["time"][0]
    assert found["models"]["seasonal_naive"]["middle"] == pytest.approx(sales[-HORIZON - 12 : -12], rel=1e-4)
    for one in found["models"].values():
        low, middle, high = (np.array(one[name]) for name in ("lower_95", "middle", "upper_95"))
        assert (low <= middle).all() and (middle <= high).all() and one["time"] == found["truth"]["time"]
    first = shops.ask("window_forecasts", run=shops.run, series="shop 2", window=0, models=["drift"])
    assert first["truth"]["value"] == pytest.approx(sales[-2 * HORIZON : -HORIZON], rel=1e-6)
    assert list(first["models"]) == ["drift"] and list(first["errors"]) == ["drift"]


def test_windows_and_series_that_are_not_there_are_refused(shops):
    assert refused(shops, "window_forecasts", series="nobody") == "OptionError"
    assert refused(shops, "window_forecasts", series="shop 1", window=7) == "OptionError"
    assert refused(shops, "window_forecasts", series="shop 1", models=["odd"])
    assert refused(shops, "explain_forecast", series="nobody") == "OptionError"
    assert refused(shops, "explain_forecast", series="shop 1", step=HORIZON + 1) == "OptionError"
    assert refused(shops, "what_if_plan", series="nobody") == "OptionError"
    changes = {"temp": {"set": 1.0}}  # known only afterwards
    assert refused(shops, "what_if_plan", series="shop 1", changes=changes) == "OptionError"


def test_reasons_weigh_past_steps_and_covariates_and_say_what_does_not_fit(shops):
    found = shops.ask(
        "explain_forecast",
        run=shops.run,
        series="shop 1",
        models=["nlinear"],
        methods=["integrated_gradients", "occlusion", "components"],
        step=2,
    )
    gradients, occlusion = found["explanations"]
    assert [gradients["method"], occlusion["method"]] == ["integrated_gradients", "occlusion"]
    assert (found["window"], found["step"], found["horizon"]) == (WINDOWS - 1, 2, HORIZON)
    weights = gradients["weights"][0]
    assert len(weights) == len(gradients["features"]) >= gradients["steps"] > 0
    assert sum(weights) == pytest.approx(gradients["score"] - gradients["base"], rel=0.05, abs=1.0)
    assert found["history"]["time"][-1] == gradients["features"][gradients["steps"] - 1]
    assert 0 <= gradients["faithfulness"]["random_deletion"] <= 1
    (lost,) = found["left_out"]
    assert (lost["model"], lost["method"]) == ("nlinear", "components") and lost["reason"]
    quick = shops.ask("explain_forecast", run=shops.run, series="shop 1", methods=["occlusion"], faithfulness=False)
    assert all(one["faithfulness"] is None for one in quick["explanations"])


def test_all_series_go_on_beyond_their_end(shops, run):
    found = shops.ask("forecast_ahead", run=shops.run, model="seasonal_naive")
    assert (found["model"], found["series"], found["rows"]) == ("seasonal_naive", 6, 6 * HORIZON)
    table = pd.read_csv(shops.home / found["csv"])
    assert list(table) == ["series", "time", "mean", "lower_80", "upper_80", "lower_95", "upper_95"]
    sales = run.load_dataset().table.query("series == 'shop 4'")["sales"].to_numpy()
    assert table.query("series == 'shop 4'")["mean"].to_numpy() == pytest.approx(sales[-12 : -12 + HORIZON], rel=1e-4)
    assert (table["lower_95"] <= table["lower_80"]).all() and (table["upper_80"] <= table["upper_95"]).all()
    assert found["table"][0]["time"] == "2018-01-01 00:00:00" and len(found["table"]) == len(table)
    chart = found["charts"][0]
    assert chart["history"]["time"][-1] == "2017-12-01 00:00:00" and len(chart["forecast"]["time"]) == HORIZON
    assert all({"series", "time", "value", "expected", "score"} <= set(one) for one in found["unusual"])
    further = shops.ask("forecast_ahead", run=shops.run, model="seasonal_naive", horizon=14)
    assert further["rows"] == 6 * 14


def test_sums_add_up_and_stand_first_among_the_charts(shops):
    found = shops.ask(
        "forecast_ahead", run=shops.run, model="drift", reconcile="bottom up", hierarchy="region", search="north"
    )
    table = pd.read_csv(shops.home / found["csv"]).pivot(index="time", columns="series", values="mean")
    parts = [f"shop {at}" for at in range(6)]
    more = [name for name in table if name not in parts]
    assert found["series"] == 6 + len(more) and len(more) == 3
    total = table[parts].sum(axis=1)
    assert any(np.allclose(table[name], total, rtol=1e-4) for name in more)
    north = [name for name in more if "north" in name]
    assert np.allclose(table[north[0]], table[[f"shop {at}" for at in (0, 2, 4)]].sum(axis=1), rtol=1e-4)
    assert [one["series"] for one in found["charts"]] == north and found["charts"][0]["history"] is None
    assert refused(shops, "forecast_ahead", model="drift", reconcile="mint", hierarchy="colour") == "OptionError"


def test_one_series_can_be_asked_for_alone(shops):
    found = shops.ask("forecast_ahead", run=shops.run, model="drift", search="Shop 5", only=True)
    assert [one["series"] for one in found["charts"]] == ["shop 5"] and "csv" not in found
    whole = shops.ask("forecast_ahead", run=shops.run, model="drift")["charts"]
    assert found["charts"][0]["forecast"]["middle"] == pytest.approx(whole[5]["forecast"]["middle"], rel=1e-5)
    assert shops.ask("forecast_ahead", run=shops.run, model="drift", search="nothing", only=True)["charts"] == []


@pytest.mark.parametrize("layout", ["long", "columns"])
def test_new_series_come_in_any_layout_with_times(shops, tmp_path: Path, layout: str):
    frame = toy_frame(n=3, length=60, seed=3).drop(columns="region")
    wide = frame.pivot(index="month", columns="series", values="sales")
    if layout == "columns":
        frame = wide.reset_index()
    frame.to_csv(tmp_path / "new.csv", index=False)
    name = upload(shops, tmp_path / "new.csv", f"new_{layout}")
    found = shops.ask("forecast_ahead", run=shops.run, model="seasonal_naive", cases={"upload": name, "keep": True})
    assert found["series"] == 3 and found["rows"] == 3 * HORIZON
    last = wide["shop 0"].to_numpy()[-12 : -12 + HORIZON]
    assert found["charts"][0]["forecast"]["middle"] == pytest.approx(last, rel=1e-4)
    shops.ask("forecast_ahead", run=shops.run, model="seasonal_naive", cases={"upload": name})
    assert not (shops.home / "uploads" / name).exists()


def test_new_series_that_cannot_be_read_say_why(shops, tmp_path: Path):
    (tmp_path / "odd.csv").write_text("series,month,sales\na,2020-01-01,many\na,2020-02-01,few\n")
    (tmp_path / "rows.csv").write_text("name,1,2,3\na,5,6,7\nb,6,7,8\n")  # no times, which the run has
    for name in ("odd", "rows"):
        where = upload(shops, tmp_path / f"{name}.csv", name)
        job = shops.put("forecast_ahead", run=shops.run, model="drift", cases={"upload": where})
        assert job.state == "failed" and job.error["kind"] in ("SchemaError", "DataError") and job.error["expected"]


def test_a_changed_plan_moves_what_reads_it_and_nothing_else(shops):
    same = shops.ask("what_if_plan", run=shops.run, series="shop 1")
    assert same["covariates"] == ["promo"] and len(same["time"]) == HORIZON and len(same["all"]) == 6
    assert all(both["before"] == both["after"] for both in same["models"].values())
    changes = {"promo": {"set": 1.0, "steps": [2, 3]}}
    found = shops.ask("what_if_plan", run=shops.run, series="shop 1", changes=changes)
    before, after = found["plan"]["promo"]["before"], found["plan"]["promo"]["after"]
    assert after[1:3] == [1.0, 1.0] and [after[0], *after[3:]] == [before[0], *before[3:]]
    assert found["models"]["seasonal_naive"]["before"] == found["models"]["seasonal_naive"]["after"]
    added = shops.ask("what_if_plan", run=shops.run, series="shop 1", changes={"promo": {"add": 2.0}})
    assert added["plan"]["promo"]["after"] == pytest.approx([value + 2 for value in before])


def test_spoilt_histories_are_scored_at_growing_strength(shops):
    rows = pd.DataFrame(shops.ask("corrupted_histories", run=shops.run, models=["seasonal_naive"])["rows"])
    assert {"noise", "missing", "level_shift", "outliers"} == set(rows["corruption"])
    noise = rows[rows["corruption"] == "noise"].set_index("strength")["value"]
    assert noise.index.tolist() == sorted(noise.index) and noise.iloc[-1] > noise.iloc[0] > 0


def test_kept_answers_are_what_the_tabs_ask(run):
    domain = get_domain("forecasting")
    asked = dict(first_questions(domain, run, {}))
    assert {"describe", "judged_series", "bias", "forecast_ahead", "what_if_plan", "learning_curve"} <= set(asked)
    assert asked["judged_series"]["model"] == "nlinear"
    assert not {"window_forecasts", "explain_forecast"} & set(asked)  # which series, nobody knows yet
    then = dict(first_questions(domain, run, {"judged_series": {"series": [{"series": "shop 1"}]}}))
    assert then["window_forecasts"] == {"series": "shop 1"}
    why = then["explain_forecast"]
    assert why["methods"] == ["integrated_gradients", "occlusion"] and why["models"] == ["nlinear"]
    none = dict(first_questions(domain, run, {"judged_series": {"series": []}}, slow=False))
    assert not {"window_forecasts", "explain_forecast", "learning_curve"} & set(none)
    assert default_forecast_methods(domain.explainers, "baseline") == ["occlusion"]


def test_charts_are_plain_json_with_gaps_as_none():
    assert numbers([1.5, np.nan]) == [1.5, None]
    assert times_json(np.array(["2020-01-01T05:00"], dtype="datetime64[ns]")) == ["2020-01-01 05:00:00"]
    assert times_json(np.array([3, 4])) == [3, 4]
    history = shown_history(toy_panel(n=2, length=5000, season=400), 6)
    assert len(history["time"]) == len(history["value"]) == MOST_SHOWN
    lines = pd.DataFrame({"time": [1], **{f"q_{level}": [level] for level in (0.025, 0.1, 0.5, 0.9, 0.975)}})
    assert fan(lines) == {
        "time": [1],
        "lower_95": [0.025],
        "lower_80": [0.1],
        "middle": [0.5],
        "upper_80": [0.9],
        "upper_95": [0.975],
    }
