"""Finding test rows of one model: the right, the wrong and the uncertain ones, by words, and in what order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.rows import shown_columns
from dl_core.evaluate.decide import by_confidence, of_kind, outcomes
from dl_core.train.run import Run

NEAR = 1.0  # log odds from the operating point within which a decision of two classes is uncertain


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
    columns = run.predictions.score_columns
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
    truth = (table["y_true"] == run.predictions.classes[-1]).astype(float)
    order = {"uncertain": distance, "wrong": -(table["risk"] - truth).abs()}.get(kind, -table["risk"])
    return (
        of_kind(table.assign(_order=order), kind, distance < NEAR)
        .sort_values("_order", kind="stable")
        .drop(columns="_order")
    )


def _log_odds(score: pd.Series) -> pd.Series:
    inside = score.clip(1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))
