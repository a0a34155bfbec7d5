"""The recipes of CONTRIBUTING.md, installed as one package of somebody else's, do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.feather
import pytest

from dl_core.train.run import Run

ROOT = Path(__file__).parents[2]
RECIPES = re.findall(
    r"`(my_daylight/\w+\.py)`\n\n```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S
)
POINTS = re.findall(r"```toml\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Write the package as the recipes show it, with its entry points."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "my_daylight").mkdir()
    for name, text in RECIPES:
        (folder / name).write_text(text, encoding="utf-8")
    about = folder / "my_daylight-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-daylight\nVersion: 1.0\n")
    groups = tomllib.loads(POINTS[0])["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "\n".join(f"{key} = {value}" for key, value in ours.items()) for group, ours in groups.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def payments(tmp_path_factory):
    """Write 400 payments of which the large ones of the north are fraud, as a Feather file."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("payments") / "payments.feather"
    amount, region = rng.gamma(2, 40, 400).round(2), rng.choice(["north", "south"], 400)
    fraud = (amount > np.where(region == "north", 100, 140)) ^ (rng.random(400) < 0.03)
    table = pd.DataFrame(
        {"amount": amount, "region": region, "hour": rng.integers(0, 24, 400), "fraud": fraud.astype(int)}
    )
    pyarrow.feather.write_feather(table, path)
    return path


@pytest.fixture(scope="module")
def command(site, tmp_path_factory):
    """Return a function that runs the command line with the package installed."""
    found = {
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
        "DAYLIGHT_HOME": str(tmp_path_factory.mktemp("home")),
    }

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "dl_core", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, **found},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


@pytest.fixture(scope="module")
def run(command, payments, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    roles = ["--role", "label=fraud", "--role", "amount=amount", "--role", "group=region"]
    command("train", "fraud_detection", "--data", payments, *roles, "--models", "by_amount,logistic", "--run", folder)
    return folder


def test_every_recipe_is_there():
    assert [name.removesuffix(".py").rpartition("/")[2] for name, _ in RECIPES] == [
        "model",
        "metric",
        "explainer",
        "reader",
        "remedy",
        "probe",
    ]


def test_the_reader_the_model_and_the_metric_join_their_domain(command, run):
    """The file could be read at all, and the error rate is the share of test rows with a wrong class."""
    metrics = pd.DataFrame(json.loads(command("evaluate", "--run", run, "--json"))["metrics"])
    values = metrics[metrics["model"] == "by_amount"].set_index("metric")["value"]
    assert values["auroc"] > 0.75
    said = Run.load(run).predictions.of("by_amount")
    assert 0 < values["share_wrong"] == pytest.approx((said["y_true"] != said["y_pred"]).mean())


def test_the_explainer_blames_the_only_column_that_the_model_reads(command, run, payments, tmp_path):
    words = ("--run", run, "--model", "by_amount", "--method", "swap_one", "--data", payments, "--out", tmp_path)
    command("explain", *words)
    found = pd.read_csv(tmp_path / "explanations.csv")
    assert set(found["method"]) == {"swap_one"} and len(found) == 400
    assert found["amount"].abs().max() > 0.1 and found["hour"].abs().max() == 0


def test_the_remedy_and_the_probe_are_asked_by_name(command, run):
    asked = ("--run", run, "--option", "column=region", "--option", "method=one_for_all", "--option", "model=by_amount")
    found = json.loads(command("probe", "mitigation", *asked, "--json"))
    assert found["before"] and found["after"]
    shares = json.loads(command("probe", "prevalence", "--run", run, "--option", "part=test", "--json"))
    assert sum(shares["shares"].values()) == pytest.approx(1.0)
    assert "prevalence" in command("probe", "--run", run)
