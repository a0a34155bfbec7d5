"""The job that predicts new cases."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnail, thumbnails
from dl_core.data.rows import is_table, plain
from dl_core.domain import Domain, ReadRequest
from dl_core.errors import OptionError
from dl_core.evaluate.results import records
from dl_core.schema import Role
from dl_core.tasks.contributions import map_as_json
from dl_core.tasks.data import upload_folder
from dl_core.tasks.opening import open_run, private_folder, relative
from dl_core.tasks.table.queue import score_queue
from dl_core.tasks.table.what_if import score_changes

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.models.base import Model
    from dl_core.train.run import Run

SHOWN = 60  # cases that come back with picture; the table file has all


def predict(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Predict the cases in ``args["upload"]``, the rows ``args["rows"]`` of the run's data, or the examples that ship.

    With ``args["explain"]`` (a method) the shown cases carry an explanation without its faithfulness, which is a matter
    of milliseconds. The result names a CSV with every case. Rows of a table come back as a queue sorted by risk.
    """
    domain, run = open_run(args, context)
    name, model = pipeline.open_model(domain, run, args.get("model"))
    context.progress(0.1, "Reading the new cases")
    data = _new_data(domain, run, args, context)
    answer = score_queue if is_table(data) else _score_images
    result = answer(domain, run, model, data, {**args, "model": name}, context)
    if args.get("upload") and not args.get("keep"):
        shutil.rmtree(upload_folder(args, context), ignore_errors=True)
    return result


def _score_images(
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


def _new_data(domain: Domain, run: Run, args: Mapping[str, Any], context: TaskContext) -> Dataset:
    """Read the cases as the run's training data were read."""
    if args.get("rows"):
        return run.load_dataset().subset(args["rows"])
    if args.get("examples") and domain.sample and domain.sample.examples:
        paths = [domain.sample.examples]
    else:
        paths = sorted(upload_folder(args, context).iterdir())
    request = ReadRequest(
        tuple(paths),
        roles={Role(k): tuple(v) for k, v in (args.get("roles") or {}).items()},
        options=run.read_options(),
        labelled=False,
        name="New cases",
    )
    return pipeline.ingest(domain, request)


def what_if(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Score ``args["row"]`` with every model, as it is and with ``args["changes"]``.

    Changes map a corruption to its strength 0…5 where rows are images, else a column to its new value.
    """
    from dl_core.evaluate.images.stress import CORRUPTIONS
    from dl_core.evaluate.what_if import moves

    domain, run = open_run(args, context)
    if not run.dataset["roles"].get(Role.IMAGE):
        return score_changes(domain, run, args["row"], args.get("changes") or {})
    data = run.load_dataset().subset([args["row"]])
    image = np.asarray(data.images)
    changed = image
    for name, strength in sorted((args.get("changes") or {}).items()):
        if name not in CORRUPTIONS:
            raise OptionError(f"there is no change {name!r}", expected=", ".join(CORRUPTIONS))
        changed = CORRUPTIONS[name](changed, int(strength), run.spec.seed)
    both = Dataset.from_images(np.concatenate([image, changed]), run.evaluation.classes)
    scores = {name: pipeline.open_model(domain, run, name)[1].scores(both) for name in run.trained}
    rules = {name: run.models[name].rule for name in scores}
    return {
        **moves(scores, rules, run.evaluation.classes, run.best),
        "image": thumbnail(changed[0], enlarge=False),
    }
