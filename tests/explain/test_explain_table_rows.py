"""Shapley value sampling and deletion of any model of tables, against contributions worked out by hand."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError, RunError
from dl_core.evaluate.decide import DecisionRule
from dl_core.explain.faithfulness import order_areas
from dl_core.explain.request import ExplainRequest
from dl_core.explain.table.background import draw_background, typical_row
from dl_core.explain.table.explain import explain_table, look
from dl_core.explain.table.faithfulness import followed
from dl_core.explain.table.plain import reasons
from dl_core.explain.table.rows import RowsView, feature_groups, stacked, without_label
from dl_core.explain.table.shapley_sampling import ShapleySampling, Walks
from dl_core.explain.table.view import class_scores
from dl_core.schema import Role
from tests.explain.table_models import Formula, numbers, transactions


def additive(table: pd.DataFrame) -> np.ndarray:
    return (
        table["amount"].to_numpy() / 500
        - 0.25 * table["days since last transaction"].to_numpy()
        + (table["shop"] == "travel")
        - 2
    )


def product(table: pd.DataFrame) -> np.ndarray:
    return (table["a"] * table["b"] + table["c"]).to_numpy()


def explain(model, data, background, methods=("shapley_sampling",), **options):
    return explain_table(
        ExplainRequest(model, "m", data, methods, beside=background, **{"faithfulness": False} | options)
    )


def test_typical_row_by_hand():
    found = typical_row(transactions())
    assert found.table.iloc[0].to_dict() == {
        "amount": 20.0,
        "days since last transaction": 2.0,
        "shop": "food",
        "card": "a",
    }
    assert found.table.dtypes["days since last transaction"] == np.float32
    assert Role.LABEL not in found.roles


def test_typical_values_occur_and_may_be_missing():
    table = pd.DataFrame(
        {
            "flag": [0, 0, 1, 1],
            "rare": [np.nan, np.nan, np.nan, 5.0],
            "text": pd.Categorical(["x", None, "y", "y"]),
            "when": pd.to_datetime(["2026-01-04", "2026-01-01", "2026-01-02", "2026-01-03"]),
        },
        index=list("abcd"),
    )
    data = numbers(np.zeros((4, 1)))
    recent = np.arange(24, dtype=np.float16).reshape(4, 3, 2)
    data = Dataset("x", table, {}, data.source, arrays={"recent": recent})
    found = typical_row(data)
    assert found.table["flag"].tolist() == [0]
    assert np.isnan(found.table["rare"].iloc[0])
    assert found.table["text"].tolist() == ["y"]
    assert found.table["text"].dtype == table["text"].dtype
    assert found.table["when"].iloc[0] == pd.Timestamp("2026-01-02")
    np.testing.assert_array_equal(found.arrays["recent"][0], recent[1])
    assert found.arrays["recent"].dtype == np.float16


def test_background_is_honest_and_drawn_once():
    data = transactions()
    assert sorted(draw_background(data, 10).ids) == ["0", "1", "2"]
    assert draw_background(data, 2, seed=1).ids.tolist() == draw_background(data, 2, seed=1).ids.tolist()
    assert len(draw_background(transactions(["fraud"] * 5), 9)) == 5  # none is known as honest
    with pytest.raises(RunError, match="no rows to compare with"):
        typical_row(data.subset([]))


def test_shapley_of_an_additive_model_is_exact():
    data = transactions()
    found = explain(Formula(additive), data.subset(["4"]), data.subset(["0"]))[0]
    assert found.features == ("amount", "days since last transaction", "shop")
    np.testing.assert_allclose(found.heat[0], [1302.4 / 500, 0.25, 1.0], rtol=1e-5)
    assert found.base == pytest.approx(10 / 500 - 0.25 - 2)
    assert found.log_odds == pytest.approx(1312.4 / 500 + 1 - 2)
    assert found.gap == pytest.approx(0, abs=1e-6)
    assert found.values == ("1,312.40", "0.0 days", "travel")
    assert found.typical == ("10.00", "1.0 days", "food")


def test_shapley_against_several_rows_is_complete():
    data = transactions()
    for found in explain(Formula(additive), data, data):
        assert found.gap == pytest.approx(0, abs=1e-6)
        assert found.target == "fraud"
    assert found.base == pytest.approx(np.mean(additive(data.table.iloc[:3])), abs=0.02)


def test_shapley_of_an_interaction_by_enumeration():
    row, other = np.array([3.0, 2.0, 1.0]), np.array([1.0, -1.0, 0.5])
    expected = np.zeros(3)
    for order in permutations(range(3)):
        mixed = other.copy()
        for player in order:
            before = product(numbers(mixed[None]).table)[0]
            mixed[player] = row[player]
            expected[player] += (product(numbers(mixed[None]).table)[0] - before) / 6
    np.testing.assert_allclose(expected, [1.0, 6.0, 0.5])  # a: (-2 + 4) / 2, b: (3 + 9) / 2
    found = explain(Formula(product), numbers(row[None]), numbers(other[None]))[0]
    np.testing.assert_allclose(found.heat[0], expected, atol=0.05)
    assert found.heat.sum() == pytest.approx(expected.sum(), abs=1e-5)


def test_walks_end_where_they_must():
    walks = Walks.draw(np.array([0, 1, 1]), pairs=2, generator=np.random.default_rng(0))
    kept = walks.kept.reshape(2, 2, 3, 3)  # pairs, directions, steps, features
    assert not kept[:, :, 0].any() and kept[:, :, 2].all()
    assert (kept[..., 1] == kept[..., 2]).all()  # one player
    assert (kept[:, 0, 1] == ~kept[:, 1, 1]).all()  # the reverse


def test_one_call_scores_a_row_within_the_budget():
    model = Formula(lambda table: table.to_numpy().sum(axis=1))
    data = numbers(np.random.default_rng(0).normal(size=(30, 20)))
    explain(model, data.subset(["r0"]), data)
    assert max(model.calls) <= 2_200
    assert sum(calls > 200 for calls in model.calls) == 1


def test_of_many_columns_the_strongest_are_told_apart():
    rng = np.random.default_rng(1)
    data = numbers(rng.normal(size=(20, 60)), [f"c{i}" for i in range(60)])
    weights = np.zeros(60)
    weights[[7, 50]] = 3, -2
    weights[9] = 1e-3
    model = Formula(lambda table: table.to_numpy() @ weights)
    one = data.subset(["r0"])
    found = explain(model, one, data.subset(["r1"]))[0]
    expected = weights * (one.table.to_numpy()[0] - data.table.to_numpy()[1])
    np.testing.assert_allclose(found.heat[0], expected, atol=1e-6)


def test_the_walkers_who_walk_as_one_share_their_contribution():
    data = numbers(np.vstack([np.zeros(6), np.arange(6)]))
    weights = np.ones(6)
    model = Formula(lambda table: table.to_numpy() @ weights)
    rows, references = data.subset(["r1"]), data.subset(["r0"])
    groups = feature_groups(model, rows, references)
    view = RowsView(model, rows, references, np.array([1]), groups)
    found = ShapleySampling(most_features=2, rows=50).contributions(view)
    np.testing.assert_allclose(found.heats[0], np.arange(6), atol=1e-9)


def test_windows_of_one_aggregate_belong_together_in_a_wide_table():
    columns = [f"x{i}" for i in range(39)] + ["count, 1 day", "count, 7 days"]
    data = numbers(np.random.default_rng(0).normal(size=(4, 41)), columns)
    model = Formula(lambda table: (table["count, 1 day"] + 2 * table["count, 7 days"]).to_numpy())
    found = explain(model, data.subset(["r0"]), data.subset(["r1"]))[0]
    assert found.features[-1] == "count (1, 7 days)"
    table = data.table
    expected = model.formula(table)[0] - model.formula(table)[1]
    assert found.heat[0, -1] == pytest.approx(expected, rel=1e-5)
    assert np.abs(found.heat[0, :-1]).max() < 1e-6
    assert found.values[-1].count(" / ") == 1


def test_a_column_that_is_read_anyway_is_a_feature():
    data = transactions()
    model = Formula(lambda table: (table["card"] == "d") * 4.0 - 2)
    found = explain(model, data.subset(["3"]), data.subset(["0"]))[0]
    assert found.features[-1] == "card"
    np.testing.assert_allclose(found.heat[0], [0, 0, 0, 4], atol=1e-6)


def test_categories_and_types_survive_the_mixing():
    data = transactions()
    typed = data.table.assign(shop=pd.Categorical(data.table["shop"]), card=data.table["card"])
    data = replace(data, table=typed)
    rows, other = without_label(data.subset(["4"])), without_label(data.subset(["0"]))
    other = replace(other, table=other.table.assign(shop=pd.Categorical(["books"])))
    pool = stacked(rows, other)
    assert pool.table["shop"].tolist() == ["travel", "books"]
    assert isinstance(pool.table["shop"].dtype, pd.CategoricalDtype)
    seen = []
    model = Formula(lambda table: seen.append(table.dtypes) or np.zeros(len(table)))
    view = RowsView(model, rows, other, np.array([1]), {"shop": ("shop",)})
    view.probabilities(np.array([0]), np.array([0]), np.array([[False]]))
    assert seen[-1]["shop"] == pool.table["shop"].dtype
    assert seen[-1]["days since last transaction"] == np.float32


def test_class_scores_by_hand():
    found = class_scores(np.array([[0.2, 0.8]]))
    np.testing.assert_allclose(found, [[-np.log(4), np.log(4)]])
    assert np.isfinite(class_scores(np.array([[0.0, 1.0]]))).all()
    three = class_scores(np.array([[0.5, 0.25, 0.25]]))
    np.testing.assert_allclose(three[0], [np.log(2), -np.log(2) / 2, -np.log(2) / 2])


def test_deletion_areas_by_hand():
    # two columns, each worth one of two steps: p falls 0.9 -> 0.5 -> 0.1 or stays for the useless column first
    odds = np.log(9)

    def formula(table):
        return np.where(table["a"] > 0, odds, -odds) * 0.5 + np.where(table["b"] > 0, odds, -odds) * 0.5

    model, rows, typical = Formula(formula), numbers(np.ones((1, 3))), numbers(np.zeros((1, 3)))
    view = RowsView(model, rows, typical, np.array([1]), {name: (name,) for name in "abc"})
    found = order_areas(np.array([[0, 1, 2], [2, 0, 1]]), np.arange(4), followed(view, 0))
    np.testing.assert_allclose(found[0], [(0.7 + 0.3 + 0.1) / 3, (0.3 + 0.7 + 0.9) / 3])
    np.testing.assert_allclose(found[1], [(0.9 + 0.7 + 0.3) / 3, (0.1 + 0.3 + 0.7) / 3])
    # steps 0, 1, 3 of three columns: a trapezoid two columns wide
    wide = order_areas(np.array([[0, 1, 2]]), np.array([0, 1, 3]), followed(view, 0))
    assert wide[0, 0] == pytest.approx((0.7 + (0.5 + 0.1) / 2 * 2) / 3)


def test_faithfulness_of_a_row():
    data = transactions()
    found = explain(Formula(additive), data.subset(["4"]), data, faithfulness=True)[0].faithfulness
    assert found.deletion < found.random_deletion < found.least_deletion
    assert found.insertion > found.random_insertion > found.least_insertion
    assert (found.centre_deletion, found.centre_insertion, found.randomisation) == (None, None, None)


def test_a_model_without_a_graph_gets_shapley_once():
    data = transactions()
    found = explain(Formula(additive), data, data, methods=("expected_gradients", "integrated_gradients"))
    assert [one.method for one in found] == ["shapley_sampling"] * 5
    assert [one.row for one in found] == list("01234")


def test_wrong_names_are_refused():
    data = transactions()
    with pytest.raises(OptionError, match="(?i)there is no method 'tea leaves'"):
        explain(Formula(additive), data, data, methods=("tea leaves",))
    with pytest.raises(OptionError, match="there is no class 'theft'"):
        explain(Formula(additive), data, data, target="theft")
    with pytest.raises(OptionError, match="there is no option 'luck'"):
        ShapleySampling(luck=1)
    assert explain(Formula(additive), data.subset([]), data) == []


def test_the_other_class_mirrors():
    data = transactions()
    fraud = explain(Formula(additive), data, data)
    honest = explain(Formula(additive), data, data, target="honest")
    for one, other in zip(fraud, honest, strict=True):
        np.testing.assert_allclose(one.heat, -other.heat, atol=1e-5)
        assert one.score == pytest.approx(1 - other.score)


def test_a_file_without_labels_and_with_more_columns_is_explained():
    data = transactions()
    new = data.subset(["4"])
    new = replace(
        new,
        table=new.table.drop(columns="fraud").assign(extra=1),
        roles={k: v for k, v in new.roles.items() if k != Role.LABEL},
    )
    found = explain(Formula(additive), new, data)[0]
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_a_queue_gets_its_reasons():
    data = transactions()
    assert reasons(explain(Formula(additive), data, data)[4]) == [
        "amount is 1,312.40 (typical 20.00)",
        "shop is travel (typical food)",
        "days since last transaction is 0.0 days (typical 2.0 days)",
    ]
    assert explain(Formula(additive), data.subset([]), data) == []


def test_the_same_seed_gives_the_same_contributions():
    rng = np.random.default_rng(0)
    data = numbers(rng.normal(size=(12, 3)))
    first, again = (explain(Formula(product), data, data) for _ in range(2))
    assert all(np.array_equal(a.heat, b.heat) for a, b in zip(first, again, strict=True))


def test_all_rows_share_a_view():
    data = transactions()
    view, groups, _ = look(Formula(additive), data, data, np.ones(5, int), count=2)
    assert (len(view), view.references, view.typical) == (5, 3, 2)
    assert list(groups) == list(view.names)


def test_contributions_are_calibrated_and_add_up_to_the_probability_that_predict_gives():
    data = transactions()
    plain = explain(Formula(additive), data, data, faithfulness=True)
    calibrated = explain(Formula(additive), data, data, rule=DecisionRule(temperature=2.0), faithfulness=True)
    odds = additive(data.table)
    for one, two, row in zip(plain, calibrated, odds, strict=True):
        np.testing.assert_allclose(two.heat, one.heat / 2, rtol=1e-5, atol=1e-12)  # log-odds over the temperature
        assert two.base == pytest.approx(one.base / 2) and two.log_odds == pytest.approx(row / 2)
        assert two.score == pytest.approx(1 / (1 + np.exp(-row / 2)))
        assert two.gap == pytest.approx(0, abs=1e-6)
    assert calibrated[4].faithfulness.insertion < plain[4].faithfulness.insertion  # areas of calibrated probabilities


def test_of_more_classes_each_row_is_explained_for_its_decided_one():
    class Three(Formula):
        classes = ("low", "middle", "high")

        def scores(self, data):
            at = self.formula(data.table)
            odds = np.stack([-at, np.ones(len(data)), at], axis=1)
            return np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)

    data = numbers(np.array([[-2.0], [0.0], [2.0]]))
    model = Three(lambda table: table["a"].to_numpy())
    model.classes = Three.classes
    found = explain(model, data, data, rule=DecisionRule(temperature=2.0))
    assert [one.target for one in found] == ["low", "middle", "high"]
    high = np.exp([-1.0, 0.5, 1.0])  # log-odds -2, 1, 2, halved
    assert found[2].score == pytest.approx(high[2] / high.sum())
