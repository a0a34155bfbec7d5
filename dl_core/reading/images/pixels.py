"""From pixels of any depth, mode and size to working images: square, one size, uint8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from dl_core.errors import FileError, OptionError

SMALLEST_SIZE, LARGEST_SIZE = 28, 224  # pixels; below, nothing is seen; above, two cores take too long
ROBUST_PERCENTILES = (0.5, 99.5)


def working_size(longest_sides: list[int]) -> int:
    """Return the side of a data set's working images in pixels: the median longest side, 28 to 224."""
    return int(np.clip(round(float(np.median(longest_sides))), SMALLEST_SIZE, LARGEST_SIZE))


def parse_window(options: Mapping[str, Any]) -> str | tuple[float, float]:
    """Return ``"auto"`` (the header's window, else percentiles), ``"full"``, or (centre, width) in the image's units.

    Raises
    ------
    OptionError
        If the option ``window`` is none of these.
    """
    wish = options.get("window") or "auto"
    if wish in ("auto", "full"):
        return str(wish)
    try:
        centre, width = (
            (float(part) for part in wish.split(",")) if isinstance(wish, str) else (float(part) for part in wish)
        )
    except (TypeError, ValueError):
        centre, width = 0.0, 0.0
    if not width >= 1:
        raise OptionError(f"{wish!r} is not a window", where="option window", expected="auto, full, or CENTRE,WIDTH")
    return centre, width


def bounds(window: str | tuple[float, float], values: np.ndarray) -> tuple[float, float]:
    """Return what becomes black and what white: by a window, or over the full range of the finite values."""
    if not isinstance(window, str):
        return window[0] - window[1] / 2, window[0] + window[1] / 2
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def to_bytes(array: np.ndarray) -> np.ndarray:
    """Return (height, width) or (height, width, 3) uint8.

    Deeper integers and floats are scaled by a window from the 0.5th to the 99.5th percentile, since their bit depth
    says little about the values that occur. Transparency is laid over black, as the padding is black.

    Raises
    ------
    FileError
        If the array is not a two-dimensional image or has no pixels.
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[-1] in (1, 2, 3, 4):
        array = array[..., 0] if array.shape[-1] == 1 else array
    elif array.ndim != 2:
        raise FileError(
            f"an array of shape {array.shape} is not one flat image", expected="(height, width) or (height, width, 3)"
        )
    if array.size == 0:
        raise FileError("the image has no pixels", expected="at least one pixel")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        array = window_to_bytes(array, *robust_range(array))
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        colour, alpha = array[..., :-1], array[..., -1:].astype(np.uint16)
        array = ((colour * alpha + 127) // 255).astype(np.uint8)
        array = array[..., 0] if array.shape[-1] == 1 else array
    return array


def robust_range(array: np.ndarray) -> tuple[float, float]:
    """Return the 0.5th and 99.5th percentile of the finite values; the extremes where these are equal."""
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array.ravel()
    if finite.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(finite, ROBUST_PERCENTILES))
    return (low, high) if high > low else (float(finite.min()), float(finite.max()))


def window_to_bytes(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return ``array`` with ``low`` as 0, ``high`` as 255, clipped; what is not finite becomes 0."""
    if not high > low:
        return np.zeros(array.shape, dtype=np.uint8)
    scaled = (array.astype(np.float32) - low) * (255.0 / (high - low))
    return np.clip(np.rint(np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)), 0, 255).astype(np.uint8)


def fit_square(pixels: np.ndarray, size: int, nearest: bool = False) -> np.ndarray:
    """Return (size, size) or (size, size, 3) uint8; ``nearest`` keeps a mask's values as they are."""
    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    if (new_height, new_width) != (height, width):
        method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
        method = Image.Resampling.NEAREST if nearest else method
        pixels = np.asarray(Image.fromarray(pixels).resize((new_width, new_height), method))
    if (new_height, new_width) == (size, size):
        return np.ascontiguousarray(pixels)
    square = np.zeros((size, size, *pixels.shape[2:]), dtype=np.uint8)
    top, left = (size - new_height) // 2, (size - new_width) // 2
    square[top : top + new_height, left : left + new_width] = pixels
    return square


def fit_deep(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return (size, size) or (size, size, channels) float32 of values of any depth, NaN where there is no image."""
    values = pixels.astype(np.float32)
    height, width = values.shape[:2]
    scale = size / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    if (new_height, new_width) != (height, width):
        method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
        planes = np.nan_to_num(values[..., None] if values.ndim == 2 else values, posinf=0, neginf=0)
        resized = [
            np.asarray(Image.fromarray(plane).resize((new_width, new_height), method)).clip(plane.min(), plane.max())
            for plane in np.moveaxis(planes, -1, 0)
        ]
        values = resized[0] if values.ndim == 2 else np.stack(resized, axis=-1)
    square = np.full((size, size, *values.shape[2:]), np.nan, dtype=np.float32)
    top, left = (size - new_height) // 2, (size - new_width) // 2
    square[top : top + new_height, left : left + new_width] = values
    return square


def is_grey(pixels: np.ndarray) -> bool:
    """Return whether an image is grey, also where it is stored as RGB with equal channels."""
    if pixels.ndim == 2:
        return True
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return (size, size, channels) from (size, size) or (size, size, 3)."""
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], channels, axis=-1)
    if channels == 3:
        return pixels
    if is_grey(pixels):
        return pixels[..., :1]
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
