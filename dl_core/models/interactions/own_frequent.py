"""The simplest recommender of what is bought again: each user's own items, the most frequent first."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender


class OwnFrequent(Recommender):
    """Items by how often the user took them, equally frequent ones and all others by how often all users did.

    A baseline where items may be recommended again (``repeats = keep``); elsewhere it ranks as popularity does.
    """

    stored, told = ("weights",), ("chosen",)

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Count how often each item was taken by anyone; there is nothing to choose."""
        counts = np.bincount(known.items, minlength=known.n_items)
        self.weights = (0.5 * counts / max(1, counts.max(initial=0))).astype(np.float32)  # below one time more
        context.progress(1.0, "Counted")

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return how often each user took each item, plus half its popularity, (n, n_items) float32."""
        ones = np.ones(len(histories.items), dtype=np.float32)
        shape = (len(histories), histories.n_items)
        times = sparse.csr_matrix((ones, histories.items, histories.starts), shape=shape)
        return (times.toarray() + self.weights).astype(np.float32)

    def contributions(self, histories: Histories, targets: np.ndarray) -> list[np.ndarray]:
        """Return 1 for each time that the target itself was taken, 0 for all other items of a history."""
        wanted = np.repeat(targets, histories.lengths)
        found = (histories.items == wanted).astype(np.float32)
        return np.split(found, histories.starts[1:-1])

    def parameters(self) -> int:
        """Return the number of items."""
        return len(self.weights)
