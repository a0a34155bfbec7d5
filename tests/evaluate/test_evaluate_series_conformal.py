"""Calibrated intervals hold what they promise: on exchangeable panels, on one series, while volatility grows."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from dl_core.evaluate.series.adaptive import _learned, rolling_conformal
from dl_core.evaluate.series.conformal import DRAW, _factors, apply_conformal, fit_conformal, floored, upper_quantile
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, Cases, are_rare, central_means, mean_factor, mean_of

NORMAL = norm.ppf(LEVELS)


def cases_of(truth, quantiles, windows=None):
    m = len(truth)
    windows = np.zeros(m, dtype=int) if windows is None else windows
    return Cases(np.arange(m).astype(object), windows, np.zeros(truth.shape, dtype=int), truth, quantiles)


def simulated(m, h, rng, spread=1.0, shift=0.0, growth=None):
    """Normal truths whose spread grows with the step; quantiles ``spread`` times as wide as they should be."""
    scale = np.exp(rng.normal(size=m))
    true = scale[:, None] * np.sqrt(1 + np.arange(h)) * (1.0 if growth is None else growth[:, None])
    truth = true * (rng.normal(size=(m, h)) + shift)
    quantiles = spread * scale[:, None, None] * np.sqrt(1 + np.arange(h))[None, :, None] * NORMAL
    return cases_of(truth, quantiles), scale


def coverage(truth, quantiles):
    known = ~np.isnan(truth)
    inside = [((truth >= quantiles[:, :, at]) & (truth <= quantiles[:, :, -1 - at]))[known].mean() for at in (2, 1, 0)]
    return 100 * np.array(inside)  # of 80, 90 and 95 per cent


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_exchangeable_cases_are_covered_whatever_the_model_thought(spread, shift):
    rng = np.random.default_rng(3)
    (held, scale), (later, its) = simulated(400, 8, rng, spread, shift), simulated(1500, 8, rng, spread, shift)
    found = apply_conformal(later.quantiles, its, fit_conformal(held, scale))
    assert coverage(later.truth, found) == pytest.approx([80, 90, 95], abs=2.0)


def test_a_forecast_without_spread_gets_one():
    rng = np.random.default_rng(4)
    (held, scale), (later, its) = simulated(400, 4, rng, 0.0), simulated(1500, 4, rng, 0.0)
    found = apply_conformal(later.quantiles, its, fit_conformal(held, scale))
    assert coverage(later.truth, found) == pytest.approx([80, 90, 95], abs=2.5)


def test_steps_of_many_cases_get_factors_of_their_own():
    """The model thinks that all steps are alike; truths spread with the step, so factors must grow with it."""
    rng = np.random.default_rng(5)
    truth = rng.normal(size=(800, 12)) * (1 + np.arange(12))
    quantiles = np.broadcast_to(NORMAL, (800, 12, len(LEVELS))).copy()
    factors = np.array(fit_conformal(cases_of(truth, quantiles), np.ones(800))["factors"])
    assert factors[-1, 0] > 2 * factors[0, 0]
    assert factors.shape == (12, len(LEVELS))


def test_few_cases_share_one_factor():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=(3, 48)) * (1 + np.arange(48) / 10)
    quantiles = np.broadcast_to(NORMAL, (3, 48, len(LEVELS))).copy()
    factors = np.array(fit_conformal(cases_of(truth, quantiles), np.ones(3))["factors"])
    pooled = factors[:, 0].mean()
    assert np.abs(factors[:, 0] - pooled).max() < 0.2 * pooled  # each step is drawn close to all
    assert factors[:, 0] == pytest.approx(factors[:, -1], rel=0.2)  # and each side to both


def test_too_few_truths_teach_nothing():
    truth = np.full((2, 5), np.nan)
    quantiles = np.broadcast_to(NORMAL, (2, 5, len(LEVELS))).copy()
    assert fit_conformal(cases_of(truth, quantiles), np.ones(2)) == {}
    assert apply_conformal(quantiles, np.ones(2), {}) is quantiles


def test_what_is_learned_is_plain_json_and_serves_longer_horizons():
    rng = np.random.default_rng(7)
    held, scale = simulated(60, 4, rng)
    chosen = json.loads(json.dumps(fit_conformal(held, scale)))
    assert chosen["cases"] == 60 and chosen["steps"] == 4
    longer = np.broadcast_to(NORMAL, (2, 9, len(LEVELS))).copy()
    found = apply_conformal(longer, np.ones(2), chosen)
    assert (found[:, 4:] == found[:, 3:4]).all()  # the last step's factors go on


def test_missing_truths_do_not_count():
    rng = np.random.default_rng(8)
    held, scale = simulated(100, 4, rng)
    half = held.truth.copy()
    half[50:] = np.nan
    expected = fit_conformal(cases_of(held.truth[:50], held.quantiles[:50]), scale[:50])
    assert fit_conformal(cases_of(half, held.quantiles), scale)["factors"] == expected["factors"]


def test_the_quantile_is_the_conservative_one():
    assert upper_quantile(np.arange(1.0, 10.0), 0.8) == 8.0  # ⌈10 · 0.8⌉ = 8
    assert upper_quantile(np.arange(1.0, 5.0), 0.95) == 4.0  # beyond n: the largest
    assert upper_quantile(np.arange(1.0, 5.0), 0.75) == 4.0  # ⌈5 · 0.75⌉ = 4, where ⌈4 · 0.75⌉ would be 3
    assert np.isnan(upper_quantile(np.array([]), 0.9))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.floats(0.0, 5.0), shift=st.floats(-3, 3))
def test_quantiles_stay_in_order_and_medians_stay(seed, spread, shift):
    rng = np.random.default_rng(seed)
    held, scale = simulated(12, 5, rng, spread, shift)
    found = apply_conformal(held.quantiles, scale, fit_conformal(held, scale))
    assert (np.diff(found, axis=2) >= 0).all()
    assert found[:, :, MIDDLE] == pytest.approx(held.quantiles[:, :, MIDDLE])


def one_series(rng, windows, h, width):
    """One series whose errors of neighbouring steps are alike, and whose spread is ``width`` (windows,) by window."""
    common = rng.normal(size=(windows, 1))
    truth = width[:, None] * (0.7 * common + 0.7 * rng.normal(size=(windows, h)))
    quantiles = np.broadcast_to(NORMAL, (windows, h, len(LEVELS))).copy()
    return cases_of(truth, quantiles, np.arange(windows))


def part_of(cases, at, first=0):
    return Cases(cases.series[at], cases.windows[at] - first, cases.times[at], cases.truth[at], cases.quantiles[at])


def test_windows_of_a_series_that_grows_restless_are_covered_by_learning_on():
    fixed, rolling = [], []
    for seed in range(8):
        whole = one_series(np.random.default_rng(seed), 30, 12, np.linspace(1, 4, 30))
        held, later = part_of(whole, slice(0, 6)), part_of(whole, slice(6, 30), 6)
        scale = np.ones(6), np.ones(24)
        fixed.append(coverage(later.truth, apply_conformal(later.quantiles, scale[1], fit_conformal(held, scale[0]))))
        rolling.append(coverage(later.truth, rolling_conformal(held, later, scale)[0]))
    assert np.mean(fixed, axis=0)[1] < 82  # of 90 per cent
    assert np.mean(rolling, axis=0) == pytest.approx([80, 90, 95], abs=3.0)


def test_a_window_is_calibrated_by_nothing_of_itself_or_later():
    whole = one_series(np.random.default_rng(1), 10, 12, np.ones(10))
    held, later = part_of(whole, slice(0, 3)), part_of(whole, slice(3, 10), 3)
    scale = np.ones(3), np.ones(7)
    for lag in (1, 2):
        plain = rolling_conformal(held, later, scale, lag)[0]
        changed = later.truth.copy()
        changed[4:] += 100.0
        other = rolling_conformal(held, cases_of(changed, later.quantiles, later.windows), scale, lag)[0]
        known = 4 + lag  # the first window that may know of window 4
        assert (plain[:known] == other[:known]).all()
        assert (plain[known] != other[known]).any()


def test_what_comes_later_is_calibrated_by_all_windows():
    whole = one_series(np.random.default_rng(2), 10, 12, np.ones(10))
    held, later = part_of(whole, slice(0, 3)), part_of(whole, slice(3, 10), 3)
    chosen = rolling_conformal(held, later, (np.ones(3), np.ones(7)))[1]
    assert chosen["cases"] == 10 and len(chosen["stretch"]) == len(LEVELS)
    assert chosen["stretch"][MIDDLE] == 0.0
    json.dumps(chosen)
    nothing = part_of(whole, slice(0, 0))
    found, learned = rolling_conformal(nothing, later, (np.ones(0), np.ones(7)))
    assert (found[0] == later.quantiles[0]).all() and learned  # the first window has nothing before it


def test_where_the_median_lies_does_not_matter():
    rng = np.random.default_rng(11)
    held, scale = simulated(30, 4, rng)
    moved = cases_of(held.truth + 7.0, held.quantiles + 7.0)
    plain, other = fit_conformal(held, scale), fit_conformal(moved, scale)
    np.testing.assert_allclose(other["factors"], plain["factors"], atol=2e-5)
    assert np.round(plain["factors"], 5).tolist() == plain["factors"]


def test_factors_by_hand_where_some_steps_are_not_known():
    own = np.array([[1.0, np.nan], [2.0, 4.0]])
    kept = 2 / (2 + DRAW)  # two cases know something
    # of 1, 2, 4 the largest holds this side, of 10, 20, 40 both: steps next to each other are one
    assert _factors(own, 10 * own, 0.1) == pytest.approx([kept * 4 + (1 - kept) * 40] * 2)


def test_forecasts_are_stretched_about_their_median():
    quantiles = 5 + np.arange(-6.0, 7.0).reshape(1, 1, -1)
    chosen = {"factors": [[2.0] * 6 + [1.0] + [3.0] * 6]}
    found = apply_conformal(quantiles, np.zeros(1), chosen)[0, 0]
    assert found == pytest.approx([-7, -5, -3, -1, 1, 3, 5, 8, 11, 14, 17, 20, 23])
    stretch = np.log([2.0] * 6 + [1.0] + [0.5] * 6).tolist()
    found = apply_conformal(quantiles, np.zeros(1), {**chosen, "stretch": stretch})[0, 0]
    assert found == pytest.approx([-19, -15, -11, -7, -3, 1, 5, 6.5, 8, 9.5, 11, 12.5, 14])
    # an outer quantile is never within an inner one
    crossed = {"factors": [[0.0, 0.0, 0.0, 0.0, 3.0, 1.0, 1.0, 4.0, 1.0, 0.0, 0.0, 0.0, 1.0]]}
    found = apply_conformal(quantiles, np.zeros(1), crossed)[0, 0]
    assert found == pytest.approx([-1, -1, -1, -1, -1, 4, 5, 9, 9, 9, 9, 9, 11])
    wide = {"factors": np.ones((1, 13)).tolist()}  # 2 % of the scale is added to each side
    assert apply_conformal(0 * quantiles, np.array([50.0]), wide)[0, 0].tolist() == [-1.0] * 6 + [0.0] + [1.0] * 6


def test_the_width_learned_from_what_a_window_missed_by_hand():
    quantiles = np.tile(np.arange(-6.0, 7.0), (1, 4, 1))
    chosen, scale, none = {"factors": np.ones((4, 13)).tolist()}, np.zeros(1), np.zeros(13)
    # of 95, 90, 80, 60, 40 and 20 per cent: shares allowed to lie beyond
    allowed = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.8])
    against = np.array([0.1, 0.1, 0.2, 0.4, 0.6, 0.8])  # a tenth at least

    def learned(*truth):
        return _learned(none, (cases_of(np.array([truth]), quantiles), scale), chosen)

    def expected(*missed):
        steps = 0.15 * (np.array(missed) - allowed) / against
        return pytest.approx([*steps, 0, *steps[::-1]])

    assert learned(0.0, 0.0, 0.0, 0.0) == expected(0, 0, 0, 0, 0, 0)
    assert learned(1.0, -1.0, 1.0, -1.0) == expected(0, 0, 0, 0, 0, 0)  # the ends lie inside
    assert learned(0.0, 5.5, -5.5, 0.0) == expected(0, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert learned(0.0, 1.5, np.nan, 0.0) == expected(0, 0, 0, 0, 0, 1 / 3)
    assert learned(9.0, 9.0, -9.0, 9.0) == expected(1, 1, 1, 1, 1, 1)
    assert learned(np.nan, np.nan, np.nan, np.nan) is none
    far = _learned(np.full(13, 1.4), (cases_of(np.full((1, 4), 9.0), 0 * quantiles), scale), chosen)
    assert far[0] == far[-1] == 1.5 and far[MIDDLE] == 1.4


@pytest.mark.parametrize(("lag", "n"), [(1, 5), (2, 5), (1, 1), (2, 1)])
def test_a_window_is_calibrated_by_all_that_is_known_when_it_is_forecast(lag, n):
    whole = one_series(np.random.default_rng(5), 3 + n, 12, np.linspace(1, 2, 3 + n))
    held, later = part_of(whole, slice(0, 3)), part_of(whole, slice(3, 3 + n), 3)
    found, chosen = rolling_conformal(held, later, (np.ones(3), np.ones(n)), lag)
    stretch, used = np.zeros(len(LEVELS)), []
    for place in range(n):
        known = part_of(whole, slice(0, 3 + max(0, place - lag + 1)))
        if place >= lag:
            window = part_of(later, slice(place - lag, place - lag + 1))
            stretch = _learned(stretch, (window, np.ones(1)), used[place - lag])
        used.append({**fit_conformal(known, np.ones(len(known.truth))), "stretch": stretch.round(5).tolist()})
        here = slice(place, place + 1)
        assert found[here] == pytest.approx(apply_conformal(later.quantiles[here], np.ones(1), used[-1]))
    for place in range(max(0, n - lag), n):  # whose truths come to be known after the last forecast
        stretch = _learned(stretch, (part_of(later, slice(place, place + 1)), np.ones(1)), used[place])
    assert chosen == {**fit_conformal(whole, np.ones(3 + n)), "stretch": stretch.round(5).tolist()}


def test_bounds_of_series_that_never_were_negative_are_not():
    quantiles = np.broadcast_to(NORMAL, (2, 1, len(LEVELS)))
    found = floored(quantiles, np.array([True, False]))
    assert (found[0] >= 0).all() and (found[1] == quantiles[1]).all()
    assert (found[0, 0, MIDDLE:] == NORMAL[MIDDLE:]).all()


@pytest.mark.parametrize("size", [1e-11, 1.0, 1e12])
def test_intervals_of_any_unit_are_as_wide_for_their_size(size):
    cases, scale = simulated(60, 4, np.random.default_rng(3), spread=0.5)
    chosen = fit_conformal(cases, scale)
    other = cases_of(cases.truth * size, cases.quantiles * size)
    again = fit_conformal(other, scale * size)
    np.testing.assert_allclose(again["factors"], chosen["factors"], rtol=1e-4)
    here = apply_conformal(other.quantiles, scale * size, again)
    np.testing.assert_allclose(here, size * apply_conformal(cases.quantiles, scale, chosen), rtol=1e-4)


def test_means_of_quantiles():
    normal = 5 + 2 * norm.ppf(LEVELS)
    assert mean_of(normal[None, None])[0, 0] == pytest.approx(5, abs=1e-9)
    skewed = np.exp(norm.ppf(LEVELS))  # a lognormal: the median is 1, the mean exp(1/2)
    assert mean_of(skewed[None, None])[0, 0] == pytest.approx(np.exp(0.5), rel=0.06)
    rare = np.where(np.array(LEVELS) < 0.89, 0.0, 4.0)  # nine days in a hundred sell four, and the median is 0
    assert mean_of(rare[None, None])[0, 0] == pytest.approx(0.44, abs=0.25) and rare[MIDDLE] == 0


def test_means_of_rare_demand_are_right_in_sum_over_held_out_windows():
    rng = np.random.default_rng(0)
    truth = rng.binomial(1, 0.1, (80, 7)) * 4.0
    rare = np.broadcast_to(np.where(np.array(LEVELS) < 0.85, 0.0, 4.0), (80, 7, len(LEVELS)))
    cases = cases_of(truth, rare)
    by = mean_factor(cases)
    assert are_rare(rare).all() and central_means(rare, by).sum() == pytest.approx(truth.sum())
    often, _ = simulated(80, 7, rng, shift=3.0)  # others are left as they are
    assert mean_factor(often) == 1.0 and (central_means(often.quantiles, by) == often.middle).all()
