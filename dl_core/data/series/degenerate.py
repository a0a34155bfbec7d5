"""Series from which nothing can be learned: constant, all zeros, too short."""

from __future__ import annotations

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.errors import SchemaError

LEAST_STEPS = 4  # values below which a series says nothing


def spread_of(value: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each series' number of known values, lowest and highest one, (k,); those without any are 0, inf, -inf.

    Parameters
    ----------
    value : numpy.ndarray
        (total,) NaN where missing.
    starts : numpy.ndarray
        (k + 1,) where each series begins; none is empty.
    """
    known = np.isfinite(value)
    number = np.add.reduceat(known.astype(np.int64), starts[:-1])
    low = np.minimum.reduceat(np.where(known, value, np.inf), starts[:-1])
    high = np.maximum.reduceat(np.where(known, value, -np.inf), starts[:-1])
    return number, low, high


def check_values(value: np.ndarray, starts: np.ndarray) -> list[Finding]:
    """Return findings on series without any change, or too short to learn from.

    Parameters
    ----------
    value : numpy.ndarray
        (total,) NaN where missing.
    starts : numpy.ndarray
        (k + 1,) where each series begins.

    Raises
    ------
    SchemaError
        If all series are such.
    """
    number, low, high = spread_of(value, starts)
    short = number < LEAST_STEPS
    constant = ~short & (low == high)
    zero = constant & (low == 0)
    total = len(number)
    if (short | constant).all():
        raise _nothing(total, int(short.sum()), int(constant.sum()), int(zero.sum()), int(number.max()))
    findings = []
    if zero.any():
        text = f"{int(zero.sum()):,} of {total:,} series are all zeros. They are forecast, but not evaluated."
        findings.append(Finding("warning", "zero-series", text, _rows(starts, zero)))
    if (constant & ~zero).any():
        text = (
            f"{int((constant & ~zero).sum()):,} of {total:,} series are constant. They are forecast, but not evaluated."
        )
        findings.append(Finding("warning", "constant-series", text, _rows(starts, constant & ~zero)))
    if short.any():
        text = (
            f"{int(short.sum()):,} of {total:,} series have fewer than {LEAST_STEPS} values. They are forecast, "
            "but not evaluated."
        )
        findings.append(Finding("warning", "tiny-series", text, _rows(starts, short)))
    return [*findings, *grouped_points(value)]


def grouped_points(value: np.ndarray) -> list[Finding]:
    """Return a warning where points seem to group thousands: 950 beside 1.05, never more than three decimals."""
    known = value[np.isfinite(value)]
    fraction = known != np.floor(known)
    if not 0.05 < fraction.mean() < 0.95:
        return []
    parts, whole = np.abs(known[fraction]), np.abs(known[~fraction & (known != 0)])
    three = np.abs(parts * 1000 - np.round(parts * 1000)) < 1e-6
    if not three.all() or parts.max() >= 1000 or not len(whole) or np.median(whole) < 10 * np.median(parts):
        return []
    if parts.min() < 1 or whole.max() >= 1000:
        return []
    text = (
        "Whole numbers of hundreds stand beside fractions with three decimals (950 beside 1.05). If the point groups "
        "thousands, export the numbers without it: they were read as fractions."
    )
    return [Finding("warning", "grouped-points", text)]


def _rows(starts: np.ndarray, which: np.ndarray) -> tuple[str, ...]:
    """Return the id of the first row of each of these series."""
    return tuple(map(str, starts[:-1][which]))


def _nothing(total: int, short: int, constant: int, zero: int, most: int) -> SchemaError:
    if total == 1 and most == 1:
        return SchemaError(
            "there is a single value",
            where="values",
            expected="a history of some 30 steps at least",
            todo="add earlier values; nothing can be learned from one point",
        )
    if short == total:
        return SchemaError(
            f"no series has {LEAST_STEPS} values; the longest has {most:,}",
            where="values",
            expected="a history of some 30 steps at least",
            todo="add earlier values; check that the column of series does not name each row",
        )
    what = "all values are zero" if zero == constant else "every series has the same value at all times"
    return SchemaError(
        what if constant == total else "every series is constant or too short",
        where="values",
        expected="values that change over time",
        todo="check that this is the value column; a constant needs no forecast",
    )
