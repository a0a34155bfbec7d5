"""Rebuild the prepared run that a first visit opens: ``python -m sample_data.prepare medical_imaging``.

Trains the models on the sample, and keeps beside the run the answers to what each tab asks first, so that every
tab shows real content at once. Takes some minutes.
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

import numpy as np
import pandas as pd

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.cli.progress import Progress
from dl_core.data.dataset import Dataset
from dl_core.domain import Domain, get_domain
from dl_core.engine import Engine, get_engine
from dl_core.evaluate.series.forecasts import QUANTILES, is_forecast
from dl_core.files import read_json, write_json
from dl_core.probes import probes
from dl_core.tasks.opening import sample_folder
from dl_core.tasks.prepared import as_job, first_questions, question_name
from dl_core.train.run import JUDGED, Run, TrainSpec

SEED = 0
DIGITS = 4  # of quantiles
LARGE = 2_000_000  # bytes of a model's file beyond which its matrices are kept in half precision


def build(domain: Domain, models: str, home: Path, out: Path) -> None:
    """Train on the sample into ``out``, without a copy of the data."""
    progress = Progress(sys.stderr)
    shutil.copytree(sample_folder(domain, home), home / "dataset")
    dataset = Dataset.load(home / "dataset")
    options = domain.parse_options({})
    splits = pipeline.split(domain, dataset, SEED, options)
    work = pipeline.Work(emit=progress.event, cache=home / "cache")
    spec = TrainSpec(domain.choose_models(models), SEED, None, options)
    pipeline.train(domain, dataset, splits, spec, home / "run", work, dataset_path="../dataset")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(home / "run", out, ignore=shutil.ignore_patterns("cache", "dataset", "unfinished"))
    shrink(out)
    about = read_json(out / "run.json")
    write_json(out / "run.json", {**about, "dataset": {**about["dataset"], "path": "dataset"}})


def shrink(out: Path) -> None:
    """Make a run small enough for a repository.

    Large arrays are kept in half precision, and quantiles of forecasts with `DIGITS` digits: scores move by less than a
    thousandth. Where a model went on to learn from the test, only the one that was judged is kept.
    """
    for judged in out.glob(f"models/*/{JUDGED}"):
        kept = judged.parent.with_name(f".{judged.parent.name}")
        judged.rename(kept)
        shutil.rmtree(judged.parent)
        kept.rename(judged.parent)
    table = pd.read_parquet(out / "predictions.parquet")
    if is_forecast(table):
        rounded = {name: rounded_to(table[name].to_numpy(dtype=float), DIGITS) for name in QUANTILES}
        table.assign(**rounded).to_parquet(out / "predictions.parquet", index=False, compression="zstd")
    for path in out.glob("models/**/*.npz"):
        if path.stat().st_size <= LARGE:
            continue
        with np.load(path, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        for name, array in kept.items():
            if array.dtype == np.float32 and array.ndim > 1:
                kept[name] = array.astype(np.float16)
        np.savez_compressed(path, **kept)


def rounded_to(values: np.ndarray, digits: int) -> np.ndarray:
    """Return numbers with so many significant digits, float32."""
    size = 10.0 ** (digits - 1 - np.floor(np.log10(np.maximum(np.abs(values), 1e-12))))
    return (np.round(values * size) / size).astype(np.float32)


def answer(domain: Domain, home: Path, out: Path, quick: bool = False) -> None:
    """Keep report, model card and the answers to what the tabs ask first; ``quick`` leaves alone what trains again."""
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
            return
        for task, args in fresh:
            result = ask(engine, domain, task, args)
            asked.add(question_name(task, args))
            answers.setdefault(" ".join([task, *([args["view"]] if "view" in args else [])]), result)
            write_json(out / "answers" / f"{question_name(task, args)}.json", result)
            print(f"{task} answered", file=sys.stderr)


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
