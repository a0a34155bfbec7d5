"""The verbs: the table of contents of the whole core.

    ingest → split → train → evaluate → compare → explain → check_bias → predict → report → export

What else can be asked of a finished run (remedies, learning curve, ageing, drift) stands in `probes`.

The dashboard, the command line and the benchmarks call these and nothing below them. Each verb takes from the `Domain`
what a stage needs and hands the stage plain nouns. A model, method, metric, column or class that does not exist raises
`OptionError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.splits import Splits
from dl_core.domain import Domain, ReadRequest
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.results import Comparison, Evaluation, Predictions
from dl_core.explain.explanation import Explanation
from dl_core.files import write_json
from dl_core.models.base import Emit, Model, silent
from dl_core.schema import Role
from dl_core.train.run import Run, TrainSpec

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.report.content import ReportContent
    from dl_core.train.scoring import ModelSource


@dataclass(frozen=True)
class Work:
    """What surrounds a long verb: where events go, when to stop, where features are kept."""

    emit: Emit = silent
    should_stop: Callable[[], bool] = lambda: False
    cache: Path | None = None


def ingest(domain: Domain, request: ReadRequest) -> Dataset:
    """Read a user's files into a validated data set."""
    return domain.read(request)


def split(domain: Domain, dataset: Dataset, seed: int = 0, options: Mapping[str, Any] | None = None) -> Splits:
    """Decide which rows train, choose and judge, by the protocol that fits the data."""
    return domain.split(dataset, seed, options or {})


def inspect(domain: Domain, dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return all problems at once, leakage across the split included."""
    return domain.inspect(dataset, splits)


def mend(domain: Domain, dataset: Dataset, splits: Splits, kinds: Sequence[str]) -> tuple[Dataset, Splits]:
    """Return data set and split with the findings of ``kinds`` mended; test rows are never touched."""
    return domain.mend(dataset, splits, kinds) if kinds else (dataset, splits)


def train(
    domain: Domain,
    dataset: Dataset,
    splits: Splits,
    spec: TrainSpec,
    folder: Path,
    work: Work | None = None,
    sample_weight: pd.Series | None = None,
    dataset_path: str = "dataset",
) -> Run:
    """Train the models of ``spec`` one after the other and judge them on the test rows.

    Parameters
    ----------
    folder : Path
        The run's folder; models that a killed run of the same spec left finished there are kept.
    sample_weight : pandas.Series, optional
        Weight by row id of the training rows (reweighing).
    dataset_path : str
        Where the data set lies, relative to ``folder``; by default it is saved into the run.

    Raises
    ------
    SchemaError
        If a finding of level ``"error"`` stands in the way.
    """
    from dl_core.train.session import Session, train_models

    work, spec = work or Work(), trainable(domain, dataset, spec)
    check_trainable(dataset)
    session = Session(
        offers={name: domain.models[name] for name in spec.models},
        primary_metric=domain.primary_metric,
        emit=work.emit,
        should_stop=work.should_stop,
        cache=work.cache,
        sample_weight=sample_weight,
        judge=lambda predictions, models: _judge(domain, predictions, models, dataset, splits, spec),
        novelty=domain.novelty,
        pick_threshold=domain.pick_threshold,
        about=about_rows(domain, dataset, spec.options),
        reference=domain.reference_rows,
    )
    run = train_models(domain.name, dataset, splits, spec, folder, session, dataset_path=dataset_path)
    if len(run.trained) > 1:  # kept, so that a page shows it at once
        write_json(folder / "comparison.json", compare(domain, run).as_dict())
    return run


def check_trainable(dataset: Dataset) -> None:
    """Raise `SchemaError` where reading found what stands in the way of any training."""
    blocking = [finding.message for finding in dataset.notes if finding.level == "error"]
    if blocking:
        raise SchemaError(blocking[0], where=dataset.name, todo="mend the data, then train again")


def trainable(domain: Domain, dataset: Dataset, spec: TrainSpec) -> TrainSpec:
    """Return the spec with the models that the data allow: without labels only those that need none."""
    if dataset.labelled:
        return spec
    free = tuple(name for name, offer in domain.models.items() if offer.unlabelled)
    return replace(spec, models=tuple(name for name in spec.models if name in free) or free)


def _judge(
    domain: Domain, predictions: Predictions, models: Mapping, dataset: Dataset, splits: Splits, spec: TrainSpec
) -> Evaluation:
    from dl_core.evaluate.evaluate import evaluate as stage

    return stage(
        predictions,
        splits.protocol,
        metrics=domain.metrics,
        thresholds={name: model.threshold for name, model in models.items()},
        temperatures={name: model.temperature for name, model in models.items()},
        units=dataset.values(Role.UNIT),
        about=about_rows(domain, dataset, spec.options),
        seed=spec.seed,
    )


def about_rows(domain: Domain, dataset: Dataset, options: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return what the domain's metrics need besides scores (days, amounts, costs), by row id; None for nothing."""
    return None if domain.about_rows is None else domain.about_rows(dataset, options)


def evaluate(domain: Domain, run: Run, dataset: Dataset | None = None, cache: Path | None = None) -> Evaluation:
    """Return the run's scores on its test rows, or on the labelled rows of another data set."""
    if dataset is None:
        return run.evaluation
    if not dataset.labelled:
        raise SchemaError("there are no labels", where=dataset.name, todo="name the label column, or use predict")
    tables = [predict(domain, run, name, dataset, cache=cache).assign(split="test") for name in run.trained]
    predictions = Predictions(pd.concat(tables, ignore_index=True), run.evaluation.classes)
    splits = replace(run.splits, protocol=f"all {len(dataset)} labelled rows of {dataset.name}; trained elsewhere")
    return _judge(domain, predictions, run.models, dataset, splits, run.spec)


def compare(domain: Domain, run: Run, models: Sequence[str] | None = None) -> Comparison:
    """Compare models side by side on the same test rows."""
    from dl_core.evaluate.compare import compare as stage

    chosen = [run.check_model(name) for name in models or run.trained]
    if len(chosen) < 2:
        raise OptionError("one model cannot be compared", expected="two or more of " + ", ".join(run.trained))
    dataset = run.load_dataset()
    return stage(
        run.predictions,
        chosen,
        metrics=domain.metrics,
        primary_metric=domain.primary_metric,
        models={name: run.models[name] for name in chosen},
        costs=run.costs(chosen),
        units=dataset.values(Role.UNIT),
        about=about_rows(domain, dataset, run.spec.options),
        seed=run.spec.seed,
    )


def explain(
    domain: Domain,
    source: ModelSource,
    model: str | None,
    data: Dataset,
    *,
    methods: Sequence[str] | None = None,
    target: str | None = None,
    faithfulness: bool = True,
    opened: Model | None = None,  # where it is in memory already
) -> list[Explanation]:
    """Show what a model looked at in each row of ``data``, and how far that picture can be trusted."""
    name = source.check_model(model)
    chosen = list(methods or domain.explainers[:1])
    for method in chosen:
        if method not in domain.explainers:
            raise OptionError(f"there is no method {method!r}", expected=", ".join(domain.explainers) or "none")
    fitted = opened or source.load_model(name, domain.models[name])
    return domain.explain(fitted, name, data, chosen, target, faithfulness, source.reference())


def check_bias(
    domain: Domain,
    run: Run,
    model: str | None,
    columns: Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    predictions: Predictions | None = None,
) -> BiasReport:
    """Return every metric by group, for each of ``columns`` (``"sex"``, or ``"sex×age"`` for a pair)."""
    from dl_core.bias.check import check_bias as stage
    from dl_core.bias.groups import make_groups

    name = run.check_model(model)
    groups = make_groups(group_table(domain, run), columns)
    about = grouped(domain, run, name) | ({"metrics": tuple(metrics)} if metrics else {})
    return stage(predictions or run.predictions, name, groups, **about)


def grouped(domain: Domain, run: Run, name: str) -> dict[str, Any]:
    """Return how one model of a run is judged by group: metrics, operating point, units, seed."""
    threshold = run.models[name].threshold
    dataset = run.load_dataset()
    return {
        "metrics": domain.group_metrics,
        "threshold": threshold,
        "units": dataset.values(Role.UNIT),
        "about": about_rows(domain, dataset, run.spec.options),
        "seed": run.spec.seed,
    }


def group_table(domain: Domain, run: Run) -> pd.DataFrame:
    """Return the columns by which a run's validation and test rows can be grouped, by row id."""
    dataset = run.load_dataset()
    return domain.slices(dataset.subset([*run.splits.validation, *run.splits.test]))


def predict(
    domain: Domain,
    source: ModelSource,
    model: str | None,
    data: Dataset,
    cache: Path | None = None,
    opened: Model | None = None,  # where it is in memory already
) -> pd.DataFrame:
    """Return one model's predictions of new rows: `Predictions`' columns, ``uncertain`` and ``unlike_training``."""
    from dl_core.train.scoring import score_rows

    name = source.check_model(model)
    fitted = opened or source.load_model(name, domain.models[name])
    return score_rows(source, name, fitted, data, domain.novelty(data, cache) if len(data) else None)


def report(domain: Domain, run: Run, out: Path) -> Path:
    """Write the self-contained HTML report of a run: data card, protocol, scores, curves, maps, groups, limits."""
    from dl_core.report.html import write_report

    return write_report(report_content(domain, run), out)


def report_content(domain: Domain, run: Run, examples: int = 6) -> ReportContent:
    """Gather what a report shows; ``examples`` test rows of the best deep model are explained."""
    from dl_core.report.content import ReportContent
    from dl_core.report.examples import as_examples, pick_examples

    dataset = run.load_dataset()
    columns = list(group_table(domain, run).columns)
    name, rows = pick_examples(run, examples if domain.explainers else 0)
    return ReportContent(
        run,
        domain.facts(),
        comparison=compare(domain, run) if len(run.trained) > 1 else None,
        bias=check_bias(domain, run, None, columns) if columns else None,
        examples=as_examples(run, dataset, explain(domain, run, name, dataset.subset(rows))) if rows else (),
        class_counts=run.splits.count_values(dataset.values(Role.LABEL)),
    )


def model_card(domain: Domain, run: Run, model: str | None, out: Path) -> Path:
    """Write the model card of one model."""
    from dl_core.report.card import write_card

    return write_card(report_content(domain, run, examples=0), run.check_model(model), out)


def export(domain: Domain, run: Run, model: str | None, out: Path) -> Path:
    """Write one model of a run as a bundle that ``python -m dl_core predict`` runs."""
    from dl_core.store.bundle import export_bundle

    return export_bundle(run, run.check_model(model), out, notice=domain.notice)
