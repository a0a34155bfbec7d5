"""Jobs that judge a finished run: compare, robustness, cases, bias, mitigation, learning curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core import pipeline, probes
from dl_core.errors import SchemaError
from dl_core.evaluate.results import records
from dl_core.tasks.cases import find_cases
from dl_core.tasks.opening import open_model, open_run
from dl_core.tasks.pictures import check_images, thumbnails
from dl_core.tasks.rows import describe_columns, is_table, main_columns, plain, row_values

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

PAGE = 24  # cases on one page
FIRST_COLUMNS = 3  # columns of the bias check before the user chooses


def compare(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Compare ``args["models"]`` (all by default) on the run's test rows."""
    domain, run = open_run(args, context)
    return pipeline.compare(domain, run, args.get("models")).as_dict()


def robustness(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Score ``args["models"]`` on test images spoilt by ``args["corruption"]`` at growing strength."""
    from dl_core.data.dataset import Dataset
    from dl_core.evaluate.images.stress import robustness as stage

    domain, run = open_run(args, context)
    names = [run.check_model(name) for name in args.get("models") or run.trained]
    models = {name: open_model(domain, run, name)[1] for name in names}
    test = run.load_dataset().subset(run.splits.test)
    check_images(test)
    rows = stage(
        {name: lambda images, m=model: m.scores(Dataset.from_images(images)) for name, model in models.items()},
        test.images,
        test.targets,
        args["corruption"],
        metric=args.get("metric", "accuracy"),
        seed=run.spec.seed,
        progress=context.progress,
    )
    return {"rows": records(pd.DataFrame(rows))}


def cases(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """List test rows of one model by ``args["kind"]`` (right, wrong, uncertain, all) and ``args["search"]``.

    A case carries a picture where rows are images, else its main columns as ``values``. ``args["rows"]`` lists exactly
    these instead.
    """
    domain, run = open_run(args, context)
    name = run.check_model(args.get("model"))
    dataset = run.load_dataset()
    kind, search = args.get("kind") or "all", str(args.get("search") or "")
    chosen = find_cases(run, dataset, name, kind, search, by_risk=is_table(dataset))
    if args.get("rows"):
        chosen = chosen.loc[[row for row in args["rows"] if row in chosen.index]]
    page = max(int(args.get("page", 0)), 0)
    shown = chosen.iloc[page * PAGE : (page + 1) * PAGE]
    part = dataset.subset(shown.index)
    columns = main_columns(part) if is_table(part) else []
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


def mitigate(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Try ``args["method"]`` (reweighing, thresholds …) for the groups of ``args["column"]``.

    ``args["constraint"]`` says what shall be alike, for methods that offer a choice.
    """
    domain, run = open_run(args, context)
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    constraint = {"constraint": args["constraint"]} if args.get("constraint") else {}
    return probes.mitigate(domain, run, args.get("model"), args["column"], args["method"], work, **constraint)


def ageing(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return ``args["metric"]`` of ``args["models"]`` by week after training.

    With ``args["update"]`` a model is brought up to date with each new labelled week.
    """
    domain, run = open_run(args, context)
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    rows = probes.ageing(domain, run, args.get("models"), args.get("metric"), bool(args.get("update")), work)
    return {"rows": records(rows.assign(week=rows["week"].map(lambda day: f"{day:%Y-%m-%d}")))}


def drift(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return how far every input has moved between the training and the test rows, the furthest first."""
    domain, run = open_run(args, context)
    table = probes.drift(domain, run)
    return {"rows": [{key: plain(value) for key, value in line.items()} for line in table.to_dict("records")]}


def learning_curve(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return the score against the number of labels, transfer against training from scratch."""
    domain, run = open_run(args, context)
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    return {"rows": probes.learning_curve(domain, run, work, seeds=int(args.get("seeds", 3)))}
