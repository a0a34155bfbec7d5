"""Milliseconds for the top 10 of one user, warm, by every model of the sample's prepared run: bar 50 ms.

    python -m benchmarks.recommendation_latency

The worker keeps models and histories open, as `dl_core.probes.interactions.opened` does; a call looks a user's
history up, scores all items, removes what was taken and picks ten. Beside it the time of the slowest of the 50 calls.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.domain import get_domain
from dl_core.engine import home_folder
from dl_core.store.shipped import unpacked
from dl_core.tasks.opening import sample_folder
from dl_core.train.interactions.ranker import Ranker
from dl_core.train.run import Run

CALLS, BAR = 50, 50.0  # users asked for one after the other; ms


def main() -> None:
    """Time every model and print its line."""
    domain = get_domain("recommendation")
    with tempfile.TemporaryDirectory(prefix="daylight-") as home:
        run = Run.load(unpacked(domain.sample.prepared_run, home_folder()))
        run = replace(run, dataset={**run.dataset, "path": str(sample_folder(domain, Path(home)))})
        known = run.history()
        print(f"{'model':24}{'median ms':>10}{'slowest':>10}   bar {BAR:g} ms")
        for name in run.trained:
            source = Ranker(run.load_model(name, domain.models[name]), known)
            users = np.random.default_rng(0).choice(source.known.users, CALLS, replace=False)
            times = [_call(source, user) for user in users]
            print(f"{name:24}{np.median(times[1:]):>10.1f}{max(times[1:]):>10.1f}   first call {times[0]:.0f} ms")


def _call(source: Ranker, user: str) -> float:
    """Return the milliseconds of one list."""
    began = time.perf_counter()
    source.top(source.histories([user]), 10)
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
