"""What the tabs ask first of a prepared run, and under which name the answer is kept beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.decide import outcomes
from dl_core.files import read_json
from dl_core.tasks.series.prepared import after_series, is_series, series_questions

MOST_DISAGREEMENTS = 12  # rows of a table on which two models disagree
QUEUED = 300  # test rows of a table that stand in for a new file
FIRST_CASES = 6  # test rows that stand in for new cases
FIRST_ROUNDS = 5  # of the simulated feedback loop
FIRST_METHODS = {True: 2, False: 3}  # of the domain's explainers, shown at first for tables and for images


def question_name(task: str, args: Mapping[str, Any]) -> str:
    """Return the file name, without ending, of the answer to a question; run and owner play no part."""
    asked = {key: value for key, value in args.items() if key not in ("run", "owner")}
    digest = hashlib.sha256(json.dumps([task, asked], sort_keys=True).encode()).hexdigest()[:16]
    return f"{task}-{digest}"


def kept_answer(folder: Path, task: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer that is kept beside the run in ``folder``, or None."""
    path = Path(folder) / "answers" / f"{question_name(task, args)}.json"
    return read_json(path) if path.is_file() else None


def first_methods(explainers: Sequence[str], table: bool) -> list[str]:
    """Return the methods that the Explain tab shows at first."""
    return list(explainers[: FIRST_METHODS[table]])


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


def first_questions(domain: Domain, run: Mapping[str, Any], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return (task, args) of what the Explain, Bias and Predict tabs ask when they are opened for the first time."""
    table = not run["dataset"]["roles"].get("image")
    if is_series(run):
        return series_questions(domain, run)
    if run["dataset"]["roles"].get("item") and table:
        return _of_lists(domain, run, folder)
    model = best_model(run["models"])
    shown = best_model(run["models"], "deep") or model
    predictions = pd.read_parquet(folder / "predictions.parquet")
    if table:
        return _of_table(domain, run, folder, predictions)
    row = str(sorted_cases(predictions, shown).index[0])
    methods = first_methods(domain.explainers, table)
    explain = {"models": [shown], "methods": methods, "rows": [row], "target": None}
    method = domain.explainers[0] if run["models"][model]["kind"] == "deep" else None
    rows = first_cases(predictions, run["dataset"]["classes"])
    predict = {"rows": rows, "model": model, "explain": method, "keep": True}
    return [("explain", explain), ("bias", {"model": model, "columns": []}), ("predict", predict)]


def _of_table(
    domain: Domain, run: Mapping[str, Any], folder: Path, predictions: pd.DataFrame
) -> list[tuple[str, dict[str, Any]]]:
    """Return what the tabs ask first of a run on a table."""
    model = best_model(run["models"])
    shown = best_model(run["models"], "deep") or model
    risk = "score_" + run["dataset"]["classes"][-1]
    rows = predictions[(predictions["model"] == shown) & (predictions["split"] == "test")]
    riskiest = str(rows.sort_values(risk, ascending=False, kind="stable")["row"].iloc[0])
    methods = first_methods(domain.explainers, True)
    method = domain.explainers[0] if domain.explainers else None
    cases = {"kind": "all", "search": "", "page": 0}
    questions: list[tuple[str, dict[str, Any]]] = [
        ("overview", {}),
        ("cases", {"model": shown, **cases}),
        ("explain", {"models": [shown], "methods": methods, "rows": [riskiest], "target": None}),
        ("bias", {"model": model, "columns": []}),
        ("predict", {"rows": first_rows(predictions), "model": model, "explain": method, "keep": True}),
    ]
    if domain.ages:
        questions.append(("ageing", {"metric": domain.primary_metric, "update": False}))
    if domain.inputs is not None:
        questions.append(("drift", {}))
    return questions


def first_list_methods(explainers: Sequence[str], kind: str) -> list[str]:
    """Return the methods by which a list is explained at first: gradients for a network, exact parts for a baseline."""
    wanted = ("integrated_gradients", "leave_one_out") if kind == "deep" else ("exact", "leave_one_out")
    return [name for name in wanted if name in explainers]


def _of_lists(domain: Domain, run: Mapping[str, Any], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return what the tabs ask first of a run of recommenders; what follows from the answers says `next_questions`."""
    models = {name: about for name, about in run["models"].items() if about["state"] == "done"}
    model = best_model(models)
    pair = list(default_pair(models)) if len(models) > 1 else list(models)
    questions: list[tuple[str, dict[str, Any]]] = [
        ("list_overview", {}),
        ("find_users", first_users(models)),
        ("find_items", {"search": ""}),
        ("recommend", {"items": [], "models": pair}),
        ("bias", {"model": model, "columns": []}),
        ("exposure", {"model": model, "by": "popularity"}),
        ("rerank", {"model": model, "aim": "exposure"}),
        ("feedback", {"model": model, "rounds": FIRST_ROUNDS}),
    ]
    if len(models) > 1:
        questions += _apart(folder, pair)
    return questions


def slow_questions(domain: Domain, run: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (task, args) of what a run is asked on demand and what trains models again."""
    if is_series(run):
        return [("learning_curve", {})]
    if not run["dataset"]["roles"].get("item"):
        return []
    models = [name for name, about in run["models"].items() if about["state"] == "done"]
    return [("cold_start", {"models": models})] + ([("learning_curve", {})] if domain.learning_curve else [])


def _apart(folder: Path, pair: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the question after the first user to whom two models recommend different things."""
    path = folder / "comparison.json"
    found = read_json(path)["disagreements"] if path.is_file() else []
    users = [str(row["row"]) for row in found if {row["a"], row["b"]} == set(pair)]
    return [("user_lists", {"user": users[0], "models": list(pair)})] if users else []


def first_users(models: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question after the users that are listed first."""
    shown = best_model(models, "deep") or best_model(models)
    return {"model": shown, "kind": "hits", "search": "", "page": 0}


def next_questions(
    domain: Domain, run: Mapping[str, Any], task: str, args: Mapping[str, Any], result: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Return (task, args) of what the tabs ask next, once they know the answer to a first question."""
    if is_series(run):
        return after_series(domain, run, task, args, result)
    models = {name: about for name, about in run["models"].items() if about["state"] == "done"}
    pair = list(default_pair(models)) if len(models) > 1 else list(models)
    if task == "find_users" and result["users"]:
        user, shown = result["users"][0]["user"], args["model"]
        lists = {"user": user, "models": [shown]}
        return [("user_lists", lists), ("recommend", {"user": user, "models": pair})]
    if task == "find_items" and result["items"]:
        return [("recommend", {"items": [result["items"][0]["item"]], "models": pair})]
    if task == "rerank":
        return [("rerank_example", {**args, "trade_off": result["suggested"]})]
    if task == "user_lists" and len(args["models"]) == 1 and result["lists"][0]["items"]:
        (shown,) = args["models"]
        items = result["lists"][0]["items"]
        methods = first_list_methods(domain.explainers, models[shown]["kind"])
        item = items[first_item(items)]["item"]
        return [("explain_list", {"models": [shown], "methods": methods, "user": result["user"], "item": item})]
    return []


def first_item(items: Sequence[Mapping[str, Any]]) -> int:
    """Return which item of a list is explained at first: the first hit, else the first place."""
    return next((at for at, item in enumerate(items) if item["hit"]), 0)


def default_pair(models: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two models that the Compare tab puts side by side at first: best deep one, best baseline."""
    names = list(models)
    first = best_model(models, "deep") or names[0]
    second = best_model(models, "baseline")
    return first, second if second and second != first else next(name for name in names if name != first)


def _disagreements(run: Mapping[str, Any], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the question after the rows on which the first two models disagree."""
    path = folder / "comparison.json"
    if not path.is_file():
        return []
    models = {name: about for name, about in run["models"].items() if about["state"] == "done"}
    pair = default_pair(models)
    found = [row for row in read_json(path)["disagreements"] if {row["a"], row["b"]} == set(pair)]
    rows = [str(row["row"]) for row in found[:MOST_DISAGREEMENTS]]
    return [("cases", {"model": pair[0], "rows": rows})] if rows else []
