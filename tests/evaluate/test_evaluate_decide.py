"""Decisions, their calibrated probabilities and what a change moves, against numbers worked by hand."""

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.decide import DecisionRule, by_confidence, class_index, moves, of_kind, outcomes

NINE = np.array([[0.1, 0.9], [0.9, 0.1], [0.5, 0.5]])  # log-odds ±log 9 and 0; halved: ±log 3


def test_scores_are_calibrated_before_they_are_decided():
    found = DecisionRule(temperature=2.0, threshold=0.3).decide(NINE)
    np.testing.assert_allclose(found.probabilities[:, 1], [0.75, 0.25, 0.5])
    assert found.chosen.tolist() == [1, 0, 1]  # .25 lies under .3, .5 over it
    np.testing.assert_allclose(found.confidence, [0.75, 0.75, 0.5])
    assert found.followed.tolist() == [1, 1, 1]  # the risk of the last of two classes


def test_a_decided_class_may_be_the_less_probable_one():
    found = DecisionRule(threshold=0.25).decide(np.array([[0.7, 0.3]]))
    assert found.chosen.tolist() == [1] and found.confidence[0] == pytest.approx(0.3)


def test_of_more_classes_the_most_probable_is_decided_and_followed():
    found = DecisionRule(temperature=0.5, threshold=0.9).decide(np.array([[0.2, 0.3, 0.5]]))
    # squares .04, .09, .25 over their sum .38; a threshold is for two classes
    np.testing.assert_allclose(found.probabilities[0], np.array([4, 9, 25]) / 38)
    assert found.chosen.tolist() == found.followed.tolist() == [2]
    assert found.confidence[0] == pytest.approx(25 / 38)


@pytest.fixture
def said() -> pd.DataFrame:
    columns = {"score_honest": [0.697, 0.99, 0.4, 0.2], "score_fraud": [0.303, 0.01, 0.6, 0.8]}
    truth, called = ["honest", "honest", "fraud", None], ["fraud", "honest", "fraud", "fraud"]
    return pd.DataFrame({"y_true": truth, "y_pred": called, **columns}, index=list("abcd"))


def test_a_row_is_as_sure_as_the_class_it_was_given(said):
    found = outcomes(said)
    assert found["confidence"].tolist() == [0.303, 0.99, 0.6, 0.8]  # "fraud" at a risk of .303, not .697
    assert found["top"].tolist() == [0.697, 0.99, 0.6, 0.8]
    assert found["right"].tolist() == [False, True, True, False]
    assert outcomes(said.iloc[:0])["confidence"].tolist() == []


def test_kinds_of_cases_and_their_order(said):
    found = outcomes(said)
    order = {kind: by_confidence(found, kind, 0.75).index.tolist() for kind in ("all", "right", "wrong", "uncertain")}
    assert order == {"all": ["b", "d", "c", "a"], "right": ["b", "c"], "wrong": ["a"], "uncertain": ["c", "a"]}
    assert by_confidence(found, "uncertain", None).empty  # nothing below .6
    with pytest.raises(OptionError, match="odd"):
        of_kind(found, "odd", found["right"])


def test_a_class_that_does_not_exist_is_named():
    assert class_index(("honest", "fraud"), "fraud") == 1
    with pytest.raises(OptionError, match="no class 'theft'"):
        class_index(("honest", "fraud"), "theft")


def test_a_change_is_followed_in_one_class_by_every_model():
    scores = {"a": NINE[:2], "b": NINE[:2][::-1]}
    found = moves(scores, {"a": DecisionRule(2.0, 0.2), "b": DecisionRule()}, ("honest", "fraud"), "b")
    assert found["target"] == "fraud"
    one, two = found["scores"]
    assert (one["before"], one["after"]) == pytest.approx((0.75, 0.25)) and one["cut"] == 0.2
    assert (one["called_before"], one["called_after"]) == ("fraud", "fraud")  # .25 is over .2
    assert (two["before"], two["after"]) == pytest.approx((0.1, 0.9)) and two["cut"] is None
    assert (two["called_before"], two["called_after"]) == ("honest", "fraud")


def test_of_more_classes_the_best_models_decision_is_followed():
    scores = {"a": np.array([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]), "b": np.array([[0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])}
    rules = dict.fromkeys(scores, DecisionRule())
    found = moves(scores, rules, ("red", "rose", "white"), "b")
    assert found["target"] == "rose"
    assert [(line["before"], line["after"]) for line in found["scores"]] == [(0.3, 0.3), (0.7, 0.1)]
    assert [line["called_after"] for line in found["scores"]] == ["white", "white"]
    assert moves(scores, rules, ("red", "rose", "white"), "a")["target"] == "red"
