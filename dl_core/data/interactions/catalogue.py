"""The noun `Catalogue`: the items that can be recommended, in score order, with what is known about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.schema import Role

ITEMS, USERS = "items", "users"  # names of the side tables
TITLE, CATEGORY, PRICE, TEXT = (
    "title",
    "category",
    "price",
    "text",
)  # columns of the items table, as the reader names them


@dataclass(frozen=True)
class Catalogue:
    """Items in score order.

    Parameters
    ----------
    ids : numpy.ndarray
        (n_items,) str, sorted, unique.
    features : pandas.DataFrame
        What is known about them, a row an item in the same order (index ``ids``): ``title``, ``category``, ``price``,
        ``text`` where the upload had them, and other columns under their own names; without columns where nothing is.
    """

    ids: np.ndarray
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> pd.Index:
        """Ids as an index, made once."""
        return pd.Index(self.ids)

    def codes(self, items: Sequence[str] | pd.Series | np.ndarray) -> np.ndarray:
        """Return the positions (n,) int32 of item ids; -1 where an item is unknown."""
        return self.index.get_indexer(pd.Index(items)).astype(np.int32)

    def titles(self, codes: np.ndarray | None = None) -> np.ndarray:
        """Return the titles of these positions (all by default), the id where an item has none."""
        ids = self.ids if codes is None else self.ids[codes]
        if TITLE not in self.features:
            return ids.astype(object)
        titles = self.features[TITLE].to_numpy(dtype=object)
        titles = titles if codes is None else titles[codes]
        return np.where(pd.isna(titles), ids.astype(object), titles)

    @classmethod
    def of(cls, *datasets: Dataset) -> Catalogue:
        """Return the items of the data sets' rows and of their items tables."""
        seen = [data.require(Role.ITEM).unique() for data in datasets if data.column(Role.ITEM)]
        known = next((data.side[ITEMS] for data in datasets if ITEMS in data.side), None)
        ids = pd.Index(np.concatenate(seen) if seen else np.array([], dtype=object)).astype(str)
        if known is not None:
            ids = ids.union(known.index.astype(str))
        ids = ids.unique().sort_values()
        features = pd.DataFrame(index=ids) if known is None else known.reindex(ids)
        return cls(np.asarray(ids, dtype=object), features)

    def save(self, folder: Path) -> None:
        """Write ``items.parquet`` into a model's folder."""
        self.features.set_axis(pd.Index(self.ids, name="item"), axis=0).to_parquet(Path(folder) / "items.parquet")

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """Return what `save` wrote."""
        features = pd.read_parquet(Path(folder) / "items.parquet")
        return cls(np.asarray(features.index, dtype=object), features)
