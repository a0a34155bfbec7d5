"""What every registered metric keeps, whatever it measures."""

import inspect

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame

import dl_core.evaluate as stage
from dl_core.evaluate import registry
from dl_core.evaluate.about import take_rows
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import ALL_METRICS, metric_named
from dl_core.evaluate.scored import Scored
from dl_core.evaluate.table.oracle import bounds

SHAPES = [2, 4]
CLASS = [metric for metric in ALL_METRICS.values() if isinstance(metric, ClassMetric)]


def rows(k, n=60, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, k, n), rng.dirichlet(np.ones(k), n)


def facts(n, days=3, seed=4):
    """Facts of rows for metrics that need them; a budget that is smaller than a day."""
    rng = np.random.default_rng(seed)
    about = {"day": np.arange(n) % days, "account": rng.integers(0, 20, n), "amount": rng.exponential(50, n)}
    return about | {"budget": 5.0, "review_cost": 4.0, "loss_share": 0.9, "days": float(days)}


def fitting(k):
    return [metric for metric in CLASS if k == 2 or not metric.binary_only]


CASES = [pytest.param(metric, k, id=f"{metric.name}-{k}") for k in SHAPES for metric in fitting(k)]


@pytest.mark.parametrize("metric", ALL_METRICS.values(), ids=ALL_METRICS)
def test_describes_itself(metric):
    worded = metric.at(7)
    assert ALL_METRICS[metric.name] is metric and worded.label and "{" not in worded.label + worded.help
    assert "\n" not in metric.help and len(metric.help) < 140 and metric.help.endswith(".") and "—" not in metric.help
    assert metric.bounds[0] < metric.bounds[1] and metric.problem in ("classification", "ranking", "forecasting")
    assert metric_named(metric.name, type(metric)) is metric
    assert metric.target is None or metric.bounds[0] <= metric.target <= metric.bounds[1]


@pytest.mark.parametrize("metric", ALL_METRICS.values(), ids=ALL_METRICS)
def test_the_better_of_two_values_has_the_larger_gap(metric):
    low, high = (0.2, 0.3) if metric.target is None else (metric.target - 0.1, metric.target + 0.3)
    better = high if metric.target is None and metric.higher_is_better else low
    values = np.array([low, high])
    assert values[metric.gap(values).argmax()] == better
    assert metric.gap(low) == metric.gap(values)[0]


@pytest.mark.parametrize("metric", CLASS, ids=lambda one: one.name)
def test_describes_what_it_judges(metric):
    assert metric.needs in ("labels", "scores") and metric.trials in ("", "rows", "positives", "negatives")
    assert list(inspect.signature(metric.function).parameters)[:3] == ["y_true", "y_score", "threshold"]
    assert metric.function.__name__ == metric.name and metric.function.__doc__


def test_a_metric_is_found_by_its_folder(tmp_path, monkeypatch):
    """A file in a folder of the stage and nothing else: it is found, named, and judges."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Toys."""')
    (folder / "metrics.py").write_text(
        "from dl_core.evaluate.metric import ClassMetric\n"
        "def rows(y_true, y_score, threshold=None):\n    return float(len(y_true))\n"
        'METRICS = (ClassMetric("rows", "Rows", "How many rows there are.", rows, bounds=(0.0, 1e9)),)\n'
    )
    monkeypatch.setattr(stage, "__path__", [*stage.__path__, str(tmp_path)])
    found = registry._found()
    assert set(found) == {*ALL_METRICS, "rows"} and found["rows"](*rows(2)) == 60.0


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_a_float_within_bounds_whatever_the_order(metric, k):
    y_true, score = rows(k)
    about = facts(len(y_true))
    value = metric(y_true, score, about=about)
    assert isinstance(value, float) and metric.bounds[0] <= value <= metric.bounds[1]
    order = np.random.default_rng(1).permutation(len(y_true))
    assert metric(y_true[order], score[order], about=take_rows(about, order)) == pytest.approx(value)


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_perfect_is_best(metric, k):
    y_true, score = rows(k)
    perfect = np.eye(k)[y_true]
    if metric.columns:
        case = Scored(y_true, score, None, facts(len(y_true)))
        best = bounds(case, [metric])[metric.name]
        if metric.judges:
            assert metric.bounds[0] <= best <= metric.bounds[1] and metric.sign * (best - case.value(metric)) >= 0
    elif metric.judges:
        best = metric.bounds[1] if metric.higher_is_better else metric.bounds[0]
        assert metric(y_true, perfect) == pytest.approx(best, abs=1e-9)
        assert metric.sign * metric(y_true, perfect) >= metric.sign * metric(y_true, score)
    else:
        assert metric(y_true, perfect) == pytest.approx({"selection_rate": (y_true == 1).mean()}.get(metric.name, 0.0))


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_labels_move_with_the_threshold_and_scores_do_not(metric, k):
    if k == 2:
        y_true, score = rows(k)
        about = facts(len(y_true))
        moves = metric(y_true, score, 0.1, about) != metric(y_true, score, 0.9, about)
        assert moves == (metric.needs == "labels")
    else:
        y_true, score = rows(k)
        assert metric(y_true, score, 0.1) == metric(y_true, score, 0.9)


@pytest.mark.parametrize(("metric", "k"), CASES)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_never_a_crash_on_few_rows_or_one_class(metric, k, n):
    value = metric(np.zeros(n, dtype=int), np.full((n, k), 1 / k), about=facts(n))
    assert np.isnan(value) or metric.bounds[0] <= value <= metric.bounds[1]
    assert n or np.isnan(value)


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_without_its_facts_it_has_no_value(metric, k):
    y_true, score = rows(k)
    for missing in metric.columns:
        about = {name: value for name, value in facts(len(y_true)).items() if name != missing}
        assert np.isnan(metric(y_true, score, about=about))
        assert np.isnan(metric.resampled(y_true, score, np.ones((2, len(y_true))), None, about)).all()
    assert metric.columns or metric(y_true, score) == metric(y_true, score, about=facts(len(y_true)))


@pytest.mark.parametrize(("metric", "k"), [case for case in CASES if not case.values[0].columns])
def test_serves_metric_frame(metric, k):
    y_true, score = rows(k)
    group = np.array(["a", "b"])[np.arange(60) % 2]
    frame = MetricFrame(metrics=metric.function, y_true=y_true, y_pred=score, sensitive_features=group)
    assert frame.by_group["b"] == pytest.approx(metric(y_true[1::2], score[1::2]), nan_ok=True)
