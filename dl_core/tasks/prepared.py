"""What the dashboard asks first of a prepared run, and under which name the answer is kept beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.domain import Domain
from dl_core.evaluate.decide import outcomes
from dl_core.files import read_json
from dl_core.kinds import kind_of
from dl_core.pipeline import Run
from dl_core.probes import Asked, probes, probes_for

QUEUED = 300  # test rows of a table that stand in for a new file
FIRST_CASES = 6  # test rows that stand in for new cases


def question_name(task: str, args: Mapping[str, Any]) -> str:
    """Return the file name, without ending, of the answer of a verb or probe; run and owner play no part."""
    asked = {key: value for key, value in args.items() if key not in ("run", "owner")}
    if task in probes():
        asked = probes()[task].parse(asked)  # so that what is said and what is meant by default are one question
    digest = hashlib.sha256(json.dumps([task, asked], sort_keys=True).encode()).hexdigest()[:16]
    return f"{task}-{digest}"


def kept_answer(folder: Path, task: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a verb or probe that is kept beside the run in ``folder``, or None.

    What is asked through the job ``probe`` is found as well, unless it is about new cases.
    """
    if task == "probe":
        if set(args) - {"probe", "arguments", "run", "owner"}:
            return None
        task, args = args["probe"], args["arguments"]
    path = Path(folder) / "answers" / f"{question_name(task, args)}.json"
    return read_json(path) if path.is_file() else None


def sorted_cases(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return a model's test rows by row id with ``confidence`` and ``right``, the surest first."""
    rows = predictions[(predictions["model"] == model) & (predictions["split"] == "test")].set_index("row")
    rows = outcomes(rows)[["y_true", "y_pred", "confidence", "right"]]
    return rows.sort_values("confidence", ascending=False, kind="stable")


def first_cases(predictions: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Return row ids of `FIRST_CASES` test rows, of each class as many."""
    test = predictions[(predictions["split"] == "test") & (predictions["model"] == predictions["model"].iloc[0])]
    few = test.groupby("y_true", sort=True).head(FIRST_CASES // max(1, len(classes)))
    return few["row"].tolist()


def first_rows(predictions: pd.DataFrame) -> list[str]:
    """Return row ids of the last `QUEUED` test rows of a table, which stand in for a new file."""
    first = predictions["model"].iloc[0]
    return predictions[(predictions["split"] == "test") & (predictions["model"] == first)]["row"].tail(QUEUED).tolist()


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
    questions = [] if summary is None else [("describe", args) for args in summary.first_views(answers)]
    questions.append(("bias", {"model": run.best, "columns": []}))
    if domain.problem.name == "classification":
        questions += _of_classes(domain, run)
    return questions


def _of_classes(domain: Domain, run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return which cases are explained and predicted first."""
    kind, predictions = kind_of(run.dataset), run.predictions.table
    shown = Asked(domain, run).shown
    explained = {"models": [shown], "methods": list(domain.explainers[: kind.first_methods]), "target": None}
    method = domain.explainers[0] if domain.explainers else None
    if kind.pictures is None:
        risk = "score_" + run.dataset["classes"][-1]
        rows = predictions[(predictions["model"] == shown) & (predictions["split"] == "test")]
        riskiest = str(rows.sort_values(risk, ascending=False, kind="stable")["row"].iloc[0])
        return [
            ("cases", {"model": shown, "kind": "all", "search": "", "page": 0}),
            ("explain", {**explained, "rows": [riskiest]}),
            ("predict", {"rows": first_rows(predictions), "model": run.best, "explain": method, "keep": True}),
        ]
    surest = str(sorted_cases(predictions, shown).index[0])
    method = method if run.models[run.best].kind == "deep" else None
    rows = first_cases(predictions, run.dataset["classes"])
    return [
        ("explain", {**explained, "rows": [surest]}),
        ("predict", {"rows": rows, "model": run.best, "explain": method, "keep": True}),
    ]
