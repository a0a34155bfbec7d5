"""The reading card in a real browser: in each domain what is certain, what is assumed and changed, what is asked.

What is asked is answered by a button, what is wrong is put right in a select box; the files are uploaded once. All
cases of a domain are tried in one session, as somebody with several files would.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.steps import LONG, no_fault, open_tab, picture, settled

pytestmark = pytest.mark.browser
DAYS = pd.date_range("2022-01-03", periods=300, freq="D")


def bring(page: Page, files: Mapping[str, bytes]) -> None:
    """Upload files on the page of a domain and wait for the card."""
    page.get_by_role("button", name="Upload", exact=True).click()
    field = page.locator("[data-testid=stDialog] [data-testid=stFileUploader] input[type=file]")
    field.set_input_files([{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()])
    page.get_by_role("button", name="Read the files").click()
    done = card(page).get_by_role("button", name=re.compile("Continue|Discard upload"))
    expect(done).to_be_visible(timeout=LONG)
    settled(page)


def card(page: Page) -> Locator:
    return page.locator(".st-key-reading")


def says(page: Page, *texts: str) -> None:
    """Check that the card says each of some texts."""
    for text in texts:
        expect(card(page)).to_contain_text(text, timeout=LONG)


def question(page: Page) -> Locator:
    return card(page).locator(".st-key-reading_question_0")


def answer(page: Page, text: str) -> None:
    """Press a button of the open question."""
    question(page).get_by_role("button", name=text).first.click()
    expect(question(page)).to_have_count(0, timeout=LONG)  # until then the roles of before are shown
    settled(page)


def unfold(page: Page) -> None:
    """Open the fold of what is certain, where it is folded."""
    fold = card(page).get_by_text("Files, columns and options")
    if fold.count():
        fold.click()
    expect(card(page).get_by_text("Each column with its role")).to_be_visible()


def has(page: Page, **roles: str) -> None:
    """Check the roles that columns have."""
    unfold(page)
    for column, role in roles.items():
        expect(role_of(page, column)).to_have_value(role)


def give(page: Page, column: str, role: str) -> None:
    """Choose another role for a column with the keyboard alone, and wait until the files were read again.

    A page that is drawn anew meanwhile loses keys, so they are pressed again where nothing came of them.
    """
    before = page.url
    for patience in (30_000, 60_000, LONG):
        role_of(page, column).focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.type(role)
        page.keyboard.press("Enter")
        try:
            page.wait_for_url(lambda url: url != before, timeout=patience)
        except TimeoutError:
            continue
        break
    settled(page)
    expect(role_of(page, column)).to_have_value(role)


def role_of(page: Page, column: str) -> Locator:
    """Return the select box of a column's role."""
    return card(page).get_by_role("combobox", name=f"Role of {column}", exact=True)


def go_on(page: Page, strip: str) -> None:
    """Press the one button, and find the card folded and the data set on the Data tab."""
    button = card(page).get_by_role("button", name="Continue")
    expect(button).to_be_enabled(timeout=LONG)
    button.click()
    expect(card(page)).to_have_count(0)
    expect(page.get_by_text("Data quality findings").first).to_be_visible(timeout=LONG)
    expect(page.locator(".st-key-strip")).to_contain_text(strip)
    no_fault(page)


def csv(**columns: Any) -> bytes:
    return pd.DataFrame(columns).to_csv(index=False).encode()


def test_transactions(page: Page, server: str) -> None:
    page.goto(f"{server}/fraud_detection")
    bring(page, {"claims.csv": claims()})
    says(page, "300 transactions", "FraudFound_P: 0 (270), 1 (30); positive class: 1")
    says(page, "The split came with the data and is kept: 150 training, 75 validation, 75 test.")
    has(page, FraudFound_P="label", claim="left out", price="amount", vehicle="feature")
    go_on(page, "claims · 300 transactions")

    bring(page, {"cards.csv": cards()})
    says(
        page, "300 transactions", "grouped by customer_id (30)", "fraud (60); positive class: fraud; 60 without a label"
    )
    has(page, stamp="time", customer_id="entity", state="label", channel="feature")
    expect(card(page).get_by_text("(hidden)")).to_have_count(2)  # card number and code
    expect(role_of(page, "card_number")).to_have_count(0)
    picture(page, "reading_fraud_changed")
    go_on(page, "cards · 300 transactions")

    bring(page, {"payments.csv": two_labels()})
    expect(question(page).get_by_role("button")).to_have_count(3)
    picture(page, "reading_fraud_question")
    answer(page, "case_a")
    says(page, "400 transactions", "case_a: 0 (360), 1 (40); positive class: 1")
    has(page, case_a="label", note="left out")
    give(page, "shop", "group")
    expect(role_of(page, "case_a")).to_have_value("label")
    give(page, "note", "id")
    go_on(page, "payments · 400 transactions")


def claims() -> bytes:
    """Write claims with a label of an unknown name and a column that names the parts of a split."""
    rng = np.random.default_rng(1)
    at = np.arange(300)
    return csv(
        claim=at,
        vehicle=rng.choice(["a", "b", "c"], 300),
        price=np.round(rng.gamma(2, 20, 300), 2),
        Training=np.array(["Training", "Validation", "Training", "Test"])[at % 4],
        FraudFound_P=(at % 10 == 0).astype(int),
    )


def cards() -> bytes:
    """Write payments with card numbers of the test range, codes, and labels that are pending."""
    rng = np.random.default_rng(2)
    at = np.arange(300)
    numbers = [luhn(f"40000000000{n:04d}") for n in range(30)]
    return csv(
        stamp=pd.date_range("2024-01-01 08:00", periods=300, freq="7h"),
        customer_id=[f"C{n:03d}" for n in at % 30],
        card_number=[numbers[n] for n in at % 30],
        cvv=[f"{n * 37 % 1000:03d}" for n in at % 30],
        amount=np.round(rng.gamma(2, 20, 300), 2),
        channel=rng.choice(["web", "shop"], 300),
        state=np.array(["legit", "legit", "legit", "fraud", "pending"])[at % 5],
    )


def luhn(digits: str) -> str:
    """Return a number with its check digit."""
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))]
    return digits + str(-sum(sum(divmod(one, 10)) for one in doubled) % 10)


def two_labels() -> bytes:
    """Write payments with two columns of which either may be the label."""
    rng = np.random.default_rng(3)
    at = np.arange(400)
    return csv(
        time=pd.date_range("2024-01-01", periods=400, freq="3h"),
        customer=rng.choice(list("abcdefgh"), 400),
        shop=rng.choice(["north", "south"], 400),
        amount=np.round(rng.gamma(2, 20, 400), 2),
        case_a=(at % 10 == 3).astype(int),
        case_b=(rng.random(400) < 0.12).astype(int),
        note=[f"{n:05x} said {rng.integers(1e9)}" for n in at],
    )


def test_images(page: Page, server: str) -> None:
    page.goto(f"{server}/medical_imaging")
    folders = [f"seg_{part}/seg_{part}/{name}/{n:02d}.png" for part, name, n in parts()]
    bring(page, {"scans.zip": images(folders)})
    says(page, "48 images", "label: NORMAL (24), PNEUMONIA (24); positive class: PNEUMONIA")
    says(page, "The split came with the data and is kept: 24 training, 24 test.")
    go_on(page, "scans · 48 images")

    rows = [f"im{n % 24:02d},{'nodule' if n % 2 or n == 0 else 'no finding'},R{n // 24}" for n in range(72)]
    table = "\n".join(["image_id,class_name,reader", *rows])
    bring(page, {"readers.zip": images([f"images/im{n:02d}.png" for n in range(24)], {"labels.csv": table})})
    says(page, "24 images", "class_name: no finding (12), nodule (12)", "72 rows name 24 images", "1 of these")
    has(page, class_name="label", reader="left out")
    picture(page, "reading_images_changed")
    go_on(page, "readers · 24 images")

    found = [("Mass", "Mass|Effusion", "No Finding", "Effusion")[n % 4] for n in range(48)]
    rows = [f"{n:04d}_000.png,{found[n]},{'MF'[n // 4 % 2]}" for n in range(48)]
    table = "\n".join(["Image,Finding,Sex", *rows])
    bring(page, {"chests.zip": images([f"images/{n:04d}_000.png" for n in range(48)], {"Data_Entry.csv": table})})
    says(page, "12 of 48 cells of 'Finding' hold several findings")
    picture(page, "reading_images_question")
    answer(page, "Mass")
    says(page, "48 images", "(24); positive class: Mass")
    has(page, Finding="label", Sex="group")
    go_on(page, "chests · 48 images")


def parts() -> Iterator[tuple[str, str, int]]:
    """Yield part, class and number of images of which half are for training."""
    return ((part, name, n) for part in ("train", "test") for name in ("NORMAL", "PNEUMONIA") for n in range(12))


def images(names: list[str], more: Mapping[str, str] | None = None) -> bytes:
    """Return a zip of small noisy images, and of other files."""
    rng, made = np.random.default_rng(4), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            content = io.BytesIO()
            Image.fromarray(rng.integers(0, 255, (32, 32), dtype=np.uint8)).save(content, "PNG")
            archive.writestr(name, content.getvalue())
        for name, text in (more or {}).items():
            archive.writestr(name, text)
    return made.getvalue()


def test_interactions(page: Page, server: str) -> None:
    page.goto(f"{server}/recommendation")
    rng = np.random.default_rng(5)
    users, items = np.repeat(np.arange(40), 6), np.concatenate([rng.permutation(15)[:6] for _ in range(40)])
    plays = csv(userID=users, artistID=items, weight=rng.integers(10, 20_000, 240))
    names = csv(id=np.arange(15), name=[f"Artist {n}" for n in range(15)])
    tags = csv(tagID=np.arange(100, 160), tagValue=[f"genre {n}" for n in range(60)])
    bring(page, {"plays.csv": plays, "artists.csv": names, "tags.csv": tags})
    says(page, "240 interactions", "40 users", "15 items")
    has(page, userID="user", artistID="item", weight="value", name="feature", tagID="left out")
    says(page, "tags.csv; its file is left out")
    go_on(page, "240 interactions")

    seconds = 1_700_000_000 + np.sort(rng.integers(0, 500_000, 240))
    stamps = [f"{at:%Y-%m-%dT%H:%M:%S.000Z}" for at in pd.to_datetime(seconds, unit="s")]
    clicks = csv(a=users + 1, b=stamps, c=214_530_000 + items, d=0).split(b"\n", 1)[1]
    bring(page, {"clicks.dat": clicks})
    says(page, "240 interactions · 40 users · 15 items · 14 Nov 2023 to 20 Nov 2023", "Assumed: The file has no header")
    has(page, user="user", timestamp="time", item="item")
    picture(page, "reading_events_changed")
    go_on(page, "clicks · 240 interactions")

    kinds = np.array(["view", "view", "addtocart", "view", "remove_from_cart", "transaction"])[np.arange(240) % 6]
    bring(page, {"events.csv": csv(timestamp=seconds * 1000, visitorid=users, event=kinds, itemid=items)})
    says(page, "Which events", "view 120")
    picture(page, "reading_events_question")
    answer(page, "weighed")
    says(page, "200 interactions", "40 users")
    has(page, visitorid="user", itemid="item", event="value", timestamp="time")
    go_on(page, "events · 200 interactions")


def test_series(page: Page, server: str) -> None:
    page.goto(f"{server}/forecasting")
    rng = np.random.default_rng(6)
    months = pd.date_range("2018-01-01", periods=60, freq="MS")
    wave = np.round(100 + 10 * np.sin(np.arange(60) / 6 * np.pi) + rng.normal(0, 1, 60), 1)
    bring(page, {"sales.csv": csv(Month=[f"{at.month}/1/{at.year}" for at in months], Sales=wave)})
    says(page, "60 steps · 1 series · monthly, Jan 2018 to Dec 2022")
    has(page, Month="time", Sales="value")
    go_on(page, "sales · 60 steps")

    wide = pd.DataFrame(np.round(wave + rng.normal(0, 1, (3, 60)), 1), columns=[f"{at:%b-%Y}" for at in months])
    wide.insert(0, "SKU", list("ABC"))
    wide["Total"] = wide.iloc[:, 1:].sum(axis=1)
    bring(page, {"wide.csv": wide.to_csv(index=False).encode()})
    says(page, "180 steps · 3 series · monthly, Jan 2018 to Dec 2022", "Assumed", "'Total'")
    says(page, "Value: Jan-2018, Feb-2018 and 58 more")
    has(page, SKU="series")
    go_on(page, "wide · 180 steps")

    close = np.round(100 + rng.normal(0, 1, 300).cumsum(), 2)
    prices = {"Open": close + rng.normal(0, 0.3, 300), "High": close + 1, "Low": close - 1, "Close": close}
    dates = pd.bdate_range("2022-01-03", periods=300)
    bring(page, {"prices.csv": csv(Date=dates, **prices, Volume=rng.integers(10**6, 4 * 10**6, 300))})
    picture(page, "reading_series_question")
    answer(page, "Close")
    says(page, "300 steps · 1 series · every business day, 3 Jan 2022 to 24 Feb 2023")
    has(page, Date="time", Close="value", Open="past", Volume="past")
    picture(page, "reading_series_changed")
    go_on(page, "prices · 300 steps")


def test_a_question_waits_while_somebody_goes_away_and_comes_back(page: Page, server: str) -> None:
    badge = page.locator(".st-key-strip").get_by_text("payments: a question is open")
    page.goto(f"{server}/fraud_detection")
    bring(page, {"payments.csv": two_labels()})
    expect(badge).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.get_by_role("link", name="Fraud detection").first.click()
    expect(question(page)).to_be_visible()
    page.reload()
    expect(question(page)).to_be_visible()
    open_tab(page, "Train")
    expect(badge).to_be_visible()
    expect(question(page)).to_have_count(0)
    open_tab(page, "Data")
    answer(page, "case_b")
    expect(badge).to_have_count(0)
    has(page, case_b="label")
    go_on(page, "payments · 400 transactions")


def test_an_upload_that_cannot_be_read_and_a_question_fit_a_phone_in_the_dark(chromium: Any, server: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 1600}, color_scheme="dark")
    try:
        page = context.new_page()
        page.goto(f"{server}/fraud_detection")
        bring(page, {"notes.csv": b"hello\n"})
        says(page, "Nothing is lost")
        picture(page, "reading_failed_phone_dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        card(page).get_by_role("button", name="Discard upload").click()
        expect(card(page)).to_have_count(0)
        bring(page, {"payments.csv": two_labels()})
        expect(question(page)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not page.evaluate(CLIPPED)
        no_fault(page)
    finally:
        context.close()


CLIPPED = """[...document.querySelectorAll('.st-key-reading_question_0 button p')]
  .filter(text => text.getBoundingClientRect().width > text.parentElement.getBoundingClientRect().width)
  .map(text => text.innerText)"""
