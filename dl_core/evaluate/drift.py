"""Have the inputs moved since training? How far each column of later rows is from the training rows, week by week."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

BINS = 10  # of equal mass in training, for a number
CATEGORIES = 20  # the commonest of training; all others are one bin
MOST_TRAINING = 100_000  # training rows looked at; the edges of ten bins need no more
STEADY, MOVED = 0.1, 0.25  # usual cuts of the population stability index
MISSING, OTHER = "missing", "other"
COLUMNS = ("column", "kind", "week", "psi", "distance", "chance", "n", "level")
LEVELS = ("no drift", "moderate drift", "significant drift", "too few rows")


def drift_by_week(
    training: pd.DataFrame,
    later: pd.DataFrame,
    times: pd.Series | None = None,
    *,
    columns: Sequence[str] | None = None,
    days: int = 7,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how far each input column has moved from the training rows, for each week of later rows.

    Parameters
    ----------
    training, later : pandas.DataFrame
        Inputs by row id: numbers, and text or categories. Columns that only one of them has are left out.
    times : pandas.Series or None
        datetime64 by row id of ``later``; None takes all later rows as one "week" (without a date).
    columns : sequence of str or None
    days : int
        Length of a "week"; the first begins on the day of the earliest later row.
    seed : int
        Which training rows are looked at, where there are more than 100,000.

    Returns
    -------
    pandas.DataFrame
        ``column, kind`` ("number" or "category")``, week`` (its first day)``, psi, distance, chance, n, level``.

        ``psi`` is the population stability index Σ (q − p) ln(q / p) over bins: ten of equal mass in training for a
        number, the twenty commonest values for a category, besides one for missing values and one for all others; a
        half is added to each count. ``distance`` lies between 0 and 1: for a number the Kolmogorov-Smirnov distance,
        for a category the chi-square distance ½ Σ (p − q)² / (p + q). ``chance`` is the index that rows drawn from the
        training rows would show on average. ``level`` says it in words (`level_of`).

    References
    ----------
    Siddiqi (2006), *Credit Risk Scorecards*, for the index and its cuts at 0.1 and 0.25; Yurdakul (2018), *Statistical
    Properties of the Population Stability Index*, for what chance alone gives.
    """
    names = [
        name for name in (columns if columns is not None else training.columns) if name in later and name in training
    ]
    if len(training) > MOST_TRAINING:
        rows = np.random.default_rng(seed).choice(len(training), MOST_TRAINING, replace=False)
        training = training.iloc[np.sort(rows)]
    lines = []
    for week, at in _weeks(later.index, times, days):
        part = later.iloc[at]
        for name in names:
            kind, measured = _measure(training[name], part[name])
            lines.append((name, kind, week, *measured, len(at), level_of(measured[0], measured[2])))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def drift(training: pd.DataFrame, later: pd.DataFrame, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return how far each input column of all later rows is from the training rows, the furthest first.

    Returns
    -------
    pandas.DataFrame
        ``column, kind, psi, level, sentence, distance, chance, n``, as in `drift_by_week` and `rank_columns`.
    """
    table = drift_by_week(training, later, columns=columns)
    ranked = rank_columns(table).drop(columns=["week", "last"])
    return ranked.merge(table[["column", "distance", "chance", "n"]], on="column", how="left")


def level_of(psi: float, chance: float = 0.0) -> str:
    """Return an index in words: under 0.1 no drift, up to 0.25 moderate, else significant.

    Where chance alone would give more than 0.1 there are too few rows to tell.
    """
    if np.isnan(psi) or chance > STEADY:
        return LEVELS[3]
    return LEVELS[0] if psi < STEADY else LEVELS[1] if psi <= MOVED else LEVELS[2]


def rank_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `drift_by_week`, those that drifted most first.

    Returns
    -------
    pandas.DataFrame
        ``column, kind, psi`` (the largest of all weeks with enough rows)``, week`` (when)``, last`` (the latest
        week's)``, level, sentence``.
    """
    lines = []
    for name, rows in table.groupby("column", sort=False):
        enough = rows[(rows["level"] != LEVELS[3]) & rows["psi"].notna()]
        if enough.empty:
            lines.append(
                (
                    name,
                    rows["kind"].iloc[0],
                    np.nan,
                    pd.NaT,
                    np.nan,
                    LEVELS[3],
                    f"{name}: too few rows to measure drift.",
                )
            )
            continue
        worst, last = enough.loc[enough["psi"].idxmax()], enough.iloc[-1]
        when = "" if pd.isna(worst["week"]) else f", most in the week of {worst['week']:%Y-%m-%d}"
        size = f"(PSI {worst['psi']:.2f}; below {STEADY} no drift, above {MOVED} significant)"
        said = f"{worst['level']} since training"
        sentence = f"{name}: {said}{when if worst['level'] != LEVELS[0] else ''} {size}."
        lines.append((name, worst["kind"], worst["psi"], worst["week"], last["psi"], worst["level"], sentence))
    found = pd.DataFrame(lines, columns=["column", "kind", "psi", "week", "last", "level", "sentence"])
    return found.sort_values("psi", ascending=False, kind="stable", na_position="last", ignore_index=True)


def _weeks(rows: pd.Index, times: pd.Series | None, days: int) -> list[tuple[pd.Timestamp, np.ndarray]]:
    """Return the first day and the row positions of each week."""
    if times is None:
        return [(pd.NaT, np.arange(len(rows)))] if len(rows) else []
    time = times.reindex(rows)
    if not time.notna().any():
        return []
    first = time.min().floor("D")
    number = ((time - first) // pd.Timedelta(days=days)).to_numpy(dtype=float, na_value=-1.0)
    weeks = np.unique(number[number >= 0]).astype(int)
    return [(first + pd.Timedelta(days=days * int(week)), np.flatnonzero(number == week)) for week in weeks]


def _measure(old: pd.Series, new: pd.Series) -> tuple[str, tuple[float, float, float]]:
    """Return a column's kind, and its index, distance and the index expected by chance."""
    if pd.api.types.is_numeric_dtype(old) and not pd.api.types.is_bool_dtype(old):
        a, b = (_floats(values) for values in (old, pd.to_numeric(new, errors="coerce")))
        codes = _number_bins(a, b)
        counts = tuple(np.bincount(code, minlength=codes[2]) for code in codes[:2])
        return "number", (_psi(*counts), _kolmogorov(a[~np.isnan(a)], b[~np.isnan(b)]), _chance(*counts))
    counts = _category_counts(old, new)
    return "category", (_psi(*counts), _chi_square(*counts), _chance(*counts))


def _floats(values: pd.Series) -> np.ndarray:
    found = values.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isinf(found), np.nan, found)


def _number_bins(old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return each row's bin in both, and the number of bins, the last one for missing values."""
    known = old[~np.isnan(old)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    last = len(edges) + 1
    codes = [np.where(np.isnan(v), last, np.searchsorted(edges, v, side="left")).astype(int) for v in (old, new)]
    return codes[0], codes[1], last + 1


def _category_counts(old: pd.Series, new: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts of each bin in both."""
    counted = [values.astype(object).where(values.notna(), MISSING).astype(str).value_counts() for values in (old, new)]
    common = [name for name in counted[0].index if name != MISSING][:CATEGORIES]
    counts = []
    for one in counted:
        named = one.reindex([*common, MISSING], fill_value=0).to_numpy()
        counts.append(np.r_[named, one.sum() - named.sum()])
    return counts[0], counts[1]


def _shares(counts: np.ndarray) -> np.ndarray:
    return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))


def _psi(old: np.ndarray, new: np.ndarray) -> float:
    """Return the population stability index of two arrays of counts; NaN where one is empty."""
    if not old.sum() or not new.sum():
        return float("nan")
    p, q = _used(old, new)
    return float(((q - p) * np.log(q / p)).sum())


def _used(old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the bins that hold any row."""
    used = old + new > 0
    return _shares(old[used]), _shares(new[used])


def _chance(old: np.ndarray, new: np.ndarray) -> float:
    """Return the index that chance alone gives on average: (bins − 1) (1 / n + 1 / m)."""
    if not old.sum() or not new.sum():
        return float("inf")
    return float((np.count_nonzero(old + new) - 1) * (1 / old.sum() + 1 / new.sum()))


def _chi_square(old: np.ndarray, new: np.ndarray) -> float:
    if not old.sum() or not new.sum():
        return float("nan")
    used = old + new > 0
    p, q = old[used] / old.sum(), new[used] / new.sum()
    return float(((p - q) ** 2 / (p + q)).sum() / 2)


def _kolmogorov(old: np.ndarray, new: np.ndarray) -> float:
    """Return the largest distance between two distribution functions."""
    if not len(old) or not len(new):
        return float("nan")
    old, new = np.sort(old), np.sort(new)
    at = np.concatenate([old, new])
    apart = np.searchsorted(old, at, side="right") / len(old) - np.searchsorted(new, at, side="right") / len(new)
    return float(np.abs(apart).max())
