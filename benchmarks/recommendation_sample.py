"""The figures of the sample's prepared run: quality, cold start and transfer on a year of real purchases.

    python -m benchmarks.recommendation_sample

Prints what `python -m sample_data.prepare recommendation` measured and kept; that command measures it again.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.domain import get_domain
from dl_core.engine import home_folder
from dl_core.files import read_json
from dl_core.report.words import interval, number
from dl_core.store.shipped import unpacked
from dl_core.train.run import Run


def main() -> None:
    """Print the three tables."""
    folder = unpacked(get_domain("recommendation").sample.prepared_run, home_folder())
    run = Run.load(folder)
    print(f"{run.splits.protocol}\n\n{'model':24}{'nDCG@10':>9}{'95 % interval':>18}{'fit s':>8}")
    table = run.evaluation.metrics
    for row in table[table["metric"] == "ndcg"].sort_values("value", ascending=False).itertuples():
        seconds = run.models[row.model].fit_seconds
        print(f"{row.model:24}{number(row.value):>9}{interval(row.low, row.high):>18}{seconds:>8.1f}")
    print(f"\n{read_json(folder / 'comparison.json')['sentence']}\n\nCold start, nDCG@10; trained without them:")
    situations: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _answer(folder, "cold_start"):
        if row["metric"] == "ndcg":
            situations[row["situation"]][row["model"]] = number(row["value"])
    for situation, values in situations.items():
        print(f"  {situation}: " + ", ".join(f"{model} {value}" for model, value in values.items()))
    curve: dict[tuple[str, int], list[float]] = defaultdict(list)
    rows = _answer(folder, "learning_curve")
    for row in rows:
        curve[row["label"], row["labels"]].append(row["value"])
    print(f"\nTransfer, nDCG@10, mean of 3 draws; {rows[0]['about']}:")
    for (label, count), values in curve.items():
        print(f"  {label}, {count:,} known users: {number(float(np.mean(values)))}")


def _answer(folder: Path, task: str) -> list[dict]:
    """Return the lines of a kept answer."""
    found = read_json(next((folder / "answers").glob(f"{task}-*.json")))
    return found if isinstance(found, list) else next(value for value in found.values() if isinstance(value, list))


if __name__ == "__main__":
    main()
