"""The pretrained forecaster: what it reads of series, that it forecasts anything at once, and that it learns on."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from dl_core.data.series.panel import Panel
from dl_core.errors import RunError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series import pretrained
from dl_core.models.series.pretrained import FineTuned, ZeroShot, shipped, shipped_size, shipped_weights
from dl_core.models.series.pretrained_features import CANDIDATES, PLACE, SERIES, STEPS, Reading, read_windows
from dl_core.models.series.pretrained_fit import Samples, StepsPlan
from dl_core.models.series.pretrained_net import NetSize, build_network, quantile_loss, scaled_truth
from dl_core.models.series.pretrained_windows import last_windows, panel_samples
from tests.series import toy_dataset, toy_panel, toy_splits

HORIZON = 6
QUICK = StepsPlan(steps=6, batch=16, each=4, learning_rate=4e-4, every=3)


def panel_of(*series: np.ndarray, seasons: tuple[int, ...] = ()) -> Panel:
    """Return a panel of the given values, without time stamps."""
    lengths = [len(one) for one in series]
    return Panel(
        series=np.array([f"s{at}" for at in range(len(series))], dtype=object),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        values=np.concatenate(series).astype(float),
        times=np.concatenate([np.arange(1, length + 1) for length in lengths]),
        seasons=seasons,
    )


def zero_shot(panel: Panel, horizon: int) -> ZeroShot:
    """Return the shipped network, ready for a horizon."""
    model = ZeroShot()
    model.horizon = horizon
    model.learn(panel, None, FitContext())
    return model


@pytest.fixture(scope="module")
def parts() -> dict:
    data = toy_dataset(n=8, length=100)
    splits = toy_splits(data, HORIZON, 2)
    return {name: data.subset(getattr(splits, name)) for name in ("train", "validation", "test")}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Return one network for all trainings, so that it is compiled once."""
    return build_network(shipped_size())


@pytest.fixture(scope="module")
def tuned(parts: dict, network: keras.Model) -> FineTuned:
    model = FineTuned(plan=QUICK, network=network)
    model.fit(parts["train"], parts["validation"], FitContext(seed=3, options={"horizon": HORIZON}))
    model.network = build_network(shipped_size())  # the other is worked in by others
    model.network.set_weights(network.get_weights())
    return model


@pytest.mark.parametrize(
    ("seasons", "expected"),
    [
        ((), Reading(128, 1, 1)),
        ((12,), Reading(128, 12, 12)),
        ((24, 168), Reading(840, 24, 168)),
        ((24, 168, 8766), Reading(840, 24, 168)),  # two years of hours are more than a window
        ((7, 365), Reading(1825, 7, 365)),
    ],
)
def test_windows_are_as_long_as_seasons_ask_for(seasons: tuple[int, ...], expected: Reading) -> None:
    assert Reading.of(seasons) == expected


def test_simple_forecasts_are_what_their_names_say() -> None:
    reading = Reading.of((4,))
    values = np.tile([10.0, 20.0, 30.0, 40.0], 32) + np.repeat(np.arange(32.0), 4)
    read = read_windows(values[None, :].astype(np.float32), reading, np.array([1, 2, 5]))
    anchor, scale = read[PLACE][0]
    found = read[CANDIDATES][0] * scale + anchor  # (3, c), in the series' unit
    assert found[:, 0] == pytest.approx([values[-1]] * 3)  # the last value
    assert found[:, 1] == pytest.approx([values[-4], values[-3], values[-4]])  # the season before, the last one known
    assert found[:, 2] == pytest.approx([np.mean(values[-16::4]), np.mean(values[-15::4]), np.mean(values[-16::4])])
    assert found[:, 3] == pytest.approx(values[-1] + found[:, 1] - values[-5])  # the same change as then
    assert anchor == values[-1]
    changes = np.abs(np.diff(values)).mean(), np.abs(values[4:] - values[:-4]).mean()
    assert scale == pytest.approx(np.mean(changes), rel=1e-3)


def test_what_is_read_depends_on_neither_unit_nor_level() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(size=(3, 128)), axis=1)
    steps = np.arange(1, 5)
    one = read_windows(values.astype(np.float32), Reading.of((12,)), steps)
    other = read_windows((1000 * values).astype(np.float32), Reading.of((12,)), steps)
    assert other[CANDIDATES] == pytest.approx(one[CANDIDATES], abs=1e-3)
    assert other[SERIES] == pytest.approx(one[SERIES], abs=1e-3)


def test_graph_and_training_read_the_same() -> None:
    values = np.random.default_rng(1).normal(size=(4, 128)).cumsum(axis=1).astype(np.float32)
    values[0, :90] = values[0, 90]  # a short series
    reading, steps = Reading.of((12,)), np.arange(1, 4)
    one = read_windows(values, reading, steps)
    other = read_windows(keras.ops.convert_to_tensor(values), reading, steps, keras.ops)
    for name in (SERIES, STEPS, CANDIDATES, PLACE):
        assert np.asarray(other[name]) == pytest.approx(one[name], abs=1e-3)


def test_loss_is_the_absolute_error_at_the_median_and_the_pinball_loss_elsewhere() -> None:
    truth, found = np.array([[2.0]], dtype=np.float32), np.zeros((1, 1, len(LEVELS)), dtype=np.float32)
    assert np.asarray(quantile_loss(truth, found))[0, 0] == pytest.approx(2 * np.mean(LEVELS) * 2.0)
    found[:] = 3.0
    assert np.asarray(quantile_loss(truth, found))[0, 0] == pytest.approx(2 * (1 - np.mean(LEVELS)) * 1.0)
    assert scaled_truth(np.array([[5.0, 1e9]]), np.array([[1.0, 2.0]])) == pytest.approx(np.array([[2.0, 60.0]]))


def test_an_untrained_network_gives_rising_quantiles_around_a_mixture_of_simple_forecasts() -> None:
    keras.utils.set_random_seed(0)
    network = build_network(NetSize(5, 4, 3, width=8, blocks=1))
    candidates = np.random.default_rng(0).normal(size=(2, 7, 3)).astype(np.float32)
    inputs = [np.ones((2, 5), np.float32), np.ones((2, 7, 4), np.float32), candidates]
    found = np.asarray(network(inputs))
    assert (np.diff(found, axis=2) > 0).all()
    assert (found[:, :, MIDDLE] <= candidates.max(axis=2) + 1e-5).all()
    assert (found[:, :, MIDDLE] >= candidates.min(axis=2) - 1e-5).all()


@pytest.mark.parametrize("horizon", [1, 30])
@pytest.mark.parametrize("seasons", [(), (12,), (7, 365)])
def test_it_forecasts_series_of_any_length_at_once(seasons: tuple[int, ...], horizon: int) -> None:
    rng = np.random.default_rng(0)
    panel = panel_of(np.array([3.0]), np.zeros(20), np.full(9, 5.0), rng.normal(size=400), seasons=seasons)
    found = zero_shot(panel, horizon).forecast(panel)
    assert found.shape == (4, horizon, len(LEVELS))
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=2) >= 0).all()
    assert np.abs(found[1]).max() == pytest.approx(0.0, abs=1e-6)  # all zeros stay zeros
    assert found[2, :, MIDDLE] == pytest.approx(np.full(horizon, 5.0), rel=0.05)  # constant


def test_shipped_weights_beat_the_seasonal_naive_on_a_trend_with_a_season(parts: dict) -> None:
    known, later = Panel.of(parts["train"]), Panel.of(parts["validation"])
    truth = later.truth(np.arange(len(later)), np.zeros(len(later), int), HORIZON)
    found = zero_shot(known, HORIZON).forecast(known)[:, :, MIDDLE]
    naive = np.stack([known.of_series(at)[-12:][:HORIZON] for at in range(len(known))])
    assert np.abs(found - truth).mean() < np.abs(naive - truth).mean()


def test_the_graph_forecasts_as_the_model_does() -> None:
    panel = toy_panel(n=3, length=140)
    model = zero_shot(panel, HORIZON)
    found = np.asarray(model.graph()(dict(model.inputs(panel))))
    assert found == pytest.approx(model.ahead(panel), rel=1e-3)


def test_zero_shot_fit_notes_the_horizon_and_leaves_the_weights(parts: dict) -> None:
    model = ZeroShot()
    model.fit(parts["train"], parts["validation"], FitContext(options={"horizon": HORIZON}))
    assert (model.horizon, model.seasons, model.parameters()) == (HORIZON, (12,), shipped().count_params())
    assert all((a == b).all() for a, b in zip(model.network.get_weights(), shipped_weights(), strict=True))


def test_saving_and_loading_change_nothing(tuned: FineTuned, parts: dict, tmp_path) -> None:
    panel = Panel.of(parts["train"])
    tuned.save(tmp_path)
    loaded = FineTuned.load(tmp_path)
    assert loaded.forecast(panel) == pytest.approx(tuned.forecast(panel))
    assert (loaded.horizon, loaded.chosen, loaded.seasons) == (tuned.horizon, tuned.chosen, tuned.seasons)


def test_fine_tuning_never_ends_worse_on_held_windows(tuned: FineTuned) -> None:
    before, after = tuned.chosen["held"]
    assert after <= before
    assert tuned.chosen["steps"] in (0, 3, 6)
    assert (after < before) == (tuned.chosen["steps"] > 0)


def test_weights_stay_where_held_windows_say_so(parts: dict, network: keras.Model) -> None:
    model = FineTuned(plan=replace(QUICK, learning_rate=30.0), network=network)  # far too large a step
    model.fit(parts["train"], parts["validation"], FitContext(options={"horizon": HORIZON}))
    assert model.chosen["steps"] == 0
    assert all((a == b).all() for a, b in zip(model.network.get_weights(), shipped_weights(), strict=True))


def test_going_on_takes_the_chosen_steps_and_the_same_seed_gives_the_same(parts: dict, network: keras.Model) -> None:
    known = Panel.of(parts["train"]).append(Panel.of(parts["validation"]))
    found = []
    for _ in range(2):
        model = FineTuned(plan=QUICK, network=network)
        model.horizon, model.chosen = HORIZON, {"steps": 3}
        model.refit(known, FitContext(seed=1))
        found.append(model.forecast(known))
    assert found[0] == pytest.approx(found[1])
    assert not np.allclose(found[0], zero_shot(known, HORIZON).forecast(known))
    model.chosen = {"steps": 0}
    model.refit(known, FitContext(seed=1))
    assert model.forecast(known) == pytest.approx(zero_shot(known, HORIZON).forecast(known))


def test_too_short_series_leave_the_network_as_it_shipped() -> None:
    panel = panel_of(np.array([1.0, 2.0, 3.0]), np.array([5.0]))
    model = FineTuned(plan=QUICK)
    model.horizon, model.chosen = HORIZON, {}
    model.learn(panel, None, FitContext())
    assert model.chosen["steps"] == 0
    assert np.isfinite(model.forecast(panel)).all()


def test_windows_end_where_they_should_and_are_filled_on_the_left() -> None:
    panel = panel_of(np.array([1.0, 2.0, 3.0]), np.arange(10.0, 300.0))
    found = last_windows(panel, np.array([0, 1]), np.array([3, 200]), Reading.of(()))
    assert found[0].tolist() == [1.0] * 126 + [2.0, 3.0]
    assert (found[1] == np.arange(82.0, 210.0)).all()


def test_samples_know_only_what_came_before_and_leave_missing_truths_out() -> None:
    values = np.arange(200.0)
    values[150] = np.nan
    samples = panel_samples(panel_of(values), Reading.of(()), HORIZON, seed=0)
    # a straight line rises by its spread each step, so that a truth k steps ahead is k
    expected = np.broadcast_to(np.arange(1.0, HORIZON + 1), samples.truth.shape)
    known = np.isfinite(samples.truth)
    assert samples.truth[known] == pytest.approx(expected[known], abs=0.2)
    assert (~known).any()
    inputs, truth, weight = samples.batch(np.arange(4), np.tile([0, 2], (4, 1)))
    assert [part.shape[:2] for part in inputs[1:]] == [(4, 2), (4, 2)]
    assert np.isfinite(truth).all()
    assert (weight[~np.isfinite(samples.truth[:4, [0, 2]])] == 0).all()


def test_samples_of_many_parts_stand_together() -> None:
    window = np.random.default_rng(0).normal(size=(3, 128)).astype(np.float32)
    part = Samples.read(window, Reading.of(()), np.array([1, 2]), np.zeros((3, 2)))
    assert len(Samples.together([part, part])) == 6


def test_missing_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(pretrained, "SHIPPED", tmp_path)
    with pytest.raises(RunError, match="pretrained forecaster's weights"):
        shipped_size.__wrapped__()
