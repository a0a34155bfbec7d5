"""New rows of a table, scored block by block and queued by risk: what an analyst looks at first, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.safe_export import neutralise
from dl_core.domain import Domain
from dl_core.evaluate.results import SCORE
from dl_core.tasks.contributions import explanation_as_json
from dl_core.tasks.opening import private_folder, relative
from dl_core.tasks.rows import describe_columns, main_columns, row_values, typical_columns

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.models.base import Model
    from dl_core.train.run import Run

BLOCK = 50_000  # rows scored at once
QUEUE = 1000  # riskiest rows that come back; the file has all
REASONED = 20  # of these, rows that come with reasons


def score_queue(
    domain: Domain, run: Run, model: Model, data: Dataset, args: Mapping[str, Any], context: TaskContext
) -> dict[str, Any]:
    """Score every row of ``data`` into a CSV file and return the riskiest ones with their values and reasons.

    ``args["model"]`` is the model's name and ``args["explain"]`` the method of the reasons, if any are wanted.
    """
    name, target = run.check_model(args.get("model")), run.evaluation.classes[-1]
    path = private_folder(context) / "predictions.csv"
    kept = []
    for done, part in _blocks(data):
        context.progress(0.3 + 0.6 * done, f"Scoring {len(data):,} rows")
        predictions = pipeline.predict(domain, run, name, part, opened=model)
        table = neutralise(domain.prediction_table(predictions, part))
        table.to_csv(path, mode="a" if kept else "w", header=not kept, index=False)
        kept.append(predictions[["row", "y_pred", SCORE + target, "uncertain", "unlike_training"]])
    scored = pd.concat(kept, ignore_index=True).set_index("row")
    first = scored.sort_values(SCORE + target, ascending=False, kind="stable").head(QUEUE)
    queue = _queued(first, data, target)
    context.progress(0.92, "Looking for reasons")
    _add_reasons(queue, domain, run, model, data, {**args, "model": name, "target": target})
    columns = main_columns(data)
    return {
        "model": name,
        "target": target,
        "rows": len(scored),
        "flagged": int((scored["y_pred"] == target).sum()),
        "unlike": int(scored["unlike_training"].sum()),
        "csv": relative(path, context),
        "notes": [] if args.get("rows") else [note.message for note in data.notes],
        "columns": describe_columns(data, domain.schema, columns),
        "queue": queue,
    }


def _blocks(data: Dataset) -> Iterator[tuple[float, Dataset]]:
    """Yield how much is done, 0…1, and the next block of rows; one empty block where there are none."""
    for start in range(0, max(len(data), 1), BLOCK):
        yield start / max(len(data), 1), data.subset(data.ids[start : start + BLOCK])


def _queued(first: pd.DataFrame, data: Dataset, target: str) -> list[dict[str, Any]]:
    """Return the riskiest rows as plain JSON with their main columns."""
    part = data.subset(first.index)
    return [
        {
            "row": str(row),
            "score": float(line[SCORE + target]),
            "flagged": bool(line["y_pred"] == target),
            "uncertain": bool(line["uncertain"]),
            "unlike_training": bool(line["unlike_training"]),
            "values": values,
            "reasons": [],
        }
        for (row, line), values in zip(first.iterrows(), row_values(part, main_columns(part)), strict=True)
    ]


def _add_reasons(
    queue: list[dict[str, Any]], domain: Domain, run: Run, model: Model, data: Dataset, asked: Mapping[str, Any]
) -> None:
    """Write into the first rows of the queue what pushed them up."""
    if not asked.get("explain") or not queue:
        return
    few = data.subset([case["row"] for case in queue[:REASONED]])
    about = typical_columns(run.load_dataset(), domain.schema)
    explained = pipeline.explain(
        domain,
        run,
        asked["model"],
        few,
        methods=[asked["explain"]],
        target=asked["target"],
        faithfulness=False,
        opened=model,
    )
    found = {one.row: explanation_as_json(one, few, about)["reasons"] for one in explained}
    for case in queue[:REASONED]:
        case["reasons"] = found.get(case["row"], [])
