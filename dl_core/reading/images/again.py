"""Giving images other roles: their files need no second reading, their metadata stand in the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.labels import fold_labels
from dl_core.errors import SchemaError
from dl_core.reading.request import Reread
from dl_core.schema import ARRAYS, Role


def read_again(
    read: Reread,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return the images with other roles, under a fingerprint of their own."""
    return replace(with_roles(dataset, roles), fingerprint="")


def with_roles(dataset: Dataset, roles: Mapping[Role, Sequence[str]]) -> Dataset:
    """Return ``dataset`` with other roles; rows without the new label are left out with a note."""
    wanted = {role: tuple(columns) for role, columns in {**dataset.roles, **roles}.items() if columns}
    for role, columns in wanted.items():
        missing = [column for column in columns if role not in ARRAYS and column not in dataset.table]
        if missing:
            raise SchemaError(f"there is no column {missing[0]!r}", where=f"role {role}")
    label = wanted.get(Role.LABEL, ("",))[0]
    if not label or label == dataset.column(Role.LABEL):
        return replace(dataset, roles=wanted)
    labels, classes, notes = fold_labels(dataset.table[label].astype("object"))
    kept = labels.notna()
    if labels[kept].nunique() < 2:
        raise SchemaError(
            f"it has {labels[kept].nunique()} classes",
            where=f"column {label}",
            expected="at least two",
            todo="choose another column as the label",
        )
    if not kept.all():
        gone = tuple(labels.index[~kept])
        text = f"{len(gone)} of {len(labels)} rows have no label in {label} and were left out."
        notes = [*notes, Finding("warning", "missing-label", text, gone)]
    part = dataset.subset(labels.index[kept])
    return replace(
        part,
        table=part.table.assign(**{label: labels[kept]}),
        roles=wanted,
        classes=classes,
        notes=(*part.notes, *notes),
        fingerprint="",
    )
