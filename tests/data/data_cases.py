"""Small images for the tests of reading."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image


def picture(seed: int, height: int = 32, width: int = 32) -> np.ndarray:
    """Return a grey image with structure of its own, (height, width) uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def png(array: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """Return an array as the bytes of an image file."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def two_classes(each: int = 4, prefix: str = "") -> dict[str, bytes]:
    """Return files of two class folders."""
    return {
        f"{prefix}{name}/{i:02d}.png": png(picture(100 * at + i))
        for at, name in enumerate(("normal", "pneumonia"))
        for i in range(each)
    }
