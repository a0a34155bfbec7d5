"""Measure how hard the sample is, how unfair and how it ages: the figures in SOURCE.md.

python sample_data/fraud_detection/measure.py

Trains scikit-learn's models on the running aggregates of `dl_core` up to 15 June, leaves 7 days until labels are known,
and judges July. A card with a fraud before 16 June is left out of judging, as the bank knows of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from dl_core.data.table.history import running_history  # noqa: E402

TRAIN_END, TEST = pd.Timestamp("2025-06-16"), pd.Timestamp("2025-07-01")
DELAY = pd.Timedelta(days=7)
FLAGGED = 0.02  # share of transactions that an analyst looks at
PLANTED = "Coast"


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table with a 0/1 column ``y`` and ``scenario``, and the features of the same rows."""
    table = pd.read_parquet(folder / "transactions.parquet")
    table = table.merge(pd.read_parquet(folder / "scenarios.parquet"), how="left", on="transaction id")
    table["y"] = (table["fraud"] == "yes").astype(int)
    names = [table[column].to_numpy() for column in ("customer", "merchant", "amount (EUR)")]
    history = running_history(table["time"].to_numpy().astype("datetime64[ns]"), *names, table["y"].to_numpy())
    words = pd.get_dummies(table[["category", "channel", "merchant country"]], dtype=float)
    numbers = table[["amount (EUR)", "distance from home (km)"]]
    return table, pd.concat([numbers, words, history], axis=1)


def rules(features: pd.DataFrame) -> np.ndarray:
    """Return points, (n,), as an analyst would give them."""
    amount = features["amount (EUR)"]
    count = features[next(name for name in features if name.startswith("account: count, 1 day"))]
    usual = features["amount / account's mean until 14 days ago"]
    risky = features[["category_electronics", "category_jewellery", "category_travel"]].sum(axis=1) > 0
    points = 2.0 * (amount > 500) + 1.0 * (usual > 5) * (amount > 50) + 1.0 * (count >= 4) + 1.0 * (count >= 6)
    points += 1.0 * (features["night"] > 0) + 1.0 * risky * (amount > 150)
    return (points + 1.0 * (features["distance from home (km)"] > 150) + np.tanh(amount / 1000) / 10).to_numpy()


def boosting() -> HistGradientBoostingClassifier:
    """Return gradient boosting with few, slow, regularised trees."""
    return HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=5, random_state=0
    )


def models() -> dict[str, object]:
    """Return the models that learn, unfitted."""
    scale = [
        SimpleImputer(keep_empty_features=True),
        QuantileTransformer(n_quantiles=200, output_distribution="normal"),
    ]
    return {
        "logistic regression": make_pipeline(*scale, LogisticRegression(C=0.05, max_iter=300)),
        "gradient boosting": boosting(),
        "network (64, 32)": make_pipeline(
            *scale, MLPClassifier((64, 32), alpha=3e-2, early_stopping=True, batch_size=512, random_state=0)
        ),
        "isolation forest, no labels": make_pipeline(
            SimpleImputer(keep_empty_features=True), IsolationForest(n_estimators=200, random_state=0)
        ),
    }


def score(model: object, features: pd.DataFrame) -> np.ndarray:
    """Return risk, (n,)."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(features)[:, 1]
    return -model.score_samples(features)


def judge(name: str, risk: np.ndarray, test: pd.DataFrame) -> None:
    """Print one line of the tables of performance and of false alarms by region."""
    y, flagged = test["y"].to_numpy(), risk >= np.quantile(risk, 1 - FLAGGED)
    honest = test[y == 0].assign(flagged=flagged[y == 0]).groupby("region")["flagged"].mean()
    rest = test[y == 0].assign(flagged=flagged[y == 0]).query("region != @PLANTED")["flagged"].mean()
    found = test[y == 1].assign(flagged=flagged[y == 1]).groupby("scenario")["flagged"].mean()
    print(f"| {name} | {roc_auc_score(y, risk):.3f} | {average_precision_score(y, risk):.3f} | ", end="")
    print(f"{flagged[y == 1].mean():.2f} | {honest[PLANTED]:.2%} | {rest:.2%} | {honest[PLANTED] / rest:.2f} |")
    print("   ", ", ".join(f"{scenario} {share:.2f}" for scenario, share in found.items()))


def age(table: pd.DataFrame, features: pd.DataFrame, keep: np.ndarray, scores: dict[str, np.ndarray]) -> None:
    """Print average precision week by week: models left as they are, and boosting trained again every week."""
    start = TRAIN_END + DELAY
    late = (table["scenario"] == "fuel under the limit").to_numpy()
    while start + DELAY <= table["time"].max() + pd.Timedelta(hours=12):
        known = (table["time"] < start - DELAY).to_numpy()
        week = ((table["time"] >= start) & (table["time"] < start + DELAY)).to_numpy() & keep
        updated = score(boosting().fit(features[known], table["y"][known]), features[week])
        y = table["y"].to_numpy()[week]
        cells = [f"{start:%d %B}", f"{y.sum()}", f"{late[week].sum()}"]
        for risk in [*(each[week] for each in scores.values()), updated]:
            cells.append(f"{average_precision_score(y, risk):.2f}")
        for risk in (scores["gradient boosting"][week], updated):
            top = risk >= np.quantile(risk, 1 - FLAGGED)
            cells.append(f"{top[late[week]].mean():.2f}" if late[week].any() else "–")
        print("| " + " | ".join(cells) + " |")
        start += DELAY


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE)
    table, features = read(parser.parse_args().data)
    train = (table["time"] < TRAIN_END).to_numpy()
    stopped = set(table.loc[(table["y"] == 1) & (table["time"] < TRAIN_END), "customer"])
    keep = ~table["customer"].isin(stopped).to_numpy()
    test = (table["time"] >= TEST).to_numpy()
    print(f"{train.sum()} rows to learn from, {table['y'][train].sum()} frauds; July {test.sum()} rows, ", end="")
    print(
        f"{table['y'][test].sum()} frauds; without known cards {(test & keep).sum()}, {table['y'][test & keep].sum()}"
    )
    scores = {"rules": rules(features)}
    for name, model in models().items():
        scores[name] = score(model.fit(features[train], table["y"][train]), features)
    for rows in (test & keep, test):
        print("\n| model | AUROC | average precision | recall | false alarms Coast | elsewhere | ratio |")
        for name, risk in scores.items():
            judge(name, risk[rows], table[rows])
    print("\n| week | frauds | new | " + " | ".join(scores) + " | boosting, updated | new found | updated |")
    age(table, features, keep, scores)


if __name__ == "__main__":
    main()
