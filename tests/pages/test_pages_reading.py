"""The card "How your files were read" in all four kinds: certain, assumed, a question open, failed, changed, closed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core.data.reading import Choice, ColumnReading, Question, QuestionError, Reading, Verdict
from dl_core.schema import Role
from dl_core.store import get_store
from tests.pages.test_pages_router import said
from tests.ratings import draw_ratings
from tests.series import toy_frame
from tests.transactions import draw_transactions
from ui.panels import findings
from ui.panels.reading import _on_button
from ui.panels.reading_columns import first_values, with_role
from ui.shell.owner import owner_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("workspace")


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


TABLES: dict[str, tuple[Callable[[], pd.DataFrame], str, str, str]] = {  # rows, a role and its column, the headline
    "fraud_detection": (lambda: draw_transactions(400), "label", "fraud", "400 transactions"),
    "recommendation": (lambda: draw_ratings(40, 20, 8), "value", "rating", "interactions"),
    "forecasting": (lambda: toy_frame(n=3, length=60), "value", "sales", "180 steps"),
}
KINDS = (*TABLES, "medical_imaging")


@pytest.fixture
def brought(request: pytest.FixtureRequest) -> Callable[[str], tuple[str, bytes, str, str, str]]:
    """Return a function that gives a domain's file: name, content, a role and its column, what the headline says."""

    def give(domain: str) -> tuple[str, bytes, str, str, str]:
        if domain == "medical_imaging":
            content = request.getfixturevalue("tiny_zip").read_bytes()
            return "scans.zip", content, "label", "label", "60 images"
        make, role, column, headline = TABLES[domain]
        return "mine.csv", _csv(make()), role, column, headline

    return give


def read_by(monkeypatch: pytest.MonkeyPatch, domain: str, change: Callable[..., Any]) -> None:
    """Have files of a domain read by ``change(read, request)``."""
    known = registry.get_domain(domain)
    wrapped = dataclasses.replace(known, read=lambda request: change(known.read, request))
    monkeypatch.setitem(registry._DOMAINS, domain, wrapped)


def asking(monkeypatch: pytest.MonkeyPatch, domain: str, role: str, column: str) -> None:
    """Have the reader ask which column has a role until it is named."""

    def read(plain: Callable[..., Any], request: Any) -> Any:
        if Role(role) in request.wished or not request.labelled:
            return plain(request)
        choices = (Choice(f"it is {column}", {role: (column,)}), Choice("there is none", {role: ()}))
        columns = (
            ColumnReading("f", column, "left out", "number", "fits", Verdict.OPEN, examples=("1", "2")),
            ColumnReading("f", "passport", "left out", "text", "looks like a national id", locked=True),
        )
        question = Question("target", f"Which column is the {role}?", choices)
        raise QuestionError(Reading(registry.get_domain(domain).kind.name, columns=columns, questions=(question,)))

    read_by(monkeypatch, domain, read)


def uploaded(domain: str, name: str, content: bytes) -> AppTest:
    """Return the Data tab after an upload."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).run()
    test.session_state["tab"] = "Data"
    test = test.switch_page(f"pages/{domain}.py").run()
    test.button(key="source_upload").click().run()
    test.file_uploader(key="upload_files").upload(name, content).run()
    test.button(key="upload_read").click().run()
    return settled(test)


def settled(test: AppTest) -> AppTest:
    """Return the page after one more run; jobs are answered at once here."""
    test.run()
    assert not test.exception
    assert "Internal error" not in said(test)
    return test


def keys(test: AppTest) -> set[str]:
    return {str(one.key) for one in test.button}


def data_of(test: AppTest) -> list[Any]:
    return get_store().datasets(owner_of(test.session_state["_owner_token"]))


@pytest.mark.parametrize("domain", KINDS)
def test_what_is_certain_is_one_line_and_a_button_and_the_files_are_deleted_with_it(
    domain: str, brought: Any, workspace: Path
) -> None:
    name, content, *_, headline = brought(domain)
    test = uploaded(domain, name, content)
    assert "How your files were read" in [one.value for one in test.subheader] and headline in said(test)
    assert "Assumed" not in said(test) and "Data quality findings" in [one.value for one in test.subheader]
    owner = owner_of(test.session_state["_owner_token"])
    (kept,) = (workspace / "uploads").iterdir()
    assert kept.name.startswith(owner[:16])
    test.button(key="reading_continue").click().run()
    assert not list((workspace / "uploads").iterdir())
    assert "How your files were read" not in [one.value for one in settled(test).subheader]
    assert "How your files were read" in [one.label for one in test.expander] and len(data_of(test)) == 1


@pytest.mark.parametrize("domain", KINDS)
def test_what_was_assumed_stands_in_a_line_above_files_and_columns(
    domain: str, brought: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content, role, column, _ = brought(domain)

    def read(plain: Callable[..., Any], request: Any) -> Any:
        dataset = plain(request)
        kind = registry.get_domain(domain).kind.name
        columns = (ColumnReading(name, column, role, "number", "named so", examples=("1", "2")),)
        roles = {str(known): names for known, names in dataset.roles.items()}
        reading = Reading(kind, rows=len(dataset), columns=columns, assumed=("Nulls mean missing.",), roles=roles)
        return dataclasses.replace(dataset, reading=reading)

    read_by(monkeypatch, domain, read)
    test = uploaded(domain, name, content)
    words = said(test)
    assert "Assumed: Nulls mean missing." in words and f"**{column}**" in words and "named so" in words
    assert test.selectbox(key=f"{domain}_role_{name}_{column}").value == role
    assert "reading_continue" in keys(test)


@pytest.mark.parametrize("domain", KINDS)
def test_an_open_question_has_buttons_and_its_answer_reads_the_same_upload(
    domain: str, brought: Any, monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    name, content, role, column, headline = brought(domain)
    asking(monkeypatch, domain, role, column)
    test = uploaded(domain, name, content)
    words = said(test)
    assert f"Which column is the {role}?" in words and "one question is open" in words
    assert "passport" in words and "looks like a national id" in words and "(hidden)" in words
    assert "reading_continue" not in keys(test) and data_of(test) == []
    assert "Data quality findings" not in [one.value for one in test.subheader]
    assert test.button(key="reading_answer_0_0").label == f"it is {column}"
    test.button(key="reading_answer_0_0").click().run()
    words = said(settled(test))
    assert headline in words and "Which column" not in words and len(data_of(test)) == 1
    assert "reading_continue" in keys(test) and list((workspace / "uploads").iterdir())
    test.button(key="reading_forget").click().run()
    assert f"Which column is the {role}?" in said(settled(test))


@pytest.mark.parametrize("domain", KINDS)
def test_what_failed_says_why_keeps_the_files_and_can_be_answered(
    domain: str, brought: Any, monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    from dl_core.errors import SchemaError

    name, content, role, column, headline = brought(domain)

    def read(plain: Callable[..., Any], request: Any) -> Any:
        if Role(role) not in request.wished:
            raise SchemaError("no column fits", where=name, expected=f"a {role}", todo=f"name the {role}")
        return plain(request)

    read_by(monkeypatch, domain, read)
    test = uploaded(domain, name, content)
    words = said(test)
    assert f"{name}: no column fits; expected a {role}. Name the {role}." in words and "Nothing is lost" in words
    assert list((workspace / "uploads").iterdir())
    test.text_input(key=f"reading_name_{role}").set_value(column)
    next(one for one in test.button if one.label == "Read again" and "names" in str(one.form_id)).click().run()
    assert headline in said(settled(test)) and "reading_continue" in keys(test)


def test_a_changed_role_reads_the_upload_again_and_replaces_what_came_of_it() -> None:
    test = uploaded("fraud_detection", "mine.csv", _csv(draw_transactions(400)))
    before = data_of(test)
    test.session_state["reading_certain"] = True
    box = settled(test).selectbox(key="fraud_detection_role_mine.csv_region")
    assert "left out" in box.options
    box.set_value("left out").run()
    settled(test)
    (record,) = data_of(test)
    assert record.id != before[0].id and not any("region" in names for names in record.summary["roles"].values())
    assert test.selectbox(key="fraud_detection_role_mine.csv_region").value == "left out"
    test.selectbox(key="fraud_detection_role_mine.csv_region").set_value("feature").run()
    (record,) = data_of(settled(test))
    assert "region" in record.summary["roles"]["feature"]
    assert {"amount"} & set(record.summary["roles"].get("amount", ())) and record.summary["roles"]["label"] == ["fraud"]


def test_an_answer_that_cannot_be_read_leaves_the_reading_before_it() -> None:
    test = uploaded("fraud_detection", "mine.csv", _csv(draw_transactions(400)))
    test.session_state["reading_certain"] = True
    settled(test).selectbox(key="fraud_detection_role_mine.csv_category").set_value("amount").run()
    words = said(settled(test))
    assert "Nothing is lost" in words and "category" in words and len(data_of(test)) == 1
    assert test.button(key="reading_continue").disabled
    test.button(key="dismiss_ingest").click().run()
    assert "Nothing is lost" not in said(settled(test)) and not test.button(key="reading_continue").disabled


def test_a_reload_finds_the_card_and_another_upload_takes_its_place(workspace: Path) -> None:
    test = uploaded("fraud_detection", "mine.csv", _csv(draw_transactions(400)))
    (first,) = (workspace / "uploads").iterdir()
    del test.session_state["_bench_fraud_detection"]
    assert "reading_continue" in keys(settled(test))
    test.button(key="source_upload").click().run()
    test.file_uploader(key="upload_files").upload("other.csv", _csv(draw_transactions(500))).run()
    test.button(key="upload_read").click().run()
    assert "500 transactions" in said(settled(test))
    (second,) = (workspace / "uploads").iterdir()
    assert second != first


def test_training_closes_the_card(workspace: Path) -> None:
    test = uploaded("fraud_detection", "mine.csv", _csv(draw_transactions(600)))
    test.session_state["tab"] = "Train"
    settled(test)
    for box in test.checkbox:
        if "_model_" in str(box.key):
            box.set_value(str(box.key).endswith("_rules"))
    settled(test).button(key="start_training").click().run()
    assert not list((workspace / "uploads").iterdir())
    assert "Done in" in said(settled(test))


def test_many_columns_are_folded() -> None:
    frame = draw_transactions(300)
    wide = pd.concat([frame, pd.DataFrame({f"x{at}": frame["amount"] * (at + 2) % 7 for at in range(60)})], axis=1)
    test = uploaded("fraud_detection", "wide.csv", _csv(wide))
    test.session_state["reading_certain"] = True
    drawn = [one for one in settled(test).selectbox if "_role_" in str(one.key)]
    assert 0 < len(drawn) < 16
    test.session_state["fraud_detection_fold_feature"] = True
    assert len([one for one in settled(test).selectbox if "_role_" in str(one.key)]) == len(drawn) + 20


FIELDS = {str(one.role): one for one in registry.get_domain("fraud_detection").schema.fields}
READING = Reading(
    "table",
    columns=tuple(
        ColumnReading("t", name, role, "number", "")
        for name, role in (("y", "label"), ("a", "feature"), ("b", "feature"), ("g", "left out"), ("n", "amount"))
    ),
    roles={"label": ("y",), "feature": ("a", "b"), "amount": ("n",)},
)


@pytest.mark.parametrize(
    ("name", "role", "changed"),
    [
        ("g", "feature", {"feature": ["a", "b", "g"]}),
        ("a", "left out", {"feature": ["b"]}),
        ("y", "left out", {"label": [], "feature": ["a", "b"]}),
        ("a", "label", {"label": ["a"], "feature": ["b"]}),  # y, the label before, is left out and no feature
        ("g", "label", {"label": ["g"], "feature": ["a", "b"]}),
        ("g", "group", {"group": ["g"]}),
        ("n", "feature", {"amount": [], "feature": ["a", "b", "n"]}),
    ],
)
def test_the_roles_that_change_name_all_their_columns(name: str, role: str, changed: dict[str, list[str]]) -> None:
    column = READING.column(name)
    assert column is not None and with_role(READING, column, role, FIELDS) == changed


def test_first_values_fit_on_a_line_and_secrets_are_hidden() -> None:
    shown = ColumnReading("t", "x", "feature", "text", "", examples=("a" * 20, "b" * 10, "c" * 20))
    assert first_values(shown) == "a" * 20 + ", " + "b" * 10
    assert first_values(dataclasses.replace(shown, examples=("z" * 60,))) == "z" * 60
    assert first_values(dataclasses.replace(shown, locked=True)) == "(hidden)"
    days = dataclasses.replace(shown, type="time", examples=("2024-01-01 00:00:00", "2024-01-02 00:00:00"))
    assert first_values(days) == "2024-01-01, 2024-01-02"


@pytest.mark.parametrize(
    ("text", "label", "more"),
    [
        ("Effusion: yes or no (32 of 48)", "Effusion: yes or no (32 of 48)", ""),
        ("weighed: view 1, addtocart 3, transaction 5", "weighed: view 1, addtocart 3", "transaction 5"),
        ("those with is_click = 1 (1,204 of 80,000 rows)", "those with is_click = 1", "(1,204 of 80,000 rows)"),
        ("a" * 60, "a" * 60, ""),
    ],
)
def test_a_long_answer_stands_in_part_beside_its_button(text: str, label: str, more: str) -> None:
    assert _on_button(text) == (label, more)


def test_findings_come_worst_first_and_those_of_a_kind_together() -> None:
    found = [
        {"level": "info", "kind": "a", "message": "1"},
        {"level": "warning", "kind": "b", "message": "2"},
        {"level": "info", "kind": "c", "message": "3"},
        {"level": "error", "kind": "d", "message": "4"},
        {"level": "info", "kind": "a", "message": "5"},
    ]
    together = [[one["message"] for one in alike] for alike in findings.grouped(found)]
    assert together == [["4"], ["2"], ["1", "5"], ["3"]]
