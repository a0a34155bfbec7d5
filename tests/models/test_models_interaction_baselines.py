"""Popularity, neighbours, EASE and matrix factorisation against numbers by hand; exact lists; choosing."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.interactions import ease, factors, linear, neighbours, popularity, retrieve
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.ease import Ease
from dl_core.models.interactions.factors import MatrixFactorisation, Settings
from dl_core.models.interactions.least_squares import Side, batches, solve_factors
from dl_core.models.interactions.neighbours import ItemNeighbours
from dl_core.models.interactions.popularity import Popularity

DAY = 86_400
MODELS = (Popularity, lambda: Popularity(recent=True), ItemNeighbours, Ease, MatrixFactorisation)
NAMES = ("popularity", "recent popularity", "neighbours", "ease", "factors")


def histories_of(*lists, n_items, values=None, days=None):
    """Histories of these lists of items."""
    items = np.array([item for one in lists for item in one], dtype=np.int32)
    return Histories(
        users=np.array([f"u{i}" for i in range(len(lists))], dtype=object),
        n_items=n_items,
        items=items,
        starts=np.cumsum([0, *(len(one) for one in lists)]).astype(np.int64),
        values=np.ones(len(items), np.float32) if values is None else np.array(values, np.float32),
        times=None if days is None else np.array(days, dtype=np.int64) * DAY,
    )


def held_of(histories, *lists):
    """Held-out items of these users."""
    out = histories_of(*lists, n_items=histories.n_items)
    return Held(histories, out.matrix().astype(bool).tocsr())


def drawn(users=120, items=30, seed=0, longest=12):
    """Users who take items of one of three kinds, with days and values; and one held-out item of each."""
    rng = np.random.default_rng(seed)
    known, out, days, values = [], [], [], []
    for user in range(users):
        near = np.arange(items) % 3 == user % 3
        count = rng.integers(3, longest)
        taken = rng.choice(items, count + 1, replace=False, p=(near + 0.1) / (near + 0.1).sum())
        known.append(taken[:-1])
        out.append(taken[-1:])
        days += sorted(rng.integers(0, 365, count))
        values += list(rng.integers(1, 6, count))
    histories = histories_of(*known, n_items=items, values=values, days=days)
    return histories, held_of(histories, *out)


def learned(make, known, held=None, context=None, **chosen):
    """A model that has learned, with a catalogue."""
    model = make()
    model.chosen = dict(chosen)
    ids = np.array([f"i{i:03d}" for i in range(known.n_items)], dtype=object)
    model.catalogue = Catalogue(ids, pd.DataFrame(index=pd.Index(ids)))
    model.learn(known, held, context or FitContext(seed=2))
    return model


@pytest.fixture(scope="module", params=range(len(MODELS)), ids=NAMES)
def case(request):
    """A maker and its model that learned from drawn users and chose by their held-out items."""
    known, held = drawn()
    return MODELS[request.param], learned(MODELS[request.param], known, held), known, held


# ---- popularity


def test_popularity_is_the_number_of_users():
    known = histories_of([0, 1, 1], [1], [2, 1], n_items=4)
    scores = learned(Popularity, known).score_items(histories_of([3], [], n_items=4))
    np.testing.assert_array_equal(scores, [[1, 3, 1, 0], [1, 3, 1, 0]])


def test_popularity_fades_by_half_lives_and_counts_a_users_latest():
    known = histories_of([0, 1, 1], [1], n_items=3, days=[0, 0, 10, 20])
    np.testing.assert_allclose(popularity.fading(known, 10.0), [0.25, 1.5, 0], rtol=1e-6)


def test_the_half_life_is_the_one_held_users_prefer():
    late = histories_of(*[[0]] * 6, *[[1]] * 4, *[[2]] * 3, n_items=3, days=[0] * 6 + [300] * 4 + [365] * 3)
    model = learned(lambda: Popularity(recent=True), late, held_of(late, *[[]] * 10, *[[1]] * 3))
    assert model.chosen["half_life_days"] is not None
    assert model.weights[1] > model.weights[0]
    again = learned(lambda: Popularity(recent=True), late, **model.chosen)
    np.testing.assert_array_equal(again.weights, model.weights)


def test_recent_popularity_without_times_is_popularity():
    known = histories_of([0], [0, 1], n_items=2)
    model = learned(lambda: Popularity(recent=True), known)
    assert model.chosen == {"half_life_days": None}
    np.testing.assert_array_equal(model.weights, [2, 1])


# ---- neighbours


def test_similarity_is_the_shrunk_cosine_by_hand():
    known = histories_of([0, 1], [0, 1], [0, 2], n_items=3)
    model = learned(ItemNeighbours, known, shrink=1.0, neighbours=2, normalised=False)
    expected = np.zeros((3, 3))
    expected[0, 1] = expected[1, 0] = 2 / (np.sqrt(6) + 1)
    expected[0, 2] = expected[2, 0] = 1 / (np.sqrt(3) + 1)
    np.testing.assert_allclose(model.similarity.toarray(), expected, rtol=1e-6)
    scores = model.score_items(histories_of([1, 2], n_items=3))
    np.testing.assert_allclose(scores[0, 0], expected[0, 1] + expected[0, 2], rtol=1e-5)


def test_only_the_nearest_are_kept_and_may_be_scaled_to_one():
    known = histories_of([0, 1], [0, 1], [0, 2], n_items=3)
    model = learned(ItemNeighbours, known, shrink=0.0, neighbours=1, normalised=True)
    # item 2's nearest is item 0, so a history with item 0 speaks for it; nothing is nearest to item 2
    np.testing.assert_allclose(model.similarity.toarray(), [[0, 1, 1], [1, 0, 0], [0, 0, 0]], rtol=1e-6)


def test_items_without_neighbours_stand_in_the_order_of_popularity():
    known = histories_of([0, 1], [2], [2], [3], n_items=4)
    model = learned(ItemNeighbours, known, shrink=0.0, neighbours=2, normalised=False)
    items, _ = retrieve.top_items(model, histories_of([0], n_items=4), 3)
    np.testing.assert_array_equal(items, [[1, 2, 3]])


# ---- EASE


def test_ease_is_the_direct_inverse_with_a_zero_diagonal():
    matrix = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1]], dtype=np.float32)
    inverse = np.linalg.inv(matrix.T @ matrix + 2 * np.eye(4))
    expected = np.eye(4) - inverse / np.diag(inverse)
    known = histories_of([0, 1], [0, 1, 2], [1, 2], [2, 3], n_items=4)
    model = learned(Ease, known, ridge=2.0, inputs="binary", scale=None)
    np.testing.assert_allclose(model.weights, expected, atol=1e-6)
    np.testing.assert_array_equal(np.diag(model.weights), 0)
    np.testing.assert_allclose(model.score_items(known), matrix @ expected, atol=1e-5)


def test_ease_keeps_the_most_taken_items_of_a_large_catalogue(monkeypatch, tmp_path):
    monkeypatch.setattr(ease, "MOST_ITEMS", 3)
    monkeypatch.setattr(ease, "CHOOSING_ITEMS", 2)
    known = histories_of([0, 1], [0, 1, 3], [1, 3], [2, 3], n_items=4)
    model = learned(Ease, known, held_of(known, [3], [], [0], [1]))
    np.testing.assert_array_equal(model.kept, [0, 1, 3])
    scores = model.score_items(histories_of([0], [2], n_items=4))
    assert scores[0, 2] == 0 and (scores[0, [1, 3]] != 0).all()
    np.testing.assert_allclose(scores[1], model.popularity)  # nothing is known of item 2's ways
    model.save(tmp_path)
    np.testing.assert_array_equal(Ease.load(tmp_path).weights, model.weights)  # in float16, to which it was rounded


def test_ease_chooses_among_ridges_and_values_by_held_users():
    known, held = drawn()
    model = learned(Ease, known, held)
    assert model.chosen["ridge"] in ease.RIDGES
    scale = linear.value_scale(known)
    trials = {"binary": ease.Trial(known, held, None), "values": ease.Trial(known, held, scale)}
    best = trials[model.chosen["inputs"]].ndcg(model.chosen["ridge"])
    others = [trials["binary"].ndcg(ridge) for ridge in (400.0, 6400.0)]
    assert best.mean() >= max(one.mean() for one in others) - 1e-9  # each user has something to find


def test_a_ridge_by_chance_better_is_not_taken():
    """Of few held-out users some ridge is always the best by a hair; the usual one stays."""
    known, held = drawn()
    few = Held(held.histories.take(np.arange(3)), held.relevant[:3])
    assert learned(Ease, known, few).chosen == {"ridge": 400.0, "inputs": "binary", "scale": None}


def test_the_inverse_says_where_rounding_is_in_the_way():
    singular = np.ones((3, 3), dtype=np.float32, order="F")
    assert ease.inverse(singular.copy(order="F"), 0.0) is None
    found = ease.inverse(singular.astype(np.float64, order="F"), 1.0)
    np.testing.assert_allclose(found, np.eye(3) - 0.25, atol=1e-12)


# ---- matrix factorisation


@pytest.mark.parametrize("longest", [4, 30])
def test_a_step_is_the_plain_loops_solution(longest):
    rng = np.random.default_rng(1)
    others, alpha, reg = rng.normal(size=(40, 6)).astype(np.float32), 7.0, 0.02
    inputs = sparse.lil_matrix((25, 40), dtype=np.float32)
    for row in range(1, 25):  # the first has none
        inputs[row, rng.choice(40, rng.integers(1, longest + 1), replace=False)] = rng.integers(1, 4)
    inputs = inputs.tocsr()
    expected = np.zeros((25, 6))
    for row in range(1, 25):
        r, own = inputs[row].data.astype(float), others[inputs[row].indices].astype(float)
        matrix = others.T.astype(float) @ others + reg * (40 + alpha * r.sum()) * np.eye(6)
        for weight, y in zip(r, own, strict=True):
            matrix += alpha * weight * np.outer(y, y)
        expected[row] = np.linalg.solve(matrix, ((1 + alpha * r)[:, None] * own).sum(axis=0))
    np.testing.assert_allclose(solve_factors(inputs, Side.of(others), alpha, reg), expected, atol=2e-5)


def test_batches_hold_every_row_with_entries_once():
    lengths = np.array([0, 3, 900, 2, 0, 40, 41, 100_000])
    rows = list(batches(lengths, 64))
    assert sorted(np.concatenate(rows)) == [1, 2, 3, 5, 6, 7]
    assert max(len(part) * lengths[part].max() * 64 for part in rows if len(part) > 1) <= 4_000_000


def test_sweeps_lower_the_objective():
    known, _ = drawn()
    matrix = known.matrix()
    settings = Settings(factors=8, alpha=5.0, reg=0.01)
    lost = []
    for sweeps in (1, 3, 8):
        items = factors.alternate(matrix, settings, sweeps, FitContext(seed=1)).astype(float)
        users = solve_factors(matrix, Side.of(items.astype(np.float32)), settings.alpha, settings.reg).astype(float)
        taken = matrix.toarray()
        weights = [settings.reg * (taken.shape[1 - axis] + settings.alpha * taken.sum(1 - axis)) for axis in (0, 1)]
        fit = ((1 + settings.alpha * taken) * (taken - users @ items.T) ** 2).sum()
        lost.append(fit + weights[0] @ (users**2).sum(1) + weights[1] @ (items**2).sum(1))
    assert lost[0] > lost[1] > lost[2]


def test_fewer_users_stand_for_many_when_settings_are_tried():
    known, _ = drawn()
    some = factors.some_users(known, 200, seed=0)
    assert 200 <= len(some.items) < 230 and set(some.users) <= set(known.users)
    assert factors.some_users(known, 10**6, seed=0) is known


# ---- what all owe


def test_kinds_of_items_are_found(case):
    make, model, known, held = case
    plain = learned(Popularity, known)
    least = 0.9 if isinstance(model, Popularity) else 1.3
    assert held_ndcg(model.score_items, held) > least * held_ndcg(plain.score_items, held)


def test_saving_and_loading_changes_no_score(case, tmp_path):
    _, model, known, _ = case
    model.save(tmp_path)
    again = type(model).load(tmp_path)
    np.testing.assert_array_equal(again.score_items(known), model.score_items(known))
    assert again.chosen == model.chosen and again.parameters() == model.parameters() > 0
    assert list(again.catalogue.ids) == list(model.catalogue.ids)


def test_an_empty_history_gets_the_most_popular_items(case):
    _, model, known, _ = case
    scores = model.score_items(histories_of([], [0], n_items=known.n_items))
    assert scores.shape == (2, known.n_items) and scores.dtype == np.float32
    assert np.isfinite(scores).all()
    popular = model.weights if isinstance(model, Popularity) else linear.takers(known)
    np.testing.assert_array_equal(np.argsort(-scores[0], kind="stable"), np.argsort(-popular, kind="stable"))


def test_contributions_sum_to_the_score(case):
    _, model, known, _ = case
    mixed = histories_of([1, 4, 4, 7], [], [2], n_items=known.n_items, values=[5, 1, 2, 3, 4])
    targets = np.array([10, 3, 5])
    parts = model.contributions(mixed, targets)
    if isinstance(model, MatrixFactorisation):
        assert parts is None  # not linear in the history
        return
    assert [len(part) for part in parts] == [4, 0, 1]
    if isinstance(model, Popularity):
        assert not np.concatenate(parts).any()
        return
    scores = model.score_items(mixed)
    for user in (0, 2):
        np.testing.assert_allclose(parts[user].sum(), scores[user, targets[user]], atol=3e-6)


def test_learning_again_uses_what_was_chosen(case):
    make, model, known, _ = case
    again = learned(make, known, **model.chosen)
    assert again.chosen == model.chosen
    np.testing.assert_allclose(again.score_items(known), model.score_items(known), atol=1e-5)


@pytest.mark.parametrize("make", MODELS, ids=NAMES)
def test_time_and_cancelling_are_respected(make):
    known, held = drawn()
    with pytest.raises(CancelledError):
        learned(make, known, held, FitContext(should_stop=lambda: True))
    events = []
    model = learned(make, known, held, FitContext(emit=events.append, out_of_time=lambda: True))
    assert np.isfinite(model.score_items(known)).all()
    done = [event["done"] for event in events]
    assert done == sorted(done) and done[-1] == 1


@pytest.mark.parametrize("make", MODELS, ids=NAMES)
def test_one_user_one_item_and_no_rows_are_taken(make):
    for lists, items in (([[0]], 1), ([[0, 1]], 2), ([[]], 3)):
        known = histories_of(*lists, n_items=items, days=[0] * len(lists[0]))
        scores = learned(make, known).score_items(known)
        assert scores.shape == (1, items) and np.isfinite(scores).all()


def test_values_weigh_by_themselves_or_by_their_logarithm():
    ratings = histories_of([0, 1], n_items=2, values=[2, 4])
    assert linear.value_scale(ratings) == {"log": False, "mean": 3.0}
    np.testing.assert_allclose(linear.weigh(ratings, linear.value_scale(ratings)), [2 / 3, 4 / 3])
    counts = histories_of([0, 1], n_items=2, values=[1, 1000])
    weights = linear.weigh(counts, linear.value_scale(counts))
    np.testing.assert_allclose(weights[1] / weights[0], np.log(1001) / np.log(2), rtol=1e-5)
    assert linear.has_values(counts) and not linear.has_values(histories_of([0, 1], n_items=2))
    assert not linear.has_values(histories_of([0, 1], n_items=2, values=[-1, 2]))


# ---- choosing and lists


def test_held_ndcg_by_hand():
    known = histories_of([0], [0], [1], n_items=4)
    held = held_of(known, [2, 3], [0], [0, 2, 3])  # the second user's only relevant item is known: left out
    scores = np.array([[9, 3, 2, 1], [1, 2, 3, 4], [4, 9, 1, 2]], dtype=np.float32)
    place = {user: at for at, user in enumerate(known.users)}
    found = held_ndcg(lambda block: scores[[place[user] for user in block.users]], held, k=2)
    first = (1 / np.log2(3)) / (1 + 1 / np.log2(3))  # lists 1, 2: a hit on the second place
    np.testing.assert_allclose(found, (first + 1) / 2)  # the third user's list is 0, 3: two hits of two
    assert held_ndcg(lambda block: scores[:1], held_of(known.take([0]), [0]), k=2) == 0


@pytest.mark.parametrize("shape", [(7, 12, 10), (6, 3000, 10), (5, 5001, 3), (3, 1, 1), (4, 2600, 10), (2, 5, 8)])
@pytest.mark.parametrize("kind", ["plain", "ties", "zeros", "mostly gone"])
def test_top_columns_are_those_of_a_full_sort(shape, kind):
    rows, width, k = shape
    rng = np.random.default_rng(4)
    values = rng.normal(size=(rows, width)).astype(np.float32)
    if kind == "ties":
        values = np.round(values)
    elif kind == "zeros":
        values[:] = 0.0
        values[:, ::3] = -0.0
    elif kind == "mostly gone":
        values[rng.random(values.shape) < 0.998] = -np.inf
    columns, best = retrieve.top_columns(values, k)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(values, order, axis=1)
    np.testing.assert_array_equal(best, expected)
    np.testing.assert_array_equal(columns, np.where(np.isneginf(expected), -1, order))


def test_lists_leave_out_what_is_seen_or_not_allowed():
    known, _ = drawn(users=1100)  # several blocks
    model = learned(Popularity, known)
    allowed = np.arange(known.n_items) != 4
    items, scores = retrieve.top_items(model, known, 30, allowed=allowed)
    plain = model.score_items(known)
    plain[known.matrix().nonzero()] = -np.inf
    plain[:, 4] = -np.inf
    order = np.argsort(-plain, axis=1, kind="stable")
    best = np.take_along_axis(plain, order, axis=1)
    np.testing.assert_array_equal(items, np.where(np.isneginf(best), -1, order))
    np.testing.assert_array_equal(scores, best)
    again, _ = retrieve.top_items(model, known, 3, remove_seen=False)
    np.testing.assert_array_equal(again, np.tile(np.argsort(-model.weights, kind="stable")[:3], (1100, 1)))


def test_a_cancelled_list_ends():
    def stop():
        raise CancelledError("the work was cancelled")

    known, _ = drawn()
    with pytest.raises(CancelledError):
        retrieve.top_items(learned(Popularity, known), known, 3, check_stop=stop)


def test_neighbours_are_found_in_blocks_as_at_once(monkeypatch):
    known, _ = drawn()
    matrix = known.matrix()
    whole = neighbours.similar(matrix, 5.0, 10, FitContext())
    monkeypatch.setattr(neighbours, "BLOCK_ITEMS", 7)
    parts = neighbours.similar(matrix, 5.0, 10, FitContext())
    np.testing.assert_allclose(parts.toarray(), whole.toarray())
    np.testing.assert_allclose(
        neighbours.strongest(whole, 4).toarray(), neighbours.similar(matrix, 5.0, 4, FitContext()).toarray()
    )
