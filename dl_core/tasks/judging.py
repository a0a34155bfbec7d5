"""Jobs that judge a finished run: compare, robustness, cases, bias, mitigation, learning curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core import pipeline
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.results import records
from dl_core.tasks.opening import open_model, open_run
from dl_core.tasks.pictures import check_images, thumbnails

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
    from dl_core.evaluate.robustness import robustness as stage

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
    """List test rows of one model by ``args["kind"]`` (right, wrong, uncertain, all) and ``args["search"]``."""
    domain, run = open_run(args, context)
    name = run.check_model(args.get("model"))
    dataset = run.load_dataset()
    table = run.predictions.of(name, "test")
    scores = table[run.predictions.score_columns]
    table = table.assign(confidence=scores.max(axis=1), right=table["y_true"] == table["y_pred"])
    limit = run.models[name].uncertain_below
    wanted = {
        "right": table["right"],
        "wrong": ~table["right"],
        "uncertain": table["confidence"] < (limit if limit is not None else 0.6),
    }
    kind = args.get("kind") or "all"
    if kind not in (*wanted, "all"):
        raise OptionError(f"there are no {kind!r} cases", expected=", ".join([*wanted, "all"]))
    chosen = table if kind == "all" else table[wanted[kind]]
    if args.get("search"):
        about = dataset.table.loc[chosen.index].astype(str).agg(" ".join, axis=1) + " " + chosen.index
        chosen = chosen[about.str.contains(str(args["search"]), case=False, regex=False)]
    ascending = kind in ("uncertain",)
    chosen = chosen.sort_values("confidence", ascending=ascending, kind="stable")
    page = max(int(args.get("page", 0)), 0)
    shown = chosen.iloc[page * PAGE : (page + 1) * PAGE]
    pictures = thumbnails(dataset.subset(shown.index))
    return {
        "total": len(chosen),
        "page": page,
        "pages": -(-len(chosen) // PAGE),
        "cases": [
            {
                "row": row,
                "y_true": case["y_true"],
                "y_pred": case["y_pred"],
                "confidence": float(case["confidence"]),
                "right": bool(case["right"]),
                "image": picture,
            }
            for (row, case), picture in zip(shown.iterrows(), pictures, strict=True)
        ],
    }


def bias(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return every metric by group for ``args["columns"]`` (the first ones if there are none), and the columns."""
    domain, run = open_run(args, context)
    table = pipeline.group_table(domain, run)
    columns = args.get("columns") or list(table.columns[:FIRST_COLUMNS])
    if not columns:
        raise SchemaError("there is nothing to group by", where=domain.title, todo="upload metadata with the images")
    report = pipeline.check_bias(domain, run, args.get("model"), columns, metrics=args.get("metrics"))
    return {**report.as_dict(), "columns": list(table.columns), "asked": list(columns)}


def mitigate(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Try ``args["method"]`` (``"thresholds"`` or ``"reweighing"``) for the groups of ``args["column"]``."""
    domain, run = open_run(args, context)
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    return pipeline.mitigate(domain, run, args.get("model"), args["column"], args["method"], work)


def learning_curve(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return the score against the number of labels, transfer against training from scratch."""
    domain, run = open_run(args, context)
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache")
    return {"rows": pipeline.learning_curve(domain, run, work, seeds=int(args.get("seeds", 3)))}
