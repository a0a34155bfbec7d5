"""Categories as columns of 0 and 1, the frequent ones each its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST = 100  # columns of one category; codes beyond are all zeros, as is code 0 (missing, rare or never seen)


@dataclass(frozen=True)
class OneHot:
    """How many columns each categorical column gets; codes 1, 2, … are the most frequent first."""

    sizes: tuple[int, ...]

    @classmethod
    def fit(cls, codes: np.ndarray) -> OneHot:
        """Return the sizes for codes (n, c) of training rows."""
        return cls(tuple(min(MOST, int(codes[:, place].max(initial=0))) for place in range(codes.shape[1])))

    @property
    def width(self) -> int:
        """How many columns there are in all."""
        return sum(self.sizes)

    def columns(self, codes: np.ndarray) -> np.ndarray:
        """Return (n, width) float32 of codes (n, c)."""
        found = np.zeros((len(codes), self.width), dtype=np.float32)
        start = 0
        for place, size in enumerate(self.sizes):
            code = codes[:, place]
            rows = np.flatnonzero((code >= 1) & (code <= size))
            found[rows, start + code[rows] - 1] = 1.0
            start += size
        return found
