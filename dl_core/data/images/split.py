"""`split_rows`: the given split where there is one, else by unit, else at random within classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.options import choice_of, share_of
from dl_core.data.parts import TEST, TRAIN, VALIDATION, check_filled, given_ranks, in_numbers, splits_of
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import SchemaError, counted
from dl_core.schema import Role

_WORDS = {  # of one unit and of several
    "source_file": ("file", "files"),
    "StudyInstanceUID": ("study", "studies"),
    "SeriesInstanceUID": ("series", "series"),
}
DEFAULT_SHARES = (0.70, 0.10, 0.20)  # train, validation, test


def split_rows(dataset: Dataset, seed: int, options: Mapping[str, Any]) -> Splits:
    """Assign rows to training, validation and test.

    A split that came with the data is kept; what it lacks (validation or test rows) is taken from its training rows.
    Otherwise all rows of one unit (a patient) go to the same part, classes are kept in proportion, and each class
    stands in every part where it has enough rows or units.

    Parameters
    ----------
    dataset : Dataset
    seed : int
    options : mapping
        ``split`` ("auto", "stratified" to disregard units, "new" to disregard a given split), ``validation_share``
        and ``test_share`` (of all rows, above 0, at most 0.5).

    Raises
    ------
    SchemaError
        If there are too few rows.
    OptionError
        If an option does not fit.
    """
    validation, test = (share_of(options, f"{PARTS[at]}_share", DEFAULT_SHARES[at]) for at in (VALIDATION, TEST))
    shares = (1 - validation - test, validation, test)
    way = choice_of(options, "split", ("auto", "stratified", "new"))
    if len(dataset) < 3:
        raise SchemaError(
            f"{counted(len(dataset), 'row')} cannot be split", where=dataset.name, expected="at least 3 rows"
        )
    units = None if way == "stratified" else dataset.values(Role.UNIT)
    if dataset.fixed_split is not None and way != "new":
        return _given(dataset, seed, units, shares)
    parts = _draw(_frame(dataset, units), dict(enumerate(shares)), seed)
    kind = "stratified" if units is None else "by unit"
    return _splits(dataset, parts, kind, _drawn_sentence(parts, units, seed))


def _frame(dataset: Dataset, units: pd.Series | None) -> pd.DataFrame:
    """Return label and unit by row id; without units each row is its own."""
    own = pd.Series(dataset.ids, index=dataset.ids)
    return pd.DataFrame({"label": dataset.targets, "unit": own if units is None else units.fillna(own).astype(str)})


def _draw(frame: pd.DataFrame, shares: Mapping[int, float], seed: int) -> np.ndarray:
    """Return the part of every row, (n,) int.

    Units come in an order drawn at random, those of rare classes first and large ones before small ones; each goes to
    the part that lacks most of its classes. This is the greedy rule of iterative stratification (Sechidis et al.,
    2011) for groups instead of label sets.
    """
    rng = np.random.default_rng(seed)
    names = [part for part, share in shares.items() if share > 0]
    share = np.array([shares[name] for name in names])
    counts = pd.crosstab(frame["unit"], frame["label"])  # units × classes
    counts = counts.iloc[rng.permutation(len(counts))]
    table = counts.to_numpy(dtype=float)
    total = table.sum(axis=0)
    rarity = np.array([total[row > 0].min() for row in table])
    order = np.lexsort((-table.sum(axis=1), rarity))
    target = share[:, None] * total[None, :]  # parts × classes
    have = np.zeros_like(target)
    chosen = np.zeros(len(table), dtype=int)
    units_left = (table > 0).sum(axis=0)
    for at in order:
        chosen[at] = _best_part(table[at], have, target, units_left)
        have[chosen[at]] += table[at]
        units_left = units_left - (table[at] > 0)
    _fill_empty(chosen, table.sum(axis=1), len(names))
    part_of_unit = dict(zip(counts.index, (names[i] for i in chosen), strict=True))
    return frame["unit"].map(part_of_unit).to_numpy(dtype=int)


def _fill_empty(chosen: np.ndarray, sizes: np.ndarray, parts: int) -> None:
    """Give an empty part the smallest unit of a part that has several, where there is one."""
    for part in range(parts):
        units = np.bincount(chosen, minlength=parts)
        spare = np.flatnonzero(units[chosen] > 1)
        if units[part] == 0 and len(spare):
            chosen[spare[np.argmin(sizes[spare])]] = part


def _best_part(row: np.ndarray, have: np.ndarray, target: np.ndarray, units_left: np.ndarray) -> int:
    """Return the part that lacks this unit's classes most; an empty part comes first when few units are left."""
    present = row > 0
    empty = (have[:, present] == 0).any(axis=1)
    if empty.any() and units_left[present].min() <= empty.sum():
        first = np.flatnonzero(empty)  # training learns a class, test judges it, validation can do without
        return int(min(first, key=lambda i: (0, 2, 1)[i] if len(target) == 3 else i))
    lack = ((target - have) / np.maximum(target, 1e-9))[:, present]
    weight = row[present] / row[present].sum()
    return int(np.argmax((lack * weight).sum(axis=1)))


def _given(dataset: Dataset, seed: int, units: pd.Series | None, shares: tuple[float, float, float]) -> Splits:
    rank = given_ranks(dataset)
    lacking = [at for at in (VALIDATION, TEST) if not (rank == at).any()]
    if not (rank == TRAIN).any():
        raise SchemaError(
            "the given split has no training rows", where=dataset.name, todo="give training data beside the test data"
        )
    if lacking:
        pool = rank == TRAIN
        left = 1.0 if TEST in lacking else 1.0 - shares[TEST]
        share = {at: shares[at] / left for at in lacking}
        rank[pool] = _draw(_frame(dataset, units)[pool], {TRAIN: 1 - sum(share.values()), **share}, seed)
    return _splits(dataset, rank, "given", _given_sentence(rank, lacking, units, seed))


def _splits(dataset: Dataset, rank: np.ndarray, kind: str, protocol: str) -> Splits:
    expected = "rows, and patients if there are any, for each of training, validation and test"
    check_filled(dataset, rank, "add data", expected)
    return splits_of(dataset, rank, kind, protocol)


def _drawn_sentence(rank: np.ndarray, units: pd.Series | None, seed: int) -> str:
    percent = "/".join(f"{100 * (rank == at).mean():.0f}" for at in range(len(PARTS)))
    rows = f"{in_numbers(rank)} training/validation/test rows"
    if units is None:
        return f"{percent} % at random within classes ({rows}), seed {seed}"
    by = f"by {_unit_word(units)}, classes in proportion"
    return f"{percent} % at random {by} ({rows}; {units.nunique():,} {_unit_word(units, 1)}), seed {seed}"


def _unit_word(units: pd.Series, several: int = 0) -> str:
    return _WORDS.get(str(units.name), ("patient", "patients"))[several]


def _given_sentence(rank: np.ndarray, lacking: list[int], units: pd.Series | None, seed: int) -> str:
    sentence = f"given split ({in_numbers(rank)} training/validation/test rows)"
    if not lacking:
        return sentence
    by, names = "within classes" if units is None else f"by {_unit_word(units)}", [PARTS[at] for at in lacking]
    return f"{sentence}; {' and '.join(names)} drawn from the given training rows at random {by}, seed {seed}"
