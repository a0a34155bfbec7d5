"""How does a metric change week by week after training, for models left alone or one that goes on learning?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.rows import plain_rows
from dl_core.domain import Domain
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.results import Predictions
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, Work, about_rows
from dl_core.probes.base import MODELS, Argument, Asked, Probe, RunFacts
from dl_core.schema import Role

UPDATED = ", updated"  # stands after the name of a model that learns on


def ageing(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metric of the test week by week.

    With ``update`` the first model learns on before each week from the rows whose labels are known by then; its lines
    carry the name ``"<model>, updated"``.
    """
    from dl_core.evaluate.ageing import by_week

    names = [run.check_model(name) for name in arguments["models"] or run.trained]
    dataset = run.load_dataset()
    times = dataset.values(Role.TIME)
    if times is None or not dataset.labelled:
        raise SchemaError("ageing needs a time and a label", where=dataset.name, todo="name both columns")
    predictions = _updated(domain, run, names[0], dataset, work) if arguments["update"] else _only(run, names)
    table = by_week(
        predictions,
        pd.to_datetime(times),
        [arguments["metric"] or domain.primary_metric],
        {name: run.models[name.removesuffix(UPDATED)].threshold for name in predictions.models},
        units=dataset.values(Role.UNIT),
        about=about_rows(domain, dataset, run.spec.options),
        seed=run.spec.seed,
    )
    return {"rows": plain_rows(table.assign(week=table["week"].map(lambda day: instants.said(day, instants.DAY))))}


def _updated(domain: Domain, run: Run, name: str, dataset: Dataset, work: Work) -> Predictions:
    from dl_core.train.continual import learn_on

    offer = domain.models[name]
    delay = pd.Timedelta(days=float(run.spec.options.get("delay_days", 0)))
    fitted, model = run.models[name], run.load_model(name, offer)
    if not isinstance(model, Classifier):
        raise OptionError(f"{name} is no classifier", where=run.folder.name)
    table = learn_on(offer, model, fitted, dataset, run.splits, delay=delay, context=work.fitting(run))
    return Predictions(table.assign(model=name + UPDATED), run.evaluation.classes)


def _only(run: Run, names: list[str]) -> Predictions:
    table = run.predictions.table
    return Predictions(table[table["model"].isin(names)], run.evaluation.classes)


def needs(domain: Domain, run: RunFacts) -> str:
    """Return why there are no weeks to judge."""
    roles = run.dataset["roles"]
    return "" if roles.get(Role.TIME) and roles.get(Role.LABEL) else "ageing needs a column of times and one of labels"


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask the main metric of all models where the domain shows ageing."""
    return [{"metric": asked.domain.primary_metric}] if asked.domain.ages else []


PROBE = Probe(
    name="ageing",
    title="Model ageing",
    purpose="A metric per week after training, of fixed models or of one with incremental (online) updates.",
    panel="compare",
    verb=ageing,
    problems=("classification",),
    arguments=(
        MODELS,
        Argument("metric", str, None, "name of a metric; default: the domain's primary metric"),
        Argument("update", bool, False, "whether the first model is updated incrementally, week by week"),
    ),
    needs=needs,
    first=first,
)
