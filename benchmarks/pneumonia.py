"""PneumoniaMNIST, official test: the default training and everything on offer, beside the published figures.

    python -m benchmarks.pneumonia --data pneumoniamnist.npz [--models all]

The data (CC BY 4.0) is downloaded by the dashboard ("Known data sets"), or from the MedMNIST record on Zenodo. Every
choice is made on the validation rows; time is the wall clock of the whole command, start-up included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from dl_core.evaluate.choice import best_model

# MedMNIST v2 (Yang et al. 2023), 28 px, official splits: AUC, ACC
PUBLISHED = {
    "ResNet-18, 28 px": (0.944, 0.854),
    "ResNet-50, 224 px": (0.962, 0.884),
    "auto-sklearn": (0.942, 0.855),
    "AutoKeras": (0.947, 0.878),
    "Google AutoML Vision": (0.991, 0.946),
}
BARS = {"fast": (0.977, 0.90, 90), "all": (0.985, 0.0, 600)}  # AUC, ACC, seconds


def main() -> None:
    """Train once and print each model's test figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-m", "dl_core", "train", "medical_imaging", "--data", str(args.data)]
        started = time.perf_counter()
        subprocess.run([*command, "--models", args.models, "--seed", str(args.seed), "--run", str(run)], check=True)
        seconds = time.perf_counter() - started
        table = pd.read_parquet(run / "predictions.parquet")
        about = json.loads((run / "run.json").read_text())
    show(table[table["split"] == "test"], about["models"], seconds, args.models)


def show(table: pd.DataFrame, models: dict, seconds: float, preset: str) -> None:
    """Print a line for each model and each published figure."""
    from sklearn.metrics import roc_auc_score

    score = table.columns[table.columns.str.startswith("score_")][-1]
    positive = score.removeprefix("score_")
    best = best_model(models)
    print(f"{'model':34}{'AUC':>8}{'ACC at .5':>11}{'fit s':>8}")
    for name, rows in table.groupby("model", sort=False):
        y_true, y_score = rows["y_true"] == positive, rows[score]
        accuracy = ((y_score > 0.5) == y_true).mean()
        mark = "  ← best on validation" if name == best else ""
        fit = models[name]["fit_seconds"]
        print(f"{models[name]['label']:34}{roc_auc_score(y_true, y_score):8.4f}{accuracy:11.4f}{fit:8.1f}{mark}")
    for name, (auc, accuracy) in PUBLISHED.items():
        print(f"{name + ' (published)':34}{auc:8.3f}{accuracy:11.3f}")
    if preset in BARS:
        auc, accuracy, limit = BARS[preset]
        print(f"whole command {seconds:.0f} s; bar: AUC ≥ {auc}, ACC ≥ {accuracy}, {limit} s")


if __name__ == "__main__":
    main()
