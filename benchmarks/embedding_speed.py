"""Images per second of frozen EfficientNet-Lite0 features: LiteRT against a plain ``predict`` of the same Keras model.

Usage: ``python -m benchmarks.embedding_speed [--images 1024] [--size 64] [--rounds 5]``. Keras is measured before
LiteRT is loaded, since LiteRT's waiting threads would slow it down; the medians are compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from dl_core.transfer.images.graph import embedding_model
from dl_core.transfer.images.plan import EmbeddingPlan
from dl_core.transfer.images.runner import can_run_litert, make_runner

SIDE = 28  # px of the raw images, as in MedMNIST


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("images", 1024), ("size", 64), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    if not can_run_litert():
        raise SystemExit("ai-edge-litert or TensorFlow is not installed: there is nothing to compare")
    plan = EmbeddingPlan(sizes=(options.size,))
    images = np.random.default_rng(0).integers(0, 256, (options.images, SIDE, SIDE, 1)).astype(np.uint8)
    model = embedding_model(plan, SIDE, 1)
    plain = lambda: model.predict(images.astype("float32"), verbose=0)  # noqa: E731
    expected = plain()  # also warms up
    rates = {"predict": timed(plain, options.rounds, options.images)}
    began = time.perf_counter()
    fast = make_runner(plan, SIDE, 1, None, fast=True)
    print(f"conversion: {time.perf_counter() - began:.1f} s, once")
    apart = np.abs(expected - fast(images)).max()
    rates["LiteRT"] = timed(lambda: fast(images), options.rounds, options.images)
    median = {name: float(np.median(found)) for name, found in rates.items()}
    for name, found in rates.items():
        print(f"{name}: {median[name]:.0f} images/s (median of {[round(rate) for rate in found]})")
    print(f"ratio: {median['LiteRT'] / median['predict']:.2f} (bar 2.5); largest difference of outputs {apart:.1e}")


def timed(way: Callable[[], object], rounds: int, images: int) -> list[float]:
    """Return images per second of each round."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        way()
        found.append(images / (time.perf_counter() - began))
    return found


if __name__ == "__main__":
    main()
