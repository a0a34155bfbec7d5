"""What is kept open of a run of recommenders: who took what before the test, what was held out, all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.describe import describe_history, describe_user
from dl_core.data.interactions.histories import Histories
from dl_core.data.interactions.recode import recode, recode_items
from dl_core.errors import OptionError
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, kept
from dl_core.probes.base import Argument
from dl_core.schema import Role

OPEN = 2  # runs whose histories stay in memory
RANKINGS = 12  # models whose judged rankings do
K = 10  # length of a ranking unless the run says otherwise
SHOWN_HISTORY = 40  # items of a history that come back
NOBODY = "this user is not part of the data"

LENGTH = Argument("k", int, None, "length of a ranking; default: the run's k")
USER = Argument("user", str, None, "id of a user", required=True)


@dataclass(frozen=True)
class RunHistories:
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

    def find(self, user: str) -> int:
        """Return a user's place.

        Raises
        ------
        OptionError
            If the user is not part of the data.
        """
        at = self.position(user)
        if at is None:
            raise OptionError(NOBODY, todo="search for another id")
        return at

    def about(self, at: int | None) -> dict[str, Any]:
        """Return what is known about a user besides what they took."""
        return {} if at is None else describe_user(self.whole, at)

    def shown(self, histories: Histories, at: int, most: int = SHOWN_HISTORY) -> list[dict[str, Any]]:
        """Return what a user took, the latest first, as plain JSON."""
        valued = self.dataset.column(Role.VALUE) is not None
        return describe_history(self.catalogue, histories, at, most, valued=valued)


@kept(OPEN)
def open_histories(run: Run) -> RunHistories:
    """Return the histories of a run's users, from memory if they were used lately.

    Raises
    ------
    OptionError
        If the run's rows name no users and items.
    """
    dataset = run.load_dataset()
    users = dataset.values(Role.USER)
    if users is None or dataset.column(Role.ITEM) is None:
        raise OptionError("these rows name no users and items", where=dataset.name)
    catalogue = Catalogue.of(dataset)
    everyone = np.unique(users.astype(str).to_numpy(dtype=object))
    before = dataset.subset([*run.splits.train, *run.splits.validation])
    after = dataset.subset(run.splits.test)
    known, held, whole = (Histories.of(part, catalogue, everyone) for part in (before, after, dataset))
    return RunHistories(dataset, catalogue, Catalogue.of(before), known, held, whole)


def ranking_length(run: Run, arguments: Mapping[str, Any]) -> int:
    """Return how many items a ranking has: what was asked, else what the run was judged by."""
    return max(1, min(100, int(arguments.get("k") or run.spec.options.get("k") or K)))


@kept(RANKINGS)
def judged_rankings(run: Run, model: str) -> pd.DataFrame:
    """Return a model's test rankings by user id, each in order, from memory if they were used lately."""
    table = run.predictions.table
    rows = table[(table["model"] == model) & (table["split"] == "test")]  # none where nobody has held-out items
    return rows.set_index("row").sort_index(kind="stable")


def removes_seen(run: Run) -> bool:
    """Return whether what a user has taken is left out of lists: yes, unless repeats were kept on purpose."""
    return run.spec.options.get("repeats") != "keep"


def top_ranking(
    model: Recommender, history: Histories, source: Catalogue, k: int, remove_seen: bool
) -> list[tuple[int, float]]:
    """Return one user's ranking as (item code in ``source``, score), best first."""
    from dl_core.models.interactions.retrieve import top_items

    (found,), (scores,) = top_items(model, recode(history, source, model.catalogue), k, remove_seen=remove_seen)
    there = found >= 0
    codes = recode_items(found[there], model.catalogue, source)
    return [(int(code), float(score)) for code, score in zip(codes, scores[there], strict=True)]
