"""What the tabs ask first of a prepared run on a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dl_core.domain import Domain
from dl_core.kinds import kind_of
from dl_core.pipeline import Run
from dl_core.probes import Asked

QUEUED = 300  # test rows that stand in for a new file


def first_questions(domain: Domain, run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return which cases are listed, explained and predicted first: the riskiest one, and the last rows."""
    kind, predictions, shown = kind_of(run.dataset), run.predictions.table, Asked(domain, run).shown
    rows = predictions[(predictions["model"] == shown) & (predictions["split"] == "test")]
    risk = "score_" + run.dataset["classes"][-1]
    riskiest = str(rows.sort_values(risk, ascending=False, kind="stable")["row"].iloc[0])
    explained = {"models": [shown], "methods": list(domain.explainers[: kind.first_methods]), "target": None}
    method = domain.explainers[0] if domain.explainers else None
    return [
        ("cases", {"model": shown, "kind": "all", "search": "", "page": 0}),
        ("explain", {**explained, "rows": [riskiest]}),
        ("predict", {"rows": first_rows(predictions), "model": run.best, "explain": method, "keep": True}),
    ]


def first_rows(predictions: pd.DataFrame) -> list[str]:
    """Return row ids of the last `QUEUED` test rows of a table, which stand in for a new file."""
    first = predictions["model"].iloc[0]
    return predictions[(predictions["split"] == "test") & (predictions["model"] == first)]["row"].tail(QUEUED).tolist()
