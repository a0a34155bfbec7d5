"""The commands: each turns words into verbs of `pipeline`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.cli import parser
from dl_core.cli.progress import Progress
from dl_core.cli.reading import check_there, notes_of, read, request_of, said_in_short
from dl_core.cli.tables import print_answer, print_json, print_probes, print_table
from dl_core.domain import Domain, domains, get_domain
from dl_core.errors import OptionError, RunError, SchemaError, counted
from dl_core.files import storage_errors
from dl_core.pipeline import Dataset, ModelSource, Run, TrainSpec
from dl_core.probes import get_probe, probes_for


def build_parser() -> parser.Parser:
    """Return the parser with every command of this file."""
    return parser.build(
        {
            "domains": list_domains,
            "read": read,
            "train": train,
            "predict": predict,
            "evaluate": evaluate,
            "compare": compare,
            "explain": explain,
            "bias": bias,
            "probe": probe,
            "report": report,
            "export": export,
        }
    )


def list_domains(args: argparse.Namespace) -> None:
    """Print a line for each domain."""
    for domain in domains().values():
        print(f"{domain.name}\t{domain.title}: {domain.purpose}")


def train(args: argparse.Namespace) -> None:
    """Read, split and train; print the leaderboard."""
    domain = get_domain(args.domain)
    request = request_of(domain, args)
    options = dict(request.options)
    spec = TrainSpec(domain.choose_models(args.models, options), args.seed, args.time_budget, options)
    _check_place(args.run, folder=True)
    if (args.run / "run.json").exists():
        raise RunError("there is a run already", where=str(args.run), todo="name another folder with --run")
    progress = Progress(sys.stderr)
    progress.say(f"Reading {', '.join(path.name for path in args.data)} …")
    dataset = pipeline.ingest(domain, request)
    for line in said_in_short(domain, request, dataset):
        progress.say(line)
    pipeline.check_trainable(dataset)  # before a split fails for the same reason in other words
    splits = pipeline.split(domain, dataset, args.seed, options)
    for finding in pipeline.inspect(domain, dataset, splits):
        progress.say(f"{finding.level}: {finding.message}")
    progress.say(f"{counted(len(dataset), 'row')}; split: {splits.protocol}")
    with storage_errors(str(args.run)):
        args.run.mkdir(parents=True, exist_ok=True)
        work = pipeline.Work(emit=progress.event, cache=args.run / "cache")
        started = time.perf_counter()
        run = pipeline.train(domain, dataset, splits, spec, args.run, work)
    progress.say(f"Trained in {time.perf_counter() - started:.0f} s; best on validation: {run.best}.")
    _print_leaderboard(domain, run)


def predict(args: argparse.Namespace) -> None:
    """Write the predictions of new cases as CSV."""
    _check_place(args.out)
    with _source(args.run) as source:
        domain = get_domain(source.domain)
        data = _new_cases(domain, args, source)
        options = {name: domain.parse_options(dict(args.option))[name] for name in dict(args.option)}
        predictions = pipeline.predict(domain, source, args.model, data, options=options)
        notes = notes_of(domain, data, predictions)
    with storage_errors(args.out.name):
        args.out.parent.mkdir(parents=True, exist_ok=True)
        table = pipeline.write_predictions(domain, predictions, data, args.out)
    print("\n".join([*notes, f"{counted(len(table), 'row')} written to {args.out.name}"]), file=sys.stderr)


def evaluate(args: argparse.Namespace) -> None:
    """Print metrics with intervals and n."""
    run = pipeline.open_run(_unpacked(args.run))
    domain = get_domain(run.domain)
    dataset = None
    if args.data:
        dataset = pipeline.ingest(domain, request_of(domain, args, run=run))
    evaluation = pipeline.evaluate(domain, run, dataset)
    if args.json:
        print_json(evaluation.as_dict())
        return
    print(f"Protocol: {evaluation.protocol}")
    print_table(evaluation.metrics, sys.stdout)


def compare(args: argparse.Namespace) -> None:
    """Print the verdict and the paired differences."""
    run = pipeline.open_run(_unpacked(args.run))
    chosen = [name.strip() for name in args.models.split(",") if name.strip()]
    comparison = pipeline.compare(get_domain(run.domain), run, chosen or None)
    if args.json:
        print_json(comparison.as_dict())
        return
    print(comparison.sentence)
    print_table(comparison.pairs, sys.stdout)
    print_table(comparison.costs, sys.stdout)


def explain(args: argparse.Namespace) -> None:
    """Write an overlay a case and method, and a table of faithfulness."""
    _check_place(args.out, folder=True)
    with _source(args.run) as source:
        domain = get_domain(source.domain)
        data = _new_cases(domain, args, source)
        methods = [name.strip() for name in args.methods.split(",") if name.strip()]
        explanations = pipeline.explain(domain, source, args.model, data, methods=methods or None, target=args.target)
    with storage_errors(args.out.name):
        pipeline.write_explanations(explanations, data, args.out)
    print(f"{counted(len(explanations), 'explanation')} written to {args.out.name}", file=sys.stderr)


def bias(args: argparse.Namespace) -> None:
    """Print every metric by group."""
    run = pipeline.open_run(_unpacked(args.run))
    columns = [name.strip() for name in args.groups.split(",") if name.strip()]
    columns += [f"{a}×{b}" for i, a in enumerate(columns) for b in columns[i + 1 :]]
    found = pipeline.check_bias(get_domain(run.domain), run, args.model, columns)
    if args.json:
        print_json(found.as_dict())
        return
    print(f"Model: {found.model}")
    for table in (found.overall, found.groups, found.disparities):
        print_table(table, sys.stdout)
    print("\n".join(found.warnings))


def probe(args: argparse.Namespace) -> None:
    """Ask a probe and print its answer, or list the probes that the run allows."""
    run = pipeline.open_run(_unpacked(args.run))
    domain = get_domain(run.domain)
    if args.name is None:
        offered = [one.describe() for one in probes_for(domain, run).values()]
        if args.json:
            print_json({"probes": offered})
        else:
            print_probes(offered, sys.stdout)
        return
    asked, given = get_probe(args.name), dict(args.option)
    if args.model is not None:
        names = {one.name for one in asked.arguments}
        given["models" if "models" in names and "model" not in names else "model"] = args.model
    work = pipeline.Work(emit=Progress(sys.stderr).event, cache=run.folder / "cache", files=args.out)
    if args.data is not None:
        if not asked.new_cases:
            raise OptionError("it reads no new cases", where=f"probe {asked.name}", todo="leave --data out")
        check_there(args.data)
        work = replace(work, data=pipeline.new_cases(domain, run, args.data, name=args.data[0].stem))
    found = asked.ask(domain, run, work, given)
    if args.json:
        print_json(found)
    else:
        print_answer(found, sys.stdout)


def report(args: argparse.Namespace) -> None:
    """Write the HTML report."""
    _check_place(args.out)
    run = pipeline.open_run(_unpacked(args.run))
    with storage_errors(args.out.name):
        pipeline.report(get_domain(run.domain), run, args.out)
    print(f"Report written to {args.out.name}", file=sys.stderr)


def export(args: argparse.Namespace) -> None:
    """Write a bundle."""
    _check_place(args.out)
    run = pipeline.open_run(_unpacked(args.run))
    with storage_errors(args.out.name):
        pipeline.export(get_domain(run.domain), run, args.model, args.out)
    print(f"Bundle written to {args.out.name}", file=sys.stderr)


def _check_place(path: Path, folder: bool = False) -> None:
    """Raise, before the work begins, if ``path`` cannot become a file, or a folder."""
    if path.exists() and path.is_dir() != folder:
        found, expected = ("a file", "a folder") if folder else ("a folder", "a file")
        raise OptionError(f"it is {found}", where=str(path), expected=expected)
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir():
        raise OptionError("it is a file", where=str(above), expected="a folder")


def _unpacked(path: Path) -> Path:
    """Return the folder of a run that ships as an archive; any other path as it is."""
    from dl_core.engine import home_folder
    from dl_core.store.shipped import unpacked

    return unpacked(Path(path), home_folder())


@contextmanager
def _source(path: Path) -> Iterator[ModelSource]:
    """Yield the run in a folder or in an archive that ships, or the bundle in a zip."""
    place = _unpacked(path)
    if place.is_dir():
        yield pipeline.open_run(place)
        return
    if not path.exists():
        raise RunError("there is no such run or bundle", where=str(path), todo="train first, or name another path")
    from dl_core.store.bundle import open_bundle

    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        yield open_bundle(path, Path(folder))


def _new_cases(domain: Domain, args: argparse.Namespace, source: ModelSource) -> Dataset:
    """Read the cases to predict as the run's training data were read."""
    data = pipeline.ingest(domain, request_of(domain, args, run=source, labelled=False))
    if not len(data):
        raise SchemaError("there is nothing to predict", where=args.data[0].name)
    return data


def _print_leaderboard(domain: Domain, run: Run) -> None:
    metrics = run.evaluation.metrics
    print(f"Test rows: {run.splits.counts()['test']}; protocol: {run.splits.protocol}")
    print_table(metrics[metrics["metric"].isin([domain.primary_metric, "accuracy"])], sys.stdout)
