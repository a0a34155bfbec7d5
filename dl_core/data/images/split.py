"""`split_rows`: the given split where there is one, else by unit, else at random within classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import OptionError, SchemaError
from dl_core.schema import Role

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
    shares = _shares(options)
    way = str(options.get("split") or "auto")
    if way not in ("auto", "stratified", "new"):
        raise OptionError(f"there is no split {way!r}", where="option split", expected="auto, stratified, new")
    if len(dataset) < 3:
        raise SchemaError(f"{len(dataset)} rows cannot be split", where=dataset.name, expected="at least 3 rows")
    units = None if way == "stratified" else dataset.values(Role.UNIT)
    if dataset.fixed_split is not None and way != "new":
        return _given(dataset, seed, units, shares)
    parts = _draw(_frame(dataset, units), dict(zip(PARTS, shares, strict=True)), seed)
    return _splits(dataset, parts, "stratified" if units is None else "by unit", _drawn_sentence(parts, units, seed))


def _shares(options: Mapping[str, Any]) -> tuple[float, float, float]:
    shares = {}
    for name, default in (("validation", DEFAULT_SHARES[1]), ("test", DEFAULT_SHARES[2])):
        wish = options.get(f"{name}_share", options.get(name))
        shares[name] = default if wish in (None, "") else float(wish)
        if not 0 < shares[name] <= 0.5:
            raise OptionError(f"{wish} is not a share", where=f"option {name}_share", expected="above 0, at most 0.5")
    return 1 - shares["validation"] - shares["test"], shares["validation"], shares["test"]


def _frame(dataset: Dataset, units: pd.Series | None) -> pd.DataFrame:
    """Return label and unit by row id; without units each row is its own."""
    own = pd.Series(dataset.ids, index=dataset.ids)
    return pd.DataFrame({"label": dataset.targets, "unit": own if units is None else units.fillna(own).astype(str)})


def _draw(frame: pd.DataFrame, shares: Mapping[str, float], seed: int) -> pd.Series:
    """Return the part of every row by row id.

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
    return frame["unit"].map(part_of_unit)


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
    fixed = dataset.fixed_split.copy()
    present = [part for part in PARTS if (fixed == part).any()]
    lacking = [part for part in ("validation", "test") if part not in present]
    if "train" not in present:
        raise SchemaError(
            "the given split has no training rows", where=dataset.name, todo="give training data beside the test data"
        )
    if lacking:
        pool = fixed.index[fixed == "train"]
        wish = dict(zip(PARTS, shares, strict=True))
        left = 1.0 if "test" not in present else 1.0 - wish["test"]
        share = {part: wish[part] / left for part in lacking}
        drawn = _draw(_frame(dataset, units).loc[pool], {"train": 1 - sum(share.values()), **share}, seed)
        fixed.loc[pool] = drawn
    return _splits(dataset, fixed, "given", _given_sentence(fixed, present, lacking, units, seed))


def _splits(dataset: Dataset, parts: pd.Series, kind: str, protocol: str) -> Splits:
    rows = {part: tuple(dataset.ids[(parts == part).to_numpy()]) for part in PARTS}
    if not rows["train"] or not rows["test"] or not rows["validation"]:
        raise SchemaError(
            f"the split leaves a part empty ({', '.join(f'{part} {len(ids)}' for part, ids in rows.items())})",
            where=dataset.name,
            expected="rows, and patients if there are any, for each of training, validation and test",
            todo="add data",
        )
    return Splits(**rows, kind=kind, protocol=protocol)


def _numbers(parts: pd.Series) -> str:
    return "/".join(f"{int((parts == part).sum()):,}" for part in PARTS)


def _drawn_sentence(parts: pd.Series, units: pd.Series | None, seed: int) -> str:
    percent = "/".join(f"{100 * (parts == part).mean():.0f}" for part in PARTS)
    rows = f"{_numbers(parts)} training/validation/test rows"
    if units is None:
        return f"{percent} % at random within classes ({rows}), seed {seed}"
    by = f"by {_unit_word(units)}, classes in proportion"
    return f"{percent} % at random {by} ({rows}; {units.nunique():,} {_unit_word(units)}s), seed {seed}"


def _unit_word(units: pd.Series) -> str:
    return "file" if units.name == "source_file" else "patient"


def _given_sentence(
    parts: pd.Series, present: list[str], lacking: list[str], units: pd.Series | None, seed: int
) -> str:
    sentence = f"given split ({_numbers(parts)} training/validation/test rows)"
    if not lacking:
        return sentence
    by = "within classes" if units is None else f"by {_unit_word(units)}"
    return f"{sentence}; {' and '.join(lacking)} drawn from the given training rows at random {by}, seed {seed}"
