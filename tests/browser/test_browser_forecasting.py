"""Forecasting in a real browser: both samples, an upload in each of three layouts, the whole way to a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import LONG, TABS, no_fault, open_tab, picture, settled, train, upload
from tests.series import toy_frame

pytestmark = pytest.mark.browser
SERIES, LENGTH, HORIZON = 4, 84, 6


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four shops in each layout, and a file with words among its values; the long one has a plan of promotions."""
    folder = tmp_path_factory.mktemp("shops")
    frame = toy_frame(n=SERIES, length=LENGTH, covariates=True)
    wide = toy_frame(n=SERIES, length=2 * LENGTH).pivot(index="month", columns="series", values="sales")
    odd = frame.assign(sales=frame["sales"].astype(object))
    odd.loc[3, "sales"] = "a lot"
    made = {
        "long": pd.concat([frame, _plan(frame)]),
        "columns": wide.reset_index(),
        "rows": wide.T.reset_index().set_axis(["name", *(f"V{at + 1}" for at in range(2 * LENGTH))], axis=1),
        "odd": odd,
    }
    for name, table in made.items():
        table.to_csv(folder / f"shops_{name}.csv", index=False)
    return {name: folder / f"shops_{name}.csv" for name in made}


def _plan(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the steps ahead of each series with what is known of them: the region and a promotion."""
    ahead = pd.date_range(frame["month"].max(), periods=HORIZON + 1, freq="MS")[1:]
    known = frame.groupby("series", sort=False)["region"].first()
    return pd.concat(
        [
            pd.DataFrame({"series": name, "month": ahead, "sales": np.nan, "region": region, "promo": [0, 1] * 3})
            for name, region in known.items()
        ]
    )


def _read(page: Page, file: Path) -> None:
    """Upload a file and wait until it stands in the place of what was there."""
    open_tab(page, "Data")  # Predict has an uploader of its own
    settled(page)
    upload(page, file)
    expect(page.get_by_text("Not trained yet").first).to_be_visible(timeout=LONG)
    expect(page.get_by_text(file.stem, exact=True).first).to_be_visible()
    settled(page)


def _answered(page: Page, label: str) -> None:
    """Wait until a question with this label is answered, and what follows from the answer too."""
    settled(page)
    expect(page.get_by_text(label)).to_have_count(0)
    settled(page)


def _tick_only(page: Page, *names: str) -> None:
    """Tick these models and no others; few epochs and steps ahead, so that it takes seconds."""
    open_tab(page, "Train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    _answered(page, "Computing the split")
    boxes = page.locator("[data-testid=stCheckbox]").filter(has_text=": ")  # options have no word of their own
    expect(boxes.filter(has_text="Seasonal naive:")).to_be_visible()
    for at in range(boxes.count()):
        box = boxes.nth(at)
        wanted = box.inner_text().strip().startswith(tuple(f"{name}:" for name in names))
        if box.locator("input").is_checked() != wanted:
            box.locator("label").click()
            settled(page)
            expect(box.locator("input")).to_be_checked(checked=wanted)


def _options(page: Page, **values: int) -> None:
    """Fill in options of the training by their labels, with blanks for underscores."""
    page.get_by_text("Options", exact=True).click()
    for label, value in values.items():
        field = page.get_by_role("spinbutton", name=label.replace("_", " "), exact=True)
        field.fill(str(value))
        field.press("Enter")
        settled(page)


def test_both_samples_open(page: Page, server: str) -> None:
    page.goto(server)
    page.get_by_role("link", name="Forecasting").first.click()
    expect(page.get_by_text("This is the sample.")).to_be_visible()
    for tab in TABS:
        open_tab(page, tab)
        settled(page)
        no_fault(page)
        picture(page, f"series_{tab.lower()}")
    page.get_by_role("button", name="Samples", exact=True).click()
    page.locator("[data-testid=stDialog]").get_by_role("button", name="Open", exact=True).nth(1).click()
    expect(page.get_by_text("Not trained yet").first).to_be_visible(timeout=LONG)
    expect(page.get_by_text("Traffic on an interstate").first).to_be_visible()
    expect(page.get_by_text("Data quality findings")).to_be_visible()
    settled(page)
    no_fault(page)
    picture(page, "series_traffic")


def test_the_whole_way_from_a_long_table_to_the_report(page: Page, server: str, files: dict[str, Path]) -> None:
    page.goto(f"{server}/forecasting")
    _read(page, files["long"])
    expect(page.get_by_text("monthly", exact=True).first).to_be_visible()
    no_fault(page)
    picture(page, "series_own_data")
    _tick_only(page, "Seasonal naive", "Drift", "NLinear")
    _options(page, Forecast_horizon=HORIZON, Max_epochs=2)
    train(page)
    expect(page.get_by_text("3 models in").first).to_be_visible()

    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Pairwise comparison", exact=True)).to_be_visible()
    expect(page.get_by_text("MASE in this window").first).to_be_visible()
    expect(page.get_by_text("Cost: time and size", exact=True)).to_be_visible()
    page.get_by_text("Coverage of 80 % intervals", exact=True).first.click()
    expect(page.get_by_text("is closest to 0.80").first).to_be_visible()
    settled(page)
    no_fault(page)
    picture(page, "series_own_compare")

    open_tab(page, "Explain")
    expect(page.get_by_text("contributes most").or_(page.get_by_text("contribute most")).first).to_be_visible()
    no_fault(page)
    picture(page, "series_own_explain")

    open_tab(page, "Bias")
    expect(page.get_by_text("Disparities between groups").first).to_be_visible()
    no_fault(page)
    picture(page, "series_own_bias")

    open_tab(page, "Predict")
    _predict(page, files["long"])

    open_tab(page, "Report")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Bias and fairness" in report and "MASE" in report
    picture(page, "series_own_report")


def _predict(page: Page, file: Path) -> None:
    """Take the forecasts away, change the plan, and forecast a file."""
    expect(page.get_by_text(f"{SERIES} series, {SERIES * HORIZON} forecasts").first).to_be_visible()
    expect(page.get_by_text("ecent anomalies").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Forecasts (CSV").click()
    table = pd.read_csv(download.value.path())
    assert {"series", "time", "mean", "lower_80", "upper_95"} <= set(table) and len(table) == SERIES * HORIZON
    picture(page, "series_own_ahead")

    page.get_by_role("tab", name="What if: change future covariates", exact=True).click()
    page.get_by_text("1 (yes)", exact=True).click()
    _answered(page, "Forecasting with changed covariates")
    expect(page.get_by_text("sum over the horizon: NLinear +").first).to_be_visible()
    no_fault(page)
    picture(page, "series_own_what_if")

    page.get_by_role("tab", name="Future forecast", exact=True).click()
    page.locator("[data-testid=stFileUploader] input[type=file]").last.set_input_files(file)
    page.get_by_role("button", name="Forecast these files").click()
    expect(page.get_by_role("button", name="Back to my own series")).to_be_visible()
    _answered(page, "Computing forecasts")
    expect(page.get_by_text(f"{SERIES} series, {SERIES * HORIZON} forecasts").first).to_be_visible()
    no_fault(page)


@pytest.mark.parametrize("layout", ["columns", "rows"])
def test_wide_tables_are_trained_on_and_go_on(page: Page, server: str, files: dict[str, Path], layout: str) -> None:
    page.goto(f"{server}/forecasting")
    _read(page, files[layout])
    no_fault(page)
    picture(page, f"series_{layout}_data")
    _tick_only(page, "Seasonal naive", "Drift")
    train(page)
    expect(page.get_by_text("2 models in").first).to_be_visible()
    page.get_by_role("button", name="Compare the models").click()
    expect(page.get_by_text("Pairwise comparison", exact=True)).to_be_visible()
    expect(page.get_by_text("MASE in this window").first).to_be_visible()
    open_tab(page, "Predict")
    expect(page.get_by_text(f"{SERIES} series, ").first).to_be_visible()
    no_fault(page)
    picture(page, f"series_{layout}_ahead")


def test_words_among_values_are_told_with_what_to_do(page: Page, server: str, files: dict[str, Path]) -> None:
    page.goto(f"{server}/forecasting")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]").set_input_files(files["odd"])
    page.get_by_role("button", name="Read the files").click()
    expect(page.get_by_text("text instead of a number (row 4)").first).to_be_visible(timeout=LONG)
    expect(page.get_by_text("your files are still here").first).to_be_visible()
    no_fault(page)
    picture(page, "series_odd")
