"""Which kinds of item do rankings show, beside how often these are taken?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.data.interactions.catalogue import PRICE, TEXT, TITLE, Catalogue
from dl_core.data.interactions.describe import describe_items
from dl_core.data.interactions.recode import recode
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Probe, of_the_best
from dl_core.probes.interactions.opened import LENGTH, judged_rankings, open_histories, ranking_length

if TYPE_CHECKING:
    from dl_core.evaluate.interactions.facts import InteractionFacts

POPULARITY = "popularity"
MOST_VALUES = 60  # distinct values of a column by which items can be grouped
MOST_HIDDEN = 12  # items shown to nobody that are named


def exposure(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the share of places that each kind of item gets in test rankings beside its share of interactions.

    ``columns`` of the result says by what items can be grouped, and ``hidden`` names the most taken items that are
    shown to nobody.
    """
    from dl_core.bias.interactions.exposure import exposure as stage
    from dl_core.evaluate.interactions.facts import InteractionFacts

    name, histories = run.check_model(arguments["model"]), open_histories(run)
    columns, by, k = group_columns(histories.catalogue), arguments["by"], ranking_length(run, arguments)
    if by not in columns:
        raise OptionError(f"items cannot be grouped by {by!r}", expected=", ".join(columns))
    facts = InteractionFacts.of(recode(histories.known, histories.catalogue, histories.judged), histories.judged)
    found = stage(Rankings(run.predictions.table), name, facts, by=by, k=k, seed=run.spec.seed)
    rankings = judged_rankings(run, name)
    hidden = _hidden(facts, rankings[rankings["rank"] <= k]["item"].unique())
    return {**found, "columns": columns, "by": by, "k": k, "model": name, "hidden": hidden}


def _hidden(facts: InteractionFacts, shown: np.ndarray) -> list[dict[str, Any]]:
    """Return the most taken items that are not among ``shown`` (ids), with how many users took each."""
    counts = facts.counts.copy()
    codes = facts.catalogue.codes(np.asarray(shown, dtype=object))
    counts[codes[codes >= 0]] = 0
    order = np.argsort(-counts, kind="stable")[:MOST_HIDDEN]
    order = order[counts[order] > 0]
    rows = describe_items(facts.catalogue, order)
    return [{**row, "taken": int(counts[code])} for row, code in zip(rows, order, strict=True)]


def group_columns(catalogue: Catalogue) -> list[str]:
    """Return by what items can be grouped: popularity, then columns of the items' table with few distinct values."""
    features = catalogue.features
    kinds = [
        str(name)
        for name in features
        if name not in (TITLE, TEXT)
        and not str(name).startswith(PRICE)
        and 2 <= features[name].nunique() <= MOST_VALUES
    ]
    return [POPULARITY, *kinds]


PROBE = Probe(
    name="exposure",
    title="Exposure",
    purpose="Exposure of item groups beside their share of interactions, and the Gini index.",
    panel="bias",
    verb=exposure,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(
        MODEL,
        Argument("by", str, POPULARITY, "popularity, or a column of the items' table such as category"),
        LENGTH,
    ),
    first=of_the_best,
)
