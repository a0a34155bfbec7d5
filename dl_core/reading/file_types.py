"""What a file is, by its first bytes and not only by its name."""

from __future__ import annotations

from pathlib import Path

from dl_core.errors import FileError

RASTER_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp")
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
IMAGE_SUFFIXES = (*RASTER_SUFFIXES, *DICOM_SUFFIXES, *NIFTI_SUFFIXES)
TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".xlsx", ".jsonl", ".ndjson")
UPLOAD_SUFFIXES = (*IMAGE_SUFFIXES, ".npz", ".zip", *TABLE_SUFFIXES)

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "raster"),
    (b"\xff\xd8\xff", "raster"),
    (b"II*\0", "raster"),
    (b"MM\0*", "raster"),
    (b"II+\0", "raster"),
    (b"MM\0+", "raster"),
    (b"BM", "raster"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "table"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
)


def suffix_of(name: str | Path) -> str:
    """Return the lower-case suffix, ``.nii.gz`` as one."""
    name = str(name).lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def looks_like_image(name: str | Path) -> bool:
    """Return whether the name promises an image."""
    return suffix_of(name) in IMAGE_SUFFIXES


def kind_of(path: Path, where: str = "") -> str:
    """Return ``"raster"``, ``"dicom"``, ``"nifti"``, ``"npz"``, ``"zip"`` or ``"table"``.

    Raises
    ------
    FileError
        If the file is empty, cannot be opened, or is none of these.
    """
    where = where or path.name
    with open(path, "rb") as file:
        head = file.read(348)
    if not head:
        raise FileError("the file is empty", where=where, todo="export or copy it again")
    suffix, found = suffix_of(where), _by_magic(head)
    if found == "zip":
        found = {".npz": "npz", ".xlsx": "table"}.get(suffix, "zip")
    elif found == "gzip":
        found = "nifti" if suffix == ".nii.gz" else "a gzip archive"
    elif found == "" and suffix in TABLE_SUFFIXES:
        found = "table"
    elif found == "" and suffix in DICOM_SUFFIXES:
        found = "dicom"  # old files lack the preamble; the reader decides
    if found in ("raster", "dicom", "nifti", "npz", "zip", "table"):
        return found
    raise FileError(
        f"this is {found}" if found else "this is not an image",
        where=where,
        expected="PNG, JPEG, TIFF, BMP, WebP, DICOM, NIfTI, a zip, an npz or a table",
        todo="save it as one of these; renaming a file does not change what it is",
    )


def _by_magic(head: bytes) -> str:
    """Return the kind that the first bytes tell, or ``""``."""
    if head[128:132] == b"DICM":
        return "dicom"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "raster"
    if len(head) >= 348 and head[344:348] in (b"n+1\0", b"n+2\0"):
        return "nifti"
    if head[4:12] == b"n+2\0\r\n\x1a\n":
        return "nifti"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
