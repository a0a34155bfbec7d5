"""How long one image takes from pixels to probability and Grad-CAM map, on a warm worker.

The bar: a median of at most 150 ms on two CPU cores with a network of EfficientNet-Lite0's size. Weights do not matter
for time, so they are random. Run: ``python -m benchmarks.saliency_latency [--size 224] [--repeats 30]``.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

BAR_MS = 150.0


def build(size: int) -> object:
    """Return a graph from raw images (n, size, size, 3) to two probabilities: shipped backbone, linear head."""
    import keras

    from dl_core.transfer.images.lite0 import trunk

    image = keras.Input((size, size, 3), name="image")
    pooled = keras.layers.GlobalAveragePooling2D()(trunk(image, pretrained=False)["head"])
    return keras.Model(image, keras.layers.Dense(2, activation="softmax")(pooled))


def median_ms(method: str, size: int, repeats: int) -> dict[str, float | str]:
    """Return the median and the 90th percentile over ``repeats`` single images, and the first call, in ms."""
    from dl_core.explain.images.base import draw_maps
    from dl_core.explain.images.view import ModelView

    view = ModelView.of_graph(build(size))
    images = np.random.default_rng(0).integers(0, 256, (repeats, 1, size, size, 3)).astype(np.uint8)
    times = []
    for image in (images[0], *images):
        start = time.perf_counter()
        draw_maps(view, image, method)
        times.append((time.perf_counter() - start) * 1000)
    return {
        "method": method,
        "size_px": size,
        "first_ms": round(times[0], 1),
        "median_ms": round(float(np.median(times[1:])), 1),
        "p90_ms": round(float(np.percentile(times[1:], 90)), 1),
    }


def main() -> None:
    """Print one JSON line a size and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs="*", default=[128, 224])
    parser.add_argument("--method", nargs="*", default=["gradcam"])
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    for size in arguments.size:
        for method in arguments.method:
            result = median_ms(method, size, arguments.repeats)
            print(json.dumps({**result, "bar_ms": BAR_MS, "holds": result["median_ms"] <= BAR_MS}), flush=True)


if __name__ == "__main__":
    main()
