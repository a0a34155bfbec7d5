"""Metrics of a review queue, by hand, against plain loops, and the Fraud Detection Handbook's own ceiling."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.evaluate.about import Facts, about_rows, coded
from dl_core.evaluate.draws import Draws, codes_of
from dl_core.evaluate.evaluate import evaluate
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.quantities import resample
from dl_core.evaluate.registry import ALL_METRICS, class_metrics
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.evaluate.scored import Scored
from dl_core.evaluate.table.oracle import bounds
from dl_core.evaluate.table.review import weighted_precision_at_k, weighted_recall_at_k, weighted_review_burden

HANDBOOK = Path(__file__).parents[3] / "shared" / "data" / "fraud_handbook.parquet"


def two(score):
    return np.column_stack([1 - np.asarray(score, dtype=float), score])


def value(name, y_true, score, threshold=None, **about):
    about = {key: np.asarray(one) if np.ndim(one) else float(one) for key, one in about.items()}
    return ALL_METRICS[name](np.asarray(y_true), two(score), threshold, about)


def test_top_of_each_day_by_hand():
    # day 0: scores .9 (fraud), .8, .7 (fraud); day 1: .3, .2 (fraud); two reviews a day find 1 of 2 and 1 of 2
    y, score, day = [1, 0, 1, 0, 1], [0.9, 0.8, 0.7, 0.3, 0.2], [0, 0, 0, 1, 1]
    assert value("precision_at_k", y, score, day=day, budget=2) == pytest.approx(2 / 4)
    assert value("recall_at_k", y, score, day=day, budget=2) == pytest.approx(2 / 3)
    assert value("precision_at_k", y, score, day=day, budget=100) == pytest.approx(3 / 5)  # a day has no more rows
    assert np.isnan(value("precision_at_k", y, score, day=day, budget=0))
    assert np.isnan(value("recall_at_k", [0, 0], [0.1, 0.2], day=[0, 0], budget=1))


def test_equal_scores_share_the_places_left():
    # one place for .9, and one for the three rows at .5, of which two are fraud
    y, score = [0, 1, 1, 0], [0.9, 0.5, 0.5, 0.5]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        got = value("precision_at_k", np.take(y, order), np.take(score, order), day=[0] * 4, budget=2)
        assert got == pytest.approx((2 / 3) / 2)


def test_card_precision_by_hand():
    # day 0, one place: card 7 (its highest .9) is compromised by its other row and found.
    # day 1: card 7 is blocked, so card 8 (.6) is looked at: honest. Mean of 1 and 0.
    y = [0, 1, 0, 1, 0]
    score, day, account = [0.9, 0.2, 0.5, 0.95, 0.6], [0, 0, 0, 1, 1], [7, 7, 8, 7, 8]
    assert value("card_precision", y, score, day=day, account=account, budget=1) == pytest.approx(0.5)
    # with two places all cards are seen: 1 of 2, then the one that is left: 0 of 1
    assert value("card_precision", y, score, day=day, account=account, budget=2) == pytest.approx(0.25)


def plain_card_precision(y, score, day, account, k):
    """The same in a loop over days, as the Handbook describes it."""
    found, each = set(), []
    for today in np.unique(day):
        cards = {}
        for i in np.flatnonzero(day == today):
            if account[i] not in found:
                best, bad = cards.get(account[i], (0.0, 0))
                cards[account[i]] = max(best, score[i]), max(bad, y[i])
        top = sorted(cards, key=lambda card: -cards[card][0])[:k]
        bad = [card for card in top if cards[card][1]]
        found.update(bad)
        each.append(len(bad) / min(k, len(cards)))
    return np.mean(each)


def crowd(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.05).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(2.0 * y - 3, 1.0)))
    about = {
        "day": np.sort(rng.integers(0, 6, n)),
        "account": rng.integers(0, 300, n),
        "amount": rng.exponential(50, n),
        "budget": 20.0,
        "review_cost": 5.0,
        "loss_share": 0.8,
    }
    return Scored(y, two(score), 0.2, about)


def test_card_precision_equals_a_plain_loop():
    case = crowd()
    loop = plain_card_precision(case.y_true, case.y_score[:, 1], case.about["day"], case.about["account"], 20)
    assert case.value(ALL_METRICS["card_precision"]) == pytest.approx(loop)


def test_a_card_drawn_twice_is_two_cards():
    case = crowd()
    weights = next(iter(Draws(3000, 4, clusters=codes_of(case.about["account"]))))
    fast = case.resampled(ALL_METRICS["card_precision"], weights)
    for got, counts in zip(fast, weights.astype(int), strict=True):
        rows = np.repeat(np.arange(3000), counts)
        copy = np.concatenate([np.arange(c) for c in counts])
        account = case.about["account"][rows] * 1000 + copy
        loop = plain_card_precision(case.y_true[rows], case.y_score[rows, 1], case.about["day"][rows], account, 20)
        # copies of a card tie: a loop gives the last place to one of them, shares give each a part
        assert got == pytest.approx(loop, abs=0.01)


def test_money_by_hand():
    # flagged: .9 (fraud of 100) and .8 (honest); missed: a fraud of 50. Of each fraud 80 % is lost, a review costs 3
    money = {"amount": [100, 10, 50, 20], "review_cost": 3, "loss_share": 0.8}
    y, score = [1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1]
    assert value("money_saved_total", y, score, 0.5, **money) == pytest.approx(80 - 6)
    assert value("money_saved", y, score, 0.5, **money) == pytest.approx(74 / 120)
    assert value("money_lost", y, score, 0.5, **money) == pytest.approx(1000 * (40 + 6) / 4)
    assert value("review_burden", y, score, 0.5, day=[0, 0, 1, 1]) == 1.0
    assert value("review_burden", y, score, 0.5, day=[0, 0, 1, 1], days=4) == 0.5
    assert np.isnan(value("money_saved", [0, 0], [0.1, 0.9], 0.5, **{**money, "amount": [1, 1]}))


def test_without_the_facts_a_metric_has_no_value():
    case = Scored(np.array([0, 1]), two([0.2, 0.7]))
    assert np.isnan(case.value(ALL_METRICS["money_saved"]))
    assert np.isnan(case.resampled(ALL_METRICS["money_saved"], np.ones((3, 2)))).all()
    assert not ALL_METRICS["precision_at_k"].fits({"day": np.zeros(2), "budget": float("nan")})
    assert ALL_METRICS["auroc"].fits({})


def test_what_a_perfect_model_reaches():
    # two places, one fraud on day 0 and three on day 1: at best 1/2 and 2/2; a fraud of 2 is not worth a review of 3
    y, day = np.array([1, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    about = {"day": day, "account": np.arange(6), "amount": np.array([10.0, 5, 5, 2, 30, 40])}
    about |= {"budget": 2.0, "review_cost": 3.0, "loss_share": 1.0}
    every = [one for one in ALL_METRICS.values() if isinstance(one, ClassMetric)]
    found = bounds(Scored(y, two(np.zeros(6)), None, about), every)
    assert "auroc" not in found and found["precision_at_k"] == pytest.approx(3 / 4)
    assert found["recall_at_k"] == pytest.approx(3 / 4) and found["card_precision"] == pytest.approx(3 / 4)
    assert found["money_saved_total"] == pytest.approx(80 - 9)
    assert found["money_saved"] == pytest.approx(71 / 82) and found["money_lost"] == pytest.approx(1000 * 11 / 6)
    assert found["review_burden"] == pytest.approx(4 / 2)


def test_no_model_beats_the_bound():
    case = crowd()
    for name, ceiling in bounds(case, class_metrics(None, 2)).items():
        metric = ALL_METRICS[name]
        best = max(
            (Scored(case.y_true, case.y_score, cut, case.about).value(metric) for cut in (0.05, 0.2, 0.5)),
            key=lambda one, metric=metric: metric.sign * one,
        )
        assert metric.sign * best <= metric.sign * ceiling


def test_facts_become_numbers_once():
    table = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-03-01 10:00", "2024-03-01 23:00", "2024-03-02 00:00"]),
            "account": ["x", None, "x"],
            "amount": [1.5, None, 2.0],
            "budget": 100,
        },
        index=["a", "b", "c"],
    )
    found = about_rows(coded(table), pd.Index(["c", "b", "a", "new"]))
    day, account = found["day"], found["account"]
    assert day[1] == day[2] == day[0] - 1 and len({*day}) == 3 and found["days"] == 3.0
    assert account[0] == account[2] and len({*account}) == 3
    assert found["amount"].tolist() == [2.0, 0.0, 1.5, 0.0] and found["budget"] == 100.0
    facts = Facts(table)
    assert facts.of(pd.Index(["a", "b"])) is facts.of(pd.Index(["a", "b"]))
    assert Facts(None).of(pd.Index(["a"])) == {}


def predictions_of(case, labelled=True):
    rows = [f"r{i}" for i in range(len(case.y_true))]
    truth = np.where(case.y_true == 1, "fraud", "honest") if labelled else None
    table = pd.DataFrame({"model": "m", "split": "test", "row": rows, "y_true": truth, "y_pred": "honest"})
    table["score_honest"], table["score_fraud"] = case.y_score[:, 0], case.y_score[:, 1]
    facts = {name: one for name, one in case.about.items() if name != "account"}
    about = pd.DataFrame({**facts, "account": [f"card {a}" for a in case.about["account"]]}, index=rows)
    return Predictions(table, ("honest", "fraud")), about


def test_evaluate_with_facts_and_with_some_missing():
    case = crowd()
    predictions, about = predictions_of(case)
    found = evaluate(predictions, "p", about=about, thresholds={"m": 0.2}, units=about["account"], n_resamples=50)
    assert found.value("m", "card_precision") == pytest.approx(case.value(ALL_METRICS["card_precision"]))
    table = found.metrics.set_index("metric")
    inside = (table["low"] <= table["value"]) & (table["value"] <= table["high"])
    assert inside[["card_precision", "money_saved", "precision_at_k"]].all()
    assert found.bounds["card_precision"] > found.value("m", "card_precision")
    assert Evaluation.from_dict(found.as_dict()).bounds == found.bounds
    fewer = evaluate(predictions, "p", about=about[["day", "budget"]], n_resamples=10).metrics["metric"]
    assert {"precision_at_k", "recall_at_k"} < set(fewer) and {"card_precision", "money_saved"}.isdisjoint(fewer)


def test_runs_from_before_have_no_bounds():
    old = {"metrics": [], "curves": {}, "protocol": "p", "classes": ["a", "b"]}
    found = Evaluation.from_dict(old)
    assert found.bounds == {} and found.note == "" and np.isnan(found.value("m", "auroc"))


def test_without_labels_it_says_so():
    predictions, about = predictions_of(crowd(200), labelled=False)
    found = evaluate(predictions, "p", about=about)
    assert found.metrics.empty and "no labels" in found.note and found.curves["m"]["roc"] is None
    assert Evaluation.from_dict(found.as_dict()).metrics.columns.tolist() == found.metrics.columns.tolist()


def test_models_share_their_draws_with_facts():
    case = crowd(500)
    case = replace(case, clusters=codes_of(case.about["account"]))
    draws = resample({name: case.quantity(ALL_METRICS["card_precision"]) for name in "ab"}, case.draws(0, 20))
    assert (draws["a"] == draws["b"]).all()


@pytest.mark.skipif(not HANDBOOK.is_file(), reason="the Handbook's transactions are not here")
def test_the_ceiling_of_the_handbook():
    columns = ["TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD"]
    table = pd.read_parquet(HANDBOOK, columns=columns).sort_values("TX_DATETIME", kind="stable")
    time, fraud = table["TX_DATETIME"], table["TX_FRAUD"] == 1
    week = []  # of each test day, without the customers whose fraud was known a week before it
    for day in pd.date_range("2018-08-08", "2018-08-14"):
        known = table.loc[fraud & (time >= "2018-07-25") & (time < day - pd.Timedelta(days=7)), "CUSTOMER_ID"].unique()
        today = (time >= day) & (time < day + pd.Timedelta(days=1))
        week.append(table[today & ~table["CUSTOMER_ID"].isin(known)])
    test = pd.concat(week)
    assert (len(test), int(test["TX_FRAUD"].sum())) == (58_264, 385)
    about = about_rows(
        coded(pd.DataFrame({"day": test["TX_DATETIME"], "account": test["CUSTOMER_ID"], "budget": 100})), test.index
    )
    case = Scored(test["TX_FRAUD"].to_numpy(), two(np.zeros(len(test))), None, about)
    assert bounds(case, [ALL_METRICS["card_precision"]])["card_precision"] == pytest.approx(0.397, abs=0.0005)


def test_a_resample_without_rows_has_no_burden_and_one_of_a_single_row_has():
    # a row of two days is flagged: drawn once it makes half a row a day, with no row drawn nothing can be told
    weights = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = weighted_review_burden(np.array([1, 0]), two([0.9, 0.1]), weights, 0.5, {"day": np.array([0, 1])})
    assert np.isnan(found[0]) and found[1:].tolist() == [0.5, 0.0]


def test_no_rows_and_no_budget_find_nothing():
    nothing = {"day": np.zeros(0, dtype=int), "budget": 3.0}
    for metric in (weighted_precision_at_k, weighted_recall_at_k):
        assert np.isnan(metric(np.zeros(0, dtype=int), np.zeros((0, 2)), np.zeros((2, 0)), None, nothing)).all()
    about = {"day": np.array([0, 0]), "budget": 0.0}
    ones = np.ones((1, 2))
    assert np.isnan(weighted_recall_at_k(np.array([1, 0]), two([0.9, 0.1]), ones, None, about)).all()


def test_scores_that_are_equal_fill_the_budget_together():
    # eight rows of one score and a budget of one: each is looked at by an eighth, wherever the file has the fraud
    for place in range(8):
        y = np.zeros(8, dtype=int)
        y[place] = 1
        found = value("precision_at_k", y, np.full(8, 0.5), day=np.zeros(8, dtype=int), budget=1)
        assert found == pytest.approx(1 / 8)
