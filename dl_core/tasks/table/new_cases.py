"""New rows of a table, scored block by block and queued: what an analyst looks at first, and why.

Of two classes the riskiest rows come first; of more, those whose class is surest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.rows import describe_columns, main_columns, row_values, typical_columns
from dl_core.data.safe_export import neutralise
from dl_core.domain import Domain
from dl_core.evaluate.decide import outcomes
from dl_core.evaluate.results import SCORE
from dl_core.tasks.contributions import explanation_as_json
from dl_core.tasks.opening import private_folder, relative

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.models.base import Model
    from dl_core.train.run import Run

BLOCK = 50_000  # rows scored at once
QUEUE = 1000  # first rows that come back; the file has all
DOUBTS = ("uncertain", "unlike_training")
REASONED = 20  # of these, rows that come with reasons


def score(
    domain: Domain, run: Run, model: Model, data: Dataset, args: Mapping[str, Any], context: TaskContext
) -> dict[str, Any]:
    """Score every row of ``data`` into a CSV file and return the first ones with their values and reasons.

    ``args["model"]`` is the model's name and ``args["explain"]`` the method of the reasons, if any are wanted.
    """
    name, classes = run.check_model(args.get("model")), run.evaluation.classes
    target = classes[-1] if len(classes) == 2 else None
    first_by = "confidence" if target is None else SCORE + target
    path = private_folder(context) / "predictions.csv"
    kept = []
    for done, part in _blocks(data):
        context.progress(0.3 + 0.6 * done, f"Scoring {len(data):,} rows")
        predictions = pipeline.predict(domain, run, name, part, opened=model)
        table = neutralise(domain.prediction_table(predictions, part))
        table.to_csv(path, mode="a" if kept else "w", header=not kept, index=False)
        decided = outcomes(predictions)
        kept.append(decided[list(dict.fromkeys(["row", "y_pred", "confidence", first_by, *DOUBTS]))])
    scored = pd.concat(kept, ignore_index=True).set_index("row")
    first = scored.sort_values(first_by, ascending=False, kind="stable").head(QUEUE)
    queue = _queued(first, data, target)
    context.progress(0.92, "Looking for reasons")
    _add_reasons(queue, domain, run, model, data, {**args, "model": name, "target": target})
    columns = main_columns(data)
    return {
        "model": name,
        "target": target,
        "rows": len(scored),
        "flagged": None if target is None else int((scored["y_pred"] == target).sum()),
        "predicted": {label: int((scored["y_pred"] == label).sum()) for label in classes},
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


def _queued(first: pd.DataFrame, data: Dataset, target: str | None) -> list[dict[str, Any]]:
    """Return the first rows as plain JSON: the decided class with its probability, and their main columns.

    Of two classes a row has the ``score`` of the last besides, and whether that is decided (``flagged``).
    """
    part = data.subset(first.index)
    return [
        {
            "row": str(row),
            "y_pred": str(line["y_pred"]),
            "probability": float(line["confidence"]),
            **_risk(line, target),
            **{doubt: bool(line[doubt]) for doubt in DOUBTS},
            "values": values,
            "reasons": [],
        }
        for (row, line), values in zip(first.iterrows(), row_values(part, main_columns(part)), strict=True)
    ]


def _risk(line: pd.Series, target: str | None) -> dict[str, Any]:
    return {} if target is None else {"score": float(line[SCORE + target]), "flagged": bool(line["y_pred"] == target)}


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
