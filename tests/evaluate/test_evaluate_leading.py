"""Which model leads, by hand: higher, lower, or closest to a target; and how far coverage is from what is promised."""

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.report import is_chance, most_gained
from dl_core.evaluate.leading import best_of, changes_most, coverage_errors, leads_most, loses_most, ranked
from dl_core.evaluate.registry import metric_named

ROWS = pd.DataFrame({"model": ["a", "b", "c"], "value": [0.99, 0.78, 0.70]})


@pytest.mark.parametrize(
    ("name", "order"),
    [("auroc", "abc"), ("brier", "cba"), ("ndcg", "abc"), ("gini", "cba"), ("mase", "cba"), ("coverage_80", "bca")],
)
def test_the_best_stands_first_whichever_way_is_better(name, order):
    assert "".join(ranked(metric_named(name), ROWS)["model"]) == order


def test_equal_values_stay_in_their_order():
    assert ranked(metric_named("auroc"), ROWS.assign(value=0.5))["model"].tolist() == ["a", "b", "c"]


def test_who_leads_at_most_places():
    lines = {"A": pd.Series([0.9, 0.8, 0.7], [1, 2, 3]), "B": pd.Series([0.8, 0.7, 0.85], [1, 2, 3])}
    assert leads_most(metric_named("mase"), lines) == ("B", 2, 3)
    assert leads_most(metric_named("recall"), lines) == ("A", 2, 3)
    assert leads_most(metric_named("coverage_80"), lines) == ("B", 2, 3)  # 0, 0.1, 0.05 away; A 0.1, 0, 0.1
    assert leads_most(metric_named("mase"), {"A": lines["A"]}) is None
    assert leads_most(metric_named("mase"), {**lines, "C": pd.Series([0.1], [1])}) is None


def test_what_changes_most_goes_by_size_and_keeps_its_sign():
    found = changes_most({"Rules": [0.5, 0.45], "Network": [0.8, 0.9, 0.5], "New": [0.1]})
    assert found == ("Network", pytest.approx(-0.3))
    assert changes_most({"New": [0.1]}) is None


def test_coverage_errors_are_held_less_promised():
    lines = [{"level": 0.8, "value": 0.75, "low": 0.7, "high": 0.82}, {"level": 0.9, "value": None}]
    lines += [{"level": 0.95, "value": 0.99, "low": None, "high": None}]
    found = coverage_errors(lines)
    assert [line["level"] for line in found] == [0.8, 0.95]
    assert [found[0][key] for key in ("value", "low", "high")] == pytest.approx([-0.05, -0.1, 0.02])
    assert found[1]["value"] == pytest.approx(0.04) and found[1]["low"] is None


def test_chance_is_an_interval_that_holds_nought():
    assert [is_chance(-0.1, 0.2), is_chance(0.0, 0.2), is_chance(None, None)] == [True, True, True]
    assert [is_chance(0.1, 0.2), is_chance(-0.2, -0.1)] == [False, False]
    assert is_chance(np.nan, np.nan)


def test_the_metric_whose_groups_came_closest():
    gain = [{"metric": "a", "change": -0.1}, {"metric": "b", "change": -0.3}, {"metric": "c", "change": None}]
    assert most_gained(gain) == "b" and most_gained([]) is None


def test_the_best_of_some_values_whichever_way_is_better():
    values = {"A": 0.7, "B": 0.9, "C": 0.81}
    assert best_of(metric_named("recall"), values) == "B"
    assert best_of(metric_named("mase"), values) == "A"
    assert best_of(metric_named("coverage_80"), values) == "C"  # 0.01 beside what is promised
    assert best_of(metric_named("recall"), {"A": 0.7, "B": 0.7}) == "A"


def test_who_loses_most_from_the_first_to_the_last():
    values = {"A": [0.9, 0.2, 0.8], "B": [0.7, 0.9, 0.5]}
    assert loses_most(metric_named("accuracy"), values) == ("B", pytest.approx(0.2))
    assert loses_most(metric_named("mase"), {"A": [1.0, 1.5], "B": [2.0, 2.1]}) == ("A", pytest.approx(0.5))
    assert loses_most(metric_named("mase"), {"A": [1.0, 0.75]}) == ("A", pytest.approx(-0.25))
