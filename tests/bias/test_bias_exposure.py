"""What a recommender shows, and the feedback loop: shares by kind of item, curves, and rounds of simulated taking."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.interactions.exposure import MOST_GROUPS, exposure, item_groups, lorenz
from dl_core.bias.interactions.feedback import choose_by_place, feedback_loop, grow, merge
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Recommender
from tests.listing import catalogue_of, drawn_world, facts_of, histories_of, rankings_of

TAKEN = {"a": [0, 1], "b": [0, 1], "c": [0, 2], "d": [0, 3]}  # counts 4 2 1 1 0
LISTS = {"a": [2, 3], "b": [0, 2], "c": [0, 1], "d": [0, 1]}


class Counting(Recommender):
    """Ranks items by how often they were taken; a fake with all that a simulation needs."""

    def __init__(self, facts):
        self.catalogue, self.chosen, self.learned = facts.catalogue, {}, 0
        self.weights = facts.counts.astype(float)

    def learn(self, known, held, context):
        self.weights, self.learned = known.matrix().sum(axis=0).A1.astype(float), self.learned + 1

    def score_items(self, histories):
        return np.tile(self.weights, (len(histories), 1)).astype(np.float32)

    def save(self, folder):
        raise NotImplementedError

    @classmethod
    def load(cls, folder):
        raise NotImplementedError

    def parameters(self):
        return len(self.weights)


@pytest.fixture(scope="module")
def world():
    return drawn_world()


def test_shares_by_popularity_by_hand():
    facts = facts_of(TAKEN, 5)
    assert facts.bands.tolist() == [0, 1, 2, 2, 2]
    found = exposure(rankings_of({"m": LISTS}, {}), "m", facts, k=2)
    lines = {line["group"]: line for line in found["groups"]}
    assert [lines[name]["share_exposure"] for name in ("head", "middle", "tail")] == [3 / 8, 2 / 8, 3 / 8]
    assert [lines[name]["share_interactions"] for name in ("head", "middle", "tail")] == [4 / 8, 2 / 8, 2 / 8]
    assert lines["tail"]["ratio"] == pytest.approx(1.5) and lines["tail"]["never_shown"] == 1
    assert lines["tail"]["low"] < 3 / 8 < lines["tail"]["high"]
    assert found["never_shown"] == 1 and found["items"] == 5 and found["users"] == 4
    assert found["coverage"]["value"] == pytest.approx(4 / 5)
    assert found["sentence"].startswith("1 of 5 items are in no user's top 2")
    json.dumps(found, allow_nan=False)


def test_who_is_over_and_under_in_words(world):
    crowd = {user: np.argsort(-world["facts"].counts, kind="stable")[:8].tolist() for user in world["taken"]}
    rankings = rankings_of({"crowd": crowd, "random": world["lists"]["random"]}, world["held"])
    found = exposure(rankings, "crowd", world["facts"], k=5)
    lines = {line["group"]: line for line in found["groups"]}
    assert lines["head"]["ratio_low"] > 1 and lines["tail"]["ratio_high"] < 1
    assert found["sentence"].startswith("55 of 60 items are in no user's top 5. ")
    assert (
        "Most above its share of interactions: the head (100 % of exposure, 32 % of interactions" in found["sentence"]
    )
    assert " (0 % of exposure, " in found["sentence"]
    fair = exposure(rankings, "random", world["facts"], k=5)
    assert fair["gini"]["high"] < found["gini"]["low"] and fair["coverage"]["low"] > found["coverage"]["high"]


def test_categories_share_an_item_and_rare_ones_are_one():
    facts = facts_of(TAKEN, 5, category=["toys", "toys|books", "books", None, "games"], price=[1.0, 2.0, 3.0, 4.0, 5.0])
    member, names = item_groups(facts, "category")
    assert names == ["toys", "books", "not stated", "games"] and (member.sum(axis=1) == 1).all()
    assert member[1].tolist() == [0.5, 0.5, 0, 0]
    found = exposure(rankings_of({"m": LISTS}, {}), "m", facts, "category", k=2)
    assert sum(line["share_exposure"] for line in found["groups"]) == pytest.approx(1)
    assert found["groups"][-1]["ratio"] is None  # nobody took a game, so it has no fair share
    assert all(name.startswith("price ") for name in item_groups(facts, "price")[1])
    many = facts_of(TAKEN, 60, maker=[f"maker {at}" for at in range(60)])
    member, names = item_groups(many, "maker")
    assert len(names) == MOST_GROUPS and names[-1] == "other" and member[:, -1].sum() == 41
    with pytest.raises(OptionError, match="cannot be grouped by 'colour'"):
        item_groups(facts, "colour")


def test_lorenz_curve_by_hand():
    found = lorenz(np.array([0, 1, 3]), np.array([2, 2, 2]))
    assert found["items"] == pytest.approx([0, 1 / 3, 2 / 3, 1]) and found["exposure"] == [0, 0, 0.25, 1]
    assert found["interactions"] == pytest.approx(found["items"])
    assert len(lorenz(np.ones(5000), np.zeros(5000))["items"]) <= 100


def test_places_are_taken_by_their_place():
    shown = np.tile([7, 8, 9], (6000, 1))
    luck = (np.arange(6000) + 0.5) / 6000
    share = np.bincount(choose_by_place(shown, luck))[7:] / 6000
    pull = 1 / np.log2([2, 3, 4])
    assert share == pytest.approx(pull / pull.sum(), abs=1e-3)
    assert choose_by_place(np.array([[5, -1], [-1, -1]]), np.array([0.999, 0.3])).tolist() == [5, -1]


def test_histories_grow_and_merge():
    histories = histories_of({"a": [0, 1], "b": [], "c": [2]}, 5)
    grown = grow(histories, np.array([4, 3, -1]))
    assert grown.items.tolist() == [0, 1, 4, 3, 2] and grown.starts.tolist() == [0, 3, 4, 5]
    timed = grow(histories.__class__(**{**histories.__dict__, "times": np.array([5, 9, 7])}), np.array([4, 3, 1]))
    assert timed.times.tolist() == [5, 9, 10, 1, 7, 8]
    both = merge(histories_of({"a": [0], "x": [3, 4]}, 5), grown)
    assert both.users.tolist() == ["x", "a", "b", "c"] and both.items.tolist() == [3, 4, 0, 1, 4, 3, 2]
    assert both.lengths.tolist() == [2, 3, 1, 1]


def test_a_loop_concentrates_and_re_ranking_holds_against_it(world):
    facts: InteractionFacts = world["facts"]
    model = Counting(facts)
    found = feedback_loop(model, facts.known, facts, rounds=3, k=5, seed=1, trade_off=0.8, refit=FitContext())
    lines = pd.DataFrame(found["lines"]).set_index(["arm", "metric", "round"])["value"]
    assert found["simulated"] and found["refit"] and "Simulated" in found["choice"] and found["users"] == 200
    assert lines["plain", "head_taken", 1] > found["start"]["head_share"]
    assert lines["reranked", "head_taken", 3] < lines["plain", "head_taken", 3]
    assert lines["reranked", "coverage", 3] > lines["plain", "coverage", 3]
    assert lines["plain", "gini_taken", 3] > found["start"]["gini_taken"]
    assert set(pd.DataFrame(found["lines"])["metric"]) == {
        "gini", "coverage", "diversity", "head_share", "head_taken", "gini_taken",
    }  # fmt: skip
    assert (
        found["sentence"].startswith("Head share of these users' interactions before: ")
        and "3 simulated rounds" in found["sentence"]
    )
    assert model.learned == 0 and model.weights.tolist() == facts.counts.tolist()  # the given model stays as it was
    json.dumps(found, allow_nan=False)
    again = feedback_loop(model, facts.known, facts, rounds=3, k=5, seed=1, trade_off=0.8, refit=FitContext())
    assert again == found


def test_a_loop_without_learning_and_one_without_items():
    facts = facts_of(TAKEN, 5)
    found = feedback_loop(Counting(facts), facts.known, facts, rounds=1, k=2)
    assert not found["refit"] and "1 simulated round: " in found["sentence"]
    full = facts_of({"a": [0, 1]}, 2)
    nothing = feedback_loop(Counting(full), full.known, full, rounds=2, k=2)
    assert nothing["sentence"] == "No recommendations, so no consumption."
    json.dumps(nothing, allow_nan=False)
    assert len(catalogue_of(2)) == 2
