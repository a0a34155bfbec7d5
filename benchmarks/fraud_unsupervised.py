"""Fraud without labels: autoencoder and isolation forest on the Fraud Detection Handbook's transactions.

    python -m benchmarks.fraud_unsupervised --data fraud_handbook.parquet

The data is the simulation of the Fraud Detection Handbook as one Parquet file. Training sees a week of transactions and
no label, nor a feature made from labels; customers known to be compromised are taken out of the week that is judged,
as the book does. All settings were chosen on the weeks that train from 2018-06-13, 06-27 and 07-11.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.data.table.history import running_history
from dl_core.models.base import FitContext
from dl_core.models.table.autoencoder import Autoencoder
from dl_core.models.table.isolation import Isolation
from dl_core.schema import Role

PUBLISHED = {"Autoencoder (published)": (0.836, 0.180, 0.217), "Isolation forest (published)": (0.808, 0.164, 0.190)}
WEEKS = {
    "2018-07-11": "the published validation week, on which the settings were chosen too",
    "2018-07-25": "the test week after it, on which nothing was chosen",
}
WEEK, BUDGET, BAR = 7, 100, 0.25


def main() -> None:
    """Train on each week and print what the judged week says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    table = pd.read_parquet(args.data).sort_values("TX_DATETIME", kind="stable").reset_index(drop=True)
    table["day"] = pd.to_datetime(table["TX_DATETIME"]).dt.normalize()
    keys = (table[name].to_numpy() for name in ("CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT"))
    began = time.perf_counter()
    history = running_history(pd.to_datetime(table["TX_DATETIME"]).to_numpy("datetime64[ns]"), *keys)  # no label
    print(f"history of {len(table):,} transactions without labels: {time.perf_counter() - began:.0f} s")
    history.insert(0, "amount", table["TX_AMOUNT"].to_numpy(dtype=np.float32))
    for start, words in WEEKS.items():
        train, test = split_week(table, pd.Timestamp(start))
        y = table["TX_FRAUD"].to_numpy()[test]
        seen = table["TX_FRAUD_SCENARIO"].to_numpy()[test]
        print(f"\ntrained from {start} ({words}): {len(test):,} rows, {y.sum()} frauds,")
        print(f"of which {np.isin(seen, (1, 3)).mean() / y.mean():.0%} show in amounts at all")
        print(f"{'':32}{'AUC':>8}{'AP':>8}{'CP@100':>8}{'fit s':>8}")
        for name, model in {"Autoencoder": Autoencoder(), "Isolation forest": Isolation()}.items():
            began = time.perf_counter()
            model.fit(_dataset(history, train), _dataset(history, train[:0]), FitContext(seed=args.seed))
            seconds = time.perf_counter() - began
            score = model.scores(_dataset(history, test))[:, 1]
            print(f"{name:32}{_line(figures(table.iloc[test], y, score))}{seconds:8.0f}")
        for name, values in PUBLISHED.items():
            print(f"{name:32}{_line(values)}")
    print(f"\nbar: average precision {BAR} on the published validation week")


def split_week(table: pd.DataFrame, start: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the training week's rows and of the judged week's, a week of delay in between."""
    day = ((table["day"] - start) / pd.Timedelta(days=1)).to_numpy().astype(int)
    customer, fraud = table["CUSTOMER_ID"].to_numpy(), table["TX_FRAUD"].to_numpy() == 1
    train = np.flatnonzero((day >= 0) & (day < WEEK))
    known, kept = set(customer[train][fraud[train]]), []
    for number in range(WEEK):  # each day knows the frauds of a day more
        known |= set(customer[(day == WEEK + number - 1) & fraud])
        rows = np.flatnonzero(day == 2 * WEEK + number)
        kept.append(rows[~np.isin(customer[rows], list(known))])
    return train, np.concatenate(kept)


def figures(table: pd.DataFrame, y: np.ndarray, score: np.ndarray) -> tuple[float, float, float]:
    """Return AUC, average precision, and the mean daily share of fraud among the hundred riskiest customers."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    frame = pd.DataFrame({"day": table["day"], "customer": table["CUSTOMER_ID"]}).assign(y=y, score=score)
    cards = frame.groupby(["day", "customer"]).max().sort_values("score", ascending=False, kind="stable")
    card_precision = cards.groupby("day").head(BUDGET).groupby("day")["y"].mean().mean()
    return float(roc_auc_score(y, score)), float(average_precision_score(y, score)), float(card_precision)


def _dataset(history: pd.DataFrame, rows: np.ndarray) -> Dataset:
    table = history.iloc[rows]
    table.index = table.index.astype(str)
    roles = {Role.AMOUNT: ("amount",), Role.HISTORY: tuple(history.columns[1:])}
    classes = ("ordinary", "unusual")
    return Dataset("handbook", table, roles, Source("Fraud Detection Handbook"), classes=classes, fingerprint="-")


def _line(values: tuple[float, float, float]) -> str:
    return "".join(f"{value:8.3f}" for value in values)


if __name__ == "__main__":
    main()
