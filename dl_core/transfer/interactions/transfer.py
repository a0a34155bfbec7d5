"""Transfer between markets: a recommender learns from many users, then goes on with few of another group or time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import USERS, Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import SchemaError
from dl_core.models.base import FitContext, silent
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.ease import Ease
from dl_core.models.interactions.popularity import Popularity
from dl_core.models.interactions.retrieve import top_items
from dl_core.models.interactions.two_tower import TwoTower
from dl_core.schema import Role
from dl_core.transfer.interactions.scores import ranking_values

BUDGETS = (10, 30, 100, 300, 1_000)  # known users of the target
FEWEST = 20  # users of the target with something to find
MOST_GROUPS = 50  # values of a column of users that still are groups
MOST_JUDGED = 2_000
K = 10


@dataclass(frozen=True)
class Market:
    """What is large and known, and what is small and to be served.

    Parameters
    ----------
    about : str
        One sentence.
    source, target : numpy.ndarray
        Ids of training rows, object.
    users : numpy.ndarray
        Ids of the target's users.
    """

    about: str
    source: np.ndarray
    target: np.ndarray
    users: np.ndarray


@dataclass(frozen=True)
class Parts:
    """The rows of a transfer as histories in one catalogue.

    ``few`` and ``chosen_by`` are the target's training rows and held-out rows by user; ``judged`` are the target's
    users with test rows, ``relevant`` what they took there.
    """

    catalogue: Catalogue
    source: Histories
    source_held: Held | None
    few: Histories
    few_held: Held
    judged: Histories
    relevant: Any


def transfer_curve(
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    seeds: int | Sequence[int],
    work: Any,
    *,
    budgets: Sequence[int] = BUDGETS,
    options: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return nDCG@10 in a small market against the number of its users known, with and without a large one before.

    The market is a group of users (a country) where the users' table has one, the later half of the time otherwise, or
    half of the users where there is no time either. A two-tower model learns from the large part; titles and categories
    carry it to items that the target's few users never took. It is then fine-tuned on the few, and held against the
    same network and simple models that learn from the few alone, and against EASE that learns from both at once.

    Parameters
    ----------
    train, validation, test : Dataset
        The first two teach and choose; test rows of the target are only judged, by all its users.
    seeds : int or sequence of int
        Draws of the few users; a number n stands for 0 … n - 1. Pretraining is done once.
    work
        Has ``emit``, ``should_stop`` and ``cache``.
    budgets : sequence of int
        Numbers of known users; those beyond the target's are left out, and all of them are the last.
    options : mapping or None
        As of a run: ``"epochs"``.

    Returns
    -------
    list of dict
        ``model``, ``label``, ``labels`` (known users), ``rows`` (their interactions), ``seed``, ``metric``, ``value``
        and ``about`` (the market, in a sentence).

    Raises
    ------
    SchemaError
        If no part of the users or of the time is large enough.
    """
    context = FitContext(emit=work.emit, should_stop=work.should_stop, cache=work.cache, options=options or {})
    market = choose_market(train, test)
    parts = _parts(market, train, validation, test)
    draws = list(range(seeds) if isinstance(seeds, int) else seeds)
    base = TwoTower()
    base.catalogue = parts.catalogue
    context.progress(0.0, f"Pretraining on {len(parts.source):,} source users")
    base.learn(parts.source, parts.source_held, context.part(0.0, 0.4).quiet(draws[0]))
    before = _value(base, parts)
    counts = [count for count in sorted(set(budgets)) if count < len(parts.few)] + [len(parts.few)]
    steps = [(seed, count) for seed in draws for count in counts]
    rows: list[dict[str, Any]] = []
    settings: dict[tuple[str, int], dict] = {}  # what the first draw's held users chose, for the other draws
    for place, (seed, count) in enumerate(steps):
        context.progress(0.4 + 0.6 * place / len(steps), f"{count:,} target users, draw {seed + 1}")
        chosen = np.sort(np.random.default_rng([seed, 11]).permutation(len(parts.few))[:count])  # larger hold smaller
        models = _models(base, parts, chosen, settings, replace(context, emit=silent).quiet(seed))
        values = {"as learned there": before, **{name: _value(model, parts) for name, model in models.items()}}
        about = {"labels": count, "rows": int(parts.few.lengths[chosen].sum()), "seed": seed, "metric": "ndcg"}
        rows += [{"model": MODELS[name][0], "label": MODELS[name][1], **about, "value": value, "about": market.about}
                 for name, value in values.items()]  # fmt: skip
    context.progress(1.0, "Learning curve computed")
    return rows


MODELS = {  # key of a line, and its words
    "carried over": ("carried_over", "Two-tower, fine-tuned on the target"),
    "from scratch": ("two_tower", "Two-tower, target only"),
    "as learned there": ("as_learned", "Two-tower, source only"),
    "ease": ("ease", "EASE, target only"),
    "ease on both": ("ease_both", "EASE, source and target"),
    "popularity": ("popularity", "Popularity, target only"),
}


def choose_market(train: Dataset, test: Dataset) -> Market:
    """Return the small market to carry to: the users' group whose second value is largest, or the later half.

    Raises
    ------
    SchemaError
        If nothing is left of fewer than 20 users to judge.
    """
    who, ids = train.require(Role.USER).astype(str), train.ids.to_numpy(dtype=object)
    judged = np.intersect1d(who.unique(), test.require(Role.USER).astype(str).unique())
    found = _largest_second(train.side.get(USERS), judged)
    if found is not None:
        column, value = found
        groups = who.map(train.side[USERS][column].astype(object))
        inside, outside = (groups == value).to_numpy(), (groups.notna() & (groups != value)).to_numpy()
        about = f"source: users of any other {column}; target: {column} {value}"
        return Market(about, ids[outside], ids[inside], np.intersect1d(who[inside].unique(), judged))
    times = train.values(Role.TIME)
    if times is not None and times.nunique() > 1:
        late = (times > times.median()).to_numpy()
        about = "source: the earlier half of the training rows; target: users of the later half"
    else:
        half = np.random.default_rng(0).permutation(who.unique())[: who.nunique() // 2]
        late = who.isin(half).to_numpy()
        about = "source: half of the users at random; target: the other half"
    users = np.intersect1d(who[late].unique(), judged)
    if len(users) < FEWEST or late.all():
        raise SchemaError(
            f"{len(users)} target users have test rows",
            where="transfer",
            expected=f"at least {FEWEST}",
            todo="train on data with more users",
        )
    return Market(about, ids[~late], ids[late], users)


def _largest_second(users: pd.DataFrame | None, judged: np.ndarray) -> tuple[str, Any] | None:
    """Return the column and value of users whose second commonest value has most users to judge, if enough."""
    if users is None:
        return None
    best, found = FEWEST - 1, None
    for column in users.columns:
        values = users[column].reindex(judged).dropna().astype(object)
        counts = values.value_counts()
        if pd.api.types.is_float_dtype(users[column]) or not 2 <= len(counts) <= MOST_GROUPS:
            continue
        if counts.iloc[1] > best:
            best, found = counts.iloc[1], (column, counts.index[1])
    return found


def _parts(market: Market, train: Dataset, validation: Dataset, test: Dataset) -> Parts:
    """Return a market's rows as histories; the held rows of the few are those of their users in validation."""
    catalogue = Catalogue.of(train)
    source, target = train.subset(market.source), train.subset(market.target)
    few = Histories.of(target, catalogue)
    late = validation.subset(validation.ids[validation.require(Role.USER).astype(str).isin(few.users)])
    rest = validation.subset(validation.ids[~validation.ids.isin(late.ids)])
    held = Held.of(source, rest if len(rest) else late, catalogue)
    both = target if not len(late) else _joined(target, late)
    users = np.random.default_rng(0).permutation(market.users)[:MOST_JUDGED]
    relevant = Histories.of(test, catalogue, users).matrix().astype(bool).tocsr()
    relevant_few = Histories.of(late, catalogue, few.users).matrix().astype(bool).tocsr()
    return Parts(
        catalogue,
        Histories.of(source, catalogue),
        held if len(held.histories) else None,
        few,
        Held(few, relevant_few),
        Histories.of(both, catalogue, users),
        relevant,
    )


def _joined(first: Dataset, second: Dataset) -> Dataset:
    """Return the rows of two parts of one data set."""
    return replace(first, table=pd.concat([first.table, second.table]), arrays={}, fixed_split=None, fingerprint="")


def _models(
    base: TwoTower, parts: Parts, chosen: np.ndarray, settings: dict[tuple[str, int], dict], context: FitContext
) -> dict[str, Recommender]:
    """Return the fitted models of one draw of few users, ``chosen`` their positions."""
    few = parts.few.take(chosen)
    there = np.flatnonzero(np.diff(parts.few_held.relevant[chosen].indptr) > 0)
    held = Held(few.take(there), parts.few_held.relevant[chosen][there]) if len(there) else None
    carried = base.copy()
    carried.fine_tune(few, held, context)
    models: dict[str, Recommender] = {"carried over": carried}
    both = _together(parts.source, few)
    for name, model, known in (
        ("from scratch", TwoTower(), few),
        ("ease", Ease(), few),
        ("ease on both", Ease(), both),
        ("popularity", Popularity(), few),
    ):
        model.catalogue = parts.catalogue
        key = (name, len(chosen) if name == "ease" else 0)
        reuse = name.startswith("ease") and key in settings
        model.chosen = dict(settings[key]) if reuse else {}
        model.learn(known, None if reuse else held, context)
        settings.setdefault(key, dict(model.chosen))
        models[name] = model
    return models


def _together(first: Histories, second: Histories) -> Histories:
    """Return the users of both, those of the second after those of the first."""
    times = None if first.times is None or second.times is None else np.concatenate([first.times, second.times])
    return Histories(
        users=np.concatenate([first.users, second.users]),
        n_items=first.n_items,
        items=np.concatenate([first.items, second.items]),
        starts=np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        values=np.concatenate([first.values, second.values]),
        times=times,
    )


def _value(model: Recommender, parts: Parts) -> float:
    """Return the mean nDCG@10 of the target's users on their test rows."""
    from dl_core.models.interactions.choosing import fresh

    items, _ = top_items(model, parts.judged, K)
    relevant = fresh(parts.relevant, parts.judged.known())
    judged = np.diff(relevant.indptr) > 0
    return float(ranking_values("ndcg", items, relevant, K)[judged].mean()) if judged.any() else float("nan")
