"""The reading card in a real browser: in each domain a question answered, a role changed, a column brought back.

What is asked is answered by a button, what is wrong is put right in a select box; the files are uploaded once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG, no_fault, picture, settled

pytestmark = pytest.mark.browser


def bring(page: Page, server: str, domain: str, files: list[Path]) -> None:
    """Upload files on a domain's page and wait for the card."""
    page.goto(f"{server}/{domain}")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Read the files").click()
    expect(card(page).get_by_text("How your files were read")).to_be_visible()
    expect(card(page).locator("button:has-text('Continue'), button:has-text('Discard')").first).to_be_visible(
        timeout=LONG
    )
    settled(page)


def card(page: Page):
    return page.locator(".st-key-reading")


def answer(page: Page, text: str) -> None:
    """Press a button of the open question."""
    question = card(page).locator(".st-key-reading_question_0")
    question.get_by_role("button", name=text).first.click()
    expect(question).to_have_count(0, timeout=LONG)  # until then the roles of before are shown
    settled(page)


def unfold(page: Page) -> None:
    """Open the fold of what is certain, where it is folded."""
    fold = card(page).get_by_text("Files, columns and options")
    if fold.count():
        fold.click()
    expect(card(page).get_by_text("Each column with its role")).to_be_visible()


def give(page: Page, column: str, role: str) -> None:
    """Choose another role for a column with the keyboard alone, and wait until the files were read again."""
    before = page.url
    role_of(page, column).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type(role)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before, timeout=LONG)
    settled(page)
    expect(role_of(page, column)).to_have_value(role)


def role_of(page: Page, column: str):
    """Return the select box of a column's role."""
    return card(page).get_by_role("combobox", name=f"Role of {column}", exact=True)


def go_on(page: Page) -> None:
    """Press the one button, and find the card folded."""
    button = card(page).get_by_role("button", name="Continue")
    expect(button).to_be_enabled(timeout=LONG)
    button.click()
    expect(card(page)).to_have_count(0)
    expect(page.get_by_text("Data quality findings")).to_be_visible(timeout=LONG)
    no_fault(page)


def test_transactions(page: Page, server: str, tmp_path: Path) -> None:
    bring(page, server, "fraud_detection", [two_labels(tmp_path)])
    picture(page, "reading_fraud_question")
    answer(page, "case_a")
    expect(card(page).get_by_text("400 transactions")).to_be_visible(timeout=LONG)
    unfold(page)
    expect(role_of(page, "case_a")).to_have_value("label")
    give(page, "shop", "group")
    expect(role_of(page, "case_a")).to_have_value("label")
    expect(role_of(page, "note")).to_have_value("left out")
    give(page, "note", "id")
    settled(page)
    picture(page, "reading_fraud_changed")
    go_on(page)


def two_labels(folder: Path) -> Path:
    """Write payments with two columns of which either may be the label."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=400, freq="3h"),
            "customer": rng.choice(list("abcdefgh"), 400),
            "shop": rng.choice(["north", "south"], 400),
            "amount": np.round(rng.gamma(2, 20, 400), 2),
            "case_a": (rng.random(400) < 0.1).astype(int),
            "case_b": (rng.random(400) < 0.12).astype(int),
            "note": [f"{at:05x} said {rng.integers(1e9)}" for at in range(400)],
        }
    )
    table.to_csv(folder / "payments.csv", index=False)
    return folder / "payments.csv"


def test_an_upload_that_cannot_be_read_stays_on_a_phone_in_the_dark(chromium: object, server: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 1600}, color_scheme="dark")
    try:
        page = context.new_page()
        page.goto(f"{server}/fraud_detection")
        page.get_by_role("button", name="Upload", exact=True).click()
        field = page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]")
        field.set_input_files([{"name": "notes.csv", "mimeType": "text/csv", "buffer": b"hello\n"}])
        page.get_by_role("button", name="Read the files").click()
        expect(card(page).get_by_text("Nothing is lost")).to_be_visible(timeout=LONG)
        settled(page)
        picture(page, "reading_failed_phone_dark")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        card(page).get_by_role("button", name="Discard upload").click()
        expect(card(page)).to_have_count(0)
        no_fault(page)
    finally:
        context.close()
