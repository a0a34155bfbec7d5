"""Calibration, cuts and curves where one row in a hundred is positive, as fraud is."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from dl_core.evaluate.calibration import (
    apply_temperature,
    fit_temperature,
    pick_threshold,
    pick_threshold_for_money,
    pick_uncertain,
    reliability,
)
from dl_core.evaluate.curves import POINTS, curves_of
from dl_core.evaluate.formulas import log_loss
from dl_core.evaluate.scored import Scored


def two(score):
    score = np.asarray(score, dtype=float)
    return np.column_stack([1 - score, score])


@pytest.fixture(scope="module")
def rare():
    """Honest probabilities of 60,000 rows with about 0.8 % positives."""
    rng = np.random.default_rng(0)
    logit = rng.normal(-7.5, 2.2, 60_000)
    score = 1 / (1 + np.exp(-logit))
    return (rng.random(60_000) < score).astype(int), score


def test_the_base_rate_is_rare(rare):
    assert 0.005 < rare[0].mean() < 0.012


def test_temperature_leaves_honest_probabilities_and_mends_others(rare):
    y, score = rare
    assert fit_temperature(y, two(score)) == pytest.approx(1.0, abs=0.06)
    loud = apply_temperature(two(score), 0.5)  # log-odds doubled
    fitted = fit_temperature(y, loud)
    assert fitted == pytest.approx(2.0, rel=0.06)
    assert log_loss(y, apply_temperature(loud, fitted)) < 0.97 * log_loss(y, loud)


def test_bins_of_a_rare_class_hold_equal_shares_of_the_positives_expected(rare):
    y, score = rare
    curve = reliability(y, two(score))
    expected = np.array(curve["predicted"]) * curve["count"]
    assert len(expected) == 10 and np.allclose(expected, score.sum() / 10, rtol=0.05)
    assert sum(curve["count"]) == 60_000
    inside = (np.array(curve["low"]) <= curve["predicted"]) & (curve["predicted"] <= np.array(curve["high"]))
    assert inside.sum() >= 8  # honest probabilities: about 95 of 100 intervals hold them
    assert np.min(curve["count"]) > 20  # equal widths leave a handful in the upper bins


def test_bins_by_hand():
    # probabilities add up to 2: half of it lies in the highest row alone
    curve = reliability(np.array([0] * 40 + [1]), two([0.025] * 40 + [1.0]), bins=2)
    assert curve["count"] == [40, 1] and curve["observed"] == [0.0, 1.0]
    assert curve["predicted"] == pytest.approx([0.025, 1.0])
    flat = reliability(np.array([0] * 99 + [1]), two(np.zeros(100)))
    assert flat["count"] == [100] and flat["observed"] == [0.01]


def test_uncertain_rows_are_some_and_few(rare):
    y, score = rare
    cut = pick_uncertain(y, two(score), pick_threshold(y, two(score), "f1"))
    share = (two(score).max(axis=1) < cut).mean()
    assert 0.001 < share < 0.05 and cut <= 0.9


def test_f1_threshold_against_scikit_learn(rare):
    y, score = rare
    precision, recall, _ = oracle.precision_recall_curve(y, score)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert oracle.f1_score(y, score >= pick_threshold(y, two(score), "f1")) == pytest.approx(best)


def test_threshold_for_money_by_hand():
    # reviewing down to .6 gains 80 - 5 - 5, down to .3 also 10 - 5; the fraud of 4 at .1 is not worth it
    y, score = np.array([1, 0, 1, 0, 1, 0]), two([0.9, 0.6, 0.3, 0.2, 0.1, 0.05])
    about = {"amount": np.array([100.0, 9, 12.5, 9, 5, 9]), "review_cost": 5.0, "loss_share": 0.8}
    assert pick_threshold_for_money(y, score, about) == pytest.approx(0.25)
    dear = about | {"review_cost": 20.0}
    assert pick_threshold_for_money(y, score, dear) == pytest.approx(0.75)
    hopeless = pick_threshold_for_money(y, score, about | {"review_cost": 500.0})
    assert hopeless > 0.9  # nothing is worth a review
    table = pd.DataFrame(about, index=[f"r{i}" for i in range(6)])
    assert pick_threshold_for_money(y, score, table) == pytest.approx(0.25)


def test_without_amounts_or_costs_the_best_f1_counts():
    y, score = np.array([1, 1, 0, 1, 0, 0]), two([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
    expected = pick_threshold(y, score, "f1")
    assert expected == pytest.approx(0.35)  # 3 of 3 found with one false alarm: 6/7
    assert pick_threshold_for_money(y, score, {}) == expected
    free = {"amount": np.ones(6), "review_cost": 0.0, "loss_share": 1.0}
    assert pick_threshold_for_money(y, score, free) == expected
    assert pick_threshold_for_money(np.zeros(6, dtype=int), score, free | {"review_cost": 1.0}) is None


def test_curves_stay_small_and_look_the_same():
    rng = np.random.default_rng(1)
    y = (rng.random(300_000) < 0.008).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(3 * y - 6, 1.2)))
    curves = curves_of(Scored(y, two(score), 0.05), ("honest", "fraud"))
    assert len(json.dumps(curves)) < 60_000 and POINTS <= 500
    pr, roc = curves["pr"], curves["roc"]
    assert max(len(pr["recall"]), len(roc["fpr"])) <= POINTS + 1
    precision, recall, _ = oracle.precision_recall_curve(y, score)
    grid = np.linspace(0.02, 1, 200)
    drawn = np.interp(grid, pr["recall"], pr["precision"])
    assert np.abs(drawn - np.interp(grid, recall[::-1], precision[::-1])).max() < 0.02
    fpr, tpr, _ = oracle.roc_curve(y, score)
    assert oracle.auc(roc["fpr"], roc["tpr"]) == pytest.approx(oracle.auc(fpr, tpr), abs=1e-3)
    assert np.abs(np.interp(grid, roc["fpr"], roc["tpr"]) - np.interp(grid, fpr, tpr)).max() < 0.01
