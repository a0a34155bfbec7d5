"""The same jobs on a domain whose rows are lines of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dl_core import domain as registry
from dl_core import pipeline
from dl_core.data.dataset import Dataset, Source
from dl_core.data.rows import describe_columns, main_columns, plain
from dl_core.data.splits import Splits
from dl_core.data.table import summary
from dl_core.domain import ReadRequest
from dl_core.engine.inline import InlineEngine
from dl_core.errors import OptionError
from dl_core.explain.table.plain import TableContributions
from dl_core.explain.table.values import value_text
from dl_core.probes import get_probe, probes
from dl_core.probes.table import queue
from dl_core.probes.table.what_if_row import changeable, with_values
from dl_core.schema import Field, Role, Schema
from dl_core.store import get_store
from tests.contracts.toy_domain import TOY, wines
from tests.tasks.conftest import Workplace, upload


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Return a workspace with a trained run of the toy domain."""
    registry.register(TOY)
    home = tmp_path_factory.mktemp("wine")
    store = get_store(home)
    wines().to_csv(home / "wines.csv", index=False)
    pipeline.ingest(TOY, ReadRequest((home / "wines.csv",), name="Wines")).save(home / "uploads" / "read")
    data = store.add_dataset("me", "wine", home / "uploads" / "read")
    run = store.add_run("me", "wine", data.id, "", "First", {"models": ["majority", "centres"]})
    place = Workplace(home, InlineEngine(home), store, data.id, {"id": run.id})
    place.do("train", run_id=run.id, dataset_id=data.id, models=["majority", "centres"], seed=0)
    yield place
    registry._DOMAINS.pop("wine")


THREE = replace(TOY, name="wine3", primary_metric="accuracy", metrics=("accuracy",), group_metrics=("accuracy",))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Return a workspace with a trained run on wines of three colours."""
    registry.register(THREE)
    home = tmp_path_factory.mktemp("wine3")
    store = get_store(home)
    table = wines(300)
    pale = np.where(table["acid"] > 1.0, "white", "rose")
    table.assign(colour=np.where(table["tannin"] > 1.7, "red", pale)).to_csv(home / "wines.csv", index=False)
    pipeline.ingest(THREE, ReadRequest((home / "wines.csv",), name="Wines")).save(home / "uploads" / "read")
    data = store.add_dataset("me", "wine3", home / "uploads" / "read")
    run = store.add_run("me", "wine3", data.id, "", "First", {"models": ["majority", "centres"]})
    place = Workplace(home, InlineEngine(home), store, data.id, {"id": run.id})
    place.do("train", run_id=run.id, dataset_id=data.id, models=["majority", "centres"], seed=0)
    yield place
    registry._DOMAINS.pop("wine3")


def test_of_three_classes_every_answer_names_the_predicted_one_with_its_probability(three):
    cases = three.ask("cases", run=three.run, model="centres")["cases"]
    assert {case["y_pred"] for case in cases} >= {"red", "white"}
    sure = [case["confidence"] for case in cases]
    assert sure == sorted(sure, reverse=True) and sure[-1] > 1 / 3
    rows = [case["row"] for case in cases[:6]]
    known = {case["row"]: (case["y_pred"], pytest.approx(case["confidence"])) for case in cases[:6]}
    found = three.ask("queue", run=three.run, model="centres", cases={"rows": rows}, explain="leave_out")
    assert found["target"] is None and found["flagged"] is None
    assert {row["row"]: (row["y_pred"], row["probability"]) for row in found["queue"]} == known
    assert not {"score", "flagged"} & set(found["queue"][0])
    assert sum(found["predicted"].values()) == found["rows"] == 6
    explained = three.ask("explain_rows", run=three.run, rows=rows, models=["centres"], methods=["leave_out"])["cases"]
    assert {one["row"]: (one["maps"][0]["target"], one["maps"][0]["probability"]) for one in explained} == known
    moved = three.ask("what_if_row", run=three.run, row=rows[0], changes={"tannin": 0.1, "acid": 9.0})
    centres = next(line for line in moved["scores"] if line["model"] == "centres")
    assert (moved["target"], centres["before"]) == known[rows[0]] and centres["called_before"] == moved["target"]
    assert centres["called_after"] == "white"


def test_overview_of_a_table_counts_and_describes(wine):
    found = wine.do("describe", view="overview", run=wine.run)
    assert found["rows"] == 160 and found["time"] is None
    assert {name: sum(parts.values()) for name, parts in found["balance"].items()} == {
        name: int(n) for name, n in wines()["colour"].value_counts().items()
    }
    assert all(len(rows) == summary.FIRST_ROWS for rows in found["first"].values())
    country = next(one for one in found["columns"] if one["name"] == "country")
    assert country["kind"] == "text" and set(country["choices"]) == {"Here", "There"}
    same = wine.do("describe", view="overview", dataset_id=wine.dataset_id)
    assert same["columns"] == found["columns"]


def test_cases_carry_values_and_the_riskiest_come_first(wine):
    found = wine.ask("cases", run=wine.run, model="centres")
    risks = [case["risk"] for case in found["cases"]]
    assert risks == sorted(risks, reverse=True)
    first = found["cases"][0]
    known = wines().set_index("bottle").loc[first["row"]]
    assert first["values"]["tannin"] == known["tannin"] and first["image"] is None
    assert [one["name"] for one in found["columns"]] == list(first["values"])
    assert "colour" not in first["values"]
    wrong = wine.ask("cases", run=wine.run, model="centres", kind="wrong")
    assert wrong["total"] and not any(case["right"] for case in wrong["cases"])
    assert wine.ask("cases", run=wine.run, model="centres", search=first["row"])["total"] == 1
    assert wine.put("cases", run=wine.run, kind="odd").error["kind"] == "OptionError"


def test_explanations_of_rows_name_value_and_usual_value(wine):
    row = wine.ask("cases", run=wine.run, model="centres")["cases"][0]["row"]
    (case,) = wine.ask("explain_rows", run=wine.run, rows=[row], models=["centres"], methods=["leave_out"])["cases"]
    (one,) = case["maps"]
    assert {part["name"] for part in one["features"]} == {"tannin", "acid", "sugar"}
    tannin = next(part for part in one["features"] if part["name"] == "tannin")
    assert tannin["value"] == value_text(wines().set_index("bottle").at[row, "tannin"])
    assert tannin["typical"] == value_text(wines()["tannin"].median())
    assert case["values"]["country"] in ("Here", "There") and case["image"] is None


def test_an_uploaded_table_becomes_a_queue(wine, monkeypatch, tmp_path):
    monkeypatch.setattr(queue, "BLOCK", 30)
    monkeypatch.setattr(queue, "QUEUE", 50)
    wines(70, seed=1).to_csv(tmp_path / "new.csv", index=False)
    name = upload(wine, tmp_path / "new.csv", "new-wines")
    found = wine.ask("queue", run=wine.run, model="centres", cases={"upload": name}, explain="leave_out")
    table = pd.read_csv(wine.home / found["csv"])
    assert found["rows"] == len(table) == 70 and len(found["queue"]) == 50
    scores = [case["score"] for case in found["queue"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(
        table["score_white"].max() if "score_white" in table else 1 - table["score_red"].min()
    )
    assert found["flagged"] == int((table["colour"] == "white").sum())
    assert found["queue"][0]["reasons"] and found["queue"][queue.REASONED]["reasons"] == []
    assert not (wine.home / "uploads" / name).exists()


def test_what_if_moves_only_what_was_changed(wine):
    row = wine.ask("cases", run=wine.run, model="centres")["cases"][0]["row"]
    same = wine.ask("what_if_row", run=wine.run, row=row)
    assert same["changed"] == {} and all(one["before"] == one["after"] for one in same["scores"])
    moved = wine.ask("what_if_row", run=wine.run, row=row, changes={"tannin": 9})
    assert moved["changed"]["tannin"]["after"] == 9.0 and list(moved["changed"]) == ["tannin"]
    centres = next(one for one in moved["scores"] if one["model"] == "centres")
    assert centres["after"] < centres["before"]
    for changes in ({"colour": "red"}, {"tannin": "much"}, {"nowhere": 1}):
        assert wine.put("what_if_row", run=wine.run, row=row, changes=changes).error["kind"] == "OptionError"


def test_ageing_and_drift_hand_on_what_was_asked(wine, monkeypatch):
    asked = []

    def aged(domain, run, work, arguments):
        asked.append((domain.name, dict(arguments)))
        return {"rows": []}

    monkeypatch.setitem(probes(), "ageing", replace(get_probe("ageing"), verb=aged, needs=None))
    assert wine.ask("ageing", run=wine.run, models="centres", metric="auroc", update="yes") == {"rows": []}
    assert asked == [("wine", {"models": ["centres"], "metric": "auroc", "update": True})]
    job = wine.put("drift", run=wine.run)
    assert job.error["kind"] == "OptionError" and "no tabular features" in job.error["line"]


def timed() -> Dataset:
    """Return ten rows, one a day, the last two of them frauds."""
    table = pd.DataFrame(
        {
            "when": pd.date_range("2025-03-03", periods=10, freq="D"),
            "who": ["a", "b"] * 5,
            "amount": [float(at) for at in range(10)],
            "fraud": ["honest"] * 8 + ["fraud"] * 2,
            "count": [0.0] * 10,
        },
        index=[str(at) for at in range(10)],
    )
    roles = {
        Role.TIME: ("when",),
        Role.ENTITY: ("who",),
        Role.UNIT: ("who",),
        Role.AMOUNT: ("amount",),
        Role.LABEL: ("fraud",),
        Role.HISTORY: ("count",),
    }
    return Dataset("ten", table, roles, Source("here"), classes=("honest", "fraud"))


def test_time_of_the_split_leaves_the_delay_out():
    splits = Splits(("0", "1", "2"), ("3", "4"), ("8", "9"), "by time", "by time")
    found = summary._in_time(timed(), splits)
    assert found["step"] == "day" and len(found["points"]) == 10
    assert [point["positives"] for point in found["points"]] == [0] * 8 + [1, 1]
    assert [(one["part"], one["rows"], one["positives"]) for one in found["parts"]] == [
        ("train", 3, 0),
        ("validation", 2, 0),
        ("test", 2, 2),
    ]
    assert found["parts"][2]["start"] == "2025-03-11T00:00:00" and found["left_out"] == 3


def test_a_row_is_known_by_time_amount_and_accounts():
    assert main_columns(timed()) == ["when", "amount", "who"]
    assert changeable(timed()) == ["when", "amount"]
    schema = Schema((Field(Role.AMOUNT, "number", unit="€"),))
    amount = describe_columns(timed(), schema, ["amount"])[0]
    assert (amount["unit"], amount["typical"], amount["role"]) == ("€", 4.5, "amount")


def test_changed_values_take_the_type_of_their_column():
    changed = with_values(timed().subset(["3"]), {"when": "2025-04-01", "amount": "7"})
    assert changed.table["when"].iloc[0] == pd.Timestamp("2025-04-01") and changed.table["amount"].iloc[0] == 7.0
    assert with_values(timed().subset(["3"]), {"amount": None}).table["amount"].isna().all()
    with pytest.raises(OptionError, match="column when"):
        with_values(timed().subset(["3"]), {"when": "yesterday or so"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), None), (float("inf"), None), (pd.NaT, None), (pd.Timestamp("2025-01-02"), "2025-01-02T00:00:00")],
)
def test_cells_become_plain(value, expected):
    assert plain(value) == expected


def test_a_sequence_is_laid_out_by_step_and_input():
    heat = np.array([[0.4, 0.1, -0.2]], dtype=np.float32)
    features = ("amount", "amount, 1 transaction ago", "night, 2 transactions ago")
    one = TableContributions("3", "recurrent", "m", "fraud", heat, 0.9, features=features)
    json = one.with_texts(timed().subset(["3"]), {"amount": 7.0}).as_json()
    assert json["features"][0]["typical"] == "7" and json["features"][0]["value"]
    found = json["sequence"]
    assert found["steps"] == [2, 1]
    night = found["weights"][found["inputs"].index("night")]
    assert night[0] == pytest.approx(-0.2) and night[1] == 0.0


def test_other_roles_read_a_table_again_with_all_that_is_derived(tmp_path):
    from dl_core.domain import get_domain

    table = pd.DataFrame(
        {
            "time": pd.date_range("2025-03-03", periods=60, freq="h"),
            "customer": ["a", "b", "c"] * 20,
            "shop": ["x", "y"] * 30,
            "amount": np.arange(60) + 1.5,
            "fraud": ["no", "no", "yes"] * 20,
        }
    )
    table.to_parquet(tmp_path / "in.parquet")
    fraud = get_domain("fraud_detection")
    first = pipeline.ingest(fraud, ReadRequest((tmp_path / "in.parquet",), name="Few"))
    assert first.column(Role.ENTITY) == "customer" and first.roles[Role.HISTORY]
    changed = pipeline.read_again(fraud, first, {Role.ENTITY: (), Role.LABEL: ("fraud",)}, {}, tmp_path / "again")
    assert changed.column(Role.ENTITY) is None and changed.classes == ("honest", "fraud")
    assert not [name for name in changed.roles.get(Role.HISTORY, ()) if name.startswith("account")]
    assert changed.targets.tolist() == first.targets.tolist() and list(changed.ids) == list(first.ids)
