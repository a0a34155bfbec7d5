"""The same page where rows are steps of series: what was read, the forms, uploads in three layouts, words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core import pipeline
from dl_core.domain import Sample
from dl_core.store import get_store
from dl_core.tasks import prepared
from dl_core.train.run import Run, TrainSpec
from tests.pages.test_pages_router import said
from tests.series import toy_dataset, toy_frame
from ui.kinds.series import concepts, data, preview
from ui.kinds.series import lines as lines_series
from ui.kinds.series import words as series_words
from ui.panels import estimate
from ui.shell import metric_words
from ui.shell.owner import owner_of

ROOT = Path(__file__).parents[2]
MODELS = ("seasonal_naive", "drift")


@pytest.fixture(scope="module")
def shops_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of two baselines on four series of shops."""
    domain = registry.get_domain("forecasting")
    dataset = toy_dataset(n=4, length=96, covariates=True)
    options = domain.parse_options({"horizon": 6, "windows": 2})
    splits = pipeline.split(domain, dataset, 0, options)
    folder = tmp_path_factory.mktemp("shops") / "run"
    return pipeline.train(domain, dataset, splits, TrainSpec(MODELS, 0, None, options), folder)


@pytest.fixture
def shops(shops_run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Put the run on shops in the place of the sample's."""
    known = registry.get_domain("forecasting")
    sample = Sample(shops_run.folder, "Shops", shops_run.folder)
    monkeypatch.setitem(registry._DOMAINS, "forecasting", dataclasses.replace(known, sample=sample))
    yield shops_run


def opened(tab: str) -> AppTest:
    """Return the page at a tab, through the router."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
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


def uploaded(frame: pd.DataFrame, layout: str) -> AppTest:
    """Return the Data tab after an upload read with a layout and a season of 12 steps."""
    test = opened("Data")
    test.button(key="source_upload").click().run()
    test.file_uploader(key="upload_files").upload("shops.csv", frame.to_csv(index=False).encode(), "text/csv").run()
    test.button(key="upload_read").click().run()
    settled(test)
    test.session_state["reading_certain"] = True  # all is certain, so that options are folded
    test.run()
    next(one for one in test.selectbox if one.label == "Table layout").set_value(layout)
    next(one for one in test.text_input if one.label == "Season length").set_value("12")
    next(one for one in test.button if one.label == "Read again").click().run()
    assert "How your files were read" in [one.value for one in settled(test).subheader]
    test.button(key="reading_continue").click().run()
    return settled(test)


def drawn(test: AppTest, key: str) -> dict[str, Any]:
    """Return the chart of that key as plain JSON."""
    (chart,) = [one for one in test.get("plotly_chart") if f"-{key}" in one.proto.id]
    return json.loads(chart.proto.spec)


@pytest.mark.usefixtures("shops")
def test_data_shows_counts_the_list_the_lines_and_the_season() -> None:
    test = opened("Data")
    words = said(test)
    assert [one.label for one in test.metric] == ["Series", "Observations", "Frequency", "Season length"]
    assert [one.value for one in test.metric] == ["4", "384", "monthly", "12"]
    assert "From Jan 2010 to Dec 2017. 96 steps each. No missing values." in words
    assert "Evaluated on 2 windows of 6 steps at the end of all series" in words
    assert "is usually highest" in words and "These belong to the sample." in words
    assert test.dataframe[0].value["Series"].tolist() == [f"shop {at}" for at in (3, 2, 1, 0)]
    chart = drawn(test, "series_lines")
    assert len(chart["data"]) == 3 and len(chart["layout"]["shapes"]) == 6
    assert chart["layout"]["shapes"][1]["x0"].startswith("2017-01")  # the test begins a year before the end
    assert test.button(key="source_samples")


@pytest.mark.usefixtures("shops")
def test_series_are_searched_and_the_end_is_drawn_alone() -> None:
    test = opened("Data")
    test.text_input(key="forecasting_listed_search").set_value("south")
    assert settled(test).dataframe[0].value["Series"].tolist() == ["shop 3", "shop 1"]
    test.segmented_control(key="forecasting_lines_view_None").set_value("end")
    assert len(drawn(settled(test), "series_lines")["data"][0]["x"]) == 24 * 3
    test.text_input(key="forecasting_listed_search").set_value("nowhere")
    assert "No matching series" in said(settled(test))


@pytest.mark.usefixtures("shops")
def test_train_hides_what_was_decided_when_reading_and_says_what_is_held_out() -> None:
    test = opened("Train")
    keys = {str(one.key) for one in (*test.number_input, *test.text_input, *test.selectbox)}
    assert {"forecasting_option_horizon", "forecasting_option_windows", "forecasting_option_reconcile"} <= keys
    assert not {"forecasting_option_season", "forecasting_option_frequency", "forecasting_option_layout"} & keys
    words = said(test)
    assert "No labels:" not in words and "Evaluated on the last 2 windows of 6 steps" in words
    assert "Forecast horizon" in [one.label for one in test.number_input]


@pytest.mark.usefixtures("shops")
@pytest.mark.parametrize("layout", ["long", "columns", "rows"])
def test_an_upload_in_each_layout_is_read_and_shown(layout: str) -> None:
    frame = toy_frame(n=3, length=60)
    wide = frame.pivot(index="month", columns="series", values="sales")
    if layout == "columns":
        frame = wide.reset_index()
    elif layout == "rows":
        frame = wide.T.reset_index().set_axis(["name", *(f"V{at + 1}" for at in range(60))], axis=1)
    test = uploaded(frame, layout)
    words = said(test)
    assert "**shops** · 180 steps" in words and [one.value for one in test.metric][:2] == ["3", "180"]
    assert ("From step 1 to step 60" if layout == "rows" else "From Jan 2010 to Dec 2014") in words


@pytest.mark.usefixtures("shops")
def test_season_is_changed_by_reading_again_and_the_horizon_without() -> None:
    test = uploaded(toy_frame(n=3, length=60), "auto")
    owner = owner_of(test.session_state["_owner_token"])
    (first,) = get_store().datasets(owner)
    test.number_input(key=number_key(test, "horizon")).set_value(4)
    pressed(test, "Apply")
    assert test.session_state["forecasting_option_horizon"] == 4 and "of 4 steps" in said(settled(test))
    assert len(get_store().datasets(owner)) == 1
    test.text_input(key=text_key(test, "season")).set_value("6")
    pressed(test, "Apply")
    settled(test)
    assert len(get_store().datasets(owner)) == 2
    assert [one.value for one in test.metric][3] == "6" and "Read again from the rows that were kept" in said(test)
    assert first.id in {one.id for one in get_store().datasets(owner)}


def number_key(test: AppTest, name: str) -> str:
    """Return the key of the form's field of that name."""
    return next(one.key for one in test.number_input if str(one.key).startswith("time_") and f"_{name}_" in one.key)


def text_key(test: AppTest, name: str) -> str:
    """Return the key of the form's text of that name."""
    return next(one.key for one in test.text_input if str(one.key).startswith("time_") and f"_{name}_" in one.key)


def pressed(test: AppTest, label: str) -> None:
    """Press a form's button."""
    next(one for one in test.button if one.label == label).click().run()


@pytest.mark.usefixtures("shops")
def test_an_upload_is_trained_with_the_horizon_of_the_form() -> None:
    test = uploaded(toy_frame(n=3, length=60), "auto")
    test.session_state["tab"] = "Train"
    settled(test)
    for box in test.checkbox:
        if "_model_" in str(box.key):
            box.set_value(box.key.endswith(MODELS))
    test.number_input(key="forecasting_option_horizon").set_value(3)
    settled(test).button(key="start_training").click().run()
    assert "Done in" in said(settled(test))
    (run,) = get_store().runs(owner_of(test.session_state["_owner_token"]))
    options = run.spec["options"]
    assert run.state == "done" and (options["horizon"], options["season"], options["layout"]) == (3, "12", "auto")


def test_the_tabs_first_questions_of_a_run_on_series(shops_run: Run) -> None:
    domain = registry.get_domain("forecasting")
    asked = [args for task, args in prepared.first_questions(domain, shops_run, {}) if task == "describe"]
    assert asked == [{"view": "overview"}, {"view": "listed", "kind": "mix", "search": "", "page": 0}]
    listed = {"describe listed": {"series": [{"series": "a", "mean": 2.0}]}}
    then = prepared.first_questions(domain, shops_run, listed)
    assert ("describe", {"view": "lines", "series": ["a"]}) in then


@pytest.mark.usefixtures("shops")
def test_home_and_concepts_speak_of_forecasting() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).run()
    assert not test.exception and not test.error
    assert "MASE on the sample, lower is better: Seasonal naive 0." in said(test)
    test.switch_page("pages/concepts.py").run()
    assert not test.exception and not test.error
    titles = [one.value for one in test.subheader]
    assert {"Rolling origins", "Conformal intervals", "Why splits are temporal, not random"} <= set(titles)


def test_concepts_draw_without_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    said_of: list[str] = []
    monkeypatch.setattr(concepts.charts, "draw", lambda chart, alt, **more: said_of.append(alt))
    for idea in concepts.IDEAS:
        assert idea.alone
        idea.draw(None)
    assert len(said_of) == 5 and "actual values lie in the 80 % interval" in said_of[1]
    between, ahead = concepts.shuffled_errors()
    assert ahead > 2 * between
    ratios = concepts._ratios()
    assert float((ratios <= 1).mean()) < 0.8 < float((ratios <= ratios[48]).mean()) < 0.83


def test_networks_that_forecast_take_as_long_for_few_steps_as_for_many() -> None:
    models = {
        name: {"state": "done", "fit_seconds": 30.0, "kind": kind} for name, kind in (("net", "deep"), ("ets", "plain"))
    }
    summary = {
        "counts": {"train": 3000},
        "models": models,
        "dataset": {"roles": {"series": ["shop"], "value": ["sales"]}},
    }
    few = estimate.estimate(["net", "ets"], 300, estimate.speeds(summary, 300), "")
    assert few.models == pytest.approx({"net": 30.0, "ets": 3.0})
    rows = {**summary, "dataset": {"roles": {"label": ["fraud"]}}}
    assert estimate.speeds(rows, 300) == pytest.approx({"net": 0.01, "ets": 0.01})


def test_metrics_of_forecasts_have_words() -> None:
    context = MagicMock(domain=registry.get_domain("forecasting"), summary=None)
    mase = metric_words.metric("mase")
    assert mase.label == "MASE" and not mase.higher_is_better
    assert metric_words.measure(context, "odd_one").label == "Odd one"
    assert metric_words.measure(context, "coverage_80").label == "Coverage of 80 % intervals"
    assert metric_words.is_share(context, "mase") and not metric_words.is_share(context, "smape")


@pytest.mark.parametrize(
    ("value", "frequency", "words"),
    [
        ("2001-01-01 00:00:00", "MS", "Jan 2001"),
        ("2001-01-01 00:00:00", "YS-JAN", "2001"),
        ("2024-03-03 00:00:00", "D", "3 Mar 2024"),
        ("2024-03-03 14:30:00", "15min", "3 Mar 2024, 14:30"),
        (1200, "", "step 1,200"),
        (None, "h", "–"),
    ],
)
def test_times_are_told_as_finely_as_needed(value: str | int | None, frequency: str, words: str) -> None:
    assert series_words.moment(value, frequency) == words


def test_shares_steps_and_seasons_in_words() -> None:
    assert [series_words.share(value) for value in (0.184, -0.03, 0.001, None)] == ["+18 %", "−3 %", "0 %", "–"]
    assert (series_words.steps(1), series_words.steps(1200)) == ("1 step", "1,200 steps")
    assert [series_words.seasons({"seasons": one}) for one in ([], [12], [24, 168])] == ["none", "12", "24 and 168"]


def test_a_chart_of_one_series_is_named_by_its_value_and_names_are_no_markup() -> None:
    line = {"series": "<b>x</b>", "time": [1, 2], "value": [1.0, None], "steps": 2, "thinned": False}
    line["parts"] = {"train": 1, "end": 2}
    found = {"series": 2, "frequency": "", "values": {"column": "sales"}}
    chart = lines_series.figure([line], found)
    assert chart.layout.annotations[0].text == "&lt;b&gt;x&lt;/b&gt;" and not chart.layout.shapes
    assert lines_series.figure([line], {**found, "series": 1}).layout.annotations[0].text == "sales"
    assert "no value" in lines_series.said([{**line, "value": [None, None]}], found)


def test_the_list_names_blanks_only_where_there_are_any() -> None:
    one = {"series": "a", "spark": [1.0], "mean": 1.0, "steps": 3, "blank": 0, "groups": {"region": "north"}}
    assert list(data.table([one])) == ["Series", "History", "Mean", "Observations", "region"]
    assert "Missing" in data.table([{**one, "blank": 1}])


def test_the_home_card_draws_a_kept_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    said_of: list[str] = []
    monkeypatch.setattr(preview, "forecast", lambda domain: concepts.made_up())
    monkeypatch.setattr(preview.charts, "draw", lambda chart, alt, **more: said_of.append(alt))
    preview.draw(registry.get_domain("forecasting"))
    assert said_of[0].startswith(
        "a simulated series: history, forecast with prediction intervals, actual values. example from "
    )


def test_the_home_card_says_nothing_without_a_run() -> None:
    domain = dataclasses.replace(registry.get_domain("forecasting"), sample=None)
    assert preview.words(domain) == "" and preview.forecast(domain) is None
    assert np.isfinite(concepts.made_up()["history"]["value"]).all()
