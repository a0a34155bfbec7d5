"""DICOM files: pixels through their look-up tables, and the few header fields that are not personal."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.errors import FileError
from dl_core.reading.images.formats.base import Probe, Reader, choose_frames
from dl_core.reading.images.formats.dicom_values import presented
from dl_core.reading.images.pixels import parse_window
from dl_core.reading.limits import Limits, check_pixels
from dl_core.reading.listing import head_of

if TYPE_CHECKING:
    from pydicom import Dataset as Header

_EXTENDED_JPEG = "1.2.840.10008.1.2.4.51"
_HEAD = 132  # bytes of preamble and mark
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}  # of DICOM's age units


def probe(path: Path, where: str, options: Mapping[str, Any], limits: Limits) -> Probe:
    """Return size, frames and the harmless header fields.

    Raises
    ------
    FileError
        If it is no DICOM file or holds no picture.
    """
    header = _header(path, where, pixels=False)
    try:
        height, width = int(header.Rows), int(header.Columns)
        count = max(1, int(header.get("NumberOfFrames") or 1))
    except (TypeError, ValueError) as error:
        raise FileError(
            "its header is damaged (size or number of frames)", where=where, todo="export it again"
        ) from error
    check_pixels(height, width, where, limits)
    frames = choose_frames(count, options.get("frames")) if count > 1 else (1,)
    burned = str(header.get("BurnedInAnnotation", "")).upper() == "YES"
    warning = ("burned-in annotations according to the header; check that no name is visible",) if burned else ()
    parse_window(options)
    mode = f"{header.get('BitsStored', 8)} bit {header.get('PhotometricInterpretation', '')}".strip()
    return Probe(height, width, mode, frames, count > 1, harmless_fields(header), warning)


def read(path: Path, where: str, options: Mapping[str, Any], frames: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield frames as (height, width) or (height, width, 3) uint8, in presentation values.

    Raises
    ------
    FileError
        If the pixels cannot be decoded.
    """
    from pydicom.pixels import iter_pixels

    header, window = _header(path, where, pixels=True), parse_window(options)
    twelve = header.file_meta.TransferSyntaxUID == _EXTENDED_JPEG and header.get("BitsStored") == 12
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom remarks on header details that do not matter here
            indices = [frame - 1 for frame in frames]
            pixels = _twelve_bits(path, header, frames) if twelve else iter_pixels(header, indices=indices)
            for frame, raw in zip(frames, pixels, strict=False):
                yield presented(raw, header, frame, window)
    except Exception as error:  # whatever a damaged file makes pydicom or a decoder stumble over
        raise FileError(
            "its pixels cannot be decoded",
            where=where,
            expected="complete pixel data in a transfer syntax in common use",
            todo="export it again, uncompressed if you can choose",
        ) from error


def harmless_fields(header: Header) -> dict[str, Any]:
    """Return what may be kept of a header; the patient's and the institution's ids are replaced by the caller."""
    about = {
        "patient": str(header.get("PatientID", "") or "").strip(),
        "study": str(header.get("StudyInstanceUID", "") or "").strip(),
        "series": str(header.get("SeriesInstanceUID", "") or "").strip(),
        "sex": str(header.get("PatientSex", "") or "").strip(),
        "age": age_in_years(str(header.get("PatientAge", "") or "")),
        "site": str(header.get("InstitutionName", "") or "").strip(),
        "scanner": f"{header.get('Manufacturer', '') or ''} {header.get('ManufacturerModelName', '') or ''}".strip(),
        "modality": str(header.get("Modality", "") or "").strip(),
        "body_part": str(header.get("BodyPartExamined", "") or "").strip().lower(),
        "view": str(header.get("ViewPosition", "") or "").strip(),
    }
    return {key: value for key, value in about.items() if value not in ("", None)}


def age_in_years(text: str) -> float | None:
    """Return the years of a DICOM age such as ``"045Y"`` or ``"018M"``, or None."""
    found = re.fullmatch(r"\s*(\d{1,3})([DWMY])\s*", text)
    return None if found is None else round(int(found[1]) * _YEARS[found[2]], 2)


def _header(path: Path, where: str, pixels: bool) -> Header:
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            head = head_of(path, _HEAD)
            stray = 0 if head[128:] == b"DICM" else bare_start(head)
            source = io.BytesIO(path.read_bytes()[stray:]) if stray > 0 else path
            header = pydicom.dcmread(source, stop_before_pixels=not pixels, force=True)
            told = "SOPClassUID" in header or "Rows" in header
            if told:
                _complete(header)
            complete = all(_plain(header, key) for key in ("Rows", "Columns", "BitsAllocated"))
    except Exception as error:  # whatever a damaged header makes pydicom stumble over
        raise FileError("this is not a readable DICOM file", where=where, todo="export it again") from error
    if not told:
        raise FileError("this is not a readable DICOM file", where=where, todo="export it again")
    if not complete:
        raise FileError(
            "this DICOM file holds no picture",
            where=where,
            expected="an image (CT, MR, X-ray …), not a report, plan, structure set or directory",
            todo="leave it out",
        )
    if pixels and not any(header.get(key) for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise FileError("its pixel data are empty", where=where, todo="export it again")
    return header


def _complete(header: Header) -> None:
    """Fill in what decoders need and old or careless files lack."""
    import pydicom

    if not hasattr(header, "file_meta") or not header.file_meta.get("TransferSyntaxUID"):
        header.file_meta = getattr(header, "file_meta", None) or pydicom.dataset.FileMetaDataset()
        implicit, little = header.original_encoding
        syntax = pydicom.uid.ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian
        header.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian if implicit else syntax
    bits = int(_plain(header, "BitsAllocated") or 0)
    usual = {"SamplesPerPixel": 1, "PixelRepresentation": 0, "BitsStored": bits, "HighBit": bits - 1}
    for name, value in {**usual, "PhotometricInterpretation": "MONOCHROME2"}.items():
        if bits and _plain(header, name) in (None, ""):
            setattr(header, name, value)
    if "NumberOfFrames" in header and _plain(header, "NumberOfFrames") is None:
        header.NumberOfFrames = 1


def _plain(header: Header, name: str) -> Any:
    """Return a field's value; None where it cannot be read."""
    try:
        return header.get(name)
    except (ValueError, TypeError):
        return None


def _twelve_bits(path: Path, header: Header, frames: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield frames of 12-bit extended JPEG, which GDCM decodes and pydicom does not hand to it."""
    import gdcm

    gdcm.Trace.WarningOff()
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError("GDCM cannot read it")
    data = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")  # its bytes come as text
    images = np.frombuffer(data, dtype=np.uint16).reshape(-1, int(header.Rows), int(header.Columns))
    for frame in frames:
        yield images[frame - 1]


_GROUPS = (b"\x08\0", b"\x02\0", b"\0\x08", b"\0\x02")  # the first of a data set without a preamble
_STRAY = 2  # bytes that may stand before it


def bare_start(head: bytes) -> int:
    """Return where a data set without preamble starts by its first element, or -1."""
    for start in range(_STRAY + 1):
        group, kind = head[start : start + 2], head[start + 4 : start + 8]
        explicit = kind[:2] in (b"CS", b"UL", b"UI", b"DA", b"TM", b"OB", b"SH", b"LO")
        if group in _GROUPS and (explicit or (start == 0 and kind[2:] == b"\0\0" and 0 < kind[0] <= 64)):
            return start
    return -1


def recognise(head: bytes, suffix: str) -> bool:
    """Return whether a file has DICOM's preamble, or starts with its first element as old files do."""
    return head[128:132] == b"DICM" or bare_start(head) >= 0


READER = Reader("dicom", probe, read, recognise, unmarked=(".dcm", ".dicom", ".ima"))
