"""Images to feature vectors, each image once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from dl_core.errors import SchemaError
from dl_core.transfer.images.plan import EmbeddingPlan
from dl_core.transfer.images.rows import RowStore, image_keys
from dl_core.transfer.images.runner import make_runner

CHUNK = 256  # images between two reports of progress
SHARD = 2048  # images in a shard at most, so that a cancelled run keeps what it has done
Progress = Callable[[float, str], None]


def embed(
    images: np.ndarray,
    plan: EmbeddingPlan,
    cache: Path | None = None,
    progress: Progress | None = None,
    fast: bool | None = None,
) -> np.ndarray:
    """Return the embedding of each image.

    Parameters
    ----------
    images : numpy.ndarray
        (n, S, S, 1 or 3) uint8; may be memory-mapped.
    plan : EmbeddingPlan
    cache : Path or None
        Folder in which rows are kept by image content and plan; None keeps nothing.
    progress : callable or None
        Called with the fraction done and a text between chunks; may raise to stop the work.
    fast : bool or None
        Forces LiteRT (True) or Keras (False); None takes the faster one that is installed.

    Returns
    -------
    numpy.ndarray
        (n, d) float32; d is 2,560 a size for EfficientNet-Lite0 with its default taps and a grid of 2.

    Raises
    ------
    SchemaError
        If the images are not square with one or three channels.
    """
    check_images(images)
    if not len(images):
        raise SchemaError("there are no images", where="embedding", expected="at least one")
    if len(plan.sizes) > 1:  # size by size, so that another choice of sizes finds what is known already
        parts = []
        for i, size in enumerate(plan.sizes):
            step = None if progress is None else _stretch(progress, i, len(plan.sizes))
            parts.append(embed(images, replace(plan, sizes=(size,)), cache, step, fast))
        return np.concatenate(parts, axis=1)
    if cache is None:
        return _compute(images, np.arange(len(images)), plan, None, None, progress, fast)
    store = RowStore(Path(cache) / "features" / plan.key())
    keys = image_keys(images)
    known, rows = store.find(keys)
    first = _first_places(keys, known)
    if rows is not None and not len(first):
        return rows
    fresh = _compute(images, first, plan, cache, (store, keys), progress, fast)
    if rows is None:
        rows = np.zeros((len(images), fresh.shape[1]), dtype=np.float32)
    place = {keys[i].tobytes(): j for j, i in enumerate(first)}
    missing = np.flatnonzero(~known)
    rows[missing] = fresh[[place[keys[i].tobytes()] for i in missing]]
    return rows


def _stretch(progress: Progress, part: int, parts: int) -> Progress:
    """Return ``progress`` for one of several equal parts."""
    return lambda done, text: progress((part + done) / parts, text)


def check_images(images: np.ndarray) -> None:
    """Raise `SchemaError` unless the images are (n, S, S, 1 or 3)."""
    if images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] not in (1, 3):
        raise SchemaError(
            f"images of shape {images.shape}",
            where="embedding",
            expected="(n, side, side, 1 or 3)",
            todo="read them anew",
        )


def _first_places(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the places of unknown keys, each key once."""
    seen: dict[bytes, int] = {}
    for i in np.flatnonzero(~known):
        seen.setdefault(keys[i].tobytes(), int(i))
    return np.array(list(seen.values()), dtype=np.int64)


def _compute(
    images: np.ndarray,
    places: np.ndarray,
    plan: EmbeddingPlan,
    cache: Path | None,
    keep: tuple[RowStore, np.ndarray] | None,
    progress: Progress | None,
    fast: bool | None,
) -> np.ndarray:
    """Embed the images at ``places``, (m, d) float32, and keep them shard by shard."""
    run = make_runner(plan, images.shape[1], images.shape[3], cache, fast)
    parts: list[np.ndarray] = []
    for start in range(0, len(places), SHARD):
        shard = places[start : start + SHARD]
        rows = []
        for at in range(0, len(shard), CHUNK):
            if progress is not None:
                progress((start + at) / len(places), f"Computing features: {start + at:,} of {len(places):,} images")
            rows.append(run(images[shard[at : at + CHUNK]]))
        parts.append(np.concatenate(rows))
        if keep is not None:
            store, keys = keep
            store.add(keys[shard], parts[-1])
    return np.concatenate(parts)
