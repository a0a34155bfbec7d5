"""The job that reads a registered data set again with other columns as label, unit and groups."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.labels import fold_labels
from dl_core.errors import SchemaError
from dl_core.schema import Role
from dl_core.tasks.opening import open_dataset

if TYPE_CHECKING:
    from dl_core.engine import TaskContext


def reassign(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Register a copy of a data set with other roles, and return its id.

    ``args``: ``dataset_id``, ``owner``, ``roles`` (role to list of columns; a role that is left out keeps its columns,
    an empty list takes them away) and ``name``.

    Raises
    ------
    SchemaError
        If a column does not exist, or the label leaves fewer than two classes.
    """
    store, record, dataset = open_dataset(args, context)
    context.progress(0.1, "Reading the columns again")
    changed = with_roles(dataset, {Role(role): tuple(columns) for role, columns in args["roles"].items()})
    changed = replace(changed, name=args.get("name") or dataset.name, fingerprint="")
    folder = Path(context.home) / "uploads" / f"roles-{context.job_id}"
    try:
        context.progress(0.4, "Storing the data")
        changed.save(folder)
        return {"dataset_id": store.add_dataset(args["owner"], record.domain, folder).id}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_roles(dataset: Dataset, roles: Mapping[Role, Sequence[str]]) -> Dataset:
    """Return ``dataset`` with other roles; rows without the new label are left out with a note."""
    wanted = {role: tuple(columns) for role, columns in {**dataset.roles, **roles}.items() if columns}
    for role, columns in wanted.items():
        missing = [column for column in columns if role != Role.IMAGE and column not in dataset.table]
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
