"""`compare`: paired differences, verdicts, the sentence, and the rows on which models part."""

import json
import math
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.compare import class_standing, compare
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.pairs import Chosen, holm, p_value, pick_by_kind, verdict
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.results import Predictions


def best_by_kind(predictions, chosen, models, metric):
    return pick_by_kind(chosen, models, lambda name: class_standing(predictions, name, models[name], metric))


def about(kind, label, threshold=None):
    return SimpleNamespace(parameters=0, kind=kind, label=label, threshold=threshold)


def table_of(model, y_true, score, split="test", prefix="r"):
    return pd.DataFrame(
        {
            "model": model,
            "split": split,
            "row": [f"{prefix}{i}" for i in range(len(score))],
            "y_true": np.array(["no", "ill"])[y_true],
            "y_pred": np.where(score >= 0.5, "ill", "no"),
            "score_no": 1 - score,
            "score_ill": score,
        }
    )


def make(gaps, n=400, seed=0, validation=None):
    """Return predictions of models that part the classes by ``gaps``; on validation by ``validation``."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, n)
    shared = rng.normal(0, 1, n)
    tables = []
    for split, values in (("test", gaps), ("validation", validation or gaps)):
        for model, gap in values.items():
            logit = gap * (y_true - 0.5) + 0.8 * shared + 0.6 * rng.normal(0, 1, n)
            tables.append(table_of(model, y_true, 1 / (1 + np.exp(-logit)), split, split[0]))
    return Predictions(pd.concat(tables, ignore_index=True), ("no", "ill"))


KINDS = {"net": about("deep", "The network"), "plain": about("baseline", "Plain regression")}


def test_better_in_words_and_numbers():
    found = compare(make({"net": 4.0, "plain": 1.0}), Chosen(["net", "plain"], KINDS, metrics=["auroc", "brier"]))
    row = found.pairs.set_index("metric").loc["auroc"]
    assert row["verdict"] == "better" and row["low"] > 0 and row["n"] == 400
    assert row["difference"] == pytest.approx(row["value_a"] - row["value_b"])
    brier = found.pairs.set_index("metric").loc["brier"]
    assert brier["verdict"] == "better" and brier["difference"] == pytest.approx(brier["value_b"] - brier["value_a"])
    assert found.sentence.startswith(
        "Deep learning is worth it here: The network is better than Plain regression by 0."
    )
    assert f"{row['difference']:.3f} AUROC [{row['low']:.3f}, {row['high']:.3f}], n = 400" in found.sentence
    json.dumps(found.as_dict(), allow_nan=False)


def test_worse_and_order_of_the_pair():
    found = compare(make({"plain": 4.0, "net": 1.0}), Chosen(["plain", "net"], KINDS, primary_metric="auroc"))
    row = found.pairs.set_index("metric").loc["auroc"]
    assert (row["a"], row["verdict"]) == ("plain", "better")
    assert "not worth it here: The network is worse than Plain regression by 0." in found.sentence


def test_tie():
    predictions = make({"net": 1.5})
    twin = predictions.table.assign(model="plain")
    found = compare(
        Predictions(pd.concat([predictions.table, twin], ignore_index=True), predictions.classes),
        Chosen(["net", "plain"], KINDS, metrics=["auroc"]),
    )
    assert found.pairs["verdict"].tolist() == ["tie"] and found.pairs["difference"].tolist() == [0.0]
    assert found.sentence.startswith("A tie") and "The simpler model will do." in found.sentence
    assert found.disagreements.empty


def test_pairing_is_narrower_than_two_intervals():
    from dl_core.evaluate.evaluate import evaluate

    predictions = make({"net": 2.0, "plain": 1.6})
    pair = compare(predictions, Chosen(["net", "plain"], KINDS, metrics=["auroc"])).pairs.iloc[0]
    single = evaluate(predictions, "p", metrics=["auroc"]).metrics
    apart = np.sqrt(((single["high"] - single["low"]) ** 2).sum())  # were the two independent
    assert pair["high"] - pair["low"] < 0.8 * apart


def test_best_of_a_kind_is_picked_on_validation():
    predictions = make({"net": 1.0, "other": 4.0, "plain": 2.0}, validation={"net": 4.0, "other": 1.0, "plain": 2.0})
    models = {**KINDS, "other": about("deep", "Another")}
    assert best_by_kind(predictions, ["net", "other", "plain"], models, ALL_METRICS["auroc"]) == {
        "deep": "net",
        "baseline": "plain",
    }
    assert "The network is worse" in compare(predictions, Chosen(["net", "other", "plain"], models)).sentence
    flat = best_by_kind(predictions, ["net", "other"], models, ALL_METRICS["brier"])
    assert flat["deep"] == "net"  # lower is better


def test_many_pairs_get_a_note_and_holm():
    gaps = {"net": 3.0, "b": 1.0, "c": 1.0, "d": 1.1}
    models = {name: about("deep" if name == "net" else "baseline", name) for name in gaps}
    found = compare(make(gaps), Chosen(list(gaps), models, metrics=["auroc"]))
    assert len(found.pairs) == 6 and found.note.startswith("6 pairs were compared")
    assert (found.pairs.loc[found.pairs["verdict"] == "tie", "holm"] == "tie").all()
    assert (found.pairs.loc[found.pairs["a"] == "net", "holm"] == "better").all()
    assert compare(make(gaps), Chosen(["net", "b"], models)).note == ""


def test_holm_by_hand():
    # ordered .01, .02, .03, .04 against .0125, .0167, .025, .05: only the first passes
    assert holm(np.array([0.03, 0.01, 0.04, 0.02])).tolist() == [False, True, False, False]
    assert holm(np.array([0.01, 0.011, 0.02])).tolist() == [True, True, True]


def test_a_difference_of_eight_standard_errors_stands_among_28_pairs():
    quantiles = np.array([NormalDist().inv_cdf((at + 0.5) / 1_000) for at in range(1_000)])
    p = p_value(0.0625 + 0.0077 * quantiles)
    assert p == pytest.approx(math.erfc(0.0625 / 0.0077 / math.sqrt(2)), rel=0.5) and p < 1e-14
    assert holm(np.full(28, p)).all() and not holm(np.full(28, 2 / 1_001)).any()
    assert p_value(0.01 + 0.0077 * quantiles) == pytest.approx(2 * 97.5 / 1_001, rel=0.02)  # counted where draws tell


def test_verdict_and_p_value():
    assert [verdict(0.1, 0.2), verdict(-0.2, -0.1), verdict(0.0, 0.3)] == ["better", "worse", "tie"]
    assert verdict(float("nan"), float("nan")) == "tie"
    assert p_value(np.ones(999)) == pytest.approx(2 / 1000)
    assert p_value(np.zeros(10)) == 1.0 and p_value(np.array([np.nan])) == 1.0


def test_disagreements_are_sorted_and_use_operating_points():
    y_true = np.array([0, 1, 1, 0])
    one, two = np.array([0.9, 0.6, 0.9, 0.1]), np.array([0.2, 0.4, 0.8, 0.35])
    table = pd.concat([table_of("net", y_true, one), table_of("plain", y_true, two)], ignore_index=True)
    models = {**KINDS, "plain": about("baseline", "Plain", 0.3)}
    found = compare(Predictions(table, ("no", "ill")), Chosen(["net", "plain"], models, metrics=["accuracy"]))
    assert found.disagreements["row"].tolist() == ["r0", "r3"]  # r1 agrees at the threshold of 0.3
    first = found.disagreements.iloc[0]
    assert (first["pred_a"], first["pred_b"], first["y_true"]) == ("ill", "no", "no")
    assert (first["score_a"], first["score_b"], first["distance"]) == pytest.approx((0.9, 0.8, 0.7))


def test_rows_are_joined_by_id():
    y_true, score = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.9, 0.4, 0.6, 0.2])
    second = table_of("plain", y_true, score).iloc[::-1].iloc[:4]  # other order, and r0 is missing
    table = pd.concat([table_of("net", y_true, score), second], ignore_index=True)
    found = compare(Predictions(table, ("no", "ill")), Chosen(["net", "plain"], KINDS, metrics=["brier"]))
    assert found.pairs["n"].tolist() == [4] and found.pairs["difference"].tolist() == [0.0]


def test_any_function_and_units_serve():
    cost = ClassMetric("cost", "Cost", "Euros.", lambda y, s, t=None: float(np.abs(y - s[:, 1]).mean()), False)
    units = pd.Series(np.arange(400) // 4, index=[f"t{i}" for i in range(400)])
    found = compare(make({"net": 4.0, "plain": 1.0}), Chosen(["net", "plain"], KINDS, metrics=[cost]), units=units)
    assert found.pairs["verdict"].tolist() == ["better"] and "Cost [" in found.sentence


def test_without_labels_it_says_so():
    predictions = make({"net": 1.0, "plain": 1.0}, n=40)
    blank = Predictions(predictions.table.assign(y_true=None), predictions.classes)
    found = compare(blank, Chosen(["net", "plain"], KINDS))
    assert found.pairs.empty and found.disagreements.empty and "no labels" in found.sentence
    filled = compare(predictions, Chosen(["net", "plain"], KINDS, metrics=["accuracy"]))
    assert found.pairs.columns.tolist() == filled.pairs.columns.tolist()
    assert found.disagreements.columns.tolist() == filled.disagreements.columns.tolist()
    json.dumps(found.as_dict(), allow_nan=False)


def test_metrics_of_a_queue_are_compared_where_the_facts_are_there():
    predictions = make({"net": 4.0, "plain": 1.0})
    rows = predictions.table["row"].unique()
    facts = pd.DataFrame({"day": np.arange(len(rows)) // 100, "budget": 30}, index=rows)
    wanted = {"models": KINDS, "metrics": ["precision_at_k", "money_saved"], "primary_metric": "precision_at_k"}
    found = compare(predictions, Chosen(["net", "plain"], **wanted), about=facts)
    assert found.pairs["metric"].tolist() == ["precision_at_k"] and found.pairs["verdict"].tolist() == ["better"]
    assert "Precision at the budget [" in found.sentence
    wanted |= {"metrics": ["auroc", "precision_at_k"]}
    without = compare(predictions, Chosen(["net", "plain"], **wanted))
    assert without.pairs["metric"].tolist() == ["auroc"] and "AUROC [" in without.sentence


def test_what_cannot_be_compared():
    predictions = make({"net": 1.0, "plain": 1.0})
    with pytest.raises(OptionError, match="One model cannot be compared"):
        compare(predictions, Chosen(["net", "net"], KINDS))
    with pytest.raises(OptionError, match="no model 'x'"):
        compare(predictions, Chosen(["net", "x"], KINDS))
    deep = {name: about("deep", name) for name in KINDS}
    assert "There is no baseline" in compare(predictions, Chosen(["net", "plain"], deep, metrics=["auroc"])).sentence
