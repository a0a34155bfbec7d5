"""The one training loop: when it judges, what it keeps, where it stops, and what it writes."""

from dataclasses import dataclass

import keras
import numpy as np
import pytest

from dl_core.errors import CancelledError
from dl_core.models import training
from dl_core.models.base import FitContext
from dl_core.models.training import Plan, Stream, compile_adamw, train_network, warm_cosine

STEPS = 3
ONE = np.ones((1, 1), np.float32)


@dataclass(frozen=True)
class Steady(Plan):
    """So small a rate that Adam moves the weight by it in each step, whatever the gradient."""

    epochs: int = 4
    learning_rate: float = 0.25
    weight_decay: float = 0.0


def scale(plan):
    """A network of one weight, 0, which each step raises by about the learning rate: 100 is asked of it."""
    inputs = keras.Input((1,))
    network = keras.Model(inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs))
    compile_adamw(network, plan, "mae")
    return network


def weight_of(network):
    return float(np.asarray(network.get_weights()[0]).item())


def batches(epoch):
    return STEPS, [(ONE, 100 * ONE, None)] * STEPS


def trained(plan, judge=None, until=None, **around):
    network = scale(plan)
    told = train_network(network, batches, FitContext(**around), plan, judge, until=until)
    return network, told


def test_each_step_takes_the_planned_rate_and_each_epoch_is_told():
    events = []
    network, told = trained(Steady(epochs=2), emit=events.append)
    assert weight_of(network) == pytest.approx(6 * 0.25, rel=1e-3)
    assert told.epoch == 2 and [entry["epoch"] for entry in told.history] == [1, 2]
    assert told.history[0]["loss"] == pytest.approx(np.mean([100, 99.75, 99.5]), rel=1e-4)  # of the epoch's batches
    assert told.history[1]["loss"] == pytest.approx(np.mean([99.25, 99, 98.75]), rel=1e-4)
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done == sorted(done) and done[-1] == 1 and done[0] > 0
    assert events[-1]["event"] == "epoch" and events[-1]["seconds_left"] == 0


def test_the_rate_is_that_of_all_planned_epochs_however_early_training_ends():
    seen = []

    @dataclass(frozen=True)
    class Noting(Steady):
        def rate(self, step, steps):
            seen.append((step, steps))
            return self.learning_rate

    trained(Noting(epochs=5), until=2)
    assert seen == [(step, 5 * STEPS) for step in range(2 * STEPS)]


@pytest.mark.parametrize(("monitor", "figures", "best"), [("val_ndcg", (1, 3, 2), 2), ("val_mase", (3, 1, 2), 2)])
def test_the_weights_of_the_best_epoch_are_kept(monitor, figures, best):
    told = iter(figures)
    network, outcome = trained(Steady(epochs=3, monitor=monitor), lambda: {monitor: next(told)})
    assert outcome.epoch == best and outcome.best[monitor] == figures[best - 1]
    assert weight_of(network) == pytest.approx(best * STEPS * 0.25, rel=1e-3)


def test_patience_counts_judged_epochs_and_the_last_one_is_always_judged():
    told = iter([5, 4, 3, 2])
    plan = Steady(epochs=9, judge_every=2, patience=2, monitor="val_ndcg")
    _, outcome = trained(plan, lambda: {"val_ndcg": next(told)})
    assert len(outcome.history) == 6 and outcome.epoch == 2  # judged after 2, 4 and 6
    assert [("val_ndcg" in entry) for entry in outcome.history] == [False, True] * 3
    _, outcome = trained(Steady(epochs=3, judge_every=2, monitor="val_ndcg"), lambda: {"val_ndcg": 1.0})
    assert [("val_ndcg" in entry) for entry in outcome.history] == [False, True, True]


def test_a_start_that_no_epoch_beats_is_kept():
    told = iter([1.0, 2.0, 3.0])
    network, outcome = trained(Steady(epochs=2, from_start=True), lambda: {"val_loss": next(told)})
    assert outcome.epoch == 0 and outcome.best == outcome.start == {"val_loss": 1.0}
    assert weight_of(network) == 0


def test_a_cancelled_training_takes_no_further_batch():
    taken = []

    def noting(epoch):
        for batch in batches(epoch)[1]:
            taken.append(batch)
            yield batch

    plan = Steady()
    context = FitContext(should_stop=lambda: len(taken) >= 4)
    with pytest.raises(CancelledError):
        train_network(scale(plan), lambda epoch: (STEPS, noting(epoch)), context, plan)
    assert len(taken) == 4


def test_time_that_is_over_gives_up_the_epoch_that_it_ended():
    polls = iter([False] * 4)
    network, outcome = trained(Steady(), out_of_time=lambda: next(polls, True))
    assert len(outcome.history) == 1 and weight_of(network) == pytest.approx(STEPS * 0.25, rel=1e-3)
    polls = iter([False] * 4)
    plan = Steady(judge_every=3, monitor="val_ndcg")
    network, outcome = trained(plan, lambda: {"val_ndcg": 1.0}, out_of_time=lambda: next(polls, True))
    assert outcome.epoch == 1 and weight_of(network) == pytest.approx(STEPS * 0.25, rel=1e-3)  # though nobody judged it
    with pytest.raises(CancelledError, match="first epoch"):
        trained(Steady(), out_of_time=lambda: True)


def test_checkpoints_take_their_share_of_the_time_and_the_last_epoch_has_one(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        training, "write_checkpoint", lambda path, arrays, about: written.append(about["state"]["epoch"])
    )
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", 1e-9)
    trained(Steady(epochs=5), checkpoint=tmp_path)
    assert written == [1, 5]
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", float("inf"))
    trained(Steady(epochs=3), checkpoint=tmp_path)
    assert written == [1, 5, 1, 2, 3]


def test_a_finished_training_is_not_done_again(tmp_path):
    network, first = trained(Steady(epochs=2), checkpoint=tmp_path)
    again, events = scale(Steady(epochs=2)), []
    context = FitContext(checkpoint=tmp_path, emit=events.append)
    outcome = train_network(again, lambda epoch: pytest.fail("no batch is needed"), context, Steady(epochs=2))
    assert outcome == first and not events
    assert weight_of(again) == weight_of(network)


def test_a_stream_goes_on_where_training_stands():
    drawn = iter(range(100))
    stream = Stream(lambda: next(drawn), 10, 4)
    assert [list(stream(epoch)[1]) for epoch in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert stream(2)[0] == 2
    drawn = iter(range(100))
    assert list(Stream(lambda: next(drawn), 10, 4)(1)[1]) == [4, 5, 6, 7]


def test_warm_cosine_by_hand():
    assert [warm_cosine(step, 10, 0.2) for step in range(3)] == [0.5, 1.0, 1.0]
    assert warm_cosine(6, 10, 0.2) == pytest.approx(0.01 + 0.99 / 2)
    assert warm_cosine(10, 10, 0.2) == pytest.approx(0.01)
