"""Re-ranking for exposure and for diversity: untouched at 0, exact by hand, a plain greedy loop, and its curve."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dl_core.bias.interactions.rerank import relevance, rerank, trade_off_curve
from dl_core.errors import OptionError
from tests.listing import drawn_world, facts_of

TAKEN = {"a": [0, 1], "b": [0, 1], "c": [0, 2], "d": [0, 3]}  # bands head, middle, tail, tail; shares 1/2, 1/4, 1/4


@pytest.fixture(scope="module")
def facts():
    return facts_of(TAKEN, 5)


@pytest.fixture(scope="module")
def long_lists():
    """Candidates of a model that mixes a user's kind with popularity, and what each really took; all may come again."""
    made, rng = drawn_world(), np.random.default_rng(0)
    users = list(made["taken"])
    liked = np.where(np.arange(60) % 6 == np.arange(len(users))[:, None] % 6, 2.0, 0.0) - np.log(1 + np.arange(60))
    liked += 0.2 * rng.normal(size=liked.shape)
    items = np.argsort(-liked, axis=1)[:, :40].astype(np.int32)
    rows = np.repeat(np.arange(len(users)), 2)
    held = np.concatenate([sorted(made["held"][user]) for user in users])
    relevant = sparse.csr_matrix((np.ones(len(rows), bool), (rows, held)), shape=(len(users), 60))
    return items, np.take_along_axis(liked, items, axis=1).astype(np.float32), made["facts"], relevant


def test_nothing_changes_at_zero(long_lists):
    items, scores, facts, _ = long_lists
    for aim in ("exposure", "diversity"):
        after, kept = rerank(items, scores, facts, trade_off=0, aim=aim, k=10)
        assert np.array_equal(after, items[:, :10]) and np.array_equal(kept, scores[:, :10])


def test_exposure_by_hand(facts):
    items, scores = np.array([[0, 1, 2, 3]]), np.array([[4.0, 3.0, 2.0, 1.0]])
    # bonus of an empty list: 1/2, 1/4, 1/4; then the head lacks nothing of two, middle and tail half an item each
    after, kept = rerank(items, scores, facts, trade_off=1, aim="exposure", k=3)
    assert after.tolist() == [[0, 1, 2]] and kept.tolist() == [[4, 3, 2]]
    tail_first, _ = rerank(np.array([[0, 2, 3, 1]]), scores, facts, trade_off=1, aim="exposure", k=3)
    assert tail_first.tolist() == [[0, 2, 1]]  # the tail has had its share, so the middle comes before item 3


def test_diversity_by_hand():
    facts = facts_of(TAKEN, 5, category=["toys", "toys", "books", "toys", "books"])
    items, scores = np.array([[0, 1, 3, 2]]), np.array([[4.0, 3.0, 2.0, 1.0]])
    assert rerank(items, scores, facts, trade_off=1, aim="diversity", k=3)[0].tolist() == [[0, 2, 1]]
    # at .3: item 1 has .7 · 2/3 − .3 = .17, item 3 under it, item 2 has 0
    assert rerank(items, scores, facts, trade_off=0.3, aim="diversity", k=2)[0].tolist() == [[0, 1]]
    assert rerank(items, scores, facts, trade_off=0.5, aim="diversity", k=2)[0].tolist() == [[0, 2]]


def test_short_lists_stay_short(facts):
    items, scores = np.array([[2, 0, -1, -1], [-1, -1, -1, -1]]), np.array([[2.0, 1.0, -np.inf, -np.inf]] * 2)
    scores[1] = -np.inf
    for trade_off in (0.5, 1.0):
        after, kept = rerank(items, scores, facts, trade_off=trade_off, k=3)
        assert sorted(after[0].tolist()) == [-1, 0, 2] and after[0, 2] == -1 and (after[1] == -1).all()
        assert np.isneginf(kept[0, 2]) and np.isneginf(kept[1]).all()
    assert relevance(items, scores)[0, :2].tolist() == [1, 0]
    assert relevance(np.array([[1, 2]]), np.array([[5.0, 5.0]])).tolist() == [[0, 0]]


def greedy(items, scores, facts, trade_off, aim, k):
    """Return one user's list by a plain loop."""
    fit = (np.array(scores) - min(scores)) / ((max(scores) - min(scores)) or 1)
    share = [facts.counts[facts.bands == band].sum() / facts.counts.sum() for band in range(3)]
    square, chosen = facts.likeness.square(np.arange(facts.n_items)), []
    while len(chosen) < min(k, len(items)):
        best, found = -np.inf, None
        for at, item in enumerate(items):
            if at in chosen:
                continue
            if aim == "exposure":
                mine = sum(facts.bands[items[one]] == facts.bands[item] for one in chosen)
                gain = min(max(share[facts.bands[item]] * (len(chosen) + 1) - mine, 0), 1)
            else:
                gain = -max([max(float(square[item, items[one]]), 0) for one in chosen], default=0)
            value = (1 - trade_off) * fit[at] + trade_off * gain
            if value > best + 1e-12:
                best, found = value, at
        chosen.append(found)
    return [int(items[at]) for at in chosen]


@settings(max_examples=40, deadline=None)
@given(
    st.permutations(range(7)),
    st.lists(st.integers(0, 6), min_size=7, max_size=7),
    st.sampled_from([0.125, 0.5, 0.75, 1.0]),
    st.sampled_from(["exposure", "diversity"]),
)
def test_a_plain_loop_agrees(order, scores, trade_off, aim):
    taken = {f"u{at}": sorted({0, at % 3, at % 5, at % 7}) for at in range(16)}
    facts = facts_of(taken, 7)
    scores = sorted(map(float, scores), reverse=True)
    after, _ = rerank(np.array([order]), np.array([scores]), facts, trade_off=trade_off, aim=aim, k=4)
    values = [greedy(order, scores, facts, trade_off, aim, 4)]
    assert after.tolist() == values


def test_curve_gives_exposure_and_its_price(long_lists):
    items, scores, facts, relevant = long_lists
    found = trade_off_curve(items, scores, facts, relevant=relevant, k=5)
    line = {(one["trade_off"], one["metric"]): one for one in found["lines"]}
    assert found["trade_offs"][0] == 0 and len(found["trade_offs"]) == 11 and found["users"] == 200
    assert line[0.0, "ndcg"]["change"] == line[0.0, "ndcg"]["change_low"] == 0
    assert line[1.0, "head_share"]["value"] < 0.5 < line[0.0, "head_share"]["value"]
    assert line[1.0, "head_share"]["change_high"] < 0 and line[1.0, "coverage"]["change"] > 0
    assert line[1.0, "ndcg"]["change"] < 0 and line[1.0, "gini"]["change"] < 0
    at = found["suggested"]
    affordable = [t for t in found["trade_offs"] if line[t, "ndcg"]["value"] >= 0.95 * line[0.0, "ndcg"]["value"]]
    assert 0 < at in affordable
    gain = {t: line[0.0, "head_share"]["value"] - line[t, "head_share"]["value"] for t in affordable}
    assert gain[at] >= 0.9 * max(gain.values()) and all(gain[t] < 0.9 * max(gain.values()) for t in gain if t < at)
    assert found["before"]["ndcg"] == line[0.0, "ndcg"]["value"] and found["after"]["gini"] == line[at, "gini"]["value"]
    assert found["sentence"] and "nDCG@5" in found["sentence"]
    json.dumps(found, allow_nan=False)


def test_curve_gives_diversity(long_lists):
    items, scores, facts, relevant = long_lists
    found = trade_off_curve(items, scores, facts, relevant=relevant, aim="diversity", k=5, steps=(0.1, 0.9))
    line = {(one["trade_off"], one["metric"]): one["value"] for one in found["lines"]}
    assert found["trade_offs"] == [0.0, 0.1, 0.9] and line[0.9, "diversity"] > line[0.0, "diversity"]
    assert "dissimilar" in found["meaning"]


def test_curve_without_held_out_items(long_lists):
    items, scores, facts, _ = long_lists
    none = sparse.csr_matrix((len(items), 60), dtype=bool)
    found = trade_off_curve(items, scores, facts, relevant=none, k=5, steps=(0.5,))
    assert found["sentence"].startswith("No user has held-out items") and found["before"]["ndcg"] is None
    json.dumps(found, allow_nan=False)


def test_what_cannot_be_re_ranked(facts):
    items, scores = np.array([[0, 1]]), np.array([[1.0, 0.0]])
    with pytest.raises(OptionError, match="trade-off of 1.5"):
        rerank(items, scores, facts, trade_off=1.5)
    with pytest.raises(OptionError, match="no aim 'fame'"):
        rerank(items, scores, facts, trade_off=0.5, aim="fame")
