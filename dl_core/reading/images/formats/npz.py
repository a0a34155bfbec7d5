"""Arrays in the manner of MedMNIST: ``train_images``, ``train_labels`` and so on, or just ``images`` and ``labels``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dl_core.errors import FileError, LimitError, SchemaError
from dl_core.reading.limits import MEGABYTE, Limits

PARTS = (("train", "train"), ("val", "validation"), ("test", "test"))
_IMAGES, _LABELS = ("images", "x", "imgs"), ("labels", "y", "targets")


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
            arrays = {key.casefold(): key for key in file.files}
            read = [_part(file, arrays, name, part, where) for name, part in (*PARTS, ("", None))]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise FileError(
            "the arrays cannot be read",
            where=where,
            expected="an npz file with plain number arrays (no Python objects)",
            todo="save it again with numpy.savez",
        ) from error
    found = [part for part in read if part is not None]
    if not found:
        raise SchemaError(
            f"it holds {', '.join(list(arrays)[:6]) or 'nothing'}",
            where=where,
            expected="train_images and train_labels (val_, test_ alike), or images and labels",
            todo="rename the arrays",
        )
    return found


def _part(
    file: np.lib.npyio.NpzFile, arrays: dict[str, str], name: str, part: str | None, where: str
) -> ArrayPart | None:
    def get(kinds: tuple[str, ...]) -> np.ndarray | None:
        names = [f"{name}_{kind}" if name else kind for kind in kinds]
        key = next((arrays[wanted] for wanted in names if wanted in arrays), None)
        return None if key is None else file[key]

    images, labels = get(_IMAGES), get(_LABELS)
    if images is None or not len(images):
        return None
    flat = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in (1, 3, 4))
    if not flat:
        raise SchemaError(
            f"the images have the shape {images.shape}",
            where=where,
            expected="(n, height, width) or (n, height, width, 1 or 3): flat images, not volumes",
            todo="save slices of the volumes as images",
        )
    if labels is not None and len(labels) != len(images):
        raise SchemaError(f"{len(labels)} labels for {len(images)} images", where=where, expected="one label an image")
    if labels is not None and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return ArrayPart(part, images, labels)


def array_label(labels: np.ndarray | None, at: int, names: tuple[str, ...]) -> tuple[str | None, dict[str, Any]]:
    """Return the class of a row; several yes-or-no labels become "finding" with a column for each."""
    if labels is None:
        return None, {}
    if labels.ndim == 2:
        flags = {
            (names[i] if i < len(names) else f"label {i}"): "yes" if value else "no"
            for i, value in enumerate(labels[at])
        }
        return ("finding" if "yes" in flags.values() else "no finding"), flags
    value = labels[at]
    if names and np.issubdtype(labels.dtype, np.number) and float(value).is_integer() and 0 <= value < len(names):
        return names[int(value)], {}
    return str(value), {}
