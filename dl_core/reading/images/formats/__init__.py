"""Readers of image files, one family of formats a file."""

from dl_core.reading.images.formats import dicom, nifti, raster
from dl_core.reading.images.formats.base import Probe, Reader

READERS: dict[str, Reader] = {reader.kind: reader for reader in (raster.READER, dicom.READER, nifti.READER)}

__all__ = ["READERS", "Probe", "Reader"]
