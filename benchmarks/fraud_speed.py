"""Seconds and memory of fraud detection's heavy parts: history of all rows, a week's training, scoring.

    python -m benchmarks.fraud_speed --data fraud_handbook.parquet [--networks 1] [--rows 200000]

Wall clock on an otherwise idle machine; peak memory is that of the whole process, the reading of the file included.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.data.table.history import running_history
from dl_core.data.table.recent import recent_steps
from dl_core.schema import Role

BARS = {"history": 60, "training": 30, "both": 90, "rows a second": 100_000, "memory": 3.0}  # s, s, s, 1/s, GB
WEEK = ("2018-07-25", "2018-08-01")
BEFORE = ("2018-07-18", "2018-07-25")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--rows", type=int, default=200_000, help="rows that are scored")
    args = parser.parse_args()
    frame = pd.read_parquet(args.data, columns=["TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"])
    time_of, account, amount = (frame[name].to_numpy() for name in ("TX_DATETIME", "CUSTOMER_ID", "TX_AMOUNT"))
    before = peak()
    began = time.perf_counter()
    history = running_history(time_of, account, frame["TERMINAL_ID"], amount, frame["TX_FRAUD"].to_numpy())
    features = time.perf_counter() - began
    print(f"history of {len(frame):,} rows: {features:.1f} s (bar {BARS['history']}), peak {peak():.2f} GB", end=" ")
    print(f"({before:.2f} before; bar {BARS['memory']:.0f})")
    began = time.perf_counter()
    recent = recent_steps(time_of, account, amount, history=history)
    steps = time.perf_counter() - began
    print(f"last transactions of each account {recent.shape}: {steps:.1f} s, peak {peak():.2f} GB")
    for name in ("feed_forward", "recurrent"):
        train_and_score(name, frame, history, recent, features, args)


def train_and_score(
    name: str, frame: pd.DataFrame, history: pd.DataFrame, recent: np.ndarray, features: float, args: argparse.Namespace
) -> None:
    """Train one week, score many rows and print both."""
    from importlib import import_module

    from dl_core.models.base import FitContext

    kind = {"feed_forward": "FeedForward", "recurrent": "Recurrent"}[name]
    model = getattr(import_module(f"dl_core.models.table.{name}"), kind)(networks=args.networks)
    days = frame["TX_DATETIME"].to_numpy()
    parts = [np.flatnonzero((days >= np.datetime64(a)) & (days < np.datetime64(b))) for a, b in (WEEK, BEFORE)]
    train, validation = (part_of(frame, history, recent, rows) for rows in parts)
    began, work = time.perf_counter(), time.process_time()
    model.fit(train, validation, FitContext())
    fit, work = time.perf_counter() - began, time.process_time() - work
    many = part_of(frame, history, recent, np.arange(len(frame) - args.rows, len(frame)))
    model.scores(train)  # compiled once
    began, scoring = time.perf_counter(), time.process_time()
    model.scores(many)
    rate, scoring = args.rows / (time.perf_counter() - began), time.process_time() - scoring
    print(f"{name}, {args.networks} network(s): {len(train):,} rows trained in {fit:.1f} s (bar {BARS['training']}),")
    print(f"  {work:.1f} s of one core; with history {features + fit:.1f} s (bar {BARS['both']})")
    print(f"  {rate:,.0f} rows/s scored (bar {BARS['rows a second']:,}), {scoring:.1f} s of one core for {args.rows:,}")


def part_of(frame: pd.DataFrame, history: pd.DataFrame, recent: np.ndarray, rows: np.ndarray) -> Dataset:
    """Return some rows as a data set."""
    table = history.iloc[rows].assign(
        amount=frame["TX_AMOUNT"].to_numpy()[rows],
        label=np.where(frame["TX_FRAUD"].to_numpy()[rows] == 1, "fraud", "honest"),
    )
    table.index = rows.astype(str)
    roles = {Role.AMOUNT: ("amount",), Role.HISTORY: tuple(history.columns), Role.LABEL: ("label",)}
    return Dataset("part", table, roles, Source("part"), {"recent": recent[rows]}, ("honest", "fraud"))


def peak() -> float:
    """Return the highest memory of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    main()
