"""Every page through the router: it opens, shows something real, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).parents[2] / "app.py")
TABS = ("Data", "Train")


def opened(page: str = "") -> AppTest:
    """Return the app after its first run, at ``page``."""
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception
    if page:
        test = test.switch_page(f"pages/{page}.py").run()
    return test


def said(test: AppTest) -> str:
    """Return all text of the page."""
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(test, kind))


@pytest.mark.parametrize("page", ["", "medical_imaging", "runs", "concepts"])
@pytest.mark.usefixtures("workspace", "sample")
def test_page_opens_without_fault(page: str) -> None:
    test = opened(page)
    assert not test.exception
    assert not test.error
    assert test.title


@pytest.mark.usefixtures("workspace")
def test_pages_open_without_a_prepared_run_too() -> None:
    for page in ("", "medical_imaging", "runs", "concepts"):
        test = opened(page)
        assert not test.exception
        assert not test.error


@pytest.mark.usefixtures("workspace", "sample")
def test_home_has_a_card_for_each_domain_that_has_a_page() -> None:
    test = opened()
    assert "Medical imaging" in [element.value for element in test.subheader]
    assert "not for diagnosis" in said(test)
    assert "cores" in said(test)


@pytest.mark.usefixtures("workspace", "sample")
def test_first_visit_shows_the_prepared_run() -> None:
    test = opened("medical_imaging")
    words = said(test)
    assert "This is the sample. Upload your own to replace it." in words
    assert "70/10/20 % by patient, seed 0" in words
    assert "2 images stand twice." in words
    assert "not for diagnosis" in words


@pytest.mark.usefixtures("workspace", "sample")
def test_only_the_open_tab_is_drawn() -> None:
    test = opened("medical_imaging")
    assert not [box for box in test.checkbox if "model_" in str(box.key)]
    test.session_state["tab"] = "Train"
    test.run()
    assert [box for box in test.checkbox if "model_" in str(box.key)]
    assert "2 images stand twice." not in said(test)
