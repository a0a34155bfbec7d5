"""Hand-made descriptors of grey images, for whole batches at once: gradients, local patterns, co-occurrence, intensity.

Every function takes grey images (n, h, w) float32 in 0…255 and returns (n, d) float32.
"""

from __future__ import annotations

import numpy as np

ORIENTATIONS = 9
GRID = 4  # cells a side
LEVELS = 16  # grey levels of the co-occurrence matrix
OFFSETS = ((0, 1), (1, 0), (1, 1), (1, -1))  # (down, right) in px
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))  # once around the centre
SMALL = 1e-5


def hog(grey: np.ndarray) -> np.ndarray:
    """Return histograms of oriented gradients: 4 × 4 cells, 9 orientations, blocks of 2 × 2 cells, d = 324.

    Dalal and Triggs (2005), *Histograms of Oriented Gradients for Human Detection*: unsigned orientations, each pixel
    in one bin weighted by its gradient's length, L2-Hys normalisation. Deviation: the number of cells is fixed, not
    their size, so that images of any size give as many numbers; pixels left over at the right and bottom are not used.
    """
    n, height, width = grey.shape
    down, right = np.zeros_like(grey), np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    right[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    cell = (height // GRID, width // GRID)
    used = (slice(None), slice(0, cell[0] * GRID), slice(0, cell[1] * GRID))
    length = np.hypot(down, right)[used]
    angle = np.rad2deg(np.arctan2(down, right))[used] % 180
    orientation = np.minimum((angle * (ORIENTATIONS / 180)).astype(np.int64), ORIENTATIONS - 1)
    place = _cells(length.shape[1:], cell)  # (h, w)
    code = (np.arange(n)[:, None, None] * GRID**2 + place) * ORIENTATIONS + orientation
    sums = np.bincount(code.ravel(), length.ravel(), minlength=n * GRID**2 * ORIENTATIONS)
    cells = sums.reshape(n, GRID, GRID, ORIENTATIONS) / (cell[0] * cell[1])
    blocks = [
        cells[:, i : i + 2, j : j + 2].reshape(n, -1) for i in range(GRID - 1) for j in range(GRID - 1)
    ]  # 9 of (n, 36)
    return np.concatenate([_l2_hys(block) for block in blocks], axis=1).astype(np.float32)


def _cells(shape: tuple[int, int], cell: tuple[int, int]) -> np.ndarray:
    """Number of the cell of each pixel, (h, w)."""
    return (np.arange(shape[0]) // cell[0])[:, None] * GRID + (np.arange(shape[1]) // cell[1])[None, :]


def _l2_hys(block: np.ndarray) -> np.ndarray:
    block = block / np.sqrt((block**2).sum(axis=1, keepdims=True) + SMALL**2)
    block = np.minimum(block, 0.2)
    return block / np.sqrt((block**2).sum(axis=1, keepdims=True) + SMALL**2)


def local_patterns(grey: np.ndarray) -> np.ndarray:
    """Return shares of rotation-invariant uniform local binary patterns, whole image and quarters, d = 50.

    Ojala, Pietikäinen and Mäenpää (2002): 8 neighbours; a pattern with at most two changes around the circle is its
    number of brighter neighbours (0…8), all others share one bin. Deviation: the eight pixels of the square are taken
    without interpolation, and the outermost pixels are no centres.
    """
    n, height, width = grey.shape
    centre = grey[:, 1:-1, 1:-1]
    bits = [grey[:, 1 + i : height - 1 + i, 1 + j : width - 1 + j] >= centre for i, j in NEIGHBOURS]
    count = np.zeros(centre.shape, np.int8)
    changes = np.zeros(centre.shape, np.int8)
    for bit, following in zip(bits, bits[1:] + bits[:1], strict=True):
        count += bit
        changes += bit != following
    pattern = np.where(changes <= 2, count, 9)  # (n, h - 2, w - 2) in 0…9
    rows = (np.arange(height - 2) * 2 // (height - 2))[:, None]
    columns = (np.arange(width - 2) * 2 // (width - 2))[None, :]
    code = (np.arange(n)[:, None, None] * 4 + rows * 2 + columns) * 10 + pattern
    quarters = np.bincount(code.ravel(), minlength=n * 40).reshape(n, 4, 10).astype(np.float32)
    histograms = np.concatenate([quarters.sum(axis=1, keepdims=True), quarters], axis=1)  # (n, 5, 10)
    return (histograms / np.maximum(histograms.sum(axis=2, keepdims=True), 1)).reshape(n, 50)


def co_occurrence(grey: np.ndarray, distance: int = 1) -> np.ndarray:
    """Return contrast, homogeneity, energy, correlation and entropy of grey-level co-occurrence, d = 5.

    Haralick, Shanmugam and Dinstein (1973): symmetric, normalised matrices of 16 levels, one for each of four
    directions, and the mean of each measure over them.
    """
    n, height, width = grey.shape
    levels = np.minimum(grey / (256 / LEVELS), LEVELS - 1).astype(np.int64)
    measures = []
    for down, right in ((distance * i, distance * j) for i, j in OFFSETS):
        left = max(0, -right)
        first = levels[:, : height - down, left : width - max(0, right)]
        second = levels[:, down:, left + right : width - max(0, right) + right]
        code = (np.arange(n)[:, None, None] * LEVELS + first) * LEVELS + second
        counts = np.bincount(code.ravel(), minlength=n * LEVELS**2).reshape(n, LEVELS, LEVELS)
        measures.append(_haralick(counts))
    return np.mean(measures, axis=0).astype(np.float32)


def _haralick(counts: np.ndarray) -> np.ndarray:
    shares = counts + counts.transpose(0, 2, 1)
    p = shares / shares.sum(axis=(1, 2), keepdims=True)  # (n, levels, levels)
    i, j = np.meshgrid(np.arange(LEVELS), np.arange(LEVELS), indexing="ij")
    mean = (p * i).sum(axis=(1, 2))  # the same for both by symmetry
    variance = (p * i**2).sum(axis=(1, 2)) - mean**2
    covariance = (p * i * j).sum(axis=(1, 2)) - mean**2
    return np.stack(
        [
            (p * (i - j) ** 2).sum(axis=(1, 2)),
            (p / (1 + (i - j) ** 2)).sum(axis=(1, 2)),
            np.sqrt((p**2).sum(axis=(1, 2))),
            np.where(variance > 1e-12, covariance / np.maximum(variance, 1e-12), 1.0),
            -(p * np.log(np.maximum(p, 1e-12))).sum(axis=(1, 2)),
        ],
        axis=1,
    )


def intensity(grey: np.ndarray) -> np.ndarray:
    """Return quantiles, mean, spread, skewness, a histogram, and mean and spread of 4 × 4 cells, d = 56."""
    n, height, width = grey.shape
    flat = grey.reshape(n, -1)
    mean, spread = flat.mean(axis=1), flat.std(axis=1)
    skewness = ((flat - mean[:, None]) ** 3).mean(axis=1) / np.maximum(spread, 1.0) ** 3
    quantiles = np.quantile(flat, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1).T
    code = np.arange(n)[:, None] * LEVELS + np.minimum(flat / (256 / LEVELS), LEVELS - 1).astype(np.int64)
    histogram = np.bincount(code.ravel(), minlength=n * LEVELS).reshape(n, LEVELS) / flat.shape[1]
    cell = (height // GRID, width // GRID)
    tiles = grey[:, : cell[0] * GRID, : cell[1] * GRID].reshape(n, GRID, cell[0], GRID, cell[1])
    cells = [tiles.mean(axis=(2, 4)).reshape(n, -1), tiles.std(axis=(2, 4)).reshape(n, -1)]
    parts = [mean[:, None], spread[:, None], skewness[:, None], quantiles, histogram, *cells]
    return np.concatenate(parts, axis=1).astype(np.float32)


def describe(images: np.ndarray) -> np.ndarray:
    """Return all descriptors of images (n, h, w, c) in 0…255: 440 for grey, and 6 more for colour (mean and spread)."""
    images = np.asarray(images, dtype=np.float32)
    grey = images.mean(axis=3)
    parts = [hog(grey), local_patterns(grey), co_occurrence(grey, 1), co_occurrence(grey, 2), intensity(grey)]
    if images.shape[3] > 1:
        parts += [images.mean(axis=(1, 2)), images.std(axis=(1, 2))]
    return np.concatenate(parts, axis=1)
