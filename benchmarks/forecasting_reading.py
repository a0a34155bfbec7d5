"""Seconds from an upload to its charts: 1,000 simulated series of 500 steps, in each of the three layouts.

    python -m benchmarks.forecasting_reading [--series 1000] [--steps 500]

Runs the very jobs that the dashboard asks for (read, store, check and split; overview; list with small courses; lines
of the first series), after one small upload so that imports do not count. Wall clock on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.engine import get_engine

BAR = 10.0  # seconds
OWNER = "benchmark"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        home = Path(folder)
        upload(home, "columns", *layouts(5, 120)["columns"])
        for name, table in layouts(args.series, args.steps).items():
            seconds = upload(home, name, *table)
            total = sum(seconds.values())
            parts = ", ".join(f"{task} {spent:.1f}" for task, spent in seconds.items())
            print(f"{args.series:,} series × {args.steps} steps, {name}: {total:.1f} s (bar {BAR:.0f}): {parts}")


def layouts(n: int, steps: int) -> dict[str, tuple[pd.DataFrame, dict]]:
    """Return the same simulated days in the three layouts, with the options that each needs."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-01", periods=steps, freq="D")
    week = 1 + 0.3 * np.sin(2 * np.pi * np.arange(steps) / 7)
    values = np.round(rng.uniform(50, 500, (n, 1)) * week * rng.lognormal(0, 0.1, (n, steps)), 2)
    names = [f"shop {at}" for at in range(n)]
    columns = pd.DataFrame(values.T, columns=names)
    long = pd.DataFrame({"series": np.repeat(names, steps), "day": np.tile(days, n), "sales": values.reshape(-1)})
    return {
        "long": (long, {}),
        "columns": (columns.assign(day=days)[["day", *names]], {}),
        "rows": (pd.DataFrame(values, index=pd.Index(names, name="V1")).reset_index(), {"season": "7"}),
    }


def upload(home: Path, name: str, table: pd.DataFrame, options: dict) -> dict[str, float]:
    """Return the seconds of each job that a fresh upload asks for."""
    place = home / "uploads" / name
    place.mkdir(parents=True)
    table.to_csv(place / "series.csv", index=False)
    engine, seconds, on = get_engine(home, kind="inline"), {}, {"domain": "forecasting", "options": options}
    for task in ("ingest", "overview", "listed", "lines"):
        began = time.perf_counter()
        asked = {**on, "upload": name} if task == "ingest" else {**on, "view": task}
        job = engine.submit(
            f"dl_core.tasks:{'ingest' if task == 'ingest' else 'describe'}", {"owner": OWNER, **asked}, owner=OWNER
        )
        if job.state != "done":
            raise SystemExit(f"{task}: {(job.error or {}).get('line', 'failed')}")
        seconds[task] = time.perf_counter() - began
        if task == "ingest":
            on = {"dataset_id": job.result["dataset_id"], "options": options}
        elif task == "listed":
            on = {**on, "series": [line["series"] for line in job.result["series"]][:3]}
    return seconds


if __name__ == "__main__":
    main()
