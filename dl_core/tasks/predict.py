"""The job that predicts new cases."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.domain import Domain, ReadRequest
from dl_core.kinds import kind_of
from dl_core.schema import Role
from dl_core.tasks.data import upload_folder
from dl_core.tasks.opening import open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
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
    score = kind_of(data).must("dl_core.tasks", "new_cases").score
    result = score(domain, run, model, data, {**args, "model": name}, context)
    if args.get("upload") and not args.get("keep"):
        shutil.rmtree(upload_folder(args, context), ignore_errors=True)
    return result


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

    What a change is says the kind of row: a corruption with its strength 0…5 of an image, a column's new value of a
    line of a table.
    """
    domain, run = open_run(args, context)
    scored = kind_of(run.dataset).must("dl_core.tasks", "what_if").score_changes
    return scored(domain, run, args["row"], args.get("changes") or {})
