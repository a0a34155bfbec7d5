"""The whole way in a real browser: upload a zip, train, compare, explain, check bias, predict, download the report."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG, PATIENCE, TABS, no_fault, open_tab, picture, settled, train, upload

CHEST = Path(__file__).parents[3] / "shared" / "data" / "pneumoniamnist.npz"
pytestmark = pytest.mark.browser


def test_home_leads_to_the_sample(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_role("link", name="Medical imaging").first.click()
    expect(page.get_by_text("This is the sample.")).to_be_visible()
    for tab in TABS:
        open_tab(page, tab)
        settled(page)
        no_fault(page)
        picture(page, f"sample_{tab.lower()}")


def test_the_whole_way_from_upload_to_report(page: Page, server: str, class_folders: Path, tmp_path: Path) -> None:
    page.goto(f"{server}/medical_imaging")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]").set_input_files(class_folders)
    page.get_by_role("button", name="Read the files").click()
    expect(page.get_by_text("Data quality findings")).to_be_visible()
    expect(page.get_by_text("80 rows").or_(page.get_by_text("80 images")).first).to_be_visible()
    no_fault(page)
    picture(page, "own_data")

    open_tab(page, "Train")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Cancel").or_(page.get_by_text("Done in")).first).to_be_visible()
    picture(page, "own_training")
    expect(page.get_by_text("Done in")).to_be_visible(timeout=LONG)

    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Pairwise comparison")).to_be_visible()
    expect(page.get_by_text("Cost: time and size")).to_be_visible()
    settled(page)
    no_fault(page)
    picture(page, "own_compare")

    open_tab(page, "Explain")
    expect(page.get_by_text("Saliency for finding").or_(page.get_by_text("Saliency for healthy")).first).to_be_visible()
    expect(page.get_by_text("Deletion ↓").first).to_be_visible()
    no_fault(page)
    picture(page, "own_explain")

    open_tab(page, "Bias")
    expect(page.get_by_text("Disparities between groups")).to_be_visible()
    no_fault(page)
    picture(page, "own_bias")

    open_tab(page, "Predict")
    new = tmp_path / "new_case.png"
    new.write_bytes(first_image(class_folders))
    page.locator("[data-testid=stFileUploader] input[type=file]").last.set_input_files(new)
    page.get_by_role("button", name="Predict these files").click()
    expect(page.get_by_role("button", name="Download predictions (CSV)")).to_be_visible()
    expect(page.get_by_text("new_case.png").last).to_be_visible()
    no_fault(page)
    picture(page, "own_predict")

    open_tab(page, "Report")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Bias and fairness" in report and "For research and demonstration" in report
    picture(page, "own_report")


def first_image(archive: Path) -> bytes:
    """Return the first image of a zip."""
    with zipfile.ZipFile(archive) as packed:
        return packed.read(next(name for name in packed.namelist() if name.endswith(".png")))


def test_two_browsers_see_nothing_of_each_other(chromium, server: str, class_folders: Path) -> None:
    first, second = (chromium.new_context() for _ in range(2))
    for context in (first, second):
        context.set_default_timeout(PATIENCE)
    one, two = first.new_page(), second.new_page()
    one.goto(f"{server}/medical_imaging")
    one.get_by_role("button", name="Upload", exact=True).click()
    one.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]").set_input_files(class_folders)
    one.get_by_role("button", name="Read the files").click()
    expect(one.get_by_text("Data quality findings")).to_be_visible()
    address = one.url
    two.goto(address)
    expect(two.get_by_role("tab", name="Data")).to_be_visible()
    settled(two)
    expect(two.get_by_text("80 images")).to_have_count(0)
    two.goto(f"{server}/runs")
    settled(two)
    expect(two.get_by_text("scans")).to_have_count(0)
    first.close()
    second.close()


@pytest.fixture
def chest_zip(tmp_path: Path) -> Path:
    """The chest X-rays of PneumoniaMNIST as a zip of class folders."""
    arrays, names = np.load(CHEST), ("normal", "pneumonia")
    path = tmp_path / "chest.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for part in ("train", "val", "test"):
            labels = arrays[f"{part}_labels"].ravel()
            for at, (image, label) in enumerate(zip(arrays[f"{part}_images"], labels, strict=True)):
                buffer = io.BytesIO()
                Image.fromarray(image).save(buffer, "PNG")
                packed.writestr(f"{names[int(label)]}/{part}_{at:04d}.png", buffer.getvalue())
    return path


@pytest.mark.skipif(not CHEST.is_file(), reason="PneumoniaMNIST is not on this machine")
def test_a_zip_of_chest_x_rays_is_read_trained_and_explained(page: Page, server: str, chest_zip: Path) -> None:
    page.goto(f"{server}/medical_imaging")
    upload(page, chest_zip)
    expect(page.get_by_text("5,856 images").first).to_be_visible()
    no_fault(page)
    picture(page, "chest_data")
    train(page)
    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Cost: time and size")).to_be_visible()
    no_fault(page)
    picture(page, "chest_compare")
    open_tab(page, "Explain")
    expect(page.get_by_text("Deletion ↓").first).to_be_visible()
    no_fault(page)
    picture(page, "chest_explain")
