"""The noun `RankedLists`: the units of ranking, users with one model's ranked lists in the catalogue's codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.evaluate.draws import Draws
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.metric import EXPOSURE, RATIO, RankingMetric
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.interactions.spread import exposure_quantity
from dl_core.evaluate.judge import Units
from dl_core.evaluate.quantities import Ratio, mean_of


@dataclass(frozen=True, eq=False)
class RankedLists(Units):
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
    facts : InteractionFacts or None
        What training knows, for metrics that judge more than hits.
    """

    codes: np.ndarray
    hits: np.ndarray
    relevant: np.ndarray
    users: pd.Index
    facts: InteractionFacts | None = None
    unit = "users"
    large = True

    @property
    def ids(self) -> pd.Index:
        """User ids."""
        return self.users

    @property
    def depth(self) -> int:
        """Places of the longest list."""
        return self.codes.shape[1]

    def take(self, at: np.ndarray) -> RankedLists:
        """Return the users at these positions."""
        return RankedLists(self.codes[at], self.hits[at], self.relevant[at], self.users[at], self.facts)

    def fits(self, metric: RankingMetric) -> bool:
        """Return whether the facts are there that a metric needs."""
        return self.facts is not None or not metric.needs_facts

    def draws(self, seed: int = 0, n_resamples: int | None = None) -> Draws:
        """Return draws of users."""
        return Draws(len(self), n_resamples, seed)

    def values(self, metric: RankingMetric) -> np.ndarray:
        """Return one value a user, (n,), NaN where there is none; only of a metric of the form ``"per user"``."""
        return metric.function(self, self.facts, metric.k)

    def quantity(self, metric: RankingMetric, seed: int = 0) -> Ratio:
        """Return a metric at its number of places; without the facts that it needs it has no value."""
        n = len(self)
        if self.facts is None and metric.needs_facts:
            return Ratio(np.zeros(n), np.zeros(n))
        if metric.form == EXPOSURE and self.facts is not None:
            return exposure_quantity(metric, self.codes[:, : metric.k], self.facts.n_items, seed)
        if metric.form == RATIO:
            above, below = metric.function(self, self.facts, metric.k)
            return Ratio(np.nan_to_num(above), np.nan_to_num(below), metric.bounds)
        return mean_of(self.values(metric), metric.bounds)

    @classmethod
    def of(
        cls,
        rankings: Rankings,
        model: str,
        split: str = "test",
        facts: InteractionFacts | None = None,
        judged_only: bool = True,
    ) -> RankedLists:
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
        lists = cls(codes, hits, relevant, users, facts)
        return lists if judged.all() else lists.take(np.flatnonzero(judged))
