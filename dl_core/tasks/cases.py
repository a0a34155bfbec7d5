"""Finding test rows of one model: the right, the wrong and the uncertain ones, by words, and in what order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError
from dl_core.tasks.rows import shown_columns
from dl_core.train.run import Run

KINDS = ("all", "right", "wrong", "uncertain")
UNSURE = 0.6  # a top probability below this is uncertain where the run picked no limit of its own
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
    if kind not in KINDS:
        raise OptionError(f"there are no {kind!r} cases", expected=", ".join(KINDS))
    table = run.predictions.of(name, "test")
    scores = table[run.predictions.score_columns]
    by_risk = by_risk and scores.shape[1] == 2
    table = table.assign(
        confidence=scores.max(axis=1), risk=scores.iloc[:, -1], right=table["y_true"] == table["y_pred"]
    )
    table = _by_risk(table, run, name, kind) if by_risk else _by_confidence(table, run, name, kind)
    return table[_holds(dataset, table.index, search)] if search else table


def _holds(dataset: Dataset, rows: pd.Index, search: str) -> np.ndarray:
    """Return for each of ``rows`` whether its id or one of its own columns holds ``search``."""
    found = np.array([search.lower() in str(row).lower() for row in rows], dtype=bool)
    part = dataset.table.loc[rows, shown_columns(dataset)]
    for column in part:
        found |= part[column].astype(str).str.contains(search, case=False, regex=False).to_numpy(dtype=bool)
    return found


def _by_confidence(table: pd.DataFrame, run: Run, name: str, kind: str) -> pd.DataFrame:
    limit = run.models[name].uncertain_below
    unsure = table["confidence"] < (limit if limit is not None else UNSURE)
    table = _of_kind(table, kind, unsure)
    return table.sort_values("confidence", ascending=kind == "uncertain", kind="stable")


def _by_risk(table: pd.DataFrame, run: Run, name: str, kind: str) -> pd.DataFrame:
    cut = run.models[name].threshold
    distance = (_log_odds(table["risk"]) - _log_odds(pd.Series([0.5 if cut is None else cut])).iloc[0]).abs()
    truth = (table["y_true"] == run.predictions.classes[-1]).astype(float)
    order = {"uncertain": distance, "wrong": -(table["risk"] - truth).abs()}.get(kind, -table["risk"])
    return (
        _of_kind(table.assign(_order=order), kind, distance < NEAR)
        .sort_values("_order", kind="stable")
        .drop(columns="_order")
    )


def _of_kind(table: pd.DataFrame, kind: str, unsure: pd.Series) -> pd.DataFrame:
    known = table["y_true"].notna()
    wanted = {"right": table["right"] & known, "wrong": ~table["right"] & known, "uncertain": unsure}
    return table if kind == "all" else table[wanted[kind]]


def _log_odds(score: pd.Series) -> pd.Series:
    inside = score.clip(1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))
