"""One image to prediction with Grad-CAM through the warm resident worker, from the asking to the answer.

    python -m benchmarks.predict_latency [--repeats 40]

Uses the prepared run on the sample (128 px); each time another image, so that nothing is remembered. Bar: a median of
150 ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.domain import get_domain
from dl_core.engine import get_engine, home_folder
from dl_core.store.shipped import unpacked
from dl_core.tasks.opening import sample_folder
from dl_core.train.run import Run

BAR_MS = 150


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40)
    args = parser.parse_args()
    domain = get_domain("medical_imaging")
    rows = Run.load(unpacked(domain.sample.prepared_run, home_folder())).splits.test[: args.repeats + 2]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sample_folder(domain, home)
        engine = get_engine(home, kind="local")
        try:
            found = []
            for row in rows:
                probe = {"probe": "scored_images", "arguments": {"model": "frozen_features", "explain": "gradcam"}}
                asked = {"run": {"prepared": domain.name}, "owner": "me", "rows": [row], **probe}
                began = time.perf_counter()
                job = engine.submit("dl_core.tasks:probe", asked, owner="me")
                job = engine.wait(job.id, timeout=120)
                found.append(1000 * (time.perf_counter() - began))
                if job.state != "done":
                    raise SystemExit((job.error or {}).get("line", job.state))
        finally:
            engine.shutdown()
    warm = found[2:]  # the first two start the worker and trace the network
    print(
        f"first {found[0] / 1000:.1f} s; warm: median {statistics.median(warm):.0f} ms, n = {len(warm)} (bar {BAR_MS})"
    )


if __name__ == "__main__":
    main()
