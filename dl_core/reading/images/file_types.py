"""What a file beside images is, by its first bytes and not only by its name."""

from __future__ import annotations

from pathlib import Path

from dl_core.errors import FileError
from dl_core.reading.images.formats import readers
from dl_core.reading.listing import RENAMED, foreign_kind, head_of, suffix_of
from dl_core.reading.tables.formats import is_claimed, table_suffixes

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def kind_of(path: Path, where: str = "") -> str:
    """Return the kind of a reader (``"raster"``, ``"dicom"``, ``"nifti"`` …), ``"npz"``, ``"zip"`` or ``"table"``.

    Raises
    ------
    FileError
        If the file is empty, cannot be opened, or is none of these.
    """
    where = where or path.name
    head, suffix = head_of(path, 348), suffix_of(where)
    if not head:
        raise FileError("the file is empty", where=where, todo="export or copy it again")
    found = _kind(head, suffix, path)
    if found:
        return found
    raise FileError(
        f"this is {foreign_kind(head) or 'not an image'}",
        where=where,
        expected="PNG, JPEG, TIFF, BMP, WebP, DICOM, NIfTI, a zip, an npz or a table",
        todo=RENAMED,
    )


def _kind(head: bytes, suffix: str, path: Path) -> str:
    """Return what the first bytes tell, else what the name promises where nothing speaks against it, or ``""``."""
    for kind, reader in readers().items():
        if reader.recognise(head, suffix):
            return kind
    if is_claimed(head, path):
        return "table"
    if head.startswith(_ZIP):
        return "npz" if suffix == ".npz" else "zip"
    if foreign_kind(head):
        return ""
    if suffix in table_suffixes(quiet=False):
        return "table"
    return next((kind for kind, reader in readers().items() if suffix in reader.unmarked), "")
