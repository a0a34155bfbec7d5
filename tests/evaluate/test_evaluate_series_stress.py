"""Spoilt histories: what each damage does, that strengths grow, and that time and cancelling are kept."""

import numpy as np
import pytest

from dl_core.errors import CancelledError, OptionError
from dl_core.evaluate.series.stress import FEWEST_CASES, STRENGTHS, STRESSES, stress_forecasts
from tests.series import toy_panel

HORIZON = 6


class Seasonal:
    """The last season again; ``fails`` after so many forecasts."""

    def __init__(self, lag):
        self.lag, self.asked = lag, []

    def forecast(self, panel, horizon=None):
        self.asked.append(len(panel))
        panel = panel.filled()
        ends = np.stack([panel.of_series(at)[-self.lag :] for at in range(len(panel))])
        middle = np.tile(ends, (1, horizon // self.lag + 1))[:, :horizon]
        return np.repeat(middle[:, :, None], 13, axis=2)


@pytest.fixture(scope="module")
def history():
    panel = toy_panel(20)
    return panel.until(np.arange(20), panel.lengths - HORIZON)


@pytest.fixture(scope="module")
def truth():
    panel = toy_panel(20)
    return panel.truth(np.arange(20), panel.lengths - HORIZON, HORIZON)


@pytest.fixture(scope="module")
def rows(history, truth):
    return stress_forecasts({"season": Seasonal(12), "last": Seasonal(1)}, history, truth, scale=history.scales())


def test_every_model_kind_and_strength_has_a_row(rows):
    assert len(rows) == 2 * len(STRESSES) * len(STRENGTHS)
    known = {"model", "corruption", "strength", "unit", "amount", "metric", "value", "low", "high", "n"}
    assert all(set(row) == known and row["metric"] == "mase" for row in rows)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)


def test_strength_nought_is_the_untouched_history_for_all_kinds(rows, history, truth):
    plain = {row["value"] for row in rows if row["model"] == "season" and row["strength"] == 0}
    middle = Seasonal(12).forecast(history, HORIZON)[:, :, 6]
    expected = (np.abs(middle - truth).mean(axis=1) / history.scales()).mean()
    assert len(plain) == 1 and plain.pop() == pytest.approx(expected)


@pytest.mark.parametrize("kind", STRESSES)
def test_the_strongest_damage_makes_the_seasonal_forecast_worse(rows, kind):
    value = {row["strength"]: row["value"] for row in rows if row["model"] == "season" and row["corruption"] == kind}
    assert value[5] > 1.1 * value[0]


def test_damage_is_what_it_says(history):
    scale = history.scales()
    span = 36  # three seasons
    noisy = STRESSES["noise"](history, scale, 3)
    each = (noisy.values - history.values) / np.repeat(scale, history.lengths)
    assert each.std() == pytest.approx(0.5, rel=0.1)
    gone = np.isnan(STRESSES["missing"](history, scale, 3).values.reshape(20, -1))
    assert (gone.sum(axis=1) == np.ceil(0.2 * span)).all() and not gone[:, :-span].any()
    assert all(np.diff(np.flatnonzero(line)).max() == 1 for line in gone)  # one stretch
    shifted = STRESSES["level_shift"](history, scale, 3).values - history.values
    size = np.abs(shifted.reshape(20, -1)) / scale[:, None]
    assert size[:, 0] == pytest.approx(np.full(20, 2.0)) and (size[:, -1] == 0).all()
    odd = STRESSES["outliers"](history, scale, 3).values != history.values
    assert (odd.reshape(20, -1).sum(axis=1) == np.ceil(0.05 * span)).all()


def test_damage_repeats_with_the_seed_and_keeps_the_panel(history):
    scale, before = history.scales(), history.values.copy()
    one, two = (STRESSES["noise"](history, scale, 2, seed=4) for _ in range(2))
    assert (one.values == two.values).all() and (history.values == before).all()
    assert (one.values >= 0).all()  # as the history never is negative


def test_a_short_history_with_gaps_is_no_error():
    panel = toy_panel(3, length=5)
    values = panel.values.copy()
    values[1] = np.nan
    short = panel.until(np.arange(3), np.array([1, 3, 5]))
    for stress in STRESSES.values():
        assert len(stress(short, np.ones(3), 5).values) == 9


def test_a_slow_model_is_judged_on_fewer_histories(history, truth):
    model = Seasonal(12)
    rows = stress_forecasts({"one": model}, history, truth, scale=history.scales(), kinds=["noise"], time_limit=1e-9)
    assert {row["n"] for row in rows} == {FEWEST_CASES}
    assert rows[0]["strength"] == 0


def test_work_can_be_stopped(history, truth):
    model, calls = Seasonal(12), []

    def stop():
        calls.append(1)
        if len(calls) > 5:
            raise CancelledError("the work was cancelled")

    with pytest.raises(CancelledError):
        stress_forecasts({"one": model}, history, truth, scale=history.scales(), check_stop=stop)
    assert len(model.asked) < 8


def test_unknown_damage_and_nothing_to_judge(history, truth):
    with pytest.raises(OptionError, match="noise"):
        stress_forecasts({"one": Seasonal(12)}, history, truth, scale=history.scales(), kinds=["rain"])
    with pytest.raises(OptionError, match="0 to 5"):
        STRESSES["noise"](history, history.scales(), 6)
    assert stress_forecasts({"one": Seasonal(12)}, history, truth * np.nan, scale=history.scales()) == []
