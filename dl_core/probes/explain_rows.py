"""Why does a model judge rows as it does?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnail, thumbnails
from dl_core.data.rows import plain, row_values, shown_columns, usual_values
from dl_core.domain import Domain
from dl_core.evaluate.first_cases import riskiest_row, surest_row
from dl_core.kinds import kind_of
from dl_core.pipeline import Run, Work, explain
from dl_core.probes.base import MODELS, Argument, Asked, Names, Probe
from dl_core.schema import Role

MOST_CASES = 8  # rows explained at once


def explain_rows(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Explain rows of the run's data, with their pictures or values."""
    rows = arguments["rows"][:MOST_CASES]
    whole = run.load_dataset()
    data, usual = whole.subset(rows), usual_values(whole, domain.schema)
    models = [run.check_model(name) for name in arguments["models"] or [None]]
    methods = arguments["methods"] or list(domain.explainers[:1])
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in rows}
    for number, name in enumerate(models):
        work.progress(number / len(models), f"Explaining {domain.models[name].label}")
        target, faithfulness = arguments["target"], arguments["faithfulness"]
        maps = explain(domain, run, name, data, methods=methods, target=target, faithfulness=faithfulness)
        for explanation in maps:
            found[explanation.row].append(explanation.with_texts(data, usual).as_json())
    truth = data.values(Role.LABEL)
    values = row_values(data, shown_columns(data))
    return {
        "cases": [
            {
                "row": row,
                "image": picture,
                "values": values[index],
                "y_true": None if truth is None else plain(truth.loc[row]),
                "mask": _mask(data, index),
                "maps": found[row],
            }
            for index, (row, picture) in enumerate(zip(rows, thumbnails(data, enlarge=False), strict=True))
        ]
    }


def _mask(data: Dataset, index: int) -> str | None:
    mask = data.arrays.get("mask")
    return None if mask is None or not mask[index].any() else thumbnail(np.asarray(mask[index]), enlarge=False)


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask about the riskiest row of a table, and about the surest image."""
    kind, table, shown = kind_of(asked.run.dataset), asked.run.predictions.table, asked.shown
    row = (
        riskiest_row(table, shown, asked.run.dataset["classes"][-1])
        if kind.pictures is None
        else surest_row(table, shown)
    )
    return [{"models": [shown], "methods": list(asked.domain.explainers[: kind.first_methods]), "rows": [row]}]


PROBE = Probe(
    name="explain_rows",
    title="Explain predictions",
    purpose="Attributions for rows of the run's data, with faithfulness.",
    panel="explain",
    verb=explain_rows,
    problems=("classification",),
    arguments=(
        Argument("rows", Names, None, f"ids of rows, at most {MOST_CASES}", required=True),
        MODELS,
        Argument("methods", Names, None, "names of methods; default: the domain's first"),
        Argument("target", str, None, "class to explain; default: the predicted one"),
        Argument("faithfulness", bool, True, "whether faithfulness is measured"),
    ),
    first=first,
)
