"""What else can be asked of a finished run: remedies for bias, a learning curve, how models age, how inputs drift.

These stand on the verbs of `pipeline` and, like them, take from the `Domain` what a stage needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.domain import Domain
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.results import Predictions
from dl_core.models.base import FitContext
from dl_core.pipeline import Work, about_rows, group_table, judging, train
from dl_core.problems.classification import CLASSIFICATION
from dl_core.problems.forecasting import FORECASTING
from dl_core.schema import Role
from dl_core.train.run import Run

MOST_SPOILT = 60  # test windows whose history is spoilt; enough for a chart, quick enough to wait for
UPDATED = ", updated"  # stands after the name of a model that learns on


def mitigate(
    domain: Domain,
    run: Run,
    model: str | None,
    column: str,
    method: str,
    work: Work,
    *,
    constraint: str = "equalized_odds",
) -> dict[str, Any]:
    """Try to treat the groups of ``column`` more alike, and return before, after and what it costs, as plain JSON.

    ``"thresholds"`` picks a threshold for each group on validation rows, ``"threshold_optimizer"`` picks them so that
    the rates of ``constraint`` come together at the least cost; ``"reweighing"`` trains the model again with rows
    weighted so that group and label are independent.
    """
    from dl_core.bias.groups import make_groups
    from dl_core.bias.mitigate import reweighing_weights, threshold_mitigation, training_mitigation
    from dl_core.bias.optimizer import optimizer_mitigation

    name = run.check_model(model)
    dataset = run.load_dataset()
    if domain.problem is FORECASTING:
        return _mitigate_forecasts(domain, run, name, column, method, work)
    groups = make_groups(domain.slices(dataset), [column])
    if domain.problem is not CLASSIFICATION:
        raise OptionError("these remedies change decisions about rows, and lists have none", where=domain.title)
    judged = CLASSIFICATION.grouped(run, name, dataset, judging(domain, dataset, run.spec))
    if method == "thresholds":
        return threshold_mitigation(run.predictions, name, groups, **judged).as_dict()
    if method == "threshold_optimizer":
        return optimizer_mitigation(run.predictions, name, groups, constraint=constraint, **judged).as_dict()
    if method != "reweighing":
        raise OptionError(f"there is no mitigation {method!r}", expected="thresholds, threshold_optimizer, reweighing")
    train_rows = dataset.subset(run.splits.train)
    weights = reweighing_weights(groups.loc[train_rows.ids].iloc[:, 0], train_rows.values(Role.LABEL))
    again = _train_again(domain, run, name, column, weights, work)
    return training_mitigation(run.predictions, again.predictions, name, groups, **judged).as_dict()


def _train_again(domain: Domain, run: Run, name: str, column: str, weights: pd.Series, work: Work) -> Run:
    """Return a run of one model on the same split with weighted rows; made once, then kept in the cache."""
    spec = replace(run.spec, models=(name,))
    mark = hashlib.sha256(f"{run.dataset['fingerprint']} {name} {column} {spec}".encode()).hexdigest()[:16]
    folder, path = (work.cache or run.folder) / "mitigated" / mark, (run.folder / run.dataset["path"]).resolve()
    return train(domain, run.load_dataset(), run.splits, spec, folder, work, weights, dataset_path=str(path))


def _mitigate_forecasts(domain: Domain, run: Run, name: str, column: str, method: str, work: Work) -> dict[str, Any]:
    """Take back what groups are forecast too high or too low, or train again with series weighted by group."""
    from dl_core.bias.groups import make_groups
    from dl_core.bias.series.mitigate import forecast_mitigation, group_weights, scaling_remedy

    dataset = run.load_dataset()
    groups, facts = make_groups(group_table(domain, run, dataset), [column]), FORECASTING.facts(dataset, run.splits)
    if method == "scaling":
        return scaling_remedy(run.predictions, name, groups, facts=facts, seed=run.spec.seed).as_dict()
    if method != "reweighing":
        raise OptionError(f"there is no mitigation {method!r}", expected="scaling, reweighing")
    weights = group_weights(dataset.subset(run.splits.train), groups.iloc[:, 0])
    again = _train_again(domain, run, name, column, weights, work)
    found = forecast_mitigation(run.predictions, again.predictions, name, groups, facts=facts, seed=run.spec.seed)
    return found.as_dict()


def stress(
    domain: Domain, run: Run, models: Sequence[str] | None = None, work: Work | None = None
) -> list[dict[str, Any]]:
    """Return the error of forecasts whose history was spoilt, by kind and strength (`evaluate.series.stress`).

    The models are those that the test windows judged, and at most `MOST_SPOILT` windows are looked at.
    """
    from dl_core.evaluate.series.stress import stress_forecasts

    if domain.problem is not FORECASTING:
        raise OptionError("only forecasts go on from a history that can be spoilt", where=domain.title)
    work, names = work or Work(), [run.check_model(name) for name in models or run.trained]
    history, truth, scale = FORECASTING.test_windows(run, MOST_SPOILT)
    opened = {name: run.load_model(name, domain.models[name], judged=True) for name in names}
    context = FitContext(seed=run.spec.seed, emit=work.emit, should_stop=work.should_stop)
    return stress_forecasts(opened, history, truth, scale=scale, seed=run.spec.seed, check_stop=context.check_stop)


def learning_curve(domain: Domain, run: Run, work: Work, seeds: int = 3) -> list[dict[str, Any]]:
    """Return the primary metric against the number of labels, for the models that ``domain`` compares this way."""
    if domain.learning_curve is None:
        raise OptionError("this domain has no learning curve", where=domain.title)
    dataset = run.load_dataset()
    parts = [dataset.subset(rows) for rows in (run.splits.train, run.splits.validation, run.splits.test)]
    return domain.learning_curve(*parts, seeds, work, run.spec.options)


def cold_start(
    domain: Domain, run: Run, models: Sequence[str] | None = None, work: Work | None = None
) -> list[dict[str, Any]]:
    """Return how good lists are for new users and new items, by models trained again without some of both.

    See `transfer.cold_start.cold_start`; all the run's models are trained again where none are named.
    """
    from dl_core.transfer.interactions.cold_start import cold_start as stage

    if not domain.problem.goes_on:
        raise OptionError("every case is new here", where=domain.title, expected="a domain that recommends")
    work, names = work or Work(), [run.check_model(name) for name in models or run.trained]
    context = FitContext(
        seed=run.spec.seed, emit=work.emit, should_stop=work.should_stop, cache=work.cache, options=run.spec.options
    )
    offers = {name: domain.models[name] for name in names}
    k = int(run.spec.options.get("k") or 10)
    return stage(offers, run.load_dataset(), run.splits, seed=run.spec.seed, k=k, context=context)


def ageing(
    domain: Domain,
    run: Run,
    models: Sequence[str] | None = None,
    metric: str | None = None,
    update: bool = False,
    work: Work | None = None,
) -> pd.DataFrame:
    """Return a metric week by week of the test: of models left alone, or of one that learns on from late labels.

    With ``update`` the (first) model learns on before each week from the rows whose labels are known by then; its lines
    carry the name ``"<model>, updated"``.
    """
    from dl_core.evaluate.ageing import by_week

    names = [run.check_model(name) for name in models or run.trained]
    dataset = run.load_dataset()
    times = dataset.values(Role.TIME)
    if times is None or not dataset.labelled:
        raise SchemaError("ageing needs a time and a label", where=dataset.name, todo="name both columns")
    predictions = _updated(domain, run, names[0], dataset, work or Work()) if update else _only(run, names)
    return by_week(
        predictions,
        pd.to_datetime(times),
        [metric or domain.primary_metric],
        {name: run.models[name.removesuffix(UPDATED)].threshold for name in predictions.models},
        units=dataset.values(Role.UNIT),
        about=about_rows(domain, dataset, run.spec.options),
        seed=run.spec.seed,
    )


def _updated(domain: Domain, run: Run, name: str, dataset: Dataset, work: Work) -> Predictions:
    from dl_core.train.continual import learn_on

    offer = domain.models[name]
    context = FitContext(
        seed=run.spec.seed, emit=work.emit, should_stop=work.should_stop, cache=work.cache, options=run.spec.options
    )
    delay = pd.Timedelta(days=float(run.spec.options.get("delay_days", 0)))
    fitted, model = run.models[name], run.load_model(name, offer)
    table = learn_on(offer, model, fitted, dataset, run.splits, delay=delay, context=context)
    return Predictions(table.assign(model=name + UPDATED), run.evaluation.classes)


def drift(domain: Domain, run: Run) -> pd.DataFrame:
    """Return how far each input of the test rows has moved from the training rows, the furthest first."""
    from dl_core.evaluate.drift import drift as stage

    if domain.inputs is None:
        raise OptionError("this domain has no table of inputs", where=domain.title)
    dataset = run.load_dataset()
    before, after = (domain.inputs(dataset.subset(rows)) for rows in (run.splits.train, run.splits.test))
    return stage(before, after)


def _only(run: Run, names: Sequence[str]) -> Predictions:
    table = run.predictions.table
    return Predictions(table[table["model"].isin(list(names))], run.evaluation.classes)
