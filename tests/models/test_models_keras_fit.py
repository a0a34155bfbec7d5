from dataclasses import replace

import keras
import numpy as np
import pytest

from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.keras_fit import FitPlan, auroc, fit_keras, predict_batches

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
VALIDATION = (X[:20], Y[:20])
PLAN = FitPlan(epochs=5, batch_size=32, patience=9, learning_rate=0.05)


def network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(6, activation="relu")(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(hidden))


@pytest.fixture(scope="module")
def whole():
    events, model = [], network()
    history = fit_keras(model, (X, Y), VALIDATION, FitContext(emit=events.append), PLAN)
    return model, history, events


def test_it_learns_and_tells_each_epoch(whole):
    model, history, events = whole
    assert auroc(Y, predict_batches(model, X)) > 0.8
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [entry["epoch"] for entry in epochs] == [1, 2, 3, 4, 5]
    assert {"loss", "val_loss", "val_auroc", "learning_rate", "seconds_left"} <= set(epochs[0])
    assert history[-1]["val_loss"] < history[0]["val_loss"]


def test_the_best_epoch_is_kept(whole):
    model, history, _ = whole
    scores = predict_batches(model, VALIDATION[0])
    loss = -np.log(scores[np.arange(20), VALIDATION[1]]).mean()
    assert loss == pytest.approx(min(entry["val_loss"] for entry in history), abs=1e-5)


def test_a_stopped_fit_goes_on_from_its_checkpoint_as_if_never_stopped(whole, tmp_path):
    polls = iter([False] * 9)
    with pytest.raises(CancelledError):
        fit_keras(
            network(), (X, Y), VALIDATION, FitContext(should_stop=lambda: next(polls, True), checkpoint=tmp_path), PLAN
        )
    events, again = [], network()
    history = fit_keras(again, (X, Y), VALIDATION, FitContext(emit=events.append, checkpoint=tmp_path), PLAN)
    first = [event["epoch"] for event in events if event["event"] == "epoch"][0]
    assert 1 < first <= 4
    assert len(history) == 5
    np.testing.assert_allclose(predict_batches(again, X), predict_batches(whole[0], X), atol=1e-6)


def test_a_checkpoint_of_another_plan_is_left_alone(tmp_path):
    fit_keras(network(), (X, Y), VALIDATION, FitContext(checkpoint=tmp_path), FitPlan(epochs=1, batch_size=32))
    (tmp_path / "damaged.npz").write_bytes(b"PK half a file")
    events = []
    context = FitContext(emit=events.append, checkpoint=tmp_path)
    fit_keras(network(), (X, Y), VALIDATION, context, FitPlan(epochs=2, batch_size=32))
    fit_keras(network(), (X, Y), VALIDATION, context, FitPlan(epochs=2, batch_size=32, name="damaged"))
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2, 1, 2]


def test_out_of_time_keeps_what_was_learned_but_not_before_an_epoch():
    steps = []

    def out_of_time():
        steps.append(1)
        return len(steps) > 4

    history = fit_keras(network(), (X, Y), VALIDATION, FitContext(out_of_time=out_of_time), PLAN)
    assert len(history) == 1
    with pytest.raises(CancelledError, match="first epoch"):
        fit_keras(network(), (X, Y), VALIDATION, FitContext(out_of_time=lambda: True), PLAN)


def test_early_stopping_counts_epochs_without_gain():
    plan = FitPlan(epochs=20, batch_size=32, patience=2, learning_rate=1e-12)
    history = fit_keras(network(), (X, Y), (X[:20], 1 - Y[:20]), FitContext(), plan)
    assert 3 <= len(history) < 20


def test_without_validation_the_last_epoch_is_kept():
    history = fit_keras(network(), (X, Y), (X[:0], Y[:0]), FitContext(), FitPlan(epochs=2, batch_size=64))
    assert len(history) == 2
    assert "val_loss" not in history[0]


def test_a_row_of_weight_zero_teaches_nothing():
    weights = np.where(np.arange(70) < 35, 2.0, 0.0)
    wrong = np.where(np.arange(70) < 35, Y, 1 - Y)
    model = network()
    fit_keras(model, (X, wrong), (X[:35], Y[:35]), FitContext(), PLAN, weights)
    assert auroc(Y, predict_batches(model, X)) > 0.75


def test_auroc_by_hand():
    y = np.array([0, 0, 1, 1])
    score = np.array([0.1, 0.4, 0.35, 0.8])  # 3 of 4 pairs in order
    assert auroc(y, np.stack([1 - score, score], axis=1)) == pytest.approx(0.75)
    assert auroc(y, np.full((4, 2), 0.5)) == pytest.approx(0.5)
    assert np.isnan(auroc(np.zeros(4, int), np.full((4, 2), 0.5)))


def test_the_rate_rises_and_falls():
    plan = FitPlan(learning_rate=1.0, warm_up=0.2)
    rates = [plan.rate(step, 10) for step in range(10)]
    assert rates[:3] == pytest.approx([0.5, 1.0, 1.0])
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert plan.rate(10, 10) == pytest.approx(0.01)


def test_a_start_that_no_epoch_beats_is_kept_and_averages_are_judged():
    model = network()
    before = model.get_weights()
    wild = replace(PLAN, epochs=2, learning_rate=50.0, average=0.5, from_start=True)
    fit_keras(model, (X, 1 - Y), VALIDATION, FitContext(), wild)  # turned labels: each step leads away
    for found, wanted in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_an_average_with_factor_near_one_hardly_moves():
    moved, averaged = network(), network()
    for model, average in ((moved, 0.0), (averaged, 0.999)):
        fit_keras(model, (X, Y), (X[:0], Y[:0]), FitContext(), replace(PLAN, average=average))
    start = network().get_weights()[0]
    assert np.abs(averaged.get_weights()[0] - start).max() < np.abs(moved.get_weights()[0] - start).max() / 2
