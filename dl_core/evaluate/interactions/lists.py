"""The noun `Lists`: one model's lists in the catalogue's codes, and the users that several models share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.rankings import Rankings


@dataclass(frozen=True, eq=False)
class Lists:
    """What one model recommended to n users.

    Parameters
    ----------
    codes : numpy.ndarray
        (n, depth) int32 item codes, best first; −1 where a list is shorter or an item is not in the catalogue.
    hits : numpy.ndarray
        (n, depth) bool.
    relevant : numpy.ndarray
        (n,) how many held-out items each user took.
    users : pandas.Index
        (n,) ids.
    """

    codes: np.ndarray
    hits: np.ndarray
    relevant: np.ndarray
    users: pd.Index

    def __len__(self) -> int:
        return len(self.users)

    @property
    def depth(self) -> int:
        """Places of the longest list."""
        return self.codes.shape[1]

    def take(self, rows: np.ndarray) -> Lists:
        """Return the users at these positions."""
        return Lists(self.codes[rows], self.hits[rows], self.relevant[rows], self.users[rows])

    @classmethod
    def of(
        cls,
        rankings: Rankings,
        model: str,
        split: str = "test",
        facts: ListFacts | None = None,
        judged_only: bool = True,
    ) -> Lists:
        """Return one model's lists of a split; without ``facts`` all codes are −1.

        Users without held-out items are left out where ``judged_only``.

        Raises
        ------
        OptionError
            If the model has no such lists.
        """
        items, hits, relevant, users = rankings.arrays(model, split)
        codes = np.full(items.shape, -1, dtype=np.int32)
        if facts is not None:
            codes = facts.catalogue.codes(items.ravel()).reshape(items.shape)
        judged = (relevant > 0) | (not judged_only)
        lists = cls(codes, hits, relevant, users)
        return lists if judged.all() else lists.take(np.flatnonzero(judged))


def shared_lists(
    rankings: Rankings, models: Sequence[str], split: str = "test", facts: ListFacts | None = None
) -> dict[str, Lists]:
    """Return the lists of each model for the judged users that all of them have, in the same order.

    Raises
    ------
    OptionError
        If there is no such user.
    """
    found = {model: Lists.of(rankings, model, split, facts) for model in models}
    common = next(iter(found.values())).users
    for lists in found.values():
        common = common if lists.users.equals(common) else common[common.isin(lists.users)]
    if not len(common):
        raise OptionError(f"these models share no judged {split} user", expected="models of one run")
    return {
        model: lists if lists.users.equals(common) else lists.take(lists.users.get_indexer(common))
        for model, lists in found.items()
    }
