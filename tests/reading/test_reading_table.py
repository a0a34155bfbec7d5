"""Every layout of transactions is read right or asked about; answers are taken; order and spelling change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dl_core.data.dataset import Dataset
from dl_core.data.reading import QuestionError, Reading
from dl_core.data.table.split import split_transactions
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.read import read_transactions
from dl_core.reading.tables.times import parse_times
from dl_core.schema import Role
from tests.reading.layouts_table import FRAME, LAYOUTS, Layout, cards


@pytest.fixture(scope="module", autouse=True)
def workspace(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYLIGHT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def _read(folder: Path, roles: Any = None, options: Any = None) -> tuple[Reading, Dataset | None]:
    request = ReadRequest(
        (folder,), roles={Role(key): names for key, names in (roles or {}).items()}, options=options or {}
    )
    try:
        dataset = read_transactions(request)
    except QuestionError as error:
        return error.reading, None
    assert dataset.reading is not None
    return dataset.reading, dataset


def _written(layout: Layout, folder: Path) -> Path:
    folder.mkdir()
    layout.write(folder)
    return folder


def _holds(said: Any, expected: Any) -> bool:
    """Return whether what is expected stands in what is said, whatever else does."""
    if isinstance(expected, dict):
        return all(_holds(said.get(key), value) for key, value in expected.items())
    return said == expected


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layouts(layout: Layout, tmp_path: Path) -> None:
    folder = _written(layout, tmp_path / "in")
    reading, dataset = _read(folder, layout.roles, layout.options)
    said = json.loads(json.dumps(reading.as_dict()))
    assert [question["about"] for question in said["questions"]] == ([layout.asked] if layout.asked else [])
    assert _holds(said, layout.expected), {key: said.get(key) for key in layout.expected}
    columns = {column["name"]: column for column in said["columns"]}
    assert {name for name, column in columns.items() if column["locked"]} == set(layout.locked)
    assert all(columns[name]["role"] == "left out" and columns[name]["why"] for name in layout.left)
    assert not any(columns[name]["examples"] for name in layout.locked)
    assert all(column["why"] for column in columns.values())
    if dataset is None:
        for answer in said["questions"][0]["answers"]:
            again, found = _read(folder, {**layout.roles, **answer["roles"]}, {**layout.options, **answer["options"]})
            assert found is not None and not again.questions
        return
    if layout.features is not None:
        assert set(dataset.roles.get(Role.FEATURE, ())) == set(layout.features)
    if layout.times:
        time = dataset.require(Role.TIME)
        assert (str(time.min()), str(time.max())) == layout.times
    again, same = _read(folder, reading.roles, reading.options)
    assert same is not None and same.fingerprint == dataset.fingerprint and again.roles == reading.roles


_PAID = np.where(FRAME["is_fraud"] == 1, "Default", np.resize(["Fully Paid", "Current", "In Grace Period"], len(FRAME)))


@pytest.mark.parametrize(
    ("frame", "header"),
    [
        (FRAME.drop(columns="is_fraud").assign(loan_status=_PAID), True),
        (FRAME[["amount", "channel"]].assign(last=FRAME["is_fraud"] + 1), False),
    ],
    ids=["a status of many words", "the last column of a table without a header"],
)
def test_what_may_be_the_outcome_is_asked_and_then_which_of_it_is_fraud(
    frame: pd.DataFrame, header: bool, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "rows.csv", index=False, header=header)
    (target,) = _read(tmp_path)[0].questions
    assert target.about == "target" and len(target.choices) == 2
    roles = dict(target.choices[0].roles)
    (positive,) = _read(tmp_path, roles)[0].questions
    assert positive.about == "positive"
    counts = []
    for choice in positive.choices:
        reading, dataset = _read(tmp_path, roles, choice.options)
        assert dataset is not None and not reading.questions
        counts.append(int((dataset.require(Role.LABEL) == "fraud").sum()))
    assert int(FRAME["is_fraud"].sum()) in counts


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.permutations(["timestamp", "account_id", "amount", "channel", "is_fraud", "memo"]),
    seed=st.integers(0, 9),
    spelled=st.sampled_from([str, str.upper, str.title, lambda name: name.replace("_", " ")]),
    sep=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_order_spelling_and_writing_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, columns: list[str], seed: int, spelled: Any, sep: str, encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("in")
    frame = FRAME.assign(memo=cards(FRAME))[columns].sample(frac=1, random_state=seed).rename(columns=spelled)
    frame.to_csv(folder / "rows.csv", index=False, sep=sep, encoding=encoding)
    reading, dataset = _read(folder)
    assert dataset is not None
    said = {role: [name.casefold().replace(" ", "_") for name in names] for role, names in reading.roles.items()}
    assert said == {
        "label": ["is_fraud"],
        "time": ["timestamp"],
        "amount": ["amount"],
        "entity": ["account_id"],
        "feature": ["channel"],
    }
    assert [column.name.casefold() for column in reading.columns if column.locked] == ["memo"]


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(range(6)),
    seed=st.integers(0, 9),
    written=st.sampled_from(
        [
            {"sep": ";", "decimal": ",", "encoding": "cp1252"},
            {"sep": "\t", "decimal": ",", "encoding": "utf-16"},
            {"sep": ",", "decimal": "."},
            {"sep": "|", "decimal": ".", "encoding": "utf-8-sig"},
        ]
    ),
    dates=st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y %I:%M:%S %p", "%d %b %Y %H:%M:%S"]),
)
def test_what_content_decides_needs_no_names(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], seed: int, written: Any, dates: str
) -> None:
    folder = tmp_path_factory.mktemp("in")
    frame = pd.DataFrame(
        {
            "a": FRAME["timestamp"].dt.strftime(dates),
            "b": np.where(FRAME["is_fraud"] == 1, "confirmed fraud", "legit"),
            "c": FRAME["amount"],
            "d": cards(FRAME),
            "e": FRAME["channel"],
            "f": FRAME["account_id"].map("p{}@example.org".format),
        }
    )
    frame = frame.iloc[:, order].sample(frac=1, random_state=seed)
    frame.to_csv(folder / "rows.csv", index=False, **written)
    reading, dataset = _read(folder, {"entity": ("d",)})
    assert dataset is not None and not reading.questions
    found = {role: sorted(names) for role, names in reading.roles.items()}
    assert found == {"label": ["b"], "time": ["a"], "entity": ["d"], "feature": ["c", "e"]}
    assert {column.name for column in reading.columns if column.locked} == {"d", "f"}
    assert reading.target is not None and reading.target.positive == "confirmed fraud"
    assert dataset.table["c"].tolist() == frame["c"].tolist()
    assert dataset.require(Role.TIME).tolist() == FRAME["timestamp"].loc[frame.index].dt.floor("s").tolist()


def test_plus_and_minus_of_a_table_without_a_header_may_be_the_label(tmp_path: Path) -> None:
    signs = np.where(FRAME["is_fraud"] == 1, "+", "-")
    flags = np.resize(["t", "f"], len(FRAME))
    FRAME[["channel", "amount"]].assign(flag=flags, sign=signs).to_csv(tmp_path / "crx.data", index=False, header=False)
    (question,) = _read(tmp_path)[0].questions
    asked = [roles[0] for choice in question.choices if (roles := choice.roles["label"])]
    assert question.about == "target" and asked == ["column 4", "column 3"]
    (question,) = _read(tmp_path, {"label": ("column 4",)})[0].questions
    _, dataset = _read(tmp_path, {"label": ("column 4",)}, {"positive": "+"})
    assert question.about == "positive" and dataset is not None
    assert (dataset.require(Role.LABEL) == "fraud").tolist() == (signs == "+").tolist()


def test_new_rows_join_what_training_joined(tmp_path: Path) -> None:
    layout = next(one for one in LAYOUTS if one.name.startswith("year, month, day and time"))
    dataset = read_transactions(ReadRequest((_written(layout, tmp_path / "in"),)))
    new = pd.read_csv(tmp_path / "in" / "rows.csv").drop(columns="Is Fraud?").iloc[:7]
    new.rename(columns={"User": "user", "Card": "CARD"}).to_csv(tmp_path / "new.csv", index=False)
    cases = read_transactions(
        ReadRequest((tmp_path / "new.csv",), labelled=False, options={"like": dataset.describe()})
    )
    for role in (Role.TIME, Role.ENTITY):
        assert cases.require(role).tolist() == dataset.require(role).iloc[:7].tolist()
    assert np.isfinite(cases.require(Role.AMOUNT)).all()


@pytest.mark.parametrize("name", ["a table that says which shops are fraud", "a label for each account"])
def test_labels_of_accounts_keep_their_rows_together_and_give_no_history(name: str, tmp_path: Path) -> None:
    layout = next(one for one in LAYOUTS if one.name == name)
    dataset = read_transactions(ReadRequest((_written(layout, tmp_path / "in"),)))
    splits = split_transactions(dataset, 0, {})
    units = dataset.require(Role.UNIT)
    sides = [set(units.loc[list(part)]) for part in (splits.train, splits.validation, splits.test)]
    assert splits.kind == "by account" and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert not [column for column in dataset.roles[Role.HISTORY] if "fraud" in column or "known" in column]
    plain = read_transactions(ReadRequest((_written(LAYOUTS[-1], tmp_path / "plain"),)))
    assert split_transactions(plain, 0, {}).kind == "by time"
    assert [column for column in plain.roles[Role.HISTORY] if "fraud" in column or "known" in column]


def test_the_rows_own_id_stands_beside_the_score(tmp_path: Path) -> None:
    from dl_core.data.rows import main_columns
    from dl_core.domains.fraud_detection import prediction_table
    from ui.panels.report import with_ids

    FRAME.assign(transaction_id=[f"t{at}" for at in range(len(FRAME))]).to_csv(tmp_path / "rows.csv", index=False)
    dataset = read_transactions(ReadRequest((tmp_path / "rows.csv",)))
    said = pd.DataFrame({"row": ["3", "1"], "score_fraud": [0.9, 0.2], "y_pred": ["fraud", "honest"]})
    table = prediction_table(said, dataset)
    assert table.columns.tolist() == ["row", "score", "flagged", "transaction_id"]
    assert table["transaction_id"].tolist() == ["t3", "t1"]
    assert main_columns(dataset)[0] == "transaction_id"  # of the queue and of cases
    page: Any = SimpleNamespace(table=lambda: dataset.table, roles=dataset.describe()["roles"])
    assert with_ids(page, said)["transaction_id"].tolist() == ["t3", "t1"]
    page = SimpleNamespace(table=lambda: None, roles=dataset.describe()["roles"])  # a prepared run has no rows
    assert with_ids(page, said).equals(said)


def test_rules_are_suggested_for_common_frauds_too() -> None:
    from dl_core.models.table.rule_suggest import suggest_rules

    rng = np.random.default_rng(0)
    delay = rng.choice([-1, 0, 1, 2, 3], 3_000, p=[0.3, 0.45, 0.14, 0.08, 0.03])
    y = (rng.random(3_000) < np.where(delay > 1, 0.62, 0.2)).astype(int)  # a fourth is positive: no lift of 3 there
    table = pd.DataFrame({"delay": delay, "noise": rng.normal(size=3_000)})
    first = suggest_rules(table, y, np.ones(3_000), lambda: None)[0]
    assert [(one.column, one.operator, one.value) for one in first.conditions] == [("delay", ">", 1.0)]


def test_dates_with_the_day_first_have_no_zone() -> None:
    times = parse_times(pd.Series(["31-01-2024", "28-02-2024"], name="day"))
    assert "zones" not in {note.kind for note in times.notes}
    zoned = parse_times(
        pd.Series(["2024-01-31 10:00:00+02:00", "2024-01-31T10:00Z", "2024-01-31 10:00 UTC"], name="at")
    )
    assert "zones" in {note.kind for note in zoned.notes} and str(zoned.values[0])[:16] == "2024-01-31T08:00"
