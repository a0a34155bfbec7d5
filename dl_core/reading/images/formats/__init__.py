"""Formats of image files, one family a module; whoever adds a module with a ``READER`` here adds a format."""

from __future__ import annotations

from dl_core.discover import discover
from dl_core.reading.images.formats.base import Probe, Reader

__all__ = ["READERS", "Probe", "Reader"]

READERS: dict[str, Reader] = {
    reader.kind: reader for reader in discover(__name__, "READER", "daylight.readers") if isinstance(reader, Reader)
}
