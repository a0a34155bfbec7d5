"""Local times and the zone they are of: what came in with an offset goes out with one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.reading.tables.times import Times

_OFFSET = r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})\s*$"
_USUAL = (  # tried first: of zones with the same clocks the most people know
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/Athens"),
    *("America/Denver", "Australia/Sydney", "America/Sao_Paulo", "Pacific/Auckland"),
)


def localised(column: pd.Series, times: Times) -> tuple[Times, str]:
    """Return times as the clocks of their zone show them, and that zone; as they are where they have none.

    Offsets that change (+02:00, +01:00) are those of a zone with summer time; times of several zones stay UTC.

    Parameters
    ----------
    column : pandas.Series
        As the table holds it: text, or times with a zone.
    times : Times
        The same in UTC.
    """
    kinds = {note.kind for note in times.notes}
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        zone = "" if column.dt.tz is None else str(column.dt.tz)
        if zone in ("", "UTC"):
            return (_noted(times, column.name, zone) if zone else times), zone
        offset = (column.dt.tz_localize(None) - column.dt.tz_convert("UTC").dt.tz_localize(None)).to_numpy()
        return _noted(replace(times, values=times.values + offset), column.name, zone), zone
    if "zones" not in kinds or times.values.dtype.kind != "M":
        return times, ""
    parts = column.astype("str").str.extract(_OFFSET)
    minutes = parts["hours"].astype("float64") * 60 + parts["minutes"].astype("float64")
    minutes = minutes.where(parts["sign"] != "-", -minutes).fillna(0.0).to_numpy()
    known = ~np.isnat(times.values)
    zone = _zone_of(times.values[known], minutes[known])
    if not zone:
        return times, "UTC"
    local = times.values + (minutes * 60).astype("timedelta64[s]")
    return _noted(replace(times, values=local), column.name, zone), zone


def _noted(times: Times, name: object, zone: str) -> Times:
    text = f"{name!r} holds local times of {zone}; steps follow its clocks, and forecasts are told in it."
    if zone == "UTC":
        text = f"{name!r} holds times in UTC; forecasts are told in it."
    others = tuple(note for note in times.notes if note.kind != "zones")
    return replace(times, notes=(*others, Finding("info", "zones", text)))


def _zone_of(times: np.ndarray, minutes: np.ndarray) -> str:
    """Return the zone in which UTC times have these offsets: a fixed one, or the first that fits; empty for none."""
    offsets = np.unique(minutes)
    if len(offsets) == 1:
        return "UTC" if offsets[0] == 0 else offset_text(int(offsets[0]))
    order = np.argsort(times, kind="stable")
    times, minutes = times[order], minutes[order]
    change = np.flatnonzero(np.diff(minutes) != 0)
    if len(change) > 2 * 12 * 60:  # offsets go to and fro: several zones
        return ""
    places = np.unique(np.r_[0, change, change + 1, len(times) - 1])
    stamps = pd.DatetimeIndex(times[places], tz="UTC")
    for zone in _candidates():
        local = stamps.tz_convert(zone)
        told = (local.tz_localize(None) - stamps.tz_localize(None)) // pd.Timedelta(minutes=1)
        if (told.to_numpy() == minutes[places]).all():
            return zone
    return ""


@lru_cache(maxsize=1)
def _candidates() -> tuple[str, ...]:
    others: Iterable[str] = sorted(available_timezones() - set(_USUAL))
    return (*_USUAL, *(zone for zone in others if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))))


def offset_text(minutes: int) -> str:
    """Return an offset as it is written: 120 → ``"+02:00"``."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def in_zone(times: pd.Series, zone: str) -> pd.Series:
    """Return local times as text with the offset of their zone, such as "2023-11-08 01:00:00+01:00".

    Times that clocks jump over are an hour later; of those that come twice the first is meant.
    """
    if not zone or not pd.api.types.is_datetime64_any_dtype(times.dtype):
        return times
    local = _localised(times.to_numpy(), zone)
    return pd.Series([one.isoformat(sep=" ") for one in local], index=times.index, dtype="str")


def brought_to(times: np.ndarray, zone: str, wanted: str) -> np.ndarray:
    """Return local times of one zone, (n,) datetime64[ns], as the clocks of another show them."""
    return _localised(times, zone).tz_convert(_clocks(wanted)).tz_localize(None).to_numpy().astype("datetime64[ns]")


def _localised(times: np.ndarray, zone: str) -> pd.DatetimeIndex:
    known = pd.DatetimeIndex(times)
    first = np.ones(len(known), dtype=bool)
    return known.tz_localize(_clocks(zone), ambiguous=first, nonexistent="shift_forward")


def _clocks(zone: str) -> Any:
    return pd.Timestamp(f"2000-01-01 00:00:00{zone}").tz if zone[0] in "+-" else zone
