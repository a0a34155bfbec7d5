"""Transactions for tests: few, simple and quick, with two kinds of fraud that history and amount give away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

START = pd.Timestamp("2024-01-01")
LARGE = 250.0  # EUR; most amounts over it are fraud


def draw_transactions(count: int = 3_000, days: int = 60, seed: int = 0) -> pd.DataFrame:
    """Return ``count`` transactions in the order of time; about 3 % are fraud.

    Frauds are large amounts, and everything at a merchant while it is compromised. Customers of the north and the south
    differ in nothing but name.
    """
    rng = np.random.default_rng(seed)
    second = np.sort(rng.integers(0, days * 86_400, count))
    customer, merchant = rng.integers(0, 60, count), rng.integers(0, 40, count)
    amount = np.round(rng.gamma(2.0, 20.0, count), 2)
    large = rng.random(count) < 0.015
    amount[large] = np.round(rng.uniform(LARGE, 2 * LARGE, large.sum()), 2)
    day = second // 86_400
    compromised = (merchant < 12) & (day % 20 < 14) & (merchant == day // 5 % 12)
    fraud = large | compromised
    return pd.DataFrame(
        {
            "transaction": [f"t{i:05d}" for i in range(count)],
            "time": START + pd.to_timedelta(second, unit="s"),
            "customer": [f"c{i:02d}" for i in customer],
            "merchant": [f"m{i:02d}" for i in merchant],
            "category": np.array(["food", "fuel", "games"])[merchant % 3],
            "amount": amount,
            "age": 20 + (customer * 7) % 60,
            "region": np.where(customer % 2, "north", "south"),
            "fraud": np.where(fraud, "yes", "no"),
        }
    )


def write_transactions(path: Path, count: int = 3_000, seed: int = 0, labels: bool = True) -> Path:
    """Write such transactions as CSV or Parquet and return the path."""
    table = draw_transactions(count, seed=seed)
    table = table if labels else table.drop(columns="fraud")
    table.to_parquet(path, index=False) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path
