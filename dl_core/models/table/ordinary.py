"""A table's columns in units of their ordinary range: cut to it for a network to see, whole for its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.onehot import OneHot

INSIDE = 0.95  # quantile of training rows where the ordinary range ends, and 1 - it where it begins
SIDES = 2.0  # units from the middle of the range to its ends


@dataclass(frozen=True)
class OrdinaryRange:
    """Ordinary range of each numeric column of an encoder, and the one-hot columns of its categories.

    Parameters
    ----------
    middle, unit : numpy.ndarray
        (d,) of the columns kept: the range is ``middle ± SIDES · unit``.
    usual : numpy.ndarray
        (d,) median, which stands for what is missing.
    kept : numpy.ndarray
        (d,) places among the encoder's numeric columns.
    onehot : OneHot
    """

    middle: np.ndarray
    unit: np.ndarray
    usual: np.ndarray
    kept: np.ndarray
    onehot: OneHot

    @classmethod
    def fit(cls, encoder: TableEncoder, train: Dataset) -> OrdinaryRange:
        """Return the ranges of training rows.

        A column that nearly always holds the same value has no ordinary range and is left out, unless all are so: the
        few other values would weigh more than everything else in a row.
        """
        raw = _raw(encoder, train)
        found = [_range(raw[:, place]) for place in range(raw.shape[1])]
        if not any(found):
            found = [_range(raw[:, place], rare=True) for place in range(raw.shape[1])]
        kept = np.array([place for place, one in enumerate(found) if one is not None], dtype=np.int64)
        stats = np.array([found[place] for place in kept], dtype=np.float64).reshape(len(kept), 3)
        onehot = OneHot.fit(encoder.codes(train))
        return cls(stats[:, 0], stats[:, 1], stats[:, 2], kept, onehot)

    def columns(self, encoder: TableEncoder) -> dict[str, slice]:
        """Return the places of each column's values by its name."""
        names = {encoder.numeric[place]: slice(at, at + 1) for at, place in enumerate(self.kept)}
        start = len(self.kept)
        for name, size in zip(encoder.categorical, self.onehot.sizes, strict=True):
            if size:
                names[name] = slice(start, start + size)
            start += size
        return names

    def values(self, encoder: TableEncoder, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns in units of their range (n, D) float32, whole, and where a number is missing (n, D)."""
        raw = _raw(encoder, data)[:, self.kept]
        missing = np.isnan(raw)
        numbers = (np.where(missing, self.usual, raw) - self.middle) / self.unit
        shown = self.onehot.columns(encoder.codes(data))
        absent = np.concatenate([missing, np.zeros(shown.shape, dtype=bool)], axis=1)
        return np.concatenate([numbers, shown], axis=1, dtype=np.float32), absent

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        sizes = np.array(self.onehot.sizes, dtype=np.int64)
        return {"middle": self.middle, "unit": self.unit, "usual": self.usual, "kept": self.kept, "sizes": sizes}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> OrdinaryRange:
        """Return the ranges of what `arrays` gave."""
        onehot = OneHot(tuple(int(size) for size in arrays["sizes"]))
        return cls(arrays["middle"], arrays["unit"], arrays["usual"], arrays["kept"], onehot)


def cut(values: np.ndarray) -> np.ndarray:
    """Return values (n, D) cut to the ordinary range: what a network may see."""
    return np.clip(values, -SIDES, SIDES)


def _raw(encoder: TableEncoder, data: Dataset) -> np.ndarray:
    return encoder.frame(data)[list(encoder.numeric)].to_numpy(dtype=np.float64)


def _range(values: np.ndarray, rare: bool = False) -> tuple[float, float, float] | None:
    """Return middle, unit and median of a column (n,); None where it holds one value only, or nearly so.

    With ``rare``, few other values are enough: they are the ends of the range.
    """
    there = values[np.isfinite(values)]
    if not len(there):
        return None
    low, usual, high = np.quantile(there, [1 - INSIDE, 0.5, INSIDE])
    if high <= low:
        away = np.abs(there - usual)
        if not rare or not away.any():
            return None
        step = float(np.median(away[away > 0]))
        low, high = usual - step, usual + step
    return float(low + high) / 2, float(high - low) / (2 * SIDES), float(usual)
