"""New images, predicted: the first with picture and map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnails
from dl_core.data.rows import plain
from dl_core.domain import Domain
from dl_core.evaluate.results import records
from dl_core.tasks.contributions import map_as_json
from dl_core.tasks.opening import private_folder, relative

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.models.base import Model
    from dl_core.train.run import Run

SHOWN = 60  # cases that come back with picture; the table file has all


def score(
    domain: Domain, run: Run, model: Model, data: Dataset, args: Mapping[str, Any], context: TaskContext
) -> dict[str, Any]:
    """Predict images and return the first with picture and, if a method was named, map."""
    name = args["model"]
    context.progress(0.4, f"Predicting {len(data)} cases")
    predictions = pipeline.predict(domain, run, name, data, opened=model)
    table = domain.prediction_table(predictions, data)
    path = private_folder(context) / "predictions.csv"
    table.to_csv(path, index=False)
    few = data.subset(data.ids[:SHOWN])
    maps: dict[str, Any] = {}
    if args.get("explain"):
        context.progress(0.7, "Looking where the model looked")
        explained = pipeline.explain(
            domain, run, name, few, methods=[args["explain"]], faithfulness=False, opened=model
        )
        maps = {explanation.row: map_as_json(explanation) for explanation in explained}
    pictures = thumbnails(few, enlarge=False)
    return {
        "model": name,
        "rows": len(table),
        "csv": relative(path, context),
        "table": records(table.head(1000)),
        "notes": [note.message for note in data.notes],
        "cases": [
            {
                **{key: plain(value) for key, value in case.items()},
                "image": picture,
                "map": maps.get(case["row"]),
            }
            for case, picture in zip(predictions.head(SHOWN).to_dict("records"), pictures, strict=True)
        ],
    }
