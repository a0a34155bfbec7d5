"""From a table's columns to numbers that networks can take; fitted on training rows, saved with the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.schema import Role

ROLES = (Role.AMOUNT, Role.FEATURE, Role.HISTORY)
MOST_MISSING = 0.5  # share above which a column of the user's is left out; history says "nothing there" by it
MOST_CATEGORIES = 1_000  # of one column, the frequent ones; all others are 0
LARGEST = 8.0  # standardised numbers end here
SAMPLE = 200_000  # rows from which quantiles are taken
BLOCK = 100_000  # rows that are encoded at once


@dataclass(frozen=True)
class Span:
    """The numbers that belong to one column: ``numbers[:, start:stop]``, its value and perhaps a flag of missing."""

    name: str
    start: int
    stop: int


class TableEncoder:
    """Numbers and categories of a table.

    A number x becomes z = asinh((x - median) / scale), with the scale a robust standard deviation, and z is brought to
    mean 0 and standard deviation 1: nearly linear in the middle, logarithmic in the tails, so that one huge amount
    does no harm. Missing values and NaN become 0; where training had missing ones, a flag follows.
    """

    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.middle = self.scale = self.mean = self.deviation = np.zeros(0)  # (d,) of each number
        self.flagged = np.zeros(0, dtype=bool)  # (d,) whether a flag of missing follows
        self.categories: dict[str, list[str]] = {}

    @classmethod
    def fit(cls, data: Dataset) -> TableEncoder:
        """Return an encoder of the columns of training rows that say anything."""
        self = cls()
        names = [name for role in ROLES for name in data.roles.get(role, ()) if name in data.table]
        history = set(data.roles.get(Role.HISTORY, ()))
        numeric: list[str] = []
        for name in dict.fromkeys(names):
            column = data.table[name]
            if _is_number(column):
                if _says_something(column, name in history):
                    numeric.append(name)
            else:
                found = _frequent(column)
                if len(found) > 1 or (found and column.isna().any()):
                    self.categories[name] = found
        self.numeric, self.categorical = tuple(numeric), tuple(self.categories)
        self._fit_numbers(data)
        return self

    def _fit_numbers(self, data: Dataset) -> None:
        step = max(1, len(data) // SAMPLE)
        raw = self._raw(data.table.iloc[::step])  # (n, d)
        self.flagged = np.isnan(raw).any(axis=0)
        stats = [_robust(raw[:, place]) for place in range(raw.shape[1])]
        self.middle, self.scale = (
            (np.array(part, dtype=np.float64) for part in zip(*stats, strict=True))
            if stats
            else (
                np.zeros(0),
                np.zeros(0),
            )
        )
        z = np.arcsinh((raw - self.middle) / self.scale)
        there = np.maximum(1, (~np.isnan(z)).sum(axis=0))
        self.mean = np.nansum(z, axis=0) / there
        deviation = np.sqrt(np.nansum((z - self.mean) ** 2, axis=0) / there)
        self.deviation = np.where(deviation > 1e-6, deviation, 1.0)

    def _raw(self, table: pd.DataFrame) -> np.ndarray:
        """Return the numeric columns (n, d) float64, infinities as NaN; a column that is not there is all missing."""
        raw = np.full((len(table), len(self.numeric)), np.nan)
        for place, name in enumerate(self.numeric):
            if name in table:
                raw[:, place] = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        raw[np.isinf(raw)] = np.nan
        return raw

    @property
    def spans(self) -> tuple[Span, ...]:
        """The numbers of each numeric column, in order."""
        spans, start = [], 0
        for name, flagged in zip(self.numeric, self.flagged, strict=True):
            spans.append(Span(name, start, start + 1 + int(flagged)))
            start = spans[-1].stop
        return tuple(spans)

    @property
    def width(self) -> int:
        """How many numbers `numbers` returns for a row."""
        return len(self.numeric) + int(self.flagged.sum())

    def numbers(self, data: Dataset) -> np.ndarray:
        """Return standardised numbers, each followed by its flag of missing where it has one, (n, width) float32."""
        found = np.zeros((len(data), self.width), dtype=np.float32)
        starts = np.array([span.start for span in self.spans], dtype=int)
        for first in range(0, len(data), BLOCK):  # double precision of a block at a time
            raw = self._raw(data.table.iloc[first : first + BLOCK])
            missing = np.isnan(raw)
            z = (np.arcsinh((raw - self.middle) / self.scale) - self.mean) / self.deviation
            part = found[first : first + BLOCK]
            part[:, starts] = np.clip(np.where(missing, 0.0, z), -LARGEST, LARGEST)
            part[:, starts[self.flagged] + 1] = missing[:, self.flagged]
        return found

    def codes(self, data: Dataset) -> np.ndarray:
        """Return categories as numbers from 1, (n, c) int32; 0 where missing, rare or never seen."""
        found = np.zeros((len(data), len(self.categorical)), dtype=np.int32)
        for place, name in enumerate(self.categorical):
            if name in data.table:
                known = pd.Index(self.categories[name])
                found[:, place] = known.get_indexer(_texts(data.table[name])) + 1
        return found

    def sizes(self) -> tuple[int, ...]:
        """Return how many codes each categorical column has, 0 included."""
        return tuple(len(self.categories[name]) + 1 for name in self.categorical)

    def frame(self, data: Dataset) -> pd.DataFrame:
        """Return the raw numbers (float64 with NaN), then the categories as text (None where missing), by row id."""
        numbers = pd.DataFrame(self._raw(data.table), index=data.ids, columns=list(self.numeric))
        texts = {
            name: _texts(data.table[name]) if name in data.table else pd.Series(None, index=data.ids, dtype=object)
            for name in self.categorical
        }
        return pd.concat([numbers, pd.DataFrame(texts, index=data.ids)], axis=1)

    def save(self, folder: Path) -> None:
        """Write the encoder into the folder ``encoder`` of ``folder``."""
        place = folder / "encoder"
        place.mkdir(parents=True, exist_ok=True)
        save_about(place, {"numeric": list(self.numeric), "categories": self.categories})
        parts = ("middle", "scale", "mean", "deviation", "flagged")
        save_arrays(place / "encoder.npz", {name: getattr(self, name) for name in parts})

    @classmethod
    def load(cls, folder: Path) -> TableEncoder:
        """Return what `save` wrote."""
        self, about = cls(), load_about(folder / "encoder")
        self.numeric, self.categories = tuple(about["numeric"]), about["categories"]
        self.categorical = tuple(self.categories)
        for name, values in load_arrays(folder / "encoder" / "encoder.npz").items():
            setattr(self, name, values)
        return self


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _says_something(column: pd.Series, history: bool) -> bool:
    """Return whether a numeric column varies and is filled well enough."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    there = values[np.isfinite(values)]
    missing = 1 - len(there) / max(1, len(values))
    if missing > MOST_MISSING and not (history and len(there)):
        return False
    return bool(len(there) and (there.min() < there.max() or (history and missing > 0)))


def _texts(column: pd.Series) -> pd.Series:
    """Return the column as text, None where missing."""
    return column.astype(object).where(column.notna(), None).map(str, na_action="ignore")


def _frequent(column: pd.Series) -> list[str]:
    """Return the categories worth a code, the most frequent first; none where nearly every row has its own."""
    counts = _texts(column).value_counts()
    if counts.sum() < (1 - MOST_MISSING) * len(column) or len(counts) > max(20, 0.5 * len(column)):
        return []
    least = 2 if len(column) < 10_000 else 5
    kept = counts[counts >= least][:MOST_CATEGORIES]
    return sorted(kept.index, key=lambda name: (-kept[name], name))


def _robust(values: np.ndarray) -> tuple[float, float]:
    """Return median and scale of the finite values: the quartiles' distance, else the deviation, else 1."""
    there = values[np.isfinite(values)]
    if not len(there):
        return 0.0, 1.0
    low, middle, high = np.percentile(there, [25, 50, 75])
    scale = (high - low) / 1.349
    if scale <= 1e-9 * max(1.0, abs(middle)):
        scale = float(np.std(there))
    return float(middle), float(scale) if np.isfinite(scale) and scale > 0 else 1.0
