"""What explanations hold and how tables are joined for them, each number worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dl_core.explain.explanation import Explanation, Faithfulness, finite, safe_heat, strongest
from dl_core.explain.faithfulness import checked, order_areas, rank_correlation, share_counts
from dl_core.explain.table.rows import RowsView, feature_groups, stacked
from tests.explain.table_models import Formula, numbers

MEASURED = Faithfulness(deletion=0.2, insertion=0.8, random_deletion=0.3, random_insertion=0.7)


def explained(**more):
    heat = np.array([[0.25, -0.5, 0.125]], dtype=np.float32)
    return Explanation("r1", "m", "gradients", "fraud", heat, 0.9, features=("a", "b", "c"), **more)


def test_the_strongest_features_keep_their_signs():
    assert explained().strongest() == [("b", -0.5), ("a", 0.25), ("c", 0.125)]
    assert explained().strongest(1) == [("b", -0.5)] and len(explained().strongest(None)) == 3
    assert strongest([(str(at), at) for at in range(9)])[0] == ("8", 8) and len(strongest([("x", 1.0)] * 9)) == 9
    many = replace(explained(), heat=np.arange(10.0)[None], features=tuple("abcdefghij"))
    assert [name for name, _ in many.strongest()] == list("jihgfedc")


def test_an_explanation_as_json_and_as_a_line():
    found = explained(faithfulness=replace(MEASURED, leave_one_out=float("nan"))).as_json()
    assert found["features"] == [{"name": n, "weight": w} for n, w in (("b", -0.5), ("a", 0.25), ("c", 0.125))]
    assert found["probability"] == 0.9 and found["faithfulness"]["deletion"] == 0.2
    assert found["faithfulness"]["leave_one_out"] is None and found["faithfulness"]["pointing"] is None
    assert explained().as_json()["faithfulness"] is None and "deletion" not in explained().line()
    line = explained(faithfulness=MEASURED).line()
    assert (line["row"], line["probability"], line["insertion"], line["b"]) == ("r1", 0.9, 0.8, -0.5)


def test_numbers_that_json_does_not_know_are_none():
    assert [finite(value) for value in (1.5, 0.0, True, None, float("nan"), float("inf"), -float("inf"))] == [
        *(1.5, 0.0, True),
        *[None] * 4,
    ]
    assert safe_heat(np.array([[1.0, np.nan], [np.inf, -2.0]])) == [[1.0, None], [None, -2.0]]


def test_an_attribution_passes_only_where_it_beats_every_rival():
    assert MEASURED.passed == 2
    assert replace(MEASURED, deletion=0.3).passed == 1 and replace(MEASURED, insertion=0.7).passed == 1  # no better
    assert replace(MEASURED, deletion=0.4, insertion=0.1).passed == 0
    centre = {"centre_deletion": 0.1, "centre_insertion": 0.9}
    assert replace(MEASURED, **centre).passed == 0
    assert replace(MEASURED, **{**centre, "centre_deletion": 0.25}).passed == 1
    assert replace(MEASURED, centre_deletion=0.1).passed == 2  # no centre without both


def test_a_map_depends_on_the_model_up_to_a_correlation_of_a_half():
    found = [replace(MEASURED, randomisation=value).depends_on_model for value in (0.0, 0.5, 0.51, -0.9, None)]
    assert found == [True, True, False, True, None]


def test_redrawn_weights_are_told_by_row_where_they_were_measured():
    found = checked({"a": MEASURED, "b": MEASURED}, {"a": [0.1, 0.4], "b": None}, 1)
    assert found["a"].randomisation == 0.4 and found["b"] is MEASURED


def test_maps_that_are_not_finite_or_constant_have_no_correlation():
    a, hole = np.array([1.0, 2.0, 3.0]), np.array([1.0, np.nan, 3.0])
    assert rank_correlation(a, hole) == rank_correlation(hole, a) == 0.0
    assert rank_correlation(np.ones(3), a) == rank_correlation(a, np.ones(3)) == 0.0
    assert rank_correlation(a, np.array([1.0, 3.0, 2.0])) == pytest.approx(0.5)  # 1 − 6 · 2 / 24


def test_areas_of_orders_by_hand():
    worth = np.array([0.5, 0.25, 0.25])
    counts = np.array([0, 1, 3])

    def scored(kept):
        return kept @ worth

    found = order_areas(np.array([[0, 1, 2], [2, 1, 0]]), counts, scored)
    # deleted: 1, 1/2, 0 over widths 1 and 2; inserted: 0, 1/2, 1. The other way round 1/4 goes, or comes, first
    assert found[0] == pytest.approx([(0.75 + 2 * 0.25) / 3, (0.25 + 2 * 0.75) / 3])
    assert found[1] == pytest.approx([(0.875 + 2 * 0.375) / 3, (0.125 + 2 * 0.625) / 3])
    assert share_counts(10).tolist() == [0, 1, 2, 4, 5, 8, 10] and share_counts(1).tolist() == [0, 1]


def wide(plain, windows):
    names = [f"f{at}" for at in range(plain)] + [f"count, {days} days" for days in range(1, windows + 1)]
    return numbers(np.arange(2.0 * len(names)).reshape(2, -1), names)


def test_windows_of_one_aggregate_are_joined_above_forty_features_only():
    model = Formula(lambda table: np.zeros(len(table)))
    at_most = feature_groups(model, wide(38, 2), wide(38, 2))
    assert len(at_most) == 40 and at_most["count, 1 days"] == ("count, 1 days",)
    joined = feature_groups(model, wide(39, 2), wide(39, 2))
    assert len(joined) == 40 and joined["count (1, 2 days)"] == ("count, 1 days", "count, 2 days")
    alone = feature_groups(model, wide(41, 1), wide(41, 1))
    assert len(alone) == 42 and "count, 1 days" in alone


def test_rows_below_each_other_keep_their_types():
    def data(**columns):
        return replace(numbers(np.zeros((2, 1))), table=pd.DataFrame(columns, index=["x", "y"]), roles={})

    first = data(n=[1, 2], k=pd.Categorical(["u", None]), t=["p", "q"], b=[1, 2])
    second = data(n=[0.5, 1.5], k=pd.Categorical(["v", "u"]), t=[3, 4], b=[3, 4])
    found = stacked(first, second).table
    assert found["n"].dtype == float and found["n"].tolist() == [1.0, 2.0, 0.5, 1.5]
    assert found["k"].cat.categories.tolist() == ["u", "v"] and found["k"].tolist()[2:] == ["v", "u"]
    assert found["t"].tolist() == ["p", "q", 3, 4] and found["t"].dtype == object
    assert found["b"].dtype == np.int64 and found.index.tolist() == ["0", "1", "2", "3"]


def test_mixed_rows_take_each_feature_from_its_own_row():
    rows, others = numbers(np.array([[1.0, 2.0], [3.0, 4.0]])), numbers(np.array([[10.0, 20.0], [30.0, 40.0]]))
    model = Formula(lambda table: table["a"] / 10 - table["b"] / 100)
    view = RowsView(model, rows, others, np.ones(2, dtype=int), {"a": ("a",), "b": ("b",)})
    kept = np.array([[True, False], [False, True], [True, True]])
    found = view.uncalibrated(np.array([0, 1, 1]), np.array([1, 0, 0]), kept)
    odds = np.array([1 / 10 - 40 / 100, 10 / 10 - 4 / 100, 3 / 10 - 4 / 100])
    assert found[:, 1] == pytest.approx(1 / (1 + np.exp(-odds)))
