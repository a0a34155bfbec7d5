"""A fitted recommender with the interactions it goes on from: rankings for known users, new ones and changed ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import Histories
from dl_core.models.interactions.base import Recommender, has_items
from dl_core.models.interactions.retrieve import top_items
from dl_core.schema import Role

HISTORY, FEATURES, NOTHING = "history", "features", "nothing"  # what a ranking is based on


class Ranker:
    """Ranks at once: the known histories are looked up, not read again.

    Parameters
    ----------
    model : Recommender
    known : Dataset or None
        Rows that users go on from; without them every user is new.
    remove_seen : bool
        Whether what a user has taken is left out.
    """

    def __init__(self, model: Recommender, known: Dataset | None = None, *, remove_seen: bool = True) -> None:
        self.model, self.remove_seen = model, remove_seen
        self.known = None if known is None else Histories.of(known, model.catalogue)
        self.index = pd.Index([] if self.known is None else self.known.users)

    def histories(self, users: Sequence[str] | np.ndarray, new: Dataset | None = None) -> Histories:
        """Return the histories of ``users``, in their order: what is known, and after it what ``new`` rows add."""
        ids = np.asarray(users, dtype=object)
        parts = [] if self.known is None else [_looked_up(self.known, self.index, ids)]
        if new is not None and has_items(new):
            parts.append(Histories.of(new, self.model.catalogue, ids))
        if not parts:
            return Histories.empty(ids, len(self.model.catalogue))
        return parts[0] if len(parts) == 1 else joined(*parts)

    def top(
        self,
        histories: Histories,
        k: int,
        *,
        allowed: np.ndarray | None = None,
        check_stop: Callable[[], None] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return item codes (n, k) and scores (n, k), best first (`top_items`)."""
        return top_items(self.model, histories, k, remove_seen=self.remove_seen, allowed=allowed, check_stop=check_stop)

    def basis(self, histories: Histories) -> np.ndarray:
        """Return on what each user's ranking rests, (n,): ``"history"``, ``"features"`` or ``"nothing"``."""
        described = np.zeros(len(histories), dtype=bool)
        if histories.features is not None:
            described = histories.features.notna().any(axis=1).to_numpy()
        return np.where(histories.lengths > 0, HISTORY, np.where(described, FEATURES, NOTHING)).astype(object)

    def table(
        self,
        name: str,
        users: Sequence[str] | np.ndarray,
        k: int,
        new: Dataset | None = None,
        check_stop: Callable[[], None] | None = None,
    ) -> pd.DataFrame:
        """Return `Rankings`' lines of split ``"new"`` with ``basis``, each user's ranking in order."""
        histories = self.histories(users, new)
        items, scores = self.top(histories, k, check_stop=check_stop)
        table = ranking_rows(name, "new", histories.users, self.model.catalogue.ids, items, scores)
        basis = pd.Series(self.basis(histories), index=histories.users)
        return table.assign(hit=False, relevant=0, basis=basis.loc[table["row"]].to_numpy())


def ranking_rows(
    model: str, split: str, users: np.ndarray, ids: np.ndarray, items: np.ndarray, scores: np.ndarray
) -> pd.DataFrame:
    """Return a line for each user and place of the ranking, without hits; places without an item are left out."""
    user, place = np.nonzero(items >= 0)
    columns = {
        "model": model,
        "split": split,
        "row": np.asarray(users, dtype=object)[user],
        "rank": (place + 1).astype(np.int16),
        "item": ids[items[user, place]],
        "score": scores[user, place].astype(np.float32),
    }
    return pd.DataFrame(columns).astype({"model": "str", "split": "str", "row": "str", "item": "str"})


def users_of(data: Dataset) -> np.ndarray:
    """Return the users of some rows in the order of their first row."""
    return data.require(Role.USER).astype(str).drop_duplicates().to_numpy(dtype=object)


def _looked_up(known: Histories, index: pd.Index, users: np.ndarray) -> Histories:
    """Return the known histories of ``users``; an empty one for a user who is not known."""
    at = index.get_indexer(pd.Index(users))
    gone = at < 0
    if not gone.any():
        return known.take(at)
    if gone.all():
        return Histories.empty(users, known.n_items)
    found = known.take(np.maximum(at, 0))
    keep = np.repeat(~gone, found.lengths)
    here = sparse.diags_array((~gone).astype(np.float32))
    return replace(
        found,
        users=users,
        items=found.items[keep],
        starts=np.concatenate([[0], np.cumsum(np.where(gone, 0, found.lengths))]).astype(np.int64),
        values=found.values[keep],
        times=None if found.times is None else found.times[keep],
        seen=None if found.seen is None else sparse.csr_matrix(here @ found.seen.astype(np.float32)),
        features=None if found.features is None else _forgotten(found.features, gone).set_axis(pd.Index(users)),
    )


def _forgotten(features: pd.DataFrame, gone: np.ndarray) -> pd.DataFrame:
    """Return the features with nothing known of those who are ``gone`` (n,)."""
    return features.mask(np.broadcast_to(gone[:, None], features.shape))


def joined(first: Histories, then: Histories) -> Histories:
    """Return the histories of the same users, those of ``then`` after those of ``first``."""
    owner = np.concatenate([np.repeat(np.arange(len(part)), part.lengths) for part in (first, then)])
    order = np.argsort(owner, kind="stable")

    def both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.concatenate([a, b])[order]

    seen = [part.seen.astype(np.float32) for part in (first, then) if part.seen is not None]
    features = first.features if then.features is None else then.features
    if first.features is not None and then.features is not None:
        features = then.features.combine_first(first.features).reindex(then.features.index)
    times = None if first.times is None or then.times is None else both(first.times, then.times)
    return replace(
        first,
        items=both(first.items, then.items),
        starts=np.concatenate([[0], np.cumsum(first.lengths + then.lengths)]).astype(np.int64),
        values=both(first.values, then.values),
        times=times,
        seen=None if not seen else sparse.csr_matrix(sum(seen[1:], seen[0])),
        features=features,
    )
