"""A package of somebody else's adds a domain and a kind of row: every verb, command and tab, without an edit of ours.

It is installed as a stranger's would be: its folder and its entry points on the path of processes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
GOOD, BAD = ("lovely", "great", "kind"), ("awful", "rude", "slow")
TABS = ("Data", "Train", "Compare", "Explain", "Bias", "Predict", "Report")


DRIVE = """
import json, sys
from streamlit.testing.v1 import AppTest

PAGE = 'import dl_core.domains; from dl_core.domain import get_domain; from ui.panels.domain_page import show; '
KINDS = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
app = AppTest.from_file("app.py", default_timeout=60).run()
home = " ".join(str(one.value) for kind in KINDS for one in getattr(app, kind))
found = {"Home": {"exceptions": [one.message for one in app.exception], "text": home}}
for tab in sys.argv[1:]:
    test = AppTest.from_string(PAGE + 'show(get_domain("reviews"))', default_timeout=60)
    test.session_state["tab"], test.session_state["_routed"] = tab, True
    test.run()
    test.run()  # answers of workers are drawn by a second run
    text = " ".join(str(one.value) for kind in KINDS for one in getattr(test, kind))
    tables = " ".join(one.value.to_csv() for one in test.dataframe)
    faults = [one.message for one in test.exception] + [one.value for one in test.error]
    found[tab] = {"exceptions": faults, "text": text + tables}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Copy the package beside a workspace of its own and return both."""
    site, home = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("home")
    shutil.copytree(Path(__file__).parent / "plugin", site, dirs_exist_ok=True)
    found = {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "DAYLIGHT_HOME": str(home), "SITE": str(site)}
    return {**os.environ, **found, "DAYLIGHT_ENGINE": "inline"}


@pytest.fixture(scope="module")
def reviews(installed):
    """Write two hundred reviews in which three words tell the mood, one in ten told wrong."""
    rng, path = np.random.default_rng(0), Path(installed["SITE"]) / "toy_reviews" / "sample" / "reviews.csv"
    path.parent.mkdir()
    moods = ["happy" if i % 2 else "unhappy" for i in range(200)]
    texts = [f"staff {rng.choice(GOOD if mood == 'happy' else BAD)} today visit {rng.integers(9)}" for mood in moods]
    told = [("happy" if mood == "unhappy" else "unhappy") if i % 10 == 0 else mood for i, mood in enumerate(moods)]
    shops = rng.choice(["North", "South"], 200)
    pd.DataFrame({"review": texts, "mood": told, "shop": shops}).to_csv(path, index=False)
    return path


def python(environment, *words):
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def run(installed, reviews):
    """Train on them, into the folder where the domain's prepared run is looked for."""
    folder = reviews.parent / "prepared_run"
    python(installed, "-m", "dl_core", "train", "reviews", "--data", str(reviews), "--run", str(folder))
    return folder


def test_the_command_line_has_every_verb_and_probe(installed, reviews, run, tmp_path):
    def command(*words):
        return python(installed, "-m", "dl_core", *map(str, words))

    assert "reviews\tReviews" in command("domains")
    found = json.loads(command("evaluate", "--run", run, "--json"))
    assert found["metrics"] and command("compare", "--run", run)
    assert "shop" in command("bias", "--run", run, "--groups", "shop")
    command("predict", "--run", run, "--data", reviews, "--out", tmp_path / "p.csv")
    assert list(pd.read_csv(tmp_path / "p.csv")) == ["row", "mood"]
    command("explain", "--run", run, "--model", "naive_bayes", "--data", reviews, "--out", tmp_path / "maps")
    words = pd.read_csv(tmp_path / "maps" / "explanations.csv")
    happy = words[words["target"] == "happy"]
    assert len(words) == 200 and happy["lovely"].mean() > 0.5 and words["staff"].abs().max() < 0.5
    command("report", "--run", run, "--out", tmp_path / "r.html")
    assert "Irony is lost on it." in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert json.loads(command("probe", "--run", run, "--json"))
    command("export", "--run", run, "--out", tmp_path / "b.zip")
    command("predict", "--run", tmp_path / "b.zip", "--data", reviews, "--out", tmp_path / "again.csv")
    assert (tmp_path / "p.csv").read_text() == (tmp_path / "again.csv").read_text()


def test_every_tab_speaks_of_texts(installed, run):
    said = json.loads(python(installed, "-c", DRIVE, *TABS).splitlines()[-1])
    assert set(said) == {"Home", *TABS} and "Reviews" in said["Home"]["text"]
    for tab, words in said.items():
        assert words["exceptions"] == [], (tab, words["exceptions"])
        assert tab == "Home" or not {"flagged", "risk"} & set(words["text"].lower().split()), tab
    assert "> staff " in said["Data"]["text"]
    assert "Naive Bayes" in said["Compare"]["text"]
    assert "for happy:" in said["Explain"]["text"] or "for unhappy:" in said["Explain"]["text"]
