"""`evaluate_rankings` and `compare_rankings`: intervals over users, slices, standings, verdicts and disagreements."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.interactions.compare import compare_rankings, overlap
from dl_core.evaluate.interactions.evaluate import NO_LISTS, evaluate_rankings, ranking_standing
from dl_core.evaluate.interactions.metrics import METRICS
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.interactions.slices import quartiles
from dl_core.evaluate.interactions.spread import deal, pseudo_values
from dl_core.evaluate.pairs import Chosen
from dl_core.evaluate.quantities import mean_of, resample
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.results import Evaluation
from tests.listing import both, drawn_world, facts_of, histories_of, rankings_of

MODELS = {
    "good": SimpleNamespace(parameters=100, label="The network", kind="deep", threshold=None),
    "popular": SimpleNamespace(parameters=1, label="Popularity", kind="baseline", threshold=None),
    "random": SimpleNamespace(parameters=0, label="Chance", kind="baseline", threshold=None),
}


@pytest.fixture(scope="module")
def world():
    made = drawn_world()
    test = rankings_of(made["lists"], made["held"])
    return made | {"rankings": both(test, rankings_of(made["lists"], made["held"], "validation"))}


@pytest.fixture(scope="module")
def found(world):
    held = histories_of({user: sorted(items) for user, items in world["held"].items()}, 60)
    return evaluate_rankings(world["rankings"], "last two", facts=world["facts"], held=held, k=5)


def test_the_table_is_whole(found, world):
    judged = [metric.name for metric in METRICS if metric.judges]
    assert found.metrics.groupby("model", sort=False)["metric"].agg(list).to_dict() == dict.fromkeys(MODELS, judged)
    assert found.classes == () and found.protocol == "last two" and (found.metrics["n"] == 200).all()
    inside = found.metrics[["low", "value", "high"]].to_numpy()
    assert (np.diff(inside, axis=1) > -1e-9).all()
    assert found.value("good", "ndcg") > found.value("popular", "ndcg") > found.value("random", "ndcg")
    assert found.value("random", "coverage") == 1.0 and found.value("popular", "popularity_lift") > 1
    assert found.bounds == {"precision": 0.4}  # two items held out of five places
    json.dumps(found.as_dict(), allow_nan=False)
    assert Evaluation.from_dict(json.loads(json.dumps(found.as_dict()))).value("good", "map") == pytest.approx(
        found.value("good", "map")
    )


def test_intervals_of_means_are_those_of_the_normal_law(found, world):
    lists = RankedLists.of(world["rankings"], "good", "test", world["facts"])
    values = lists.values(metric_named("ndcg").at(5))
    row = found.metrics.set_index(["model", "metric"]).loc[("good", "ndcg")]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.12)


def test_slices_by_k_activity_and_popularity(found, world):
    curves = found.curves["good"]
    by_k = pd.DataFrame(curves["by_k"])
    assert curves["k"] == 5 and sorted(by_k["k"].unique()) == [1, 3, 5, 10, 20]
    recall = by_k[by_k["metric"] == "recall"].sort_values("k")
    assert recall["value"].is_monotonic_increasing and (recall["low"] <= recall["value"]).all()
    at5 = by_k[(by_k["metric"] == "ndcg") & (by_k["k"] == 5)]["value"].item()
    assert at5 == pytest.approx(found.value("good", "ndcg"))
    active = pd.DataFrame(curves["by_activity"])
    ndcg = active[active["metric"] == "ndcg"]
    assert ndcg["users"].sum() == 200 and (ndcg["n"] == ndcg["users"]).all() and len(ndcg) == 4
    assert (ndcg["value"] * ndcg["n"]).sum() / 200 == pytest.approx(found.value("good", "ndcg"))
    assert ndcg["group"].iloc[0].startswith("2 to") and "coverage" not in set(active["metric"])
    bands = pd.DataFrame(curves["by_popularity"]).set_index("band")
    assert bands["held"].sum() == 400 and bands["items"].sum() == 60
    hits = RankedLists.of(world["rankings"], "good").hits[:, :5].sum()
    assert (bands["value"] * bands["held"]).sum() == pytest.approx(hits)
    tail = pd.DataFrame(found.curves["popular"]["by_popularity"]).set_index("band")["value"]
    assert tail["head"] > tail["tail"]


def test_held_out_items_that_nobody_took_are_new():
    facts = facts_of({"a": [0, 1], "b": [0]}, 3)
    rankings = rankings_of({"m": {"a": [2, 1], "b": [1, 2]}}, {"a": {2}, "b": {1}})
    held = histories_of({"a": [2], "b": [1]}, 3)
    lines = evaluate_rankings(rankings, "p", facts=facts, held=held, k=1).curves["m"]["by_popularity"]
    assert {line["band"]: line["value"] for line in lines}["new"] == 1.0
    assert sum(line["held"] for line in lines) == 2


def test_quartiles_never_part_equal_lengths():
    groups = quartiles(np.array([1, 1, 1, 1, 2, 3, 8, 9]))
    assert [(words, int(inside.sum())) for words, inside in groups] == [
        ("1 item", 4),
        ("2 to 3 items", 2),
        ("8 to 9 items", 2),
    ]
    assert quartiles(np.array([])) == [] and quartiles(np.array([4.0]))[0][0] == "4 items"


def test_activity_may_be_given(world):
    users = pd.DataFrame({"activity": 7}, index=list(world["taken"]))
    curves = evaluate_rankings(world["rankings"], "p", facts=world["facts"], users=users, metrics=["ndcg"]).curves
    assert [line["group"] for line in curves["good"]["by_activity"]] == ["7 items"]


def test_no_hit_at_all_is_no_certainty():
    facts = facts_of({"a": [0], "b": [0]}, 3)
    rankings = rankings_of({"m": {"a": [1], "b": [1]}}, {"a": {2}, "b": {2}})
    row = evaluate_rankings(rankings, "p", facts=facts, metrics=["hit_rate"], k=1).metrics.iloc[0]
    assert (row["value"], row["low"]) == (0, 0) and row["high"] == pytest.approx(1 - 0.025 ** (1 / 2))
    alone = rankings_of({"m": {"a": [2, 1]}}, {"a": {1}})
    assert np.isnan(evaluate_rankings(alone, "p", facts=facts, metrics=["ndcg"], k=2).metrics["low"].item())


def test_users_without_held_out_items_say_nothing():
    facts = facts_of({"a": [0]}, 3)
    empty = evaluate_rankings(rankings_of({"m": {"a": [1, 2]}}, {}), "p", facts=facts)
    assert empty.metrics.empty and empty.note == NO_LISTS
    json.dumps(empty.as_dict(), allow_nan=False)


def test_pseudo_values_are_the_jackknife():
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    left_out = (x.sum() - x) / 39
    pseudo = pseudo_values(x.mean(), left_out, np.arange(40))
    assert pseudo.mean() == pytest.approx(x.mean())
    assert pseudo == pytest.approx(x, abs=0.1)  # of a mean they are the values themselves, all but a factor near 1
    assert (np.bincount(deal(103)) >= 2).all() and len(np.unique(deal(103))) == 50
    assert pseudo_values(0.5, np.array([0.5]), np.zeros(1, int)).tolist() == [0.5]


def test_coverage_interval_holds_what_new_users_would_show():
    """Among fresh samples of users, coverage falls into the interval of the first about as often as it should."""
    rng = np.random.default_rng(3)
    pull = 1 / (1 + np.arange(120)) ** 1.3
    facts = facts_of({"a": [0]}, 120)

    def draw():
        order = np.argsort(-(np.log(pull) + rng.gumbel(size=(60, 120))), axis=1)[:, :5].astype(np.int32)
        users = pd.Index([f"u{at}" for at in range(60)])
        return RankedLists(order, np.zeros(order.shape, bool), np.ones(60, int), users, facts)

    coverage = metric_named("coverage").at(5)
    truth = np.mean([draw().quantity(coverage).value for _ in range(100)])
    inside = []
    for seed in range(40):
        number = draw().quantity(coverage, seed)
        low, high = number.interval(resample({"": number}, Draws(60, 200, seed))[""])
        inside.append(low <= truth <= high)
    assert np.mean(inside) >= 0.85


def test_draws_are_the_same_for_all_and_skip_missing_values():
    values = np.array([1.0, np.nan, 0.0, 1.0])
    draws = resample({"a": mean_of(values), "b": mean_of(values)}, Draws(4, seed=1))
    assert np.array_equal(draws["a"], draws["b"], equal_nan=True)
    assert mean_of(values).n == 3 and mean_of(values).value == pytest.approx(2 / 3)
    weights = np.array([[1, 2, 0, 1], [0, 4, 0, 0]])
    assert mean_of(values).resampled(weights)[0] == 1.0 and np.isnan(mean_of(values).resampled(weights)[1])


def test_comparison_in_words_and_numbers(world):
    compared = compare_rankings(world["rankings"], Chosen(list(MODELS), MODELS), facts=world["facts"], k=10)
    row = compared.pairs.set_index(["metric", "a", "b"]).loc[("ndcg", "good", "popular")]
    assert row["verdict"] == "better" and row["n"] == 200
    assert row["difference"] == pytest.approx(row["value_a"] - row["value_b"])
    assert compared.sentence.startswith("Deep learning is worth it here: The network is better than Popularity by 0.")
    assert f"{row['difference']:.3f} nDCG@10 [{row['low']:.3f}, {row['high']:.3f}], n = 200" in compared.sentence
    lift = compared.pairs.set_index(["metric", "a", "b"]).loc[("popularity_lift", "good", "popular")]
    assert lift["difference"] > 0 and lift["verdict"] == "better"  # lower is better
    json.dumps(compared.as_dict(), allow_nan=False)


def test_pairs_are_paired(world):
    table = world["rankings"].table
    twin = both(world["rankings"], type(world["rankings"])(table[table["model"] == "good"].assign(model="twin")))
    models = MODELS | {"twin": SimpleNamespace(parameters=9, label="Twin", kind="baseline", threshold=None)}
    compared = compare_rankings(twin, Chosen(["good", "twin"], models), facts=world["facts"])
    assert (compared.pairs["verdict"] == "tie").all() and compared.pairs[
        ["difference", "low", "high"]
    ].abs().max().max() < 1e-9
    assert compared.sentence.startswith("A tie") and compared.disagreements.empty


def test_disagreements_have_least_in_common(world):
    compared = compare_rankings(
        world["rankings"], Chosen(["good", "random"], MODELS, metrics=["recall"]), facts=world["facts"], k=5
    )
    table = compared.disagreements
    assert table.columns.tolist() == ["row", "a", "b", "overlap", "ndcg_a", "ndcg_b"] and len(table) == 100
    assert table["overlap"].is_monotonic_increasing
    first = table.iloc[0]
    lists = [set(world["lists"][model][first["row"]][:5]) for model in ("good", "random")]
    assert first["overlap"] == pytest.approx(len(lists[0] & lists[1]) / 5)
    assert overlap(np.array([[1, 2, -1]]), np.array([[2, 3, 4]])).tolist() == [pytest.approx(1 / 3)]


def test_standing_is_of_validation_lists(world):
    one = ranking_standing(world["rankings"], "good", "ndcg", 10, size=5)
    lists = RankedLists.of(world["rankings"], "good", "validation")
    values = lists.values(metric_named("ndcg"))
    assert one.value == pytest.approx(values.mean()) and one.size == 5
    assert one.error == pytest.approx(values.std() / np.sqrt(200), rel=0.2)
    assert ranking_standing(world["rankings"], "good", "popularity_lift", facts=world["facts"]).value < 0
    assert np.isnan(ranking_standing(world["rankings"], "good", "coverage").value)
    only_test = rankings_of({"good": {"a": [1]}}, {"a": {1}})
    assert np.isnan(ranking_standing(only_test, "good").value)


def test_what_cannot_be_compared(world):
    with pytest.raises(OptionError, match="One model cannot be compared"):
        compare_rankings(world["rankings"], Chosen(["good"], MODELS), facts=world["facts"])
    with pytest.raises(OptionError, match="no model 'x'"):
        compare_rankings(world["rankings"], Chosen(["good", "x"], MODELS), facts=world["facts"])
    blank = rankings_of({name: {"a": [1]} for name in MODELS}, {})
    compared = compare_rankings(blank, Chosen(list(MODELS), MODELS), facts=world["facts"])
    assert compared.pairs.empty and compared.sentence == NO_LISTS
