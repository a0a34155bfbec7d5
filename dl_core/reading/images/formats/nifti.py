"""NIfTI volumes, read as slices."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dl_core.data.options import choice_of
from dl_core.errors import FileError, LimitError, OptionError
from dl_core.reading.images.formats.base import Probe, Reader, choose_frames
from dl_core.reading.images.pixels import bounds, parse_window, robust_range, window_to_bytes
from dl_core.reading.limits import Limits, check_pixels

PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}  # axis of a volume turned to right-anterior-superior
_THICKEST = 20.0  # one spacing over another; beyond, the header is not believed
_VOXELS_PER_PIXEL = 8  # a volume may hold as many voxels as 8 of the largest images have pixels


def probe(path: Path, where: str, options: Mapping[str, Any], limits: Limits) -> Probe:
    """Return the slices of a volume in the chosen plane (option ``plane``, axial by default), at its true proportions.

    Raises
    ------
    FileError
        If it is damaged, or neither one volume nor a series of them.
    OptionError
        If there is no such plane.
    """
    volume = _opened(path, where)
    shape = _shape(volume)
    if len(shape) not in (3, 4) or volume.get_data_dtype().fields:
        kind = "colours" if volume.get_data_dtype().fields else f"{len(shape)} dimensions {volume.shape}"
        raise FileError(
            f"the volume has {kind}",
            where=where,
            expected="one three-dimensional volume of numbers, or a series of them",
            todo="save one map of it",
        )
    if np.prod(shape[:3], dtype=np.int64) > _VOXELS_PER_PIXEL * limits.max_megapixels * 1_000_000:
        raise LimitError(
            f"the volume claims {' × '.join(map(str, shape))} voxels",
            where=where,
            expected=f"at most {_VOXELS_PER_PIXEL * limits.max_megapixels:,} million",
            todo="save it at a coarser resolution",
        )
    axis, order = _axis(options), _order(volume)
    if min(shape) == 0:
        raise FileError("the volume has no voxels", where=where, todo="export it again")
    frames = choose_frames(shape[order[axis]], options.get("frames"))
    height, width = _plane_size(volume, axis)
    check_pixels(height, width, where, limits)
    return Probe(height, width, "volume", frames, many=True, times=shape[3] if len(shape) == 4 else 1)


def read(path: Path, where: str, options: Mapping[str, Any], frames: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield slices as (height, width) uint8, head up; one window holds for the whole volume.

    The volume is turned to right-anterior-superior first, so that a plane is the same in whatever order it is stored.
    Of a series of volumes the option ``frame_time`` says which: "mean" (the default), "first", "middle", "last", or a
    number from 1.

    Raises
    ------
    FileError
        If the file is damaged.
    OptionError
        If there is no such time point.
    """
    import nibabel

    axis = _axis(options)
    try:
        volume = _opened(path, where)
        size = _plane_size(volume, axis)
        stored = _at_time(volume, options.get("frame_time"), where)
        if np.isfinite(nibabel.io_orientation(volume.affine)).all():
            stored = nibabel.apply_orientation(stored, nibabel.io_orientation(volume.affine))
    except _damage() as error:
        raise _damaged(where) from error
    window = parse_window(options)
    low, high = robust_range(stored) if window == "auto" else bounds(window, stored)
    for frame in frames:
        plane = np.take(stored, frame - 1, axis=axis)  # (x, y) of the plane
        shown = window_to_bytes(np.ascontiguousarray(plane.T[::-1]), low, high)  # rows from the top down
        yield shown if shown.shape == size else np.asarray(Image.fromarray(shown).resize(size[::-1]))


def _shape(volume: Any) -> tuple[int, ...]:
    """Return the shape without the dimensions of length 1 behind the third."""
    shape = tuple(int(side) for side in volume.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _at_time(volume: Any, wish: Any, where: str) -> np.ndarray:
    """Return one volume, (i, j, k) float32 as stored."""
    shape = _shape(volume)
    if len(shape) == 3:
        return np.asarray(volume.dataobj, dtype=np.float32).reshape(shape)
    if wish in (None, "", "mean"):
        total = np.zeros(shape[:3])
        for at in range(shape[3]):
            total += np.asarray(volume.dataobj[..., at], dtype=np.float32).reshape(shape[:3])
        return (total / shape[3]).astype(np.float32)
    named = {"first": 1, "middle": shape[3] // 2 + 1, "last": shape[3]}
    try:
        at = named[wish] if wish in named else int(wish)
    except (TypeError, ValueError):
        at = 0
    if not 1 <= at <= shape[3]:
        raise OptionError(
            f"{wish!r} is no time point of {where}",
            where="option frame_time",
            expected=f"mean, first, middle, last, or 1 to {shape[3]}",
        )
    return np.asarray(volume.dataobj[..., at - 1], dtype=np.float32).reshape(shape[:3])


def _order(volume: Any) -> list[int]:
    """Return which stored axis becomes the canonical ones (left-right, back-front, foot-head)."""
    import nibabel

    found = nibabel.io_orientation(volume.affine)[:, 0]
    return [int(np.flatnonzero(found == axis)[0]) for axis in range(3)] if np.isfinite(found).all() else [0, 1, 2]


def _plane_size(volume: Any, axis: int) -> tuple[int, int]:
    """Return height and width of a plane in pixels that are square, at the finer of its two spacings."""
    order, shape = _order(volume), _shape(volume)
    spacing = [abs(float(zoom)) for zoom in volume.header.get_zooms()[:3]]
    across, up = (order[at] for at in range(3) if at != axis)
    step = (spacing[across], spacing[up])
    if not all(np.isfinite(one) and one > 0 for one in step) or max(step) / min(step) > _THICKEST:
        step = (1.0, 1.0)
    finest = min(step)
    return max(1, round(shape[up] * step[1] / finest)), max(1, round(shape[across] * step[0] / finest))


def _axis(options: Mapping[str, Any]) -> int:
    return PLANES[choice_of(options, "plane", tuple(PLANES))]


def _opened(path: Path, where: str) -> Any:
    import nibabel

    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        try:
            return kind.from_filename(path)
        except _damage() as error:
            last = error
    raise _damaged(where) from last


def _damage() -> tuple[type[Exception], ...]:
    """Return what nibabel raises for files that are not what they claim to be."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    errors = (OSError, ValueError, TypeError, EOFError, OverflowError, zlib.error)
    return (*errors, ImageFileError, HeaderDataError, WrapStructError)


def _damaged(where: str) -> FileError:
    return FileError(
        "the volume is damaged or cut off", where=where, expected="a NIfTI file (.nii, .nii.gz)", todo="export it again"
    )


def recognise(head: bytes, suffix: str) -> bool:
    """Return whether a file starts as NIfTI 1 or 2 does, or is packed and named so."""
    if head.startswith(b"\x1f\x8b"):
        return suffix == ".nii.gz"
    return (len(head) >= 348 and head[344:348] in (b"n+1\0", b"n+2\0")) or head[4:12] == b"n+2\0\r\n\x1a\n"


READER = Reader("nifti", probe, read, recognise)
