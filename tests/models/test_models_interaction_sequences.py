"""Sequence models: what a step may see, padding, the loss in numbers, a planted order, gates, attention, saving."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import CancelledError
from dl_core.explain.gradients import gate_gradients
from dl_core.models import training
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.gru4rec import GRU4Rec
from dl_core.models.interactions.sasrec import SASRec
from dl_core.models.interactions.sequence_layers import ItemTable, LastStep
from dl_core.models.interactions.sequence_loss import Drawing, NextItemLoss
from dl_core.models.interactions.sequence_windows import (
    batches,
    cut_windows,
    shuffled_moments,
    suited_length,
    window_sizes,
)

N_ITEMS = 12  # in cycles of three: 0 → 1 → 2 → 0, 3 → 4 → 5 → 3, …
SMALL = {"size": 16, "dropout": 0.0, "learning_rate": 1e-2}


def histories(rows, n_items=N_ITEMS, times=True):
    lengths = [len(row) for row in rows]
    items = np.array([item for row in rows for item in row], dtype=np.int32)
    return Histories(
        users=np.array([f"u{i}" for i in range(len(rows))], dtype=object),
        n_items=n_items,
        items=items,
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        values=np.ones(len(items), np.float32),
        times=np.arange(len(items), dtype=np.int64) if times else None,
    )


def cycles(count, seed=0):
    rng = np.random.default_rng(seed)
    often = np.array([1, 1, 1, 1, 1, 6, 1, 12, 1, 1, 1, 1]) / 28  # of the first items
    starts, lengths = rng.choice(N_ITEMS, count, p=often), rng.integers(3, 13, count)
    return [[s // 3 * 3 + (s + i) % 3 for i in range(n)] for s, n in zip(starts, lengths, strict=True)]


def named(model):
    ids = np.array([f"i{i:02d}" for i in range(N_ITEMS)], dtype=object)
    model.catalogue = Catalogue(ids, pd.DataFrame(index=pd.Index(ids)))
    return model


@pytest.fixture(scope="module", params=[SASRec, GRU4Rec], ids=["sasrec", "gru4rec"])
def fitted(request):
    model = named(request.param(**SMALL))
    model.learn(histories(cycles(80)), None, FitContext(options={"epochs": 50}))
    return model


def test_a_planted_cycle_is_learned(fitted):
    rows = cycles(100, seed=1)
    scores = fitted.score_items(histories([row[:-1] for row in rows]))
    assert scores.shape == (100, N_ITEMS) and scores.dtype == np.float32
    assert np.mean(scores.argmax(axis=1) == [row[-1] for row in rows]) > 0.95


def test_no_step_sees_a_later_item(fitted):
    codes = np.random.default_rng(0).integers(1, N_ITEMS + 1, (2, 9)).astype(np.int32)
    before = np.asarray(fitted._states(codes))
    changed = codes.copy()
    changed[:, 6] = changed[:, 6] % N_ITEMS + 1
    after = np.asarray(fitted._states(changed))
    np.testing.assert_array_equal(before[:, :7], after[:, :7])  # the start and six items
    assert np.abs(before[:, 7:] - after[:, 7:]).max(axis=(1, 2)).min() > 1e-3


def test_padding_changes_no_score(fitted):
    codes = np.array([[1, 2, 3, 1], [0, 0, 4, 5]], dtype=np.int32)
    padded = np.concatenate([np.zeros((2, 11), np.int32), codes], axis=1)
    np.testing.assert_allclose(fitted._scorer(codes), fitted._scorer(padded), atol=1e-5)


def test_users_are_scored_alike_alone_and_together(fitted):
    rows = [[], [0], [3, 4], [0, 1, 2] * 4, [0, 1, 2] * 30]
    together = fitted.score_items(histories(rows))
    alone = np.concatenate([fitted.score_items(histories([row])) for row in rows])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert np.isfinite(together).all()


def test_an_empty_history_is_scored_by_what_people_take_first(fitted):
    scores = fitted.score_items(histories([[]]))[0]
    assert list(np.argsort(-scores)[:2]) == [7, 5]


def test_gates_of_one_give_the_scores_and_a_gate_of_zero_takes_the_item_out(fitted):
    codes = np.array([[0, 0, 1, 5, 9, 3, 7]], dtype=np.int32)
    graph = fitted.gated()
    whole = np.asarray(graph([codes, np.ones(codes.shape, np.float32)]))
    np.testing.assert_allclose(whole, fitted.score_items(histories([[0, 4, 8, 2, 6]])), atol=1e-5)
    for place in range(2, 7):
        gates = np.ones(codes.shape, np.float32)
        gates[:, place] = 0
        left = np.delete(codes, place, axis=1)
        expected = np.asarray(graph([left, np.ones(left.shape, np.float32)]))
        np.testing.assert_allclose(graph([codes, gates]), expected, atol=1e-4)
        assert np.abs(expected - whole).max() > 1e-3
    nothing = np.asarray(graph([codes, np.zeros(codes.shape, np.float32)]))
    np.testing.assert_allclose(nothing, fitted.score_items(histories([[]])), atol=1e-4)


def test_a_gate_between_zero_and_one_lies_between(fitted):
    codes = np.array([[1, 2, 3]], dtype=np.int32)
    values = [
        np.asarray(fitted.gated()([codes, np.array([[1, 1, gate]], np.float32)]))[0] for gate in np.linspace(0, 1, 21)
    ]
    assert max(np.abs(a - b).max() for a, b in pairwise(values)) < 0.5 * np.abs(values[0] - values[-1]).max()


def test_gradients_of_the_gates_are_finite_and_add_up(fitted):
    codes = np.array([[0, 0, 1, 5, 9]], dtype=np.int32)
    for gates in ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 1, 0, 1, 0]):
        _, found = gate_gradients(fitted.gated(), codes, np.array([gates], np.float32), np.array([3]))
        assert np.isfinite(found).all() and (found[:, :2] == 0).all()
    times = (np.arange(200) + 0.5) / 200
    gates = np.repeat((times**2)[:, None], 5, axis=1)  # slowly at first, where the start token gives way
    _, found = gate_gradients(fitted.gated(), np.repeat(codes, 200, axis=0), gates, np.full(200, 3))
    parts = (2 * times[:, None] * found).mean(axis=0)
    with_items, without = (float(score) for score in fitted.score_items(histories([[0, 4, 8], []]))[:, 3])
    np.testing.assert_allclose(parts.sum(), with_items - without, rtol=0.05, atol=0.05)


def test_attention_sums_to_one_over_the_items(fitted):
    codes = np.array([[0, 0, 1, 5], [1, 2, 3, 4], [0, 0, 0, 0]], dtype=np.int32)
    weights = fitted.attention(codes)
    if isinstance(fitted, GRU4Rec):
        assert weights is None
        return
    np.testing.assert_allclose(weights.sum(axis=1), [1, 1, 0], atol=1e-6)
    assert (weights[codes == 0] == 0).all() and (weights[codes > 0] > 0).all()


def test_loss_is_the_hand_worked_cross_entropy():
    table = ItemTable(2, 1)
    table.build((None, None))
    table.set_weights([np.array([[1.0], [0.0]], np.float32), np.array([0.0, 0.0], np.float32)])
    states = np.array([[[1.0], [1.0], [5.0]]], np.float32)  # logits (1, 0), (1, 0), (5, 0)
    targets, weights = np.array([[0, 1, 1]], np.int32), np.array([[1.0, 1.0, 0.0]], np.float32)
    whole = np.log(1 + np.e)  # of both rows: its logarithm of the sum; losses whole - 1 and whole - 0
    loss = NextItemLoss(table)
    assert float(loss([states, targets, weights])) == pytest.approx(whole - 0.5, abs=1e-6)
    smoothed = NextItemLoss(table, smoothing=0.2)  # half of it on each: targets (.9, .1) and (.1, .9)
    assert float(smoothed([states, targets, weights])) == pytest.approx(whole - 0.5, abs=1e-6)
    drawn = [np.array([0, 1], np.int32), np.zeros(2, np.float32)]  # a target that is drawn too is left out
    assert float(loss([states, targets, weights, *drawn])) == pytest.approx(whole - 0.5, abs=1e-6)
    twice = [np.array([1], np.int32), np.log(np.array([0.5], np.float32))]  # drawn every second time counts twice
    first = np.array([[1.0, 0.0, 0.0]], np.float32)
    assert float(loss([states, targets, first, *twice])) == pytest.approx(np.log(np.e + 2) - 1, abs=1e-6)


def test_drawn_items_stand_for_all():
    drawing = Drawing(np.array([96, 4, 0, 0]), size=4_000)
    drawn = drawing.draw(np.random.default_rng(0))
    shares = np.bincount(drawn.items, minlength=4) / 4_000
    np.testing.assert_allclose(shares, [0.605, 0.145, 0.125, 0.125], atol=0.03)
    estimate = np.bincount(drawn.items, weights=np.exp(-drawn.correction), minlength=4)
    np.testing.assert_allclose(estimate, 1, atol=0.15)  # every item counts once in expectation


def test_a_large_catalogue_trains_against_drawn_items(monkeypatch):
    monkeypatch.setattr("dl_core.models.interactions.sequence_base.LARGE", 10)
    monkeypatch.setattr("dl_core.models.interactions.sequence_base.DRAWN", 8)
    model = named(GRU4Rec(**SMALL))
    model.learn(histories(cycles(80)), None, FitContext(options={"epochs": 50}))
    rows = cycles(50, seed=2)
    scores = model.score_items(histories([row[:-1] for row in rows]))
    assert np.mean(scores.argmax(axis=1) == [row[-1] for row in rows]) > 0.9


def test_the_last_step_that_is_there_is_read():
    states = np.arange(8, dtype=np.float32).reshape(2, 4, 1)
    gates = np.array([[1, 1, 1, 0], [1, 0.5, 0, 0.25]], np.float32)
    # second row: a quarter of 7, then three quarters of: half of 5, half of 4
    np.testing.assert_allclose(LastStep()([states, gates]), [[2], [0.25 * 7 + 0.75 * 4.5]], atol=1e-6)


def test_every_item_is_a_target_once_an_epoch():
    rows = [list(range(n)) for n in (1, 2, 8, 9, 30, 100)]
    known = histories(rows, n_items=100)
    found = []
    steps, made = batches(known, 20, np.random.default_rng(0), positions=60)
    for batch in made:
        assert batch.targets.shape == (len(batch.codes), batch.codes.shape[1] + 1)
        found.append(batch.targets[batch.weights > 0])
        real = batch.codes > 0
        np.testing.assert_array_equal(batch.targets[:, 1:][real], batch.codes[real])  # items count up by one
        assert batch.weights[:, 1:][~real].sum() == 0
    assert len(found) == steps
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.sort(known.items))


def test_windows_share_no_item_and_have_their_length():
    starts = np.array([0, 0, 3, 50])
    first, end = cut_windows(starts, 9, np.random.default_rng(1))
    covered = np.concatenate([np.arange(a, b) for a, b in zip(first, end, strict=True)])
    np.testing.assert_array_equal(np.sort(covered), np.arange(50))
    assert (end - first).max() <= 10 and (end - first).min() >= 1


def test_length_is_taken_from_the_data_or_from_the_option():
    known = histories([[0] * n for n in (10,) * 9 + (60,)])
    assert suited_length(known) == 15  # between the ninth and the tenth of ten
    assert suited_length(known, 7) == 7
    assert suited_length(histories([[0] * 900] * 3)) == 50
    assert suited_length(histories([[]])) == 8
    assert window_sizes(15) == [15] and window_sizes(100) == [25, 50, 100]


def test_held_users_choose_the_epochs_and_events_tell_of_them():
    rows = cycles(40)
    known = histories([row[:-1] for row in rows], times=False)
    held = Held(known, histories([row[-1:] for row in rows]).matrix().astype(bool).tocsr())
    events = []
    model = named(GRU4Rec(**SMALL, patience=2))
    model.learn(known, held, FitContext(options={"epochs": 3, "sequence_length": 10}, emit=events.append))
    assert model.chosen["length"] == 10 and 1 <= model.chosen["epochs"] <= 3
    assert any(event["event"] == "warning" and "file order" in event["text"] for event in events)
    epochs = [event for event in events if event["event"] == "epoch"]
    assert 1 <= len(epochs) <= 3 and {"loss", "val_ndcg", "seconds_left"} <= set(epochs[0])
    assert model.chosen["ndcg"] == max(event["val_ndcg"] for event in epochs)
    again = []
    model.learn(known, None, FitContext(emit=again.append))
    assert sum(event["event"] == "epoch" for event in again) == model.chosen["epochs"]


def test_saving_and_loading_changes_no_score(fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = type(fitted).load(tmp_path)
    some = histories([[0, 1], [], [6, 7, 8]])
    np.testing.assert_array_equal(loaded.score_items(some), fitted.score_items(some))
    assert loaded.parameters() == fitted.parameters() > 0 and loaded.chosen == fitted.chosen


def test_another_seed_starts_elsewhere():
    models = [named(GRU4Rec(size=8)) for _ in range(2)]
    for seed, model in enumerate(models):
        model.learn(histories([[]]), None, FitContext(seed=seed))
    first, second = (model.score_items(histories([[0, 1]])) for model in models)
    assert np.abs(first - second).max() > 1e-4


def test_a_cancelled_training_stops():
    with pytest.raises(CancelledError):
        named(GRU4Rec(**SMALL)).learn(histories(cycles(5)), None, FitContext(should_stop=lambda: True))


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", float("inf"))  # one after each epoch
    known = histories(cycles(30))

    def trained(**around):
        model = named(GRU4Rec(size=8))
        model.learn(known, None, FitContext(options={"epochs": 3}, **around))
        return model.score_items(histories([[0, 1]]))

    def broken(event):
        if event["event"] == "epoch" and event["epoch"] == 2:
            raise CancelledError("broken off")

    with pytest.raises(CancelledError):
        trained(checkpoint=tmp_path, emit=broken)
    seen = []
    resumed = trained(checkpoint=tmp_path, emit=seen.append)
    assert [event["epoch"] for event in seen if event["event"] == "epoch"] == [3]
    np.testing.assert_allclose(resumed, trained(), atol=1e-5)


def test_items_of_one_moment_come_in_every_order_and_moments_in_theirs():
    one = replace(histories([[0, 1, 2, 3], [4, 5]]), times=np.array([1, 7, 7, 9, 2, 2]))
    orders = {tuple(one.items[shuffled_moments(one, np.random.default_rng(seed))]) for seed in range(40)}
    assert orders == {(0, a, 3 - a, 3, b, 9 - b) for a in (1, 2) for b in (4, 5)}
    np.testing.assert_array_equal(shuffled_moments(replace(one, times=None), np.random.default_rng(0)), np.arange(6))
