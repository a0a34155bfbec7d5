"""PNG, JPEG, TIFF (several pages too), BMP and WebP."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from dl_core.errors import FileError, LimitError
from dl_core.reading.images.formats.base import Probe, Reader, choose_frames
from dl_core.reading.images.pixels import parse_window
from dl_core.reading.limits import Limits, check_pixels

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_DEEP = {"I;16": "16 bit", "I;16B": "16 bit", "I;16L": "16 bit", "I;16N": "16 bit", "I": "32 bit", "F": "float"}
_DAMAGE = (  # what Pillow raises for damaged files, by format and place of the damage
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError),
    *(AttributeError, OverflowError, ZeroDivisionError, struct.error),
)
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_SWAPPED = (5, 6, 7, 8)  # EXIF orientations that swap height and width


def probe(path: Path, where: str, options: Mapping[str, Any], limits: Limits) -> Probe:
    """Return size, mode and pages of an image file.

    Raises
    ------
    FileError
        If it is none of the formats, or damaged.
    LimitError
        If it claims more pixels than the limits allow.
    """
    with _opened(path, where, limits) as image:
        width, height = image.size
        check_pixels(height, width, where, limits)
        try:
            if image.format != "PNG" and image.getexif().get(0x0112) in _SWAPPED:  # asking a PNG would decode it
                height, width = width, height
            pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        except _DAMAGE as error:
            raise _damaged(where) from error
        mode = _DEEP.get(image.mode, image.mode)
    frames = choose_frames(pages, options.get("frames")) if pages > 1 else (1,)
    parse_window(options)
    return Probe(height, width, mode, frames, many=pages > 1, deep=mode in _DEEP.values())


def read(path: Path, where: str, options: Mapping[str, Any], frames: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield the images of a file, upright and with colours resolved.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    with _opened(path, where, Limits.from_environment()) as image:
        for frame in frames:
            try:
                if frame > 1:
                    image.seek(frame - 1)
                    width, height = image.size
                    check_pixels(height, width, where, Limits.from_environment())
                yield _pixels(image)
            except LimitError:
                raise
            except _DAMAGE as error:
                raise _damaged(where) from error


def _opened(path: Path, where: str, limits: Limits) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `check_pixels` is stricter
            return Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise LimitError(
            "the image claims more pixels than can be decoded safely",
            where=where,
            expected=f"at most {limits.max_megapixels:,} million pixels",
            todo="cut it into tiles or save it smaller",
        ) from error
    except _DAMAGE as error:
        raise _damaged(where) from error


def _damaged(where: str) -> FileError:
    return FileError("the image is damaged or cut off", where=where, todo="export or copy it again")


def _pixels(image: Image.Image) -> np.ndarray:
    """Return one page as (height, width) of its own depth, or (height, width, 3 or 4) uint8."""
    image.load()  # a truncated file raises here
    image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP:
        return np.asarray(image)
    if image.mode in ("PA", "LA") or "transparency" in image.info:
        return np.asarray(image.convert("RGBA"))
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGB")  # palette, CMYK, YCbCr, LAB
    return np.asarray(image)


def recognise(head: bytes, suffix: str) -> bool:
    """Return whether a file starts as one of the formats does."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


READER = Reader("raster", probe, read, recognise)
