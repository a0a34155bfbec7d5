"""`Comparison.between`: a − b read from either side, by hand."""

import json

import pandas as pd
import pytest

from dl_core.evaluate.pairs import PAIRS
from dl_core.evaluate.results import Comparison

LINES = [
    ("auroc", "net", "plain", 0.9, 0.8, 0.1, 0.02, 0.15, 50, "better", 0.004, "better"),
    ("brier", "net", "plain", 0.2, 0.1, -0.1, -0.3, -0.05, 50, "worse", 0.01, "tie"),
    ("f1", "net", "plain", 0.7, 0.7, 0.0, -0.1, 0.2, 50, "tie", 1.0, "tie"),
    ("ece", "net", "plain", 0.7, None, None, None, None, 50, "tie", 1.0, "tie"),
    ("auroc", "plain", "tree", 0.8, 0.6, 0.2, 0.1, 0.3, 50, "better", 0.002, "better"),
]


@pytest.fixture
def comparison():
    made = Comparison(pd.DataFrame(LINES, columns=PAIRS), "so it is", note="few")
    return Comparison.from_dict(json.loads(json.dumps(made.as_dict())))


def test_as_it_is_held(comparison):
    rows = comparison.between("net", "plain")
    assert rows["metric"].tolist() == ["auroc", "brier", "f1"]  # what has no difference is left out
    assert rows[["difference", "low", "high"]].to_numpy().tolist()[0] == [0.1, 0.02, 0.15]
    assert comparison.tally("net", "plain") == {"better": 1, "worse": 1, "tie": 1}


def test_turned_round_the_ends_of_intervals_change_places_and_signs(comparison):
    rows = comparison.between("plain", "net").set_index("metric")
    one = rows.loc["auroc"]
    assert (one["a"], one["b"], one["value_a"], one["value_b"]) == ("plain", "net", 0.8, 0.9)
    assert (one["difference"], one["low"], one["high"]) == (-0.1, -0.15, -0.02)
    assert (one["verdict"], one["holm"], one["p"]) == ("worse", "worse", 0.004)
    two = rows.loc["brier"]
    assert (two["difference"], two["low"], two["high"], two["verdict"], two["holm"]) == (
        0.1,
        0.05,
        0.3,
        "better",
        "tie",
    )
    assert (rows["low"] <= rows["difference"]).all() and (rows["difference"] <= rows["high"]).all()
    assert rows.loc["f1", "verdict"] == "tie"
    assert comparison.tally("plain", "net") == {"better": 1, "worse": 1, "tie": 1}
    assert comparison.tally("tree", "plain") == {"better": 0, "worse": 1, "tie": 0}


def test_models_that_were_not_compared_and_no_pairs(comparison):
    assert comparison.between("net", "tree").empty and set(comparison.between("net", "tree").columns) == set(PAIRS)
    empty = Comparison.from_dict(Comparison(pd.DataFrame(columns=PAIRS), "nothing").as_dict())
    assert empty.between("a", "b").empty and empty.tally("a", "b") == {"better": 0, "worse": 0, "tie": 0}
    assert comparison.note == "few" and comparison.sentence == "so it is"
