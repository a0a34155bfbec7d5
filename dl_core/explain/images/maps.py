"""Plain arithmetic on maps: enlarging, scaling to 0…1 and smoothing, none of which divides by zero."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def enlarge(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return ``maps`` (n, h, w) resampled bilinearly to (n, height, width) float32, pixel centres aligned."""
    rows = _weights(maps.shape[1], height)
    columns = _weights(maps.shape[2], width)
    return np.einsum("ij,njk,lk->nil", rows, maps.astype(np.float32), columns, optimize=True)


def normalise(maps: np.ndarray) -> np.ndarray:
    """Return each of ``maps`` (n, h, w) moved and scaled to 0…1 float32; a constant map becomes all zeros."""
    low = maps.min(axis=(1, 2), keepdims=True)
    spread = maps.max(axis=(1, 2), keepdims=True) - low
    # differences below rounding are a constant map too: they must not be blown up to full contrast
    flat = spread <= 1e-6 * np.abs(maps).max(axis=(1, 2), keepdims=True)
    return np.where(flat, 0.0, (maps - low) / np.where(flat, 1.0, spread)).astype(np.float32)


def blur(maps: np.ndarray, sigma: float) -> np.ndarray:
    """Return ``maps`` (n, h, w, …) smoothed over the two image axes by a Gaussian of ``sigma`` pixels."""
    from scipy.ndimage import gaussian_filter1d

    if sigma <= 0:
        return maps
    return gaussian_filter1d(gaussian_filter1d(maps, sigma, axis=1, mode="nearest"), sigma, axis=2, mode="nearest")


@lru_cache(maxsize=64)
def _weights(small: int, large: int) -> np.ndarray:
    """Return the (large, small) matrix of bilinear interpolation with half-pixel centres."""
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    low = np.floor(centres).astype(int)
    high = np.minimum(low + 1, small - 1)
    matrix = np.zeros((large, small), dtype=np.float32)
    np.add.at(matrix, (np.arange(large), low), 1 - (centres - low))
    np.add.at(matrix, (np.arange(large), high), centres - low)
    return matrix
