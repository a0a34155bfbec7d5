"""The sample data of fraud detection: complete, equal in its rates, unfair in looks, rebuilt by its generator."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).parents[2] / "sample_data" / "fraud_detection"
MODULES = ("generate", "customers", "merchants", "tactics")
COLUMNS = [
    "transaction id",
    "time",
    "customer",
    "merchant",
    "category",
    "channel",
    "merchant country",
    "amount (EUR)",
    "distance from home (km)",
    "customer age",
    "sex",
    "region",
    "fraud",
]
NEW = "fuel under the limit"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "transactions.parquet")


@pytest.fixture(scope="module")
def scenarios(table) -> pd.DataFrame:
    return table.merge(pd.read_parquet(FOLDER / "scenarios.parquet"), how="left", on="transaction id")


@pytest.fixture(scope="module")
def generate():
    for name in MODULES:  # another sample's script of the same name may be loaded
        sys.modules.pop(name, None)
    before = list(sys.path)
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("generate")
    sys.path[:] = before
    for name in MODULES:
        sys.modules.pop(name, None)


def test_the_table_has_the_stated_columns_and_size_and_tells_no_scenario(table):
    assert list(table.columns) == COLUMNS
    assert 110_000 < len(table) < 130_000 and (FOLDER / "transactions.parquet").stat().st_size < 4e6
    assert table["transaction id"].is_unique and table["time"].is_monotonic_increasing
    assert table["time"].min() >= pd.Timestamp("2025-03-01") and table["time"].max() < pd.Timestamp("2025-08-01")
    assert set(table["fraud"]) == {"yes", "no"}
    words = {value for column in ("category", "channel", "merchant country") for value in table[column].unique()}
    assert not words & set(pd.read_parquet(FOLDER / "scenarios.parquet")["scenario"])


def test_values_are_possible_and_only_internet_purchases_have_no_distance(table):
    whole = table.drop(columns="distance from home (km)")
    assert not whole.isna().any().any()
    assert (table["distance from home (km)"].isna() == (table["channel"] == "online")).all()
    assert (table["distance from home (km)"].dropna() >= 0).all() and (table["amount (EUR)"] >= 0.8).all()
    assert table["customer age"].between(18, 91).all()
    assert table.groupby("customer")[["customer age", "sex", "region"]].nunique().max().max() == 1
    assert table.groupby("merchant")["category"].nunique().max() == 1


def test_a_hundredth_is_fraud_and_every_region_has_its_equal_share(table):
    bad = table["fraud"] == "yes"
    assert 0.008 < bad.mean() < 0.012
    rates = bad.groupby(table["region"]).mean()
    assert set(rates.index) == {"North", "Coast", "Valley", "Capital", "Hills"}
    assert rates.max() / rates.min() < 1.15


def test_all_scenarios_occur_and_the_new_tactic_starts_late(scenarios):
    assert (scenarios["scenario"].notna() == (scenarios["fraud"] == "yes")).all()
    counts = scenarios["scenario"].value_counts()
    assert len(counts) == 5 and counts.min() >= 40
    new = scenarios[scenarios["scenario"] == NEW]
    assert new["time"].min() >= pd.Timestamp("2025-06-19")
    assert set(new["channel"]) == {"contactless"} and set(new["category"]) == {"fuel"}
    assert new["amount (EUR)"].between(46, 50).all()


def test_compromised_merchants_last_four_weeks(scenarios):
    hit = scenarios[scenarios["scenario"] == "compromised merchant"]
    spans = hit.groupby("merchant")["time"].agg(lambda times: times.max() - times.min())
    once = spans[hit["merchant"].value_counts().reindex(spans.index) <= 20]
    assert len(spans) >= 20 and (once <= pd.Timedelta(days=28)).mean() > 0.8  # a merchant may be hit again later


def test_honest_customers_of_one_region_look_riskier(table):
    honest = table[table["fraud"] == "no"]
    coast = honest["region"] == "Coast"
    night = honest["time"].dt.hour < 6
    risky = honest["category"].isin(["electronics", "online games", "travel", "jewellery"])
    assert night[coast].mean() > 3 * night[~coast].mean()
    assert risky[coast].mean() > 1.8 * risky[~coast].mean()
    amount = honest["amount (EUR)"]
    assert amount[coast].median() > 1.3 * amount[~coast].median()
    points = 2.0 * (amount > 200) + night + risky  # a simple rule flags them more often
    flagged = points >= 2
    assert flagged[coast].mean() > 1.5 * flagged[~coast].mean()


def test_new_transactions_follow_the_table_and_carry_no_label(table):
    new = pd.read_csv(FOLDER / "new_transactions.csv", parse_dates=["time"])
    truth = pd.read_csv(FOLDER / "new_transactions_truth.csv")
    assert list(new.columns) == COLUMNS[:-1] and 250 <= len(new) <= 350
    assert new["time"].min() > table["time"].max() and set(new["customer"]) <= set(table["customer"])
    assert list(truth["transaction id"]) == list(new["transaction id"])
    assert not set(new["transaction id"]) & set(table["transaction id"])
    assert 5 <= (truth["fraud"] == "yes").sum() <= 80


def test_the_generator_is_deterministic_and_its_seed_matters(generate):
    first = generate.simulate(customers=200, merchants=150, seed=3)
    again = generate.simulate(customers=200, merchants=150, seed=3)
    other = generate.simulate(customers=200, merchants=150, seed=4)
    pd.testing.assert_frame_equal(first, again)
    assert not first["amount (EUR)"].head(50).equals(other["amount (EUR)"].head(50))
    assert first["customer"].nunique() == 200 and 0.004 < (first["fraud"] == "yes").mean() < 0.03
    assert ((first["scenario"] != "") == (first["fraud"] == "yes")).all()


def test_the_generator_makes_the_shipped_table_again(generate, table):
    made = generate.simulate()
    made = made[made["time"] < generate.START + np.timedelta64(generate.DAYS, "D")]
    assert len(made) == len(table)
    for column in ("transaction id", "customer", "merchant", "category", "channel", "fraud"):
        assert (made[column].to_numpy() == table[column].to_numpy()).mean() > 0.9999, column
    assert np.abs(made["amount (EUR)"].to_numpy() - table["amount (EUR)"].to_numpy()).max() < 0.02


def test_source_says_that_it_is_simulated_and_checksums_match():
    about = json.loads((FOLDER / "source.json").read_text(encoding="utf-8"))
    assert about["simulated"] == "simulated card transactions, no real customer" and about["licence"].startswith("CC0")
    assert about["files"] == ["transactions.parquet"]
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_words_are_stored_as_dictionaries_and_compressed():
    group = pq.ParquetFile(FOLDER / "transactions.parquet").metadata.row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert any("DICTIONARY" in encoding for encoding in columns["merchant"].encodings)
