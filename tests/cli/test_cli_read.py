"""`read` shows how files are understood, asks what is open, and what it prints can be handed back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from dl_core.__main__ import main
from tests.asking import asking_for_the_label

COLUMNS = ("level", "class label")


@pytest.fixture
def asking(monkeypatch):
    """Let the reader of transactions ask for the label whenever nobody named it."""
    asking_for_the_label(monkeypatch, *COLUMNS)


@pytest.fixture
def two(tmp_path) -> Path:
    """Return a table with two columns that could be the label."""
    lines = [f"2024-01-{1 + i % 28:02d},c{i % 9},{i},{i % 5},{int(i % 4 == 0)}" for i in range(90)]
    (tmp_path / "two.csv").write_text("time,customer,amount,level,class label\n" + "\n".join(lines))
    return tmp_path / "two.csv"


def _read(capsys, *words: str) -> tuple[int, dict]:
    status = main(["read", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_an_open_question_is_printed_with_all_that_is_known_and_the_status_is_two(asking, two, capsys):
    status, said = _read(capsys, "fraud_detection", "--data", str(two))
    assert status == 2 and said["domain"] == "fraud_detection" and said["kind"] == "table" and said["rows"] == 0
    assert said["questions"][0]["about"] == "target" and said["questions"][0]["choices"] == list(COLUMNS)
    assert {one["name"] for one in said["columns"] if one["verdict"] == "open"} == set(COLUMNS)
    assert said["files"][0]["part"] == "table"


def test_an_answered_question_is_closed_and_the_status_is_zero(asking, two, capsys):
    status, said = _read(capsys, "fraud_detection", "--data", str(two), "--role", "label=class label")
    assert status == 0 and said["questions"] == [] and said["rows"] == 90
    assert said["target"]["column"] == "class label" and sorted(said["target"]["values"].values()) == [23, 67]
    assert said["roles"]["label"] == ["class label"] and "history" not in said["roles"]


def test_the_text_has_the_question_first_its_answers_as_words_of_the_command_and_hides_what_is_locked(
    asking, two, capsys
):
    assert main(["read", "fraud_detection", "--data", str(two)]) == 2
    lines = capsys.readouterr().out.splitlines()
    asked = next(at for at, line in enumerate(lines) if "Which column is the target?" in line)
    assert "--role label=level" in lines[asked + 1] and "--role 'label=class label'" in lines[asked + 2]
    assert asked < lines.index("Files") < lines.index("Columns")
    assert any("ssn" in line and "(hidden)" in line and "national id" in line for line in lines)


def test_training_stops_at_an_open_question_with_one_line_that_names_the_answers(asking, two, tmp_path, capsys):
    words = ["train", "fraud_detection", "--data", str(two), "--run", str(tmp_path / "run")]
    assert main(words) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert "Which column is the target?" in line and "--role label=level" in line
    assert not (tmp_path / "run" / "run.json").exists()


def test_what_was_printed_can_be_handed_back_and_gives_the_same_reading(asking, two, tmp_path, capsys):
    words = ["fraud_detection", "--data", str(two)]
    _, first = _read(capsys, *words, "--role", "label=class label", "--option", "review_cost=7")
    assert first["options"]["review_cost"] == 7
    (tmp_path / "reading.json").write_text(json.dumps(first))
    status, again = _read(capsys, *words, "--reading", str(tmp_path / "reading.json"))
    assert status == 0 and again["roles"] == first["roles"] and again["options"] == first["options"]
    assert again["target"] == first["target"]


def test_what_is_said_explicitly_wins_over_the_file(asking, two, tmp_path, capsys):
    (tmp_path / "reading.json").write_text(json.dumps({"kind": "table", "roles": {"label": ["level"]}}))
    words = ["fraud_detection", "--data", str(two), "--reading", str(tmp_path / "reading.json")]
    _, said = _read(capsys, *words, "--role", "label=class label", "--role", "amount=none")
    assert said["target"]["column"] == "class label" and "amount" not in said["roles"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "it is no reading"),
        ("[1, 2]", "it is no reading"),
        ('{"rows": 3}', "it is no reading"),
        ('{"kind": "table", "roles": {"boss": ["a"]}}', "it is no reading"),
        ('{"kind": "images", "domain": "medical_imaging"}', "it is a reading of medical_imaging"),
        ('{"kind": "table", "options": {"shoe": 9}}', "shoe"),
    ],
)
def test_a_file_that_is_no_reading_is_one_clear_line(two, tmp_path, capsys, content, words):
    (tmp_path / "reading.json").write_text(content)
    arguments = ["read", "fraud_detection", "--data", str(two), "--reading", str(tmp_path / "reading.json"), "--json"]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err and len(printed.err.splitlines()) == 1 and printed.out == ""


def test_where_nothing_can_be_read_there_is_one_line_and_no_object(tmp_path, capsys):
    (tmp_path / "empty.csv").write_text("")
    assert main(["read", "fraud_detection", "--data", str(tmp_path / "empty.csv"), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1 and "empty.csv" in printed.err


def test_data_may_be_named_more_than_once(tmp_path, capsys):
    for part, months in (("early", (1, 2)), ("late", (3, 4))):
        lines = [
            f"2024-{month:02d}-{1 + i % 28:02d},c{i % 9},{i},{int(i % 4 == 0)}" for month in months for i in range(60)
        ]
        (tmp_path / f"{part}.csv").write_text("time,customer,amount,fraud\n" + "\n".join(lines))
    both = ["--data", str(tmp_path / "early.csv"), "--data", str(tmp_path / "late.csv")]
    status, said = _read(capsys, "fraud_detection", *both)
    assert status == 0 and said["rows"] == 240


def test_predict_says_what_deviates_in_new_rows(fraud_run, tmp_path, capsys):
    new = pd.DataFrame({"time": ["2024-05-02"] * 3, "customer": list("abc"), "amount": [10, 20, "much"]})
    new["terminal"] = ["t0", "t1", "t2"]
    new.to_csv(tmp_path / "new.csv", index=False)
    words = ["predict", "--run", str(fraud_run), "--data", str(tmp_path / "new.csv"), "--out", str(tmp_path / "o.csv")]
    assert main(words) == 0
    error = capsys.readouterr().err
    assert "warning: Column 'amount': 1 values are no numbers (row 3)" in error
    assert "info: History continues from" in error and "transactions are out of distribution" in error


@pytest.fixture
def fraud_run(tmp_path, capsys) -> Path:
    """Return a run of a baseline on transactions with a column that later files may lack."""
    days = [f"2024-{month:02d}-{day:02d}" for month in (1, 2, 3, 4) for day in range(1, 29)]
    lines = [f"{day},c{i % 9},{i},t{i % 3},{int(i % 4 == 0)}" for i, day in enumerate(days * 3)]
    (tmp_path / "train.csv").write_text("time,customer,amount,terminal,fraud\n" + "\n".join(lines))
    words = ["train", "fraud_detection", "--data", str(tmp_path / "train.csv"), "--models", "rules"]
    assert main([*words, "--run", str(tmp_path / "run")]) == 0
    assert "  target: fraud (0: 252, 1: 84; positive: 1)" in capsys.readouterr().err.splitlines()
    return tmp_path / "run"
