"""Deletion and insertion: what the score does as the map's pixels, the hottest first, are taken away or brought back.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018. Deviations:
pixels go in 20 equal steps; where deletion ends, and insertion starts, stands the image blurred by an eighth of its
side, since a patch of one colour has edges of its own, which in a scan look like a finding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dl_core.explain.images.maps import blur, enlarge
from dl_core.explain.images.view import ModelView

STEPS = 20
BLUR = 1 / 8  # sigma of the blurred image, as a share of the image's height
RANDOM_MAPS = 3
RANDOM_GRID = 8  # places a side of a random map; single random pixels would wreck texture rather than hide evidence


def pixel_ranks(heat: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return each pixel's place in the order of falling heat, (h, w) in 0…1 (excluded); ties in random order."""
    noise = np.random.default_rng(seed).random(heat.size)
    order = np.lexsort((noise, -heat.ravel()))
    ranks = np.empty(heat.size)
    ranks[order] = np.arange(heat.size) / heat.size
    return ranks.reshape(heat.shape)


def step_images(image: np.ndarray, other: np.ndarray, heat: np.ndarray, steps: int, seed: int = 0) -> np.ndarray:
    """Return ``image`` turning into ``other`` from the hottest pixel on, (steps + 1, h, w, c) of ``image``'s dtype."""
    shares = np.arange(steps + 1) / steps
    changed = pixel_ranks(heat, seed)[None, :, :, None] < shares[:, None, None, None]
    return np.where(changed, other[None], image[None])


def area(curve: np.ndarray) -> float:
    """Return the area under ``curve`` over 0…1 by trapezoids."""
    return float((curve[1:] + curve[:-1]).mean() / 2)


def curve_areas(
    source: ModelView,
    image: np.ndarray,
    heats: Mapping[str, np.ndarray],
    target: int,
    steps: int = STEPS,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return the areas under deletion and insertion curves for several maps of one image.

    Parameters
    ----------
    source : ModelView
    image : numpy.ndarray
        (h, w, c) uint8.
    heats : mapping of str to numpy.ndarray
        Maps (h, w) by name.
    target : int
        The class whose probability is followed.
    steps : int
    seed : int
        For the order of pixels of equal heat.

    Returns
    -------
    dict
        By name: deletion (lower is better) and insertion (higher is better), both in 0…1.
    """
    blurred = blur(image[None].astype(np.float32), BLUR * len(image))[0].round().astype(image.dtype)
    batches = []
    for heat in heats.values():
        batches += [step_images(image, blurred, heat, steps, seed), step_images(blurred, image, heat, steps, seed)]
    scores = source.probabilities(np.concatenate(batches))[:, target].reshape(len(heats), 2, steps + 1)
    return {name: (area(deletion), area(insertion)) for name, (deletion, insertion) in zip(heats, scores, strict=True)}


def centre_map(height: int, width: int) -> np.ndarray:
    """Return the map that anyone could draw: hottest in the middle, (height, width) float32 in 0…1."""
    rows = (np.arange(height) + 0.5) / height - 0.5
    columns = (np.arange(width) + 0.5) / width - 0.5
    return (1 - np.hypot(rows[:, None], columns[None]) / np.hypot(0.5, 0.5)).astype(np.float32)


def random_maps(height: int, width: int, count: int = RANDOM_MAPS, seed: int = 0) -> np.ndarray:
    """Return smooth random maps, (count, height, width) float32 in 0…1."""
    coarse = np.random.default_rng(seed).random((count, RANDOM_GRID, RANDOM_GRID))
    return enlarge(coarse, height, width)
