"""Steps that the browser tests of every domain take."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, expect

PATIENCE = 180_000  # ms
LONG = 420_000  # ms, for a training on a busy machine
TABS = ("Data", "Train", "Compare", "Explain", "Bias", "Predict", "Report")
expect.set_options(timeout=PATIENCE)


def upload(page: Page, file: Path | list[Path]) -> None:
    """Upload one file or several on a domain's page and wait for the findings."""
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Read the files").click()
    expect(page.get_by_text("Data quality findings")).to_be_visible(timeout=LONG)


def train(page: Page) -> None:
    """Train what is ticked, reload meanwhile, and wait for the end."""
    open_tab(page, "Train")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Cancel").or_(page.get_by_text("Done in")).first).to_be_visible()
    expect(page.get_by_text("Done in")).to_be_visible(timeout=LONG)


def settled(page: Page) -> None:
    """Wait until the page is connected and its script has ended."""
    page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]").wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def open_tab(page: Page, name: str) -> None:
    """Open one of the seven tabs."""
    page.get_by_role("tab", name=name, exact=True).click()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where the environment names a folder for them."""
    folder = os.environ.get("DAYLIGHT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def no_fault(page: Page) -> None:
    """Check that nothing on the page is a fault of ours."""
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    expect(page.get_by_text("Internal error")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
