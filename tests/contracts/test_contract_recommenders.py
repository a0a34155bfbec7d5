"""What every recommender owes: one test a duty, for all models that recommendations offer."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.interactions.catalogue import ITEMS, TITLE
from dl_core.data.interactions.histories import POSITIVE, Histories
from dl_core.domains.recommendation import MODELS as OFFERS
from dl_core.errors import CancelledError
from dl_core.explain.interactions.methods import integrated_gradients
from dl_core.explain.interactions.view import target_scores
from dl_core.models.base import FitContext
from dl_core.models.interactions.retrieve import top_items
from dl_core.schema import Role

USERS, SIZE, KINDS = 40, 24, 3
ROLES = {Role.USER: ("who",), Role.ITEM: ("what",), Role.VALUE: ("stars",), Role.TIME: ("when",)}


def draw(role_names=ROLES):
    """Interactions of users who mostly take items of one of three kinds, with titles; one bad rating each."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        near = np.arange(SIZE) % KINDS == user % KINDS
        taken = rng.choice(SIZE, rng.integers(5, 9), replace=False, p=(near + 0.05) / (near + 0.05).sum())
        days = np.sort(rng.integers(0, 100, len(taken)))
        stars = rng.integers(3, 6, len(taken)).astype(float)
        stars[0] = 1.0
        rows += [(f"u{user:02d}", f"i{item:02d}", s, day) for item, s, day in zip(taken, stars, days, strict=True)]
    table = pd.DataFrame(rows, columns=["who", "what", "stars", "when"])
    table["when"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(table["when"], unit="D")
    table["when"] = table["when"].astype("datetime64[ns]")
    table[POSITIVE] = table["stars"] > 2
    table.index = table.index.astype(str)
    items = pd.DataFrame({TITLE: [f"kind {'abc'[i % KINDS]} number {i}" for i in range(SIZE)]})
    items.index = [f"i{i:02d}" for i in range(SIZE)]
    source = Source("drawn", simulated="drawn at random")
    return Dataset(
        "drawn",
        table[[c for c in table if c in sum(role_names.values(), (POSITIVE,))]],
        role_names,
        source,
        side={ITEMS: items},
    )


def parts_of(data):
    """Training and validation rows: each user's last one is validation's."""
    last = ~data.table["who"].duplicated(keep="last").to_numpy()
    return data.subset(data.ids[~last]), data.subset(data.ids[last])


def context(**more):
    return FitContext(seed=3, options={"epochs": 1}, **more)


@pytest.fixture(scope="module")
def parts():
    return parts_of(draw())


@pytest.fixture(scope="module", params=list(OFFERS))
def case(request, parts):
    """An offer with a model fitted on it, and what its fit told."""
    offer, events = OFFERS[request.param], []
    model = offer.build()
    model.fit(*parts, context(emit=events.append))
    return offer, model, events


@pytest.fixture
def histories(case, parts):
    """Everyone's history in the fitted model's catalogue."""
    return Histories.of(parts[0], case[1].catalogue)


def made_up(model, *lists):
    """Histories of users nobody knows."""
    items = np.array([item for one in lists for item in one], dtype=np.int32)
    return Histories(
        users=np.array([f"new {i}" for i in range(len(lists))], dtype=object),
        n_items=len(model.catalogue),
        items=items,
        starts=np.cumsum([0, *(len(one) for one in lists)]).astype(np.int64),
        values=np.ones(len(items), dtype=np.float32),
    )


def test_scores_are_finite_in_the_order_of_users(case, histories):
    _, model, _ = case
    scores = model.score_items(histories)
    assert scores.shape == (USERS, SIZE) and scores.dtype == np.float32
    assert np.isfinite(scores).all()
    turned = model.score_items(histories.take(np.arange(USERS)[::-1]))
    np.testing.assert_allclose(turned[::-1], scores, atol=1e-4)


def test_saving_and_loading_does_not_change_a_model(case, histories, tmp_path):
    offer, model, _ = case
    model.save(tmp_path)
    again = offer.load().load(tmp_path)
    np.testing.assert_allclose(again.score_items(histories), model.score_items(histories), atol=1e-5)
    assert again.parameters() == model.parameters() > 0
    assert again.chosen == model.chosen and list(again.catalogue.ids) == list(model.catalogue.ids)
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".pkl", ".pickle", ".joblib")]


def test_the_graph_with_open_gates_is_the_model(case, histories):
    _, model, _ = case
    graph = model.gated()
    scores = model.score_items(histories)
    if graph is None:
        assert scores.shape == (USERS, SIZE)
        return
    codes = histories.sequences(int(histories.lengths.max()))
    gates = (codes > 0).astype(np.float32)
    inputs = {"codes": codes, "gates": gates}
    found = np.asarray(graph.predict_on_batch(inputs))
    np.testing.assert_allclose(found, scores, atol=2e-3 * max(np.abs(scores).max(), 1))
    shut = np.asarray(graph.predict_on_batch({"codes": codes, "gates": gates * (codes != codes.max(axis=1)[:, None])}))
    assert np.abs(shut - found).max() > 0


def test_gradients_along_the_gates_add_up_to_the_score(case):
    _, model, _ = case
    some = made_up(model, [0, 3, 6, 9], [1, 4])
    targets = np.array([2, 5])
    parts = integrated_gradients(model, some, targets)
    if parts is None:
        assert model.gated() is None
        return
    gained = target_scores(model, some, targets) - target_scores(model, some.last(0), targets)
    np.testing.assert_allclose([part.sum() for part in parts], gained, atol=0.05 * max(np.abs(gained).max(), 0.1))


def test_new_users_and_empty_histories_are_answered(case):
    _, model, _ = case
    scores = model.score_items(made_up(model, [0, 3, 6], [], [1]))
    assert scores.shape == (3, SIZE) and np.isfinite(scores).all()
    assert len(np.unique(scores[1])) > 1  # an order, such as popularity's
    items, best = top_items(model, made_up(model, [0, 3, 6], []), 5)
    assert not set(items[0]) & {0, 3, 6} and (items >= 0).all() and (np.diff(best, axis=1) <= 0).all()


def test_contributions_sum_up_or_are_not_given(case, histories):
    _, model, _ = case
    targets = np.argmax(model.score_items(histories), axis=1)
    found = model.contributions(histories, targets)
    if found is None:
        assert type(model).contributions is not None
        return
    assert [len(part) for part in found] == list(histories.lengths)
    assert all(np.isfinite(part).all() for part in found)


def test_attention_is_a_share_where_there_is_one(case, histories):
    _, model, _ = case
    codes = histories.sequences(6)
    found = model.attention(codes)
    if found is None:
        assert codes.shape == (USERS, 6)
        return
    assert found.shape == codes.shape and np.isfinite(found).all() and (found >= 0).all()
    np.testing.assert_allclose(found[codes == 0], 0, atol=1e-6)


def test_progress_is_told_and_stays_within_its_bounds(case):
    _, _, events = case
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done and all(0 <= value <= 1 for value in done)


def test_the_same_seed_gives_the_same_model_and_it_learns_again_from_all_rows(case, parts, histories):
    offer, model, _ = case
    again = offer.build()
    again.fit(*parts, context())
    np.testing.assert_allclose(again.score_items(histories), model.score_items(histories), atol=1e-5)
    known = draw()
    again.refit(known, context())
    scores = again.score_items(Histories.of(known, again.catalogue))
    assert scores.shape == (USERS, SIZE) and np.isfinite(scores).all()


@pytest.mark.parametrize("name", list(OFFERS))
def test_a_cancelled_fit_ends(name, parts):
    with pytest.raises(CancelledError):
        OFFERS[name].build().fit(*parts, context(should_stop=lambda: True))


@pytest.mark.parametrize("name", list(OFFERS))
def test_bare_pairs_of_which_none_is_held_out_are_enough(name):
    data = draw({Role.USER: ("who",), Role.ITEM: ("what",)})
    bare = Dataset("bare", data.table, data.roles, data.source)
    model = OFFERS[name].build()
    model.fit(bare, bare.subset(bare.ids[:0]), context())
    assert np.isfinite(model.score_items(Histories.of(bare, model.catalogue))).all()
