"""Which images are the same picture: exact and perceptual hashes, confirmed on the pixels."""

from __future__ import annotations

import hashlib

import numpy as np
from PIL import Image

SIDE = 32  # pixels at which images are compared
BITS_APART = 8  # of 64; candidates, which the pixels must confirm
SAME_DETAIL = 0.93  # least correlation of the details of two confirmed images
_COARSE = 3  # DCT coefficients a side that hold what all images of one kind share
_FLAT = 2.0  # grey values; images with less contrast have nothing to compare
_BLOCK = 1024


def exact_hashes(images: np.ndarray) -> np.ndarray:
    """Return a hash of each image's pixels, (n,) str; images (n, height, width, channels) uint8."""
    return np.array([hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest() for image in images])


def is_flat(images: np.ndarray) -> np.ndarray:
    """Return which images are nearly one grey value, (n,) bool; the padding to a square does not count."""
    return np.array([float(_unpadded(image).std()) < _FLAT for image in images], dtype=bool)


def _unpadded(image: np.ndarray) -> np.ndarray:
    """Return the image without black borders above and below, or left and right."""
    bright = np.any(image, axis=-1)
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    if len(rows) == 0 or (len(rows) < len(image) and len(columns) < image.shape[1]):
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def spectra(images: np.ndarray) -> np.ndarray:
    """Return the lowest cosine coefficients of the images in grey at 32 pixels, (n, 16, 16) float32."""
    from scipy.fft import dctn

    small = np.empty((len(images), SIDE, SIDE), dtype=np.float32)
    for at, image in enumerate(images):
        grey = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).convert("L")
        small[at] = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float32)
    return dctn(small, axes=(1, 2), norm="ortho")[:, :16, :16].astype(np.float32)


def perceptual_hashes(spectrum: np.ndarray) -> np.ndarray:
    """Return 64 bits an image, (n,) uint64: the 8 × 8 lowest coefficients above or below their median.

    The constant term is left out of the median, so that brightness does not matter (the usual "pHash").
    """
    low = spectrum[:, :8, :8].reshape(len(spectrum), 64)
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64)[:, 0]


def near_pairs(spectrum: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return pairs of positions that show the same picture, (pairs, 2), each pair once.

    Hashes find candidates; a pair counts only if its details correlate as well. Details are the coefficients beyond
    the coarsest, weighted alike by frequency band: chest X-rays share their coarse shape, and only copies of one share
    the rest.

    Parameters
    ----------
    spectrum : numpy.ndarray
        (n, 16, 16) from `spectra`.
    left, right : numpy.ndarray
        Positions to compare, each of ``left`` with each of ``right``.
    """
    hashes = perceptual_hashes(spectrum)
    detail = _details(spectrum)
    found = []
    for start in range(0, len(left), _BLOCK):
        rows = left[start : start + _BLOCK]
        apart = np.bitwise_count(hashes[rows, None] ^ hashes[None, right])  # (block, right) uint8
        i, j = np.nonzero(apart <= BITS_APART)
        i, j = rows[i], right[j]
        for part in range(0, len(i), 1 << 16):
            a, b = i[part : part + (1 << 16)], j[part : part + (1 << 16)]
            same = (detail[a] * detail[b]).sum(axis=1) >= SAME_DETAIL
            pairs = np.column_stack([a[same], b[same]])
            found.append(pairs[pairs[:, 0] != pairs[:, 1]])
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _details(spectrum: np.ndarray) -> np.ndarray:
    """Return unit vectors of the coefficients beyond the coarsest, (n, 247) float32."""
    order = np.add.outer(np.arange(16), np.arange(16))
    weighted = spectrum * np.sqrt(1.0 + order)  # images have less energy in finer detail; this levels it
    keep = np.ones((16, 16), dtype=bool)
    keep[:_COARSE, :_COARSE] = False
    vectors = weighted[:, keep]
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
