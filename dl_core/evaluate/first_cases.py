"""Which test rows are looked at first, from `Predictions`' table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dl_core.evaluate.decide import outcomes
from dl_core.evaluate.results import SCORE

QUEUED = 300  # test rows of a table that stand in for a new file
FIRST_CASES = 6  # test rows that stand in for new cases


def surest_row(predictions: pd.DataFrame, model: str) -> str:
    """Return the row id of which a model is surest."""
    rows = outcomes(_of(predictions, model))
    return str(rows.sort_values("confidence", ascending=False, kind="stable")["row"].iloc[0])


def riskiest_row(predictions: pd.DataFrame, model: str, target: str) -> str:
    """Return the row id to which a model gives the class ``target`` the highest score."""
    rows = _of(predictions, model)
    return str(rows.sort_values(SCORE + target, ascending=False, kind="stable")["row"].iloc[0])


def first_cases(predictions: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Return row ids of `FIRST_CASES` test rows, of each class as many."""
    test = _of(predictions, predictions["model"].iloc[0])
    few = test.groupby("y_true", sort=True).head(FIRST_CASES // max(1, len(classes)))
    return few["row"].tolist()


def first_rows(predictions: pd.DataFrame) -> list[str]:
    """Return row ids of the last `QUEUED` test rows of a table, which stand in for a new file."""
    return _of(predictions, predictions["model"].iloc[0])["row"].tail(QUEUED).tolist()


def _of(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    return predictions[(predictions["model"] == model) & (predictions["split"] == "test")]
