"""Everything that speaks for or against training on a set of images, found at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import few, worst_first
from dl_core.data.images.hashing import is_flat
from dl_core.data.images.leakage import find_leakage
from dl_core.data.placeholders import check_placeholders
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import counted, shorten
from dl_core.schema import Role

TINY = 50  # images; below, intervals are too wide to say much
FEW_IN_CLASS = 10
IMBALANCE = 10.0  # largest class over smallest
_SIZES_APART = 4.0  # largest longest side over smallest


def check_images(dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return what reading noted, what the labels, sizes and pixels show, and what leaks; errors first.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        With it, classes missing from a part and leakage across parts are found too.
    """
    findings = list(dataset.notes)
    findings += check_labels(dataset)
    findings += _check_sizes(dataset)
    findings += _check_flat(dataset)
    findings += check_placeholders(dataset.table.drop(columns=list(dataset.roles.get(Role.LABEL, ()))))
    if splits is not None:
        findings += _check_parts(dataset, splits)
    findings += find_leakage(dataset, splits)
    return worst_first(findings)


def check_labels(dataset: Dataset) -> list[Finding]:
    """Return findings on the number of classes and images, and their balance."""
    if dataset.column(Role.LABEL) is None:
        return []
    counts = dataset.require(Role.LABEL).value_counts()
    findings = []
    if len(counts) < 2:
        name = shorten(counts.index[0]) if len(counts) else "none"
        text = f"Single class ({name}); a classifier needs at least two. Add images of another class."
        return [Finding("error", "one-class", text)]
    single = [str(name) for name, count in counts.items() if count == 1]
    if single:
        text = (
            f"One image only: {few(single, 5)}. Such a class can be neither learned nor evaluated; add images of "
            "it (at least 10), or remove the class."
        )
        findings.append(Finding("error" if len(counts) - len(single) < 2 else "warning", "single-image-class", text))
    small = [f"{name} ({count})" for name, count in counts.items() if 1 < count < FEW_IN_CLASS]
    if small:
        text = f"Classes with fewer than {FEW_IN_CLASS} images: {few(small, 5)}. Their metrics will be uncertain."
        findings.append(Finding("warning", "small-class", text))
    if counts.max() / counts.min() >= IMBALANCE:
        text = (
            f"Class imbalance: {counts.index[0]} has {counts.max():,} images, {counts.index[-1]} {counts.min():,}. "
            "Read balanced accuracy and AUROC rather than accuracy."
        )
        findings.append(Finding("warning", "imbalance", text))
    if len(dataset) < TINY:
        few_are = counted(len(dataset), "image is", "images are")
        text = f"{few_are} very few; intervals will be wide. Aim for hundreds per class."
        findings.append(Finding("warning", "tiny", text))
    return findings


def _check_sizes(dataset: Dataset) -> list[Finding]:
    table, findings = dataset.table, []
    side = dataset.images.shape[1]
    if {"width", "height"} <= set(table):
        longest = table[["width", "height"]].max(axis=1)
        kinds = table.groupby(["width", "height"]).ngroups
        if kinds > 1:
            text = (
                f"Images come in {kinds} sizes, {longest.min()} to {longest.max()} pixels; all were resized to "
                f"{side} × {side}, keeping the aspect ratio."
            )
            apart = longest.max() / max(1, longest.min()) >= _SIZES_APART
            findings.append(Finding("warning" if apart else "info", "mixed-sizes", text))
    if "mode" in table and table["mode"].nunique() > 1:
        shown = ", ".join(f"{name} ({count})" for name, count in table["mode"].value_counts().items())
        findings.append(Finding("info", "mixed-modes", f"Images come in several modes, all were unified: {shown}."))
    return findings + _mode_tells_class(dataset)


def _mode_tells_class(dataset: Dataset) -> list[Finding]:
    """Return a warning where mode or size alone tells the class: a model would learn the file format."""
    label = dataset.column(Role.LABEL)
    findings = []
    for key, columns in (("mode", ["mode"]), ("size", ["width", "height"])):
        if label is None or not set(columns) <= set(dataset.table):
            continue
        kinds = dataset.table[columns].astype(str).agg("×".join, axis=1)
        cross = pd.crosstab(kinds, dataset.table[label])
        clear = len(cross) > 1 and len(cross) <= len(dataset) / 5 and ((cross > 0).sum(axis=1) == 1).all()
        if clear and cross.shape[1] > 1:
            text = (
                f"The image's {key} alone predicts the class (shortcut). A model may learn it instead of the content."
            )
            findings.append(Finding("warning", f"{key}-tells-class", text))
    return findings


def _check_flat(dataset: Dataset) -> list[Finding]:
    flat = np.flatnonzero(is_flat(dataset.images))
    if not len(flat):
        return []
    rows = tuple(dataset.ids[flat])
    text = f"{counted(len(rows), 'image is', 'images are')} nearly constant and show nothing: {few(list(rows), 5)}."
    return [Finding("warning", "flat", text, rows)]


def _check_parts(dataset: Dataset, splits: Splits) -> list[Finding]:
    """Return findings on classes that a part lacks."""
    label = dataset.column(Role.LABEL)
    if label is None:
        return []
    findings = []
    for part in PARTS:
        present = set(dataset.table.loc[list(getattr(splits, part)), label])
        lacking = [name for name in dataset.classes if name not in present]
        if lacking and part == "train" and len(dataset.classes) - len(lacking) < 2:
            text = f"Training rows hold fewer than two classes; missing: {few(lacking, 5)}. Draw another split."
            findings.append(Finding("error", "part-without-class", text))
        elif lacking:
            findings.append(Finding("warning", "part-without-class", f"No {part} row of class {few(lacking, 5)}."))
    return findings
