"""Recommendations in a real browser: the sample, and a u.data-shaped upload with titles and groups up to the report."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG, TABS, no_fault, open_tab, picture, settled, train, upload
from tests.ratings import draw_ratings, write_u_data

pytestmark = pytest.mark.browser
EPOCHS = "4"


@pytest.fixture(scope="module")
def files(ratings_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """3,037 ratings, 80 films and 150 people as u.data, u.item and u.user."""
    folder = tmp_path_factory.mktemp("films")
    with zipfile.ZipFile(ratings_zip) as packed:
        for name in ("u.data", "u.item", "u.user"):
            (folder / name).write_bytes(packed.read(f"ml-100k/{name}"))
    return [folder / name for name in ("u.data", "u.item", "u.user")]


def _epochs(page: Page) -> None:
    """Let the networks train for a few epochs only."""
    open_tab(page, "Train")
    page.get_by_text("Options", exact=True).click()
    field = page.get_by_role("spinbutton", name="Max epochs")
    field.fill(EPOCHS)
    field.press("Enter")
    settled(page)


def _answered(page: Page, label: str) -> None:
    """Wait until a question with this label is answered, and what follows from the answer too."""
    settled(page)
    expect(page.get_by_text(label, exact=True)).to_have_count(0)
    settled(page)


def _part(page: Page, name: str) -> None:
    """Open one of the tabs within Predict."""
    page.get_by_role("tab", name=name, exact=True).click()
    settled(page)


def test_the_sample_fills_every_tab(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_role("link", name="Recommendations").first.click()
    expect(page.get_by_text("This is the sample.")).to_be_visible()
    for tab in TABS:
        open_tab(page, tab)
        settled(page)
        no_fault(page)
        picture(page, f"lists_{tab.lower()}")


def test_the_whole_way_from_u_data_to_report(page: Page, server: str, files: list[Path], tmp_path: Path) -> None:
    page.goto(f"{server}/recommendation")
    upload(page, files)
    expect(page.get_by_text("3,037").first).to_be_visible()
    expect(page.get_by_text("Checking the data")).to_have_count(0)
    no_fault(page)
    picture(page, "lists_own_data")
    _epochs(page)
    train(page)
    expect(page.get_by_text("Not trained")).to_have_count(0)

    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Pairwise comparison", exact=True)).to_be_visible()
    expect(page.get_by_text("Cost: time and size", exact=True)).to_be_visible()
    expect(page.get_by_text("Users with different recommendations").first).to_be_visible()
    settled(page)
    no_fault(page)
    picture(page, "lists_own_compare")

    open_tab(page, "Explain")
    expect(page.get_by_text("because of").first).to_be_visible()
    no_fault(page)
    picture(page, "lists_own_explain")

    open_tab(page, "Bias")
    expect(page.get_by_text("Exposure", exact=True).first).to_be_visible()
    _answered(page, "Computing metrics by group")
    expect(page.get_by_text("Disparities between groups").first).to_be_visible()
    no_fault(page)
    picture(page, "lists_own_bias")

    open_tab(page, "Predict")
    _predict(page, tmp_path)

    open_tab(page, "Report")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Bias and fairness" in report and "nDCG" in report
    picture(page, "lists_own_report")


def _predict(page: Page, folder: Path) -> None:
    """Look at a known user, build a new one from two films found by their titles, and take everyone's lists."""
    expect(page.get_by_text("Based on all interactions").first).to_be_visible()
    no_fault(page)
    picture(page, "lists_own_known")

    _part(page, "New user")
    search = page.get_by_role("textbox", name="Add an item")
    for word in ("Horror", "Western"):
        search.fill(word)
        search.press("Enter")
        settled(page)
        page.get_by_role("button", name="Add", exact=True).click()
        settled(page)
    expect(page.get_by_role("button", name="Remove item")).to_have_count(2)
    _answered(page, "Recommending")
    expect(page.locator("[data-testid=stDataFrame]").nth(1)).to_be_visible()
    no_fault(page)
    picture(page, "lists_own_someone_new")

    _part(page, "All users (batch)")
    page.get_by_role("button", name="Generate recommendations for all").click()
    with page.expect_download(timeout=LONG) as download:
        page.get_by_role("button", name="Download (CSV").click()
    table = pd.read_csv(download.value.path(), dtype={"user": str, "item": str})
    assert {"user", "rank", "item", "score"} <= set(table) and table["user"].nunique() == 150
    no_fault(page)
    picture(page, "lists_own_everyone")

    new = draw_ratings(users=3, items=80, seed=5).assign(user=lambda rows: rows["user"] + 900)
    page.locator("[data-testid=stFileUploader] input[type=file]").last.set_input_files(
        write_u_data(folder / "new.data", new)
    )
    page.get_by_role("button", name="Generate recommendations for this file").click()
    expect(page.get_by_text("3 users", exact=True).first).to_be_visible()
    no_fault(page)
