"""Item neighbours: what is like the items of a history, by the users they share."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_gains, preferred
from dl_core.models.interactions.linear import entry_parts, popular_where, shares, weigh, weighted
from dl_core.models.interactions.retrieve import top_columns
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays

SHRINKS = (10.0, 0.0, 50.0)  # users; the usual one first
SIZES = (200, 50)  # neighbours kept of each item
NOTHING_CHOSEN = {"shrink": 10.0, "neighbours": 200, "normalised": False}
TIE = np.float32(1e-6)  # popularity's weight in a score: it orders items that no neighbour names, and nothing else
BLOCK_ITEMS = 1024


class ItemNeighbours(Recommender):
    """Item-based collaborative filtering (Sarwar et al., WWW 2001; Deshpande & Karypis, TOIS 2004).

    Items are alike by the cosine of their users, shrunk where few users took both:
    ``common / (sqrt(users_i users_j) + shrink)``. Of each item the most similar ones are kept, and a user's score of an
    item is the sum of the similarities of those of its neighbours that the history holds. Shrinkage (0, 10, 50 users),
    number of neighbours (50, 200) and whether each item's neighbours are scaled to sum to 1 (as in the second paper)
    stay at 10, 200 and no unless held-out users' nDCG@10 is clearly better by others.

    Deviation: a millionth of popularity (0…1) is added, so that items which no neighbour names are ordered by it; an
    empty history, and one without any neighbour, thus gets the most popular items.
    """

    def __init__(self) -> None:
        self.chosen = {}

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Find each item's neighbours; ``chosen`` holds ``shrink``, ``neighbours`` and ``normalised``."""
        inputs = weighted(known, weigh(known))
        self.popularity = shares(known)
        if held is not None:
            self.chosen = self._choose(inputs, held, context.part(0.0, 0.75))
        elif not self.chosen:
            self.chosen = dict(NOTHING_CHOSEN)
        found = similar(inputs, self.chosen["shrink"], self.chosen["neighbours"], context.part(0.75, 1.0))
        self.similarity = (scaled(found) if self.chosen["normalised"] else found).T.tocsr()
        context.progress(1.0, "Item similarities computed")

    def _choose(self, inputs: sparse.csr_matrix, held: Held, context: FitContext) -> dict:
        names: tuple[str, ...] = tuple(NOTHING_CHOSEN)
        gains: dict[tuple[float, int, bool], np.ndarray] = {}
        for place, shrink in enumerate(SHRINKS):
            if place and context.out_of_time():
                break
            part = context.part(place / len(SHRINKS), (place + 1) / len(SHRINKS))
            widest = similar(inputs, shrink, max(SIZES), part)
            for size in SIZES:
                plain = widest if size == max(SIZES) else strongest(widest, size)
                for normalised in (False, True):
                    found = (scaled(plain) if normalised else plain).T.tocsr()
                    gains[shrink, size, normalised] = held_gains(partial(self._score, similarity=found), held)
        return dict(zip(names, preferred(gains, next(iter(gains))), strict=True))

    def _score(self, histories: Histories, similarity: sparse.csr_matrix) -> np.ndarray:
        scores = (weighted(histories, weigh(histories)) @ similarity).toarray().astype(np.float32, copy=False)
        scores += TIE * self.popularity
        return scores

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return summed similarities (n, n_items) float32; popularity itself for an empty history."""
        return popular_where(self._score(histories, self.similarity), histories.lengths == 0, self.popularity)

    def contributions(self, histories: Histories, targets: np.ndarray) -> list[np.ndarray]:
        """Return each history item's similarity to the target; they sum to its score but for popularity's millionth."""

        def effect(items: np.ndarray, wanted: np.ndarray) -> np.ndarray:
            return np.asarray(self.similarity[items, wanted], dtype=np.float32).ravel()

        return entry_parts(histories, targets, weigh(histories), effect)

    def parameters(self) -> int:
        """Return the number of similarities kept."""
        return self.similarity.nnz

    def save(self, folder: Path) -> None:
        """Write the similarities and the catalogue."""
        self.catalogue.save(folder)
        parts = {"data": self.similarity.data, "items": self.similarity.indices, "starts": self.similarity.indptr}
        save_arrays(folder / "model.npz", {**parts, "popularity": self.popularity})
        save_about(folder, {"chosen": self.chosen})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        model, arrays = cls(), load_arrays(folder / "model.npz")
        model.chosen, model.catalogue = load_about(folder)["chosen"], Catalogue.load(folder)
        size = len(model.catalogue)
        parts = (arrays["data"], arrays["items"], arrays["starts"])
        model.similarity, model.popularity = sparse.csr_matrix(parts, shape=(size, size)), arrays["popularity"]
        return model


def similar(inputs: sparse.csr_matrix, shrink: float, most: int, context: FitContext) -> sparse.csr_matrix:
    """Return each item's ``most`` nearest others, (n_items, n_items) float32: row i holds those of item i.

    Parameters
    ----------
    inputs : scipy.sparse.csr_matrix
        (n, n_items) users by items, 1 where taken.
    shrink : float
        Added to the cosine's denominator, in users.
    most : int
    context : FitContext
        Told of progress after every block of items.
    """
    size = inputs.shape[1]
    norms = np.sqrt(np.asarray(inputs.multiply(inputs).sum(axis=0), dtype=np.float32).ravel())  # (n_items,)
    turned = inputs.T.tocsr()
    parts = []
    for start in range(0, size, BLOCK_ITEMS):
        context.progress(start / size, f"Comparing items (shrinkage {shrink:g})")
        found = (turned[start : start + BLOCK_ITEMS] @ inputs).toarray()  # (b, n_items) users in common
        rows = np.arange(len(found))
        found /= np.maximum(norms[start + rows, None] * norms[None] + np.float32(shrink), np.float32(1e-12))
        found[rows, start + rows] = 0
        parts.append(row_tops(found, most))
    return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, 0), dtype=np.float32)


def row_tops(values: np.ndarray, most: int) -> sparse.csr_matrix:
    """Return the ``most`` largest positive values of each row, the others left out."""
    items, best = top_columns(values, most)
    keep = best > 0
    starts = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
    found = sparse.csr_matrix((best[keep].astype(np.float32), items[keep], starts), shape=values.shape)
    found.sort_indices()
    return found


def strongest(similarity: sparse.csr_matrix, most: int) -> sparse.csr_matrix:
    """Return only the ``most`` largest entries of each row."""
    parts = [
        row_tops(similarity[start : start + BLOCK_ITEMS].toarray(), most)
        for start in range(0, similarity.shape[0], BLOCK_ITEMS)
    ]
    return sparse.vstack(parts, format="csr")


def scaled(similarity: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the similarities with each row scaled to sum to 1, empty rows left empty."""
    sums = np.asarray(similarity.sum(axis=1), dtype=np.float32).ravel()
    factors = np.divide(1, sums, out=np.zeros_like(sums), where=sums > 0)
    return (sparse.diags(factors) @ similarity).tocsr().astype(np.float32)
