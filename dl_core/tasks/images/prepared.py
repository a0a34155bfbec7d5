"""What the tabs ask first of a prepared run on images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dl_core.domain import Domain
from dl_core.evaluate.decide import outcomes
from dl_core.kinds import kind_of
from dl_core.pipeline import Run
from dl_core.probes import Asked

FIRST_CASES = 6  # test rows that stand in for new cases


def first_questions(domain: Domain, run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return which cases are explained and predicted first: the surest one, and some of each class."""
    kind, predictions, shown = kind_of(run.dataset), run.predictions.table, Asked(domain, run).shown
    surest = str(sorted_cases(predictions, shown).index[0])
    explained = {"models": [shown], "methods": list(domain.explainers[: kind.first_methods]), "target": None}
    method = domain.explainers[0] if kind.explained_first(run.models[run.best].kind) else None
    rows = first_cases(predictions, run.dataset["classes"])
    return [
        ("explain", {**explained, "rows": [surest]}),
        ("predict", {"rows": rows, "model": run.best, "explain": method, "keep": True}),
    ]


def sorted_cases(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return a model's test rows by row id with ``confidence`` and ``right``, the surest first."""
    rows = predictions[(predictions["model"] == model) & (predictions["split"] == "test")].set_index("row")
    rows = outcomes(rows)[["y_true", "y_pred", "confidence", "right"]]
    return rows.sort_values("confidence", ascending=False, kind="stable")


def first_cases(predictions: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Return row ids of `FIRST_CASES` test rows, of each class as many."""
    test = predictions[(predictions["split"] == "test") & (predictions["model"] == predictions["model"].iloc[0])]
    few = test.groupby("y_true", sort=True).head(FIRST_CASES // max(1, len(classes)))
    return few["row"].tolist()
