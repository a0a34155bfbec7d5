"""What the one reader of tables says of each file that it read, and formats that are found by their folder."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.reading import LEFT_OUT, FileReading
from dl_core.reading.interactions.read import describe_interactions
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.read import describe_series
from dl_core.reading.table.read import describe_transactions, read_transactions
from dl_core.reading.tables import formats as formats_package
from dl_core.reading.tables.about import TableAbout, columns_about, readings
from dl_core.reading.tables.formats import formats
from dl_core.schema import Role

ROWS = 40


def _transactions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "When it was": pd.date_range("2024-01-01", periods=ROWS, freq="6h").strftime("%Y-%m-%d %H:%M"),
            "Amount": rng.uniform(1, 99, ROWS).round(2),
            "card_id": [f"00{at % 7}" for at in range(ROWS)],
            "shop type": ["food", "fuel"] * (ROWS // 2),
            "is_fraud": [int(at % 9 == 0) for at in range(ROWS)],
        }
    )


def _columns(about: TableAbout) -> dict[str, tuple[str, str, str]]:
    return {column.name: (column.type, column.role, column.why) for column in about.columns}


def test_columns_are_described_with_type_role_and_why(tmp_path: Path):
    path = tmp_path / "sales.csv"
    _transactions().to_csv(path, index=False, sep=";", encoding="utf-16")
    found = describe_transactions(ReadRequest((path,), roles={Role.AMOUNT: ("Amount",)}))
    (about,) = found.tables
    facts = (about.file, about.member, about.format, about.encoding, about.delimiter, about.header, about.rows)
    assert facts == ("sales.csv", "", "separated text", "utf-16", ";", 1, ROWS)
    assert _columns(about) == {
        "When it was": ("time", "time", "by content"),
        "Amount": ("number", "amount", "as asked"),
        "card_id": ("text", "entity", "by name"),
        "shop type": ("text", "feature", "by content"),
        "is_fraud": ("number", "label", "by name"),
    }
    assert json.loads(json.dumps(about.as_dict()))["columns"][2]["role"] == "entity"
    assert found.dataset.fingerprint == read_transactions(ReadRequest((path,))).fingerprint


def test_new_cases_are_described_as_the_training_data_were(tmp_path: Path):
    path = tmp_path / "train.csv"
    _transactions().to_csv(path, index=False)
    trained = describe_transactions(ReadRequest((path,))).dataset
    new = _transactions().drop(columns="is_fraud").rename(columns={"card_id": "Card ID"})
    new.to_csv(tmp_path / "new.csv", index=False)
    request = ReadRequest((tmp_path / "new.csv",), options={"like": trained.describe()}, labelled=False)
    (about,) = describe_transactions(request).tables
    assert _columns(about)["Amount"][1:] == ("amount", "as in the training data")
    assert _columns(about)["Card ID"][1:] == ("entity", "as in the training data")


def test_members_sheets_and_files_without_header_are_told(tmp_path: Path):
    rows = [(f"u{at % 9}", f"i{at % 5}", at % 5 + 1) for at in range(ROWS)]
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/ratings.dat", "\n".join("::".join(map(str, row)) for row in rows))
    book = tmp_path / "films.xlsx"
    films = pd.DataFrame({"item": [f"i{at}" for at in range(5)], "title": list("abcde"), "year": range(1990, 1995)})
    films.to_excel(book, sheet_name="catalogue", index=False)
    ratings, items = describe_interactions(ReadRequest((packed, book))).tables
    facts = (ratings.file, ratings.member, ratings.delimiter, ratings.header, ratings.rows)
    assert facts == ("all.zip", "in/ratings.dat", "::", None, ROWS)
    assert [column.role for column in ratings.columns] == ["user", "item", "value"]
    assert (items.file, items.sheet, items.format) == ("films.xlsx", "catalogue", "Excel")
    assert _columns(items)["item"][1:] == ("item", "by content") and _columns(items)["title"][1] == "feature"


def test_series_are_described_in_each_layout(tmp_path: Path):
    days = pd.date_range("2024-01-01", periods=30).strftime("%Y-%m-%d")
    wide = pd.DataFrame({"day": days, "north": np.arange(30) ** 2 % 23, "south": np.arange(30) * 5 % 17})
    wide.to_parquet(tmp_path / "wide.parquet")
    (about,) = describe_series(ReadRequest((tmp_path / "wide.parquet",))).tables
    assert (about.format, about.header) == ("Parquet", None)
    assert [column.role for column in about.columns] == ["time", "value", "value"]
    long = wide.melt("day", var_name="store", value_name="sales")
    long.to_csv(tmp_path / "long.csv", index=False)
    (about,) = describe_series(ReadRequest((tmp_path / "long.csv",), roles={Role.SERIES: ("store",)})).tables
    assert _columns(about)["store"][1:] == ("series", "as asked") and _columns(about)["sales"][1] == "value"


CARDS = """
import pandas as pd
from dl_core.reading.tables.formats.base import Parsed, TableFormat


def read(path, room):
    names, *rows = [line.split("#") for line in path.read_text().splitlines()[1:]]
    return [Parsed(pd.DataFrame(rows, columns=names), header=None)]


READER = TableFormat("cards", "cards", (".cards",), read, lambda head, path: head.startswith(b"CARDS"))
"""


@pytest.fixture
def cards_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Add a format by a file in a further folder of the package, and take it away again."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "cards_added.py").write_text(CARDS, encoding="utf-8")
    monkeypatch.setattr(formats_package, "__path__", [*formats_package.__path__, str(folder)])
    _forget()
    yield
    monkeypatch.undo()
    _forget()
    sys.modules.pop(f"{formats_package.__name__}.cards_added", None)


def _forget() -> None:
    from dl_core import discover

    formats.cache_clear()
    discover._defining.cache_clear()


def test_a_format_is_added_by_adding_a_file(tmp_path: Path, cards_format: None):
    path = tmp_path / "rows.cards"
    rows = _transactions()
    lines = ["#".join(map(str, row)) for row in rows.itertuples(index=False)]
    path.write_text("\n".join(["CARDS", "#".join(rows.columns), *lines]))
    found = describe_transactions(ReadRequest((path,)))
    assert len(found.dataset) == ROWS and found.tables[0].format == "cards"


def test_readings_of_files_and_columns_name_parts_reasons_and_first_values():
    frame = pd.DataFrame({"Card No": ["4000001", "4000002"], "amount": [1.0, np.nan], "memo": ["x" * 40, None]})
    about = TableAbout("all.zip", "separated text", 2, columns_about(frame, "in/a.csv"), "in/a.csv", encoding="utf-8")
    told = {"card_no": {"locked": True, "why": "looks like card numbers"}}
    about = replace(about, delimiter=";").with_roles({Role.AMOUNT: ("Amount",)}, {}).with_columns(told)
    side = replace(about, member="in/b.csv", columns=columns_about(frame[["memo"]], "in/b.csv"))
    (first, second), columns = readings([about, side.as_part(LEFT_OUT, "other columns")])
    assert first == FileReading(
        "in/a.csv", "table", "holds the rows", 2, "separated text, UTF-8, semicolon, header in line 1"
    )
    assert (second.part, second.why) == ("left out", "other columns")
    card, amount, memo, other = columns
    assert (card.role, card.examples, card.locked) == ("left out", (), True)
    assert (amount.role, amount.examples, amount.why) == ("amount", ("1",), "by name")
    assert memo.examples == ("x" * 23 + "…",) and memo.why == "no part of this layout needs it"
    assert other.why == "its file is left out: other columns"
