"""What do models say of new images, and where did they look?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.images.pictures import thumbnails
from dl_core.data.rows import plain, plain_rows
from dl_core.domain import Domain
from dl_core.errors import counted
from dl_core.evaluate.first_cases import first_cases
from dl_core.pipeline import Run, Work, explain, predict, write_predictions
from dl_core.probes.base import MODEL, Argument, Asked, Probe

SHOWN = 60  # cases that come back with picture; the table file has all
MOST_LINES = 1_000  # rows of the table that come back


def scored_images(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Predict new images, by default the test images, into ``predictions.csv``; return the first with their pictures.

    With a method they carry its map without its faithfulness, which is a matter of milliseconds.
    """
    name, method = run.check_model(arguments["model"]), arguments["explain"]
    data = run.load_dataset().subset(run.splits.test) if work.data is None else work.data
    work.progress(0.4, f"Predicting {counted(len(data), 'case')}")
    predictions, path = predict(domain, run, name, data), work.place("predictions.csv")
    table = write_predictions(domain, predictions, data, path)
    few = data.subset(data.ids[:SHOWN])
    maps: dict[str, Any] = {}
    if method:
        work.progress(0.7, "Computing saliency maps")
        explained = explain(domain, run, name, few, methods=[method], faithfulness=False)
        maps = {explanation.row: explanation.as_json() for explanation in explained}
    pictures = thumbnails(few, enlarge=False)
    return {
        "model": name,
        "rows": len(table),
        "csv": work.named(path),
        "table": plain_rows(table.head(MOST_LINES)),
        "notes": [] if work.data is None else [note.message for note in data.notes],
        "cases": [
            {
                **{key: plain(value) for key, value in case.items()},
                "image": picture,
                "map": maps.get(case["row"]),
            }
            for case, picture in zip(predictions.head(SHOWN).to_dict("records"), pictures, strict=True)
        ],
    }


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask the best model about a few test images of each class, which stand in for new ones."""
    deep = asked.models[asked.run.best].kind == "deep"
    rows = first_cases(asked.run.predictions.table, asked.run.dataset["classes"])
    return [{"model": asked.run.best, "explain": asked.domain.explainers[0] if deep else None, "rows": rows}]


PROBE = Probe(
    name="scored_images",
    title="New images",
    purpose="Predictions for new images with uncertainty, novelty and saliency map; all predictions in a file.",
    panel="predict",
    verb=scored_images,
    problems=("classification",),
    kinds=("images",),
    arguments=(MODEL, Argument("explain", str, None, "explainer of the saliency map; default: none")),
    first=first,
    new_cases=True,
)
