"""The noun `InteractionFacts`: what training knows of items and users, for all that judges lists beyond hits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.interactions.likeness import BY_CATEGORY, BY_TAKERS, Likeness, categories_of

BANDS = ("head", "middle", "tail")
BAND_HELP = "Head: the most popular items that make up a third of all interactions; then middle; then tail."
LIKENESS_USERS = 5_000  # users whose histories say how alike two items are


@dataclass(frozen=True, eq=False)
class InteractionFacts:
    """What is known before any list is made.

    Parameters
    ----------
    catalogue : Catalogue
        Whose codes all arrays use.
    counts : numpy.ndarray
        (n_items,) how many users took each item in training.
    known : Histories
        Training histories that were counted.
    """

    catalogue: Catalogue
    counts: np.ndarray
    known: Histories

    @classmethod
    def of(cls, known: Histories, catalogue: Catalogue) -> InteractionFacts:
        """Return the facts of training histories; ``known`` must count in ``catalogue``."""
        counts = np.bincount(known.matrix().indices, minlength=len(catalogue))
        return cls(catalogue, counts.astype(np.int64), known)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.catalogue)

    @cached_property
    def popularity(self) -> np.ndarray:
        """Share of the training users who took each item, (n_items,)."""
        return self.counts / max(len(self.known), 1)

    @cached_property
    def surprise(self) -> np.ndarray:
        """Self-information of each item in bits, (n_items,): −log2 of its popularity.

        An item that nobody took counts as if one user had, so that it is finite.
        """
        return -np.log2(np.maximum(self.counts, 1) / max(len(self.known), 1))

    @cached_property
    def bands(self) -> np.ndarray:
        """Popularity band of each item, (n_items,) positions in `BANDS`: each makes about a third of the interactions.

        Abdollahpouri, Burke and Mobasher (2019) part items into a short head, a long and a distant tail; thirds of the
        interactions are our choice, so that each band's fair share is the same. Items that were taken equally often are
        in the same band; there always is a head, unless all are equal.
        """
        sizes, step = np.unique(-self.counts, return_inverse=True)
        weight = np.bincount(step, weights=self.counts, minlength=len(sizes))
        middle = (np.cumsum(weight) - weight / 2) / max(weight.sum(), 1)
        band = np.searchsorted([1 / 3, 2 / 3], middle, side="right")
        if len(sizes) > 1:
            band[0], band[-1] = 0, 2 if len(sizes) > 2 else band[-1]
        band[sizes == 0] = 2
        return band[step].astype(np.int8)

    @cached_property
    def lengths(self) -> pd.Series:
        """Number of items in each training user's history, by user id."""
        return pd.Series(self.known.lengths, index=pd.Index(self.known.users))

    @cached_property
    def taste(self) -> pd.Series:
        """Mean popularity of what each training user took, by user id; missing without a history."""
        matrix = self.known.matrix()
        own, size = matrix @ self.popularity, matrix.getnnz(axis=1)
        mean = np.divide(own, size, out=np.full(len(own), np.nan), where=size > 0)
        return pd.Series(mean, index=pd.Index(self.known.users))

    @cached_property
    def likeness(self) -> Likeness:
        """How alike two items are: by category where at least half of the items have one, else by who took both."""
        found = categories_of(self.catalogue)
        if found is not None:
            return Likeness(BY_CATEGORY, found[0])
        rows = np.arange(len(self.known))
        if len(rows) > LIKENESS_USERS:
            rows = np.sort(np.random.default_rng(0).choice(rows, LIKENESS_USERS, replace=False))
        return Likeness(BY_TAKERS, self.known.take(rows).matrix().T.tocsr())
