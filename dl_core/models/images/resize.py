"""Shrinking by area means: a linear map, so that a linear model behind it stays one."""

from __future__ import annotations

import numpy as np


def area_matrix(size: int, target: int) -> np.ndarray:
    """Return (target, size) float64 whose rows average equal stretches of ``size`` px and sum to 1.

    An example: 3 px to 2 gives ``[[2/3, 1/3, 0], [0, 1/3, 2/3]]``.
    """
    width = size / target
    edges = np.arange(target + 1)[:, None] * width  # (target + 1, 1)
    pixels = np.arange(size)[None, :]
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.clip(overlap, 0, None) / width


def shrink(images: np.ndarray, largest: int) -> np.ndarray:
    """Return images (n, s, s, c) reduced to at most ``largest`` px by area means, (n, t, t, c) float32."""
    size = images.shape[1]
    images = np.asarray(images, dtype=np.float32)
    if size <= largest:
        return images
    matrix = area_matrix(size, largest).astype(np.float32)
    rows = np.tensordot(images, matrix, axes=(1, 1))  # (n, s, c, t)
    return np.tensordot(rows, matrix, axes=(1, 1)).transpose(0, 2, 3, 1)  # (n, c, t, t) to (n, t, t, c)
