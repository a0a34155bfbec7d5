"""NIfTI volumes, read as slices."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dl_core.data.options import choice_of
from dl_core.errors import FileError, LimitError
from dl_core.reading.images.formats.base import Probe, Reader, choose_frames
from dl_core.reading.images.pixels import robust_range, window_to_bytes
from dl_core.reading.limits import Limits, check_pixels

PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}  # axis of a volume turned to right-anterior-superior
_VOXELS_PER_PIXEL = 8  # a volume may hold as many voxels as 8 of the largest images have pixels


def probe(path: Path, where: str, options: Mapping[str, Any], limits: Limits) -> Probe:
    """Return the slices of a volume in the chosen plane (option ``plane``, axial by default).

    Raises
    ------
    FileError
        If it is damaged or not one three-dimensional volume.
    OptionError
        If there is no such plane.
    """
    axis = _axis(options)
    shape = _opened(path, where).shape
    if len(shape) != 3:
        raise FileError(
            f"the volume has {len(shape)} dimensions {shape}",
            where=where,
            expected="one three-dimensional volume",
            todo="save one time point or one map of it",
        )
    if np.prod(shape, dtype=np.int64) > _VOXELS_PER_PIXEL * limits.max_megapixels * 1_000_000:
        raise LimitError(
            f"the volume claims {' × '.join(map(str, shape))} voxels",
            where=where,
            expected=f"at most {_VOXELS_PER_PIXEL * limits.max_megapixels:,} million",
            todo="save it at a coarser resolution",
        )
    width, height = (side for at, side in enumerate(shape) if at != axis)
    check_pixels(height, width, where, limits)
    frames = choose_frames(shape[axis], options.get("frames"))
    return Probe(height, width, "volume", frames, many=True)


def read(path: Path, where: str, options: Mapping[str, Any], frames: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield slices as (height, width) uint8, head up; one window holds for the whole volume.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    import nibabel

    try:
        volume = np.asarray(nibabel.as_closest_canonical(_opened(path, where)).dataobj, dtype=np.float32)
    except _damage() as error:
        raise _damaged(where) from error
    low, high = robust_range(volume)
    for frame in frames:
        plane = np.take(volume, frame - 1, axis=_axis(options))  # (x, y) of the plane
        yield window_to_bytes(np.ascontiguousarray(plane.T[::-1]), low, high)  # rows from the top down


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
