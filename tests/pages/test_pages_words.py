"""Numbers, intervals, times and sizes against hand-worked cases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shell import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.94712, "0.947"),
        (0.9996, "1.00"),
        (1.0, "1.00"),
        (0.0, "0"),
        (0.00123456, "0.00123"),
        (12.345, "12.3"),
        (123.45, "123"),
        (1234.5, "1,230"),
        (-0.5, "−0.500"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert words.number(value) == text


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_number_is_off_by_at_most_half_a_unit_of_the_third_digit(value: float) -> None:
    shown = float(words.number(value).replace(",", ""))
    assert abs(shown - value) <= 0.00501 * value


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.91, 0.95, "[0.91, 0.95]"),
        (0.9049, 0.9449, "[0.90, 0.94]"),
        (0.9991, 0.9999, "[0.9991, 0.9999]"),
        (-0.018, 0.052, "[−0.02, 0.05]"),
        (0.018, 0.0452, "[0.018, 0.045]"),
        (120.2, 180.7, "[120, 181]"),
        (0.5, 0.5, "[0.50, 0.50]"),
        (None, 0.5, "–"),
        (float("nan"), 0.5, "–"),
    ],
)
def test_interval(low: float | None, high: float | None, text: str) -> None:
    assert words.interval(low, high) == text


def test_estimate_names_n() -> None:
    assert words.estimate(0.9312, 0.91, 0.95, 1624) == "0.931 [0.91, 0.95], n = 1,624"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "a few seconds"),
        (6, "about 5 s"),
        (9, "about 10 s"),
        (22, "about 20 s"),
        (57, "about 1 min"),
        (150, "about 2 min"),
        (3500, "about 1 h"),
        (None, "–"),
    ],
)
def test_about(seconds: float | None, text: str) -> None:
    assert words.about(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0032, "3.2 ms"), (0.42, "0.42 s"), (18.2, "18 s"), (125, "2 min 5 s"), (120, "2 min"), (3780, "1 h 3 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(512, "512 B"), (9_140_000, "9.1 MB"), (1_200_000_000, "1.2 GB"), (999_600, "1.0 MB")]
)
def test_size(number: int, text: str) -> None:
    assert words.size(number) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.12, "12 %"), (0.004, "0.4 %"), (0.996, "99.6 %"), (1.0, "100 %"), (0.0, "0 %"), (None, "–")]
)
def test_percent(share: float | None, text: str) -> None:
    assert words.percent(share) == text


def test_signed_uses_a_minus_not_a_hyphen() -> None:
    assert words.signed(0.0312) == "+0.0312"
    assert words.signed(-0.0042) == "−0.00420"


def test_when_counts_back_from_now() -> None:
    now = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    assert words.when(datetime(2026, 3, 10, 11, 55, tzinfo=UTC), now) == "5 min ago"
    assert words.when(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), now) == "3 h ago"
    assert words.when(datetime(2026, 3, 9, 10, 0, tzinfo=UTC), now) == "yesterday"
    assert words.when(datetime(2026, 3, 2, tzinfo=UTC), now) == "2 Mar 2026"


def test_a_blend_tells_how_it_weighs_its_paths():
    from ui.panels.compare import paths_sentence

    chosen = {"weights": {"linear": 1.0, "deep": 0.001}, "held_ndcg": {"linear": 0.1356, "deep": 0.11, "blend": 0.136}}
    assert paths_sentence("Blend", chosen) == (
        "Blend: weights linear 100 %, deep 0 %. nDCG on held-out validation users: linear 0.136, deep 0.110, "
        "blend 0.136. The deep component contributes almost nothing."
    )
    assert paths_sentence("EASE", {"ridge": 400.0}) == ""
