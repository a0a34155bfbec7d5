"""Rows in the making: what is known of each image between its file and the data set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from typing import Any

import numpy as np

from dl_core.errors import DaylightError, FileError, LimitError, OptionError
from dl_core.reading.images.collect import Item
from dl_core.reading.images.formats import Probe, readers
from dl_core.reading.images.pixels import (
    bounds,
    fit_deep,
    fit_square,
    is_grey,
    parse_window,
    robust_range,
    to_bytes,
    window_to_bytes,
    with_channels,
)
from dl_core.reading.limits import MEGABYTE, Limits

LOG = logging.getLogger(__name__)
Progress = Callable[[float, str], None]
_SAMPLED = 4_000  # values of an image that its percentiles are taken from
_BATCH = 64  # files whose images are in memory at once, besides the working images
_THREADS = min(4, cpu_count() or 1)  # Pillow and zlib release the lock while decoding


@dataclass(frozen=True)
class Readable:
    """One readable file with its header."""

    item: Item
    probe: Probe


@dataclass
class Rows:
    """Rows read so far, in order.

    ``images`` grows by (size, size) or (size, size, 3) uint8, float32 until `lay_windows`; ``records`` holds one dict a
    row with ``id``, ``file``, ``width``, ``height``, ``mode``, ``many`` (whether the file holds several) and ``entry``
    (which of the files it is).
    """

    size: int
    images: list[np.ndarray] = field(default_factory=list)
    depths: list[str] = field(default_factory=list)  # of images whose window is still to be laid; empty for the others
    records: list[dict[str, Any]] = field(default_factory=list)
    errors: list[DaylightError] = field(default_factory=list)

    def stack(self, keep: np.ndarray, channels: int | None) -> np.ndarray:
        """Return the kept rows' images, (kept, size, size, channels) uint8.

        One channel where every one of them is grey and nothing else is wished.
        """
        kept = np.flatnonzero(keep)
        if channels is None:
            channels = 1 if all(self.images[at].ndim == 2 for at in kept) else 3
        stacked = np.empty((len(kept), self.size, self.size, channels), dtype=np.uint8)
        for to, at in enumerate(kept):
            stacked[to] = with_channels(self.images[at], channels)
            self.images[at] = self.images[at][:0]  # let go of it: the stack holds it now
        return stacked


def probe_all(
    items: Sequence[Item], options: Mapping[str, Any], limits: Limits
) -> tuple[list[Readable], list[DaylightError]]:
    """Read the headers of all files; what cannot be read is returned as errors."""
    good, errors = [], []
    for item in items:
        try:
            probe = readers()[item.kind].probe(item.path, item.name, options, limits)
        except OptionError:
            raise
        except Exception as error:  # noqa: BLE001  (one bad file never ends an upload)
            errors.append(_own(item, error))
        else:
            good.append(Readable(item, probe))
    return good, errors


def _own(item: Item, error: Exception) -> DaylightError:
    """Return any error that one file met as one of ours: whatever is wrong with it, it must not end an upload."""
    if isinstance(error, DaylightError):
        return error
    if isinstance(error, OSError) and error.strerror:
        return FileError(f"the file cannot be read ({error.strerror})", where=item.name, todo="copy it again")
    LOG.warning("a %s file cannot be read: %s", item.kind, type(error).__name__)
    return FileError("the file cannot be read", where=item.name, todo="export it again, or leave it out")


def check_working(count: int, size: int, limits: Limits) -> None:
    """Check that the working images fit into memory.

    Raises
    ------
    LimitError
        If they do not.
    """
    total = count * size * size
    if total > limits.max_working_mb * MEGABYTE:
        raise LimitError(
            f"{count:,} images of {size} pixels need {total / MEGABYTE:,.0f} MB",
            where="working images",
            expected=f"at most {limits.max_working_mb:,} MB",
            todo="choose a smaller image size or fewer frames, or raise DAYLIGHT_MAX_WORKING_MB on the server",
        )


def read_files(sources: Sequence[Readable], rows: Rows, options: Mapping[str, Any], progress: Progress | None) -> None:
    """Decode files, a batch at a time on a few threads, and append their images to ``rows`` in order."""

    def decode(source: Readable) -> tuple[list[np.ndarray], DaylightError | None]:
        """Return the images of one file, or the error that reading it met."""
        images: list[np.ndarray] = []
        item, probe = source.item, source.probe
        try:
            for pixels in readers()[item.kind].read(item.path, item.name, options, probe.frames):
                deep = probe.deep and pixels.dtype != np.uint8
                images.append(fit_deep(pixels, rows.size) if deep else tidy(pixels, rows.size))
        except OptionError:
            raise
        except Exception as error:  # noqa: BLE001  (one bad file never ends an upload)
            return images, _own(item, error)
        return images, None

    done = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(sources), _BATCH):
            batch = sources[start : start + _BATCH]
            for at, (source, (images, error)) in enumerate(zip(batch, pool.map(decode, batch), strict=True), start):
                if error is not None:
                    rows.errors.append(error)
                _append(rows, source, images, at)
            done += len(batch)
            if progress is not None:
                progress(done / len(sources), f"{done:,} of {len(sources):,} files read")


def tidy(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return (size, size) uint8 where an image is grey, else (size, size, 3)."""
    return to_grey(fit_square(to_bytes(pixels), size))


def to_grey(square: np.ndarray) -> np.ndarray:
    """Return an image without its channels where they are equal."""
    return np.ascontiguousarray(square[..., 0]) if square.ndim == 3 and is_grey(square) else square


def _append(rows: Rows, source: Readable, images: list[np.ndarray], at: int) -> None:
    item, probe = source.item, source.probe
    for frame, image in zip(probe.frames, images, strict=False):  # a file may break off in the middle
        rows.images.append(image)
        rows.depths.append(probe.mode if image.dtype != np.uint8 else "")
        rows.records.append(
            {
                "id": f"{item.name}#{frame}" if probe.many else item.name,
                "file": item.name,
                "width": probe.width,
                "height": probe.height,
                "mode": probe.mode,
                "many": probe.many,
                "entry": at,
            }
        )


def read_array(images: np.ndarray, rows: Rows, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Append images (n, height, width[, channels]) of an npz to ``rows``."""
    height, width = images.shape[1:3]
    mode = "RGB" if images.ndim == 4 and images.shape[-1] > 1 else "L"
    plain = images.astype(np.uint8) * 255 if images.dtype == np.bool_ else images
    mode = mode if plain.dtype == np.uint8 else str(plain.dtype)
    deep = plain.dtype != np.uint8
    for image, record in zip(plain, records, strict=True):
        rows.images.append(fit_deep(image, rows.size) if deep else tidy(image, rows.size))
        rows.depths.append(mode if deep else "")
        rows.records.append({"file": name, "width": width, "height": height, "mode": mode, "many": False, **record})


def lay_windows(
    rows: Rows, options: Mapping[str, Any], trained: Mapping[str, Sequence[float]]
) -> dict[str, tuple[float, float]]:
    """Turn images of every depth into bytes by one window for all of that depth, and return these windows.

    Images of one depth share one scale, so that a level which tells the class is not stretched away. The window is
    that of the training data where there is one, the wished one, the range that bytes (0 to 255) or shares (0 to 1)
    have, or from the 0.5th to the 99.5th percentile of them all.
    """
    windows: dict[str, tuple[float, float]] = {}
    wish = parse_window(options)
    for depth in dict.fromkeys(depth for depth in rows.depths if depth):
        here = [at for at, one in enumerate(rows.depths) if one == depth]
        known = trained.get(depth)
        windows[depth] = (known[0], known[1]) if known else _window([rows.images[at] for at in here], depth, wish)
        for at in here:
            rows.images[at] = to_grey(to_bytes(window_to_bytes(rows.images[at], *windows[depth])))
            rows.depths[at] = ""
    return windows


def _window(images: Sequence[np.ndarray], depth: str, wish: str | tuple[float, float]) -> tuple[float, float]:
    """Return the window of all images of one depth."""
    if not isinstance(wish, str):
        return bounds(wish, np.zeros(1))
    low = float(min(np.nanmin(np.where(np.isfinite(image), image, np.nan), initial=np.inf) for image in images))
    high = float(max(np.nanmax(np.where(np.isfinite(image), image, np.nan), initial=-np.inf) for image in images))
    if wish == "full":
        return low, high
    if low >= 0 and high <= 255 and ("float" not in depth or high > 1):
        return 0.0, 255.0
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    some = [image[np.isfinite(image)] for image in images]
    return robust_range(np.concatenate([values[:: max(1, len(values) // _SAMPLED)] for values in some]))
