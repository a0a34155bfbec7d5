"""Plain forecasters against numbers worked by hand, against M4's published ones, and within their time limit."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from dl_core.data.series.panel import Panel
from dl_core.errors import CancelledError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.adjust import adjust
from dl_core.models.series.base import Held
from dl_core.models.series.direct import DOUBT, spread, tails
from dl_core.models.series.limited import Tally, Way, choose_way, each_in_time, is_wild
from dl_core.models.series.naive import Drift, Naive2, SeasonalNaive, best_season, held_season, naive2_ahead
from dl_core.models.series.quick_theta import ALPHAS, quick_theta, slopes
from dl_core.models.series.seasonal import classical_index, is_seasonal, strength
from dl_core.models.series.statistical import AutoArima, AutoEts, AutoTheta
from tests.series import toy_panel

M4 = Path(__file__).parents[3] / "shared" / "data" / "m4"


def panel_of(*series, seasons=(), scale_season=1):
    lengths = [len(one) for one in series]
    return Panel(
        np.array([f"s{at}" for at in range(len(series))], dtype=object),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([np.asarray(one, dtype=float) for one in series]),
        np.concatenate([np.arange(1, n + 1) for n in lengths]),
        seasons=seasons,
        scale_season=scale_season,
    )


def fitted(model, panel, horizon, **options):
    model.horizon = horizon
    model.learn(panel, None, FitContext(options=options))
    return model


def waves(cycles, season, rng, level=100.0):
    step = np.arange(cycles * season)
    return level * (1 + 0.3 * np.sin(2 * np.pi * step / season)) + rng.normal(0, 1, len(step))


def test_the_last_season_comes_again():
    model = fitted(SeasonalNaive(), panel_of([9, 9, 9, 4, 5, 6], [7, 8], seasons=(3,)), 4)
    middle = model.forecast(panel_of([9, 9, 9, 4, 5, 6], [7, 8], seasons=(3,)))[:, :, MIDDLE]
    np.testing.assert_allclose(middle, [[4, 5, 6, 4], [8, 8, 8, 8]])  # the second is shorter than a season


def test_intervals_of_the_seasonal_naive_grow_with_the_root_of_the_seasons():
    panel = panel_of(np.random.default_rng(0).normal(0, 1, 90) + 50, seasons=(3,))
    found = fitted(SeasonalNaive(), panel, 9).forecast(panel)[0]
    width = found[:, -1] - found[:, 0]
    np.testing.assert_allclose(width[3:6] / width[:3], np.sqrt(2))
    np.testing.assert_allclose(width[6:] / width[:3], np.sqrt(3))


def test_of_two_seasons_the_one_that_met_the_past_best_is_used():
    week = np.tile(np.random.default_rng(1).normal(10, 3, 28), 8)
    assert best_season(panel_of(week, seasons=(4, 28))) == 28
    assert best_season(panel_of(np.tile([1.0, 2, 3, 4], 40), seasons=(4, 28))) == 4
    assert best_season(panel_of(week[:20], seasons=(14, 28))) == 14  # none is long enough: the shortest


def test_held_windows_may_prefer_the_last_value():
    walk = np.cumsum(np.random.default_rng(2).normal(0, 1, 120))
    known, later = (panel_of(part, seasons=(12,)) for part in (walk[:96], walk[96:]))
    assert held_season(known, Held.of(known, later, 6, 6)) == 1
    wave = waves(10, 12, np.random.default_rng(3))
    known, later = (panel_of(part, seasons=(12,)) for part in (wave[:96], wave[96:]))
    assert held_season(known, Held.of(known, later, 6, 6)) == 12


def test_drift_goes_along_the_line_through_the_ends():
    panel = panel_of([1, 3, 5, 9, 13], [4.0])
    found = fitted(Drift(), panel, 2).forecast(panel)
    np.testing.assert_allclose(found[:, :, MIDDLE], [[16, 19], [4, 4]])
    # changes 2, 2, 4, 4 lie 1 from their mean 3: four errors of size 1 in a mix with a normal curve of size 1
    high = (4 * 1 + DOUBT * 1.959964) / (4 + DOUBT) * np.sqrt(1 * (1 + 1 / 4))
    assert found[0, 0, -1] == pytest.approx(16 + high, abs=1e-5)


def test_a_spread_is_mirrored_empirical_and_normal_where_errors_are_few():
    errors = np.concatenate([np.ones(10), -np.ones(10), np.full(5, np.nan)])[None, :]
    found = spread(errors)[0]
    np.testing.assert_allclose(found, -found[::-1], atol=1e-12)
    assert found[-1] == pytest.approx(0.5 * 1 + 0.5 * 1.959964, abs=1e-5)  # 20 errors weigh as much as DOUBT
    assert found[MIDDLE] == 0 and (np.diff(found) >= 0).all()
    assert (spread(np.full((1, 3), np.nan)) == 0).all()


def test_naive_intervals_cover_as_they_say():
    rng = np.random.default_rng(4)
    walks = np.cumsum(rng.normal(0, 2, (1500, 90)), axis=1)
    panel = panel_of(*walks[:, :80])
    for model in (fitted(SeasonalNaive(), panel, 10), fitted(Drift(), panel, 10)):
        found = model.forecast(panel)
        for low, high, share in ((2, 10, 0.8), (0, 12, 0.95)):
            inside = (walks[:, 80:] >= found[:, :, low]) & (walks[:, 80:] <= found[:, :, high])
            assert inside.mean() == pytest.approx(share, abs=0.03)


def test_naive2_repeats_a_pattern_that_multiplies():
    pattern = np.array([0.5, 1.5, 1.2, 0.8])
    panel = panel_of(np.tile(20 * pattern, 6), [3.0, 1, 4], seasons=(4,), scale_season=4)
    expected = np.array([[10, 30, 24, 16, 10], [4, 4, 4, 4, 4]])
    np.testing.assert_allclose(naive2_ahead(panel, 5), expected, rtol=1e-9)
    np.testing.assert_allclose(Naive2().quantiles(panel, 5)[:, :, MIDDLE], expected, rtol=1e-9)


def test_naive2_adds_the_pattern_where_a_series_is_not_positive():
    panel = panel_of(np.tile([-5.0, 5, 3, -3], 6), seasons=(4,), scale_season=4)
    np.testing.assert_allclose(naive2_ahead(panel, 4), [[-5, 5, 3, -3]], atol=1e-9)


def test_the_classical_index_is_that_of_statsmodels():
    values = waves(5, 12, np.random.default_rng(5)) + np.arange(60)
    for way in (True, False):
        model = "multiplicative" if way else "additive"
        other = seasonal_decompose(values, model=model, period=12).seasonal
        np.testing.assert_allclose(classical_index(values, 12, way).factors, other[:12], rtol=1e-9)
    index = classical_index(values, 12, True)
    assert strength(values, index) > 0.9
    np.testing.assert_allclose(index.put_back(index.remove(values, 7), 7), values)


def test_the_test_of_seasonality_needs_three_seasons_and_a_season():
    rng = np.random.default_rng(6)
    wave = waves(8, 12, rng)
    assert is_seasonal(wave, 12) and not is_seasonal(wave[:35], 12)
    assert not is_seasonal(np.ones(60), 12) and not is_seasonal(rng.normal(0, 1, 100), 1)


@pytest.fixture(scope="module")
def m4_weekly():
    if not M4.is_dir():
        pytest.skip("the M4 files are not there")
    lines = {}
    for part in ("train", "test"):
        with open(M4 / f"Weekly-{part}.csv") as file:
            rows = list(csv.reader(file))[1:]
        lines[part] = [np.array([float(cell) for cell in row[1:] if cell not in ("", "NA")]) for row in rows]
    return panel_of(*lines["train"]), np.stack(lines["test"])


def smape_mase(ahead, panel, truth):
    smape = 200 * np.mean(np.abs(ahead - truth) / (np.abs(ahead) + np.abs(truth)))
    return smape, np.mean(np.abs(ahead - truth).mean(axis=1) / panel.scales(1))


def test_m4_weekly_is_met_to_the_third_digit(m4_weekly):
    panel, truth = m4_weekly
    assert len(panel) == 359
    assert smape_mase(naive2_ahead(panel, 13), panel, truth) == pytest.approx((9.161, 2.777), abs=5e-4)
    naive = fitted(SeasonalNaive(), panel, 13).forecast(panel)[:, :, MIDDLE]
    assert smape_mase(naive, panel, truth) == pytest.approx((9.161, 2.777), abs=5e-4)


def test_the_quick_theta_is_as_good_as_the_published_one_on_m4_weekly(m4_weekly):
    panel, truth = m4_weekly
    found = smape_mase(quick_theta(tails(panel, 300), 13)[:, :, MIDDLE], panel, truth)
    owa = (found[0] / 9.161 + found[1] / 2.777) / 2
    assert owa == pytest.approx(0.971, abs=0.01)  # Theta in the competition's table


def theta_by_hand(values, horizon):
    """Return the same by plain loops over one series."""
    steps = np.arange(len(values))
    half = np.polyfit(steps, values, 1)[0] / 2
    best = None
    for alpha in ALPHAS:
        level, squares = values[0], 0.0
        for at in range(1, len(values)):
            lag = sum((1 - alpha) ** k for k in range(at))
            squares += (values[at] - (level + half * lag)) ** 2
            level = alpha * values[at] + (1 - alpha) * level
        if best is None or squares < best[0]:
            best = squares, level, alpha
    _, level, alpha = best
    lag = sum((1 - alpha) ** k for k in range(len(values)))
    return level + half * (np.arange(horizon) + lag)


def test_the_quick_theta_is_smoothing_with_half_the_slope():
    rng = np.random.default_rng(7)
    long, short = np.cumsum(rng.normal(0.5, 1, 40)), rng.normal(5, 1, 9)
    values = np.full((2, 40), np.nan)
    values[0], values[1, -9:] = long, short
    np.testing.assert_allclose(
        slopes(values), [np.polyfit(np.arange(40), long, 1)[0], np.polyfit(range(9), short, 1)[0]]
    )
    found = quick_theta(values, 5)[:, :, MIDDLE]
    np.testing.assert_allclose(found, [theta_by_hand(long, 5), theta_by_hand(short, 5)], rtol=1e-9)


def test_seasons_are_taken_off_and_put_back():
    rng = np.random.default_rng(8)
    day, week = np.tile([0, 5.0, 9, 2], 7), np.repeat(rng.normal(0, 6, 7), 4)
    values = np.tile(day + week, 9) - 30
    done = adjust(values, (4, 28))
    assert len(done.indices) == 2 and np.std(done.values[28:-28]) < 0.05 * np.std(values)
    ahead = done.put_back(np.full(28, done.values[-29:-1].mean()))
    np.testing.assert_allclose(ahead, values[:28], atol=1.0)
    assert adjust(rng.normal(0, 1, 60), (12,)).indices == ()  # no season, nothing taken


def test_ways_fit_the_season_and_the_time():
    ways = (Way("seasonal", 300, 24, 1.0), Way("adjusted", 300, 1, 0.1), Way("short", 100, 1, 0.01))
    assert [choose_way(ways, *asked).name for asked in (((12,), 10, 60), ((12,), 100, 60), ((12,), 9999, 60))] == [
        "seasonal",
        "adjusted",
        "short",
    ]
    assert choose_way(ways, (52,), 1, 60).name == choose_way(ways, (4, 8), 1, 60).name == "adjusted"
    assert choose_way(ways, (), 1, 60).name == "adjusted"


def test_one_failing_series_does_not_end_the_rest():
    found, tally = np.zeros((4, 2, 1)), Tally()

    def one(at):
        if at == 1:
            raise ZeroDivisionError
        return None if at == 2 else np.full((2, 1), np.nan if at == 3 else 7.0)

    def settings():
        return {"until": time.monotonic() + 1000, "tally": tally, "check_stop": lambda: None}

    each_in_time(one, found, affordable=9, **settings())
    assert found[:, 0, 0].tolist() == [7, 0, 0, 0]
    assert tally.as_dict() == {"cases": 4, "no_time": 0, "failed": 2}
    each_in_time(one, found, affordable=1, **settings())
    assert tally.cases == 8 and tally.no_time == 3


def test_a_forecast_far_outside_of_the_past_is_wild():
    past = np.array([10.0, 12, 11])
    assert is_wild(np.array([11.0, 33.0]), past) and is_wild(np.array([-11.0]), past)
    assert not is_wild(np.array([30.0, -8.0]), past)


def test_without_time_every_series_gets_the_quick_method():
    panel = toy_panel(n=3, length=60)
    model = fitted(AutoEts(), panel, 6, time_limit=1e-6)
    found = model.forecast(panel)
    assert model.chosen["last"] == {"cases": 3, "no_time": 3, "failed": 0}
    assert model.chosen["way"] == "adjusted, short history"
    assert np.isfinite(found).all() and (np.diff(found, axis=2) >= 0).all()


@pytest.mark.parametrize("kind", [AutoEts, AutoTheta, AutoArima])
def test_statistical_methods_see_a_season_too_long_for_them(kind):
    rng = np.random.default_rng(9)
    wave = waves(5, 52, rng)
    panel = panel_of(wave[:-13], np.full(30, 4.0), [1.0, 2.0], seasons=(52,))
    model = fitted(kind(), panel, 13)
    found = model.forecast(panel)
    assert model.chosen == {"way": "adjusted", "last": {"cases": 3, "no_time": 0, "failed": 0}}
    assert np.abs(found[0, :, MIDDLE] - wave[-13:]).mean() < 3  # the noise alone is .8, the wave's swing 60
    np.testing.assert_allclose(found[1], 4.0)


def test_the_season_is_modelled_where_there_is_time_and_settings_are_kept(tmp_path):
    panel = toy_panel(n=1, length=72)
    model = fitted(AutoEts(), panel, 6, time_limit=30)
    assert model.chosen["way"] == "seasonal" and model.way.seasonal == 24
    found = model.forecast(panel)
    model.save(tmp_path)
    again = AutoEts.load(tmp_path)
    assert (again.time_limit, again.seasons, again.horizon) == (30.0, (12,), 6)
    np.testing.assert_allclose(again.forecast(panel), found)


def test_cancelling_ends_a_forecast():
    panel = toy_panel(n=2, length=40)
    model = fitted(AutoTheta(), panel, 4)

    def stop():
        raise CancelledError("enough")

    model.check_stop = stop
    with pytest.raises(CancelledError):
        model.forecast(panel)


@pytest.mark.parametrize("kind", [SeasonalNaive, Drift, Naive2, AutoTheta])
def test_odd_series_are_survived(kind):
    odd = [np.zeros(40), np.full(40, 3.0), [1.0, 2.0], [5.0], np.full(9, np.nan), [np.nan, 2, np.nan, 4, 5, np.nan]]
    panel = panel_of(*odd, seasons=(12,), scale_season=12)
    model = fitted(kind(), panel, 7)
    found = model.forecast(panel)
    assert found.shape == (len(odd), 7, len(LEVELS)) and np.isfinite(found).all()
    assert (np.diff(found, axis=2) >= 0).all() and (found >= 0).all()
    np.testing.assert_allclose(found[1], 3.0)
    np.testing.assert_allclose(found[[0, 4]], 0.0)
    assert model.forecast(panel.take([]), 3).shape == (0, 3, len(LEVELS))
