"""What the dashboard asks first of a prepared run, and under which name the answer is kept beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dl_core.domain import Domain
from dl_core.files import read_json
from dl_core.kinds import kind_of
from dl_core.pipeline import Run
from dl_core.probes import Asked, probes, probes_for


def question_name(task: str, args: Mapping[str, Any]) -> str:
    """Return the file name, without ending, of the answer of a verb or probe; run and owner play no part."""
    asked = {key: value for key, value in args.items() if key not in ("run", "owner")}
    if task in probes():  # so that what is said and what is meant by default are one question
        job = as_job(task, asked)[1]
        asked = {**job, "arguments": probes()[task].parse(job["arguments"])}
    digest = hashlib.sha256(json.dumps([task, asked], sort_keys=True).encode()).hexdigest()[:16]
    return f"{task}-{digest}"


def kept_answer(folder: Path, task: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a verb or probe that is kept beside the run in ``folder``, or None.

    What is asked through the job ``probe`` is found as well, unless it is about new cases other than rows of the run.
    """
    if task == "probe":
        cases = {name: value for name, value in args.items() if name not in ("probe", "arguments", "run", "owner")}
        if set(cases) - {"rows"}:
            return None
        task, args = args["probe"], {**args["arguments"], **cases}
    path = Path(folder) / "answers" / f"{question_name(task, args)}.json"
    return read_json(path) if path.is_file() else None


def first_questions(
    domain: Domain, run: Run, answers: Mapping[str, Any], *, slow: bool = True
) -> list[tuple[str, dict[str, Any]]]:
    """Return (verb or probe, arguments) of what the dashboard asks when its tabs are opened for the first time.

    Parameters
    ----------
    answers : mapping
        By verb and probe the answer to its first question, as far as there is one: what else is asked depends on them.
    slow : bool
        Whether probes take part for which models are trained again.
    """
    questions = _of_verbs(domain, run, answers)
    for name, probe in probes_for(domain, run).items():
        if slow or not probe.trains:
            questions += [(name, args) for args in probe.first(Asked(domain, run, answers))]
    return questions


def _of_verbs(domain: Domain, run: Run, answers: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    summary = kind_of(run.dataset).room("dl_core.data", "summary")
    views = [] if summary is None else summary.first_views(answers)
    asked = [("inspect", {}), ("bias", {"model": run.best, "columns": []})]
    return [*(("describe", view) for view in views), *asked]


def as_job(task: str, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the job that answers a verb or probe, and its arguments; rows may stand in for new cases."""
    if task not in probes():
        return task, dict(args)
    cases = {"rows": args["rows"]} if "rows" in args and probes()[task].new_cases else {}
    arguments = {name: value for name, value in args.items() if name not in cases}
    return "probe", {"probe": task, "arguments": arguments, **cases}
