"""Jobs on a finished run: compare, bias, and what people take along, the report and the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.errors import SchemaError
from dl_core.tasks.opening import open_run, private_folder, relative

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
    offered = pipeline.group_columns(domain, run)
    columns = args.get("columns") or offered[:FIRST_COLUMNS]
    if not columns:
        raise SchemaError("there is nothing to group by", where=domain.title, todo="name the sensitive feature columns")
    report = pipeline.check_bias(domain, run, args.get("model"), columns, metrics=args.get("metrics"))
    return {**report.as_dict(), "columns": offered, "asked": list(columns)}


if TYPE_CHECKING:
    from dl_core.engine import TaskContext


def report(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Write the HTML report and the model card of a run."""
    domain, run = open_run(args, context)
    folder = private_folder(context)
    context.progress(0.05, "Writing the report")
    html = pipeline.report(domain, run, folder / "report.html")
    card = pipeline.model_card(domain, run, args.get("model"), folder / "model_card.md")
    return {"html": relative(html, context), "model_card": relative(card, context)}


def export(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Write one model of a run as a bundle."""
    domain, run = open_run(args, context)
    name = run.check_model(args.get("model"))
    path = pipeline.export(domain, run, name, private_folder(context) / f"daylight-{domain.name}-{name}.zip")
    return {"zip": relative(path, context), "model": name}
