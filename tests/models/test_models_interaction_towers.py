"""The two towers: features of items, batches with the logQ correction, cold items and users, saving."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from dl_core.data.dataset import Dataset, Source
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.item_features import TableFeatures
from dl_core.models.interactions.retrieve import top_items
from dl_core.models.interactions.two_tower import TwoTower
from dl_core.models.interactions.two_tower_batches import Batches, log_probabilities
from dl_core.models.interactions.two_tower_net import FAR
from dl_core.models.interactions.two_tower_train import TowersPlan
from dl_core.schema import Role

WORDS = ("rose", "steel", "dinosaur")  # what the three groups of users like
NEW = ("i57", "i58", "i59")  # one item of each taste that nobody took


def planted(users: int = 90, seed: int = 0) -> Dataset:
    """Users who take only items with their word in the title; three items are never taken."""
    rng = np.random.default_rng(seed)
    items = pd.DataFrame(index=[f"i{number:02d}" for number in range(60)])
    things = ("lamp", "cup", "box", "card")
    items["title"] = [f"{WORDS[n % 3]} {things[n % 4]} no {n % 5}" for n in range(60)]
    items["category"] = [f"{WORDS[n % 3]}|all" for n in range(60)]
    items["price"] = rng.lognormal(size=60)
    rows = []
    for user in range(users):
        liked = [n for n in range(57) if n % 3 == user % 3]
        rows += [(f"u{user:03d}", f"i{n:02d}") for n in rng.choice(liked, 7, replace=False)]
    table = pd.DataFrame(rows, columns=["user", "item"])
    table["positive"] = True
    table.index = table.index.astype(str)
    people = pd.DataFrame({"country": [WORDS[u % 3] for u in range(users)]}, index=[f"u{u:03d}" for u in range(users)])
    roles = {Role.USER: ("user",), Role.ITEM: ("item",)}
    return Dataset("planted", table, roles, Source("made up"), side={"items": items, "users": people})


@pytest.fixture(scope="module")
def data():
    return planted()


@pytest.fixture(scope="module")
def fitted(data):
    model = TwoTower(width=16)
    model.chosen = {"epochs": 14}
    model.refit(data, FitContext())
    return model


def histories(model, rows, features=None):
    """Histories by hand: a list of item ids a user."""
    codes = [model.catalogue.codes(list(items)) if len(items) else np.array([], np.int32) for items in rows]
    flat = np.concatenate([*codes, np.array([], np.int32)]).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum([len(c) for c in codes])]).astype(np.int64)
    users = np.array([f"new{i}" for i in range(len(rows))], dtype=object)
    return Histories(users, len(model.catalogue), flat, starts, np.ones(len(flat), np.float32), features=features)


def test_texts_categories_and_numbers_become_numbers():
    table = pd.DataFrame(
        {
            "title": ["red cup", "red box", "blue box", None],
            "category": ["a|b", "a", None, "b|c"],
            "price": [1, 2, 3, None],
        },
        index=list("wxyz"),
    )
    encoder = TableFeatures.fit(table)
    assert (encoder.texts, encoder.categorical, encoder.numeric) == (["title"], ["category"], ["price"])
    assert encoder.categories == {"category": ["a", "b"]}  # c stands there once and says nothing about others
    numbers = encoder.transform(table, 4)
    assert numbers.shape == (4, encoder.width) and numbers.dtype == np.float32
    np.testing.assert_allclose(numbers[:, -4:-2], [[2**-0.5, 2**-0.5], [1, 0], [0, 0], [0, 1]], rtol=1e-6)
    np.testing.assert_allclose(numbers[3, -2:], [0, 0])  # a missing price
    assert -1 <= numbers[0, -2] < numbers[1, -2] < numbers[2, -2] <= 1
    assert not numbers[3, :-4].any()  # a missing title
    assert numbers[0, :-4] @ numbers[1, :-4] > numbers[0, :-4] @ numbers[2, :-4]  # "red" is shared


def test_what_training_never_saw_is_zero(tmp_path):
    encoder = TableFeatures.fit(pd.DataFrame({"country": ["x", "y"] * 30, "age": range(60)}))
    encoder.save(tmp_path, "users")
    again = TableFeatures.load(tmp_path, "users")
    new = pd.DataFrame({"country": ["z", None, "y"], "unknown": [1, 2, 3]})
    expected = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
    np.testing.assert_array_equal(again.transform(new, 3), expected)
    np.testing.assert_array_equal(encoder.transform(new, 3), expected)
    assert again.transform(None, 2).shape == (2, 4)
    assert TableFeatures.fit(None).transform(new, 3).shape == (3, 0)
    assert TableFeatures.fit(pd.DataFrame({"title": ["one", "two"]})).transform(new, 3).shape == (3, 0)


def test_log_probabilities_by_hand():
    found = log_probabilities(np.array([0.5, 0.25, 0.0]), 2)
    np.testing.assert_allclose(found[:2], np.log([1 - 0.5**2, 1 - 0.75**2]))  # not missed in both draws
    assert np.isfinite(found[2])


def test_sampled_batches_correct_for_how_often_a_candidate_stands_there():
    # Two users: the first took item 0 alone, the second items 0 and 1; so a draw is 0 with 3/4 and 1 with 1/4.
    matrix = sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 0]], dtype=np.float32))
    batches = Batches(matrix, np.zeros((2, 0), np.float32), size=2, full=0, seed=1)
    log_q = np.log([1 - (1 / 4) ** 2, 1 - (3 / 4) ** 2])
    np.testing.assert_allclose(batches.log_q[:2], log_q)
    seen = set()
    for number in range(20):
        for inputs, targets, _ in batches.epoch(number)[1]:
            columns, correction = inputs["columns"], inputs["correction"]
            np.testing.assert_array_equal(targets.sum(axis=1), 1)
            answers = columns[targets.argmax(axis=1)]
            seen.add(tuple(sorted(columns)))
            for user, answer in enumerate(answers):
                own = correction[user, targets[user].argmax()]
                np.testing.assert_allclose(own, -log_q[answer], rtol=1e-5)
            if len(set(columns)) == 1:  # item 0 twice: it counts once
                assert (correction[:, 1] == FAR).all()
            else:  # who found item 1 took item 0 as well, which is then no wrong answer
                first = np.flatnonzero(answers == 1)[0]
                assert correction[first, np.flatnonzero(columns == 0)[0]] == FAR
    assert seen == {(0, 0), (0, 1)}


def test_whole_batches_split_a_history_into_read_and_found():
    matrix = sparse.random(30, 40, density=0.2, format="csr", random_state=0, dtype=np.float32)
    matrix.data[:] = 1
    batches = Batches(matrix, np.ones((30, 2), np.float32), size=6, full=100, seed=0)
    shares = []
    for inputs, targets, _ in batches.epoch(0)[1]:
        read, found = inputs["weights"] > 0, targets > 0
        assert not (read & found).any() and found.any(axis=1).all()
        assert ((inputs["correction"] == FAR) == read).all()
        np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
        shares += list(read.sum(axis=1) / (read | found).sum(axis=1))
    assert min(shares) == 0 and max(shares) > 0.5
    steps, made = batches.epoch(0)
    again = [targets for _, targets, _ in made]
    assert len(again) == steps
    np.testing.assert_array_equal(again[0], next(batches.epoch(0)[1])[1])


def test_learning_rate_rises_and_falls():
    plan = TowersPlan(learning_rate=1.0)
    rates = [plan.rate(step, 1_000) for step in range(1_000)]
    assert int(np.argmax(rates)) == 49 and rates[0] < 0.03 and 0.02 <= rates[-1] < 0.03


def test_items_that_nobody_took_are_ranked_by_their_titles(fitted):
    rows = [[f"i{n:02d}" for n in range(taste, 30, 3)][:5] for taste in range(3)]
    scores = fitted.score_items(histories(fitted, rows))
    new = fitted.catalogue.codes(list(NEW))  # i57, i58, i59 are of taste 0, 1, 2
    assert scores[:, new].argmax(axis=1).tolist() == [0, 1, 2]
    ranks = (-scores).argsort(axis=1).argsort(axis=1)[np.arange(3), new]
    assert (ranks < 20).all()  # among the twenty of their taste out of sixty; by chance they would stand at thirty
    assert fitted.scores_new_items


def test_new_users_are_served_by_history_or_by_what_is_known_of_them(fitted):
    items, _ = top_items(fitted, histories(fitted, [["i03", "i06"], ["i04", "i07"], ["i05", "i08"]]), 5)
    assert np.mean([(items[taste] % 3 == taste).mean() for taste in range(3)]) > 0.85  # a third by chance
    known = pd.DataFrame({"country": [*WORDS, "nowhere"]})
    scores = fitted.score_items(histories(fitted, [[], [], [], []], known))
    best = (-scores).argsort(axis=1)[:, :5]
    assert np.mean([(best[taste] % 3 == taste).mean() for taste in range(3)]) > 0.85
    np.testing.assert_allclose(scores[3], fitted.score_items(histories(fitted, [[]]))[0], rtol=1e-4, atol=1e-5)
    assert fitted.score_items(histories(fitted, [])).shape == (0, 60)


def test_the_gated_graph_scores_as_the_model_does(fitted):
    some = histories(fitted, [["i00", "i03", "i06"], ["i04"], []])
    graph, codes = fitted.gated(), some.sequences(4)
    full = np.asarray(graph([codes, np.ones(codes.shape, np.float32)]))
    np.testing.assert_allclose(full, fitted.score_items(some), rtol=1e-4, atol=1e-4)
    gates = np.ones(codes.shape, np.float32)
    gates[0, -1] = 0
    without = fitted.score_items(histories(fitted, [["i00", "i03"], ["i04"], []]))
    np.testing.assert_allclose(np.asarray(graph([codes, gates])), without, rtol=1e-4, atol=1e-4)


def test_user_features_add_the_same_whatever_the_history(fitted):
    known = pd.DataFrame({"country": ["rose"] * 2})
    rows = [["i00", "i03"], ["i04"]]
    difference = fitted.score_items(histories(fitted, rows, known)) - fitted.score_items(histories(fitted, rows))
    np.testing.assert_allclose(difference[0], difference[1], atol=1e-4)
    assert np.abs(difference[0]).max() > 0.01


def test_saved_and_loaded_it_scores_the_same(fitted, tmp_path):
    fitted.save(tmp_path)
    again = TwoTower.load(tmp_path)
    some = histories(fitted, [["i00", "i03"], []], pd.DataFrame({"country": ["steel", "never seen"]}))
    np.testing.assert_allclose(again.score_items(some), fitted.score_items(some), rtol=1e-5, atol=1e-6)
    assert again.chosen == fitted.chosen and again.parameters() == fitted.parameters() > 0
    vectors = again.embeddings()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    near = (-vectors @ vectors[0]).argsort()[1:6]
    assert (near % 3 == 0).all()  # similar items share the taste
    assert not list(tmp_path.glob("*.pkl"))


def test_ids_alone_suffice_and_the_seed_decides_with_candidates_from_the_batch(data):
    bare = Dataset("bare", data.table, data.roles, data.source)
    scores = []
    for _ in range(2):
        model = TwoTower(width=8, full=0)
        model.catalogue = Catalogue.of(bare)
        model.learn(Histories.of(bare, model.catalogue), None, FitContext(seed=3, options={"epochs": 30}))
        scores.append(model.score_items(histories(model, [["i00", "i03"], ["i01"], ["i02"]])))
    np.testing.assert_array_equal(scores[0], scores[1])
    best = (-scores[0]).argsort(axis=1)[:, :8]
    assert np.mean([(best[taste] % 3 == taste).mean() for taste in range(3)]) > 0.6
    assert not model.scores_new_items


def test_fine_tuning_goes_on_from_what_was_learned(data, fitted, tmp_path):
    fitted.save(tmp_path)
    model = TwoTower.load(tmp_path)
    before = [np.array(weight) for weight in model.net.get_weights()]
    few = Histories.of(data, model.catalogue).take(np.arange(6))
    relevant = few.matrix().astype(bool).tocsr()
    assert model.chosen == {"epochs": 14}
    model.fine_tune(few.last(4), Held(few.last(4), relevant), FitContext(options={"epochs": 2}))
    assert 0 <= model.chosen["epochs"] <= 2
    change = max(np.abs(a - b).max() for a, b in zip(before, model.net.get_weights(), strict=True))
    assert change < 0.05
    items, _ = top_items(model, histories(model, [["i03"], ["i04"], ["i05"]]), 5)
    assert np.mean([(items[taste] % 3 == taste).mean() for taste in range(3)]) > 0.8


def test_time_that_is_over_ends_with_the_best_so_far_or_says_so(data):
    model = TwoTower(width=8)
    model.catalogue = Catalogue.of(data)
    users = Histories.of(data, model.catalogue)
    with pytest.raises(CancelledError, match="time"):
        model.learn(users, None, FitContext(out_of_time=iter([True] * 9).__next__))
    with pytest.raises(CancelledError, match="cancelled"):
        model.learn(users, None, FitContext(should_stop=lambda: True))
