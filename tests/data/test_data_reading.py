"""The noun `Reading`: plain JSON both ways, findings worst first, and a question that stops what reads."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.reading import Choice, ColumnReading, FileReading, Question, QuestionError, Reading, Verdict
from dl_core.errors import SchemaError
from dl_core.reading.request import ReadRequest
from dl_core.reading.understood import understood
from dl_core.schema import Role

LEVEL = Question(
    "target",
    "Which column is the target? `level` and `class label` both fit.",
    (Choice("level", {"label": ("level",)}), Choice("class label", {"label": ("class label",)}, {"size": 28})),
)


@pytest.fixture
def data():
    table = pd.DataFrame({"level": ["b", "a", "a"], "who": ["x", "y", "y"]}, index=["0", "1", "2"])
    return Dataset(
        "d",
        table,
        {Role.LABEL: ("level",), Role.UNIT: ("who",)},
        Source("d"),
        classes=("a", "b"),
        fixed_split=pd.Series(["train", "train", "test"], index=table.index),
        notes=(Finding("info", "x", "Said.", ("0", "1")), Finding("warning", "y", "Beware.")),
    )


def test_a_data_set_tells_rows_target_unit_split_and_findings(data):
    found = understood(
        Reading("table"), data, ReadRequest((), options={"delay_days": 3.0, "like": {"roles": {}}}), positive="b"
    )
    said = found.as_dict()
    assert (said["rows"], said["kind"]) == (3, "table")
    assert said["target"] == {"column": "level", "values": {"a": 2, "b": 1}, "positive": "b", "unlabelled": 0}
    assert list(said["target"]["values"]) == ["a", "b"]  # the order of the classes
    assert said["unit"] == {"name": "who", "units": 2}
    assert said["split"] == {"given": True, "counts": {"training": 2, "validation": 0, "test": 1}}
    assert [(one["level"], one["count"]) for one in said["findings"]] == [("warning", 1), ("info", 2)]
    assert said["roles"] == {"label": ["level"], "unit": ["who"]}
    assert said["options"] == {"delay_days": 3.0}  # what new cases are read like is no answer of the user


def test_equal_findings_are_folded_into_one():
    note = Finding("warning", "header", "Cut short.", ("a",))
    found = Reading("images").with_findings([note, replace(note, rows=("b", "c")), Finding("error", "z", "No.")])
    assert found.findings == (
        {"level": "error", "text": "No.", "count": 1},
        {"level": "warning", "text": "Cut short.", "count": 3},
    )


def test_a_reading_survives_json_and_stays_with_the_saved_data(data, tmp_path):
    column = ColumnReading(
        "a.csv", "level", "label", "number", "few values", Verdict.ASSUMED, "", ("group",), ("2", "0")
    )
    told = Reading(
        "table", files=(FileReading("a.csv", "table", "the only one", 3),), columns=(column,),
        about={"series": {"count": 2}}, questions=(LEVEL,), assumed=("Level is the target.",),
    )  # fmt: skip
    found = understood(told, data, ReadRequest(()))
    assert Reading.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    replace(data, reading=found).save(tmp_path / "saved")
    assert Dataset.load(tmp_path / "saved").reading == found
    assert data.subset(["1"]).reading is None
    assert "reading" not in data.describe()


def test_what_is_no_reading_is_refused():
    with pytest.raises(SchemaError, match="no reading"):
        Reading.from_dict({"rows": 3})


def test_a_question_names_every_answer_as_the_command_line_takes_it():
    error = QuestionError(Reading("table", questions=(LEVEL,)), where="labels.csv")
    assert error.reading.open
    assert error.line().startswith("labels.csv: Which column is the target?")
    assert "class label (--role 'label=class label' --option size=28)" in error.line()
