"""Cold start as a score of its own: models trained without some users and items, then asked about just these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import ITEMS, Catalogue
from dl_core.data.interactions.histories import POSITIVE, Histories
from dl_core.data.splits import Splits
from dl_core.errors import OptionError, SchemaError, counted
from dl_core.models.base import FitContext, Offer
from dl_core.models.interactions.base import Recommender
from dl_core.models.interactions.choosing import fresh
from dl_core.models.interactions.retrieve import top_items
from dl_core.schema import Role
from dl_core.transfer.interactions.scores import chance_levels, mean_interval, ranking_values

SHARE = 0.1  # of users and of items that are withheld
MOST_USERS = 2_000  # judged in each situation
GIVEN = (1, 3, 5)
CHANCE = "by chance"
CANNOT = "models item ids alone and cannot score a new item"


@dataclass(frozen=True)
class Case:
    """One situation to judge: who is asked, what is to be found, and among which items.

    Parameters
    ----------
    kind : str
        ``"users"``, ``"items"`` (among new items alone) or ``"items among all"``.
    situation : str
        In words.
    histories : Histories
        What is known of the users; ``seen`` items are not listed.
    relevant : scipy.sparse.csr_matrix
        (n, n_items) bool items to be found.
    allowed : numpy.ndarray
        (n_items,) bool items that may be listed.
    given : int or None
        Items known of a new user.
    """

    kind: str
    situation: str
    histories: Histories
    relevant: sparse.csr_matrix
    allowed: np.ndarray
    given: int | None = None

    def places(self) -> tuple[sparse.csr_matrix, np.ndarray]:
        """Return what can be found, (n, n_items), and how many items each user's ranking is drawn from, (n,)."""
        known = self.histories.known()
        relevant = fresh(self.relevant, known).multiply(self.allowed[None, :]).tocsr()
        relevant.eliminate_zeros()
        return relevant, self.allowed.sum() - np.asarray((known[:, self.allowed] != 0).sum(axis=1)).ravel()


def cold_start(
    offers: Mapping[str, Offer],
    dataset: Dataset,
    splits: Splits,
    *,
    seed: int = 0,
    k: int = 10,
    given: Sequence[int] = GIVEN,
    context: FitContext | None = None,
) -> list[dict[str, Any]]:
    """Return how well models serve users and items that their training never saw.

    A tenth of the users and, where a table tells of them, a tenth of the items are withheld from training altogether.
    Models learn from the training rows of the rest and choose by its validation rows. Then new users show their first
    items, and the items after the longest beginning are to be found; and users who took withheld items are asked for
    them, which only models that read item features can do (``scores_new_items``).

    Parameters
    ----------
    offers : mapping of str to Offer
        Models to train, by name.
    dataset : Dataset
        All interactions.
    splits : Splits
        Rows of its test part neither train nor choose.
    seed : int
    k : int
        Length of the rankings.
    given : sequence of int
        How many first items of a new user are known; 0 asks for users of whom at most features are known.
    context : FitContext or None
        Options, progress and cancelling.

    Returns
    -------
    list of dict
        ``model``, ``label``, ``kind`` ("users", "items" or "items among all"; ", recall" is added where that is the
        metric), ``situation``, ``given`` (or None), ``metric`` ("ndcg", "recall"), ``value``, ``low``, ``high`` (95 %
        bootstrap interval over users), ``chance`` (of a random order), ``n`` users, ``note`` and ``protocol``. The
        value is None where a model cannot score new items; the model "by chance" stands beside the others there.

    Raises
    ------
    SchemaError
        If no user has enough items to be new.
    OptionError
        If one of the models is no recommender.
    """
    context = context or FitContext(seed=seed)
    train, validation, cases, about = _withheld(dataset, splits, seed, given)
    protocol = f"{about}; lists of {k}"
    rows: list[dict[str, Any]] = []
    for place, (name, offer) in enumerate(offers.items()):
        part = context.part(place / len(offers), (place + 1) / len(offers))
        part.progress(0.0, f"{offer.label}: training without new users and items")
        model = offer.build()
        if not isinstance(model, Recommender):
            raise OptionError(f"{name} is no recommender", where="cold start")
        model.fit(train, validation, part.quiet(seed))
        for case in cases:
            rows += _judge(name, offer.label, model, case, k, seed, context)
    rows += [
        row for case in cases if case.kind != "users" for row in _rows(CHANCE, "Random ranking", case, None, k, seed)
    ]
    context.progress(1.0, "Cold start measured")
    return [{**row, "protocol": protocol} for row in rows]


def _withheld(
    dataset: Dataset, splits: Splits, seed: int, given: Sequence[int]
) -> tuple[Dataset, Dataset, list[Case], str]:
    """Return training and validation rows without the new users and items, what is asked of them, and that in words."""
    users, items = withhold(dataset, seed, max(given))
    who, what = (dataset.require(role).astype(str) for role in (Role.USER, Role.ITEM))
    kept = ~(who.isin(users) | what.isin(items))
    train, validation = (
        dataset.subset([row for row, keep in kept.loc[list(part)].items() if keep])
        for part in (splits.train, splits.validation)
    )
    catalogue = Catalogue.of(train)
    cases = [*_user_cases(dataset.subset(dataset.ids[who.isin(users) & ~what.isin(items)]), catalogue, given, items)]
    if len(items):
        known = dataset.subset([*train.ids, *validation.ids])
        cases += _item_cases(known, dataset.subset(dataset.ids[~who.isin(users) & what.isin(items)]), catalogue, items)
    about = f"retrained without {counted(len(users), 'user')}"
    about += f" and {counted(len(items), 'item')}" if len(items) else ""
    return train, validation, cases, f"{about}, drawn at random with seed {seed}"


def withhold(dataset: Dataset, seed: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids of users and of items to withhold, a tenth of those that can be judged; no items without a table.

    Raises
    ------
    SchemaError
        If no user has more than ``longest`` items.
    """
    rng = np.random.default_rng([seed, 7])
    table = dataset.table if POSITIVE not in dataset.table else dataset.table[dataset.table[POSITIVE].astype(bool)]
    who, what = (table[dataset.column(role)].astype(str) for role in (Role.USER, Role.ITEM))
    counts = what.groupby(who).nunique()
    fit = np.sort(counts.index[counts > longest].to_numpy(dtype=object))
    if not len(fit):
        raise SchemaError(
            f"no user has more than {longest} interactions", where="cold start", todo="give users with longer histories"
        )
    users = rng.choice(fit, min(MOST_USERS, max(1, round(SHARE * len(fit)))), replace=False)
    side = dataset.side.get(ITEMS, pd.DataFrame()).dropna(how="all")
    taken = np.unique(what[~who.isin(users)])
    described = np.intersect1d(taken, side.index.astype(str).to_numpy(dtype=object)) if side.shape[1] else taken[:0]
    items = rng.choice(described, round(SHARE * len(described)), replace=False)
    return np.sort(users), np.sort(items)


def cut(histories: Histories, start: int, end: int | None = None) -> Histories:
    """Return each history's entries ``start`` to ``end``, not included (None: to the last), counted from 0."""
    lengths = histories.lengths
    place = np.arange(len(histories.items)) - np.repeat(histories.starts[:-1], lengths)
    keep = (place >= start) & (place < (np.inf if end is None else end))
    counts = np.bincount(np.repeat(np.arange(len(histories)), lengths)[keep], minlength=len(histories))
    return replace(
        histories,
        items=histories.items[keep],
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        values=histories.values[keep],
        times=None if histories.times is None else histories.times[keep],
    )


def _user_cases(data: Dataset, catalogue: Catalogue, given: Sequence[int], items: np.ndarray) -> list[Case]:
    """Return a case for each number of known items; the items to be found are the same in all of them."""
    histories, longest = Histories.of(data, catalogue), max(given)
    first, rest = cut(histories, 0, longest).matrix().astype(bool), cut(histories, longest).matrix()
    seen = first if histories.seen is None else first.maximum(histories.seen).tocsr()
    allowed = ~np.isin(catalogue.ids, items)
    return [
        Case(
            "users",
            f"new user, {count} known" if count else "new user, empty history",
            replace(cut(histories, 0, count), seen=seen),
            rest,
            allowed,
            count,
        )
        for count in sorted(set(given))
    ]


def _item_cases(known: Dataset, taken: Dataset, catalogue: Catalogue, items: np.ndarray) -> list[Case]:
    """Return the case of new items among themselves and the one among all items."""
    found = Histories.of(taken, catalogue)
    found = found.take(np.flatnonzero(found.lengths > 0)[:MOST_USERS])
    histories = Histories.of(known, catalogue, found.users)
    new = np.isin(catalogue.ids, items)
    return [
        Case("items", "new item", histories, found.matrix(), new),
        Case("items among all", "new item, full catalogue", histories, found.matrix(), np.ones(len(new), dtype=bool)),
    ]


def _judge(
    name: str, label: str, model: Recommender, case: Case, k: int, seed: int, context: FitContext
) -> list[dict[str, Any]]:
    """Return the rows of one model in one situation."""
    if case.kind != "users" and not getattr(model, "scores_new_items", False):
        return [{**row, "value": None, "low": None, "high": None, "note": CANNOT}
                for row in _rows(name, label, case, None, k, seed)]  # fmt: skip
    items, _ = top_items(model, case.histories, k, allowed=case.allowed, check_stop=context.check_stop)
    return _rows(name, label, case, items, k, seed)


def _rows(name: str, label: str, case: Case, items: np.ndarray | None, k: int, seed: int) -> list[dict[str, Any]]:
    """Return nDCG and recall of rankings (n, k), or of a random order where there are none."""
    relevant, places = case.places()
    counts = np.diff(relevant.indptr)
    chance = chance_levels(counts, places, k)
    rows = []
    for metric in ("ndcg", "recall"):
        expected = chance[metric]
        values = expected if items is None else ranking_values(metric, items, relevant, k)
        judged = values[counts > 0]
        low, high = mean_interval(judged, seed) if items is not None else (None, None)
        rows.append({
            "model": name,
            "label": label,
            "kind": case.kind if metric == "ndcg" else f"{case.kind}, recall",
            "situation": case.situation,
            "given": case.given,
            "metric": metric,
            "value": float(judged.mean()) if len(judged) else None,
            "low": low,
            "high": high,
            "chance": float(expected[counts > 0].mean()) if len(judged) else None,
            "n": len(judged),
            "note": "",
        })  # fmt: skip
    return rows
