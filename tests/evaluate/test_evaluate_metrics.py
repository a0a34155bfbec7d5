"""Metrics against hand-worked numbers, scikit-learn and plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from dl_core.errors import OptionError
from dl_core.evaluate.about import take_rows
from dl_core.evaluate.formulas import (
    accuracy,
    auprc,
    auroc,
    balanced_accuracy,
    brier,
    decide,
    ece,
    f1,
    log_loss,
    selection_rate,
    sensitivity,
    specificity,
)
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import ALL_METRICS, class_metrics

CLASS = [metric for metric in ALL_METRICS.values() if isinstance(metric, ClassMetric)]


def two(score):
    score = np.asarray(score, dtype=float)
    return np.column_stack([1 - score, score])


HAND_TRUE = np.array([0, 0, 1, 1])
HAND_SCORE = two([0.1, 0.4, 0.35, 0.8])


def test_hand_worked_values():
    assert auroc(HAND_TRUE, HAND_SCORE) == pytest.approx(3 / 4)  # of four pairs only (.4, .35) is the wrong way
    assert auprc(HAND_TRUE, HAND_SCORE) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert accuracy(HAND_TRUE, HAND_SCORE) == pytest.approx(3 / 4)
    assert accuracy(HAND_TRUE, HAND_SCORE, 0.35) == pytest.approx(3 / 4)
    assert sensitivity(HAND_TRUE, HAND_SCORE, 0.35) == 1.0
    assert specificity(HAND_TRUE, HAND_SCORE, 0.35) == 0.5
    assert f1(HAND_TRUE, HAND_SCORE, 0.35) == pytest.approx(2 * (2 / 3) / (5 / 3))
    assert brier(HAND_TRUE, HAND_SCORE) == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    assert log_loss(HAND_TRUE, HAND_SCORE) == pytest.approx(-np.log([0.9, 0.6, 0.35, 0.8]).mean())
    assert selection_rate(HAND_TRUE, HAND_SCORE, 0.35) == 0.75
    # bins .1 (error .1), .3 (-.65), .4 (.4), .8 (-.2): every bin holds one row
    assert ece(HAND_TRUE, HAND_SCORE) == pytest.approx((0.1 + 0.65 + 0.4 + 0.2) / 4)


def test_ties_count_half():
    assert auroc(np.array([0, 1]), two([0.5, 0.5])) == 0.5
    assert auroc(np.array([0, 1, 1]), two([0.5, 0.5, 0.9])) == 0.75


@pytest.fixture(params=range(5))
def binary(request):
    rng = np.random.default_rng(request.param)
    y_true = rng.integers(0, 2, 150)
    return y_true, np.clip(rng.normal(0.4 + 0.2 * y_true, 0.25), 0.01, 0.99).round(2)


def test_binary_equals_scikit_learn(binary):
    y_true, score = binary
    called = (score >= 0.5).astype(int)
    assert auroc(y_true, two(score)) == pytest.approx(oracle.roc_auc_score(y_true, score))
    assert auprc(y_true, two(score)) == pytest.approx(oracle.average_precision_score(y_true, score))
    assert f1(y_true, two(score), 0.5) == pytest.approx(oracle.f1_score(y_true, called))
    assert balanced_accuracy(y_true, two(score), 0.5) == pytest.approx(oracle.balanced_accuracy_score(y_true, called))
    assert brier(y_true, two(score)) == pytest.approx(oracle.brier_score_loss(y_true, score))
    assert log_loss(y_true, two(score)) == pytest.approx(oracle.log_loss(y_true, score))
    assert sensitivity(y_true, two(score), 0.5) == pytest.approx(oracle.recall_score(y_true, called))
    assert specificity(y_true, two(score), 0.5) == pytest.approx(oracle.recall_score(y_true, called, pos_label=0))


def test_multiclass_equals_scikit_learn():
    rng = np.random.default_rng(3)
    score, y_true = rng.dirichlet([1, 1, 1, 1], 200), rng.integers(0, 4, 200)
    called = score.argmax(axis=1)
    assert auroc(y_true, score) == pytest.approx(oracle.roc_auc_score(y_true, score, multi_class="ovr"))
    assert f1(y_true, score) == pytest.approx(oracle.f1_score(y_true, called, average="macro"))
    assert log_loss(y_true, score) == pytest.approx(oracle.log_loss(y_true, score))
    assert sensitivity(y_true, score) == pytest.approx(oracle.recall_score(y_true, called, average="macro"))
    assert balanced_accuracy(y_true, score) == pytest.approx(oracle.balanced_accuracy_score(y_true, called))
    assert brier(y_true, score) == pytest.approx(np.mean(((np.eye(4)[y_true] - score) ** 2).sum(axis=1)))
    one = (score[:, 2] >= 0.3).astype(int)
    assert sensitivity(y_true, score, 0.3, positive=2) == pytest.approx(oracle.recall_score(y_true == 2, one))
    assert specificity(y_true, score, 0.3, positive=2) == pytest.approx(1 - one[y_true != 2].mean())


def facts(n, seed=5):
    rng = np.random.default_rng(seed)
    return {
        "day": rng.integers(0, 3, n),
        "account": np.arange(n),
        "amount": rng.exponential(50, n),
        "budget": 7.0,
        "review_cost": 4.0,
        "loss_share": 0.9,
    }


@pytest.mark.parametrize("metric", CLASS, ids=lambda one: one.name)
def test_weights_are_repeated_rows(metric, binary):
    y_true, score = binary
    about = facts(len(y_true))
    weights = np.random.default_rng(1).integers(0, 4, (6, len(y_true))).astype(float)
    fast = metric.resampled(y_true, two(score), weights, 0.4, about)
    for value, counts in zip(fast, weights.astype(int), strict=True):
        rows = np.repeat(np.arange(len(y_true)), counts)
        again = take_rows(about, rows) | {"account": np.arange(len(rows))}  # a card drawn twice is two cards
        assert value == pytest.approx(metric(y_true[rows], two(score)[rows], 0.4, again))


def test_own_threshold_for_each_row():
    threshold = np.array([0.05, 0.5, 0.5, 0.9])
    assert decide(HAND_SCORE, threshold).tolist() == [1, 0, 0, 0]
    assert accuracy(HAND_TRUE, HAND_SCORE, threshold) == 0.25


def test_one_class_gives_nan_where_undefined():
    ones, score = np.ones(3, dtype=int), two([0.2, 0.6, 0.9])
    assert np.isnan(auroc(ones, score)) and np.isnan(specificity(ones, score))
    assert sensitivity(ones, score) == pytest.approx(2 / 3)
    assert np.isnan(auprc(np.zeros(3, dtype=int), score))


def test_a_function_of_ones_own_is_a_metric():
    mine = ClassMetric("cost", "Cost", "Five for a miss.", lambda y, s, t=None: float(((decide(s, t) != y) * 5).sum()))
    weights = np.array([[1.0, 1, 1, 1], [0, 0, 4, 0]])
    assert mine.resampled(HAND_TRUE, HAND_SCORE, weights).tolist() == [5.0, 20.0]
    assert class_metrics([mine, "auroc", mine], 2) == [mine, ALL_METRICS["auroc"]]


def test_choosing_metrics():
    assert "selection_rate" not in [metric.name for metric in class_metrics(None, 2)]
    assert class_metrics(["selection_rate", "accuracy"], 3) == [ALL_METRICS["accuracy"]]
    with pytest.raises(OptionError, match="no metric 'nope'.*auroc"):
        class_metrics(["nope"], 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 99)), min_size=2, max_size=40))
def test_auroc_cares_for_order_only(rows):
    y_true = np.array([label for label, _ in rows])
    score = np.array([value / 100 for _, value in rows])
    before, after = auroc(y_true, two(score)), auroc(y_true, two(score**3 / 2))
    turned = auroc(y_true, two(1 - score))
    if 0 < y_true.sum() < len(y_true):
        assert after == pytest.approx(before) and turned == pytest.approx(1 - before)
    else:
        assert np.isnan(before) and np.isnan(after)
