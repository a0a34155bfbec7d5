"""What every probe promises: it says what it is, answers in plain JSON, and alike through the job and the command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import domain as registry
from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.domain import ReadRequest, Sample, get_domain
from dl_core.engine.inline import InlineEngine
from dl_core.errors import OptionError
from dl_core.kinds import kinds
from dl_core.probes import Argument, Asked, Names, Probe, get_probe, probes, probes_for
from dl_core.probes.base import PANELS
from dl_core.train.run import Run, TrainSpec
from tests.contracts.toy_domain import TOY, wines
from tests.forecast_runs import shared_run

RUNS = ("medical_imaging", "wine", "fraud_detection", "recommendation", "forecasting")
PLACES = ("csv", "file", "seconds")  # of an answer: where its file lies, and how long it took
ASKED: dict[str, dict[str, Any]] = {  # of probes that the dashboard does not ask first, or that would take long
    "mitigation": {"column": "sex", "method": "thresholds"},
    "corrupted_images": {"corruption": "noise", "models": ["pixels"]},
    "what_if_plan": {"changes": {"promo": {"add": 1.0}}},
    "learning_curve": {"seeds": 1},
    "cold_start": {"models": ["popularity"]},
    "unusual_points": {},
}
NEEDED = {"row": "row", "rows": "rows", "item": "item", "user": "user", "series": "series"}
WHERE = {"learning_curve": "wine", "ageing": "fraud_detection", "drift": "fraud_detection", "queue": "wine"}


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, plain_run: Run, fraud_run: Run, lists_run: Run
) -> Iterator[dict[str, Run]]:
    """Return a small run of each kind of row by domain, each in the place of the domain's prepared one."""
    registry.register(TOY)
    folder = tmp_path_factory.mktemp("probes")
    wines().to_csv(folder / "wines.csv", index=False)
    cellar = pipeline.ingest(TOY, ReadRequest((folder / "wines.csv",), name="Cellar"))
    splits = pipeline.split(TOY, cellar, 0, TOY.parse_options({}))
    wine = pipeline.train(TOY, cellar, splits, TrainSpec(("majority", "centres")), folder / "wine")
    found = dict(zip(RUNS, (plain_run, wine, fraud_run, lists_run, shared_run(tmp_path_factory)), strict=True))
    known = registry.domains()
    for name, run in found.items():
        registry.register(replace(known[name], sample=Sample(run.folder, name, run.folder)))
    yield found
    registry._DOMAINS.clear()
    registry._DOMAINS.update({name: one for name, one in known.items() if name != TOY.name})


def chosen(probe: Probe, runs: Mapping[str, Run]) -> str:
    """Return the first domain whose small run allows a probe."""
    if probe.name in WHERE:
        return WHERE[probe.name]
    return next(name for name, run in runs.items() if probe.allows(get_domain(name), run))


def arguments_of(probe: Probe, name: str, runs: Mapping[str, Run], answers: dict[str, Any]) -> dict[str, Any]:
    """Return arguments that fit the small run: as the dashboard asks first, else by hand."""
    if probe.name in ASKED:
        return ASKED[probe.name]
    domain, run = get_domain(name), runs[name]
    for other in ("users", "user_rankings", "judged_series", "items", "reranking"):
        if other != probe.name and other not in answers and get_probe(other).allows(domain, run):
            for first in get_probe(other).first(Asked(domain, run, answers))[:1]:  # none while it waits for another's
                answers[other] = get_probe(other).ask(domain, run, pipeline.Work(), first)
    asked = probe.first(Asked(domain, run, answers))
    found = {
        key: value for key, value in (asked[-1] if asked else {}).items() if not (probe.new_cases and key == "rows")
    }
    known = {"row": run.splits.test[0], "item": next(iter(answers.get("items", {}).get("items", [{}]))).get("item")}
    return {**{one.name: known[one.name] for one in probe.arguments if one.required and one.name in known}, **found}


def as_words(arguments: Mapping[str, Any]) -> list[str]:
    """Return arguments as the command line takes them."""
    words = []
    for name, value in arguments.items():
        if value not in (None, "", [], {}):
            words += ["--option", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return words


def without_places(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in PLACES}


@pytest.mark.parametrize("name", sorted(probes()))
def test_a_probe_describes_itself_completely(name):
    probe = get_probe(name)
    assert probe.name == name and probe.title and probe.purpose.endswith(".") and probe.panel in PANELS
    assert set(probe.problems) <= {"classification", "ranking", "forecasting"} and set(probe.kinds) <= set(kinds())
    folder = Path(sys.modules[probe.verb.__module__].__file__).parent.name
    assert probe.kinds in ((), (folder,))  # what is for one kind lies in its folder
    names = [one.name for one in probe.arguments]
    assert len(names) == len(set(names)) and all(one.help for one in probe.arguments)
    assert json.loads(json.dumps(probe.describe()))["options"] == probe.describe()["options"]
    needed = {one.name: (one.choices or ("x",))[0] for one in probe.arguments if one.required}
    assert probe.parse(needed) == {one.name: one.default for one in probe.arguments} | {
        one.name: one.parse(needed[one.name]) for one in probe.arguments if one.required
    }
    with pytest.raises(OptionError, match="shoe"):
        probe.parse({**needed, "shoe": 1})
    for missing in needed:
        with pytest.raises(OptionError, match=missing):
            probe.parse({key: value for key, value in needed.items() if key != missing})


@pytest.mark.parametrize("name", sorted(probes()))
def test_job_and_command_give_the_same_plain_answer(name, runs, tmp_path, capsys):
    probe = get_probe(name)
    where = chosen(probe, runs)
    arguments = arguments_of(probe, where, runs, {})
    task = {"owner": "me", "run": {"prepared": where}, "probe": name, "arguments": arguments}
    job = InlineEngine(tmp_path / "home").submit("dl_core.tasks:probe", task, owner="me")
    assert job.state == "done", job.error
    json.dumps(job.result, allow_nan=False)
    words = ["probe", name, "--run", str(runs[where].folder), "--json", "--out", str(tmp_path / "out")]
    assert main([*words, *as_words(arguments)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert without_places(printed) == without_places(json.loads(json.dumps(job.result)))
    for key in set(printed) & {"csv", "file"}:  # where each says, there the file lies
        assert (tmp_path / "home" / job.result[key]).is_file() and Path(printed[key]).is_file()
    assert (
        main(["probe", name, "--run", str(runs[where].folder), "--out", str(tmp_path / "o"), *as_words(arguments)]) == 0
    )
    assert capsys.readouterr().out.count("\n") >= 1


@pytest.mark.parametrize("where", RUNS)
def test_the_command_lists_what_a_run_allows_and_refuses_the_rest(where, runs, capsys):
    folder, domain = str(runs[where].folder), get_domain(where)
    assert main(["probe", "--run", folder, "--json"]) == 0
    listed = [one["name"] for one in json.loads(capsys.readouterr().out)["probes"]]
    assert listed == list(probes_for(domain, runs[where])) and listed
    assert main(["probe", "--run", folder]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name}\t{get_probe(name).purpose}" in shown for name in listed)
    for name in sorted(set(probes()) - set(listed)):
        why = get_probe(name).allows(domain, runs[where]).why
        assert why and main(["probe", name, "--run", folder]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert name in line and why in line


def test_mistakes_are_one_clear_line(runs, capsys, tmp_path):
    images, table = str(runs["medical_imaging"].folder), str(runs["wine"].folder)
    for words, said in (
        (["astrology", "--run", images], "astrology"),
        (["cases", "--run", images, "--option", "shoe=9"], "shoe"),
        (["cases", "--run", images, "--option", "kind=odd"], "odd"),
        (["cases", "--run", images, "--option", "page=first"], "page"),
        (["cases", "--run", images, "--model", "oracle"], "oracle"),
        (["cases", "--run", images, "--data", images], "new cases"),
        (["corrupted_images", "--run", images], "option corruption: it is missing"),
        (["what_if_row", "--run", table, "--option", "row=b001", "--option", "changes={"], "changes"),
        (["queue", "--run", table], "no folder"),
        (["queue", "--run", table, "--data", str(tmp_path / "none"), "--out", str(tmp_path)], "no such file"),
        (["cases", "--run", str(tmp_path)], "no finished run"),
    ):
        assert main(["probe", *words]) == 2, words
        lines = capsys.readouterr().err.splitlines()
        assert said in lines[-1] and "Traceback" not in "".join(lines), (words, lines)


def test_the_model_option_fills_the_argument_that_a_probe_has(runs, capsys):
    folder = str(runs["wine"].folder)
    assert main(["probe", "cases", "--run", folder, "--model", "majority", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == len(runs["wine"].splits.test)
    row = runs["wine"].splits.test[0]
    words = ["probe", "explain_rows", "--run", folder, "--model", "centres", "--option", f"rows={row}", "--json"]
    assert main(words) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert [one["model"] for one in case["maps"]] == ["centres"]


def test_names_are_a_list_or_a_text():
    assert Names("a, b,,") == ["a", "b"] and Names('["a, b"]') == ["a, b"] and Names(["x", 1]) == ["x", "1"]
    assert Argument("models", Names, None, "names").parse(None) is None


def test_describing_probes_loads_neither_keras_nor_scikit_learn():
    code = (
        "import sys\nfrom dl_core.probes import probes\nassert probes()\n"
        "print([name for name in ('keras', 'tensorflow', 'sklearn', 'streamlit') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"
