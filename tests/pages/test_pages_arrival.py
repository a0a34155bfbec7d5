"""A page pauses only while it is drawn for the first time, and its charts come after its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui.shell import first_paint

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep what was to be slept instead of sleeping, on a session that is a plain dict."""
    kept: list[float] = []
    monkeypatch.setattr(first_paint.time, "sleep", kept.append)
    monkeypatch.setattr(first_paint.st, "session_state", {})
    return kept


def test_only_the_first_drawing_of_a_page_pauses(slept: list[float]) -> None:
    first_paint.begin("concepts")
    first_paint.pause()
    first_paint.pause(0.2)
    first_paint.begin("concepts")  # a widget of the page was changed
    first_paint.pause()
    assert slept == [first_paint.CHART, 0.2]
    assert not first_paint.arriving()


def test_another_page_and_the_way_back_pause_again(slept: list[float]) -> None:
    for page in ("home", "concepts", "home"):
        first_paint.begin(page)
        first_paint.pause()
    assert slept == [first_paint.CHART] * 3


def test_a_fragment_drawn_after_the_page_does_not_pause(slept: list[float]) -> None:
    first_paint.begin("concepts")
    first_paint.done()
    first_paint.pause()
    assert slept == []


def test_the_router_says_which_page_it_draws() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not test.exception
    assert first_paint.PAGE in test.session_state
    assert test.session_state[first_paint.ARRIVING] is False
