"""Recognise series that already are sums of others, such as "Ohio / all sectors", by their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from dl_core.data.series.panel import Panel

TOLERANCE = 0.01  # of the sum's mean size that may be missing, beyond rounding
MOST_VALUES = 150  # values of a column whose sums are searched for among subsets
MOST_ROWS = 4000  # figures that a search looks at
MOST_STEPS = 600  # last steps that figures are taken from
CLEAR = 0.25  # how near to 0 or 1 the part of a series in a sum must be

Sums = dict[str, dict[str, frozenset[str]]]  # by column, by value: the values it is the sum of


def aligned(panel: Panel, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of all series on the same times, (n, steps) with NaN, and those times (steps,)."""
    times, place = np.unique(panel.times, return_inverse=True)
    matrix = np.full((len(panel), len(times)), np.nan)
    matrix[np.repeat(np.arange(len(panel)), panel.lengths), place] = panel.values
    return (matrix, times) if most is None else (matrix[:, -most:], times[-most:])


def find_sums(panel: Panel, parts: pd.DataFrame) -> Sums:
    """Return which values of each column stand for sums of other values.

    Values are tried from small to large, each against the values before it that are no sums themselves: a least-squares
    fit over all series with that value, whose weights must be 0 or 1. Missing figures count as 0, since a sum is
    published even where a part of it is not.

    Parameters
    ----------
    panel : Panel
    parts : pandas.DataFrame
        By series id, in the panel's order: columns that name a series together.
    """
    matrix = np.nan_to_num(aligned(panel, MOST_STEPS)[0])
    found: Sums = {}
    for column in parts:
        values = parts[column].astype(str).to_numpy(dtype=object)
        others = parts.drop(columns=column).astype(str)
        rest = others.agg("|".join, axis=1).to_numpy() if len(others.columns) else np.full(len(values), "")
        sums = _sums_of_column(matrix, values, rest)
        if sums:
            found[str(column)] = sums
    return found


def _sums_of_column(matrix: np.ndarray, values: np.ndarray, rest: np.ndarray) -> dict[str, frozenset[str]]:
    """Return the values of one column that are sums: ``rest`` (n,) names what else a series is."""
    blocks = {}
    keys, at = np.unique(rest, return_inverse=True)
    for value in dict.fromkeys(values):
        block = np.zeros((len(keys), matrix.shape[1]))
        block[at[values == value]] = matrix[values == value]
        blocks[value] = block, np.isin(np.arange(len(keys)), at[values == value])
    order = sorted(blocks, key=lambda value: np.abs(blocks[value][0]).sum())
    found: dict[str, frozenset[str]] = {}
    for rank, value in enumerate(order):
        before = [other for other in order[:rank] if other not in found and np.abs(blocks[other][0]).sum() > 0]
        if len(before) < 2:
            continue
        where = blocks[value][1]  # only what is given of the value itself can be compared
        target = blocks[value][0][where].reshape(-1)
        members = _members(target, [blocks[other][0][where].reshape(-1) for other in before])
        if members is not None:
            found[value] = frozenset(before[place] for place in members)
    return found


def _members(target: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray | None:
    """Return the positions of the parts whose sum is the target, or None."""
    everything = np.arange(len(parts))
    table = np.stack(parts, axis=1)
    if adds_up(target, table.sum(axis=1), len(parts)):
        return everything
    if len(parts) > MOST_VALUES or len(target) < 2 * len(parts):
        return None
    step = -(-len(target) // MOST_ROWS)
    weights, _ = nnls(table[::step], target[::step])
    members = np.flatnonzero(weights > 1 - CLEAR)
    clear = (np.abs(weights - np.round(weights)) < CLEAR).all() and (weights < 1 + CLEAR).all()
    if not clear or len(members) < 2 or not adds_up(target, table[:, members].sum(axis=1), len(members)):
        return None
    return members


def adds_up(target: np.ndarray, total: np.ndarray, parts: int) -> bool:
    """Return whether two series are the same but for rounding: each part of whole figures may be off by a half."""
    whole = (target == np.round(target)).all()
    rounding = 0.5 * np.sqrt(parts + 1) if whole else 0.0
    size = np.abs(target).mean()
    return bool(size > 0 and np.abs(target - total).mean() <= TOLERANCE * size + min(rounding, 0.1 * size))


def expand(named: Sequence[str], sums: Sequence[Mapping[str, frozenset[str]]]) -> list[tuple[str, ...]]:
    """Return the bottom names that a name is the sum of: each part of it by what it stands for."""
    choices = [sorted(of.get(part, frozenset([part]))) for part, of in zip(named, sums, strict=True)]
    return list(product(*choices))
