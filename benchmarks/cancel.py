"""Seconds from a cancel to the final state of a training of each domain's sample, at random moments: bar 2 s.

    python -m benchmarks.cancel [--domains fraud_detection,forecasting] [--cancels 6] [--within 20]

One training a domain on the local engine, with every model: it is cancelled at a moment drawn from the seconds
``--within`` after its first event, resumed, cancelled again, and so on. Beside the time stands what it was at, and
whether it stopped by itself or its process was ended after the grace. Each resumed training must come to another event,
so that what it was cut off from was whole; the last one goes on until it is done, with ``--finish``.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.domain import Domain, domains
from dl_core.engine import Engine, Job
from dl_core.engine.local import GRACE, LocalEngine
from dl_core.store import get_store

BAR, OWNER, LOOK = 2.0, "benchmark", 0.01  # s; s between two looks
LONG = 1800.0  # s, for whatever has to come to an end by itself


def main() -> None:
    """Cancel a training of each domain again and again, and print a line each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", default=",".join(domains()))
    parser.add_argument("--models", default="all")
    parser.add_argument("--cancels", type=int, default=6)
    parser.add_argument("--within", type=float, default=20.0, help="seconds after the first event")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--finish", action="store_true", help="train to the end after the last cancel")
    args = parser.parse_args()
    drawn, worst = random.Random(args.seed), 0.0
    for name in args.domains.split(","):
        with tempfile.TemporaryDirectory(prefix="daylight-", ignore_cleanup_errors=True) as folder:
            engine = LocalEngine(Path(folder))
            engine.warm()
            try:
                job = start(engine, domains()[name], args.models)
                for _ in range(args.cancels):
                    worst = max(worst, cancelled(engine, job, drawn.uniform(0, args.within)))
                    job = engine.resume(job.id)
                if args.finish:
                    print(f"{name:18} resumed to the end: {engine.wait(job.id, LONG).state}", flush=True)
            finally:
                engine.shutdown()
    print(f"slowest {worst:.2f} s, bar {BAR:g} s")


def start(engine: Engine, domain: Domain, models: str) -> Job:
    """Submit the training of a domain's sample."""
    args = {"domain": domain.name, "owner": OWNER, "sample": True, "name": "sample"}
    read = engine.wait(engine.submit("dl_core.tasks:ingest", args, owner=OWNER).id, LONG)
    data, store = read.result["dataset_id"], get_store(engine.home)
    run = store.add_run(OWNER, domain.name, data, "", "cancelled", {})
    asked = {"run_id": run.id, "dataset_id": data, "domain": domain.name, "owner": OWNER, "models": models}
    return engine.submit("dl_core.tasks:train", asked, owner=OWNER, lane="train")


def cancelled(engine: Engine, job: Job, later: float) -> float:
    """Cancel a training ``later`` seconds after its next event; print and return the seconds until that is final."""
    seen = len(engine.events(job.id))
    until(engine, job, lambda: len(engine.events(job.id)) > seen)
    time.sleep(later)
    before = engine.get(job.id)
    began = time.perf_counter()
    engine.cancel(job.id)
    until(engine, job, lambda: not engine.get(job.id).live)
    seconds, after = time.perf_counter() - began, engine.get(job.id)
    how = "stopped" if seconds < GRACE["train"] else "ended by force"
    print(f"{job.args['domain']:18}{seconds:6.2f} s  {after.state:10} {how:15} {before.text}", flush=True)
    return seconds


def until(engine: Engine, job: Job, holds: Callable[[], bool]) -> None:
    """Wait until something holds of a training that must not fail meanwhile."""
    end = time.monotonic() + LONG
    while not holds():
        now = engine.get(job.id)
        if now.state == "failed" or time.monotonic() > end:
            raise SystemExit(f"{now.state}: {(now.error or {}).get('line', 'nothing came')}")
        time.sleep(LOOK)


if __name__ == "__main__":
    main()
