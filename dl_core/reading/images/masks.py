"""Masks that lie beside images: recognised, left out with a note, or kept on request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.errors import FileError, shorten
from dl_core.reading.images.collect import Collected, Item
from dl_core.reading.images.formats import readers
from dl_core.reading.images.pixels import fit_square, is_grey
from dl_core.reading.limits import Limits
from dl_core.reading.listing import suffix_of

_ENDING = re.compile(r"[_\-. ](masks?|segmentation|seg|groundtruth|gt)([_\-]?\d+)?$", re.IGNORECASE)


def left_out(sides: Sequence[Collected]) -> Finding:
    """Return the note that masks were recognised and left out."""
    names = tuple(item.name for side in sides for item in side.masks)
    text = f"{len(names)} mask files, such as {shorten(names[0], 60)}, belong to other images and were left out."
    return Finding("info", "masks", text, names)


def read_masks(
    records: Sequence[Mapping[str, Any]], sides: Sequence[Collected], size: int, limits: Limits
) -> np.ndarray:
    """Return masks aligned with the rows, turned square as the images were.

    Parameters
    ----------
    records : sequence of mapping
        Rows with ``file``, ``width`` and ``height``.
    sides : sequence of Collected
        Where the mask files are.
    size : int
        Side of the working images in pixels.

    Returns
    -------
    numpy.ndarray
        (n, size, size, 1) uint8, 0 or 255; all 0 where a row has no mask.

    Raises
    ------
    FileError
        If a mask is damaged or of another size than its image.
    """
    known = {_stem(item.name): item for side in sides for item in side.masks}
    masks = np.zeros((len(records), size, size, 1), dtype=np.uint8)
    for at, record in enumerate(records):
        item = known.get(_stem(record["file"]))
        if item is not None and not record["many"]:
            masks[at, ..., 0] = fit_square(_mask(item, record, limits), size, nearest=True)
    return masks


def _stem(name: str) -> str:
    plain = PurePosixPath(name).name
    suffix = suffix_of(plain)
    return _ENDING.sub("", plain[: -len(suffix)] if suffix else plain).casefold()


def _mask(item: Item, record: Mapping[str, Any], limits: Limits) -> np.ndarray:
    """Return one mask, (height, width) uint8, 0 or 255."""
    reader = readers()[item.kind]
    probe = reader.probe(item.path, item.name, {}, limits)
    if (probe.height, probe.width) != (record["height"], record["width"]):
        raise FileError(
            f"the mask has {probe.width} × {probe.height} pixels",
            where=item.name,
            expected=f"{record['width']} × {record['height']} as its image",
            todo="export the mask at the image's size",
        )
    pixels = next(reader.read(item.path, item.name, {}, (1,)))
    if pixels.ndim == 3:
        pixels = pixels[..., 0] if is_grey(pixels) else pixels[..., :3].max(axis=-1)
    return np.where(pixels > 0, 255, 0).astype(np.uint8)
