"""Unusual recent points: planted ones are told with their direction, ordinary noise is told at most at the rate."""

from dataclasses import replace

import numpy as np
import pytest

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.unusual import COLUMNS, unusual_points
from dl_core.models.series.naive import SeasonalNaive

LENGTH, SEASON = 180, 12


def panel_of(rows, seasons=(SEASON,)):
    n, length = rows.shape
    return Panel(
        np.array([f"s{at}" for at in range(n)], dtype=object),
        np.arange(n + 1) * length,
        rows.reshape(-1).astype(float),
        np.tile(np.arange(1, length + 1), n),
        seasons=seasons,
    )


def waves(n=3, seed=0, noise=1.0):
    step = np.arange(LENGTH)
    rng = np.random.default_rng(seed)
    return 100 + 0.05 * step + 20 * np.sin(2 * np.pi * step / SEASON) + rng.normal(0, noise, (n, LENGTH))


def last_value():
    model = SeasonalNaive()
    model.chosen = {"season": 1}
    return model


def test_a_spike_is_told_once_and_leaves_no_echo():
    rows = waves()
    rows[1, 165] += 15
    rows[2, 170] -= 15
    found = unusual_points(panel_of(rows), recent=15)
    assert list(found.columns) == list(COLUMNS)
    told = found.set_index("series")
    assert sorted(told.index) == ["s1", "s2"]
    assert told.loc["s1", ["step", "time", "direction"]].tolist() == [166, 166, "high"]
    assert told.loc["s2", ["step", "time", "direction"]].tolist() == [171, 171, "low"]
    assert told.loc["s1", "value"] == rows[1, 165]
    assert told.loc["s1", "expected"] == pytest.approx(rows[1, 165] - 15, abs=4)
    assert (found["score"] > 5).all()
    rows[1, 153] += 15  # a season before: its echo would be a low point now
    assert set(unusual_points(panel_of(rows), recent=10).series) == {"s2"}


def test_a_shift_of_level_is_told_until_it_is_what_is_usual():
    rows = waves(seed=1)
    rows[0, 160:] += 25
    found = unusual_points(panel_of(rows), recent=20)
    found = found[found.score > 5]
    assert set(found.series) == {"s0"} and set(found.direction) == {"high"}
    assert sorted(found.step)[:4] == [161, 162, 163, 164]
    assert found.step.max() <= 166


@pytest.mark.parametrize("rate", [0.003, 0.01, 0.05])
def test_ordinary_noise_is_flagged_at_most_at_the_rate(rate):
    rng = np.random.default_rng(2)
    noise, tails = rng.normal(0, 1, (150, LENGTH)), rng.standard_t(3, (150, LENGTH))
    told = [len(unusual_points(panel_of(rows), recent=20, rate=rate)) for rows in (noise, tails, noise.cumsum(axis=1))]
    shares = np.array(told) / (150 * 20)
    assert (shares < np.array([1.3, 1.3, 2.0]) * rate).all()  # errors on a random walk come in runs
    assert shares[1] > 0


def test_one_wild_history_does_not_hide_the_others():
    rows = waves(seed=3)
    rows[0, ::7] *= 30
    rows[1, 170] += 30
    assert "s1" in set(unusual_points(panel_of(rows), recent=15).series)


def test_a_model_says_what_it_expected():
    rows = 50 + np.random.default_rng(4).normal(0, 1, (4, 100)).cumsum(axis=1)
    rows[2, 95:] += 30
    panel = panel_of(rows, seasons=())
    found = unusual_points(panel, last_value(), recent=10)
    assert found.series.tolist() == ["s2"] and found.step.tolist() == [96]
    assert found.expected.tolist() == [rows[2, 94]] and found.direction.tolist() == ["high"]


def test_a_series_that_never_moved_and_odd_ones():
    still, moved, missing = np.full(60, 5.0), np.full(60, 5.0), np.full(60, np.nan)
    moved[57] = 6.0
    gap = np.r_[waves(1)[0, :55], np.nan, np.nan, np.nan, waves(1)[0, 58:60]]
    found = unusual_points(panel_of(np.stack([still, moved, missing, gap])), recent=5)
    assert found.series.tolist() == ["s1"] and found.step.tolist() == [58]
    short = unusual_points(panel_of(np.array([[1.0, 900.0]])))
    assert short.empty and list(short.columns) == list(COLUMNS)
    assert unusual_points(panel_of(waves()).take([])).empty


def test_history_and_order_of_series_do_not_mix():
    rows = waves(n=4, seed=5)
    rows[3, 175] += 20
    panel = panel_of(rows)
    cut = panel.until(np.array([3, 0]), np.array([LENGTH, 100]))
    found = unusual_points(cut, recent=10)
    assert found.series.tolist() == ["s3"] and found.value.tolist() == [rows[3, 175]]


def test_a_promotion_that_sells_as_promotions_do_is_not_unusual():
    rows = waves(1, noise=2.0)
    promo = (np.arange(LENGTH) % 17 == 5).astype(np.float32)
    rows = rows + 60 * promo
    panel = panel_of(rows)
    planned = replace(panel, future=promo[:, None], future_names=("promo",))
    assert unusual_points(planned, recent=15).empty
    more = rows.copy()
    last = int(np.flatnonzero(promo)[-1])
    more[0, last] += 40  # a promotion that sells far more than others is unusual still, and by how much is known
    plain = unusual_points(replace(panel, values=more.reshape(-1)), recent=15)
    assert (plain["expected"] < rows[0, last] - 40).all()
    found = unusual_points(replace(planned, values=more.reshape(-1)), recent=15)
    assert found["step"].tolist() == [last + 1] and found["expected"][0] == pytest.approx(rows[0, last], abs=8)


def test_a_plan_that_was_new_explains_nothing():
    rows = waves(1)
    rows[0, 170] += 30
    once = np.zeros((LENGTH, 1), dtype=np.float32)
    once[170] = 1
    found = unusual_points(replace(panel_of(rows), future=once, future_names=("once",)), recent=15)
    assert found["step"].tolist() == [171]
