"""Formats of image files, one family a module; whoever adds a module with a ``READER`` here adds a format."""

from __future__ import annotations

from functools import cache

from dl_core.discover import discover
from dl_core.reading.images.formats.base import Probe, Reader

__all__ = ["Probe", "Reader", "readers"]


@cache
def readers() -> dict[str, Reader]:
    """Return all readers by the kind of file that they read."""
    found = [one for one in discover(__name__, "READER", "daylight.readers") if isinstance(one, Reader)]
    return {reader.kind: reader for reader in found}
