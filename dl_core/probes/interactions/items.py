"""Which items are there, by the words in their title?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.interactions.catalogue import CATEGORY, Catalogue
from dl_core.data.interactions.describe import describe_items
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work
from dl_core.probes.base import Argument, Probe, at_once
from dl_core.probes.interactions.opened import open_histories

FOUND = 20  # items that come back


def items(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return items whose title, category or id holds every word, the most taken first."""
    histories = open_histories(run)
    taken = np.bincount(histories.whole.items, minlength=len(histories.catalogue))
    texts = _searchable(histories.catalogue)
    fits = np.ones(len(texts), dtype=bool)
    for word in arguments["search"].lower().split():
        fits &= texts.str.contains(word, regex=False).to_numpy()
    codes = np.flatnonzero(fits)
    order = codes[np.argsort(-taken[codes], kind="stable")][:FOUND]
    rows = describe_items(histories.catalogue, order)
    return {
        "total": int(fits.sum()),
        "items": [{**row, "taken": int(taken[code])} for row, code in zip(rows, order, strict=True)],
    }


def _searchable(catalogue: Catalogue) -> pd.Series:
    """Return one lower-case text an item: its title, category and id."""
    texts = pd.Series(catalogue.titles(), dtype=object).astype(str)
    ids = pd.Series(catalogue.ids, dtype=object).astype(str)
    if CATEGORY in catalogue.features:
        texts = texts + " " + catalogue.features[CATEGORY].fillna("").astype(str).reset_index(drop=True)
    return (texts + " " + ids).str.lower()


PROBE = Probe(
    name="items",
    title="Items",
    purpose="Search items by title, category or id, most popular first.",
    panel="predict",
    verb=items,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(Argument("search", str, "", "words"),),
    first=at_once,
)
