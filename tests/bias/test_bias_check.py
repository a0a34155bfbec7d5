"""The bias check against fairlearn, plain loops and cases whose answer is known."""

import json

import fairlearn.metrics as fair
import numpy as np
import pandas as pd
import pytest

from dl_core.bias.check import MIN_CASES, MIN_ROWS, check_bias, is_enough
from dl_core.errors import OptionError
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.results import Predictions


def predictions_of(y_true, score, split="test", prefix="r"):
    table = pd.DataFrame(
        {
            "model": "m",
            "split": split,
            "row": [f"{prefix}{i}" for i in range(len(score))],
            "y_true": np.array(["no", "ill"])[y_true],
            "y_pred": np.where(score >= 0.5, "ill", "no"),
            "score_no": 1 - score,
            "score_ill": score,
        }
    )
    return Predictions(table, ("no", "ill"))


@pytest.fixture(scope="module")
def unfair():
    """Half of the ill of group B get a low score; group C has 12 rows, D is not stated."""
    rng = np.random.default_rng(0)
    group = np.repeat(["A", "B", "C", None], [200, 200, 12, 20])
    y_true = rng.integers(0, 2, len(group))
    score = np.clip(rng.normal(0.25 + 0.5 * y_true, 0.15), 0.01, 0.99)
    missed = (group == "B") & (y_true == 1) & (rng.random(len(group)) < 0.5)
    score[missed] = rng.uniform(0.05, 0.4, missed.sum())
    groups = pd.DataFrame({"scanner": group, "coin": rng.choice(["head", "tail"], len(group))})
    return y_true, score, groups.set_axis([f"r{i}" for i in range(len(group))])


@pytest.fixture(scope="module")
def report(unfair):
    y_true, score, groups = unfair
    return check_bias(predictions_of(y_true, score), "m", groups, threshold=0.5)


def pick(table, **wanted):
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


def test_every_group_and_metric_with_interval_and_n(report, unfair):
    y_true, score, groups = unfair
    assert set(report.groups["metric"]) == {
        *("auroc", "accuracy", "sensitivity", "specificity"),
        *("false_positive_rate", "selection_rate"),
    }
    row = pick(report.groups, column="scanner", group="B", metric="sensitivity").iloc[0]
    mine = (groups["scanner"] == "B").to_numpy() & (y_true == 1)
    assert row["value"] == pytest.approx((score[mine] >= 0.5).mean())
    assert row["low"] < row["value"] < row["high"] and row["n"] == 200 and row["positives"] == mine.sum()
    assert report.overall.set_index("metric").loc["accuracy", "value"] == pytest.approx(
        ((score >= 0.5) == y_true).mean()
    )
    assert report.groups["group"].iloc[-1] == "tail" and "not stated" in set(report.groups["group"])
    json.dumps(report.as_dict(), allow_nan=False)


def test_differences_are_those_of_fairlearn(report, unfair):
    y_true, score, groups = unfair
    coin = groups["coin"]
    called = (score >= 0.5).astype(int)
    odds = fair.equalized_odds_difference(y_true, called, sensitive_features=coin)
    parity = fair.demographic_parity_difference(y_true, called, sensitive_features=coin)
    ratio = fair.demographic_parity_ratio(y_true, called, sensitive_features=coin)
    found = pick(report.disparities, column="coin").set_index(["metric", "kind"])["value"]
    assert found["equalised_odds", "difference"] == pytest.approx(odds)
    assert found["selection_rate", "difference"] == pytest.approx(parity)
    assert found["selection_rate", "ratio"] == pytest.approx(ratio)


def test_the_failure_is_found_and_chance_is_not(report):
    rows = pick(report.disparities, kind="difference", metric="sensitivity").set_index("column")
    assert (rows.loc["scanner", "worst"], rows.loc["scanner", "best"]) == ("B", "A")
    assert rows.loc["scanner", "low"] > 0.2 and rows.loc["coin", "low"] < 0
    text = " ".join(report.warnings)
    assert "sensitivity for ill is" in text and "more false negatives for B" in text
    assert "coin" not in text


def test_small_groups_are_flagged_and_left_out(report):
    small = pick(report.groups, group="C")
    assert not small["enough"].any() and pick(report.groups, group="A")["enough"].all()
    assert {"C", "not stated"}.isdisjoint({*report.disparities["worst"], *report.disparities["best"]})
    assert any("scanner: C (12 rows," in line and "too few to evaluate" in line for line in report.warnings)


def test_what_is_enough():
    sensitivity, specificity, auroc, accuracy = (
        ALL_METRICS[name] for name in ("sensitivity", "specificity", "auroc", "accuracy")
    )
    assert (MIN_ROWS, MIN_CASES) == (30, 10)
    assert is_enough(accuracy, 30, 0) and not is_enough(accuracy, 29, 15)
    assert is_enough(sensitivity, 30, 10) and not is_enough(sensitivity, 30, 9)
    assert is_enough(specificity, 30, 20) and not is_enough(specificity, 30, 21)
    assert is_enough(auroc, 30, 15) and not is_enough(auroc, 40, 35)
    assert is_enough(auroc, 30, None) and not is_enough(auroc, 300, 100, 9)


def test_no_false_alarms_without_a_difference():
    """Fair by construction: with four groups a widened interval should rarely leave out 0."""
    alarms = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y_true = rng.integers(0, 2, 300)
        score = np.clip(rng.normal(0.35 + 0.3 * y_true, 0.2), 0.01, 0.99)
        groups = pd.DataFrame({"g": rng.choice(list("ABCD"), 300)}, index=[f"r{i}" for i in range(300)])
        found = check_bias(
            predictions_of(y_true, score), "m", groups, metrics=["sensitivity"], threshold=0.5, seed=seed
        )
        alarms += bool((pick(found.disparities, metric="sensitivity", kind="difference")["low"] > 0).any())
    assert alarms <= 2


def test_units_widen_and_thresholds_may_differ_by_row(unfair):
    y_true, score, groups = unfair
    predictions = predictions_of(y_true, score)
    units = pd.Series(np.arange(len(score)) // 8, index=groups.index)
    width = {}
    for name, given in (("rows", None), ("units", units)):
        row = pick(check_bias(predictions, "m", groups[["coin"]], units=given).overall, metric="accuracy").iloc[0]
        width[name] = row["high"] - row["low"]
    assert width["units"] != width["rows"]
    each = pd.Series(np.where(groups["scanner"] == "B", 0.05, 0.5), index=groups.index)
    found = check_bias(predictions, "m", groups[["scanner"]], threshold=each).groups
    b = (groups["scanner"] == "B").to_numpy() & (y_true == 1)
    assert pick(found, group="B", metric="sensitivity")["value"].iloc[0] == pytest.approx((score[b] >= 0.05).mean())


def test_three_classes_have_no_positives():
    rng = np.random.default_rng(0)
    score, y_true = rng.dirichlet([1, 1, 1], 90), rng.integers(0, 3, 90)
    table = pd.DataFrame(score, columns=["score_a", "score_b", "score_c"])
    table = table.assign(model="m", split="test", row=range(90), y_true=np.array(list("abc"))[y_true], y_pred="a")
    groups = pd.DataFrame({"g": ["x", "y"] * 45})
    found = check_bias(Predictions(table, ("a", "b", "c")), "m", groups, metrics=["auroc", "selection_rate"])
    assert "selection_rate" not in set(found.groups["metric"]) and found.groups["positives"].isna().all()
    assert found.groups["enough"].all() and len(found.disparities)


def test_nothing_to_compare_and_no_groups(unfair):
    y_true, score, groups = unfair
    one = check_bias(predictions_of(y_true, score), "m", groups.assign(all="x")[["all"]])
    assert one.disparities.empty and "all: fewer than two groups are large enough" in " ".join(one.warnings)
    with pytest.raises(OptionError, match="no groups to check"):
        check_bias(predictions_of(y_true, score), "m", groups[[]])
