"""From the stored values of a DICOM frame to what is shown: modality look-up, window, padding, colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.reading.images.pixels import robust_range, window_to_bytes

if TYPE_CHECKING:
    from pydicom import Dataset as Header

Window = str | tuple[float, float]


@dataclass(frozen=True)
class Table:
    """A look-up table: ``first`` is the value that its first entry stands for, ``top`` the largest that it may give."""

    values: np.ndarray
    first: int
    top: int

    def __call__(self, stored: np.ndarray) -> np.ndarray:
        """Return the entries of values (h, w); those below or above the table take its first or last entry."""
        at = np.clip(np.rint(stored).astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[at]


def presented(raw: np.ndarray, header: Header, frame: int, window: Window) -> np.ndarray:
    """Return one frame in presentation values, (height, width) or (height, width, 3) uint8.

    Parameters
    ----------
    raw : numpy.ndarray
        Stored values; colours as RGB, into which pydicom has turned YBR.
    header : pydicom.Dataset
    frame : int
        From 1, since enhanced files hold a window and a rescale for all frames or for each.
    window : str or (float, float)
        As `dl_core.reading.images.pixels.parse_window` gives it.
    """
    from pydicom.pixels import apply_color_lut

    photometric = str(header.get("PhotometricInterpretation") or "MONOCHROME2")
    if photometric == "PALETTE COLOR":
        raw = apply_color_lut(raw, header)
    if raw.ndim == 3:
        return _deep_colour(raw, int(header.get("BitsStored", 8)))
    shown = ~_padding(raw, header)
    values = _modality(raw, header, frame)
    grey = _windowed(values, values[shown] if shown.any() else values, header, frame, window)
    grey = 255 - grey if photometric == "MONOCHROME1" else grey
    return np.where(shown, grey, 0).astype(np.uint8)


def first_number(value: Any) -> float | None:
    """Return the first number of a field that may hold several or none."""
    if value is None or value == "":
        return None
    try:
        number = float(value[0]) if hasattr(value, "__len__") and not isinstance(value, str) else float(value)
    except (TypeError, ValueError, IndexError):
        return None
    return number if np.isfinite(number) else None


def _macro(header: Header, frame: int, name: str) -> list[Header]:
    """Return where a frame's fields may stand, nearest first: in its own group, in that of all frames, at the top."""
    own = (header.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame]
    shared = (header.get("SharedFunctionalGroupsSequence") or [])[:1]
    return [item for group in (*own, *shared) for item in (group.get(name) or [])[:1]] + [header]


def _number(places: list[Header], name: str) -> float | None:
    found = (first_number(place.get(name)) for place in places)
    return next((number for number in found if number is not None), None)


def _modality(raw: np.ndarray, header: Header, frame: int) -> np.ndarray:
    """Return values in modality units (HU …); an empty or missing rescale changes nothing."""
    places = _macro(header, frame, "PixelValueTransformationSequence")
    table = _table(header, "ModalityLUTSequence", header)
    if table is not None:
        return table(raw)
    slope, intercept = (_number(places, f"Rescale{name}") for name in ("Slope", "Intercept"))
    if slope in (None, 0.0, 1.0) and not intercept:
        return raw
    return raw.astype(np.float64) * (slope or 1.0) + (intercept or 0.0)


def _table(place: Header, name: str, header: Header) -> Table | None:
    """Return the look-up table of a sequence; None where there is none, or it is empty."""
    item = next(iter(place.get(name) or []), None)
    descriptor, data = (None, None) if item is None else (item.get("LUTDescriptor"), item.get("LUTData"))
    if not descriptor or data is None or len(descriptor) != 3 or not len(data):
        return None
    count, first, bits = (int(number) for number in descriptor)
    count = count or 1 << 16  # as the standard writes it
    if isinstance(data, bytes):
        order = "<" if header.original_encoding[1] is not False else ">"
        data = (
            np.frombuffer(data[: len(data) - len(data) % 2], f"{order}u2")
            if len(data) >= 2 * count
            else bytearray(data)
        )
    values = np.array(data, dtype=np.int64)[:count]
    signed = header.get("PixelRepresentation") == 1 and first > 0x7FFF
    return Table(values, first - (1 << 16) * signed, max((1 << bits) - 1, int(values.max())) if len(values) else 1)


def _padding(raw: np.ndarray, header: Header) -> np.ndarray:
    """Return where a frame holds no image but the value that fills its corners, (h, w) bool."""
    low = first_number(header.get("PixelPaddingValue"))
    if low is None:
        return np.zeros(raw.shape, dtype=bool)
    high = first_number(header.get("PixelPaddingRangeLimit"))
    low, high = sorted((low, low if high is None else high))
    return (raw >= low) & (raw <= high)


def _windowed(values: np.ndarray, seen: np.ndarray, header: Header, frame: int, window: Window) -> np.ndarray:
    """Return grey bytes by the wished window, else the header's table or first window, else robust percentiles."""
    if not isinstance(window, str):
        return _linear(values, *window)
    if window == "full":
        return window_to_bytes(values, float(seen.min()), float(seen.max()))
    places = _macro(header, frame, "FrameVOILUTSequence")
    table = next((found for place in places if (found := _table(place, "VOILUTSequence", header)) is not None), None)
    if table is not None:
        return window_to_bytes(table(values), 0.0, float(table.top))
    centre, width = (_number(places, f"Window{name}") for name in ("Center", "Width"))
    function = next((str(place.VOILUTFunction) for place in places if place.get("VOILUTFunction")), "LINEAR").upper()
    if centre is None or width is None or width < (1 if function == "LINEAR" else 1e-9):
        return window_to_bytes(values, *robust_range(seen))
    if function == "SIGMOID":
        return window_to_bytes(1.0 / (1.0 + np.exp(-4.0 * (values - centre) / width)), 0.0, 1.0)
    if function == "LINEAR_EXACT":
        return window_to_bytes(values, centre - width / 2, centre + width / 2)
    return _linear(values, centre, width)


def _linear(values: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Return DICOM's LINEAR window (PS3.3 C.11.2.1.2.1): from c − 0.5 − (w − 1)/2 to c − 0.5 + (w − 1)/2."""
    half = max(width - 1, 1e-6) / 2
    return window_to_bytes(values, centre - 0.5 - half, centre - 0.5 + half)


def _deep_colour(raw: np.ndarray, bits: int) -> np.ndarray:
    if raw.dtype == np.uint8:
        return raw
    top = 65535 if raw.dtype == np.uint16 and raw.max() >= 1 << min(bits, 16) else (1 << bits) - 1
    return window_to_bytes(raw.astype(np.float64), 0.0, float(top))
