"""Exit status 2 and one clear line for a user's mistake, 1 with an id for a fault of ours, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dl_core.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def places(tmp_path_factory, plain_run, tiny_folder, new_images):
    """Paths by the names that the cases below use in braces."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "empty").mkdir()
    (folder / "text.txt").write_text("hello")
    (folder / "damaged.zip").write_bytes(b"PK\x03\x04 this is no zip")
    return {
        "run": plain_run.folder,
        "data": tiny_folder,
        "new": new_images,
        "empty": folder / "empty",
        "text": folder / "text.txt",
        "damaged": folder / "damaged.zip",
        "none": folder / "not there",
        "out": folder / "out",
    }


TRAIN = "train medical_imaging --data {data} --run {out}"
PREDICT = "predict --run {run} --data {new} --out {out}"
MISTAKES = {
    "": "COMMAND",
    "fly": "fly",
    "train astrology --data {data} --run {out}": "astrology",
    "train medical_imaging --data {none} --run {out}": "no such file",
    "train medical_imaging --data {empty} --run {out}": "no image",
    "train medical_imaging --data {damaged} --run {out}": "damaged.zip",
    "train medical_imaging --data {text} --run {out}": "text.txt",
    "train medical_imaging --data {new} --run {out}": "no labels",
    "train medical_imaging --data {data}": "--run",
    "train medical_imaging --data {data} --run {run}": "a run already",
    f"{TRAIN} --models oracle": "oracle",
    f"{TRAIN} --models ,": "no model",
    f"{TRAIN} --option shoe=9": "shoe",
    f"{TRAIN} --option test_share=much": "test_share",
    f"{TRAIN} --option test_share": "NAME=VALUE",
    f"{TRAIN} --role label=nowhere": "nowhere",
    f"{TRAIN} --role boss=label": "boss",
    f"{TRAIN} --seed one": "--seed",
    f"{TRAIN} --test {{none}}": "no such file",
    "predict --run {none} --data {new} --out {out}": "no such run",
    "predict --run {empty} --data {new} --out {out}": "no finished run",
    "predict --run {damaged} --data {new} --out {out}": "damaged.zip",
    "predict --run {run} --data {empty} --out {out}": "no image",
    "predict --run {run} --data {new}": "--out",
    f"{PREDICT} --model oracle": "oracle",
    "evaluate --run {run} --data {new}": "no labels",
    "evaluate --run {empty}": "no finished run",
    "compare --run {run} --models pixels": "ne model cannot",
    "compare --run {run} --models pixels,oracle": "oracle",
    "explain --run {run} --data {new} --out {out} --methods leaves": "leaves",
    "explain --run {run} --data {new} --out {out} --target purple": "purple",
    "bias --run {run} --groups shoe": "shoe",
    "bias --run {run}": "--groups",
    "report --run {empty} --out {out}": "no finished run",
    "export --run {run} --model oracle --out {out}": "oracle",
    "train medical_imaging --data {data} --run {text}": "expected a folder",
    "predict --run {run} --data {new} --out {empty}": "expected a file",
    "explain --run {run} --data {new} --out {text}": "expected a folder",
    "report --run {run} --out {empty}": "expected a file",
    "report --run {run} --out {text}/report.html": "expected a folder",
    "export --run {run} --out {empty}": "expected a file",
}


@pytest.mark.parametrize("line", MISTAKES, ids=lambda line: line[:70] or "nothing")
def test_a_mistake_is_one_clear_line(line, places, capsys):
    arguments = [word.format(**places) for word in line.split()]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert MISTAKES[line] in error.splitlines()[-1]
    assert "Traceback" not in error
    assert not (places["out"] / "run.json").exists()


def test_help_exits_with_zero(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", "--help"])
    assert ended.value.code == 0 and "--time-budget" in capsys.readouterr().out


def test_a_fault_of_ours_exits_with_one_and_an_id(plain_run, monkeypatch, capsys):
    def broken(*args, **options):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("dl_core.pipeline.compare", broken)
    assert main(["compare", "--run", str(plain_run.folder)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("Internal error (fault ")


def test_as_a_program_it_answers_on_the_right_streams():
    done = subprocess.run(
        [sys.executable, "-m", "dl_core", "train", "astrology", "--data", ".", "--run", "x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "astrology" in done.stderr


def test_data_without_any_fraud_is_told_before_it_is_split(tmp_path, capsys):
    lines = [f"2024-01-{1 + i % 28:02d},c{i % 9},{i},0" for i in range(90)]
    (tmp_path / "honest.csv").write_text("time,customer,amount,fraud\n" + "\n".join(lines))
    words = ["train", "fraud_detection", "--data", str(tmp_path / "honest.csv"), "--run", str(tmp_path / "run")]
    assert main(words) == 2
    assert "None of the 90 labelled rows is fraud" in capsys.readouterr().err
