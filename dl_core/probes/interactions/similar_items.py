"""Which items go with an item?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.interactions.describe import describe_items, describe_ranking
from dl_core.data.interactions.recode import new_history
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.models.interactions.base import Recommender
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Probe, open_as
from dl_core.probes.interactions.opened import LENGTH, open_histories, ranking_length, top_ranking


def similar_items(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model recommends to someone who took one item and nothing else.

    Raises
    ------
    OptionError
        If the item is not known.
    """
    histories, k = open_histories(run), ranking_length(run, arguments)
    name, model = open_as(domain, run, arguments["model"], Recommender)
    history = new_history(histories.catalogue, [arguments["item"]])
    if not history.lengths[0]:
        raise OptionError("this item is not part of the data", todo="search for another one")
    ranked = top_ranking(model, history, histories.catalogue, k, True)
    return {
        "model": name,
        "item": describe_items(histories.catalogue, history.items)[0],
        "items": describe_ranking(histories.catalogue, ranked),
    }


PROBE = Probe(
    name="similar_items",
    title="Similar items",
    purpose="Recommendations of a model for a history of one item.",
    panel="predict",
    verb=similar_items,
    problems=("ranking",),
    kinds=("interactions",),
    arguments=(Argument("item", str, None, "id of an item", required=True), MODEL, LENGTH),
)
