"""How alike the items of a list are: by their categories, or by who took both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from scipy import sparse

from dl_core.data.interactions.catalogue import CATEGORY, Catalogue

BY_CATEGORY, BY_TAKERS = "category", "takers"
MEANING = {
    BY_CATEGORY: "Item similarity: share of categories in common.",
    BY_TAKERS: "Item similarity: cosine over common users, as there are no categories.",
}
MOST_DENSE = 4_096  # items whose likeness is held as one square matrix (64 MB)
CELLS = 4_000_000  # pairs looked up at once
SLOWER = 20  # times that a sparse product takes for one multiplication
SPLIT = "|"  # between the categories of one item


def categories_of(catalogue: Catalogue, column: str = CATEGORY) -> tuple[sparse.csr_matrix, np.ndarray] | None:
    """Return items by category, (n_items, c) bool, and the c names; None where over half of the items have none.

    Several categories of one item are written with "|" between them.
    """
    if column not in catalogue.features:
        return None
    at, names = [], []
    for number, text in enumerate(catalogue.features[column]):
        parts = () if text is None or text != text else {part.strip() for part in str(text).split(SPLIT)} - {""}
        at.extend([number] * len(parts))
        names.extend(sorted(parts))
    if 2 * len(set(at)) < len(catalogue) or not at:
        return None
    known, codes = np.unique(np.array(names, dtype=object), return_inverse=True)
    cells = np.ones(len(at), dtype=np.float32), (at, codes)
    return sparse.csr_matrix(cells, shape=(len(catalogue), len(known))), known


class Likeness:
    """Likeness of items, 0…1, worked out for the pairs that are asked for.

    Parameters
    ----------
    kind : str
        ``"category"``: the share of the categories of either that both have (Jaccard), unknown for an item without
        any; ``"takers"``: the cosine of the columns of users who took them, 0 for an item that nobody took.
    marks : scipy.sparse.csr_matrix
        (n_items, c) 1 where an item has a category, or was taken by a user.
    """

    def __init__(self, kind: str, marks: sparse.csr_matrix) -> None:
        self.kind, self.marks = kind, marks

    def square(self, items: np.ndarray) -> np.ndarray:
        """Return the likeness (m, m) float32 of these items with one another; NaN where it is not known."""
        marks = self.marks[items].astype(np.float32)
        both = _product(marks)
        size = np.diagonal(both).copy()
        if self.kind == BY_CATEGORY:
            either = size[:, None] + size[None, :] - both
            alike = np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)
            alike[size == 0], alike[:, size == 0] = np.nan, np.nan
            return alike
        norm = np.sqrt(np.maximum(size, 1e-12))
        return np.minimum(both / norm[:, None] / norm[None, :], 1)  # rounding can reach just over 1

    @cached_property
    def _all(self) -> np.ndarray:
        return self.square(np.arange(self.marks.shape[0]))

    def between(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """Return the likeness (n, …) of items ``one`` and ``two``, of one shape or stretched to it, user by user.

        NaN where either is no item (−1).
        """
        if self.marks.shape[0] <= MOST_DENSE:
            places, square = (one, two), self._all
        else:
            items = np.unique(np.concatenate([one.ravel(), two.ravel()]))
            items = items[items >= 0]
            if len(items) > MOST_DENSE and len(one) > 1:
                half = len(one) // 2
                return np.concatenate([self.between(one[:half], two[:half]), self.between(one[half:], two[half:])])
            places, square = (np.searchsorted(items, one), np.searchsorted(items, two)), self.square(items)
        empty = (one < 0) | (two < 0)
        if not square.size:
            return np.full(empty.shape, np.nan, dtype=np.float32)
        first, second = (np.clip(place, 0, len(square) - 1).astype(np.int64) for place in places)
        alike = square.ravel().take(first * len(square) + second)
        alike[empty] = np.nan
        return alike

    def of_pairs(self, codes: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield rows of ``codes`` (n, k) and the likeness (b, k (k − 1) / 2) of their pairs, in blocks."""
        one, two = np.triu_indices(codes.shape[1], 1)
        size = max(1, CELLS // max(len(one), 1))
        for start in range(0, len(codes), size):
            rows = slice(start, start + size)
            yield rows, self.between(codes[rows][:, one], codes[rows][:, two])


def _product(marks: sparse.csr_matrix) -> np.ndarray:
    """Return ``marks @ marks.T`` as an array, by a sparse product unless most cells are full."""
    m, width = marks.shape
    if SLOWER * (marks.getnnz(axis=0).astype(float) ** 2).sum() < float(m) * m * width:
        return (marks @ marks.T).toarray()
    total = np.zeros((m, m), dtype=np.float32)
    columns = marks.tocsc()
    for start in range(0, width, 1024):
        part = columns[:, start : start + 1024].toarray()
        total += part @ part.T
    return total
