"""The job that reads a registered data set again with other columns as label, unit and groups."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core import pipeline
from dl_core.data.dataset import Dataset, Finding
from dl_core.data.interactions.histories import POSITIVE
from dl_core.data.labels import fold_labels
from dl_core.data.rows import is_table, shown_columns
from dl_core.data.series.panel import AHEAD, SERIES, TIME
from dl_core.domain import Domain, ReadRequest, get_domain
from dl_core.errors import SchemaError
from dl_core.schema import ARRAYS, Role
from dl_core.tasks.opening import open_dataset

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

SERIES_ROLES = (Role.SERIES, Role.TIME, Role.VALUE, Role.PAST, Role.FUTURE)
LIST_ROLES = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)
READ_AGAIN = (
    "Read again from the rows that were kept. What an earlier reading left out or folded does not come back; upload "
    "the file again for that."
)


def reassign(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Register a copy of a data set with other roles, and return its id.

    ``args``: ``dataset_id``, ``owner``, ``roles`` (role to list of columns; a role that is left out keeps its columns,
    an empty list takes them away), ``options`` (of reading, for interactions and series) and ``name``.

    Raises
    ------
    SchemaError
        If a column does not exist, or the label leaves fewer than two classes.
    """
    store, record, dataset = open_dataset(args, context)
    context.progress(0.1, "Reading the columns again")
    roles = {Role(role): tuple(columns) for role, columns in args["roles"].items()}
    folder = Path(context.home) / "uploads" / f"roles-{context.job_id}"
    try:
        if dataset.column(Role.SERIES) and dataset.column(Role.VALUE):
            changed = read_series_again(get_domain(record.domain), dataset, roles, args.get("options") or {}, folder)
        elif dataset.column(Role.USER) and dataset.column(Role.ITEM):
            changed = read_lists_again(get_domain(record.domain), dataset, roles, args.get("options") or {}, folder)
        elif is_table(dataset):
            changed = read_again(get_domain(record.domain), dataset, roles, folder)
        else:
            changed = replace(with_roles(dataset, roles), fingerprint="")
        changed = replace(changed, name=args.get("name") or dataset.name)
        context.progress(0.4, "Storing the data")
        changed.save(folder)
        return {"dataset_id": store.add_dataset(args["owner"], record.domain, folder).id}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_again(domain: Domain, dataset: Dataset, roles: Mapping[Role, Sequence[str]], folder: Path) -> Dataset:
    """Return a table read anew from its own columns with other roles, so that all that is derived follows.

    A role with no columns means that there is none; features that stay as they were are chosen anew.
    """
    wanted = {role: tuple(columns) for role, columns in roles.items()}
    if set(wanted.get(Role.FEATURE, ())) == set(dataset.roles.get(Role.FEATURE, ())):
        wanted.pop(Role.FEATURE, None)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "table.parquet"
    dataset.table[shown_columns(dataset)].to_parquet(path, index=False)
    request = ReadRequest((path,), roles=wanted, options=domain.parse_options({}), name=dataset.name)
    return replace(pipeline.ingest(domain, request), source=dataset.source)


def read_lists_again(
    domain: Domain,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return interactions read anew from the rows that are there; tables of items and users stay beside them."""
    kept = {role: dataset.roles[role] for role in LIST_ROLES if role in dataset.roles}
    wanted = {**kept, **{role: tuple(columns) for role, columns in roles.items() if role in LIST_ROLES}}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "interactions.parquet"
    dataset.table.drop(columns=POSITIVE, errors="ignore").to_parquet(path, index=False)
    request = ReadRequest((path,), roles=wanted, options=domain.parse_options(options), name=dataset.name)
    found = pipeline.ingest(domain, request)
    note = Finding("info", "read-again", READ_AGAIN)
    return replace(
        found,
        source=dataset.source,
        side={**dataset.side, **found.side},
        notes=(*found.notes, note),
        fingerprint="",
    )


def read_series_again(
    domain: Domain,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return series read anew from the steps that are there, with their groups and what is known ahead of them."""
    kept = {role: dataset.roles[role] for role in SERIES_ROLES if role in dataset.roles}
    wanted = {**kept, **{role: tuple(columns) for role, columns in roles.items() if role in SERIES_ROLES}}
    key, time = dataset.column(Role.SERIES), dataset.column(Role.TIME)
    table = dataset.table.reset_index(drop=True)
    ahead = dataset.side.get(AHEAD)
    if ahead is not None and len(ahead):
        table = pd.concat([table, ahead.rename(columns={SERIES: key, TIME: time})], ignore_index=True)
    static = dataset.side.get(SERIES)
    if static is not None and len(static.columns):
        groups = static.drop(columns=[name for name in static if name in table])
        table = table.join(groups, on=key)
        wanted[Role.GROUP] = tuple(map(str, static.columns))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "series.parquet"
    table.to_parquet(path, index=False)
    asked = domain.parse_options({**options, "layout": "long"})
    request = ReadRequest((path,), roles={role: names for role, names in wanted.items() if names}, options=asked)
    found = pipeline.ingest(domain, replace(request, name=dataset.name))
    note = Finding("info", "read-again", READ_AGAIN)
    return replace(found, source=dataset.source, notes=(*found.notes, note), fingerprint="")


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
