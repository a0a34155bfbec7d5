"""Tables of transactions as people have them, read to one typed data set."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.errors import FileError, LimitError, SchemaError
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.layouts import ROW_BYTES
from dl_core.reading.table.read import read_transactions
from dl_core.reading.tables.room import Room, TableKind
from dl_core.schema import Role

ROWS = 120
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def draw(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Return transactions of 12 accounts over 30 days, one in ten fraud."""
    rng = np.random.default_rng(seed)
    time = pd.Timestamp("2024-03-01") + pd.to_timedelta(np.sort(rng.uniform(0, 30 * 86_400, rows)).round(), unit="s")
    return pd.DataFrame(
        {
            "transaction_id": [f"t{at:05d}" for at in range(rows)],
            "tx_datetime": time,
            "customer_id": rng.integers(1, 13, rows),
            "merchant": [f"shop {at}" for at in rng.integers(1, 6, rows)],
            "amount": rng.gamma(2, 30, rows).round(2),
            "channel": rng.choice(["web", "pos"], rows),
            "distance": rng.normal(5, 2, rows).round(3),
            "gender": rng.choice(["F", "M"], rows),
            "is_fraud": (np.arange(rows) % 10 == 3).astype(int),
        }
    )


def read(*paths: Path, limits: Limits | None = None, **request: Any) -> Dataset:
    """Read paths as of 2026."""
    return read_transactions(ReadRequest(tuple(paths), **request), limits, NOW)


def kinds(dataset: Dataset, level: str = "") -> set[str]:
    """Return the kinds of what reading noted."""
    return {note.kind for note in dataset.notes if not level or note.level == level}


@pytest.fixture()
def csv(tmp_path: Path) -> Any:
    """Return a function that writes a frame as CSV and returns its path."""

    def write(frame: pd.DataFrame, name: str = "data.csv", **how: Any) -> Path:
        frame.to_csv(tmp_path / name, index=False, **how)
        return tmp_path / name

    return write


def _write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    path = folder / f"data.{kind.split(' ')[0]}"
    if kind == "csv semicolon":
        frame.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    elif kind == "csv utf-16":
        frame.to_csv(path, index=False, sep="\t", encoding="utf-16")
    elif kind == "csv":
        frame.to_csv(path, index=False, encoding="utf-8-sig")
    elif kind == "tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    elif kind == "jsonl":
        frame.assign(tx_datetime=frame["tx_datetime"].astype(str)).to_json(path, orient="records", lines=True)
    else:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("part_1.csv", frame.iloc[:50].to_csv(index=False))
            packed.writestr("part_2.csv", frame.iloc[50:].to_csv(index=False))
            packed.writestr("readme.txt", "about")
    return path


@pytest.mark.parametrize(
    "kind", ["csv", "csv semicolon", "csv utf-16", "tsv", "parquet", "xlsx", "jsonl", "zip"], ids=lambda kind: kind
)
def test_every_format_gives_the_same_table(tmp_path: Path, kind: str) -> None:
    frame = draw().assign(channel=lambda f: f["channel"].replace("web", "café"))
    dataset = read(_write(frame, tmp_path, kind))
    table = dataset.table
    assert dataset.roles[Role.LABEL] == ("is_fraud",)
    assert dataset.roles[Role.TIME] == ("tx_datetime",)
    assert dataset.roles[Role.AMOUNT] == ("amount",)
    assert dataset.roles[Role.ENTITY] == dataset.roles[Role.UNIT] == ("customer_id",)
    assert dataset.roles[Role.COUNTERPARTY] == ("merchant",)
    assert dataset.roles[Role.GROUP] == ("gender",)
    assert dataset.roles[Role.FEATURE] == ("channel", "distance")
    assert dataset.classes == ("honest", "fraud")
    np.testing.assert_array_equal(table["tx_datetime"].to_numpy(), frame["tx_datetime"].to_numpy("datetime64[ns]"))
    np.testing.assert_allclose(table["amount"], frame["amount"])
    np.testing.assert_allclose(table["distance"], frame["distance"])
    assert table["customer_id"].tolist() == frame["customer_id"].astype(str).tolist()
    assert table["channel"].tolist() == frame["channel"].tolist()
    assert set(table["gender"]) == {"female", "male"}
    assert table["is_fraud"].tolist() == ["fraud" if value else "honest" for value in frame["is_fraud"]]
    assert list(dataset.ids[:3]) == ["0", "1", "2"]
    assert dataset.roles[Role.HISTORY]
    assert len(dataset.arrays["recent"]) == ROWS


def test_times_amounts_and_labels_of_a_bank_export(csv: Any) -> None:
    frame = draw()
    frame["tx_datetime"] = frame["tx_datetime"].dt.strftime("%d.%m.%Y %H:%M:%S")
    frame["amount"] = [
        f"{value:,.2f} €".replace(",", "_").replace(".", ",").replace("_", ".") for value in draw()["amount"]
    ]
    frame["is_fraud"] = np.where(frame["is_fraud"] == 1, "Fraud", "legit")
    dataset = read(csv(frame, sep=";"))
    np.testing.assert_allclose(dataset.table["amount"], draw()["amount"])
    expected = draw()["tx_datetime"].to_numpy("datetime64[ns]")
    np.testing.assert_array_equal(dataset.table["tx_datetime"].to_numpy(), expected)
    assert (dataset.targets == draw()["is_fraud"]).all()


def test_roles_override_guesses_and_unknown_columns_are_named(csv: Any) -> None:
    path = csv(draw())
    dataset = read(
        path, roles={Role.ENTITY: ("merchant",), Role.COUNTERPARTY: (), Role.FEATURE: ("gender", "distance")}
    )
    assert dataset.roles[Role.ENTITY] == ("merchant",)
    assert Role.COUNTERPARTY not in dataset.roles
    assert dataset.roles[Role.FEATURE] == ("distance", "gender")
    with pytest.raises(SchemaError, match=r"no column 'colour'.*'amount'"):
        read(path, roles={Role.AMOUNT: ("colour",)})


def test_restated_times_labels_and_row_numbers_are_no_features(csv: Any) -> None:
    frame = draw()
    seconds = (frame["tx_datetime"] - frame["tx_datetime"].min()).dt.total_seconds().astype(int)
    frame = frame.assign(
        TX_TIME_SECONDS=seconds,
        scenario=frame["is_fraud"] * (1 + np.arange(ROWS) % 3),
        score=frame["is_fraud"] + np.linspace(0, 0.5, ROWS),
        line=np.random.default_rng(1).permutation(ROWS),
        comment=[f"free text {at}" for at in range(ROWS)],
        email=[f"p{at % 9}@example.org" for at in range(ROWS)],
    )
    dataset = read(csv(frame))
    assert dataset.roles[Role.FEATURE] == ("channel", "distance")
    leaks = [note.message for note in dataset.notes if note.kind == "leaking-column"]
    assert len(leaks) == 2
    assert "'scenario'" in leaks[0]
    assert "'score'" in leaks[1]
    assert {"restates-time", "row-numbers", "many-values", "secrets"} <= kinds(dataset)
    assert "email" not in dataset.table
    assert not kinds(dataset, "error")


def test_a_plain_table_of_features_and_a_label(csv: Any) -> None:
    frame = draw()[["distance", "channel", "gender", "is_fraud"]].rename(columns={"is_fraud": "Class"})
    dataset = read(csv(frame))
    assert Role.HISTORY not in dataset.roles
    assert "recent" not in dataset.arrays
    assert dataset.roles[Role.FEATURE] == ("distance", "channel")


def test_without_labels_only_anomalies_can_be_found(csv: Any) -> None:
    without = csv(draw().drop(columns="is_fraud"), "without.csv")
    for path, request in ((without, {}), (csv(draw()), {"roles": {Role.LABEL: ()}})):
        dataset = read(path, **request)
        assert dataset.classes == ("ordinary", "unusual")
        assert Role.LABEL not in dataset.roles
        assert "no-labels" in kinds(dataset)
        assert dataset.roles[Role.FEATURE] == ("channel", "distance")


@pytest.mark.parametrize(("frauds", "kind"), [(0, "no-fraud"), (1, "one-fraud"), (ROWS, "all-fraud")])
def test_too_few_of_a_class_blocks_training(csv: Any, frauds: int, kind: str) -> None:
    dataset = read(csv(draw().assign(is_fraud=(np.arange(ROWS) < frauds).astype(int))))
    errors = [note for note in dataset.notes if note.level == "error"]
    assert [note.kind for note in errors] == [kind]
    assert "no label column" in errors[0].message


def test_bad_cells_are_named_by_column_and_row(csv: Any) -> None:
    frame = draw().astype({"amount": object, "tx_datetime": str, "distance": object})
    frame.loc[4, "amount"] = "a lot"
    frame.loc[6, "amount"] = -5.0
    frame.loc[7, "distance"] = "inf"
    frame.loc[8, "distance"] = ""
    frame.loc[2, "tx_datetime"] = "soon"
    frame.loc[3, "tx_datetime"] = "2031-01-01 10:00:00"
    frame.loc[9, "is_fraud"] = None
    frame.loc[10, "transaction_id"] = "t00001"
    dataset = read(csv(frame))
    notes = {note.kind: note for note in dataset.notes}
    assert "'amount'" in notes["not-a-number"].message
    assert "row 5" in notes["not-a-number"].message
    assert notes["not-a-number"].rows == ("4",)
    assert "'distance': 1 values are infinite (row 8)" in notes["infinite-values"].message
    assert "'tx_datetime': 1 values are no times (row 3)" in notes["not-a-time"].message
    assert "'tx_datetime': 1 times are in the future (row 4)" in notes["future-times"].message
    assert notes["negative-amounts"].rows == ("6",)
    assert notes["duplicate-ids"].rows == ("10",)
    assert "1 of 120 rows have no label" in notes["missing-label"].message
    assert dataset.table["is_fraud"].isna().tolist()[9]
    assert np.isnan(dataset.table["amount"].iloc[4])
    assert dataset.table["distance"].iloc[[7, 8]].isna().all()
    assert "unsorted" in kinds(dataset)
    assert not any("a lot" in note.message or "soon" in note.message for note in dataset.notes)


def test_unsorted_rows_keep_their_order_and_the_same_history(csv: Any) -> None:
    frame = draw()
    turned = frame.iloc[::-1].reset_index(drop=True)
    straight, backward = read(csv(frame)), read(csv(turned, "turned.csv"))
    history = list(straight.roles[Role.HISTORY])
    assert "unsorted" in kinds(backward)
    assert backward.table["transaction_id"].tolist() == turned["transaction_id"].tolist()
    np.testing.assert_allclose(
        backward.table[history].iloc[::-1].to_numpy(), straight.table[history].to_numpy(), rtol=1e-4, atol=1e-4
    )


def test_a_file_over_the_limits_is_refused_before_it_is_read(tmp_path: Path, csv: Any) -> None:
    draw().to_parquet(tmp_path / "data.parquet")
    for path in (tmp_path / "data.parquet", csv(draw())):
        with pytest.raises(LimitError, match=r"1\d\d rows of 9 columns.*at most 100 rows.*DAYLIGHT_MAX_ROWS"):
            read(path, limits=Limits(max_rows=100))
    with pytest.raises(LimitError, match=r"5,000,000 rows of 9 columns need [\d,]+ MB"):
        Room("big.csv", TableKind(bool, ROW_BYTES, "keep fewer"), Limits()).check(5_000_000, 9)


def test_two_thousand_columns(csv: Any) -> None:
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(60, 2000)).round(2), columns=[f"v{at}" for at in range(2000)])
    dataset = read(csv(wide.assign(Class=(np.arange(60) % 5 == 0).astype(int))))
    assert len(dataset.roles[Role.FEATURE]) == 2000


def test_formulas_in_cells_stay_text(csv: Any) -> None:
    frame = draw().assign(channel=np.where(np.arange(ROWS) % 2, "=1+1", "@SUM(A1)"))
    dataset = read(csv(frame))
    assert set(dataset.table["channel"]) == {"=1+1", "@SUM(A1)"}


def test_leading_zeros_and_long_numbers_stay_as_they_are(csv: Any) -> None:
    frame = draw().assign(
        customer_id=[f"0{at % 7}" for at in range(ROWS)], transaction_id=[10**19 + at for at in range(ROWS)]
    )
    dataset = read(csv(frame))
    assert dataset.table["customer_id"].tolist()[:2] == ["00", "01"]
    assert dataset.table["transaction_id"].iloc[5] == str(10**19 + 5)


def test_given_test_rows_come_last_and_are_the_test_set(csv: Any) -> None:
    test = csv(draw(30, seed=1), "new.csv")
    dataset = read(csv(draw()), test_paths=(test,))
    assert dataset.fixed_split.value_counts().to_dict() == {"train": ROWS, "test": 30}
    assert set(dataset.fixed_split.iloc[ROWS:]) == {"test"}
    with pytest.raises(SchemaError, match="lack columns: 'distance'"):
        read(csv(draw()), test_paths=(csv(draw(30).drop(columns="distance"), "less.csv"),))


def test_other_tables_of_an_archive_are_joined_by_their_key_or_left_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("transactions.csv", draw().to_csv(index=False))
        packed.writestr("customers.csv", "customer_id,colour\n1,red\n2,blue\n")
        packed.writestr("weather.csv", "station,rain\n1,3\n2,5\n")
    dataset = read(tmp_path / "all.zip")
    assert len(dataset) == ROWS
    assert {"other-tables", "joined-tables"} <= kinds(dataset)
    colours = dataset.table["colour"].groupby(dataset.table["customer_id"]).agg(lambda found: set(found.dropna()))
    assert colours.to_dict() == {str(key): {1: {"red"}, 2: {"blue"}}.get(key, set()) for key in range(1, 13)}


def test_broken_lines_are_counted(csv: Any) -> None:
    path = csv(draw())
    path.write_text(path.read_text() + "1,2,3\n")
    dataset = read(path)
    assert len(dataset) == ROWS
    assert "broken-lines" in kinds(dataset)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"a,b\n", "no rows"),
        (b"%PDF-1.7 something", "a PDF document"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(FileError, match=problem):
        read(tmp_path / "data.csv")


def test_more_than_two_labels_say_what_was_found(csv: Any) -> None:
    with pytest.raises(
        SchemaError, match=r"Which values of column 'is_fraud' mean fraud\? .*for 2, 3.*positive=1\|2\|3"
    ):
        read(csv(draw().assign(is_fraud=np.arange(ROWS) % 4)))


def test_new_cases_need_the_columns_of_training(csv: Any) -> None:
    like = json.loads(json.dumps(read(csv(draw())).describe()))
    new = draw(20, seed=2).drop(columns=["is_fraud", "amount", "channel", "gender"])
    with pytest.raises(SchemaError, match="2 columns that the models learned from are missing: 'amount', 'channel'"):
        read(csv(new, "new.csv"), labelled=False, options={"like": like})
    good = draw(20, seed=2).drop(columns=["is_fraud"]).rename(columns={"amount": "paid", "distance": " Distance"})
    good["channel"] = "telephone"
    roles = {Role.AMOUNT: ("paid",)}
    dataset = read(csv(good, "good.csv"), labelled=False, options={"like": like}, roles=roles)
    assert dataset.roles[Role.AMOUNT] == ("amount",)
    assert dataset.roles[Role.FEATURE] == ("channel", "distance")
    assert set(dataset.table["channel"]) == {"telephone"}
    assert "no-earlier-history" in kinds(dataset)


def test_new_cases_go_on_from_the_history_they_had(csv: Any, tmp_path: Path) -> None:
    whole = draw()
    everything = read(csv(whole))
    past = read(csv(whole.iloc[:100], "past.csv"))
    past.save(tmp_path / "past")
    new = whole.iloc[100:].drop(columns="is_fraud").reset_index(drop=True)
    new.loc[[2, 4], "channel"] = "telephone"
    options = {"like": past.describe(), "history": str(tmp_path / "past")}
    dataset = read(csv(new, "new.csv"), labelled=False, options=options)
    history = list(past.roles[Role.HISTORY])
    assert dataset.roles[Role.HISTORY] == tuple(history)
    assert dataset.classes == ("honest", "fraud")
    assert list(dataset.ids[:2]) == ["0", "1"]
    plain = [name for name in history if "known" not in name and "fraud" not in name]
    np.testing.assert_allclose(
        dataset.table[plain].to_numpy(), everything.table[plain].iloc[100:].to_numpy(), rtol=1e-3, atol=1e-3
    )
    np.testing.assert_allclose(
        dataset.arrays["recent"].astype(float)[:, -3:, 3],
        everything.arrays["recent"].astype(float)[100:, -3:, 3],
        atol=0.05,
    )
    assert "history-continued" in kinds(dataset)
    unseen = next(note for note in dataset.notes if note.kind == "unseen-category")
    assert "'channel': 1 categories were never seen in training (rows 3, 5)" in unseen.message
    assert unseen.rows == ("2", "4")


def test_history_goes_on_under_pseudonyms(csv: Any, tmp_path: Path) -> None:
    cards = ["4111111111111111", "5500005555555559", "340000000000009"]
    frame = draw().assign(customer_id=[cards[at % 3] for at in range(ROWS)])
    past = read(csv(frame.iloc[:100], "past.csv"))
    past.save(tmp_path / "past")
    options = {"like": past.describe(), "history": str(tmp_path / "past")}
    new = read(csv(frame.iloc[100:], "new.csv"), labelled=False, options=options)
    assert past.table["customer_id"].nunique() == 3 and set(new.table["customer_id"]) == set(past.table["customer_id"])
    assert "history-continued" in kinds(new)
    assert not any(card in json.dumps(past.describe()) + past.table.to_csv() for card in cards)


def test_a_column_that_gives_the_split_is_followed(csv: Any) -> None:
    parts = np.where(np.arange(ROWS) < 80, "Train", np.where(np.arange(ROWS) < 95, "val", "TEST"))
    dataset = read(csv(draw().assign(split=parts)))
    assert dataset.fixed_split.value_counts().to_dict() == {"train": 80, "validation": 15, "test": 25}
    assert "split" not in dataset.table
