"""Jobs that judge a finished run: compare, cases, bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.data.images.pictures import thumbnails
from dl_core.data.rows import describe_columns, main_columns, plain, row_values
from dl_core.errors import SchemaError
from dl_core.kinds import kind_of
from dl_core.tasks.cases import find_cases
from dl_core.tasks.opening import open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

PAGE = 24  # cases on one page
FIRST_COLUMNS = 3  # columns of the bias check before the user chooses


def compare(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Compare ``args["models"]`` (all by default) on the run's test rows."""
    domain, run = open_run(args, context)
    return pipeline.compare(domain, run, args.get("models")).as_dict()


def cases(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """List test rows of one model by ``args["kind"]`` (right, wrong, uncertain, all) and ``args["search"]``.

    A case carries a picture where rows are images, else its main columns as ``values``. ``args["rows"]`` lists exactly
    these instead.
    """
    domain, run = open_run(args, context)
    name = run.check_model(args.get("model"))
    dataset = run.load_dataset()
    kind, search = args.get("kind") or "all", str(args.get("search") or "")
    pictured = kind_of(dataset).pictures is not None
    chosen = find_cases(run, dataset, name, kind, search, by_risk=not pictured)
    if args.get("rows"):
        chosen = chosen.loc[[row for row in args["rows"] if row in chosen.index]]
    page = max(int(args.get("page", 0)), 0)
    shown = chosen.iloc[page * PAGE : (page + 1) * PAGE]
    part = dataset.subset(shown.index)
    columns = [] if pictured else main_columns(part)
    return {
        "total": len(chosen),
        "page": page,
        "pages": -(-len(chosen) // PAGE),
        "columns": describe_columns(part, domain.schema, columns),
        "cases": [
            {
                "row": row,
                "y_true": plain(case["y_true"]),
                "y_pred": case["y_pred"],
                "confidence": float(case["confidence"]),
                "risk": float(case["risk"]),
                "right": bool(case["right"]),
                "image": picture,
                "values": values,
            }
            for (row, case), picture, values in zip(
                shown.iterrows(), thumbnails(part), row_values(part, columns), strict=True
            )
        ],
    }


def bias(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return every metric by group for ``args["columns"]`` (the first ones if there are none), and the columns."""
    domain, run = open_run(args, context)
    table = pipeline.group_table(domain, run)
    columns = args.get("columns") or list(table.columns[:FIRST_COLUMNS])
    if not columns:
        raise SchemaError("there is nothing to group by", where=domain.title, todo="name the columns that hold groups")
    report = pipeline.check_bias(domain, run, args.get("model"), columns, metrics=args.get("metrics"))
    return {**report.as_dict(), "columns": list(table.columns), "asked": list(columns)}
