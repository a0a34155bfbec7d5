"""What every reader of image files offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dl_core.reading.limits import Limits


@dataclass(frozen=True)
class Probe:
    """What a file's header tells, before any pixel is decoded.

    Parameters
    ----------
    height, width : int
        Pixels of one image.
    mode : str
        Kind of pixels, for the table ("L", "RGB", "16 bit" …).
    frames : tuple of int
        Which images of the file are read, counted from 1; ``(1,)`` where it holds one.
    many : bool
        Whether the file holds several images.
    about : mapping
        What the header says about the patient and the recording, without names, dates or addresses. The key
        ``"patient"`` holds the real id; `dl_core.data.privacy` replaces it before anything is kept.
    warnings : tuple of str
        What the user should know ("the picture may have names burned in").
    times : int
        Points in time of a series of volumes, of which one, or the mean, is read.
    deep : bool
        Whether `Reader.read` gives values that no window has been laid over yet: one holds for all such files.
    """

    height: int
    width: int
    mode: str
    frames: tuple[int, ...] = (1,)
    many: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    times: int = 1
    deep: bool = False


@dataclass(frozen=True)
class Reader:
    """One family of formats.

    ``probe(path, where, options, limits)`` reads the header only and raises for what cannot be read;
    ``read(path, where, options, frames)`` yields one array an image, (height, width) or (height, width, 3 or 4);
    ``recognise(head, suffix)`` tells by a file's first 348 bytes and its ending whether it is of the family. Endings in
    ``unmarked`` are believed where the first bytes say nothing.
    """

    kind: str
    probe: Callable[[Path, str, Mapping[str, Any], Limits], Probe]
    read: Callable[[Path, str, Mapping[str, Any], tuple[int, ...]], Iterator[np.ndarray]]
    recognise: Callable[[bytes, str], bool]
    unmarked: tuple[str, ...] = ()


def choose_frames(count: int, wish: Any) -> tuple[int, ...]:
    """Return which of ``count`` images to read: all, the first, the middle one, or so many evenly spaced."""
    if wish == "first":
        return (1,)
    if wish == "middle":
        return (count // 2 + 1,)
    if wish in (None, "", "all"):
        return tuple(range(1, count + 1))
    most = max(1, int(wish))
    if most >= count:
        return tuple(range(1, count + 1))
    return tuple(int(i) + 1 for i in np.unique(np.linspace(0, count - 1, most).round()))
