"""Seconds of reading tables of all three kinds, beside plain `pandas.read_csv` of the same files in the same run.

    python -m benchmarks.reading [--transactions 1750000] [--interactions 1000000] [--series 1000] [--steps 500]

Simulated: transactions of cards at terminals, ratings with times, and daily series in three layouts. What is timed is
the whole reading, from files to a checked data set: layout, types, roles, secrets, times and fingerprint. CPU seconds,
the least of ``--repeats`` runs of each; peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecasting_reading import layouts
from benchmarks.fraud_speed import peak
from dl_core.reading.interactions.read import read_interactions
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.read import read_series
from dl_core.reading.table.read import read_transactions

Read = Callable[[ReadRequest, Limits], object]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", type=int, default=1_750_000)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    limits = replace(Limits.from_environment(), max_working_mb=16_000, max_rows=10_000_000)
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        for name, read, table, options in uploads(args):
            path = Path(folder) / "table.csv"
            table.to_csv(path, index=False)
            request = ReadRequest((path,), options=options)
            plain = least(lambda path=path: pd.read_csv(path), args.repeats)
            ours = least(lambda read=read, request=request: read(request, limits), args.repeats)
            size = f"{len(table):,} × {table.shape[1]:,}"
            print(f"{name} ({size}): {ours:.2f} s, {ours / plain:.1f} × read_csv ({plain:.2f} s)")
    print(f"peak memory of all {peak():.1f} GB")


def uploads(args: argparse.Namespace) -> Iterator[tuple[str, Read, pd.DataFrame, dict]]:
    """Yield name, reader, table and options of each upload."""
    yield "transactions", read_transactions, transactions(args.transactions), {}
    yield "interactions", read_interactions, interactions(args.interactions), {}
    for name, (table, options) in layouts(args.series, args.steps).items():
        yield f"series, {name}", read_series, table, options


def transactions(n: int) -> pd.DataFrame:
    """Return simulated transactions in order of time, about one in a hundred fraudulent."""
    rng = np.random.default_rng(0)
    times = pd.Timestamp("2018-04-01") + pd.to_timedelta(np.sort(rng.integers(0, 183 * 86_400, n)), unit="s")
    table = pd.DataFrame({"transaction_id": np.arange(n), "datetime": times})
    table["customer_id"], table["terminal_id"] = rng.integers(0, 5_000, n), rng.integers(0, 10_000, n)
    table["amount"] = np.round(rng.gamma(2, 27, n), 2)
    return table.assign(is_fraud=(rng.random(n) < 0.01).astype(int))


def interactions(n: int) -> pd.DataFrame:
    """Return simulated ratings with times."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"user": rng.integers(0, 20_000, n), "item": rng.integers(0, 5_000, n)})
    return table.assign(rating=rng.integers(1, 6, n), timestamp=1_500_000_000 + rng.integers(0, 10**8, n))


def least(work: Callable[[], object], repeats: int) -> float:
    """Return the CPU seconds of the fastest of several runs."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


if __name__ == "__main__":
    main()
