"""Metrics of lists: numbers worked by hand, and plain loops that must agree on lists drawn at random."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.errors import OptionError
from dl_core.evaluate.interactions.evaluate import ranking_metrics
from dl_core.evaluate.interactions.formulas import gini
from dl_core.evaluate.interactions.likeness import MEANING, Likeness
from dl_core.evaluate.interactions.metric import PER_USER, RankingMetric
from dl_core.evaluate.interactions.metrics import METRICS
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.judge import shared
from dl_core.evaluate.registry import metric_named
from tests.listing import facts_of, rankings_of

# four training users; item 0 was taken by all of them, 1 by two, 2 by one, 3 by none
TAKEN = {"a": [0, 1], "b": [0, 1], "c": [0, 2], "d": [0]}
HELD = {"a": {2, 3}, "b": {2}, "c": {1}, "d": set()}
LISTS = {"a": [2, 0, 3], "b": [3, 2], "c": [3, 2, 0], "d": [1, 2, 3]}


def value(name, k, lists=LISTS, held=HELD, facts=None):
    facts = facts or facts_of(TAKEN, 4)
    made = RankedLists.of(rankings_of({"m": lists}, held), "m", "test", facts)
    return made.quantity(metric_named(name, RankingMetric).at(k)).value


def test_hits_by_hand():
    log = math.log2
    assert value("ndcg", 3) == pytest.approx((((1 + 1 / log(4)) / (1 + 1 / log(3))) + 1 / log(3) + 0) / 3)
    assert value("recall", 3) == pytest.approx((1 + 1 + 0) / 3)
    assert value("recall", 1) == pytest.approx((0.5 + 0 + 0) / 3)
    assert value("precision", 3) == pytest.approx((2 / 3 + 1 / 3 + 0) / 3)  # b's empty third place counts
    assert value("map", 3) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2 + 0) / 3)
    assert value("mrr", 3) == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert value("hit_rate", 3) == pytest.approx(2 / 3)


def test_the_two_definitions_of_map():
    held = {"a": {0, 1, 2, 3}}
    assert value("map", 1, {"a": [2]}, held) == 1.0  # one place can hold no more
    assert value("map_all", 1, {"a": [2]}, held) == 0.25
    assert value("map_all", 3) == value("map", 3)  # nobody took more than three


def test_what_lists_are_made_of_by_hand():
    # users a, b and c are judged; d has nothing held out
    assert value("coverage", 3) == pytest.approx(3 / 4) and value("coverage", 1) == pytest.approx(2 / 4)
    bits = [-math.log2(share) for share in (1, 2 / 4, 1 / 4, 1 / 4)]  # item 3 counts as if one user had taken it
    novelty = [(bits[2] + bits[0] + bits[3]) / 3, (bits[3] + bits[2]) / 2, (bits[3] + bits[2] + bits[0]) / 3]
    assert value("novelty", 3) == pytest.approx(np.mean(novelty))
    shown = [(0.25 + 1 + 0) / 3, 0.25 / 2, (0 + 0.25 + 1) / 3]
    own = [(1 + 0.5) / 2, (1 + 0.5) / 2, (1 + 0.25) / 2]
    assert value("popularity_lift", 3) == pytest.approx(sum(shown) / sum(own))
    # shown: item 0 twice, 1 never, 2 and 3 thrice: sorted 0 2 3 3, weights −3 −1 1 3
    assert value("gini", 3) == pytest.approx((-1 * 2 + 1 * 3 + 3 * 3) / (4 * 8))


def test_diversity_by_takers_and_by_category():
    facts = facts_of(TAKEN, 4)
    square = facts.likeness.square(np.arange(4))
    assert facts.likeness.kind == "takers" and square[0, 1] == pytest.approx(2 / math.sqrt(4 * 2))
    assert square[0, 2] == pytest.approx(1 / math.sqrt(4)) and square[1, 2] == 0 and square[0, 3] == 0
    c = [(0, 3), (3, 2), (2, 0)]
    assert value("diversity", 3, {"c": [3, 2, 0]}) == pytest.approx(np.mean([1 - square[pair] for pair in c]), abs=1e-6)
    kinds = facts_of(TAKEN, 4, category=["toys", "toys|books", None, "books"])
    assert kinds.likeness.kind == "category" and set(MEANING) == {"takers", "category"}
    assert value("diversity", 3, {"c": [0, 1, 3]}, facts=kinds) == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert value("diversity", 3, {"c": [2, 0, 1]}, facts=kinds) == pytest.approx(0.5)  # pairs with item 2 are unknown
    assert math.isnan(value("diversity", 1))  # one item has no pair


def test_bands_by_share_of_interactions():
    taken = {f"u{at}": [0] + ([1] if at < 4 else []) + ([2] if at < 3 else [3]) for at in range(6)}
    facts = facts_of(taken, 5)  # 6, 4, 3, 3 and 0 of 16
    assert facts.bands.tolist() == [0, 1, 2, 2, 2]
    assert facts_of({"a": [0], "b": [1]}, 2).bands.tolist() == [1, 1]  # all alike
    assert facts_of({f"u{at}": [0] for at in range(9)} | {"x": [1]}, 2).bands[0] == 0  # one item has almost all


def test_gini_of_known_shapes():
    assert gini(np.array([[3, 3, 3, 3], [0, 0, 0, 8]])).tolist() == [0.0, 0.75]
    assert math.isnan(gini(np.array([0, 0]))) and gini(np.array([5])) == 0


def plain(name, codes, held, k, facts, taken):
    """Return one user's metric by plain loops."""
    hits = [code in held for code in codes[:k]]
    if name == "ndcg":
        best = sum(1 / math.log2(place + 2) for place in range(min(k, len(held))))
        return sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit) / best
    if name in ("map", "map_all"):
        found, total = 0, 0.0
        for place, hit in enumerate(hits, 1):
            found += hit
            total += found / place if hit else 0
        return total / (min(k, len(held)) if name == "map" else len(held))
    if name == "mrr":
        return next((1 / place for place, hit in enumerate(hits, 1) if hit), 0.0)
    if name == "novelty":
        takers = [max(1, sum(code in items for items in taken.values())) for code in codes[:k]]
        return sum(-math.log2(count / len(taken)) for count in takers) / len(takers)
    if name == "diversity":
        apart = []
        for at, one in enumerate(codes[:k]):
            for two in codes[at + 1 : k]:
                users = [{u for u, items in taken.items() if code in items} for code in (one, two)]
                norm = math.sqrt(len(users[0]) * len(users[1]))
                apart.append(1 - (len(users[0] & users[1]) / norm if norm else 0))
        return sum(apart) / len(apart) if apart else None
    return {"recall": sum(hits) / len(held), "precision": sum(hits) / k, "hit_rate": float(any(hits))}[name]


@st.composite
def worlds(draw):
    n_items = draw(st.integers(3, 8))
    subsets = st.sets(st.integers(0, n_items - 1), min_size=1)
    users = [f"u{at}" for at in range(draw(st.integers(1, 5)))]
    taken = {user: sorted(draw(subsets)) for user in users}
    held = {user: draw(subsets) for user in users}
    orders = {user: draw(st.permutations(range(n_items))) for user in users}
    return n_items, taken, held, {u: list(o[: draw(st.integers(1, n_items))]) for u, o in orders.items()}


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers(1, 9))
def test_plain_loops_agree(world, k):
    n_items, taken, held, lists = world
    facts = facts_of(taken, n_items)
    for metric in METRICS:
        name = metric.name
        found = value(name, k, lists, held, facts)
        if metric.form == PER_USER:
            each = [plain(name, lists[user], held[user], k, facts, taken) for user in taken]
            each = [one for one in each if one is not None]
            assert np.isnan(found) if not each else found == pytest.approx(np.mean(each), abs=1e-6)
        if not math.isnan(found):
            assert metric.bounds[0] - 1e-9 <= found <= metric.bounds[1] + 1e-9
    shown = [code for codes in lists.values() for code in codes[:k]]
    assert value("coverage", k, lists, held, facts) == pytest.approx(len(set(shown)) / n_items)
    counts = [shown.count(code) for code in range(n_items)]
    apart = sum(abs(one - two) for one in counts for two in counts)
    assert value("gini", k, lists, held, facts) == pytest.approx(apart / (2 * n_items * sum(counts)))


def test_words_carry_k_and_names_are_checked():
    made = ranking_metrics(None, 7)
    assert made[0].label == "nDCG@7" and "{" not in "".join(one.label + one.help for one in made)
    assert "map_all" not in [one.name for one in made] and all(len(one.help) < 120 for one in made)
    assert [one.name for one in ranking_metrics(["recall", "recall"], 3)] == ["recall"]
    with pytest.raises(OptionError, match="no metric 'auroc'"):
        metric_named("auroc", RankingMetric)
    with pytest.raises(OptionError, match="cannot be evaluated"):
        ranking_metrics(None, 0)


def test_likeness_of_many_items_is_looked_up_in_parts(monkeypatch):
    facts = facts_of(TAKEN, 4)
    codes = np.array([[0, 1, -1], [2, 3, 0], [1, 2, 3]])
    whole = facts.likeness.between(codes[:, :, None], codes[:, None, :])
    monkeypatch.setattr("dl_core.evaluate.interactions.likeness.MOST_DENSE", 2)
    parts = Likeness("takers", facts.likeness.marks).between(codes[:, :, None], codes[:, None, :])
    assert np.array_equal(whole, parts, equal_nan=True) and np.isnan(whole[0, 2]).all()
    monkeypatch.setattr("dl_core.evaluate.interactions.likeness.SLOWER", 1e9)  # now by dense products
    assert Likeness("takers", facts.likeness.marks).between(codes[:, :, None], codes[:, None, :]) == pytest.approx(
        whole, nan_ok=True
    )


def test_models_share_users():
    rankings = rankings_of({"one": LISTS, "two": {"c": [1], "a": [0]}}, HELD)
    facts = facts_of(TAKEN, 4)
    lists = {name: RankedLists.of(rankings, name, facts=facts) for name in ("one", "two")}
    lists = shared(lists, "evaluated test user")
    assert [one.users.tolist() for one in lists.values()] == [["a", "c"], ["a", "c"]]
    assert lists["two"].codes[:, 0].tolist() == [0, 1] and lists["two"].hits[:, 0].tolist() == [False, True]
    with pytest.raises(OptionError, match="share no evaluated test user"):
        apart = rankings_of({"one": {"a": [1]}, "two": {"b": [1]}}, HELD)
        shared({name: RankedLists.of(apart, name) for name in ("one", "two")}, "evaluated test user")


def test_without_facts_only_hits_are_judged():
    made = RankedLists.of(rankings_of({"m": LISTS}, HELD), "m")
    assert made.quantity(metric_named("recall", RankingMetric).at(3)).value == pytest.approx(2 / 3)
    coverage = metric_named("coverage", RankingMetric).at(3)
    assert math.isnan(made.quantity(coverage).value) and not made.fits(coverage)
