"""A page pauses only while it is drawn for the first time, and its charts come after its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui import arrival

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep what was to be slept instead of sleeping, on a session that is a plain dict."""
    kept: list[float] = []
    monkeypatch.setattr(arrival.time, "sleep", kept.append)
    monkeypatch.setattr(arrival.st, "session_state", {})
    return kept


def test_only_the_first_drawing_of_a_page_pauses(slept: list[float]) -> None:
    arrival.begin("concepts")
    arrival.pause()
    arrival.pause(0.2)
    arrival.begin("concepts")  # a widget of the page was changed
    arrival.pause()
    assert slept == [arrival.CHART, 0.2]
    assert not arrival.arriving()


def test_another_page_and_the_way_back_pause_again(slept: list[float]) -> None:
    for page in ("home", "concepts", "home"):
        arrival.begin(page)
        arrival.pause()
    assert slept == [arrival.CHART] * 3


def test_a_fragment_drawn_after_the_page_does_not_pause(slept: list[float]) -> None:
    arrival.begin("concepts")
    arrival.done()
    arrival.pause()
    assert slept == []


def test_the_router_says_which_page_it_draws() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not test.exception
    assert arrival.PAGE in test.session_state
    assert test.session_state[arrival.ARRIVING] is False
