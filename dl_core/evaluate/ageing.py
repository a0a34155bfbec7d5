"""How models age: the same metrics week by week after training, for models left alone and for one that is updated.

Fraud tactics change, customers change, and a model that was good in its test week may not be so two months on. Nothing
here trains: a caller hands over what models said, or a function that updates and scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.judge import judge
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Predictions
from dl_core.evaluate.scored import Scored, scored_rows

COLUMNS = ("model", "week", "metric", "value", "low", "high", "n", "positives")
RESAMPLES = 200  # for each week; a chart of many weeks needs no finer whiskers
DAYS = 7


@dataclass(frozen=True)
class Week:
    """One step of continual learning.

    Parameters
    ----------
    start, end : pandas.Timestamp
        The rows to score have ``start <= time < end``.
    rows : pandas.Index
        Ids of the rows to score.
    known : pandas.Index
        Ids of all earlier rows whose labels are known when the week starts: those older than the label delay.
    fresh : pandas.Index
        Those of ``known`` that were not yet known a week before; for the first week, all.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    rows: pd.Index
    known: pd.Index
    fresh: pd.Index


def by_week(
    predictions: Predictions,
    times: pd.Series,
    metrics: Sequence[str | ClassMetric],
    thresholds: Mapping[str, float | None] | None = None,
    *,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how good models that are left alone are in each week of the labelled test rows.

    Parameters
    ----------
    predictions : Predictions
    times : pandas.Series
        datetime64 by row id; rows without a time are left out.
    metrics : sequence
    thresholds : mapping or None
        Operating point by model, as it was picked once on validation rows.
    units, about
        As in `evaluate.evaluate`: rows of a unit are resampled together, and metrics that lack a fact are left out.

    Returns
    -------
    pandas.DataFrame
        ``model, week`` (its first day)``, metric, value, low, high, n, positives``; without labels it is empty. The
        first week begins on the day of the earliest row; a last one cut short says so by its n.
    """
    chosen, facts, lines = class_metrics(metrics, len(predictions.classes)), Facts(about), []
    for model in predictions.models:
        case = scored_rows(predictions, model, "test", (thresholds or {}).get(model), facts, units)
        time = times.reindex(case.ids)
        known = time.notna().to_numpy()
        if not known.any():
            continue
        first = time.min().floor("D")
        number = ((time - first) // pd.Timedelta(days=DAYS)).to_numpy(dtype=float, na_value=-1.0)
        for week in np.unique(number[known]):
            at = np.flatnonzero(number == week)
            start = first + pd.Timedelta(days=DAYS * int(week))
            lines += week_lines(model, start, case.take(at), chosen, seed=seed)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def week_lines(
    model: str, start: pd.Timestamp, case: Scored, metrics: Sequence[ClassMetric], *, seed: int
) -> list[tuple]:
    """Return the lines of the table for one model and week."""
    if "day" in case.about:  # a week has its own number of days
        case = replace(case, about={**case.about, "days": float(len(np.unique(case.about["day"])))})
    found = judge({model: case}, metrics, seed=seed, n_resamples=RESAMPLES)[model]
    positives = case.positives_of(np.ones(len(case), dtype=bool))
    return [(model, start, key[1], *one, positives) for key, one in found.items()]


def plan_weeks(times: pd.Series, start: pd.Timestamp | str, *, delay_days: float) -> list[Week]:
    """Return the steps of continual learning from ``start`` on.

    Parameters
    ----------
    times : pandas.Series
        datetime64 by row id, of all rows, those of the first training too.
    start : Timestamp or str
        First day to score.
    delay_days : float
        How long it takes until a row's label is known: at the start of a week only rows older than this may be used.

    Raises
    ------
    OptionError
        If no row is at or after ``start``.
    """
    begin = pd.Timestamp(start).floor("D")
    stop = times.max() + pd.Timedelta(nanoseconds=1)
    if not (times >= begin).any():
        raise OptionError(
            f"no row is at or after {instants.said(begin, instants.DAY)}",
            where="weeks",
            expected="an earlier first week",
        )
    ordered = times.dropna().sort_values(kind="stable")
    clock, step, delay = ordered.to_numpy(), pd.Timedelta(days=DAYS), pd.Timedelta(days=delay_days)
    weeks, before = [], 0
    while begin < stop:
        finish = min(begin + step, stop)
        a, b, known = np.searchsorted(clock, [one.to_numpy() for one in (begin, finish, begin - delay)])
        weeks.append(Week(begin, finish, ordered.index[a:b], ordered.index[:known], ordered.index[before:known]))
        begin, before = finish, known
    return weeks
