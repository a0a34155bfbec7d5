"""Which test rows does a model judge right, wrong or uncertainly?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnails
from dl_core.data.rows import describe_columns, main_columns, plain, row_values, shown_columns
from dl_core.domain import Domain
from dl_core.evaluate.decide import KINDS, by_confidence, of_kind, outcomes
from dl_core.evaluate.results import Predictions
from dl_core.kinds import kind_of
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Asked, Names, Probe, said_by

PAGE = 24  # cases on one page
NEAR = 1.0  # log odds from the operating point within which a decision of two classes is uncertain


def cases(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """List test rows of one model by kind and by words.

    A case carries a picture where rows are images, else its main columns as ``values``.
    """
    name, dataset = run.check_model(arguments["model"]), run.load_dataset()
    pictured = kind_of(dataset).pictures is not None
    chosen = find_cases(run, dataset, name, arguments["kind"], arguments["search"], by_risk=not pictured)
    if arguments["rows"]:
        chosen = chosen.loc[[row for row in arguments["rows"] if row in chosen.index]]
    page = max(arguments["page"], 0)
    shown = chosen.iloc[page * PAGE : (page + 1) * PAGE]
    part = dataset.subset(shown.index)
    columns = [] if pictured else main_columns(part)
    return {
        "total": len(chosen),
        "page": page,
        "pages": -(-len(chosen) // PAGE),
        "columns": describe_columns(part, domain.schema, columns),
        "cases": [
            {
                "row": row,
                "y_true": plain(case["y_true"]),
                "y_pred": case["y_pred"],
                "confidence": float(case["confidence"]),
                "risk": float(case["risk"]),
                "right": bool(case["right"]),
                "image": picture,
                "values": values,
            }
            for (row, case), picture, values in zip(
                shown.iterrows(), thumbnails(part), row_values(part, columns), strict=True
            )
        ],
    }


def find_cases(run: Run, dataset: Dataset, name: str, kind: str, search: str, *, by_risk: bool) -> pd.DataFrame:
    """Return test rows of a model with ``confidence``, ``right`` and ``risk``, in the order in which to show them.

    With ``by_risk`` (tables of two classes) the riskiest row comes first, mistakes start with the furthest from the
    truth, and uncertain is what lies near the operating point; else the surest comes first, and uncertain ones begin
    with the least sure.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    table = outcomes(run.predictions.of(name, "test"))
    columns = said_by(run, Predictions).score_columns
    by_risk = by_risk and len(columns) == 2
    table = table.assign(risk=table[columns[-1]])
    table = (
        _by_risk(table, run, name, kind) if by_risk else by_confidence(table, kind, run.models[name].uncertain_below)
    )
    return table[_holds(dataset, table.index, search)] if search else table


def _holds(dataset: Dataset, rows: pd.Index, search: str) -> np.ndarray:
    """Return for each of ``rows`` whether its id or one of its own columns holds ``search``."""
    found = np.array([search.lower() in str(row).lower() for row in rows], dtype=bool)
    part = dataset.table.loc[rows, shown_columns(dataset)]
    for column in part:
        found |= part[column].astype(str).str.contains(search, case=False, regex=False).to_numpy(dtype=bool)
    return found


def _by_risk(table: pd.DataFrame, run: Run, name: str, kind: str) -> pd.DataFrame:
    cut = run.models[name].threshold
    distance = (_log_odds(table["risk"]) - _log_odds(pd.Series([0.5 if cut is None else cut])).iloc[0]).abs()
    truth = (table["y_true"] == said_by(run, Predictions).classes[-1]).astype(float)
    order = {"uncertain": distance, "wrong": -(table["risk"] - truth).abs()}.get(kind, -table["risk"])
    return (
        of_kind(table.assign(_order=order), kind, distance < NEAR)
        .sort_values("_order", kind="stable")
        .drop(columns="_order")
    )


def _log_odds(score: pd.Series) -> pd.Series:
    inside = score.clip(1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask for the first page of a table, whose rows are listed."""
    return [] if kind_of(asked.run.dataset).pictures else [{"model": asked.shown}]


PROBE = Probe(
    name="cases",
    title="Test cases",
    purpose="Test rows that a model predicts correctly, incorrectly or uncertainly, with search.",
    panel="explain",
    verb=cases,
    problems=("classification",),
    arguments=(
        MODEL,
        Argument("kind", str, "all", "which rows", KINDS),
        Argument("search", str, "", "search text"),
        Argument("rows", Names, None, "ids of exactly these rows instead"),
        Argument("page", int, 0, f"page of {PAGE} rows, from 0"),
    ),
    first=first,
)
