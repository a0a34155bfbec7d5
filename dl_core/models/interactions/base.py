"""What every recommender has in common: data in and out, held-out users to choose by, saving of the catalogue."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext, Model
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.schema import Role

if TYPE_CHECKING:
    import keras

MOST_HELD = 2_000  # users whose held-out items choose settings and epochs


@dataclass(frozen=True)
class Held:
    """Users with the items that were held out of training, for choosing settings and epochs.

    ``histories`` are what training knows of them; ``relevant`` is (n, n_items) bool.
    """

    histories: Histories
    relevant: sparse.csr_matrix

    @classmethod
    def of(cls, train: Dataset, held: Dataset, catalogue: Catalogue, most: int = MOST_HELD, seed: int = 0) -> Held:
        """Return at most ``most`` users, drawn at random, who have both a history and held-out items."""
        out = Histories.of(held, catalogue)
        histories = Histories.of(train, catalogue, out.users)
        both = np.flatnonzero((out.lengths > 0) & (histories.lengths > 0))
        if len(both) > most:
            both = np.sort(np.random.default_rng(seed).choice(both, most, replace=False))
        return cls(histories.take(both), out.take(both).matrix().astype(bool).tocsr())


class Recommender(Model):
    """A model that ranks the items of its catalogue for a user's history.

    The base class turns data sets into histories; a subclass implements `learn` and `score_items`.

    Attributes
    ----------
    catalogue : Catalogue
        Set by `fit`, `refit` and `load`.
    chosen : dict
        What validation users chose (ridge, epochs …), plain JSON; `refit` uses it.
    """

    catalogue: Catalogue
    chosen: dict
    stored: tuple[str, ...] = ()  # names of the arrays that a model of arrays is made of
    told: tuple[str, ...] = ("chosen",)  # names of what else it must know, plain JSON

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Learn from ``train``; held-out items of validation users choose settings, never fit."""
        self.catalogue = Catalogue.of(train)
        self.chosen = {}
        held = Held.of(train, validation, self.catalogue, seed=context.seed) if len(validation) else None
        held = held if held is not None and len(held.histories) else None
        self.learn(Histories.of(train, self.catalogue), held, context)

    def refit(self, known: Dataset, context: FitContext) -> None:
        """Learn anew from all rows but the test's, with the settings that `fit` chose."""
        self.catalogue = Catalogue.of(known)
        self.learn(Histories.of(known, self.catalogue), None, context)

    @abstractmethod
    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Learn from all users' histories.

        With ``held`` settings are chosen by it and noted in ``self.chosen``; without it what stands there is used, or
        sensible settings where it is empty.
        """

    @abstractmethod
    def score_items(self, histories: Histories) -> np.ndarray:
        """Return scores (n, n_items) float32 of some users' histories, higher first; items taken are scored as well.

        Users may be new: their id need not be known, and a history may be empty.
        """

    def save(self, folder: Path) -> None:
        """Write the catalogue, arrays and choices; a model of more than arrays has its own way."""
        self.catalogue.save(folder)
        save_arrays(folder / "model.npz", self._arrays())
        save_about(folder, {name: getattr(self, name) for name in self.told})

    def _arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in self.stored}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        model = cls()
        model.catalogue = Catalogue.load(folder)
        vars(model).update(load_about(folder) | load_arrays(folder / "model.npz"))
        return model

    def gated(self) -> keras.Model | None:
        """Return the model as one Keras graph with a gate on each item of a history, or None where it is none.

        Inputs are ``codes`` (n, length) int32 of item code + 1, zeros before the first, and ``gates`` (n, length)
        float32 in 0…1, which weigh each item's part; the output is the scores (n, n_items). With all gates at 1 it
        equals `score_items`, with a gate at 0 the item might as well not be there. Explanations are taken from it.
        """
        return None

    def attention(self, codes: np.ndarray) -> np.ndarray | None:
        """Return how much the last step attends to each item of ``codes`` (n, length), or None without attention."""
        return None

    def contributions(self, histories: Histories, targets: np.ndarray) -> list[np.ndarray] | None:
        """Return the exact part that each history item has in the score of ``targets`` (n,), or None where not linear.

        One array (length of that history,) a user; they sum to the score but for a part that no history item has.
        """
        return None


def has_items(data: Dataset) -> bool:
    """Return whether rows name items, rather than only users to recommend to."""
    return data.column(Role.ITEM) is not None
