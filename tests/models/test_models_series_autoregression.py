"""Linear autoregression: planted processes are found again, odd series fall back, held windows choose with care."""

import numpy as np
import pytest

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.autoregression import DEFAULT, LinearAutoregression, lags_for
from dl_core.models.series.base import Held
from tests.models.test_models_series_baselines import fitted, panel_of
from tests.series import toy_panel

TWO_STEPS = (0.6, 0.3)  # of a planted process


def process(length: int, seed: int = 0, noise: float = 1.0) -> np.ndarray:
    """Return y(t) = 20 + .6 y(t-1) + .3 y(t-2) + noise, whose mean is 200."""
    random, values = np.random.default_rng(seed), [200.0, 200.0]
    for _ in range(length):
        values.append(20 + TWO_STEPS[0] * values[-1] + TWO_STEPS[1] * values[-2] + random.normal(0, noise))
    return np.array(values[2:])


def held_windows(panel: Panel, horizon: int, windows: int) -> tuple[Panel, Held]:
    """Return what is known, and the last windows of each series held out of it."""
    first = panel.lengths - windows * horizon
    at = np.tile(np.arange(len(panel)), windows)
    ends = np.concatenate([first + number * horizon for number in range(windows)])
    known = panel.until(np.arange(len(panel)), first)
    return known, Held(panel.until(at, ends), panel.truth(at, ends, horizon))


def test_a_planted_process_is_forecast_as_by_its_own_formula():
    values = process(3000)
    found = fitted(LinearAutoregression(), panel_of(values), 3).forecast(panel_of(values))[0, :, MIDDLE]
    one = 20 + TWO_STEPS[0] * values[-1] + TWO_STEPS[1] * values[-2]
    two = 20 + TWO_STEPS[0] * one + TWO_STEPS[1] * values[-1]
    np.testing.assert_allclose(found[:2], [one, two], atol=0.5)  # of noise of size 1


def test_intervals_grow_as_the_variance_of_the_planted_process():
    """Shocks go on as 1, .6, .66: standard deviations 1, √1.36, √(1.36 + .4356) of noise of size 1."""
    values = process(3000)
    found = fitted(LinearAutoregression(), panel_of(values), 3).forecast(panel_of(values))[0]
    width = (found[:, LEVELS.index(0.9)] - found[:, LEVELS.index(0.1)]) / (2 * 1.2816)
    np.testing.assert_allclose(width, np.sqrt([1, 1.36, 1.7956]), rtol=0.15)


def test_a_season_without_noise_comes_again():
    season = np.array([3.0, 9.0, 4.0, 12.0, 5.0, 7.0, 1.0])
    panel = panel_of(np.tile(season, 20), seasons=(7,))
    np.testing.assert_allclose(
        fitted(LinearAutoregression(), panel, 10).forecast(panel)[0, :, MIDDLE], np.tile(season, 2)[:10], atol=0.3
    )


def test_what_is_known_ahead_moves_the_forecast():
    model, panel = LinearAutoregression(), toy_panel(covariates=True)
    fitted(model, panel, 2)
    ahead = np.zeros((len(panel), 2, len(panel.future_names)), dtype=np.float32)
    without = model.forecast(Panel(**{**vars(panel), "ahead": ahead}))[:, 0, MIDDLE]
    promoted = model.forecast(Panel(**{**vars(panel), "ahead": ahead + 1}))[:, 0, MIDDLE]
    level = 100.0 * np.arange(1, 7)
    np.testing.assert_allclose((promoted - without) / level, 0.3, atol=0.12)  # promotions add 30 % of the level


def test_logarithms_make_growth_in_per_cent_go_on():
    values = 100 * 1.02 ** np.arange(200)
    model = LinearAutoregression()
    model.horizon, model.chosen = 12, {**DEFAULT, "logarithm": True}
    found = model.forecast(panel_of(values))[0, :, MIDDLE]
    np.testing.assert_allclose(found, values[-1] * 1.02 ** np.arange(1, 13), rtol=0.02)


@pytest.mark.parametrize("values", [[5.0], [3.0, 4.0], [7.0] * 40, [0.0] * 30 + [2.0], list(10.0 ** np.arange(12))])
def test_short_constant_and_exploding_series_get_finite_forecasts(values):
    panel = panel_of(values, process(50), seasons=(12,))
    found = fitted(LinearAutoregression(), panel, 40).forecast(panel)
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=2) >= 0).all()


def test_strength_of_the_penalty_draws_to_the_last_season():
    values = np.tile([1.0, 5.0, 2.0, 8.0], 30) + np.random.default_rng(3).normal(0, 1, 120)
    model = LinearAutoregression()
    model.horizon, model.chosen = 4, {**DEFAULT, "towards": "season", "penalty": 1e9}
    np.testing.assert_allclose(
        model.forecast(panel_of(values, seasons=(4,)))[0, :, MIDDLE], _drawn(values[-4:], values), atol=0.01
    )


def _drawn(last: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the last season plus the weighted mean change over a season, which the intercept is free to take."""
    rows = np.arange(5, len(values))  # five lags are read, the farthest the season and the step after it
    weight = np.exp((rows - len(values)) / 400)
    return last + (weight @ (values[rows] - values[rows - 4])) / weight.sum()


def test_held_windows_take_logarithms_where_these_are_clearly_better():
    random = np.random.default_rng(1)
    step = np.arange(160)
    grown = [np.exp(0.03 * step + np.sin(step / 12 * 2 * np.pi) + random.normal(0, 0.02, 160)) for _ in range(12)]
    known, held = held_windows(panel_of(*grown, seasons=(12,)), 12, 2)
    model = LinearAutoregression()
    model.horizon, model.chosen = 12, {}
    model.learn(known, held, FitContext())
    assert model.chosen["logarithm"]


def test_noise_leaves_the_default_ways_alone():
    random = np.random.default_rng(2)
    known, held = held_windows(panel_of(*(random.normal(50, 1, 150) for _ in range(10))), 6, 2)
    model = LinearAutoregression()
    model.horizon, model.chosen = 6, {}
    model.learn(known, held, FitContext())
    assert not model.chosen["logarithm"]


def test_lags_of_hours_are_those_of_days_and_of_the_week():
    assert lags_for([24, 168]) == (1, 2, 3, 23, 24, 25, 47, 48, 49, 72, 96, 120, 144, 167, 168, 169, 192)
    assert lags_for([1 + 1]) == (1, 2, 3, 4, 5)


def test_saving_keeps_what_was_chosen(tmp_path):
    panel = panel_of(process(300), seasons=(12,))
    model = fitted(LinearAutoregression(), panel, 6)
    model.chosen |= {"few": True, "penalty": 10.0}
    model.save(tmp_path)
    np.testing.assert_array_equal(LinearAutoregression.load(tmp_path).forecast(panel), model.forecast(panel))
