"""Columns made of others: age from a date of birth, distance of two places, whether a mostly empty cell is filled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import looks_like_time, parse_times

AGE, DISTANCE, HAS = "age", "distance_km", "has "
_BORN = re.compile(
    r"(^|_)(dob|birth_?date|birth_?day|date_of_birth|born(_on)?|geburts(datum|tag)|naissance|nacimiento)(_|$)"
)
_LATITUDE, _LONGITUDE = re.compile(r"(^|_)(lat|latitude)(_|$)"), re.compile(r"(^|_)(lon|lng|long|longitude)(_|$)")
_EARTH = 6_371.0  # km, mean radius
_YEAR = 365.2425  # days
_MOSTLY = 0.5  # share of empty cells, from which whether a cell is filled says something of its own


@dataclass(frozen=True)
class Made:
    """A table with the columns made of others, what is to say, and the dates of birth for the ages."""

    frame: pd.DataFrame
    notes: tuple[Finding, ...] = ()
    born: np.ndarray | None = None  # (n,) datetime64[ns]


def with_made(frame: pd.DataFrame, wanted: Iterable[str]) -> Made:
    """Return a table with a distance, a place for the age, and the indicators among the columns that are wanted."""
    told: list[str] = []
    added: dict[str, pd.Series] = {}
    places = _places(frame)
    if len(places) >= 2 and DISTANCE not in frame:
        added[DISTANCE] = _distance(*(frame[name] for pair in places[:2] for name in pair))
        told.append(f"{DISTANCE} between {' and '.join(shorten(' / '.join(pair), 40) for pair in places[:2])}")
    born = None
    if not any(plain_name(name) == AGE for name in frame):
        for name in frame.columns:
            if _BORN.search(plain_name(name)) and _is_date(frame[name]):
                born, added[AGE] = parse_times(frame[name]).values, pd.Series(np.nan, index=frame.index)
                told.append(f"{AGE} in years from {shorten(name, 40)}")
                break
    for name in wanted:
        base = name.removeprefix(HAS)
        if name.startswith(HAS) and name not in frame and base in frame:
            added[name] = frame[base].notna().astype("int8")
    notes = [Finding("info", "made-columns", f"Made of other columns: {'; '.join(told)}.")] if told else []
    return Made(frame.assign(**added) if added else frame, tuple(notes), born)


def ages(born: np.ndarray, time: np.ndarray | None, now: np.datetime64) -> np.ndarray:
    """Return full years from birth to each transaction, or to now without times, (n,) float64; none for the unborn."""
    until = np.full(len(born), now.astype("datetime64[ns]")) if time is None else time
    days = (until - born) / np.timedelta64(1, "D")
    return np.where(np.isnat(born) | np.isnat(until) | (days < 0), np.nan, np.floor(days / _YEAR))


def indicators(columns: dict[str, pd.Series], names: Iterable[str]) -> dict[str, pd.Series]:
    """Return whether a cell is filled, of each column that mostly is not, as 0 and 1 by the indicator's name."""
    empty = {name: columns[name].isna() for name in names}
    mostly = {name: gone for name, gone in empty.items() if _MOSTLY < gone.mean() < 1 and HAS + name not in columns}
    return {HAS + name: (~gone).astype("int8").rename(HAS + name) for name, gone in mostly.items()}


def _is_date(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column.dtype) or (
        not pd.api.types.is_numeric_dtype(column.dtype) and looks_like_time(column)
    )


def _places(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return pairs of latitude and longitude, whose names differ in nothing else."""
    found: dict[str, dict[str, str]] = {}
    for name in frame.columns:
        for word, pattern, most in (("latitude", _LATITUDE, 90), ("longitude", _LONGITUDE, 180)):
            plain = plain_name(name)
            numeric = pattern.search(plain) and pd.api.types.is_numeric_dtype(frame[name].dtype)
            if numeric and bool(frame[name].dropna().iloc[:20_000].abs().max() <= most):
                found.setdefault(pattern.sub("_", plain).strip("_"), {}).setdefault(word, name)
    return [(pair["latitude"], pair["longitude"]) for pair in found.values() if len(pair) == 2]


def _distance(lat: pd.Series, lon: pd.Series, other_lat: pd.Series, other_lon: pd.Series) -> pd.Series:
    """Return great-circle distances in km (haversine formula)."""
    one, two = (np.radians(column.to_numpy(dtype=np.float64, na_value=np.nan)) for column in (lat, other_lat))
    apart = np.radians((other_lon - lon).to_numpy(dtype=np.float64, na_value=np.nan))
    chord = np.sin((two - one) / 2) ** 2 + np.cos(one) * np.cos(two) * np.sin(apart / 2) ** 2
    return pd.Series(2 * _EARTH * np.arcsin(np.sqrt(np.clip(chord, 0, 1))), index=lat.index)
