"""The job that trains, and what keeps a worker warm."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.domain import get_domain
from dl_core.engine.ids import no_access
from dl_core.errors import CancelledError
from dl_core.kinds import kind_of
from dl_core.probes import Asked, get_probe
from dl_core.tasks.opening import open_dataset, open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext


def train(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Train a run that the store knows already.

    ``args``: ``run_id``, ``dataset_id``, ``owner``, ``models``, ``seed``, ``time_budget``, ``options``, ``mend`` (kinds
    of findings to mend first).
    """
    store, record, dataset = open_dataset(args, context)
    domain = get_domain(record.domain)
    known = store.run(args["run_id"], args["owner"])
    if known.owner != args["owner"]:  # a shared run may be read, not trained
        raise no_access("run of your own")
    run_id, folder = known.id, store.run_folder(known.id)
    store.update_run(run_id, state="running")
    try:
        options = domain.parse_options(args.get("options") or {})
        splits = pipeline.split(domain, dataset, int(args.get("seed", 0)), options)
        mended, splits = pipeline.mend(domain, dataset, splits, args.get("mend") or ())
        spec = pipeline.TrainSpec(
            domain.choose_models(args.get("models") or "fast", options),
            int(args.get("seed", 0)),
            args.get("time_budget"),
            options,
        )
        work = pipeline.Work(context.emit, context.should_stop, store.cache_folder)
        path = Path(os.path.relpath(store.dataset_folder(record.id), folder)).as_posix()
        run = pipeline.train(domain, mended, splits, spec, folder, work, dataset_path=path)
    except CancelledError:
        store.update_run(run_id, state="cancelled")
        raise
    except Exception:  # a fault of ours as well: no run may seem to go on for ever
        store.update_run(run_id, state="failed")
        raise
    store.update_run(run_id, state="done", summary={**run.summary(), "scores": _scores(run, domain.metrics)})
    return {"run_id": run_id, "best": run.best}


def warm_up(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Load what the first prediction needs, so that the first user does not wait for it."""
    domain, run = open_run(args, context)
    recommend, asked = get_probe("recommend"), Asked(domain, run)
    if recommend.allows(domain, run):
        (first, *_) = recommend.first(asked)
        recommend.ask(domain, run, pipeline.Work(), first)
        return {"model": first["models"][0]}
    name, data = asked.shown, run.load_dataset()
    case = kind_of(data).first_case(data, run.splits.test)
    pipeline.predict(domain, run, name, case)
    pipeline.explain(domain, run, name, case, faithfulness=False)
    return {"model": name}


def _scores(run: Any, metrics: tuple[str, ...]) -> dict[str, dict[str, float]]:
    return {
        name: {metric: run.evaluation.value(name, metric) for metric in metrics}
        for name, model in run.models.items()
        if model.state == "done"
    }
