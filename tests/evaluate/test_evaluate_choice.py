"""The choice of the best model, with numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dl_core.evaluate.choice import Standing, as_good, choose, settled, standing
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.scored import Scored


def test_of_models_within_one_standard_error_the_simplest_wins():
    found = {"a": Standing(0.99, 0.01, 900), "b": Standing(0.985, 0.02, 50), "c": Standing(0.97, 0.03, 1)}
    assert choose(found) == "b"  # c is 0.02 below the top, more than its error of 0.01


def test_a_clear_lead_needs_no_second_look():
    assert choose({"a": Standing(0.9, 0.01, 1), "b": Standing(0.95, 0.01, 900)}) == "b"


def test_undefined_values_stand_back_and_nothing_gives_nothing():
    nan = math.nan
    assert choose({"a": Standing(nan), "b": Standing(0.5)}) == "b"
    assert choose({"a": Standing(nan), "b": Standing(nan)}) == "a"
    assert choose({}) is None


def test_of_equally_simple_ones_the_better_and_then_the_first_is_taken():
    assert choose({"a": Standing(0.90, 0.02, 7), "b": Standing(0.91, 0.02, 7)}) == "b"
    assert choose({"a": Standing(0.9, 0.0, 7), "b": Standing(0.9, 0.0, 7)}) == "a"


def test_a_standing_needs_the_facts_of_its_metric():
    y, p = np.array([0, 0, 1, 1]), np.array([0.2, 0.9, 0.6, 0.8])
    score = np.stack([1 - p, p], axis=1)
    about = {"day": np.array([0, 0, 1, 1]), "budget": 1.0}
    assert standing(Scored(y, score, 0.5, about), ALL_METRICS["precision_at_k"]).value == pytest.approx(0.5)
    assert math.isnan(standing(Scored(y, score, 0.5), ALL_METRICS["precision_at_k"]).value)


def test_a_standing_turns_losses_round_and_measures_its_error():
    y = np.array([0, 0, 1, 1] * 25)
    p = np.tile([0.2, 0.4, 0.6, 0.8], 25)
    found = standing(Scored(y, np.stack([1 - p, p], axis=1), 0.5), ALL_METRICS["brier"], size=3)
    assert found.value == pytest.approx(-(0.04 + 0.16 + 0.16 + 0.04) / 4)
    assert 0 < found.error < 0.02 and found.size == 3


def test_a_default_stays_where_another_is_better_by_less_than_its_noise():
    """Gains 1, 1, 1, -2: mean .25, standard error .75; with 1, 1, 1, 0 the mean is .75 and the error .25."""
    default = np.array([5.0, 6.0, 7.0, 8.0])
    assert settled({"a": default, "b": default - [1, 1, 1, -2]}) == "a"
    assert settled({"a": default, "b": default - [1, 1, 1, 0]}) == "b"


def test_windows_of_one_series_count_once():
    """Six windows of one series gain, five other series lose a little: over series nothing is gained."""
    units = np.array(["x"] * 20 + list("abcde"))
    gain = np.array([0.2] * 20 + [-0.1] * 5)
    assert settled({"a": np.ones(25), "b": 1 - gain}) == "b"
    assert settled({"a": np.ones(25), "b": 1 - gain}, units) == "a"


def test_cases_without_a_loss_do_not_choose():
    assert settled({"a": np.array([1.0, np.nan]), "b": np.array([0.5, 0.1])}) == "a"


def test_settings_as_good_as_the_best_are_those_within_its_noise():
    """Beyond c: a by .5 ± .5 (errors 0, 0, 0, 2), b by 1 ± 0; only a may be as good."""
    best = np.array([1.0, 2.0, 3.0, 4.0])
    found = as_good({"a": best + [0, 0, 0, 2], "b": best + 1, "c": best})
    assert found == ["a", "c"]
