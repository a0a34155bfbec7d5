"""Small honest changes of an image that leave its class as it is: moved a little, a little brighter or flatter."""

from __future__ import annotations

import numpy as np

LARGEST_SHIFT = 0.07  # of the side
CONTRAST = (0.8, 1.2)
BRIGHTNESS = 20.0  # grey levels of 255, either way


def jitter(images: np.ndarray, copy: int = 0) -> np.ndarray:
    """Return a changed copy of each image, (n, S, S, c) uint8.

    Each image is moved by up to 7 % of its side (its edge repeated), its contrast about mid-grey scaled by 0.8 to 1.2
    and its brightness moved by up to 20 levels. What happens to an image depends on its content and on ``copy`` only,
    so that the same image always gives the same copy, and features of copies can be kept.
    """
    changed = np.empty_like(images)
    side = images.shape[1]
    reach = max(1, round(LARGEST_SHIFT * side))
    for i, image in enumerate(images):
        random = np.random.default_rng([copy, int(image.sum()), int(image[side // 2].sum())])
        down, right = random.integers(0, 2 * reach + 1, 2)
        padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
        moved = padded[down : down + side, right : right + side].astype(np.float32)
        level = 128 + random.uniform(-BRIGHTNESS, BRIGHTNESS)
        changed[i] = np.clip(np.rint((moved - 128) * random.uniform(*CONTRAST) + level), 0, 255)
    return changed
