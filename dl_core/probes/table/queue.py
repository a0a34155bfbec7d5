"""Which new rows of a table should be looked at first, and why?

Of two classes the riskiest rows come first; of more, those whose class is surest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.rows import describe_columns, main_columns, row_values, usual_values
from dl_core.domain import Domain
from dl_core.errors import counted
from dl_core.evaluate.decide import outcomes
from dl_core.evaluate.first_cases import first_rows
from dl_core.evaluate.results import SCORE
from dl_core.pipeline import Run, Work, explain, predict, write_predictions
from dl_core.probes.base import MODEL, Argument, Asked, Probe
from dl_core.probes.table.what_if_row import lines_of_a_table

BLOCK = 50_000  # rows scored at once
QUEUE = 1000  # first rows that come back; the file has all
DOUBTS = ("uncertain", "unlike_training")
REASONED = 20  # of these, rows that come with reasons


def queue(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Score new rows, by default the test rows, into ``predictions.csv``; return the first ones with their reasons."""
    name, classes = run.check_model(arguments["model"]), run.evaluation.classes
    data = run.load_dataset().subset(run.splits.test) if work.data is None else work.data
    target = classes[-1] if len(classes) == 2 else None
    first_by = "confidence" if target is None else SCORE + target
    path = work.place("predictions.csv")
    kept: list[pd.DataFrame] = []
    for done, part in _blocks(data):
        work.progress(0.3 + 0.6 * done, f"Scoring {counted(len(data), 'row')}")
        predictions = predict(domain, run, name, part)
        write_predictions(domain, predictions, part, path, append=bool(kept))
        decided = outcomes(predictions)
        kept.append(decided[list(dict.fromkeys(["row", "y_pred", "confidence", first_by, *DOUBTS]))])
    scored = pd.concat(kept, ignore_index=True).set_index("row")
    first = scored.sort_values(first_by, ascending=False, kind="stable").head(QUEUE)
    queued = _queued(first, data, target)
    work.progress(0.92, "Computing reasons")
    if arguments["explain"]:
        _add_reasons(queued, domain, run, data, name, arguments["explain"], target)
    columns = main_columns(data)
    return {
        "model": name,
        "target": target,
        "rows": len(scored),
        "flagged": None if target is None else int((scored["y_pred"] == target).sum()),
        "predicted": {label: int((scored["y_pred"] == label).sum()) for label in classes},
        "unlike": int(scored["unlike_training"].sum()),
        "csv": work.named(path),
        "notes": [] if work.data is None else [note.message for note in data.notes],
        "columns": describe_columns(data, domain.schema, columns),
        "queue": queued,
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
    queued: list[dict[str, Any]], domain: Domain, run: Run, data: Dataset, model: str, method: str, target: str | None
) -> None:
    """Write into the first rows of the queue what pushed them up."""
    few = data.subset([case["row"] for case in queued[:REASONED]])
    usual = usual_values(run.load_dataset(), domain.schema)
    explained = explain(domain, run, model, few, methods=[method], target=target, faithfulness=False) if queued else []
    found = {one.row: one.with_texts(few, usual).as_json().get("reasons", []) for one in explained}
    for case in queued[:REASONED]:
        case["reasons"] = found.get(case["row"], [])


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask the best model about the last test rows, which stand in for a new file."""
    method = asked.domain.explainers[0] if asked.domain.explainers else None
    return [{"model": asked.run.best, "explain": method, "rows": first_rows(asked.run.predictions.table)}]


PROBE = Probe(
    name="queue",
    title="Queue",
    purpose="Review queue: new rows sorted by score, with reasons; all scores in a file.",
    panel="predict",
    verb=queue,
    problems=("classification",),
    arguments=(MODEL, Argument("explain", str, None, "explainer of the reasons; default: none")),
    needs=lines_of_a_table,
    first=first,
    new_cases=True,
)
