"""Jobs that judge a finished run: compare, bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.errors import SchemaError
from dl_core.tasks.opening import open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

FIRST_COLUMNS = 3  # columns of the bias check before the user chooses


def compare(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Compare ``args["models"]`` (all by default) on the run's test rows."""
    domain, run = open_run(args, context)
    return pipeline.compare(domain, run, args.get("models")).as_dict()


def bias(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return every metric by group for ``args["columns"]`` (the first ones if there are none), and the columns."""
    domain, run = open_run(args, context)
    table = pipeline.group_table(domain, run)
    columns = args.get("columns") or list(table.columns[:FIRST_COLUMNS])
    if not columns:
        raise SchemaError("there is nothing to group by", where=domain.title, todo="name the sensitive feature columns")
    report = pipeline.check_bias(domain, run, args.get("model"), columns, metrics=args.get("metrics"))
    return {**report.as_dict(), "columns": list(table.columns), "asked": list(columns)}
