"""The panel: cutting, going on, what is known ahead, gaps, common ends; by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dl_core.data.series.ends import planned, to_common_end
from dl_core.data.series.frequency import Step
from dl_core.data.series.origins import rolling_origins, usual_horizon
from dl_core.data.series.panel import Panel
from dl_core.models.series.base import tamed
from tests.series import toy_panel


def plain(values: list[list[float]], season: int = 2, future: list[list[float]] | None = None) -> Panel:
    """Return series of numbered steps."""
    lengths = [len(one) for one in values]
    return Panel(
        np.array([f"s{at}" for at in range(len(values))], dtype=object),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate(values).astype(float),
        np.concatenate([np.arange(1, length + 1) for length in lengths]),
        seasons=(season,),
        future=None if future is None else np.concatenate(future)[:, None].astype(np.float32),
        future_names=() if future is None else ("promo",),
    )


def test_a_cut_knows_nothing_later_but_what_is_known_ahead():
    panel = plain([[1, 2, 3, 4], [5, 6, 7]], future=[[0, 1, 0, 1], [1, 0, 1]])
    cut = panel.until(np.array([0, 1, 0]), np.array([2, 1, 3]), horizon=2)
    assert [cut.of_series(at).tolist() for at in range(3)] == [[1, 2], [5], [1, 2, 3]]
    np.testing.assert_array_equal(cut.ahead[:, :, 0], [[0, 1], [0, 1], [1, np.nan]])
    np.testing.assert_array_equal(
        panel.truth(np.array([0, 1, 0]), np.array([2, 1, 3]), 2), [[3, 4], [6, 7], [4, np.nan]]
    )


def test_only_the_last_steps_are_kept_where_so_wanted():
    cut = plain([[1, 2, 3, 4]]).until(np.array([0]), np.array([3]), most=2)
    assert cut.values.tolist() == [2, 3] and cut.times.tolist() == [2, 3]


def test_what_was_cut_can_be_put_back():
    panel = toy_panel(n=3, length=40, covariates=True)
    at = np.arange(3)
    known = panel.until(at, panel.lengths - 7)
    rows = np.concatenate([np.arange(end - 7, end) for end in panel.starts[1:]])
    again = known.append(panel.rows(rows, np.full(3, 7)))
    np.testing.assert_array_equal(again.values, panel.values)
    np.testing.assert_array_equal(again.future, panel.future)
    np.testing.assert_array_equal(again.times, panel.times)


def test_origins_roll_through_the_held_steps():
    known, held = plain([[1, 2, 3], [1, 2, 3]]), plain([[4, 5, 6, 7], [4, 5]])
    origins = rolling_origins(known, held, horizon=2, stride=1)
    assert origins.at.tolist() == [0, 1, 0, 0]
    assert origins.ends.tolist() == [3, 3, 4, 5]
    assert origins.window.tolist() == [0, 0, 1, 2]


def test_gaps_inside_are_bridged_and_at_the_end_the_season_before_stands_in():
    filled = plain([[1, np.nan, 3, 4, np.nan, np.nan], [np.nan, np.nan]]).filled()
    assert filled.values.tolist() == [1, 2, 3, 4, 3, 4, 0, 0]


def test_the_scale_of_a_constant_series_makes_no_error_infinite():
    scales = plain([[1, 4, 2, 8], [5, 5, 5], [0, 0, 0], [3]]).scales(lag=2)
    assert scales.tolist() == pytest.approx([2.5, 5, 1, 3])  # (|2-1| + |8-4|) / 2; mean size; 1; mean size


def test_what_is_not_told_ahead_is_that_of_a_season_before():
    panel = plain([[1, 2, 3, 4, 5]], season=3, future=[[7, 8, 9, 1, 2]])
    assert planned(panel, 4).ahead[0, :, 0].tolist() == [9, 1, 2, 9]
    told = replace(panel, ahead=np.array([[[5.0], [np.nan]]], dtype=np.float32))
    assert planned(told, 3).ahead[0, :, 0].tolist() == [5, 1, 2]


def test_series_that_end_early_are_brought_to_the_common_end():
    panel = toy_panel(n=3, length=30)
    cut = to_common_end(panel.until(np.arange(3), np.array([30, 27, 30])))
    assert cut.lengths.tolist() == [30, 30, 30]
    assert np.isnan(cut.of_series(1)[-3:]).all()
    np.testing.assert_array_equal(cut.times, panel.times)


def test_times_ahead_follow_the_calendar():
    ahead = toy_panel(n=1, length=14).times_ahead(3)
    assert ahead.astype("datetime64[D]").astype(str).tolist() == [["2011-03-01", "2011-04-01", "2011-05-01"]]
    assert plain([[1, 2, 3]]).times_ahead(2).tolist() == [[4, 5]]


@pytest.mark.parametrize(
    ("frequency", "season", "steps"),
    [("h", 24, 48), ("W-SUN", 52, 13), ("MS", 12, 18), ("QE-DEC", 4, 8), ("YS", 1, 6), ("D", 7, 14), ("30min", 48, 60)],
)
def test_the_horizon_that_suits(frequency, season, steps):
    assert usual_horizon(frequency, season) == steps


def test_the_horizon_without_time_stamps_follows_the_season():
    assert usual_horizon("", 52) == 13 and usual_horizon("", 1) == 12


@pytest.mark.parametrize("size", [1e-11, 1.0, 1e12])
def test_scales_follow_the_unit(size: float) -> None:
    panel = toy_panel(n=3, length=48)
    other = replace(panel, values=panel.values * size)
    np.testing.assert_allclose(other.scales(), panel.scales() * size, rtol=1e-9)


def test_series_of_extreme_sizes_are_brought_to_about_one_and_back() -> None:
    panel = toy_panel(n=3, length=48)
    assert tamed(panel)[0] is panel
    small = replace(panel, values=panel.values * 1e-11)
    found, by = tamed(small)
    assert (np.log2(by) % 1 == 0).all() and (found.values / np.repeat(by, found.lengths) == small.values).all()
    sizes = np.array([np.abs(found.of_series(at)).mean() for at in range(3)])
    assert ((sizes > 0.5) & (sizes < 2)).all()


def test_steps_that_leave_out_nights_go_on_without_them() -> None:
    times = pd.date_range("2024-01-01", periods=240, freq="h")
    open_ = times[(times.hour >= 7) & (times.hour <= 17)].to_numpy()
    step = Step("h", opened="24: 7 8 9 10 11 12 13 14 15 16 17")
    position = step.position(open_)
    assert (np.diff(position) == 1).all() and (step.time(position) == open_).all() and step.seasons == (11, 77)
    panel = Panel(
        np.array(["a"], dtype=object), np.array([0, len(open_)]), np.ones(len(open_)), open_, "h", opened=step.opened
    )
    ahead = pd.DatetimeIndex(panel.times_ahead(13)[0])
    assert ahead[0] == pd.Timestamp("2024-01-11 07:00") and ahead[11] == pd.Timestamp("2024-01-12 07:00")
    assert ahead.hour.min() == 7 and ahead.hour.max() == 17
    days = Step("D", opened="7: 0 1 2 4 5 6")  # 1970-01-01 was a Thursday; Sundays are left out
    assert days.seasons == (6,)
    assert days.time(days.position(np.array(["2024-01-06"], "datetime64[ns]")) + 1)[0] == np.datetime64("2024-01-08")
