"""`evaluate`: the table, the curves as plain JSON, and their agreement with scikit-learn."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from dl_core.errors import OptionError
from dl_core.evaluate.calibration import apply_temperature
from dl_core.evaluate.curves import POINTS, pr_curve, roc_curve
from dl_core.evaluate.evaluate import evaluate
from dl_core.evaluate.results import Evaluation, Predictions

CLASSES = ("no", "ill")


def predictions_of(scores, y_true, classes=CLASSES, split="test"):
    tables = []
    for model, score in scores.items():
        names = pd.DataFrame(score, columns=[f"score_{name}" for name in classes])
        names.insert(0, "model", model)
        names["split"], names["row"] = split, [f"r{i}" for i in range(len(score))]
        names["y_true"] = [None if label is None else classes[label] for label in y_true]
        names["y_pred"] = np.array(classes)[np.argmax(score, axis=1)]
        tables.append(names)
    return Predictions(pd.concat(tables, ignore_index=True), tuple(classes))


def two(score):
    return np.column_stack([1 - np.asarray(score), score])


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, 500)
    score = {name: 1 / (1 + np.exp(-rng.normal(gap * (y_true - 0.5), 1.0))) for name, gap in (("good", 3), ("poor", 1))}
    return y_true, score


def test_table_and_curves(known):
    y_true, score = known
    found = evaluate(
        predictions_of({name: two(s) for name, s in score.items()}, y_true),
        "70/10/20 % at random",
        metrics=["auroc", "sensitivity", "brier"],
        thresholds={"good": 0.3},
        temperatures={"good": 2.0},
        n_resamples=200,
    )
    assert list(found.metrics.columns) == ["model", "metric", "value", "low", "high", "n"]
    assert len(found.metrics) == 6 and (found.metrics["n"] == 500).all()
    assert ((found.metrics["low"] <= found.metrics["value"]) & (found.metrics["value"] <= found.metrics["high"])).all()
    assert found.value("good", "auroc") == pytest.approx(oracle.roc_auc_score(y_true, score["good"]))
    assert found.value("good", "sensitivity") == pytest.approx((score["good"][y_true == 1] >= 0.3).mean())
    curves = found.curves["good"]
    matrix = oracle.confusion_matrix(y_true, score["good"] >= 0.3)
    assert curves["confusion"] == matrix.tolist()
    point = curves["operating_point"]
    assert point["threshold"] == 0.3 and point["sensitivity"] == found.value("good", "sensitivity")
    before = curves["calibration_before"]["predicted"]
    raw = apply_temperature(two(score["good"]), 0.5)[:, 1]  # T = 2 undone
    assert before[0] == pytest.approx(raw[raw < 0.1].mean())
    assert found.curves["poor"]["operating_point"]["threshold"] == 0.5
    again = Evaluation.from_dict(json.loads(json.dumps(found.as_dict(), allow_nan=False)))
    assert again.value("poor", "brier") == found.value("poor", "brier")


def test_curves_equal_scikit_learn(known):
    y_true, score = known
    curve = roc_curve(y_true == 1, score["poor"])
    fpr, tpr, _ = oracle.roc_curve(y_true, score["poor"])
    grid = np.linspace(0, 1, 50)
    assert np.interp(grid, curve["fpr"], curve["tpr"]) == pytest.approx(np.interp(grid, fpr, tpr), abs=0.02)
    assert oracle.auc(curve["fpr"], curve["tpr"]) == pytest.approx(
        oracle.roc_auc_score(y_true, score["poor"]), abs=1e-3
    )
    precision, recall, _ = oracle.precision_recall_curve(y_true, score["poor"])
    ours = pr_curve(y_true == 1, score["poor"])
    pairs = set(zip(np.round(recall, 6), np.round(precision, 6), strict=True))
    assert set(zip(ours["recall"][1:], ours["precision"][1:], strict=True)) <= pairs
    assert max(len(curve["fpr"]), len(ours["recall"]) - 1) <= POINTS
    at = 10  # thresholds belong to their points
    assert np.mean(score["poor"][y_true == 1] >= curve["threshold"][at]) == pytest.approx(curve["tpr"][at], abs=1e-6)


def test_units_widen_intervals(known):
    y_true, score = known
    repeated = predictions_of({"m": two(np.repeat(score["poor"][:100], 4))}, np.repeat(y_true[:100], 4))
    units = pd.Series(np.repeat(np.arange(100), 4), index=[f"r{i}" for i in range(400)])
    widths = []
    for given in (None, units):
        row = evaluate(repeated, "p", metrics=["auroc"], units=given, n_resamples=300).metrics.iloc[0]
        widths.append(row["high"] - row["low"])
    assert widths[1] > 1.5 * widths[0]


def test_three_classes_and_rows_without_label():
    rng = np.random.default_rng(2)
    score, y_true = rng.dirichlet([1, 1, 1], 90), [None] * 10 + list(rng.integers(0, 3, 80))
    found = evaluate(predictions_of({"m": score}, y_true, ("a", "b", "c")), "p", n_resamples=50)
    assert (found.metrics["n"] == 80).all()
    curves = found.curves["m"]
    assert set(curves["roc_by_class"]) == {"a", "b", "c"} and curves["operating_point"]["threshold"] is None
    assert np.sum(curves["confusion"]) == 80 and curves["positive"] is None
    assert found.value("m", "auroc") == pytest.approx(oracle.roc_auc_score(y_true[10:], score[10:], multi_class="ovr"))


def test_one_class_in_the_test_is_not_a_crash():
    found = evaluate(predictions_of({"m": two([0.2, 0.7])}, [1, 1]), "p", n_resamples=20)
    assert np.isnan(found.value("m", "auroc")) and found.curves["m"]["roc"] is None
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["metrics"][0]["value"] is None


def test_no_labels_at_all():
    found = evaluate(predictions_of({"m": two([0.2, 0.7])}, [None, None]), "p", n_resamples=20)
    assert (found.metrics["n"] == 0).all() and found.metrics["value"].isna().all()


def test_unknown_metric_and_split():
    predictions = predictions_of({"m": two([0.2, 0.7])}, [0, 1], split="validation")
    with pytest.raises(OptionError, match="no metric"):
        evaluate(predictions, "p", metrics=["luck"])
    with pytest.raises(OptionError, match="no test predictions"):
        evaluate(predictions, "p")
