"""Columns that know what a model must find out: the label in other words, and aggregates that saw the future."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAK_AUC = 0.995
_MOST_ROWS = 200_000  # honest rows looked at; all frauds are
_LEAST_CLASS = 10  # rows of a class, below which a perfect column may be chance
_MOST_CODES = 100
_FUTURE_GAIN = 0.10  # AUC above what the account's past alone tells
_FUTURE_LIKENESS = 0.80  # rank correlation with the account's frauds of the whole file
_LEAST_KEYS = 30


def rank_auc(values: np.ndarray, fraud: np.ndarray) -> float:
    """Return the area under the ROC curve of ``values`` for ``fraud``, ties counted half; 0.5 where it is undefined.

    Missing values rank lowest.
    """
    positives, n = int(fraud.sum()), len(fraud)
    if positives in (0, n):
        return 0.5
    ranks = _ranks(np.where(np.isnan(values), -np.inf, values))
    return float((ranks[fraud].sum() - positives * (positives + 1) / 2) / (positives * (n - positives)))


def sample_rows(fraud: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return positions of all frauds and of evenly spaced honest rows."""
    honest = np.flatnonzero(known & ~fraud)
    honest = honest[:: max(1, len(honest) // _MOST_ROWS)]
    return np.sort(np.concatenate([np.flatnonzero(fraud), honest]))


def leaking_columns(table: pd.DataFrame, columns: list[str], targets: np.ndarray) -> dict[str, str]:
    """Return columns that nearly equal the label, each with how that shows.

    A number leaks where its AUC, either way round, is at least 0.995; a category, or a number of few values, where
    guessing fraud from it is wrong for at most one in 200 frauds; any column where being filled in tells as much.

    Parameters
    ----------
    table : pandas.DataFrame
    columns : list of str
    targets : numpy.ndarray
        (n,) 1 fraud, 0 honest, -1 unknown.
    """
    fraud, known = targets == 1, targets >= 0
    if fraud.sum() < _LEAST_CLASS or (known & ~fraud).sum() < _LEAST_CLASS:
        return {}
    rows = sample_rows(fraud, known)
    told = fraud[rows]
    found = {}
    for name in columns:
        how = _leaks(table[name].iloc[rows], told)
        if how:
            found[name] = how
    return found


def _leaks(column: pd.Series, fraud: np.ndarray) -> str:
    missing = column.isna().to_numpy()
    if missing.any():
        area = rank_auc(missing.astype(float), fraud)
        if max(area, 1 - area) >= LEAK_AUC:
            return "whether it is missing predicts the label"
    codes, distinct = pd.factorize(column)
    if len(distinct) <= min(_MOST_CODES, len(codes) // 10):
        counts = np.bincount(codes + 1, minlength=len(distinct) + 1)
        frauds = np.bincount(codes + 1, weights=fraud, minlength=len(distinct) + 1)
        wrong = np.minimum(frauds, counts - frauds).sum()
        return f"its value identifies {1 - wrong / fraud.sum():.1%} of the frauds" if wrong <= fraud.sum() / 200 else ""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return ""
    area = rank_auc(column.to_numpy(dtype=np.float64, na_value=np.nan), fraud)
    return f"alone it reaches an AUC of {max(area, 1 - area):.3f}" if max(area, 1 - area) >= LEAK_AUC else ""


def future_looking(
    table: pd.DataFrame, columns: list[str], key: pd.Series, time: np.ndarray, targets: np.ndarray
) -> dict[str, str]:
    """Return columns that seem to sum up an account's whole file, its future included.

    Such a column ("frauds of this customer, total") has one value for all rows of an account, although frauds come one
    by one. It is suspected where (1) it is constant within accounts, (2) by rank it goes with the account's number or
    share of frauds in the whole file (0.8 or more), and (3) it tells fraud better, by 0.1 of AUC or more, than the
    account's frauds before each row do, which is all that could have been known. A true property of the account (age,
    region) fails (2); a running count fails (1).

    Parameters
    ----------
    table : pandas.DataFrame
    columns : list of str
        Numeric ones are looked at.
    key : pandas.Series
        (n,) accounts, or counterparties.
    time : numpy.ndarray
        (n,) datetime64[ns].
    targets : numpy.ndarray
        (n,) 1 fraud, 0 honest, -1 unknown.
    """
    codes = pd.factorize(key)[0]
    known = (codes >= 0) & (targets >= 0)
    fraud = (targets == 1)[known]
    keys = codes[known]
    if len(np.unique(keys)) < _LEAST_KEYS or fraud.sum() < _LEAST_CLASS or fraud.all():
        return {}
    size = np.bincount(keys)
    total = np.bincount(keys, weights=fraud)
    past, found = 0.0, {}
    for name in columns:
        if not pd.api.types.is_numeric_dtype(table[name].dtype):
            continue
        values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)[known]
        each = _constant_within(values, keys, size)
        if each is None:
            continue
        used = (size > 0) & np.isfinite(each)
        likeness = max(_likeness(each[used], total[used]), _likeness(each[used], total[used] / size[used]))
        if likeness < _FUTURE_LIKENESS:
            continue
        area = rank_auc(values, fraud)
        past = past or rank_auc(_count_before(keys, time[known], fraud), fraud)
        if max(area, 1 - area) - max(past, 1 - past) >= _FUTURE_GAIN:
            found[name] = f"AUC {max(area, 1 - area):.2f}, where the past alone tells {max(past, 1 - past):.2f}"
    return found


def _count_before(keys: np.ndarray, time: np.ndarray, fraud: np.ndarray) -> np.ndarray:
    """Return each row's number of earlier frauds of the same key, (n,)."""
    order = np.lexsort((time, keys))
    running = np.cumsum(fraud[order]) - fraud[order]
    first = np.r_[True, np.diff(keys[order]) != 0]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    before = np.empty(len(order))
    before[order] = running - running[start]
    return before


def _constant_within(values: np.ndarray, keys: np.ndarray, size: np.ndarray) -> np.ndarray | None:
    """Return the value of each key, or None if more than one in 100 keys of several rows has several values."""
    low = np.full(len(size), np.inf)
    high = np.full(len(size), -np.inf)
    np.fmin.at(low, keys, values)
    np.fmax.at(high, keys, values)
    several = size > 1
    if not several.any() or (high[several] > low[several]).mean() > 0.01:
        return None
    return np.where(np.isfinite(low), low, np.nan)


def _likeness(left: np.ndarray, right: np.ndarray) -> float:
    """Return the absolute rank correlation (Spearman), 0 where one side does not vary."""
    if len(left) < _LEAST_KEYS or np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(abs(np.corrcoef(_ranks(left), _ranks(right))[0, 1]))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1, ties with their mean (pandas: SciPy's statistics take seconds to import)."""
    return pd.Series(values).rank().to_numpy()
