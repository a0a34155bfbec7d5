"""Rules, logistic regression and boosted trees on tables, against hand-worked cases and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import OptionError, SchemaError
from dl_core.models.base import FitContext
from dl_core.models.table.boosting import Boosting
from dl_core.models.table.logistic import Logistic
from dl_core.models.table.prior import pair, shifted, tilted_weights
from dl_core.models.table.rules import Condition, Rule, Rules, format_rules, parse_rules
from dl_core.models.trees import TreePlan, take_trees
from dl_core.schema import Role

COLUMNS = ("amount", "night", "account: count, 1 days", "amount / account's mean, 30 days", "sand and gravel", "kind")
QUICK = TreePlan(rounds=20, step=10, leaves=8, bins=32)


def payments(count=400, seed=0, labels=True):
    """Amounts, a night flag and a kind of shop; fraud is a large amount at night, or any game but a few."""
    rng = np.random.default_rng(seed)
    amount, night = rng.gamma(2, 30, count), rng.integers(0, 2, count)
    kind = rng.choice(["food", "fuel", "games"], count, p=[0.6, 0.3, 0.1])
    fraud = ((amount > 120) & (night == 1)) | ((kind == "games") & (rng.random(count) < 0.5))
    table = pd.DataFrame({"amount": amount, "night": night.astype(float), "kind": kind})
    table.loc[::9, "night"] = np.nan
    roles = {Role.AMOUNT: ("amount",), Role.FEATURE: ("night", "kind")}
    if labels:
        table["label"] = np.where(fraud, "fraud", "honest")
        roles[Role.LABEL] = ("label",)
    table.index = [str(i) for i in range(count)]
    return Dataset("payments", table, roles, Source("made"), classes=("honest", "fraud"))


def test_rules_are_read_and_written():
    text = """# an analyst's rules
    amount > 220 and night = 1: 3

    Amount / account's mean, 30 days ≥ 2.5 AND kind != "food and drink": -1.5
    account: count, 1 days >= 8: 2
    sand and gravel < 4 and kind = bread and butter: 1"""
    rules = parse_rules(text, COLUMNS, texts=("kind",))
    assert rules[0] == Rule((Condition("amount", ">", 220.0), Condition("night", "=", 1.0)), 3.0)
    assert rules[1].conditions[0] == Condition("amount / account's mean, 30 days", ">=", 2.5)
    assert rules[1].conditions[1] == Condition("kind", "!=", "food and drink")
    assert rules[2] == Rule((Condition("account: count, 1 days", ">=", 8.0),), 2.0)
    assert rules[3].conditions[1] == Condition("kind", "=", "bread and butter")
    assert [rule.points for rule in rules] == [3, -1.5, 2, 1]
    assert parse_rules(format_rules(rules), COLUMNS, texts=("kind",)) == rules


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("amount > 220", "line 2.*no colon.*expected a colon and points"),
        ("amount > 220: many", "line 2.*'many' after the last colon"),
        ("amount large: 3", "line 2.*'amount large'.*expected one of >"),
        ("sum > 3: 1", "line 2.*no column 'sum'.*expected one of"),
        ("amount > 3 and sum > 3: 1", "line 2.*no column 'sum'"),
        ("amount > much: 1", "line 2.*'much' for the column 'amount'.*decimal point"),
        ("amount > 2,5: 1", "line 2.*'2,5'"),
        ("amount > nan: 1", "line 2.*'nan'"),
        ("amount > : 1", "line 2.*'' for the column"),
        ("kind > food: 1", "line 2.*'>' with a text in the column 'kind'.*= or != for texts"),
    ],
)
def test_a_line_that_is_no_rule_says_what_is_wrong(line, found):
    with pytest.raises(OptionError, match=found):
        parse_rules(f"night = 1: 1\n{line}", COLUMNS, texts=("kind",))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(COLUMNS[:5]),
            st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
            st.floats(-1e9, 1e9, allow_nan=False),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(-9, 9),
)
def test_every_rule_survives_being_written(parts, points):
    rule = Rule(tuple(Condition(*part) for part in parts), float(points))
    assert parse_rules(str(rule), COLUMNS) == (rule,)


def test_rules_fire_by_hand_and_a_missing_value_fulfils_nothing():
    table = pd.DataFrame({"amount": [10.0, 300.0, np.nan], "kind": ["food", None, "fuel"]}, index=list("abc"))
    assert Condition("amount", ">", 5.0).holds(table).tolist() == [True, True, False]
    assert Condition("kind", "=", "food").holds(table).tolist() == [True, False, False]
    assert Condition("kind", "!=", "food").holds(table).tolist() == [False, True, True]
    both = Rule((Condition("amount", "<=", 10.0), Condition("kind", "=", "food")), 2.0)
    assert both.fires(table).tolist() == [True, False, False]


def test_own_rules_score_by_their_points_and_give_their_reasons():
    data, model = payments(), Rules()
    text = "amount > 120 and night = 1: 3\nkind = games: 2"
    model.fit(data, data, FitContext(options={"rules": text}))
    scores = model.scores(data)[:, 1]
    fired = model.fired(data)
    points = np.array([3 * ("amount > 120 and night = 1" in row) + 2 * ("kind = games" in row) for row in fired])
    assert {0, 2, 3, 5} == set(points.tolist())
    order = [scores[points == value].mean() for value in (0, 2, 3, 5)]
    assert order == sorted(order)
    assert abs(scores.mean() - (data.targets == 1).mean()) < 0.01


def test_suggested_rules_find_what_was_planted_and_never_look_at_validation():
    data, model = payments(3_000), Rules()
    model.fit(data, payments(50, labels=False), FitContext())
    assert model.suggested
    assert 1 <= len(model.rules) <= 8
    words = format_rules(model.rules)
    assert "kind = games" in words
    assert "night = 1" in words
    fresh = payments(1_000, seed=4)
    score = model.scores(fresh)[:, 1]
    assert score[fresh.targets == 1].mean() > 5 * score[fresh.targets == 0].mean()


def test_rules_that_point_the_wrong_way_keep_their_order():
    data, model = payments(), Rules("amount < 100: 4")
    model.fit(data, data, FitContext())
    scores, small = model.scores(data)[:, 1], data.table["amount"].to_numpy() < 100
    assert scores[small].min() > scores[~small].max()


def test_rules_work_without_labels_and_say_which_column_is_missing():
    data, model = payments(labels=False), Rules()
    model.fit(data, data, FitContext())
    assert len(model.rules) == 1
    assert 0 < sum(map(len, model.fired(data))) < 10
    bare = payments(20)
    with pytest.raises(SchemaError, match="no column 'amount'"):
        model.scores(Dataset("bare", bare.table.drop(columns="amount"), {}, Source("made"), classes=bare.classes))


def test_class_weights_are_undone_by_hand():
    y = np.array([0, 0, 0, 1])
    weights, tilt = tilted_weights(y, FitContext())
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])
    assert tilt == pytest.approx(np.log(3))
    assert tilted_weights(y, FitContext(options={"imbalance": "none"}))[1] == 0
    np.testing.assert_allclose(shifted(np.array([[0.5, 0.5]]), -tilt), [[0.75, 0.25]])
    np.testing.assert_allclose(pair(np.array([-800.0, 0.0, 800.0]))[:, 1], [0, 0.5, 1])


@pytest.mark.parametrize("imbalance", ["weights", "none"])
def test_logistic_regression_is_honest_about_the_share_of_fraud(imbalance):
    data, model = payments(1_500), Logistic()
    model.fit(data, payments(500, seed=1), FitContext(options={"imbalance": imbalance}))
    fresh = payments(1_500, seed=2)
    score, fraud = model.scores(fresh)[:, 1], fresh.targets == 1
    assert abs(score.mean() - fraud.mean()) < 0.05
    assert score[fraud].mean() > 2 * score[~fraud].mean()


def test_boosting_takes_missing_values_weights_and_rows_without_label():
    data, model = payments(800), Boosting(QUICK)
    table = data.table.copy()
    table.loc["0", "label"] = None
    part = data.with_table(table)
    context = FitContext(sample_weight=np.linspace(0.5, 1.5, 800))
    model.fit(part, payments(300, seed=1), context)
    fresh = payments(500, seed=2)
    score, fraud = model.scores(fresh)[:, 1], fresh.targets == 1
    assert (score[fraud][:, None] > score[~fraud][None]).mean() > 0.85
    assert model.columns() == ("amount", "night", "kind")


def test_trees_send_missing_values_where_scikit_learn_does():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = ((x[:, 0] > 0) | np.isnan(x[:, 1])).astype(int)
    x[rng.random((300, 3)) < 0.2] = np.nan
    y = np.where(np.isnan(x[:, 1]), 1, y)
    booster = HistGradientBoostingClassifier(max_iter=6, early_stopping=False, max_leaf_nodes=6).fit(x, y)
    fresh = rng.normal(size=(80, 3))
    fresh[rng.random((80, 3)) < 0.3] = np.nan
    trees = take_trees(booster, np.unique(y))
    assert trees.missing.any()
    np.testing.assert_allclose(trees.scores(fresh, 2), booster.predict_proba(fresh), atol=1e-12)


@pytest.mark.parametrize("model", [Rules, Logistic, Boosting])
def test_no_fraud_at_all_is_said(model):
    data = payments(60)
    table = data.table.assign(label="honest")
    with pytest.raises(SchemaError, match="only the class 'honest'"):
        model().fit(data.with_table(table), data, FitContext())
