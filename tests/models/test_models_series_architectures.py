"""Linear, recurrent, convolutional and patch networks: shapes, hand-worked forecasts, causality, covariates."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Held
from dl_core.models.series.convolution import MOST, TemporalConvolution, build_tcn, causal_states, dilations
from dl_core.models.series.linear import (
    DLinear,
    MovingAverage,
    NLinear,
    SeasonalLinear,
    build_dlinear,
    build_nlinear,
    build_seasonal_linear,
)
from dl_core.models.series.network import NetShape
from dl_core.models.series.network_parts import Segments, segment_size
from dl_core.models.series.patches import Patches, PatchTransformer, build_patches, patch_size
from dl_core.models.series.recurrent import Gru, Lstm, build_gru, build_lstm
from dl_core.models.store import load_weights, save_weights

BUILDERS = (build_nlinear, build_dlinear, build_seasonal_linear, build_lstm, build_gru, build_tcn, build_patches)
CLASSES = (NLinear, DLinear, SeasonalLinear, Lstm, Gru, TemporalConvolution, PatchTransformer)


def shape_of(length: int = 24, horizon: int = 5, **more: object) -> NetShape:
    """Return a small shape."""
    return NetShape(length=length, horizon=horizon, width=8, **more)


def drawn(shape: NetShape, count: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    """Return inputs of a network drawn at random."""
    random = np.random.default_rng(seed)
    return {
        name: random.normal(size=(count, *one.shape[1:])).astype(np.float32) for name, one in shape.inputs().items()
    }


def output(network: keras.Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return what a network makes of inputs."""
    return np.asarray(network(inputs, training=False))


def seasonal_panel(noise: float = 0.05) -> Panel:
    """Return 12 series of 96 steps: one season of 12, levels and phases of their own."""
    random, step = np.random.default_rng(1), np.arange(96)
    values = [10 * (1 + at) * (2 + np.sin(2 * np.pi * (step + at) / 12)) for at in range(12)]
    values = np.array(values) * (1 + noise * random.normal(size=(12, 96)))
    return Panel(
        series=np.array([f"s{at}" for at in range(12)], dtype=object),
        starts=np.arange(13) * 96,
        values=values.reshape(-1),
        times=np.tile(np.arange(96), 12),
        seasons=(12,),
        scale_season=12,
    )


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("past,future", [(0, 0), (2, 3)])
def test_a_network_gives_quantiles_of_each_step_with_and_without_covariates(build, past, future):
    shape = shape_of(past=past, future=future, seasons=(12,))
    network = build(shape)
    wanted = {"window"} | ({"past", "future"} if past else set())
    assert {one.name for one in network.inputs} == wanted
    found = output(network, drawn(shape))
    assert found.shape == (3, 5, len(LEVELS)) and np.isfinite(found).all()


@pytest.mark.parametrize("build", BUILDERS)
def test_windows_of_few_steps_and_long_horizons_have_networks_too(build):
    shape = shape_of(length=3, horizon=14, seasons=(52,), future=1)
    assert output(build(shape), drawn(shape)).shape == (3, 14, len(LEVELS))


@pytest.mark.parametrize("build", (build_dlinear, build_gru, build_patches))
def test_a_saved_network_forecasts_the_same(build, tmp_path):
    shape = shape_of(past=1, future=2)
    network = build(shape)
    save_weights(tmp_path / "network.npz", network.get_weights())
    again = build(shape)
    again.set_weights(load_weights(tmp_path / "network.npz"))
    np.testing.assert_allclose(output(again, drawn(shape)), output(network, drawn(shape)), atol=1e-6)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_forecast_does_not_depend_on_how_many_others_are_made(build):
    count = len(LEVELS)  # as many cases as steps and levels, so that no axis can be mistaken unseen
    shape = shape_of(horizon=count, past=1, future=1, seasons=(12,))
    network, inputs = build(shape), drawn(shape, count)
    inputs["window"] += np.arange(count, dtype=np.float32)[:, None]  # levels of their own
    together = output(network, inputs)
    alone = [output(network, {name: one[at : at + 1] for name, one in inputs.items()}) for at in (0, count - 1)]
    more = output(network, {name: np.concatenate([one, one[:3]]) for name, one in inputs.items()})
    np.testing.assert_allclose(together[[0, -1]], np.concatenate(alone), atol=1e-5)
    np.testing.assert_allclose(together, more[:count], atol=1e-5)


def test_nlinear_is_the_last_value_before_it_learns_and_a_matrix_of_changes_after():
    network = build_nlinear(shape_of(length=3, horizon=2))
    window = {"window": np.array([[1.0, 4.0, 6.0]], np.float32)}
    np.testing.assert_allclose(output(network, window)[0, :, MIDDLE], [6, 6], atol=1e-6)
    kernel = np.array([[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]])
    network.get_layer("linear").set_weights([kernel, np.array([0.5, -0.5])])
    # the window less 6 is (-5, -2, 0): -5 + .5 + 6 and 2 * -2 - .5 + 6
    np.testing.assert_allclose(output(network, window)[0, :, MIDDLE], [1.5, 1.5], atol=1e-6)


def test_dlinear_adds_a_matrix_of_the_average_and_one_of_what_is_left():
    network = build_dlinear(shape_of(length=6, horizon=1))  # the average is over 3 steps
    window = {"window": np.array([[0.0, 3.0, 0.0, 3.0, 6.0, 0.0]], np.float32)}
    trend, rest = np.zeros((6, 1)), np.zeros((6, 1))
    trend[4], rest[4] = 10.0, 1.0
    network.get_layer("trend").set_weights([trend, np.zeros(1)])
    network.get_layer("rest").set_weights([rest, np.zeros(1)])
    # at the fifth step the average of 3, 6 and 0 is 3 and 3 is left: 10 * 3 + 3
    np.testing.assert_allclose(output(network, window)[0, 0, MIDDLE], 33.0, atol=1e-5)


def test_the_moving_average_lets_the_ends_stand_in_beyond_them():
    found = np.asarray(MovingAverage(3)(np.array([[1.0, 4.0, 7.0, 1.0]], np.float32)))
    np.testing.assert_allclose(found, [[2.0, 4.0, 4.0, 3.0]], atol=1e-6)


def test_seasonal_linear_uses_the_same_weights_for_every_phase():
    network = build_seasonal_linear(shape_of(length=7, horizon=4, seasons=(3,)))
    network.get_layer("seasons").set_weights([np.array([[-1.0, 0.0], [2.0, 1.0]])])
    window = np.array([[8.0, 1.0, 0.0, -1.0, 3.0, -2.0, -2.0]], np.float32)  # mean 1; the first step is in no season
    # seasons less the mean: (0, -1, -2) and (2, -3, -3); twice the last less the first, then the last again
    wanted = np.array([2 * 2 - 0, 2 * -3 + 1, 2 * -3 + 2, 2.0]) + 1
    np.testing.assert_allclose(output(network, {"window": window})[0, :, MIDDLE], wanted, atol=1e-5)


def test_quantiles_start_in_order_around_the_central_forecast():
    for build in (build_nlinear, build_patches):
        found = output(build(shape_of()), {"window": np.tile([[-1.0, 1.0]], 12).astype(np.float32)})[0]
        assert (np.diff(found, axis=1) > 0).all()


def test_segments_are_filled_with_zeros_at_the_side_that_is_asked_for():
    steps = np.arange(1.0, 6.0, dtype=np.float32).reshape(1, 5, 1)
    np.testing.assert_array_equal(np.asarray(Segments(2)(steps))[0], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(np.asarray(Segments(2, at_end=True)(steps))[0], [[1, 2], [3, 4], [5, 0]])
    assert [segment_size(steps, 32) for steps in (1, 32, 33, 336)] == [1, 1, 2, 11]


def test_states_of_the_convolutions_never_see_what_comes_after_them():
    inputs = keras.Input((40, 1))
    network = keras.Model(inputs, causal_states(inputs, 4))
    steps = np.random.default_rng(0).normal(size=(1, 40, 1)).astype(np.float32)
    changed = steps.copy()
    changed[:, 25:] += 3.0
    before, after = np.asarray(network(steps)), np.asarray(network(changed))
    np.testing.assert_allclose(after[:, :25], before[:, :25], atol=1e-6)
    assert np.abs(after[:, 25:] - before[:, 25:]).min(axis=(0, 2)).max() > 1e-4


def test_the_last_state_of_the_convolutions_sees_the_first_step():
    for steps in (5, 40, MOST):
        blocks = dilations(steps)
        assert 1 + 4 * sum(blocks) >= steps > 1 + 4 * sum(blocks[:-1])
    inputs = keras.Input((40, 1))
    network = keras.Model(inputs, causal_states(inputs, 8))
    steps = np.random.default_rng(0).normal(size=(1, 40, 1)).astype(np.float32)
    changed = steps.copy()
    changed[:, 0] += 5.0
    assert np.abs(np.asarray(network(changed)) - np.asarray(network(steps)))[0, -1].max() > 0


def test_patches_overlap_and_the_last_step_is_repeated_at_the_end():
    found = np.asarray(Patches(4, 2)(np.arange(1.0, 8.0, dtype=np.float32).reshape(1, 7, 1)))
    np.testing.assert_array_equal(found[0], [[1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7, 7]])
    assert Patches(16, 8).compute_output_shape((None, 512, 1)) == (None, 64, 16)  # "64 words"
    assert [patch_size(length) for length in (2, 24, 512)] == [1, 6, 16]


def test_the_transformer_moves_with_level_and_size_of_its_window():
    shape = shape_of()
    network, inputs = build_patches(shape), drawn(shape)
    found = output(network, inputs)[:, :, MIDDLE]
    moved = output(network, {"window": 3 * inputs["window"] + 2})[:, :, MIDDLE]
    np.testing.assert_allclose(moved, 3 * found + 2, atol=1e-3)


@pytest.mark.parametrize("build", BUILDERS)
def test_covariates_of_each_kind_move_the_forecast(build):
    shape = shape_of(past=1, future=2)
    network, inputs = build(shape), drawn(shape)
    keras.utils.set_random_seed(0)
    network.set_weights([0.3 * np.random.normal(size=one.shape) for one in network.get_weights()])
    found = output(network, inputs)
    for name, places in (("past", slice(None)), ("future", slice(24, None)), ("future", slice(0, 24))):
        changed = {key: value.copy() for key, value in inputs.items()}
        changed[name][:, places] += 1.0
        assert np.abs(output(network, changed) - found).max() > 1e-5, (name, places)


@pytest.fixture(scope="module")
def seasons() -> tuple[Panel, Held, np.ndarray]:
    """Known steps, windows to judge by, and the errors of repeating the last season."""
    panel, at = seasonal_panel(), np.arange(12)
    ends = panel.lengths - 12
    known = panel.until(at, ends)
    held = Held(known, panel.truth(at, ends, 12))
    naive = known.values.reshape(12, -1)[:, -12:]
    return known, held, np.abs(naive - held.truth).mean(axis=1)


@pytest.mark.parametrize("model", CLASSES)
def test_every_network_beats_the_last_season_on_clean_seasons(model, seasons):
    known, held, naive = seasons
    network = model(lookback=36, width=8, epochs=3, steps=40, batch_size=32, learning_rate=1e-2)
    network.horizon = 12
    network.learn(known, held, FitContext(seed=0))
    found = network.forecast(known)
    assert found.shape == (12, 12, len(LEVELS)) and network.reach == 36
    assert (np.abs(found[:, :, MIDDLE] - held.truth).mean(axis=1) / naive).mean() < 0.95


def test_a_saved_forecaster_forecasts_the_same(seasons, tmp_path):
    known, _, _ = seasons
    network = TemporalConvolution(lookback=24, width=8, epochs=1, steps=2)
    network.horizon = 12
    network.learn(known, None, FitContext(seed=0))
    network.save(tmp_path)
    again = TemporalConvolution.load(tmp_path)
    np.testing.assert_allclose(again.forecast(known), network.forecast(known), rtol=1e-5)
    assert again.parameters() == network.parameters() > 0


def test_the_whole_graph_says_what_the_forecaster_says(seasons):
    known, _, _ = seasons
    network = PatchTransformer(lookback=24, width=8, epochs=1, steps=2)
    network.horizon = 12
    network.learn(known, None, FitContext(seed=0))
    graph = network.graph()
    found = np.asarray(ops.convert_to_numpy(graph(dict(network.inputs(known)), training=False)))
    np.testing.assert_allclose(np.sort(found, axis=2), network.forecast(known), rtol=1e-3)
