"""Autoencoders of histories: their loss by hand, gates, annealing, choosing, saving, streaming and cancelling."""

from dataclasses import asdict, replace

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from dl_core.data.dataset import Dataset, Source
from dl_core.data.interactions.histories import Histories
from dl_core.errors import CancelledError
from dl_core.models import training
from dl_core.models.base import FitContext
from dl_core.models.interactions import autoencoder_fit, ease, factor_path, linear_path, multi_hot
from dl_core.models.interactions.autoencoder_fit import RebuildingPlan, fit_rebuilding
from dl_core.models.interactions.blend import DeepBlend
from dl_core.models.interactions.blend_weights import choose_weights, simplex
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.denoising import build_denoising
from dl_core.models.interactions.factor_path import FactorPath
from dl_core.models.interactions.factors import Settings
from dl_core.models.interactions.linear_path import LinearPath, solved, weighed
from dl_core.models.interactions.mult_vae import MultVAE, build_mult_vae, suiting_plan
from dl_core.schema import Role

PLAN = RebuildingPlan(epochs=12, batch_size=32, patience=6, learning_rate=3e-3, anneal=6)
BLOCKS, SIZE, USERS = 3, 12, 120


def made(part):
    """Interactions of users who each take from one block of items; ``part`` 0 is known, 1 validation, 2 test."""
    rows = []
    rng = np.random.default_rng(0)
    for user in range(USERS):
        taken = rng.permutation(SIZE)[:8] + SIZE * (user % BLOCKS)
        rows += [(f"u{user:03d}", f"i{item:02d}", 0 if at < 5 else at // 7 + 1) for at, item in enumerate(taken)]
    table = pd.DataFrame(rows, columns=["who", "what", "part"])
    table.index = table.index.astype(str)
    roles = {Role.USER: ("who",), Role.ITEM: ("what",)}
    return Dataset("made", table[table["part"].isin(part)].drop(columns="part"), roles, Source("made"), {}, ())


@pytest.fixture(scope="module")
def fitted():
    """A Mult-VAE and what its fit told."""
    events, model = [], MultVAE(code=8, plan=PLAN)
    model.fit(made([0]), made([1]), FitContext(seed=3, emit=events.append))
    return model, events


def test_the_likelihood_is_the_one_worked_by_hand():
    logits = np.log([[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]]).astype("float32")  # softmax ¼ ½ ¼ and ¼ ¼ ½
    loss = np.asarray(
        multi_hot.multinomial_loss(np.float32([[1, 1, 0], [0, 0, 1]]), keras.ops.convert_to_tensor(logits))
    )
    np.testing.assert_allclose(loss, [np.log(4) + np.log(2), np.log(2)], rtol=1e-6)


def test_the_divergence_is_the_one_worked_by_hand():
    mean, log_variance = np.float32([[0, 0], [3, 0]]), np.log(np.float32([[1, 1], [1, 4]]))
    found = np.asarray(multi_hot.normal_divergence(mean, keras.ops.convert_to_tensor(log_variance)))
    np.testing.assert_allclose(found, [0, 0.5 * (9 + (4 - 1 - np.log(4)))], rtol=1e-6)


def test_the_weight_of_the_divergence_rises_and_reaches_the_loss():
    plan = RebuildingPlan(kl_weight=0.2, anneal=10)
    assert plan.beta(0, 5) == 0
    assert plan.beta(25, 5) == pytest.approx(0.1)
    assert plan.beta(500, 5) == pytest.approx(0.2)
    code = multi_hot.NormalCode()
    mean = keras.ops.convert_to_tensor(np.float32([[3, 0], [0, 0]]))
    code([mean, keras.ops.zeros((2, 2))], training=True)
    code.weight.assign(0.5)
    code([mean, keras.ops.zeros((2, 2))], training=True)
    assert float(np.asarray(code.losses[-1])) == pytest.approx(0.5 * 4.5 / 2)  # β · (9/2 + 0) / 2 users
    np.testing.assert_array_equal(np.asarray(code([mean, keras.ops.ones((2, 2))], training=False)), np.asarray(mean))


def test_events_tell_each_epoch_and_annealing(fitted):
    model, events = fitted
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [entry["epoch"] for entry in epochs] == list(range(1, len(epochs) + 1))
    assert {"loss", "val_ndcg", "kl_weight", "seconds_left", "epochs"} <= set(epochs[0])
    weights = [entry["kl_weight"] for entry in epochs]
    assert weights == sorted(weights)
    assert weights[-1] <= 0.2
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    assert any(event["event"] == "progress" and event["done"] == 1 for event in events)


def test_it_finds_the_blocks_where_popularity_cannot(fitted):
    model, _ = fitted
    known, test = made([0, 1]), Histories.of(made([2]), model.catalogue)
    histories = Histories.of(known, model.catalogue, test.users)
    seen, relevant = histories.matrix(), test.matrix()
    popularity = np.tile(np.asarray(seen.sum(axis=0)), (len(test), 1))
    held = autoencoder_held(histories, relevant)
    assert held_ndcg(lambda some: popularity[: len(some)], held) < 0.35
    assert held_ndcg(model.score_items, held) > 0.5


def autoencoder_held(histories, relevant):
    from dl_core.models.interactions.base import Held

    return Held(histories, relevant.astype(bool).tocsr())


def test_the_best_epoch_is_kept_and_refit_takes_as_many(fitted):
    model, _ = fitted
    told = [entry["val_ndcg"] for entry in model.history]
    assert model.chosen["epochs"] == 1 + int(np.argmax(told))
    assert model.chosen["held_ndcg"] == max(told)
    again = MultVAE(code=8, plan=PLAN)
    again.chosen = {"epochs": 2}
    again.refit(made([0, 1]), FitContext(seed=3))
    assert [entry["epoch"] for entry in again.history] == [1, 2]
    assert again.chosen == {"epochs": 2}
    assert again.score_items(Histories.of(made([0]), again.catalogue)).shape == (USERS, BLOCKS * SIZE)


def test_gates_equal_scores_and_a_closed_gate_is_the_items_absence(fitted):
    found, whole, shorter = by_gates_and_by_histories(fitted[0])
    np.testing.assert_allclose(found[0], whole, atol=1e-4)
    np.testing.assert_allclose(found[1], shorter, atol=1e-4)
    assert np.abs(whole - shorter).max() > 1e-3  # so that one does not stand for the other


def by_gates_and_by_histories(model):
    """Return scores with all gates open and with the last closed, and those of the whole and shortened histories."""
    histories = Histories.of(made([0]), model.catalogue).take(np.arange(6))
    codes = histories.sequences(7)  # five items behind two zeros
    gates = (codes > 0).astype("float32")
    graph = model.gated()
    closed = gates.copy()
    closed[:, -1] = 0
    shorter = replace(
        histories,
        items=np.delete(histories.items, histories.starts[1:] - 1),
        values=np.delete(histories.values, histories.starts[1:] - 1),
        starts=histories.starts - np.arange(7),
    )
    found = [np.asarray(graph.predict_on_batch([codes, some])) for some in (gates, closed)]
    return found, model.score_items(histories), model.score_items(shorter)


def test_an_item_that_stands_twice_counts_once():
    gated = multi_hot.GatedMultiHot(3)
    codes, gates = np.int32([[0, 1, 1, 3], [0, 0, 2, 3]]), np.float32([[1, 1, 1, 0.5], [0, 0, 0, 1]])
    np.testing.assert_allclose(np.asarray(gated([codes, gates])), [[1, 0, 0.5], [0, 0, 1]])


def test_saving_and_loading_changes_nothing(fitted, tmp_path):
    model, _ = fitted
    model.save(tmp_path)
    again = MultVAE.load(tmp_path)
    histories = Histories.of(made([0]), model.catalogue)
    np.testing.assert_allclose(again.score_items(histories), model.score_items(histories), atol=1e-5)
    assert again.chosen == model.chosen
    assert again.parameters() == model.parameters()


def test_unknown_users_and_empty_histories_have_finite_scores(fitted):
    model, _ = fitted
    scores = model.score_items(Histories.of(made([0]), model.catalogue, np.array(["nobody", "u003"], dtype=object)))
    assert np.isfinite(scores).all()


def test_only_batches_are_made_dense(monkeypatch):
    shapes = []

    def watched(rows, at):
        shapes.append((len(at), rows.shape[1]))
        return rows[at].toarray().astype(np.float32)

    monkeypatch.setattr(autoencoder_fit, "dense_rows", watched)
    monkeypatch.setattr(multi_hot, "dense_rows", watched)
    rows = sparse.random(300, 40, 0.1, format="csr", random_state=0, dtype=np.float32)
    network = build_mult_vae(40, 8, 4, 0.5, 0)
    fit_rebuilding(network, rows, FitContext(), RebuildingPlan(epochs=1, batch_size=32))
    multi_hot.score_rows(network, rows, 64)
    assert max(count for count, _ in shapes) == 64
    assert len(shapes) == 10 + 5
    assert multi_hot.batch_for(1_000_000, 512) * 1_000_000 <= multi_hot.LARGEST_CELLS


def test_cancelling_ends_it_and_time_over_keeps_the_best():
    rows = Histories.of(made([0]), fitted_catalogue()).matrix()
    network = build_denoising(rows.shape[1], 8, 0.5, 0)
    with pytest.raises(CancelledError):
        fit_rebuilding(network, rows, FitContext(should_stop=lambda: True), PLAN)
    polls = iter([False] * 9)
    history = fit_rebuilding(network, rows, FitContext(out_of_time=lambda: next(polls, True)), PLAN).history
    assert len(history) == 2  # of four steps each; time was over in the third
    with pytest.raises(CancelledError, match="before the first epoch"):
        fit_rebuilding(network, rows, FitContext(out_of_time=lambda: True), PLAN)


def fitted_catalogue():
    from dl_core.data.interactions.catalogue import Catalogue

    return Catalogue.of(made([0]))


def test_an_unfinished_fit_goes_on_from_its_checkpoint(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", float("inf"))
    rows = Histories.of(made([0]), fitted_catalogue()).matrix()
    plan, events = replace(PLAN, epochs=4), []
    whole = build_denoising(rows.shape[1], 8, 0.5, 0)
    fit_rebuilding(whole, rows, FitContext(seed=1), plan)
    polls = iter([False] * 9)
    with pytest.raises(CancelledError):
        fit_rebuilding(
            build_denoising(rows.shape[1], 8, 0.5, 0),
            rows,
            FitContext(seed=1, checkpoint=tmp_path, should_stop=lambda: next(polls, True)),
            plan,
        )
    again = build_denoising(rows.shape[1], 8, 0.5, 0)
    fit_rebuilding(again, rows, FitContext(seed=1, checkpoint=tmp_path, emit=events.append), plan)
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [3, 4]
    np.testing.assert_allclose(multi_hot.score_rows(again, rows), multi_hot.score_rows(whole, rows), atol=1e-4)


def test_few_users_make_small_batches_and_many_epochs():
    few, many = suiting_plan(900), suiting_plan(50_000)
    assert few.batch_size < many.batch_size <= 512
    assert few.epochs > many.epochs >= 30


@pytest.fixture(scope="module")
def blend():
    """A wide and deep blend and what its fit told."""
    events, model = [], DeepBlend(networks=2, plan=replace(PLAN, epochs=6))
    model.fit(made([0]), made([1]), FitContext(seed=3, emit=events.append))
    return model, events


def test_the_linear_path_is_the_least_squares_solution_and_ease_without_dropout():
    rows = sparse.random(60, 6, 0.4, format="csr", random_state=1, dtype=np.float64)
    rows.data[:] = 1
    x, ridge, dropout = rows.toarray(), 3.0, 0.5
    found = solved((x.T @ x).copy(order="F"), ridge, dropout)
    extra = np.diag(x.T @ x) * dropout / (1 - dropout) + ridge
    for item in range(6):  # each column by itself: the normal equations of all other items
        rest = np.delete(np.arange(6), item)
        normal = x[:, rest].T @ x[:, rest] + np.diag(extra[rest])
        np.testing.assert_allclose(found[rest, item], np.linalg.solve(normal, x[:, rest].T @ x[:, item]), atol=1e-5)
    assert (np.diag(found) == 0).all()
    np.testing.assert_allclose(
        solved((x.T @ x).copy(order="F"), ridge, 0.0), ease.solve((x.T @ x).copy(order="F"), ridge), atol=1e-6
    )


def test_users_are_weighed_by_their_number_of_items():
    rows = sparse.csr_matrix(np.float32([[1, 0, 0, 0], [1, 1, 1, 1]]))
    found = weighed(rows, 0.5).toarray() ** 2  # weights 1 and ½ over their mean, ¾
    np.testing.assert_allclose(found, [[4 / 3, 0, 0, 0], [2 / 3, 2 / 3, 2 / 3, 2 / 3]], rtol=1e-6)
    assert weighed(rows, 0.0) is rows


def test_each_item_has_its_nearest_ones(monkeypatch):
    monkeypatch.setattr(linear_path, "NEIGHBOURS", 1)
    monkeypatch.setattr(linear_path, "SHRINK", 0.0)
    #  item 0: users 0, 1; item 1: users 0, 1, 2; item 2: user 2
    histories = Histories(
        np.array(["a", "b", "c"], dtype=object), 3, np.int32([0, 1, 0, 1, 1, 2]), np.array([0, 2, 4, 6]), np.ones(6)
    )
    found = LinearPath.neighbours(histories, FitContext()).weights
    near, far = 2 / np.sqrt(2 * 3), 1 / np.sqrt(3 * 1)
    np.testing.assert_allclose(found, [[0, near, 0], [near, 0, far], [0, 0, 0]], rtol=1e-6)


def test_a_linear_path_of_some_items_leaves_the_others_at_zero():
    histories = Histories.of(made([0]), fitted_catalogue())
    path = LinearPath.learn(histories, {"ridge": 10.0, "dropout": 0.5, "exponent": 0.5}, most=20)
    rows = histories.matrix()
    scores = path.scores(rows)
    others = np.setdiff1d(np.arange(rows.shape[1]), path.kept)
    assert len(others) == BLOCKS * SIZE - 20
    assert (scores[:, others] == 0).all()
    assert np.abs(scores[:, path.kept]).max() > 0
    np.testing.assert_allclose(np.asarray(path.layer(rows.toarray())), scores, atol=1e-5)


@pytest.mark.parametrize("most", [20, 8_000])
def test_a_path_of_factors_is_matrix_factorisation_among_some_items(most, monkeypatch):
    monkeypatch.setattr(factor_path, "MOST_ITEMS", most)
    histories = Histories.of(made([0]), fitted_catalogue())
    settings = asdict(Settings(factors=4, alpha=5.0, reg=0.02))
    path = FactorPath.learn(histories, settings, FitContext(seed=1))
    rows = histories.matrix()
    scores = path.scores(rows)
    gates = rows[0].toarray()[0, path.kept]  # one user's normal equations, in full
    system = path.items.T @ np.diag(1 + 5.0 * gates) @ path.items
    system += 0.02 * (len(path.kept) + 5.0 * gates.sum()) * np.eye(4)
    expected = path.items @ np.linalg.solve(system, path.items.T @ (6.0 * gates))
    np.testing.assert_allclose(scores[0, path.kept], expected, atol=1e-4)
    assert (np.delete(scores, path.kept, axis=1) == 0).all()
    np.testing.assert_allclose(np.asarray(path.layer(rows.toarray())), scores, atol=1e-4)
    assert path.spread > 0


def test_a_blend_says_what_each_path_reaches_and_is_no_worse_than_either(blend):
    model, events = blend
    found, weights = model.chosen["held_ndcg"], model.chosen["weights"]
    assert set(found) == {"ease", "linear", "neighbours", "factors", "wide", "deep", "blend"}
    assert found["blend"] >= max(found["wide"], found["deep"]) - 0.05  # it is not picked by its own noise
    assert found["wide"] >= max(found["linear"], found["neighbours"], found["factors"])
    assert sum(weights.values()) == pytest.approx(1, abs=2e-3)
    assert weights["deep"] > 0  # so that an empty history gets an order too
    assert len(model.chosen["epochs"]) == 2
    assert {"ridge", "dropout", "exponent"} <= set(model.chosen["linear"])
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done == sorted(done)
    assert done[-1] == 1


def test_gates_equal_scores_of_a_blend(blend):
    found, whole, shorter = by_gates_and_by_histories(blend[0])
    np.testing.assert_allclose(found[0], whole, atol=1e-4)
    np.testing.assert_allclose(found[1], shorter, atol=1e-4)
    assert np.abs(whole - shorter).max() > 1e-3


def test_a_blend_is_saved_whole_and_learned_anew_as_chosen(blend, tmp_path):
    model, _ = blend
    model.save(tmp_path)
    again = DeepBlend.load(tmp_path)
    histories = Histories.of(made([0]), model.catalogue)
    np.testing.assert_allclose(again.score_items(histories), model.score_items(histories), atol=1e-5)
    assert (again.chosen, again.parameters()) == (model.chosen, model.parameters())
    chosen = dict(model.chosen, epochs=[2])
    again.chosen = chosen
    again.refit(made([0, 1]), FitContext())
    assert again.chosen == chosen
    assert len(again.deep) == 1
    assert len(again.history) == 2


def test_the_grid_of_weights_holds_each_path_alone_and_finds_the_one_that_ranks_right():
    grid = simplex(3, 4)
    assert len(grid) == 15
    assert {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)} <= set(grid)
    histories = Histories.of(made([0]), fitted_catalogue()).take(np.arange(4))
    relevant = Histories.of(made([1]), fitted_catalogue(), histories.users).matrix()
    held = autoencoder_held(histories, relevant)
    right, wrong = relevant.toarray(), -relevant.toarray()
    usual = {"wrong": 1.0, "right": 0.0}
    weights, found = choose_weights(lambda some: {"wrong": wrong, "right": right}, held, usual)
    assert weights["right"] > weights["wrong"]
    assert found["blend"] == found["right"] == 1
    assert found["wrong"] == 0


def test_usual_weights_stay_where_none_are_clearly_better():
    histories = Histories.of(made([0]), fitted_catalogue()).take(np.arange(4))
    relevant = Histories.of(made([1]), fitted_catalogue(), histories.users).matrix()
    right = relevant.toarray()
    usual = {"one": 0.5, "other": 0.5}
    held = autoencoder_held(histories, relevant)
    weights, found = choose_weights(lambda some: {"one": right, "other": 2 * right}, held, usual)
    assert weights == usual
    assert found["blend"] == 1
