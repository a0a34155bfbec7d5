"""What training has seen of the test: the same picture, nearly the same picture, the same patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import few
from dl_core.data.images.hashing import exact_hashes, is_flat, near_pairs, spectra
from dl_core.data.parts import check_mendable, part_ranks, without_rows
from dl_core.data.splits import Splits
from dl_core.errors import counted
from dl_core.schema import Role

MENDABLE = ("exact-duplicate", "near-duplicate", "shared-unit", "contradicting-label")
_ALL_PAIRS_UP_TO = 20_000  # rows; beyond, near duplicates are sought across parts only
_WORDS = {
    "exact-duplicate": "are exact duplicates of images in validation or test",
    "near-duplicate": "near duplicates of images in validation or test",
    "shared-unit": "belong to patients of validation or test",
    "contradicting-label": "are copies of images that have another label",
}


@dataclass(frozen=True)
class Pairs:
    """Pairs of row positions that show the same picture, (pairs, 2) each; ``near`` without those in ``exact``."""

    exact: np.ndarray
    near: np.ndarray


def find_leakage(dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Find duplicates, near duplicates, patients across parts, and copies with contradicting labels.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        Without it, duplicates are reported wherever they stand.

    Returns
    -------
    list of Finding
        Across parts: a warning whose ``rows`` are those to remove from the earlier part (from training; from
        validation where the copy is in test), never test rows. Within a part: for information.
    """
    pairs = find_pairs(dataset, splits)
    findings = []
    rank = part_ranks(dataset, splits)
    for kind, found in (("exact-duplicate", pairs.exact), ("near-duplicate", pairs.near)):
        findings += _duplicate_findings(dataset, kind, found, rank)
    findings += _contradictions(dataset, np.concatenate([pairs.exact, pairs.near]), rank)
    if splits is not None:
        findings += _unit_findings(dataset, rank)
    return findings


def find_pairs(dataset: Dataset, splits: Splits | None = None) -> Pairs:
    """Return the pairs of rows that show the same picture; images of one grey value are left aside."""
    images = dataset.images
    useful = np.flatnonzero(~is_flat(images))
    if len(useful) < 2:
        none = np.empty((0, 2), dtype=np.int64)
        return Pairs(none, none)
    exact = _exact_pairs(exact_hashes(images)[useful], useful)
    spectrum = spectra(images)
    if len(useful) <= _ALL_PAIRS_UP_TO or splits is None:
        near = near_pairs(spectrum, useful, useful)
    else:
        rank = part_ranks(dataset, splits)[useful]
        sides = [(useful[rank == 0], useful[rank > 0]), (useful[rank == 1], useful[rank == 2])]
        near = np.concatenate([near_pairs(spectrum, left, right) for left, right in sides])
    known = set(map(tuple, exact.tolist()))
    fresh = [pair for pair in near.tolist() if tuple(pair) not in known]
    return Pairs(exact, np.array(fresh, dtype=np.int64).reshape(-1, 2))


def _exact_pairs(hashes: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return every pair of equal hashes within small groups, and a chain through large ones."""
    pairs = []
    for group in pd.Series(positions).groupby(hashes).agg(list):
        if len(group) > 50:
            pairs += list(zip(group[:-1], group[1:], strict=True)) + [(group[0], at) for at in group[1:]]
        elif len(group) > 1:
            pairs += [(a, b) for i, a in enumerate(group) for b in group[i + 1 :]]
    return np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0)


def _duplicate_findings(dataset: Dataset, kind: str, pairs: np.ndarray, rank: np.ndarray) -> list[Finding]:
    if not len(pairs):
        return []
    a, b = rank[pairs[:, 0]], rank[pairs[:, 1]]
    across = (a != b) & (a >= 0) & (b >= 0)
    findings = []
    if across.any():
        lower = np.where(a < b, pairs[:, 0], pairs[:, 1])[across]
        rows = _ids(dataset, lower)
        verb = _WORDS[kind] if kind == "exact-duplicate" else f"are {_WORDS[kind]}"
        findings.append(Finding("warning", kind, f"{_where(rank, lower)} {verb}: {few(rows)}.", rows, mend=kind))
    within = pairs[(a == b) & ~_same_unit(dataset, pairs)]
    if len(within):
        rows = _ids(dataset, within.ravel())
        word = "equal to" if kind == "exact-duplicate" else "nearly equal to"
        text = f"{len(rows):,} images are {word} another one of the same split; they count more than once: {few(rows)}."
        findings.append(Finding("info", f"{kind}-within", text, rows))
    return findings


def _same_unit(dataset: Dataset, pairs: np.ndarray) -> np.ndarray:
    """Return which pairs are of one patient: neighbouring slices and repeated views look alike by nature."""
    units = dataset.values(Role.UNIT)
    if units is None:
        return np.zeros(len(pairs), dtype=bool)
    values = units.astype(str).to_numpy()
    return values[pairs[:, 0]] == values[pairs[:, 1]]


def _contradictions(dataset: Dataset, pairs: np.ndarray, rank: np.ndarray) -> list[Finding]:
    if not dataset.classes or not len(pairs):
        return []
    targets = dataset.targets
    left, right = targets[pairs[:, 0]], targets[pairs[:, 1]]
    differ = pairs[(left != right) & (left >= 0) & (right >= 0)]
    if not len(differ):
        return []
    trained = differ.ravel()[rank[differ.ravel()] == 0]
    rows = _ids(dataset, trained if len(trained) else differ.ravel())
    text = f"{len(rows)} images {_WORDS['contradicting-label']}; one of the two must be wrong: {few(rows)}."
    return [Finding("warning", "contradicting-label", text, rows, mend="contradicting-label" if len(trained) else "")]


def _unit_findings(dataset: Dataset, rank: np.ndarray) -> list[Finding]:
    units = dataset.values(Role.UNIT)
    if units is None:
        return []
    frame = pd.DataFrame({"unit": units.to_numpy(), "rank": rank}).query("rank >= 0").dropna()
    highest = frame.groupby("unit")["rank"].transform("max")
    spread = frame[frame["rank"] < highest]
    if spread.empty:
        return []
    rows = _ids(dataset, spread.index.to_numpy())
    patients = counted(spread["unit"].nunique(), "patient is", "patients are")
    text = (
        f"{patients} in several splits; {_where(rank, spread.index.to_numpy())} {_WORDS['shared-unit']}: {few(rows)}."
    )
    return [Finding("warning", "shared-unit", text, rows, mend="shared-unit")]


def _ids(dataset: Dataset, positions: np.ndarray) -> tuple[str, ...]:
    return tuple(dataset.ids[np.unique(positions)])


def _where(rank: np.ndarray, positions: np.ndarray) -> str:
    """Return "8 training and 2 validation images"."""
    counts = np.bincount(rank[np.unique(positions)], minlength=3)
    words = [f"{count} {name}" for count, name in zip(counts, ("training", "validation", "test"), strict=True) if count]
    return " and ".join(words) + (" image" if counts.sum() == 1 else " images")


def mend_images(dataset: Dataset, splits: Splits, kinds: Iterable[str]) -> tuple[Dataset, Splits]:
    """Return data set and splits without the rows that leak.

    Rows go from training, or from validation where the copy or the patient is in test; test rows always stay.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits
    kinds : iterable of str
        Out of `MENDABLE`.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    kinds = check_mendable(kinds, MENDABLE)
    found = [finding for finding in find_leakage(dataset, splits) if finding.mend in kinds] if kinds else []
    gone = {row for finding in found for row in finding.rows} - set(splits.test)
    if not gone:
        return dataset, splits
    splits = without_rows(splits, gone, f"{len(gone)} leaked rows removed from training ({', '.join(kinds)})")
    return dataset.subset([row for row in dataset.ids if row not in gone]), splits
