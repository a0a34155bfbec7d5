"""Make the sample data of fraud detection: simulated card transactions.

    python sample_data/fraud_detection/generate.py

writes `transactions.parquet`, `scenarios.parquet`, `new_transactions.csv` and `new_transactions_truth.csv` beside this
file. SOURCE.md says how the simulation works. The same seed gives the same tables.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # the modules beside this script

from customers import Customers, draw_customers, draw_honest  # noqa: E402
from merchants import CATEGORIES, COUNTRIES, REGIONS, Merchants, draw_merchants  # noqa: E402
from tactics import World, add_fraud  # noqa: E402

CUSTOMERS = 1800
MERCHANTS = 620
START = np.datetime64("2025-03-01T00:00:00", "s")  # a Saturday
DAYS = 153  # 1 March to 31 July
NEW_DAYS = 7  # of which the purchases of some customers are shipped without labels
NEW_ROWS = 300
COLUMNS = (
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
)


def simulate(customers: int = CUSTOMERS, merchants: int = MERCHANTS, seed: int = 0) -> pd.DataFrame:
    """Return all transactions of ``DAYS + NEW_DAYS`` days in order of time, with the column ``scenario``."""
    people = draw_customers(customers, np.random.default_rng([seed, 1]))
    shops = draw_merchants(merchants, np.random.default_rng([seed, 2]))
    days = DAYS + NEW_DAYS
    weekday = int((START.astype("datetime64[D]").astype(int) + 3) % 7)  # 1970-01-01 was a Thursday
    honest = draw_honest(people, shops, days, weekday, rng=np.random.default_rng([seed, 3]))
    honest = honest[honest["second"] < days * 86400].reset_index(drop=True)
    events = add_fraud(World(people, shops, honest, days), np.random.default_rng([seed, 4]))
    events = events[events["second"].between(0, days * 86400, inclusive="left")]
    return describe(events.sort_values("second", kind="stable", ignore_index=True), people, shops)


def describe(events: pd.DataFrame, people: Customers, shops: Merchants) -> pd.DataFrame:
    """Return events in words and units a reader knows."""
    who, shop = events["customer"].to_numpy(), events["merchant"].to_numpy()
    away = np.linalg.norm(people.home[who] - shops.place[shop], axis=1).round(1)
    return pd.DataFrame(
        {
            "transaction id": [f"T{number:06d}" for number in range(1, len(events) + 1)],
            "time": START + events["second"].to_numpy().astype("timedelta64[s]"),
            "customer": people.name[who],
            "merchant": shops.name[shop],
            "category": np.array([category.name for category in CATEGORIES])[shops.category[shop]],
            "channel": events["channel"].to_numpy(),
            "merchant country": np.array(COUNTRIES)[shops.country[shop]],
            "amount (EUR)": events["amount"].to_numpy().round(2),
            "distance from home (km)": np.where(shops.online[shop], np.nan, away),
            "customer age": people.age[who],
            "sex": people.sex[who],
            "region": np.array(REGIONS)[people.region[who]],
            "fraud": np.where(events["scenario"] == "", "no", "yes"),
            "scenario": events["scenario"].to_numpy(),
        }
    )


def pick_new(after: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Return about ``rows`` transactions of the last days: those of some defrauded customers and of others."""
    rng = np.random.default_rng([seed, 5])
    bad = pd.unique(after.loc[after["fraud"] == "yes", "customer"])
    kinds = after[after["fraud"] == "yes"].groupby("scenario", sort=True)["customer"].agg(lambda names: names.iloc[0])
    others = rng.permutation(np.setdiff1d(pd.unique(after["customer"]), bad))
    counts = after["customer"].value_counts()
    chosen = list(dict.fromkeys([*kinds, *bad[:2]]))
    upto = counts[chosen].sum() + np.cumsum(counts[others].to_numpy())
    chosen += list(others[: int(np.searchsorted(upto, rows)) + 1])
    return after[after["customer"].isin(chosen)]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file, words as dictionaries, everything compressed."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    plain = {"transaction id", "time"} & set(table.columns)
    pq.write_table(
        arrow,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in table.columns if name not in plain],
        column_encoding={"time": "DELTA_BINARY_PACKED"} if "time" in plain else None,
        write_statistics=False,
    )


def main() -> None:
    """Write the four tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    table = simulate(seed=args.seed)
    past = table["time"] < START + np.timedelta64(DAYS, "D")
    new = pick_new(table[~past], NEW_ROWS, args.seed)
    write_table(table.loc[past, list(COLUMNS)], args.out / "transactions.parquet")
    write_table(
        table.loc[past & (table["scenario"] != ""), ["transaction id", "scenario"]], args.out / "scenarios.parquet"
    )
    new[list(COLUMNS[:-1])].to_csv(args.out / "new_transactions.csv", index=False, lineterminator="\n")
    new[["transaction id", "fraud", "scenario"]].to_csv(
        args.out / "new_transactions_truth.csv", index=False, lineterminator="\n"
    )


if __name__ == "__main__":
    main()
