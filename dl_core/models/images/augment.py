"""Changes of a training batch that keep its labels, in NumPy so that they cost no compilation on any backend."""

from __future__ import annotations

import numpy as np

from dl_core.models.keras_fit import Augment

SHIFT = 0.08  # of the side, the largest shift either way
CONTRAST = 0.15  # largest relative change
BRIGHTNESS = 15.0  # grey levels, largest change


def flips_and_shifts(flips: bool = True, contrast: float = CONTRAST, brightness: float = BRIGHTNESS) -> Augment:
    """Return an augmentation for `FitPlan`: left-right flips, shifts filled with the edge, contrast and brightness.

    It takes images (b, h, w, c) float32 in 0…255 and a generator, and returns the same shape within 0…255.
    """

    def change(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change a batch (b, h, w, c)."""
        count, height, width, _ = images.shape
        mirrored = np.asarray(rng.random(count) < 0.5 * flips)
        most = [max(1, round(SHIFT * side)) for side in (height, width)]
        down = rng.integers(-most[0], most[0] + 1, count)
        right = rng.integers(-most[1], most[1] + 1, count)
        rows = np.clip(np.arange(height)[None, :] - down[:, None], 0, height - 1)  # (b, h)
        columns = np.clip(np.arange(width)[None, :] - right[:, None], 0, width - 1)  # (b, w)
        columns = np.where(mirrored[:, None], columns[:, ::-1], columns)
        moved = images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]  # (b, h, w, c)
        scale = rng.uniform(1 - contrast, 1 + contrast, (count, 1, 1, 1)).astype("float32")
        offset = rng.uniform(-brightness, brightness, (count, 1, 1, 1)).astype("float32")
        return np.clip((moved - 127.5) * scale + 127.5 + offset, 0.0, 255.0)

    return change
