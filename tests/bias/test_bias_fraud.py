"""Bias where being flagged is the burden: money by group, the four-fifths rule, and thresholds under a constraint."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.check import Decided, check_bias
from dl_core.bias.four_fifths import four_fifths
from dl_core.bias.groups import make_groups
from dl_core.bias.mitigate import threshold_mitigation, training_mitigation
from dl_core.bias.optimizer import CONSTRAINTS, fit_optimizer_thresholds, optimizer_mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.results import Predictions


def make(n=4000, seed=0, shift=1.2):
    """Transactions; honest customers of the south look riskier by ``shift`` of log-odds."""
    rng = np.random.default_rng(seed)
    tables, facts, groups = [], [], []
    for split in ("validation", "test"):
        y, south = (rng.random(n) < 0.1).astype(int), rng.random(n) < 0.4
        score = 1 / (1 + np.exp(-(rng.normal(3 * y - 2.5, 1.0) + shift * south * (y == 0))))
        rows = [f"{split[0]}{i}" for i in range(n)]
        truth = np.array(["honest", "fraud"])[y]
        table = pd.DataFrame({"model": "m", "split": split, "row": rows, "y_true": truth, "y_pred": "honest"})
        tables.append(table.assign(score_honest=1 - score, score_fraud=score))
        about = {"day": np.arange(n) // 1000, "account": [f"c{a}" for a in rng.integers(0, 400, n)]}
        about |= {"amount": rng.exponential(80, n), "budget": 50, "review_cost": 6.0, "loss_share": 1.0}
        facts.append(pd.DataFrame(about, index=rows))
        sex = rng.choice(["f", "m"], n)
        groups.append(pd.DataFrame({"region": np.where(south, "south", "north"), "sex": sex}, index=rows))
    predictions = Predictions(pd.concat(tables, ignore_index=True), ("honest", "fraud"))
    return predictions, pd.concat(groups), pd.concat(facts)


@pytest.fixture(scope="module")
def unfair():
    return make()


@pytest.fixture(scope="module")
def report(unfair):
    predictions, groups, about = unfair
    wanted = ["false_positive_rate", "sensitivity", "money_lost", "review_burden", "precision_at_k"]
    pairs = make_groups(groups, ["region", "region × sex"])
    return check_bias(predictions, "m", pairs, metrics=wanted, threshold=0.3, about=about, units=about["account"])


def test_money_and_burden_by_group(report, unfair):
    predictions, groups, about = unfair
    test = predictions.of("m")
    mine = test[(groups["region"].reindex(test.index) == "south")]
    amount = about["amount"].reindex(mine.index)
    flagged, fraud = mine["score_fraud"] >= 0.3, mine["y_true"] == "fraud"
    lost = amount[fraud & ~flagged].sum() + 6 * flagged.sum()
    table = report.groups[report.groups["column"] == "region"].set_index(["group", "metric"])
    row = table.loc["south", "money_lost"]
    assert row["value"] == pytest.approx(1000 * lost / len(mine)) and row["low"] < row["value"] < row["high"]
    assert table.loc["south", "review_burden"]["value"] == pytest.approx(flagged.sum() / 4)  # four days
    both = sum(table.loc[name, "review_burden"]["value"] for name in ("south", "north"))
    assert both == pytest.approx(report.overall.set_index("metric").loc["review_burden", "value"])


def test_the_planted_unfairness_is_told(report):
    text = " ".join(report.warnings)
    assert "false positive rate for fraud is" in text and "south" in text
    assert "cost of missed fraud and reviews per 1,000 cases" in text
    found = report.disparities[report.disparities["column"] == "region"]
    assert {"review_burden", "precision_at_k"}.isdisjoint(found["metric"]) and "money_lost" in set(found["metric"])
    assert report.groups["group"].nunique() == 6  # two regions and their pairs with sex
    json.dumps(report.as_dict(), allow_nan=False)


def test_four_fifths_by_hand():
    # of 1,000, north has 10 flagged, south 40 and west 11; east is too small
    values = {"north": 0.010, "south": 0.040, "west": 0.011, "east": 0.5}
    lines = [("region", name, "selection_rate", value, name != "east") for name, value in values.items()]
    table = pd.DataFrame(lines, columns=["column", "group", "metric", "value", "enough"])
    draws = {("region", name, "selection_rate"): np.full(50, value) for name, value in values.items()}
    found = four_fifths(table, draws, ("honest", "fraud")).set_index("group")
    assert found.index.tolist() == ["south", "west"] and set(found["favoured"]) == {"north"}
    assert (
        found.loc["south", "ratio_left_alone"] == pytest.approx(0.96 / 0.99) and found.loc["south", "keeps_left_alone"]
    )
    assert found.loc["south", "ratio_called"] == pytest.approx(0.25) and not found.loc["south", "keeps_called"]
    assert found.loc["west", "ratio_called"] == pytest.approx(10 / 11) and found.loc["west", "keeps_called"]
    south = found.loc["south"]
    assert (south["called"], south["left_alone"], south["called_favoured"]) == pytest.approx((0.04, 0.96, 0.01))
    assert (south["low_called"], south["high_called"]) == pytest.approx((0.25, 0.25))
    assert four_fifths(table, draws, ("a", "b", "c")).empty


def test_four_fifths_stands_in_the_report(report):
    row = report.four_fifths.set_index(["column", "group"]).loc[("region", "south")]
    assert row["favoured"] == "north" and row["low_called"] < row["ratio_called"] < row["high_called"] < 0.8
    assert report.as_dict()["four_fifths"][0]["group"]


def gaps(predictions, groups, cuts, split="validation"):
    """Return how far the two regions are apart in selection, false and true positive rate."""
    rows = predictions.of("m", split)
    region = groups["region"].reindex(rows.index)
    flagged, fraud = rows["score_fraud"] >= region.map(cuts), rows["y_true"] == "fraud"
    rates = [
        (
            flagged[region == name].mean(),
            flagged[(region == name) & ~fraud].mean(),
            flagged[(region == name) & fraud].mean(),
        )
        for name in ("north", "south")
    ]
    return np.abs(np.subtract(*rates))


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("money", [False, True])
def test_thresholds_hold_the_constraint_on_validation_rows(unfair, constraint, money):
    predictions, groups, about = unfair
    facts = about if money else None
    cuts = fit_optimizer_thresholds(predictions, "m", groups["region"], constraint=constraint, about=facts)
    assert set(cuts) == {"north", "south"} and cuts["south"] > cuts["north"] - 1e-9
    before, after = gaps(predictions, groups, {"north": 0.3, "south": 0.3}), gaps(predictions, groups, cuts)
    if constraint == "equalized_odds":  # two rates, one threshold: closer, but not equal
        assert after[1:].max() < before[1:].max()
    else:
        assert after[CONSTRAINTS[constraint][1][0]] < 0.01
    again = fit_optimizer_thresholds(predictions, "m", groups["region"], constraint=constraint, about=facts)
    assert again == cuts  # nothing is drawn by lot


def test_rates_are_those_of_fairlearn(unfair):
    """The deterministic thresholds must reach what fairlearn's random ones reach on average."""
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.linear_model import LinearRegression

    predictions, groups, _ = unfair
    y, score, rows = predictions.arrays("m", "validation")
    region = groups["region"].reindex(rows)
    plain = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    peer = ThresholdOptimizer(
        estimator=plain,
        constraints="false_positive_rate_parity",
        objective="balanced_accuracy_score",
        prefit=True,
        predict_method="predict",
    ).fit(score[:, [1]], y, sensitive_features=region)
    draws = [peer.predict(score[:, [1]], sensitive_features=region, random_state=seed) for seed in range(20)]
    cuts = fit_optimizer_thresholds(predictions, "m", groups["region"], constraint="false_positive_rate")
    mine = score[:, 1] >= region.map(cuts).to_numpy()
    assert mine[y == 0].mean() == pytest.approx(np.mean(draws, axis=0)[y == 0].mean(), abs=0.005)
    assert mine[y == 1].mean() == pytest.approx(np.mean(draws, axis=0)[y == 1].mean(), abs=0.01)


def test_small_groups_keep_the_shared_threshold_and_mistakes_are_told(unfair):
    predictions, groups, _ = unfair
    rare = groups["region"].copy()
    rare.iloc[:12] = "island"
    cuts = fit_optimizer_thresholds(predictions, "m", rare, threshold=0.37)
    assert cuts["island"] == 0.37 and cuts["north"] != 0.37
    with pytest.raises(OptionError, match="no fairness constraint 'luck'"):
        fit_optimizer_thresholds(predictions, "m", rare, constraint="luck")
    one = fit_optimizer_thresholds(predictions, "m", pd.Series("all", index=rare.index), threshold=0.4)
    assert one == {"all": 0.4}


def test_what_the_optimizer_gains_and_costs_in_money(unfair):
    predictions, groups, about = unfair
    decided = Decided(predictions, "m", ["accuracy"], 0.3, units=about["account"], about=about)
    found = optimizer_mitigation(decided, groups[["region"]], "false_positive_rate")
    gain, cost = found.gain.set_index("metric"), found.cost.set_index("metric")
    assert found.method == "optimizer" and gain.loc["false_positive_rate", "verdict"] == "closer"
    assert cost.loc["money_saved_total", "n"] == 4000
    change = cost.loc["money_saved_total", "after"] - cost.loc["money_saved_total", "before"]
    assert cost.loc["money_saved_total", "change"] == pytest.approx(change)
    assert "the difference in false positive rate between south and north changes from" in found.sentence
    assert "Savings from review change from" in found.sentence
    keys = set(threshold_mitigation(Decided(predictions, "m", threshold=0.3), groups[["region"]]).as_dict())
    assert set(found.as_dict()) == keys
    json.dumps(found.as_dict(), allow_nan=False)


def test_money_decides_the_threshold_after_a_new_training(unfair):
    predictions, groups, about = unfair
    found = training_mitigation(Decided(predictions, "m", threshold=0.99, about=about), predictions, groups[["region"]])
    cost = found.cost.set_index("metric")
    assert cost.loc["money_saved_total", "after"] > cost.loc["money_saved_total", "before"]


def test_no_labels_are_told(unfair):
    predictions, groups, _ = unfair
    blank = Predictions(predictions.table.assign(y_true=None), predictions.classes)
    with pytest.raises(OptionError, match="no labels"):
        check_bias(blank, "m", groups)
