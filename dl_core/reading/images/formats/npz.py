"""Arrays in the manner of MedMNIST: ``train_images``, ``train_labels`` and so on, or just ``images`` and ``labels``."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dl_core.errors import FileError, LimitError, SchemaError
from dl_core.reading.given_split import part_in
from dl_core.reading.limits import MEGABYTE, Limits

PARTS = (("train", "train"), ("val", "validation"), ("test", "test"))
_IMAGES = frozenset(("images", "image", "imgs", "img", "x", "data", "pictures", "scans"))
_LABELS = frozenset(("labels", "label", "y", "targets", "target", "classes", "class"))
_LEAST_SIDE = 8  # pixels of an image that is written out in a row


@dataclass(frozen=True)
class ArrayPart:
    """Images (n, height, width[, channels]) of one part with labels (n,) or (n, labels); part None where not split."""

    part: str | None
    images: np.ndarray
    labels: np.ndarray | None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


def read_npz(path: Path, where: str, limits: Limits) -> list[ArrayPart]:
    """Return the parts of an npz file; nothing is unpickled, and declared sizes are checked before reading.

    Raises
    ------
    FileError
        If it is damaged or holds Python objects.
    SchemaError
        If it has no images, or the arrays do not fit.
    LimitError
        If it is too large.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            total = sum(entry.file_size for entry in packed.infolist())
        if total > limits.max_unpacked_mb * MEGABYTE:
            raise LimitError(
                f"it unpacks to {total / MEGABYTE:,.0f} MB",
                where=where,
                expected=f"at most {limits.max_unpacked_mb:,} MB",
                todo="upload a part of it, or smaller images",
            )
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise FileError(
            "the arrays cannot be read",
            where=where,
            expected="an npz file with plain number arrays (no Python objects)",
            todo="save it again with numpy.savez",
        ) from error
    found = _parts(arrays, where)
    if not found:
        raise SchemaError(
            f"it holds {', '.join(list(arrays)[:6]) or 'nothing'}",
            where=where,
            expected="images (n, height, width) and labels (n,), split by names such as train_ and test_ or not",
            todo="save the images as one array and their labels as another",
        )
    return found


def _parts(arrays: Mapping[str, np.ndarray], where: str) -> list[ArrayPart]:
    """Return images with what stands beside them, by the part that their names tell and by length."""
    by_part: dict[str | None, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        by_part.setdefault(part_in(name)[0], {})[name] = array
    found = []
    for part in (*dict.fromkeys(part for _, part in PARTS), None):
        held = by_part.get(part, {})
        stacks = {name: array for name, array in held.items() if _may_be_images(array)}
        named = [name for name in stacks if _IMAGES & set(part_in(name)[1].split("_"))]
        if len(named or stacks) > 1:
            raise SchemaError(
                f"several arrays may be the images: {', '.join(list(named or stacks)[:4])}",
                where=where,
                expected="one, or one of each part (train_, val_, test_)",
                todo="name it images, or leave out the others",
            )
        chosen = next(iter(named or stacks), None)
        if chosen is None:
            chosen = next((one for one, array in held.items() if _flattened(array) is not None), None)
        if chosen is not None and len(held[chosen]):
            found.append(_part(part, chosen, held, where))
    return found


def _part(part: str | None, name: str, held: Mapping[str, np.ndarray], where: str) -> ArrayPart:
    flattened = _flattened(held[name])
    images = _channels_last(held[name], where) if flattened is None else flattened
    beside = {one: array for one, array in held.items() if one != name and array.ndim in (1, 2)}
    labels = next((one for one in beside if _LABELS & set(part_in(one)[1].split("_"))), None)
    if labels is not None and len(beside[labels]) != len(images):
        raise SchemaError(
            f"{len(beside[labels])} labels for {len(images)} images", where=where, expected="one label an image"
        )
    fitting = [one for one, array in beside.items() if len(array) == len(images)]
    labels = labels or (fitting[0] if len(fitting) == 1 else None)
    told = None if labels is None else beside[labels]
    if told is not None and told.ndim == 2 and told.shape[1] == 1:
        told = told[:, 0]
    if told is not None and told.ndim == 2 and _is_one_hot(told):
        told = told.argmax(axis=1)
    columns = {
        part_in(one)[1] or one: beside[one].reshape(len(images))
        for one in fitting
        if one != labels and beside[one].size == len(images)
    }
    return ArrayPart(part, images, told, columns)


def _may_be_images(array: np.ndarray) -> bool:
    return array.ndim in (3, 4) and array.dtype.kind in "biuf"


def _is_one_hot(labels: np.ndarray) -> bool:
    """Return whether exactly one of several columns is 1 in every row."""
    return bool(labels.shape[1] > 1 and np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())


def _flattened(array: np.ndarray) -> np.ndarray | None:
    """Return (n, side, side) of rows that are square images written out, or None where they are none."""
    side = math.isqrt(array.shape[1]) if array.ndim == 2 else 0
    fits = side >= _LEAST_SIDE and side * side == array.shape[1] and array.dtype.kind in "iuf"
    return array.reshape(len(array), side, side) if fits else None


def _channels_last(images: np.ndarray, where: str) -> np.ndarray:
    """Return images with their channels behind.

    Raises
    ------
    SchemaError
        If they are volumes.
    """
    if images.ndim == 4 and images.shape[-1] not in (1, 3, 4) and images.shape[1] in (1, 3, 4):
        images = np.moveaxis(images, 1, -1)
    if images.ndim == 4 and images.shape[-1] not in (1, 3, 4):
        raise SchemaError(
            f"the images have the shape {images.shape}",
            where=where,
            expected="(n, height, width) or (n, height, width, 1 or 3): flat images, not volumes",
            todo="save slices of the volumes as images",
        )
    return images


def array_label(
    labels: np.ndarray | None, at: int, names: tuple[str, ...], known: bool
) -> tuple[str | None, dict[str, Any]]:
    """Return the class of a row, none where several labels stand in it, with a column for each of these.

    Of a known data set, any of several findings is "finding".
    """
    if labels is None:
        return None, {}
    if labels.ndim == 2:
        called = [names[i] if i < len(names) else f"label {i}" for i in range(labels.shape[1])]
        if not np.isin(labels, (0, 1)).all():
            return None, dict(zip(called, labels[at], strict=True))
        flags = {name: "yes" if value else "no" for name, value in zip(called, labels[at], strict=True)}
        return (None if not known else "finding" if "yes" in flags.values() else "no finding"), flags
    value = labels[at]
    if names and np.issubdtype(labels.dtype, np.number) and float(value).is_integer() and 0 <= value < len(names):
        return names[int(value)], {}
    return str(value), {}
