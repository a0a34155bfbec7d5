"""What a worker keeps of a run of recommenders: who took what before the test, what was held out, all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import CATEGORY, PRICE, TITLE, Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.errors import OptionError
from dl_core.schema import Role
from dl_core.tasks.opening import load_run, stamp
from dl_core.tasks.rows import plain
from dl_core.train.run import Run

if TYPE_CHECKING:
    from dl_core.models.interactions.base import Recommender

OPEN = 2  # runs whose histories a worker keeps in memory
LISTS = 12  # models whose judged lists it keeps
K = 10  # length of a list unless the run says otherwise


@dataclass(frozen=True)
class Shelf:
    """The histories of a run's users in one catalogue, the same users in the same order.

    ``known`` is what models knew when they were judged (training and validation rows), ``held`` what was held out of
    them for the test, ``whole`` all that is known by now. ``judged`` is the catalogue of ``known`` rows alone, from
    which lists are judged.
    """

    dataset: Dataset
    catalogue: Catalogue
    judged: Catalogue
    known: Histories
    held: Histories
    whole: Histories

    def position(self, user: str) -> int | None:
        """Return a user's place, or None for one who is not there."""
        at = np.searchsorted(self.whole.users, user)
        return int(at) if at < len(self.whole.users) and self.whole.users[at] == user else None


def open_shelf(run: Run) -> Shelf:
    """Return the histories of a run's users, from memory if they were used lately.

    Raises
    ------
    OptionError
        If the run's rows name no users and items.
    """
    place = (run.folder / run.dataset["path"]).resolve()
    return _shelf(str(run.folder), str(place), stamp(run.folder))


@lru_cache(maxsize=OPEN)
def _shelf(folder: str, place: str, changed: int) -> Shelf:
    run = load_run(folder, changed)
    dataset = Dataset.load(Path(place))
    if dataset.column(Role.USER) is None or dataset.column(Role.ITEM) is None:
        raise OptionError("these rows name no users and items", where=dataset.name)
    catalogue = Catalogue.of(dataset)
    users = np.unique(dataset.values(Role.USER).astype(str).to_numpy(dtype=object))
    before = dataset.subset([*run.splits.train, *run.splits.validation])
    after = dataset.subset(run.splits.test)
    parts = (Histories.of(part, catalogue, users) for part in (before, after, dataset))
    return Shelf(dataset, catalogue, Catalogue.of(before), *parts)


def list_length(run: Run, args: Mapping[str, Any]) -> int:
    """Return how many items a list has: what was asked, else what the run was judged by."""
    return max(1, min(100, int(args.get("k") or run.spec.options.get("k") or K)))


def judged_lists(run: Run, model: str) -> pd.DataFrame:
    """Return a model's test lists by user id, each in order, from memory if they were used lately."""
    return _lists(str(run.folder), model, stamp(run.folder))


@lru_cache(maxsize=LISTS)
def _lists(folder: str, model: str, changed: int) -> pd.DataFrame:
    table = load_run(folder, changed).predictions.table
    rows = table[(table["model"] == model) & (table["split"] == "test")]  # none where nobody has held-out items
    return rows.set_index("row").sort_index(kind="stable")


def recode(histories: Histories, source: Catalogue, target: Catalogue) -> Histories:
    """Return histories counted in another catalogue; items that it lacks are left out."""
    if source is target:
        return histories
    own = _codes(histories.items, source, target)  # (m,), -1 where unknown
    kept = own >= 0
    owner = np.repeat(np.arange(len(histories)), histories.lengths)[kept]
    counts = np.bincount(owner, minlength=len(histories))
    seen = None
    if histories.seen is not None:
        pairs = histories.seen.tocoo()
        codes = _codes(pairs.col, source, target)
        there = codes >= 0
        places = (pairs.row[there], codes[there])
        seen = sparse.csr_matrix((np.ones(int(there.sum()), bool), places), shape=(len(histories), len(target)))
    return replace(
        histories,
        n_items=len(target),
        items=own[kept].astype(np.int32),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        values=histories.values[kept],
        times=None if histories.times is None else histories.times[kept],
        seen=seen,
    )


def _codes(codes: np.ndarray, source: Catalogue, target: Catalogue) -> np.ndarray:
    """Return codes of one catalogue in another, -1 where it lacks the item; few are looked up one by one."""
    if len(codes) < len(source):
        return target.codes(source.ids[codes]) if len(codes) else np.zeros(0, dtype=np.int32)
    return target.codes(source.ids)[codes]


def new_history(catalogue: Catalogue, items: Sequence[str], user: str = "") -> Histories:
    """Return the history of one new user who took ``items``, the last one last; unknown items are left out."""
    codes = catalogue.codes(np.asarray(list(items), dtype=object)) if len(items) else np.array([], dtype=np.int32)
    codes = codes[codes >= 0]
    return Histories(
        users=np.array([user], dtype=object),
        n_items=len(catalogue),
        items=codes,
        starts=np.array([0, len(codes)], dtype=np.int64),
        values=np.ones(len(codes), dtype=np.float32),
    )


def removes_seen(run: Run) -> bool:
    """Return whether what a user has taken is left out of lists: yes, unless repeats were kept on purpose."""
    return run.spec.options.get("repeats") != "keep"


def top_lists(model: Recommender, histories: Histories, source: Catalogue, k: int, remove_seen: bool) -> list[list]:
    """Return each user's list as (item code in ``source``, score), best first."""
    from dl_core.models.interactions.retrieve import top_items

    found, scores = top_items(model, recode(histories, source, model.catalogue), k, remove_seen=remove_seen)
    lists = []
    for line, points in zip(found, scores, strict=True):
        there = line >= 0
        codes = _codes(line[there], model.catalogue, source)
        lists.append([(int(code), float(score)) for code, score in zip(codes, points[there], strict=True)])
    return lists


def describe_items(catalogue: Catalogue, codes: Sequence[int]) -> list[dict[str, Any]]:
    """Return ``item``, ``title``, ``category`` and ``price`` of items by code, as plain JSON."""
    codes = np.asarray(codes, dtype=np.int64)
    features = catalogue.features
    price = next((name for name in features if str(name).startswith(PRICE)), PRICE)  # its currency may stand there
    columns = {CATEGORY: CATEGORY, PRICE: price}
    columns[TITLE] = TITLE
    more = {name: features[own].iloc[codes].to_numpy(dtype=object) for name, own in columns.items() if own in features}
    titles = more.get(TITLE, np.full(len(codes), None, dtype=object))
    return [
        {
            "item": str(catalogue.ids[code]),
            "title": str(catalogue.ids[code]) if pd.isna(titles[at]) else str(titles[at]),
            "category": plain(more[CATEGORY][at]) if CATEGORY in more else None,
            "price": plain(more[PRICE][at]) if PRICE in more else None,
        }
        for at, code in enumerate(codes)
    ]


def describe_history(shelf: Shelf, histories: Histories, at: int, most: int = 200) -> list[dict[str, Any]]:
    """Return what a user took, the latest first: `describe_items` with ``value`` and ``time`` (ISO text or None)."""
    span = slice(max(int(histories.starts[at]), int(histories.starts[at + 1]) - most), int(histories.starts[at + 1]))
    rows = describe_items(shelf.catalogue, histories.items[span])
    times = None if histories.times is None else pd.to_datetime(histories.times[span], unit="s")
    valued = shelf.dataset.column(Role.VALUE) is not None
    for place, row in enumerate(rows):
        row["value"] = float(histories.values[span][place]) if valued else None
        row["time"] = None if times is None else plain(times[place])
    return rows[::-1]


def describe_user(shelf: Shelf, at: int) -> dict[str, Any]:
    """Return what is known about a user besides what they took, as plain JSON."""
    features = shelf.whole.features
    if features is None:
        return {}
    return {str(name): plain(value) for name, value in features.iloc[at].items()}
