"""The sample data of recommendation: complete, as stated, without personal fields, cut by a checked script."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "sample_data" / "recommendation"
MODULES = ("build", "categories")


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "purchases.parquet")


@pytest.fixture(scope="module")
def products() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "products.parquet")


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "customers.parquet")


@pytest.fixture(scope="module")
def build():
    for name in MODULES:  # another sample's script of the same name may be loaded
        sys.modules.pop(name, None)
    before = list(sys.path)
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("build")
    sys.path[:] = before
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture()
def lines() -> pd.DataFrame:
    """Nine lines of the file's layout, of which three are good purchases and one of them stands twice."""
    good = ("500000", "85123a", "WHITE HANGING  HEART", "2", "12/10/2010 9:33", "2.55", "13085.0", "France")
    rows = [
        good,
        good,
        ("500001", "22423", "REGENCY CAKESTAND", "1", "12/9/2011 12:50", "12.75", "13085.0", "France"),
        ("500002", "22423", "REGENCY CAKESTAND", "3", "1/5/2011 8:00", "10.95", "13086.0", "United Kingdom"),
        ("C500003", "22423", "REGENCY CAKESTAND", "-3", "1/6/2011 8:00", "10.95", "13086.0", "United Kingdom"),
        ("500004", "POST", "POSTAGE", "1", "1/6/2011 8:00", "18", "13086.0", "United Kingdom"),
        ("500005", "23444", "Next Day Carriage", "1", "1/6/2011 8:00", "15", "13086.0", "United Kingdom"),
        ("500006", "22423", "REGENCY CAKESTAND", "1", "1/6/2011 8:00", "12.75", "", "United Kingdom"),
        ("500007", "22423", "REGENCY CAKESTAND", "1", "1/6/2011 8:00", "0", "13086.0", "United Kingdom"),
    ]
    names = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
    return pd.DataFrame(rows, columns=names)


def _core(table: pd.DataFrame) -> tuple[int, int]:
    pairs = table.drop_duplicates(["customer", "product"])
    return pairs["customer"].value_counts().min(), pairs["product"].value_counts().min()


def test_tables_have_the_stated_columns_and_sizes(purchases, products, customers):
    assert list(purchases.columns) == ["customer", "product", "invoice date", "quantity"]
    assert list(products.columns) == ["product", "title", "category", "price"]
    assert list(customers.columns) == ["customer", "country", "known since"]
    assert (len(purchases), len(products), len(customers)) == (293_237, 1_163, 3_834)
    assert len(purchases.drop_duplicates(["customer", "product"])) == 193_881
    assert sum((FOLDER / f"{name}.parquet").stat().st_size for name in ("purchases", "products", "customers")) < 3e6


def test_purchases_are_one_year_in_order_and_every_one_has_its_product_and_customer(purchases, products, customers):
    times = purchases["invoice date"]
    assert times.is_monotonic_increasing and times.min().date().isoformat() == "2010-12-10"
    assert times.max().date().isoformat() == "2011-12-09"
    assert not purchases.isna().any().any() and (purchases["quantity"] > 0).all()
    assert not purchases.duplicated(["customer", "product", "invoice date"]).any()
    assert set(purchases["product"]) == set(products["product"]) and products["product"].is_unique
    assert set(purchases["customer"]) == set(customers["customer"]) and customers["customer"].is_unique
    assert _core(purchases) == (5, 75)


def test_only_products_are_left_and_they_have_title_category_and_price(products):
    assert products["product"].str.fullmatch(r"\d{5}[A-Z]{0,2}").all()
    services = r"(?i)postage|voucher|bank charge|next day carriage|packing charge|manual|adjust|test product"
    assert not products["title"].str.contains(services).any()
    assert (products["title"].str.len() > 2).all() and (products["price"] > 0).all()
    shares = products["category"].value_counts(normalize=True)
    assert len(shares) == 16 and shares["other"] < 0.02 and shares.max() < 0.2


def test_countries_and_first_years_are_as_stated(customers):
    assert 0.88 < (customers["country"] == "United Kingdom").mean() < 0.92
    assert customers["country"].nunique() == 35
    assert customers["known since"].value_counts().to_dict() == {"the year before": 2470, "this year": 1364}


def test_no_field_names_a_person(purchases, customers):
    assert customers["customer"].str.fullmatch(r"\d{5}").all() and purchases["customer"].str.fullmatch(r"\d{5}").all()
    words = " ".join([*purchases.columns, *customers.columns])
    assert not re.search(r"(?i)name|mail|address|phone|birth", words)


def test_new_customers_are_not_in_the_sample_and_their_products_are(purchases):
    new = pd.read_csv(FOLDER / "new_customers.csv", dtype={"customer": str, "product": str})
    truth = pd.read_csv(FOLDER / "new_customers_truth.csv", dtype=str)
    assert list(new.columns) == list(purchases.columns) and new["customer"].nunique() == 74
    assert not set(new["customer"]) & set(purchases["customer"])
    assert set(new["product"]) | set(truth["product"]) <= set(purchases["product"])
    assert set(truth["customer"]) <= set(new["customer"]) and (len(new), len(truth)) == (2_437, 461)
    both = truth.merge(new[["customer", "product"]], on=["customer", "product"])
    assert both.empty and new.groupby("customer")["product"].nunique().min() == 1


def test_cleaning_keeps_good_lines_once_and_counts_what_it_drops(build, lines):
    table, steps = build.clean(build.numbered(lines))
    assert [left for _, left in steps] == [9, 9, 8, 7, 5, 4, 3]
    assert list(table["product"]) == ["85123A", "22423", "22423"]
    assert list(table["customer"]) == ["13085", "13086", "13085"]
    items = build.products(table).set_index("product")
    assert items.loc["85123A", "title"] == "White hanging heart"
    assert items.loc["22423", "price"] == pytest.approx(11.85)  # between 12.75 and 10.95


def test_the_core_is_cut_until_everyone_has_enough(build):
    pairs = [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 2), ("c", 3), ("d", 3)]
    table = pd.DataFrame(pairs, columns=["customer", "product"])
    left = build.core(table, per_customer=2, per_product=2)
    assert sorted(left.itertuples(index=False, name=None)) == pairs[:4]  # d falls, then 3, then c


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("White hanging heart t-light holder", "candles and lights"),
        ("Paper chain kit 50's christmas", "christmas and easter"),
        ("Hot water bottle tea and sympathy", "hot water bottles and warmers"),
        ("Jumbo bag red retrospot", "bags and accessories"),
        ("Inflatable political globe", "other"),
        ("Baggage", "other"),
    ],
)
def test_categories_are_found_by_whole_words_of_the_title(build, title: str, expected: str):
    assert sys.modules["categories"].category(title) == expected


def test_source_states_the_licence_and_checksums_match():
    about = json.loads((FOLDER / "source.json").read_text(encoding="utf-8"))
    assert about["licence"] == "CC BY 4.0" and "Chen" in about["notice"] and about["simulated"] == ""
    assert about["files"] == ["purchases.parquet", "products.parquet", "customers.parquet"]
    text = (FOLDER / "SOURCE.md").read_text(encoding="utf-8")
    assert "10.24432/C5CG6D" in text and "creativecommons.org/licenses/by/4.0" in text
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


@pytest.fixture(scope="module")
def data():
    from dl_core.reading.interactions.read import read_interactions
    from dl_core.reading.request import ReadRequest

    return read_interactions(ReadRequest((FOLDER,), name="Sample"))


def test_the_reader_takes_it_as_it_is(data):
    assert len(data) == 193_881 and not [note for note in data.notes if note.level == "error"]
    roles = {str(role): columns for role, columns in data.roles.items()}
    assert (roles["user"], roles["item"]) == (("customer",), ("product",))
    assert (roles["value"], roles["time"]) == (("quantity",), ("invoice date",))
    assert len(data.side["items"]) == 1_163 and {"title", "category", "price"} <= set(data.side["items"])
    assert len(data.side["users"]) == 3_834 and {"country", "known since"} <= set(data.side["users"])
    assert data.source.licence == "CC BY 4.0" and not data.source.simulated


def test_new_customers_are_read_like_the_sample(data):
    from dl_core.reading.interactions.read import read_interactions
    from dl_core.reading.request import ReadRequest

    new = read_interactions(
        ReadRequest((FOLDER / "new_customers.csv",), options={"like": data.describe()}, labelled=False)
    )
    assert new.table["customer"].nunique() == 74 and set(new.table["product"]) <= set(data.side["items"].index)
