"""Maps as pictures: a grey PNG to store, a coloured overlay to look at, a colour bar to read it by."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

# Ten evenly spaced anchors that grow steadily in lightness, so that they read in grey and with any colour vision.
INFERNO = "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4"


@lru_cache
def colours() -> np.ndarray:
    """Return the colour map as a (256, 3) uint8 table."""
    anchors = np.array([list(bytes.fromhex(anchor)) for anchor in INFERNO.split()], dtype=float)  # (10, 3)
    at = np.linspace(0, len(anchors) - 1, 256)
    table = np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, i]) for i in range(3)], axis=1)
    return table.round().astype(np.uint8)


def heat_png(heat: np.ndarray) -> bytes:
    """Return ``heat`` (h, w) in 0…1 as an 8-bit grey PNG, 255 the hottest."""
    return _png(Image.fromarray(_to_bytes(heat)))


def read_heat(png: bytes) -> np.ndarray:
    """Return the heat that `heat_png` wrote, (h, w) float32 in 0…1 to within 1/510."""
    with Image.open(BytesIO(png)) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32) / 255


def overlay(image: np.ndarray, heat: np.ndarray, *, opacity: float = 0.6, size: int | None = None) -> Image.Image:
    """Return the coloured map over the picture.

    Parameters
    ----------
    image : numpy.ndarray
        (h, w), (h, w, 1) or (h, w, 3) uint8.
    heat : numpy.ndarray
        (h, w) in 0…1. The opacity follows it, squared, so that a diffuse map (half as hot everywhere) leaves the
        background as it is and only its hottest places stand out.
    opacity : float
        Of the hottest place, 0…1.
    size : int or None
        Longer side of the result, pixels; None keeps the image's.

    Returns
    -------
    PIL.Image.Image
        RGBA, opaque.
    """
    base = picture(image)
    alpha = Image.fromarray(_to_bytes(np.clip(opacity, 0, 1) * np.square(np.clip(heat, 0, 1))))
    layer = Image.fromarray(colours()[_to_bytes(heat)]).convert("RGBA")
    layer.putalpha(alpha)
    if size is not None:
        scale = size / max(base.size)
        to = (max(1, round(base.width * scale)), max(1, round(base.height * scale)))
        base, layer = base.resize(to, Image.Resampling.BICUBIC), layer.resize(to, Image.Resampling.BICUBIC)
    return Image.alpha_composite(base.convert("RGBA"), layer.resize(base.size))


def picture(image: np.ndarray) -> Image.Image:
    """Return an image array (h, w), (h, w, 1) or (h, w, 3) uint8 as an RGB picture."""
    array = np.asarray(image, dtype=np.uint8)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    return Image.fromarray(array).convert("RGB")


def colour_bar(width: int = 256, height: int = 12) -> Image.Image:
    """Return the colour map from cold (left) to hot (right), RGB."""
    row = colours()[np.linspace(0, 255, width).round().astype(int)]  # (width, 3)
    return Image.fromarray(np.repeat(row[None], height, axis=0))


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(np.nan_to_num(values), 0, 1) * 255).round().astype(np.uint8)


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
