"""The noun `Rankings`: every model's list for every judged user, one tidy table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from dl_core.evaluate.results import ModelTable

NEEDED = ("model", "split", "row", "rank", "item", "score", "hit", "relevant")


@dataclass(frozen=True)
class Rankings(ModelTable):
    """One tidy table: a row for each model, user and place of the list.

    Columns: ``model``, ``split`` (``"validation"``, ``"test"`` or ``"new"``), ``row`` (user id), ``rank`` (1 first),
    ``item`` (item id), ``score`` (higher is better; not comparable between models), ``hit`` (bool: the user took it in
    the held-out rows) and ``relevant`` (how many items the user took there in all; 0 for new users).
    """

    noun: ClassVar[str] = "lists"

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return NEEDED

    @staticmethod
    def fit(table: pd.DataFrame) -> bool:
        """Return whether a table of predictions holds lists of items rather than classes of rows."""
        return "rank" in table

    @property
    def depth(self) -> int:
        """Length of the longest list."""
        return int(self.table["rank"].max()) if len(self.table) else 0

    def arrays(self, model: str, split: str = "test") -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.Index]:
        """Return items and hits as rectangles, how many items were relevant, and the user ids.

        Returns
        -------
        items : numpy.ndarray
            (n, depth) object ids, None where a list is shorter.
        hits : numpy.ndarray
            (n, depth) bool.
        relevant : numpy.ndarray
            (n,) int64.
        users : pandas.Index
            (n,) in the order of the table.
        """
        rows = self.of(model, split)
        users, position = rows.index.unique(), pd.factorize(rows.index)[0]
        items = np.full((len(users), self.depth), None, dtype=object)
        hits = np.zeros((len(users), self.depth), dtype=bool)
        relevant = np.zeros(len(users), dtype=np.int64)
        place = rows["rank"].to_numpy() - 1
        items[position, place] = rows["item"].to_numpy(dtype=object)
        hits[position, place] = rows["hit"].to_numpy(dtype=bool)
        relevant[position] = rows["relevant"].to_numpy()
        return items, hits, relevant, users
