"""Masks that lie beside images: recognised by word, twin and content, left out with a note, or kept on request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.errors import DaylightError, FileError, shorten
from dl_core.reading.images.formats import readers
from dl_core.reading.images.match import spelled
from dl_core.reading.images.pixels import fit_square, is_grey
from dl_core.reading.images.rows import Readable
from dl_core.reading.limits import Limits
from dl_core.reading.listing import suffix_of

_WORD = r"masks?|segmentations?|segs?|ground_?truths?|gt|annotations?|labels?|manual\d*"
_FOLDER = re.compile(rf"^({_WORD})$", re.IGNORECASE)
_SURE = re.compile(r"^(masks|segmentations|ground_?truths?|annotations)$", re.IGNORECASE)  # no class is called so
_ENDING = re.compile(r"[_\-. ](masks?|segmentation|seg|groundtruth|gt)([_\-]?\d+)?$", re.IGNORECASE)
_VALUES, _NEAR, _MOSTLY = 12, 12, 0.97  # a mask has so few grey values, or nearly all within 12 of its extremes
_LOOKED_AT = 6  # files of a folder
_MOST_FOLDERS = 60  # whose content is looked at where no name says anything


def set_apart(sources: Sequence[Readable], limits: Limits) -> tuple[list[Readable], list[Readable]]:
    """Return the images and the masks among them; where there would be no image left, all are images.

    A file is a mask by its ending (``a_mask.png``) where its image is there too, or where its content is that of one;
    a folder by its word, with the same; a folder without such a word where all of its files have few values and a
    twin of the same name among images that have many.
    """
    named = {id(source): _named(source.item.name) for source in sources}
    plain = {_stem(source.item.name) for source in sources if not named[id(source)]}
    folders: dict[str, list[Readable]] = {}
    masks: set[int] = set()
    for source in sources:
        folder, by_ending = named[id(source)] or ("", False)
        if source.probe.about.get("modality") == "SEG":
            masks.add(id(source))
        elif folder:
            folders.setdefault(folder, []).append(source)
        elif by_ending and (_twin(source, plain) or _is_mask(source, limits)):
            masks.add(id(source))
    for folder, files in folders.items():
        twins = sum(_twin(source, plain) for source in files) >= 0.5 * len(files)
        sure = twins and bool(_SURE.match(PurePosixPath(folder).name))
        if sure or _are_masks(files, limits):
            masks.update(id(source) for source in files)
    if not masks:
        masks = _by_content(sources, limits)
    images = [source for source in sources if id(source) not in masks]
    found = [source for source in sources if id(source) in masks]
    return (images, found) if images else (found, [])


def _named(name: str) -> tuple[str, bool] | None:
    """Return the folder that is called after masks, if one is, and whether the file is."""
    path = PurePosixPath(name)
    at = next((at for at, part in enumerate(path.parts[:-1]) if _FOLDER.match(part)), None)
    folder = "" if at is None else "/".join(path.parts[: at + 1])
    by_ending = bool(_ENDING.search(_bare(name)))
    return (folder, by_ending) if folder or by_ending else None


def _twin(source: Readable, plain: set[str]) -> bool:
    stem = _stem(source.item.name)
    return stem in plain or (source.item.kind == "nifti" and any(one.startswith(stem) for one in plain))


def _are_masks(files: Sequence[Readable], limits: Limits) -> bool:
    some = files[:: max(1, len(files) // _LOOKED_AT)]
    return all(_is_mask(source, limits) for source in some)


def _is_mask(source: Readable, limits: Limits) -> bool:
    """Return whether an image has few values, or nearly only its darkest and its brightest (JPEG blurs them)."""
    reader, frames = readers()[source.item.kind], source.probe.frames
    try:
        frame = frames[len(frames) // 2 : len(frames) // 2 + 1]
        pixels = np.asarray(next(iter(reader.read(source.item.path, source.item.name, {}, frame))))
    except (DaylightError, StopIteration):
        return False
    step = max(1, max(pixels.shape[:2]) // 128)
    pixels = pixels[::step, ::step]
    flat = pixels.reshape(-1, pixels.shape[2]) if pixels.ndim == 3 else pixels.reshape(-1, 1)
    if len(np.unique(flat, axis=0)) <= _VALUES:
        return True
    grey = flat[:, 0].astype(float)
    low, high = grey.min(), grey.max()
    return bool(is_grey(pixels) and (np.minimum(grey - low, high - grey) <= _NEAR).mean() > _MOSTLY)


def _by_content(sources: Sequence[Readable], limits: Limits) -> set[int]:
    """Return the files of folders that hold nothing but masks of images of the same names in another folder."""
    folders: dict[str, list[Readable]] = {}
    for source in sources:
        folders.setdefault(str(PurePosixPath(source.item.name).parent), []).append(source)
    if not 2 <= len(folders) <= _MOST_FOLDERS:
        return set()
    stems = {folder: {_stem(source.item.name) for source in files} for folder, files in folders.items()}
    found: set[int] = set()
    for folder, files in folders.items():
        twins = [one for one in folders if one != folder and len(stems[folder] & stems[one]) > 0.9 * len(stems[folder])]
        if twins and _are_masks(files, limits) and not any(_are_masks(folders[one], limits) for one in twins):
            found.update(id(source) for source in files)
    return found


def left_out(masks: Sequence[Readable]) -> Finding:
    """Return the note that masks were recognised and left out."""
    names = tuple(source.item.name for source in masks)
    text = f"{len(names)} mask files, such as {shorten(names[0], 60)}, belong to other images and were left out."
    return Finding("info", "masks", text, names)


def read_masks(records: Sequence[Mapping[str, Any]], masks: Sequence[Readable], size: int) -> np.ndarray:
    """Return masks aligned with the rows, turned square as the images were.

    Parameters
    ----------
    records : sequence of mapping
        Rows with ``file``, ``width`` and ``height``.
    masks : sequence of Readable
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
    known = {_stem(source.item.name): source for source in masks}
    found = np.zeros((len(records), size, size, 1), dtype=np.uint8)
    for at, record in enumerate(records):
        source = known.get(_stem(record["file"]))
        if source is not None and not record["many"]:
            found[at, ..., 0] = fit_square(_mask(source, record), size, nearest=True)
    return found


def _bare(name: str) -> str:
    plain = PurePosixPath(name).name
    suffix = suffix_of(plain)
    return plain[: -len(suffix)] if suffix else plain


def _stem(name: str) -> str:
    return spelled(_ENDING.sub("", _bare(name)).casefold())


def _mask(source: Readable, record: Mapping[str, Any]) -> np.ndarray:
    """Return one mask, (height, width) uint8, 0 or 255."""
    item, probe = source.item, source.probe
    if (probe.height, probe.width) != (record["height"], record["width"]):
        raise FileError(
            f"the mask has {probe.width} × {probe.height} pixels",
            where=item.name,
            expected=f"{record['width']} × {record['height']} as its image",
            todo="export the mask at the image's size",
        )
    pixels = next(iter(readers()[item.kind].read(item.path, item.name, {}, (1,))))
    if pixels.ndim == 3:
        pixels = pixels[..., 0] if is_grey(pixels) else pixels[..., :3].max(axis=-1)
    return np.where(pixels > 0, 255, 0).astype(np.uint8)
