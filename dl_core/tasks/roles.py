"""The job that reads a registered data set again with other columns as label, unit and groups."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.domain import get_domain
from dl_core.schema import Role
from dl_core.tasks.opening import open_dataset

if TYPE_CHECKING:
    from dl_core.engine import TaskContext


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
        changed = pipeline.read_again(get_domain(record.domain), dataset, roles, args.get("options") or {}, folder)
        changed = replace(changed, name=args.get("name") or dataset.name)
        context.progress(0.4, "Storing the data")
        changed.save(folder)
        return {"dataset_id": store.add_dataset(args["owner"], record.domain, folder).id}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
