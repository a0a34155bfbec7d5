"""Occlusion: cover a patch, see how far the score falls. Needs no gradients, so it explains every model.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014. Deviations: the patch has the
image's mean colour; it slides in two passes, coarse over all of the image, then half as wide over the quarter where
covering mattered most; a pixel's heat is the mean fall over the patches that covered it; the fall is measured in
log-odds, since a probability near 1 hardly moves.
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.images.base import Explainer
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import ExplainerInfo

SMALLEST_PROBABILITY = 1e-6


class Occlusion(Explainer):
    """Occlusion.

    Options: ``patch``, the coarse patch's side as a share of the image's; ``passes``, 1 for coarse only, 2 to refine;
    ``refined``, the share of the image that a pass looks at again.
    """

    defaults = {"patch": 0.2, "passes": 2, "refined": 0.25}

    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the mean fall of the score, log-odds."""
        return np.stack([self._one(source, image, int(t)) for image, t in zip(images, targets, strict=True)])

    def _one(self, source: ModelView, image: np.ndarray, target: int) -> np.ndarray:
        height, width = image.shape[:2]
        whole = log_odds(source.probabilities(image[None])[:, target])[0]
        fill = image.mean(axis=(0, 1)).round().astype(image.dtype)
        heat = np.zeros((height, width), dtype=np.float32)
        look = np.ones((height, width), dtype=bool)
        side = max(1, round(self.options["patch"] * min(height, width)))
        for _ in range(int(self.options["passes"])):
            corners = [
                c for c in patch_corners(height, width, side) if look[c[0] : c[0] + side, c[1] : c[1] + side].any()
            ]
            covered = np.repeat(image[None], len(corners), axis=0)
            for copy, (top, left) in zip(covered, corners, strict=True):
                copy[top : top + side, left : left + side] = fill
            falls = whole - log_odds(source.probabilities(covered)[:, target])
            heat += _mean_over_patches(falls, corners, side, height, width)
            if side == 1:
                break
            look = heat >= np.quantile(heat, 1 - self.options["refined"])
            side = max(1, side // 2)
        return heat


def patch_corners(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """Return the top left corners of patches of ``side`` pixels, half overlapping, that cover the whole image."""
    step = max(1, side // 2)
    rows = [*range(0, height - side, step), height - side]
    columns = [*range(0, width - side, step), width - side]
    return [(row, column) for row in rows for column in columns]


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Return ``log p - log(1 - p)``, with p kept away from 0 and 1."""
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.log(p) - np.log1p(-p)


def _mean_over_patches(
    falls: np.ndarray, corners: list[tuple[int, int]], side: int, height: int, width: int
) -> np.ndarray:
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for fall, (top, left) in zip(falls, corners, strict=True):
        total[top : top + side, left : left + side] += fall
        count[top : top + side, left : left + side] += 1
    return (total / np.maximum(count, 1)).astype(np.float32)


EXPLAINER = ExplainerInfo(
    name="occlusion",
    kind="images",
    label="Occlusion",
    paper="Zeiler and Fergus 2014",
    help="Change of the score when a patch is masked. Slow, model-agnostic.",
    load=lambda: Occlusion,
    cost="high",
)
