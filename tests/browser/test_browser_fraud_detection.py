"""Fraud detection in a real browser: the sample, an upload up to the report, and the Handbook's 1.75 million rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG, TABS, no_fault, open_tab, picture, settled, train, upload
from tests.transactions import write_transactions

HANDBOOK = Path(__file__).parents[3] / "shared" / "data" / "fraud_handbook.parquet"
pytestmark = pytest.mark.browser


def test_the_sample_fills_every_tab(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_role("link", name="Fraud detection").first.click()
    expect(page.get_by_text("This is the sample.")).to_be_visible()
    for tab in TABS:
        open_tab(page, tab)
        settled(page)
        no_fault(page)
        picture(page, f"fraud_{tab.lower()}")


def test_the_whole_way_from_upload_to_report(page: Page, server: str, transactions_csv: Path, tmp_path: Path) -> None:
    page.goto(f"{server}/fraud_detection")
    upload(page, transactions_csv)
    expect(page.get_by_text("3,000 transactions").first).to_be_visible()
    no_fault(page)
    picture(page, "fraud_own_data")
    train(page)

    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Pairwise comparison")).to_be_visible()
    expect(page.get_by_text("Cost: time and size")).to_be_visible()
    settled(page)
    no_fault(page)
    picture(page, "fraud_own_compare")

    open_tab(page, "Explain")
    expect(page.get_by_text("Base value").first).to_be_visible()
    no_fault(page)
    picture(page, "fraud_own_explain")

    open_tab(page, "Bias")
    expect(page.get_by_text("Disparities between groups")).to_be_visible()
    no_fault(page)

    open_tab(page, "Predict")
    new = write_transactions(tmp_path / "new.csv", 120, seed=9, labels=False)
    page.locator("[data-testid=stFileUploader] input[type=file]").last.set_input_files(new)
    page.get_by_role("button", name="Predict these files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all scores (CSV)").click()
    table = pd.read_csv(download.value.path())
    assert len(table) == 120 and {"row", "score", "flagged"} <= set(table)
    no_fault(page)
    picture(page, "fraud_own_predict")

    open_tab(page, "Report")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Bias and fairness" in report and "label delay" in report
    picture(page, "fraud_own_report")


@pytest.mark.skipif(not HANDBOOK.is_file(), reason="the Handbook's transactions are not on this machine")
def test_the_handbook_is_read_trained_and_compared(page: Page, server: str) -> None:
    page.goto(f"{server}/fraud_detection")
    upload(page, HANDBOOK)
    expect(page.get_by_text("1,754,155").first).to_be_visible()
    no_fault(page)
    picture(page, "handbook_data")
    open_tab(page, "Train")
    page.get_by_text("Options", exact=True).click()
    field = page.get_by_role("spinbutton", name="Train days")
    field.fill("7")
    field.press("Enter")
    settled(page)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Done in")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Cost: time and size")).to_be_visible(timeout=LONG)
    no_fault(page)
    picture(page, "handbook_compare")
