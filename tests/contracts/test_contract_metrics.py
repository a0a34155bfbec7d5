"""What every registered metric keeps, whatever it measures."""

import inspect

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame

from dl_core.evaluate.metrics import METRICS

SHAPES = [2, 4]


def rows(k, n=60, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, k, n), rng.dirichlet(np.ones(k), n)


def fitting(k):
    return [metric for metric in METRICS.values() if k == 2 or not metric.binary_only]


CASES = [pytest.param(metric, k, id=f"{metric.name}-{k}") for k in SHAPES for metric in fitting(k)]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_describes_itself(metric):
    assert METRICS[metric.name] is metric and metric.label and "\n" not in metric.help and len(metric.help) < 140
    assert metric.help.endswith(".") and metric.needs in ("labels", "scores")
    assert metric.trials in ("", "rows", "positives", "negatives") and metric.bounds[0] < metric.bounds[1]
    assert list(inspect.signature(metric.function).parameters)[:3] == ["y_true", "y_score", "threshold"]
    assert metric.function.__name__ == metric.name and metric.function.__doc__


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_a_float_within_bounds_whatever_the_order(metric, k):
    y_true, score = rows(k)
    value = metric(y_true, score)
    assert isinstance(value, float) and metric.bounds[0] <= value <= metric.bounds[1]
    order = np.random.default_rng(1).permutation(len(y_true))
    assert metric(y_true[order], score[order]) == pytest.approx(value)


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_perfect_is_best(metric, k):
    y_true, score = rows(k)
    perfect = np.eye(k)[y_true]
    if metric.judges:
        best = metric.bounds[1] if metric.higher_is_better else metric.bounds[0]
        assert metric(y_true, perfect) == pytest.approx(best, abs=1e-9)
        assert metric.sign * metric(y_true, perfect) >= metric.sign * metric(y_true, score)
    else:
        assert metric(y_true, perfect) == pytest.approx({"selection_rate": (y_true == 1).mean()}.get(metric.name, 0.0))


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_labels_move_with_the_threshold_and_scores_do_not(metric, k):
    if k == 2:
        y_true, score = rows(k)
        moves = metric(y_true, score, 0.1) != metric(y_true, score, 0.9)
        assert moves == (metric.needs == "labels")
    else:
        y_true, score = rows(k)
        assert metric(y_true, score, 0.1) == metric(y_true, score, 0.9)


@pytest.mark.parametrize(("metric", "k"), CASES)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_never_a_crash_on_few_rows_or_one_class(metric, k, n):
    value = metric(np.zeros(n, dtype=int), np.full((n, k), 1 / k))
    assert np.isnan(value) or metric.bounds[0] <= value <= metric.bounds[1]
    assert n or np.isnan(value)


@pytest.mark.parametrize(("metric", "k"), CASES)
def test_serves_metric_frame(metric, k):
    y_true, score = rows(k)
    group = np.array(["a", "b"])[np.arange(60) % 2]
    frame = MetricFrame(metrics=metric.function, y_true=y_true, y_pred=score, sensitive_features=group)
    assert frame.by_group["b"] == pytest.approx(metric(y_true[1::2], score[1::2]), nan_ok=True)
