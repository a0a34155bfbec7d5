"""Recommenders rank all items for every user with held-out ones; what has chosen and judged them is learned at last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import Histories
from dl_core.data.splits import Splits
from dl_core.evaluate.interactions.evaluate import ranking_standing
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.models.base import FitContext, Offer
from dl_core.models.interactions.base import Recommender
from dl_core.schema import Role
from dl_core.train.answers import Answer, Answers
from dl_core.train.interactions.ranker import Ranker, ranking_rows, users_of
from dl_core.train.run import FittedModel

DEPTH = 20  # places kept of each ranking, at least
MOST_JUDGED = {"validation": 5_000, "test": 10_000}  # users, drawn at random where there are more
KNOWN = {"validation": "train", "test": "known"}  # which rows a ranking goes on from


@dataclass(frozen=True)
class RankingAnswers(Answers[Recommender]):
    """Answers of recommenders.

    Parameters
    ----------
    primary_metric : str
        By which models are ranked on validation users.
    k : int
        Places by which it is taken.
    remove_seen : bool
        Whether what a user has taken is left out of the ranking.
    seed : int
        Draws the users that are judged, where there are very many.
    """

    settles = 0.6
    finishes = True

    primary_metric: str
    k: int = 10
    remove_seen: bool = True
    seed: int = 0

    def parts(self, dataset: Dataset, splits: Splits) -> dict[str, Dataset]:
        """Return the three parts, ``"known"``: all before the test, and ``"all"``: whatever may be learned at last."""
        parts = super().parts(dataset, splits)
        both = set(splits.train).union(splits.validation)
        known = dataset.subset(dataset.ids[dataset.ids.isin(both)])
        return {**parts, "known": known, "all": known if dataset.fixed_split is not None else dataset}

    def ask(self, model: Recommender, part: str, parts: Mapping[str, Dataset]) -> Answer:
        """Return ``users`` (n,), ``items`` (n, depth) ids, ``scores``, ``hits`` and ``relevant`` (n,).

        Users without a known item are left out: what a model says of them is judged as a cold start.
        """
        known, held = parts[KNOWN[part]], parts[part]
        users = self._judged(known, held, part)
        source = Ranker(model, known, remove_seen=self.remove_seen)
        items, scores = source.top(source.histories(users), max(DEPTH, self.k))
        taken = Histories.of(held, model.catalogue, users)
        relevant = taken.matrix().astype(bool)
        hits = np.zeros(items.shape, dtype=bool)
        for place in range(items.shape[1]):
            there = np.flatnonzero(items[:, place] >= 0)
            hits[there, place] = np.asarray(relevant[there, items[there, place]]).ravel()
        ids = np.append(model.catalogue.ids, "")[items]  # -1 is the empty id
        return {
            "users": users.astype(str),
            "items": ids.astype(str),
            "scores": scores,
            "hits": hits,
            "relevant": _counts(held, users),
        }

    def settle(self, model: Recommender, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Learn anew with the validation rows, by the settings they chose: they are the newest that is known."""
        if not len(parts["validation"]):
            return False
        model.refit(parts["known"], context)
        return True

    def finish(self, model: Recommender, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Learn anew with the test rows, too, once they have judged; rows given as a test set are never learned."""
        if len(parts["all"]) == len(parts["known"]):
            return False
        model.refit(parts["all"], context)
        return True

    def count(self, answer: Answer) -> int:
        """Return the number of users."""
        return len(answer["users"])

    def fitted(
        self, offer: Offer, model: Recommender, answer: Answer, parts: Mapping[str, Dataset], seed: int
    ) -> FittedModel:
        """Return the model with its standing on validation users.

        Models are told apart by users that all of them rank, so the spread over users is no measure of doubt between
        two of them: the better value wins, and no standard error is kept.
        """
        about = FittedModel(
            offer.name, offer.label, offer.kind, parameters=model.parameters(), chosen=dict(model.chosen)
        )
        if not len(answer["users"]):
            return about
        rankings = Rankings(self.rows(about, answer, "validation", parts))
        return replace(
            about, validation=float(ranking_standing(rankings, offer.name, self.primary_metric, self.k, seed).value)
        )

    def rows(self, fitted: FittedModel, answer: Answer, part: str, parts: Mapping[str, Dataset]) -> pd.DataFrame:
        """Return `Rankings`' lines."""
        return answer_rows(fitted.name, part, answer)

    def gather(self, table: pd.DataFrame, dataset: Dataset) -> Rankings:
        """Return the rankings of all models."""
        return Rankings(table)

    def _judged(self, known: Dataset, held: Dataset, part: str) -> np.ndarray:
        if not len(held):
            return np.array([], dtype=object)
        users = np.intersect1d(users_of(held), users_of(known))
        if len(users) > MOST_JUDGED[part]:
            drawn = np.random.default_rng(self.seed).choice(len(users), MOST_JUDGED[part], replace=False)
            users = users[np.sort(drawn)]
        return users


def answer_rows(model: str, part: str, answer: Answer) -> pd.DataFrame:
    """Return `Rankings`' lines of one model's answer on one part."""
    items = answer["items"]
    codes = np.where(items == "", -1, np.arange(items.size).reshape(items.shape))
    table = ranking_rows(model, part, answer["users"], items.ravel(), codes, answer["scores"])
    there = codes >= 0
    table["hit"] = answer["hits"][there]
    table["relevant"] = np.repeat(answer["relevant"], there.sum(axis=1)).astype(np.int32)
    return table


def _counts(held: Dataset, users: np.ndarray) -> np.ndarray:
    """Return how many different items each user took in the held-out rows, whether the catalogue has them or not."""
    pairs = held.table[[held.column(Role.USER), held.column(Role.ITEM)]].astype(str).drop_duplicates()
    counts = pairs.iloc[:, 0].value_counts()
    return counts.reindex(users).fillna(0).to_numpy(dtype=np.int32) if len(users) else np.zeros(0, dtype=np.int32)
