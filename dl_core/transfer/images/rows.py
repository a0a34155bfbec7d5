"""A store of feature rows on disk, keyed by the content of the image each row was made from.

Training, validation and test sets, their subsets, label budgets and later cases all meet here: an image that was
embedded once under a plan is never embedded again, whichever data set it comes in. Shards are added in one step each.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import numpy as np

from dl_core.files import storage_errors

KEY_BYTES = 16
LARGEST_STORE = 2_000_000_000  # bytes under one plan from which the oldest shards go


def image_keys(images: np.ndarray) -> np.ndarray:
    """Return a key for each image (n, h, w, c) uint8 from its shape and pixels, (n,) of 16 raw bytes."""
    shape = repr(images.shape[1:]).encode()
    digests = [
        hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=KEY_BYTES, key=shape[:64]).digest()
        for image in images
    ]
    return np.frombuffer(b"".join(digests), dtype=f"V{KEY_BYTES}")


class RowStore:
    """Feature rows (d,) float32 by image key, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def find(self, keys: np.ndarray, into: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """Return which keys are known, (n,) bool, and the rows (n, d) float32, filled where they are.

        ``into`` is filled in place of a new array; None is returned where nothing at all is known.
        """
        known = np.zeros(len(keys), dtype=bool)
        wanted: dict[bytes, list[int]] = {}
        for place, key in enumerate(keys):
            wanted.setdefault(key.tobytes(), []).append(place)
        for shard in self._shards():
            found = self._read(shard)
            if found is None:
                continue
            have, rows = found
            here = [(i, wanted.pop(key)) for i, key in enumerate(have) if key in wanted]
            if not here:
                continue
            if into is None:
                into = np.zeros((len(keys), rows.shape[1]), dtype=np.float32)
            for i, places in here:
                into[places] = rows[i]
                known[places] = True
        return known, into

    def add(self, keys: np.ndarray, rows: np.ndarray) -> None:
        """Add a shard. Its rows come first and its keys last, so that a shard with keys is whole."""
        name = uuid.uuid4().hex[:12]
        with storage_errors(self.folder.name):
            self.folder.mkdir(parents=True, exist_ok=True)
            for suffix, array in ((".rows.npy", rows.astype(np.float32)), (".keys.npy", _as_numbers(keys))):
                part = self.folder / f"{name}{suffix}.{os.getpid()}.part"
                with open(part, "wb") as file:
                    np.save(file, array, allow_pickle=False)
                part.replace(self.folder / f"{name}{suffix}")
        self._prune()

    def _shards(self) -> list[Path]:
        return sorted(self.folder.glob("*.keys.npy")) if self.folder.is_dir() else []

    def _read(self, shard: Path) -> tuple[list[bytes], np.ndarray] | None:
        """Return keys and (memory-mapped) rows, or None where another process has just removed the shard."""
        try:
            keys = np.load(shard, allow_pickle=False)
            rows = np.load(_rows_of(shard), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None  # damaged or gone: the rows are computed again
        return [key.tobytes() for key in keys], rows

    def _prune(self) -> None:
        """Remove the oldest shards while the store is too large."""
        shards = sorted(self._shards(), key=lambda shard: shard.stat().st_mtime)
        total = sum(_rows_of(shard).stat().st_size for shard in shards)
        for shard in shards[:-1]:
            if total <= LARGEST_STORE:
                return
            total -= _rows_of(shard).stat().st_size
            shard.unlink(missing_ok=True)
            _rows_of(shard).unlink(missing_ok=True)


def _rows_of(shard: Path) -> Path:
    return shard.with_name(shard.name.replace(".keys.", ".rows."))


def _as_numbers(keys: np.ndarray) -> np.ndarray:
    """Return raw keys as (n, 16) uint8, which NumPy saves without pickling."""
    return np.frombuffer(keys.tobytes(), dtype=np.uint8).reshape(len(keys), KEY_BYTES)
