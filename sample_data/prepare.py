"""Rebuild the prepared run that a first visit opens: ``python -m sample_data.prepare medical_imaging``.

Trains the models on the sample into ``prepared_run.zip`` and keeps in ``prepared_answers.zip`` the answers to what
each tab asks first, so that every tab shows real content at once. Takes some minutes; ``--only-answers`` leaves the run
as it is and asks again, and with ``--quick`` besides it keeps the answers for which models are trained again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.cli.progress import Progress
from dl_core.data.dataset import Dataset
from dl_core.domain import Domain, get_domain
from dl_core.engine import Engine, get_engine
from dl_core.files import read_json, write_json
from dl_core.probes import probes
from dl_core.store.shipped import ANSWERS, unpacked
from dl_core.tasks.opening import sample_folder
from dl_core.tasks.prepared import as_job, first_questions, question_name
from dl_core.train.run import JUDGED, Run, TrainSpec
from sample_data import pack

SEED = 0
ANSWERED = ("answers", "report.html", "model_card.md")  # what is made from a run without training


def build(domain: Domain, models: str, home: Path, archive: Path) -> None:
    """Train on the sample into an archive, without a copy of the data."""
    progress = Progress(sys.stderr)
    shutil.copytree(sample_folder(domain, home), home / "dataset")
    dataset = Dataset.load(home / "dataset")
    options = domain.parse_options({})
    splits = pipeline.split(domain, dataset, SEED, options)
    work = pipeline.Work(emit=progress.event, cache=home / "cache")
    spec = TrainSpec(domain.choose_models(models), SEED, None, options)
    pipeline.train(domain, dataset, splits, spec, home / "run", work, dataset_path="../dataset")
    out = home / "kept"
    shutil.copytree(home / "run", out, ignore=shutil.ignore_patterns("cache", "dataset", "unfinished"))
    keep_judged(out)
    run = Run.load(out)
    steps = pack.coarsest_steps(domain, replace(run, dataset={**run.dataset, "path": str(home / "dataset")}))
    about = read_json(out / "run.json")
    write_json(out / "run.json", {**about, "dataset": {**about["dataset"], "path": "dataset"}})
    pack.write_archive(out, archive, steps)


def keep_judged(out: Path) -> None:
    """Where a model went on to learn from the test, keep only the one that was judged."""
    for judged in out.glob(f"models/*/{JUDGED}"):
        kept = judged.parent.with_name(f".{judged.parent.name}")
        judged.rename(kept)
        shutil.rmtree(judged.parent)
        kept.rename(judged.parent)


def answer(domain: Domain, home: Path, archive: Path, quick: bool = False) -> None:
    """Keep report, model card and the answers to what the tabs ask first; ``quick`` leaves alone what trains again."""
    out = unpacked(archive, home)
    run = Run.load(out)
    run = replace(run, dataset={**run.dataset, "path": str(sample_folder(domain, home))})
    pipeline.report(domain, run, out / "report.html")
    pipeline.model_card(domain, run, None, out / "model_card.md")
    slow = [name for name, probe in probes().items() if probe.trains]
    for path in (out / "answers").glob("*.json"):
        if not (quick and path.name.startswith(tuple(slow))):
            path.unlink()
    engine = get_engine(home, kind="inline")
    (out / "answers").mkdir(exist_ok=True)
    asked: set[str] = set()
    answers: dict[str, Any] = {}
    while True:
        questions = first_questions(domain, run, answers, slow=not quick)
        fresh = [one for one in questions if question_name(*one) not in asked]
        if not fresh:
            break
        for task, args in fresh:
            result = ask(engine, domain, task, args)
            asked.add(question_name(task, args))
            answers.setdefault(" ".join([task, *([args["view"]] if "view" in args else [])]), result)
            write_json(out / "answers" / f"{question_name(task, args)}.json", result)
            print(f"{task} answered", file=sys.stderr)
    kept = home / "answered"
    kept.mkdir()
    for name in ANSWERED:
        (out / name).rename(kept / name)
    pack.write_archive(kept, archive.with_name(ANSWERS), {})


def ask(engine: Engine, domain: Domain, task: str, args: Mapping[str, Any]) -> Any:
    """Return the answer of a verb or probe."""
    verb, asked = as_job(task, args)
    on = {"run": {"prepared": domain.name}, "owner": "prepared"}
    job = engine.submit(f"dl_core.tasks:{verb}", {**on, **asked}, owner="prepared")
    if job.state != "done":
        sys.exit(f"{task}: {(job.error or {}).get('line', 'failed')}")
    return job.result


def main() -> None:
    """Build the run of the domain that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("domain")
    parser.add_argument("--models", default="all")
    parser.add_argument("--only-answers", action="store_true", help="keep the run, ask again")
    parser.add_argument("--quick", action="store_true", help="keep the answers for which models are trained again")
    args = parser.parse_args()
    domain = get_domain(args.domain)
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        home = Path(folder)
        if not args.only_answers:
            build(domain, args.models, home, domain.sample.prepared_run)
        answer(domain, home, domain.sample.prepared_run, args.quick)


if __name__ == "__main__":
    main()
