"""Have the inputs moved since training? How far each column of later rows is from the training rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

BINS = 10  # of equal mass in training, for a number
CATEGORIES = 20  # the commonest of training; all others are one bin
MOST_TRAINING = 100_000  # training rows looked at; the edges of ten bins need no more
STEADY, MOVED = 0.1, 0.25  # usual cuts of the population stability index
FALSE_ALARMS = 0.05  # share of steady data sets of which any column is said to have drifted
MISSING, OTHER = "missing", "other"
COLUMNS = ("column", "kind", "psi", "level", "sentence", "distance", "chance", "n")
LEVELS = ("no drift", "moderate drift", "significant drift", "too few rows")


def drift(training: pd.DataFrame, later: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return how far each input column of later rows is from the training rows, the furthest first.

    Parameters
    ----------
    training, later : pandas.DataFrame
        Inputs by row id: numbers, and text or categories. Columns that only one of them has are left out.
    seed : int
        Which training rows are looked at, where there are more than 100,000.

    Returns
    -------
    pandas.DataFrame
        ``column, kind`` ("number" or "category")``, psi, level, sentence, distance, chance, n``; empty without later
        rows.

        ``psi`` is the population stability index Σ (q − p) ln(q / p) over bins: ten of equal mass in training for a
        number, the twenty commonest values for a category, besides one for missing values and one for all others; a
        half is added to each count. It is NaN where there are too few rows to tell. ``distance`` lies between 0 and 1:
        for a number the Kolmogorov-Smirnov distance, for a category the chi-square distance ½ Σ (p − q)² / (p + q).
        ``chance`` is the index that rows drawn from the training rows would show on average. ``level`` says it in words
        (`level_of`): of steady data sets one in twenty has any column that is said to have drifted (Bonferroni).

    References
    ----------
    Siddiqi (2006), *Credit Risk Scorecards*, for the index and its cuts at 0.1 and 0.25; Yurdakul (2018), *Statistical
    Properties of the Population Stability Index*, for what chance alone gives.
    """
    if len(training) > MOST_TRAINING:
        rows = np.random.default_rng(seed).choice(len(training), MOST_TRAINING, replace=False)
        training = training.iloc[np.sort(rows)]
    lines = []
    names = [name for name in training.columns if name in later and len(later)]
    for name in names:
        kind, (psi, distance, chance, limit) = _measure(training[name], later[name], FALSE_ALARMS / len(names))
        level = level_of(psi, chance, limit)
        if level == LEVELS[3]:
            psi, sentence = np.nan, f"{name}: too few rows to measure drift."
        else:
            size = f"(PSI {psi:.2f}; below {STEADY} no drift, above {MOVED} significant)"
            sentence = f"{name}: {level} since training {size}."
        lines.append((name, kind, psi, level, sentence, distance, chance, len(later)))
    found = pd.DataFrame(lines, columns=list(COLUMNS))
    return found.sort_values("psi", ascending=False, kind="stable", na_position="last", ignore_index=True)


def level_of(psi: float, chance: float = 0.0, limit: float = 0.0) -> str:
    """Return an index in words: under 0.1 no drift, up to 0.25 moderate, else significant.

    There are too few rows to tell where chance alone would give more than 0.1 on average, or an index of 0.1 and more
    is not above the ``limit`` that chance seldom exceeds.
    """
    if np.isnan(psi) or (psi <= limit and max(psi, chance) >= STEADY):
        return LEVELS[3]
    return LEVELS[0] if psi < STEADY else LEVELS[1] if psi <= MOVED else LEVELS[2]


def _measure(old: pd.Series, new: pd.Series, alarms: float) -> tuple[str, tuple[float, float, float, float]]:
    """Return a column's kind, its index and distance, and of the index its mean and upper quantile by chance."""
    if pd.api.types.is_numeric_dtype(old) and not pd.api.types.is_bool_dtype(old):
        a, b = (_floats(values) for values in (old, pd.to_numeric(new, errors="coerce")))
        codes = _number_bins(a, b)
        before, after = (np.bincount(code, minlength=codes[2]) for code in codes[:2])
        distance = _kolmogorov(a[~np.isnan(a)], b[~np.isnan(b)])
        return "number", (_psi(before, after), distance, *_chance(before, after, alarms))
    before, after = _category_counts(old, new)
    return "category", (_psi(before, after), _chi_square(before, after), *_chance(before, after, alarms))


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


def _chance(old: np.ndarray, new: np.ndarray, alarms: float) -> tuple[float, float]:
    """Return the index that chance alone gives on average, and what it exceeds in a share ``alarms`` of draws.

    On rows of one distribution the index is about (1 / n + 1 / m) times chi-square of (bins - 1) degrees of freedom.
    """
    if not old.sum() or not new.sum():
        return float("inf"), float("inf")
    freedom, scale = np.count_nonzero(old + new) - 1, 1 / old.sum() + 1 / new.sum()
    return float(freedom * scale), float(stats.chi2.isf(alarms, freedom) * scale) if freedom else 0.0


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
