"""Remedies: weights by hand, thresholds from validation rows only, and what they gain and cost."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.check import Decided
from dl_core.bias.mitigate import fit_group_thresholds, reweighing_weights, threshold_mitigation, training_mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.results import Predictions


def test_reweighing_by_hand():
    # 10 rows: A has 4 of 6 positive, B has 1 of 4; P(+) = .5
    groups = pd.Series(["A"] * 6 + ["B"] * 4, index=[f"r{i}" for i in range(10)])
    labels = pd.Series([1, 1, 1, 1, 0, 0, 1, 0, 0, 0], index=groups.index)
    weights = reweighing_weights(groups, labels)
    assert weights["r0"] == pytest.approx(6 * 5 / (10 * 4)) and weights["r4"] == pytest.approx(6 * 5 / (10 * 2))
    assert weights["r6"] == pytest.approx(4 * 5 / (10 * 1)) and weights["r7"] == pytest.approx(4 * 5 / (10 * 3))
    assert weights.mean() == pytest.approx(1.0)
    share = (weights * labels).groupby(groups).sum() / weights.groupby(groups).sum()
    assert share.to_numpy() == pytest.approx([0.5, 0.5])  # independent under the weights


def test_reweighing_joins_by_row_id():
    labels = pd.Series(["x", "y", "x"], index=list("abc"))
    weights = reweighing_weights(pd.Series(["G", "H"], index=["c", "a"]), labels)
    assert weights.index.tolist() == list("abc") and (weights > 0).all()


def make(seed=0, shift=0.25, n=600):
    """Scores of group B are lower by ``shift``, on validation and test alike."""
    rng = np.random.default_rng(seed)
    tables, groups = [], []
    for split in ("validation", "test"):
        y_true, group = rng.integers(0, 2, n), rng.choice(["A", "B"], n)
        score = np.clip(rng.normal(0.3 + 0.4 * y_true, 0.12) - shift * (group == "B"), 0.001, 0.999)
        rows = [f"{split[0]}{i}" for i in range(n)]
        columns = {"y_true": np.array(["no", "ill"])[y_true], "y_pred": "no", "score_no": 1 - score, "score_ill": score}
        tables.append(pd.DataFrame({"model": "m", "split": split, "row": rows, **columns}))
        groups.append(pd.DataFrame({"scanner": group}, index=rows))
    return Predictions(pd.concat(tables, ignore_index=True), ("no", "ill")), pd.concat(groups)


def test_thresholds_reach_the_target_on_validation():
    predictions, groups = make()
    found = fit_group_thresholds(predictions, "m", groups["scanner"], threshold=0.5, target=0.9)
    rows = predictions.of("m", "validation")
    for name, cut in found.items():
        mine = rows[(groups["scanner"].reindex(rows.index) == name) & (rows["y_true"] == "ill")]["score_ill"]
        assert 0.9 <= (mine >= cut).mean() < 0.9 + 1.5 / len(mine)
    assert found["A"] - found["B"] == pytest.approx(0.25, abs=0.06)


def test_test_rows_do_not_move_the_thresholds():
    predictions, groups = make()
    table = predictions.table.copy()
    table.loc[table["split"] == "test", ["score_no", "score_ill"]] = 0.5
    spoilt = Predictions(table, predictions.classes)
    assert fit_group_thresholds(spoilt, "m", groups["scanner"]) == fit_group_thresholds(
        predictions, "m", groups["scanner"]
    )


def test_small_groups_keep_the_shared_threshold():
    predictions, groups = make()
    groups.iloc[:5] = "C"
    groups.iloc[-1] = "only in test"
    found = fit_group_thresholds(predictions, "m", groups["scanner"], threshold=0.4)
    assert found["C"] == found["only in test"] == 0.4 and found["A"] != 0.4


def test_what_thresholds_gain_and_cost():
    predictions, groups = make()
    found = threshold_mitigation(Decided(predictions, "m", ["auroc", "accuracy"], 0.5), groups)
    gain = found.gain.set_index("metric")
    assert (gain.loc["sensitivity", "worst"], gain.loc["sensitivity", "best"]) == ("B", "A")
    assert gain.loc["sensitivity", "verdict"] == "closer" and gain.loc["sensitivity", "after"] < 0.1
    assert gain.loc["sensitivity", "low"] <= gain.loc["sensitivity", "change"] <= gain.loc["sensitivity", "high"] < 0
    cost = found.cost.set_index("metric")
    assert cost.loc["auroc", "change"] == 0.0 and cost.loc["auroc", "verdict"] == "tie"  # scores stay as they are
    after = found.after.overall.set_index("metric")["value"]
    assert cost.loc["accuracy", "after"] == after["accuracy"] and (found.cost["n"] == 600).all()
    assert found.sentence.startswith("scanner: the difference in sensitivity between B and A changes from 0.")
    assert "disparity reduced" in found.sentence and set(found.thresholds) == {"A", "B"}
    json.dumps(found.as_dict(), allow_nan=False)


def test_what_a_new_training_changed():
    before, groups = make()
    after, _ = make(shift=0.0)  # the same rows, B no longer lower
    found = training_mitigation(Decided(before, "m", ["accuracy"], 0.5), after, groups, 0.5)
    assert found.method == "reweighing" and found.thresholds == {}
    assert found.gain.set_index("metric").loc["sensitivity", "verdict"] == "closer"
    assert found.cost.set_index("metric").loc["accuracy", "verdict"] == "better"
    anew = training_mitigation(Decided(before, "m", ["accuracy"], 0.9), after, groups)
    assert anew.after.overall.set_index("metric").loc["accuracy", "value"] > 0.9  # picked again on validation rows


def test_what_cannot_be_mended():
    predictions, groups = make(n=60)
    with pytest.raises(OptionError, match="no groups"):
        threshold_mitigation(Decided(predictions, "m"), groups[[]])
    fewer = Predictions(predictions.table.iloc[:-1], predictions.classes)
    with pytest.raises(OptionError, match="not the same"):
        training_mitigation(Decided(predictions, "m"), fewer, groups)
    three = predictions.table.assign(score_third=0.0)
    with pytest.raises(OptionError, match="there are 3 classes|There are 3 classes"):
        fit_group_thresholds(Predictions(three, ("no", "ill", "third")), "m", groups["scanner"])
