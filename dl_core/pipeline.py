"""The verbs: the table of contents of the whole core.

    read → ingest → split → train → evaluate → compare → explain → check_bias → predict → report → export

What else can be asked of a finished run (mitigation, learning curve, ageing, exposure …) stands in `probes`.

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
from dl_core.data.reading import LEFT_OUT, ColumnReading, Question, QuestionError, Reading, Verdict
from dl_core.data.safe_export import neutralise
from dl_core.data.splits import Splits
from dl_core.data.table.summary import balance
from dl_core.domain import Domain, ReadRequest
from dl_core.errors import CancelledError, LabelError, OptionError, SchemaError
from dl_core.evaluate.results import Comparison, Evaluation
from dl_core.explain.explanation import Explanation
from dl_core.explain.request import ExplainRequest
from dl_core.files import write_json
from dl_core.kinds import kind_of
from dl_core.models.base import Emit, FitContext, Model, silent
from dl_core.problems.base import Judging
from dl_core.reading.request import Rows
from dl_core.reading.understood import understood
from dl_core.schema import Role
from dl_core.train.opened import fitted_model, kept, open_dataset, open_run
from dl_core.train.run import Run, Said, TrainSpec
from dl_core.train.scoring import ModelSource

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.report.content import ReportContent

__all__ = [  # the verbs, and the nouns that they take and give
    "LEFT_OUT",
    "ColumnReading",
    "Dataset",
    "Finding",
    "Model",
    "ModelSource",
    "Question",
    "QuestionError",
    "Reading",
    "Run",
    "Splits",
    "TrainSpec",
    "Verdict",
    "Work",
    "about_rows",
    "balance",
    "check_bias",
    "check_reading",
    "compare",
    "describe",
    "evaluate",
    "explain",
    "export",
    "group_columns",
    "group_table",
    "ingest",
    "inspect",
    "judging",
    "kept",
    "mend",
    "model_card",
    "new_cases",
    "open_dataset",
    "open_model",
    "open_run",
    "predict",
    "read",
    "read_again",
    "read_known",
    "reading_of",
    "report",
    "report_content",
    "split",
    "train",
    "trainable",
    "write_explanations",
    "write_predictions",
]


@dataclass(frozen=True)
class Work:
    """What surrounds a long verb.

    Parameters
    ----------
    emit, should_stop : callable
        Where events go, and when to stop.
    cache : Path or None
        Where features are kept.
    data : Dataset or None
        New cases that are asked about, rather than the run's own.
    files : Path or None
        Folder into which files of answers are written.
    root : Path or None
        Results name such files by their path below it.
    """

    emit: Emit = silent
    should_stop: Callable[[], bool] = lambda: False
    cache: Path | None = None
    data: Dataset | None = None
    files: Path | None = None
    root: Path | None = None

    def place(self, name: str) -> Path:
        """Return where a file of answers is written.

        Raises
        ------
        OptionError
            If no folder was given.
        """
        if self.files is None:
            raise OptionError("no folder was named for it", where=name, todo="name one, on the command line with --out")
        self.files.mkdir(parents=True, exist_ok=True)
        return self.files / name

    def named(self, path: Path) -> str:
        """Return how a result names a file."""
        return str(path) if self.root is None else path.resolve().relative_to(self.root.resolve()).as_posix()

    def check_stop(self) -> None:
        """Raise `CancelledError` when the work should end."""
        if self.should_stop():
            raise CancelledError("the work was cancelled")

    def progress(self, done: float, text: str) -> None:
        """Report that a fraction 0…1 is finished, and stop here if that is wanted."""
        self.check_stop()
        self.emit({"event": "progress", "done": float(done), "text": text})

    def fitting(self, run: Run) -> FitContext:
        """Return how models of a run are trained again in this work."""
        return FitContext(
            seed=run.spec.seed,
            emit=self.emit,
            should_stop=self.should_stop,
            cache=self.cache,
            options=run.spec.options,
        )


def read(domain: Domain, request: ReadRequest) -> tuple[Reading, Dataset | None]:
    """Return how a user's files are understood, and the data set that this makes; none while a question is open."""
    try:
        dataset = domain.read(request)
    except QuestionError as error:
        return _without_defaults(domain, error.reading), None
    return reading_of(domain, request, dataset), dataset


def reading_of(domain: Domain, request: ReadRequest, dataset: Dataset) -> Reading:
    """Return how the files of a data set were understood, with the options that are not at their default."""
    return _without_defaults(domain, dataset.reading or understood(Reading(domain.kind.name), dataset, request))


def _without_defaults(domain: Domain, reading: Reading) -> Reading:
    """Return the reading without options at their default, and without roles of columns that reading derives."""
    usual = {option.name: option.default for option in domain.options}
    said = {name: value for name, value in reading.options.items() if value != usual.get(name, value)}
    made = {role: names for role, names in reading.roles.items() if role != Role.HISTORY}
    return replace(reading, roles=made, options=said)


def check_reading(domain: Domain, request: ReadRequest, seed: int = 0) -> tuple[Reading, Dataset | None]:
    """Return what `read` returns, with all that `inspect` finds in the data and across the split."""
    try:
        reading, dataset = read(domain, request)
    except LabelError as error:  # what they hold can be told, though nothing can be learned from it
        reading, dataset = read(domain, replace(request, labelled=False))
        return reading.with_findings([Finding("error", "no-labels", error.line())]), dataset
    if dataset is None:
        return reading, None
    try:
        splits = split(domain, dataset, seed, request.options)
    except SchemaError:  # too few rows or classes for one, which a finding says
        splits = None
    told = set(dataset.notes)
    return reading.with_findings(one for one in inspect(domain, dataset, splits) if one not in told), dataset


def ingest(domain: Domain, request: ReadRequest) -> Dataset:
    """Read a user's files into a validated data set.

    Raises
    ------
    QuestionError
        If a question is open, with all that was understood.
    """
    return domain.read(request)


def read_known(
    domain: Domain,
    name: str,
    folder: Path,
    work: Work,
    *,
    roles: Mapping[Role, tuple[str, ...]] | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Reading, Dataset | None]:
    """Download a public data set that the domain knows into ``folder``, unless it is there, and `read` it."""
    from dl_core.data.catalogue import check_rows, fetch

    known = domain.known(name)
    path = fetch(known, folder, lambda done: work.progress(0.6 * done, "Downloading"), work.should_stop)
    request = ReadRequest((path,), roles=roles or {}, options=options or {}, name=known.title)
    reading, dataset = read(domain, request)
    if dataset is not None:
        check_rows(known, len(dataset))
    return reading, dataset


def read_again(
    domain: Domain,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return a data set read anew from its own rows with other roles or options, its given split kept.

    ``folder`` takes files on the way.
    """

    def read(rows: Rows, wanted: Mapping[Role, tuple[str, ...]], asked: Mapping[str, Any]) -> Dataset:
        request = ReadRequest(
            (rows.train,), (rows.test,) if rows.test else (), wanted, domain.parse_options(asked), name=dataset.name
        )
        return ingest(domain, request)

    folder.mkdir(parents=True, exist_ok=True)
    found = kind_of(dataset).must("dl_core.reading", "again").read_again(read, dataset, roles, options, folder)
    fresh = found.reading
    if fresh is None or fresh is dataset.reading:  # the rows alone were given other roles
        fresh = understood(Reading(domain.kind.name), found, ReadRequest((folder,)))
    return replace(found, reading=fresh.after(dataset.reading, {**found.roles, Role.HISTORY: ()}))


def split(domain: Domain, dataset: Dataset, seed: int = 0, options: Mapping[str, Any] | None = None) -> Splits:
    """Decide which rows train, choose and judge, by the protocol that fits the data."""
    return domain.split(dataset, seed, options or {})


def inspect(domain: Domain, dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return all problems at once, leakage across the split included."""
    return domain.inspect(dataset, splits)


def describe(
    domain: Domain,
    dataset: Dataset,
    splits: Splits | None = None,
    options: Mapping[str, Any] | None = None,
    view: str = "overview",
    arguments: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one view of a data set for people, as plain JSON; which there are says its kind of row."""
    summary = kind_of(dataset).must("dl_core.data", "summary")
    if view not in summary.VIEWS:
        raise OptionError(f"there is no view {view!r}", expected=", ".join(summary.VIEWS))
    return summary.describe(view, dataset, splits, domain.schema, options or {}, arguments or {})


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

    work, spec, problem = work or Work(), trainable(domain, dataset, spec), domain.problem
    check_trainable(dataset)
    spec = replace(spec, options=problem.settle_options(spec.options, dataset))
    judged = judging(domain, dataset, spec)
    session = Session(
        offers={name: domain.models[name] for name in spec.models},
        answers=problem.answers(judged),
        emit=work.emit,
        should_stop=work.should_stop,
        cache=work.cache,
        sample_weight=sample_weight,
        judge=lambda said, models: problem.evaluate(said, models, dataset, splits, judged),
        novelty=domain.novelty,
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
        raise SchemaError(blocking[0], where=dataset.name, todo="fix the data, then train again")


def trainable(domain: Domain, dataset: Dataset, spec: TrainSpec) -> TrainSpec:
    """Return the spec with the models that the data allow: without labels only those that need none."""
    if dataset.labelled or not domain.schema.field(Role.LABEL):
        return spec
    free = tuple(name for name, offer in domain.models.items() if offer.unlabelled)
    return replace(spec, models=tuple(name for name in spec.models if name in free) or free)


def judging(domain: Domain, dataset: Dataset | None, spec: TrainSpec) -> Judging:
    """Return how a run of ``spec`` is judged, with what its metrics need besides scores where ``dataset`` is given."""
    return Judging(
        metrics=domain.metrics,
        group_metrics=domain.group_metrics,
        primary_metric=domain.primary_metric,
        options=spec.options,
        about=None if dataset is None else about_rows(domain, dataset, spec.options),
        pick_threshold=domain.pick_threshold,
        seed=spec.seed,
    )


def about_rows(domain: Domain, dataset: Dataset, options: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return what the domain's metrics need besides scores (days, amounts, costs), by row id; None for nothing."""
    return None if domain.about_rows is None else domain.about_rows(dataset, options)


def open_model(domain: Domain, run: ModelSource, name: str | None, *, judged: bool = False) -> tuple[str, Model]:
    """Return the name and the fitted model of that name, or of the best; from memory if it was used lately.

    With ``judged`` it is the one that the test rows judged, where the model went on to learn from them afterwards.
    """
    chosen = run.check_model(name)
    return chosen, fitted_model(run, chosen, domain.models[chosen], judged=judged)


def evaluate(domain: Domain, run: Run, dataset: Dataset | None = None, cache: Path | None = None) -> Evaluation:
    """Return the run's scores on its test rows, or on the labelled rows of another data set."""
    if dataset is None:
        return run.evaluation
    if not dataset.labelled and domain.schema.field(Role.LABEL):
        raise SchemaError("there are no labels", where=dataset.name, todo="name the label column, or use predict")
    problem, judged = domain.problem, judging(domain, dataset, run.spec)
    fitted = {name: run.load_model(name, domain.models[name]) for name in run.trained}
    tables = [problem.score_known(run, name, model, dataset, judged) for name, model in fitted.items()]
    said = problem.gather(pd.concat(tables, ignore_index=True), run)
    return problem.evaluate_elsewhere(said, run, dataset, judged)


def compare(domain: Domain, run: Run, models: Sequence[str] | None = None) -> Comparison:
    """Compare models side by side on the same test rows."""
    chosen = [run.check_model(name) for name in models or run.trained]
    if len(chosen) < 2:
        raise OptionError("one model cannot be compared", expected="two or more of " + ", ".join(run.trained))
    dataset = run.load_dataset()
    return domain.problem.compare(run, chosen, dataset, judging(domain, dataset, run.spec))


def explain(
    domain: Domain,
    source: ModelSource,
    model: str | None,
    data: Dataset,
    *,
    methods: Sequence[str] | None = None,
    target: str | None = None,
    faithfulness: bool = True,
) -> list[Explanation]:
    """Show what a model looked at in each row of ``data``, and how far that picture can be trusted."""
    name = source.check_model(model)
    chosen = list(methods or domain.explainers[:1])
    for method in chosen:
        if method not in domain.explainers:
            raise OptionError(f"there is no method {method!r}", expected=", ".join(domain.explainers) or "none")
    _, fitted = open_model(domain, source, name)
    beside = source.history() if domain.problem.goes_on else source.reference()
    rule = source.models[name].rule
    return domain.explain(ExplainRequest(fitted, name, data, chosen, target, faithfulness, beside, rule))


def write_explanations(explanations: Sequence[Explanation], data: Dataset, folder: Path) -> Path:
    """Write a picture or tables for each explanation, and one table of what was measured, into a folder."""
    from dl_core.explain.files import write_explanations as write

    return write(explanations, data, folder)


def group_columns(domain: Domain, run: Run, dataset: Dataset | None = None) -> list[str]:
    """Return the columns that part the run's rows into groups, not into mere names."""
    from dl_core.bias.groups import is_groupable

    table = group_table(domain, run, dataset)
    return [str(column) for column in table if is_groupable(table[column])]


def check_bias(
    domain: Domain,
    run: Run,
    model: str | None,
    columns: Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    predictions: Said | None = None,
) -> BiasReport:
    """Return every metric by group, for each of ``columns`` (``"sex"``, or ``"sex×age"`` for a pair)."""
    from dl_core.bias.groups import make_groups

    name, dataset = run.check_model(model), run.load_dataset()
    groups = make_groups(group_table(domain, run, dataset), columns)
    judged = judging(domain, dataset, run.spec)
    if metrics:
        judged = replace(judged, group_metrics=tuple(metrics))
    return domain.problem.check_bias(run, name, groups, dataset, judged, predictions)


def group_table(domain: Domain, run: Run, dataset: Dataset | None = None) -> pd.DataFrame:
    """Return the columns by which what a run judges can be grouped, by row id (or user id)."""
    dataset = run.load_dataset() if dataset is None else dataset
    return domain.slices(domain.problem.grouped_rows(dataset, run.splits))


def new_cases(
    domain: Domain,
    source: ModelSource,
    paths: Sequence[Path],
    *,
    roles: Mapping[Role, tuple[str, ...]] | None = None,
    options: Mapping[str, Any] | None = None,
    labelled: bool = False,
    name: str = "New cases",
) -> Dataset:
    """Read new cases as the rows were read from which the models of ``source`` learned."""
    read = {**domain.parse_options({}), **source.read_options(), **(options or {})}
    return ingest(domain, ReadRequest(tuple(paths), roles=roles or {}, options=read, labelled=labelled, name=name))


def predict(
    domain: Domain,
    source: ModelSource,
    model: str | None,
    data: Dataset,
    cache: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Return what one model says of new cases.

    For classes these are `Predictions`' columns, ``uncertain`` and ``unlike_training``; for lists `Rankings`' columns
    and ``basis``; for series `Forecasts`' columns. ``options`` override those of the run (``k``, ``horizon``).
    """
    name = source.check_model(model)
    _, fitted = open_model(domain, source, name)
    features = domain.novelty(data, cache) if domain.novelty is not None and len(data) else None
    spec = TrainSpec((name,), options={**source.read_options(), **(options or {})})
    judged = judging(domain, None, spec)
    return domain.problem.score_new(source, name, fitted, data, features, judged)


def write_predictions(
    domain: Domain, predictions: pd.DataFrame, data: Dataset, path: Path, *, append: bool = False
) -> pd.DataFrame:
    """Write predictions as CSV in the columns of the command line, safe from formulas, and return that table."""
    table = domain.prediction_table(predictions, data)
    neutralise(table).to_csv(path, mode="a" if append else "w", header=not append, index=False)
    return table


def report(domain: Domain, run: Run, out: Path) -> Path:
    """Write the self-contained HTML report of a run: data card, protocol, scores, curves, maps, groups, limits."""
    from dl_core.report.html import write_report

    return write_report(report_content(domain, run), out)


def report_content(domain: Domain, run: Run, examples: int = 6) -> ReportContent:
    """Gather what a report shows; ``examples`` test rows of the best deep model are explained."""
    from dl_core.report.content import ReportContent

    dataset = run.load_dataset()
    columns = group_columns(domain, run)
    problem = domain.problem
    name, rows = problem.pick_examples(run, examples if domain.explainers else 0)
    explained = []
    if name is not None and rows:
        fitted = run.load_model(name, domain.models[name], judged=True)
        cases = problem.cases(run, dataset, rows)
        explained = domain.explain(
            ExplainRequest(
                fitted,
                name,
                cases,
                domain.explainers[:1],
                beside=problem.beside(run, dataset),
                rule=run.models[name].rule,
            )
        )
    return ReportContent(
        run,
        domain.facts(),
        comparison=compare(domain, run) if len(run.trained) > 1 else None,
        bias=check_bias(domain, run, None, columns) if columns else None,
        examples=tuple(problem.as_examples(run, dataset, explained)),
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
