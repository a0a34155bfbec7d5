"""Accounts of why an item stands on a list: parts that add up, the right item first, and honest measures."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import OptionError
from dl_core.explain.files import write_explanations
from dl_core.explain.interactions.explain import explain_histories
from dl_core.explain.interactions.plain import MOST_BARS, ItemContributions, reason
from dl_core.explain.interactions.view import empty_scores, variants
from dl_core.models.interactions.base import Recommender

ITEMS = np.array(["a", "b", "c", "d"], dtype=object)
WEIGHTS = np.array([[0.0, 0.1, 0.9, 0.0], [0.1, 0.0, 0.2, 0.3], [0.9, 0.2, 0.0, 0.1], [0.0, 0.3, 0.1, 0.0]])


class Adding(Recommender):
    """Adds up one weight for each item of the history; an empty one gets a score of its own."""

    catalogue = Catalogue(ITEMS, pd.DataFrame({"title": ["A", "B", "C", None]}, index=ITEMS))

    def learn(self, known, held, context):
        pass

    def score_items(self, histories):
        scores = histories.matrix() @ WEIGHTS
        scores[histories.lengths == 0] = 5.0
        return scores.astype(np.float32)

    def contributions(self, histories, targets):
        return [WEIGHTS[h, t] for h, t in zip(np.split(histories.items, histories.starts[1:-1]), targets, strict=True)]

    def save(self, folder):
        self.catalogue.save(folder)

    @classmethod
    def load(cls, folder):
        return cls()


class Gated(Adding):
    """The same as a Keras graph, squared, so that gradients change along the way."""

    def score_items(self, histories):
        return (histories.matrix() @ WEIGHTS).astype(np.float32) ** 2

    def contributions(self, histories, targets):
        return None

    def gated(self):
        keras = pytest.importorskip("keras")
        codes, gates = keras.Input((None,), dtype="int32"), keras.Input((None,))
        table = np.vstack([np.zeros(4), WEIGHTS]).astype(np.float32)
        parts = keras.layers.Embedding(5, 4, weights=[table])(codes) * keras.ops.expand_dims(gates, -1)
        return keras.Model([codes, gates], keras.ops.square(keras.ops.sum(parts, axis=1)))


def histories(*lists):
    items = np.array([ITEMS.tolist().index(item) for one in lists for item in one], dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
    users = np.array([f"u{i}" for i in range(len(lists))], dtype=object)
    return Histories(users, 4, items, starts, np.ones(len(items), dtype=np.float32))


def explained(model, lists, targets, methods, **more):
    return explain_histories(model, "toy", histories(*lists), np.array(targets), methods, **more)


def test_exact_parts_are_the_summands_with_titles_beside_them():
    (one,) = explained(Adding(), [["b", "a", "d"]], [2], ["exact"])
    assert one.features == ("b", "a", "d")
    assert one.titles == ("B", "A", "d")  # an item without a title shows its id
    assert one.target == "c"
    np.testing.assert_allclose(one.heat, [[0.2, 0.9, 0.1]], rtol=1e-6)
    assert one.base == pytest.approx(0.0, abs=1e-6)  # not the 5.0 that an empty history gets
    assert one.gap == pytest.approx(0.0, abs=1e-6)


def test_leaving_one_out_agrees_with_exact_parts_where_scores_add_up():
    exact, alone = explained(Adding(), [["b", "a", "d"], ["a"]], [2, 2], ["exact", "leave_one_out"])[:2]
    np.testing.assert_allclose(exact.heat, alone.heat, atol=1e-6)
    assert exact.faithfulness.leave_one_out == pytest.approx(1.0)


def test_integrated_gradients_of_a_square_share_the_score_by_the_weights():
    """(0.2 g + 0.9 g)^2 integrated: each part is weight x sum = 0.2 x 1.1 and 0.9 x 1.1."""
    (one,) = explained(Gated(), [["b", "a"]], [2], ["integrated_gradients"])
    np.testing.assert_allclose(one.heat, [[0.22, 0.99]], rtol=2e-3)
    assert one.gap == pytest.approx(0.0, abs=5e-3)


def test_the_telling_order_deletes_faster_and_inserts_faster_than_chance():
    (one,) = explained(Adding(), [["b", "d", "a"]], [2], ["exact"])
    found = one.faithfulness
    assert found.deletion < found.random_deletion < found.least_deletion
    assert found.insertion > found.random_insertion > found.least_insertion


def test_a_method_that_a_model_lacks_is_left_out_and_named_where_none_is_left():
    assert [one.method for one in explained(Adding(), [["a"]], [2], ["attention", "exact"])] == ["exact"]
    with pytest.raises(OptionError, match="leave_one_out"):
        explained(Adding(), [["a"]], [2], ["attention"])


def test_nothing_is_measured_where_there_is_nothing_to_take_out():
    empty, single = explained(Adding(), [[], ["a"]], [2, 2], ["exact"])
    assert empty.faithfulness is None
    assert empty.heat.shape == (1, 0)
    assert single.faithfulness is None


def test_variants_keep_only_the_named_items():
    found = variants(histories(["a"], ["b", "c", "d"]), 1, np.array([[True, False, True], [False, False, False]]))
    np.testing.assert_array_equal(found.items, [1, 3])
    np.testing.assert_array_equal(found.lengths, [2, 0])


def test_the_score_without_any_item_is_the_empty_history_s_where_parts_do_not_add_up():
    model = Gated()
    np.testing.assert_allclose(empty_scores(model, histories(["a", "b"]), np.array([2])), [0.0])


def test_bars_add_up_what_one_item_adds_and_sum_up_the_rest():
    items = [f"i{at}" for at in range(MOST_BARS + 1)]
    weights = np.array([[*np.arange(1.0, MOST_BARS + 2), 100.0]], np.float32)  # i0 stands twice: 1 + 100
    one = ItemContributions(
        "u", "m", "exact", "t", weights, 200.0, features=(*items, "i0"), titles=(*map(str.upper, items), "I0"), base=9.0
    )
    found = one.as_json()
    assert found["bars"][0] == {"item": "i0", "title": "I0", "weight": 101.0}
    assert [bar["item"] for bar in found["bars"][1:3]] == ["i12", "i11"] and len(found["bars"]) == MOST_BARS
    assert (found["others"], found["other"]) == (1, 2.0)  # the smallest is i1
    assert (found["score"], found["base"], one.gap) == (200.0, 9.0, 200.0 - 9.0 - 191.0)


def test_the_reason_is_what_speaks_most_for_it_not_the_longest_bar():
    bars = [{"title": "Jug", "weight": -0.4}, {"title": "Cup", "weight": 0.3}, {"title": "Tea", "weight": 0.1}]
    assert reason(bars)["title"] == "Cup"
    assert reason(bars[:1]) is None and reason([]) is None and reason([{"title": "Tea", "weight": 0.0}]) is None


def test_the_parts_are_written_a_line_an_item_the_strongest_first(tmp_path):
    found = explained(Adding(), [["b", "a", "d"]], [2], ["exact"])
    write_explanations(found, Dataset.from_images(np.zeros((0, 1, 1, 1), np.uint8)), tmp_path)
    parts = pd.read_csv(tmp_path / "because.csv")
    assert parts["because"].tolist() == ["a", "b", "d"]
    assert parts["recommended"].unique().tolist() == ["c"]
    assert parts["part"].tolist() == pytest.approx([0.9, 0.2, 0.1])
    assert pd.read_csv(tmp_path / "explanations.csv")["user"].tolist() == ["u0"]
