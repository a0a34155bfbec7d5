"""Simulated series for pretraining: of the right shapes, finite, honest about what is known, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from dl_core.models.series.pretrained_features import Reading
from dl_core.transfer.series import parts
from dl_core.transfer.series.mixture import SEASONS, STEPS, cut, draw_group, draw_steps, simulate


def rng(seed: int = 0) -> np.random.Generator:
    """Return a generator."""
    return np.random.default_rng(seed)


def test_shares_of_seasons_add_up() -> None:
    assert sum(share for _, share in SEASONS) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["trends", "noise"])
def test_parts_have_spread_one(name: str) -> None:
    found = getattr(parts, name)(rng(), 40, 150)
    assert found.shape == (40, 150)
    assert found.mean(axis=1) == pytest.approx(np.zeros(40), abs=1e-9)
    assert found.std(axis=1) == pytest.approx(np.ones(40), abs=1e-6)


def test_a_constant_has_no_spread() -> None:
    assert (parts.standard(np.full((1, 5), 7.0)) == 0).all()


def test_most_seasons_repeat_and_some_slowly_change() -> None:
    found = parts.season(rng(), 200, 120, 12)
    apart = np.abs(found[:, 12:] - found[:, :-12]).mean(axis=1)
    assert 0.5 < (apart < 1e-9).mean() < 0.8
    assert (apart < 2.0).all()


def test_two_seasons_repeat_after_the_long_one() -> None:
    found = parts.two_seasons(rng(), 100, 7 * 4 * 6, 4, 28)
    assert (np.abs(found[:, 28:] - found[:, :-28]).mean(axis=1) < 1e-9).mean() > 0.3
    assert (np.abs(found[:, 4:] - found[:, :-4]).mean(axis=1) > 0.05).mean() > 0.5


def test_people_have_days_of_work_and_of_rest() -> None:
    found = parts.activity(rng(), 60, 7 * 24 * 5, 24, 168)
    assert (found > 0).all()
    sizes = np.sort(found.reshape(60, 5, 7, 24).mean(axis=3).mean(axis=1), axis=1)  # (n, 7) days of the week
    assert (sizes[:, 0] < sizes[:, 3]).mean() > 0.9
    week, hour = (np.abs(np.log(found[:, lag:] / found[:, :-lag])).mean() for lag in (168, 12))
    assert week < 0.5 * hour


def test_smooth_curves_hardly_move_within_a_fraction_of_their_width() -> None:
    found = parts.smooth(rng(), 50, 400, np.full(50, 100.0))
    assert np.abs(np.diff(found, axis=1)).mean() < 0.02
    assert 0.6 < found.std() < 1.4


@pytest.mark.parametrize("seasons", [(), (7,), (6, 42)])
def test_simulated_series_are_finite_and_differ_in_size(seasons: tuple[int, ...]) -> None:
    found = simulate(rng(1), 60, 200, seasons)
    assert found.shape == (60, 200)
    assert np.isfinite(found).all()
    size = np.abs(found).mean(axis=1)
    assert size.max() > 100 * size.min()
    assert 0.3 < (found.min(axis=1) >= 0).mean() < 1.0


def test_steps_ahead_are_different_and_in_order() -> None:
    found = draw_steps(rng(), 100)
    assert len(found) == STEPS
    assert (np.diff(found) > 0).all()
    assert found[0] >= 1 and found[-1] <= 100


def test_windows_tell_what_is_known_and_truths_follow_them() -> None:
    reading = Reading.of(())
    values = np.tile(np.arange(reading.length + 40.0), (2, 1))
    group = cut(rng(), values, reading, np.array([reading.length, 5]), 40)
    last = reading.length - 1
    assert (group.window[0] == np.arange(reading.length)).all()
    assert group.window[1, -5:].tolist() == [last - 4, last - 3, last - 2, last - 1, last]
    assert (group.window[1, :-5] == last - 4).all()
    assert (group.truth == last + group.steps).all()


def test_groups_are_the_same_for_a_seed() -> None:
    one, other = (draw_group(rng(5), 16) for _ in range(2))
    assert one.reading == other.reading
    assert (one.window == other.window).all()
    assert (one.truth == other.truth).all()
    assert one.window.shape == (16, one.reading.length)
    assert one.truth.shape == (16, STEPS)
