"""DICOM files: pixels through their look-up tables, and the few header fields that are not personal."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.errors import FileError, OptionError
from dl_core.reading.images.formats.base import Probe, Reader, choose_frames
from dl_core.reading.images.pixels import robust_range, window_to_bytes
from dl_core.reading.limits import Limits, check_pixels

if TYPE_CHECKING:
    from pydicom import Dataset as Header

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
        count = int(header.get("NumberOfFrames") or 1)
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

    header = _header(path, where, pixels=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom remarks on header details that do not matter here
            for raw in iter_pixels(header, indices=[frame - 1 for frame in frames]):
                yield _presented(raw, header, parse_window(options))
    except (ValueError, RuntimeError, AttributeError, NotImplementedError, OSError, KeyError, IndexError) as error:
        raise FileError(
            "its pixels cannot be decoded",
            where=where,
            expected="complete pixel data in a transfer syntax in common use",
            todo="export it again, uncompressed if you can choose",
        ) from error


def parse_window(options: Mapping[str, Any]) -> str | tuple[float, float]:
    """Return ``"auto"`` (the header's window, else percentiles), ``"full"``, or (centre, width) in modality units.

    Raises
    ------
    OptionError
        If the option ``window`` is none of these.
    """
    wish = options.get("window") or "auto"
    if wish in ("auto", "full"):
        return str(wish)
    try:
        centre, width = (
            (float(part) for part in wish.split(",")) if isinstance(wish, str) else (float(part) for part in wish)
        )
    except (TypeError, ValueError):
        centre, width = 0.0, 0.0
    if not width >= 1:
        raise OptionError(f"{wish!r} is not a window", where="option window", expected="auto, full, or CENTRE,WIDTH")
    return centre, width


def harmless_fields(header: Header) -> dict[str, Any]:
    """Return what may be kept of a header; the patient's and the institution's ids are replaced by the caller."""
    about = {
        "patient": str(header.get("PatientID", "") or "").strip(),
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
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=not pixels, force=True)
            if "SOPClassUID" not in header and "Rows" not in header:
                raise InvalidDicomError
            if not hasattr(header, "file_meta") or "TransferSyntaxUID" not in header.file_meta:
                header.file_meta = getattr(header, "file_meta", None) or pydicom.dataset.FileMetaDataset()
                implicit, little = header.original_encoding
                syntax = pydicom.uid.ExplicitVRLittleEndian if little else pydicom.uid.ExplicitVRBigEndian
                header.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian if implicit else syntax
            complete = all(header.get(key) for key in ("Rows", "Columns", "BitsAllocated"))
    except (InvalidDicomError, OSError, ValueError, AttributeError, KeyError, NotImplementedError, EOFError) as error:
        raise FileError("this is not a readable DICOM file", where=where, todo="export it again") from error
    if not complete or (pixels and not any(key in header for key in ("PixelData", "FloatPixelData"))):
        raise FileError(
            "this DICOM file holds no picture",
            where=where,
            expected="an image (CT, MR, X-ray …), not a report, plan, structure set or directory",
            todo="leave it out",
        )
    return header


def _presented(raw: np.ndarray, header: Header, window: str | tuple[float, float]) -> np.ndarray:
    """Return one frame in presentation values, (height, width) or (height, width, 3) uint8."""
    from pydicom.pixels import apply_color_lut, apply_modality_lut

    photometric = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if photometric == "PALETTE COLOR":
        raw = apply_color_lut(raw, header)
    if raw.ndim == 3:  # RGB; pydicom has turned YBR into it
        return _deep_colour(raw, int(header.get("BitsStored", 8)))
    values = apply_modality_lut(raw, header)
    grey = _windowed(values, header, window)
    return 255 - grey if photometric == "MONOCHROME1" else grey


def _deep_colour(raw: np.ndarray, bits: int) -> np.ndarray:
    if raw.dtype == np.uint8:
        return raw
    top = 65535 if raw.dtype == np.uint16 and raw.max() >= 1 << min(bits, 16) else (1 << bits) - 1
    return window_to_bytes(raw.astype(np.float64), 0.0, float(top))


def _windowed(values: np.ndarray, header: Header, window: str | tuple[float, float]) -> np.ndarray:
    """Return grey bytes by the wished window, else the header's table or first window, else robust percentiles."""
    from pydicom.pixels import apply_voi

    if not isinstance(window, str):
        return _linear(values, *window)
    if window == "full":
        return window_to_bytes(values, float(values.min()), float(values.max()))
    if header.get("VOILUTSequence"):
        shown = apply_voi(values, header)
        bits = int(header.VOILUTSequence[0].LUTDescriptor[2])
        return window_to_bytes(shown, 0.0, float((1 << bits) - 1))
    centre, width = (_first(header.get(key)) for key in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or not width >= 1:
        return window_to_bytes(values, *robust_range(values))
    function = str(header.get("VOILUTFunction", "LINEAR") or "LINEAR").upper()
    if function == "SIGMOID":
        return window_to_bytes(1.0 / (1.0 + np.exp(-4.0 * (values - centre) / width)), 0.0, 1.0)
    if function == "LINEAR_EXACT":
        return window_to_bytes(values, centre - width / 2, centre + width / 2)
    return _linear(values, centre, width)


def _linear(values: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Return DICOM's LINEAR window (PS3.3 C.11.2.1.2.1): from c − 0.5 − (w − 1)/2 to c − 0.5 + (w − 1)/2."""
    half = max(width - 1, 1e-6) / 2
    return window_to_bytes(values, centre - 0.5 - half, centre - 0.5 + half)


def _first(value: Any) -> float | None:
    """Return the first number of a field that may hold several or none."""
    if value is None or value == "":
        return None
    try:
        return float(value[0]) if hasattr(value, "__len__") and not isinstance(value, str) else float(value)
    except (TypeError, ValueError, IndexError):
        return None


def recognise(head: bytes, suffix: str) -> bool:
    """Return whether a file has DICOM's preamble."""
    return head[128:132] == b"DICM"


READER = Reader("dicom", probe, read, recognise, unmarked=(".dcm", ".dicom", ".ima"))  # old files lack the preamble
