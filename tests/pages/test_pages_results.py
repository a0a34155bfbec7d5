"""The five tabs of a finished run, through the router: what each shows first, and what it says when nothing fits."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dl_core.domain import get_domain
from tests.pages.test_pages_router import opened, said
from ui.shell import services

PREPARED = get_domain("medical_imaging").sample.prepared_run
needs_prepared = pytest.mark.skipif(not PREPARED.exists(), reason="the prepared run was not built")


def tab(name: str) -> AppTest:
    """Return the medical imaging page with a tab open."""
    test = opened("medical_imaging")
    test.session_state["tab"] = name
    return test.run()


@pytest.mark.usefixtures("workspace", "sample")
def test_compare_gives_a_verdict_in_words_and_paired_differences() -> None:
    test = tab("Compare")
    assert not test.exception
    assert not test.error
    assert "frozen_features" in test.info[0].value or "Frozen features" in test.info[0].value
    assert "Pairwise comparison" in said(test)
    assert "n = 8 test rows, paired" in said(test)


@pytest.mark.usefixtures("workspace", "sample")
def test_bias_says_that_groups_are_too_small() -> None:
    test = tab("Bias")
    assert not test.exception
    assert any("too few to evaluate" in warning.value for warning in test.warning)
    assert "Disparities between groups" in said(test)


@pytest.mark.usefixtures("workspace", "sample")
def test_a_model_that_is_gone_gives_a_line_and_a_way_on() -> None:
    test = tab("Explain")
    assert not test.exception
    assert test.error
    assert "Traceback" not in said(test)
    assert any(button.label == "Try again" for button in test.button)


@needs_prepared
@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Compare", "Pairwise comparison"),
        ("Explain", "Saliency for"),
        ("Bias", "Disparities between groups"),
        ("Predict", "Six test cases of the sample"),
        ("Report", "Preview"),
    ],
)
def test_the_prepared_run_answers_without_a_worker(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    submit = services.submit

    def note(task: str, *args: object, **options: object) -> object:
        asked.append(task)
        return submit(task, *args, **options)

    monkeypatch.setattr("ui.shell.services.submit", note)
    test = tab(name)
    assert not test.exception
    assert words in said(test)
    assert set(asked) <= {"sample"}


@needs_prepared
@pytest.mark.usefixtures("workspace")
def test_a_case_is_called_by_the_same_probability_everywhere() -> None:
    test = tab("Explain")
    sentence = next(element.value for element in test.markdown if "has true class" in element.value)
    sure = sentence.split("(")[1].split(")")[0]
    assert any(f"probability {sure}" in element.value for element in test.caption)
