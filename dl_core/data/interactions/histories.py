"""The noun `Histories`: what each of some users took, oldest first, in the catalogue's codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import USERS, Catalogue
from dl_core.schema import Role

POSITIVE = "positive"  # bool column of an interactions table: False for a rating under the threshold
BLOCK = 512  # users scored at once


def positive_rows(data: Dataset) -> np.ndarray:
    """Return which rows count as liked, (n,) bool; all where the table does not say."""
    return data.table[POSITIVE].to_numpy(dtype=bool) if POSITIVE in data.table else np.ones(len(data), dtype=bool)


@dataclass(frozen=True)
class Histories:
    """The histories of n users; user u's are the entries ``starts[u]:starts[u + 1]``.

    Parameters
    ----------
    users : numpy.ndarray
        (n,) ids, object.
    n_items : int
        Size of the catalogue that ``items`` counts in.
    items : numpy.ndarray
        (m,) int32 item codes, each user's oldest first.
    starts : numpy.ndarray
        (n + 1,) int64.
    values : numpy.ndarray
        (m,) float32 rating or count, 1 where there is neither.
    times : numpy.ndarray or None
        (m,) int64 seconds since 1970.
    seen : scipy.sparse.csr_matrix or None
        (n, n_items) bool items that are not to be recommended besides ``items`` (ratings under the threshold).
    features : pandas.DataFrame or None
        What is known about the users, a row a user, missing where nothing is.
    """

    users: np.ndarray
    n_items: int
    items: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    times: np.ndarray | None = None
    seen: sparse.csr_matrix | None = None
    features: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.users)

    @property
    def lengths(self) -> np.ndarray:
        """Number of items of each user, (n,)."""
        return np.diff(self.starts)

    def matrix(self, values: bool = False) -> sparse.csr_matrix:
        """Return users by items, (n, n_items) float32: 1 where taken, or the rating or count."""
        data = self.values if values else np.ones(len(self.items), dtype=np.float32)
        found = sparse.csr_matrix((data, self.items, self.starts), shape=(len(self), self.n_items), copy=True)
        found.sum_duplicates()
        if not values:
            found.data[:] = 1
        return found

    def known(self) -> sparse.csr_matrix:
        """Return what is not to be recommended again, (n, n_items), non-zero there."""
        taken = self.matrix()
        return taken if self.seen is None else taken.maximum(self.seen.astype(np.float32)).tocsr()

    def sequences(self, length: int) -> np.ndarray:
        """Return the last ``length`` items of each user, (n, length) int32 of code + 1, with zeros before the first."""
        out = np.zeros((len(self), length), dtype=np.int32)
        lengths = np.minimum(self.lengths, length)
        rows = np.repeat(np.arange(len(self)), lengths)
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)  # 0… within a user
        at = np.repeat(self.starts[1:] - lengths, lengths) + place
        out[rows, length - np.repeat(lengths, lengths) + place] = self.items[at] + 1
        return out

    def take(self, users: np.ndarray) -> Histories:
        """Return the users at these positions."""
        users = np.asarray(users)
        lengths = self.lengths[users]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.starts[users], lengths) + np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        return replace(
            self,
            users=self.users[users],
            items=self.items[at],
            starts=starts,
            values=self.values[at],
            times=None if self.times is None else self.times[at],
            seen=None if self.seen is None else self.seen[users],
            features=None if self.features is None else self.features.iloc[users],
        )

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[int, Histories]]:
        """Yield (first position, histories) in blocks of ``size`` users."""
        for start in range(0, len(self), size):
            yield start, self.take(np.arange(start, min(start + size, len(self))))

    def last(self, most: int) -> Histories:
        """Return the histories cut to their ``most`` latest items, as of users of whom no more is known."""
        lengths = np.minimum(self.lengths, most)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.starts[1:] - lengths, lengths) + np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        times = None if self.times is None else self.times[at]
        return replace(self, items=self.items[at], starts=starts, values=self.values[at], times=times, seen=None)

    @classmethod
    def empty(cls, users: np.ndarray, n_items: int) -> Histories:
        """Return users of whom nothing is known."""
        starts = np.zeros(len(users) + 1, dtype=np.int64)
        return cls(users, n_items, np.zeros(0, dtype=np.int32), starts, np.zeros(0, dtype=np.float32))

    @classmethod
    def of(cls, data: Dataset, catalogue: Catalogue, users: np.ndarray | None = None) -> Histories:
        """Return the histories in a data set: of all its users in sorted order, or of ``users`` in their order.

        Items that the catalogue lacks are left out; a user without any row has an empty history.
        """
        who = data.require(Role.USER).astype(str).to_numpy(dtype=object)
        users = np.unique(who) if users is None else np.asarray(users, dtype=object)
        table = pd.DataFrame({"user": pd.Index(users).get_indexer(pd.Index(who))})
        columns = {"value": data.values(Role.VALUE), "time": data.values(Role.TIME)}
        item = data.values(Role.ITEM)
        table["item"] = -1 if item is None else catalogue.codes(item.astype(str).to_numpy(dtype=object))
        table["value"] = 1.0 if columns["value"] is None else columns["value"].to_numpy(dtype=np.float32, na_value=1.0)
        if columns["time"] is not None:
            table["time"] = columns["time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
        positive = positive_rows(data)
        keep = (table["user"] >= 0) & (table["item"] >= 0)
        order = ["user", "time"] if "time" in table else ["user"]
        liked = table[keep & positive].sort_values(order, kind="stable")
        rest = table[keep & ~positive]
        seen = None
        if len(rest):
            shape = (len(users), len(catalogue))
            seen = sparse.csr_matrix((np.ones(len(rest), bool), (rest["user"], rest["item"])), shape=shape)
        counts = np.bincount(liked["user"], minlength=len(users))
        side = data.side.get(USERS)
        return cls(
            users=users,
            n_items=len(catalogue),
            items=liked["item"].to_numpy(dtype=np.int32),
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            values=liked["value"].to_numpy(dtype=np.float32),
            times=liked["time"].to_numpy(dtype=np.int64) if "time" in table else None,
            seen=seen,
            features=None if side is None else side.reindex(pd.Index(users)),
        )
