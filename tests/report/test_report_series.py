"""What a report shows of forecasts: a fan with what drove it, errors by step, coverage, and the best model first."""

import re

import numpy as np
import pandas as pd
import pytest

from dl_core.evaluate.results import Evaluation
from dl_core.evaluate.series.evaluate import evaluate_forecasts
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.series.plain import ForecastDrivers
from dl_core.explain.series.view import times_text
from dl_core.report.content import ReportContent, leaderboard, leaderboard_chart, metric_label, rises
from dl_core.report.html import write_report
from dl_core.report.series.section import as_examples, pick_series, series_charts
from dl_core.report.series.svg import Told, by_step, fan
from dl_core.train.run import FittedModel, Run, TrainSpec
from tests.series import toy_dataset, toy_forecasts, toy_panel, toy_splits

FACTS = {
    "title": "Forecasting",
    "purpose": "Say what comes next.",
    "notice": "",
    "limits": ["The future need not be like the past."],
    "judged": ["window", "windows"],
    "primary_metric": "mase",
    "models": {"good": {"label": "Good net", "summary": "s"}, "poor": {"label": "Naive", "summary": "p"}},
}


@pytest.fixture(scope="module")
def dataset():
    return toy_dataset()


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    panel, splits = toy_panel(), toy_splits(dataset)
    forecasts = toy_forecasts(panel=panel)
    facts = SeriesFacts.of(panel.until(np.arange(len(panel)), panel.lengths - 12))
    found = evaluate_forecasts(forecasts, splits.protocol, facts=facts)
    return Run(
        tmp_path_factory.mktemp("run"),
        "forecasting",
        TrainSpec(("poor", "good")),
        {**dataset.describe(), "path": "dataset"},
        splits,
        {
            "poor": FittedModel("poor", "Naive", "baseline", validation=-1.0),
            "good": FittedModel("good", "Good", "deep", validation=-0.5),
        },
        forecasts,
        found,
        environment={"system": "Linux", "cpus": "2", "python": "3.11", "keras": "3", "backend": "tensorflow"},
    )


def explained(panel, row="shop 1", steps=24):
    at = panel.series.tolist().index(row)
    end = panel.starts[at + 1] - 12  # what stands before the two test windows of six steps
    weights = np.zeros((1, steps + 1), dtype=np.float32)
    weights[0, [-2, -3, -1]] = [5.0, -2.0, 0.75]
    return ForecastDrivers(
        row,
        "good",
        "integrated_gradients",
        "mean over the horizon",
        weights,
        210.0,
        Faithfulness(0.2, 0.8, 0.5, 0.5, leave_one_out=0.9),
        features=(*times_text(panel.times[end - steps : end]), "promo"),
        values=("1",) * steps + ("0.5",),
        typical=("2",) * (steps + 1),
        base=200.0,
        steps=steps,
    )


def test_typical_best_and_worst_series_come_first(run):
    name, rows = pick_series(run, 6)
    cases = run.predictions.cases("good")
    first = cases.windows == 0
    share = np.abs(cases.middle - cases.truth).sum(axis=1)[first] / np.abs(cases.truth).sum(axis=1)[first]
    ordered = cases.series[first][np.argsort(share)].tolist()
    assert name == "good" and rows[:3] == [ordered[3], ordered[0], ordered[5]]
    assert sorted(rows) == sorted(ordered) and pick_series(run, 2)[1] == rows[:2]


def test_no_series_are_picked_without_a_deep_model_or_where_none_is_wanted(run):
    assert pick_series(run, 0) == (None, [])
    plain = Run(
        run.folder,
        "forecasting",
        run.spec,
        run.dataset,
        run.splits,
        {"poor": run.models["poor"]},
        run.predictions,
        run.evaluation,
    )
    assert pick_series(plain, 3) == (None, [])


def test_an_example_shows_history_forecast_and_what_drove_it(run, dataset):
    one = explained(toy_panel())
    (example,) = as_examples(run, dataset, [one])
    assert example.explanation is one and example.wide
    assert example.chart.count("<polygon") == 2 and example.chart.count("<polyline") == 3
    assert len(re.findall(r'<rect[^>]*height="200"', example.chart)) == 2  # two steps weigh something
    assert "2017-01-01" in example.chart and "2019-06-01" in example.chart
    truth = run.predictions.cases("good")
    case = np.flatnonzero((truth.series == "shop 1") & (truth.windows == 0))[0]
    assert (
        f"{truth.truth[case].mean():.3g}" in example.truth and "210" in example.predicted and "200" in example.predicted
    )


def test_missing_values_break_the_line_and_nothing_is_drawn_for_them():
    history = np.array([1.0, np.nan, 3.0, 4.0])
    told = Told(history, np.zeros(4), np.ones((2, 13)), np.full(2, np.nan), ("a", "b", "c"))
    chart = fan(told, "A <title>")
    assert "nan" not in chart and chart.count("<polyline") == 3 and "&lt;title&gt;" in chart


def test_a_metric_by_step_needs_two_steps():
    assert by_step([1], np.ones(1), np.ones(1), np.ones(1), "t") == ""
    chart = by_step([1, 2, 3], np.array([1.0, 2.0, 3.0]), np.zeros(3), np.full(3, 4.0), "t")
    assert chart.count("<polyline") == 1 and ">forecast step<" in chart


def test_charts_speak_of_the_best_model(run):
    content = ReportContent(run, FACTS)
    steps, coverage = series_charts(content)
    assert "Good net: " in steps and "by forecast step" in steps
    assert "95 % interval" in coverage and "coverage" in coverage


def test_lower_is_better_where_the_metric_says_so(run):
    assert metric_label("mase") != "mase" and not rises("mase") and rises("ndcg") and rises("auc")
    content = ReportContent(run, FACTS)
    assert [row["label"] for row in leaderboard(content)] == ["Good net", "Naive"]
    assert "MASE on 6 series, with" in leaderboard_chart(content)


def test_the_report_holds_the_chart_and_the_covariates(run, dataset, tmp_path):
    examples = tuple(as_examples(run, dataset, [explained(toy_panel())]))
    text = write_report(ReportContent(run, FACTS, examples=examples), tmp_path / "report.html").read_text()
    assert "shop 1: attribution of the forecast" in text and "Covariate" in text and "promo" in text
    assert "rank correlation with occlusion" in text and "wide-cases" in text


def test_a_run_without_forecasts_has_no_such_charts(run, tmp_path):
    table = pd.DataFrame({"model": [], "row": [], "y_true": [], "y_pred": []})
    other = Run(tmp_path, "x", run.spec, run.dataset, run.splits, run.models, table, Evaluation(table, {}, "p", ()))
    assert series_charts(ReportContent(other, FACTS)) == []
