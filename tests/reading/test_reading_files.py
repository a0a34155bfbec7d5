"""Files as people bring them, to the table in them: formats, encodings, separators, headers, footers, sheets."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.errors import ArchiveError, FileError, LimitError
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.read import RawTable, Tables, read_tables
from dl_core.reading.tables.room import TableKind
from dl_core.reading.tables.text import guessed_encoding, separator_of

ROWS = [("2015-01", 1, 2.5), ("2015-02", 3, 4.5), ("2015-03", 5, 6.5), ("2015-04", 6, 1.5)]
CSV = "Month,North,South\n" + "".join(f"{month},{north},{south}\n" for month, north, south in ROWS)
FRAME = pd.DataFrame(ROWS, columns=["Month", "North", "South"])


def read(*paths: Path, workspace: Path, sheets: str = "largest", limits: Limits | None = None) -> Tables:
    """Read files without any kind's ways."""
    kind = TableKind(lambda name: name.endswith("_id"), 100, "keep fewer", sheets=sheets)
    place = Path(tempfile.mkdtemp(dir=workspace))
    return read_tables(ReadRequest(paths), place, kind, limits or Limits())


def table(path: Path, sheets: str = "largest") -> RawTable:
    """Return the only table of a file."""
    (found,) = read(path, workspace=path.parent, sheets=sheets).tables
    return found


def text_table(tmp_path: Path, text: str, name: str = "data.csv", encoding: str = "utf-8") -> RawTable:
    (tmp_path / name).write_bytes(text.encode(encoding))
    return table(tmp_path / name)


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, lines in sheets.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    made.save(path)
    return path


LINES: dict[str, tuple[str, list[str], str]] = {
    "plain": (CSV, ["Month", "North", "South"], ""),
    "title": ("Sales\n\n" + CSV, ["Month", "North", "South"], "1 line above the table skipped"),
    "titles with the table's commas": ("Sales,,\nby shop,,\n,,\n" + CSV, ["Month", "North", "South"], "2 lines above"),
    "merged names above": (
        ",North,,South,\nMonth,Units,Revenue,Units,Revenue\n2015-01,1,2,3,4\n2015-02,1,2,3,4\n2015-03,1,2,3,4\n2015-04,1,2,3,4\n",
        ["Month", "North / Units", "North / Revenue", "South / Units", "South / Revenue"],
        "names of 2 header lines joined",
    ),
    "three header lines": (
        "Price,Close,Open\nTicker,ABC,ABC\nDate,,\n2015-01-02,1,2\n2015-01-03,1,2\n2015-01-04,1,2\n2015-01-05,1,2\n",
        ["Date", "Close", "Open"],
        "3 header lines",
    ),
    "units": ("Month,North,South\n,kWh,kWh\n" + CSV.split("\n", 1)[1], ["Month", "North", "South"], "line of units"),
    "footer": (CSV + "\nSource: the office\nNote: preliminary\n", ["Month", "North", "South"], "footer of 3 lines"),
    "total": (CSV + "Total,15,15\n", ["Month", "North", "South"], "footer of 1 line"),
    "footer with commas": (CSV + "Source: the office,,\n", ["Month", "North", "South"], "footer of 1 line"),
    "no header": (CSV.split("\n", 1)[1], ["column 1", "column 2", "column 3"], ""),
    "commas at the ends": (CSV.replace("\n", ",\n"), ["Month", "North", "South"], ""),
    "commas at the ends of rows": (
        "Month,North,South\n" + CSV.split("\n", 1)[1].replace("\n", ",\n"),
        ["Month", "North", "South"],
        "",
    ),
    "blank lines between": (CSV.replace("2015-03", "\n,,\n2015-03"), ["Month", "North", "South"], ""),
    "short lines": (
        "Month,North,South,Rest\n" + CSV.split("\n", 1)[1].replace("6.5\n", "6.5,1\n"),
        ["Month", "North", "South", "Rest"],
        "",
    ),
    "semicolons and decimal commas": (CSV.replace(",", ";").replace(".", ","), ["Month", "North", "South"], ""),
    "tabs": (CSV.replace(",", "\t"), ["Month", "North", "South"], ""),
    "bars": (CSV.replace(",", "|"), ["Month", "North", "South"], ""),
    "two colons": (CSV.replace(",", "::"), ["Month", "North", "South"], ""),
    "blanks": (CSV.replace(",", "   "), ["Month", "North", "South"], ""),
    "old Macintosh": (CSV.replace("\n", "\r"), ["Month", "North", "South"], ""),
    "an unnamed index": (
        ",Month,North,South\n" + "".join(f"{at},{m},{n},{s}\n" for at, (m, n, s) in enumerate(ROWS)),
        ["column 1", "Month", "North", "South"],
        "",
    ),
    "errors of a spreadsheet": (CSV.replace("4.5", "#DIV/0!"), ["Month", "North", "South"], ""),
}


@pytest.mark.parametrize("case", LINES)
def test_lines(tmp_path: Path, case: str) -> None:
    text, names, said = LINES[case]
    found = text_table(tmp_path, text)
    assert list(found.frame.columns) == names and len(found.frame) == len(ROWS)
    assert said in found.about.written and (said != "" or not found.about.said)
    first = found.frame[names[1]]
    if "decimal" not in case:
        assert pd.api.types.is_numeric_dtype(first.dtype) or case == "an unnamed index"


def test_units_stand_with_their_columns(tmp_path: Path) -> None:
    found = text_table(tmp_path, LINES["units"][0])
    assert {one.name: one.unit for one in found.about.columns} == {"Month": "", "North": "kWh", "South": "kWh"}


def test_a_row_whose_last_cell_is_empty_is_no_footer(tmp_path: Path) -> None:
    assert len(text_table(tmp_path, "user,item,rating\na,x,5\na,y,2\nb,x,3\nb,z,\n").frame) == 4


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("utf-8-sig", "Größe"),
        ("utf-16", "Größe"),
        ("utf-16-le", "Größe"),
        ("utf-32", "Größe"),
        ("cp1252", "Größe für Bücher"),
        ("cp1250", "żółta łódź"),
        ("cp1250", "příliš žluťoučký kůň"),
        ("cp1251", "Братья Карамазовы"),
        ("shift_jis", "ノルウェイの森 かがみの孤城"),
        ("gb18030", "红楼梦 西游记 三国演义"),
        ("cp949", "채식주의자 소년이 온다"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, word: str) -> None:
    text = "item,title\n" + "".join(f"i{at},{word} {at}\n" for at in range(20))
    found = text_table(tmp_path, text, encoding=encoding)
    assert found.frame["title"].tolist() == [f"{word} {at}" for at in range(20)]


def test_encodings_are_told_by_their_letters() -> None:
    assert guessed_encoding("café, crème, où, garçon".encode("cp1252")) == "cp1252"
    assert guessed_encoding("Ærø, Åse, Øyvind".encode("cp1252")) == "cp1252"
    assert guessed_encoding("Łódź, Gdańsk".encode("cp1250")) == "cp1250"


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("1,5;2,5\n3,5;4,5\n", ";"),
        ("a,b|c\n1,x|y\n2,y|z\n", ","),
        ("a;b\n1;2\n", ";"),
        ("196 242 3\n186 302 3\n", " "),
        ("Anna Smith\nBert Jones\n", ","),
        ("Report of sales\nby shop\na;b;c\n1;2;3\n4;5;6\n", ";"),
    ],
)
def test_separators(text: str, separator: str) -> None:
    assert separator_of(text) == separator


def _zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("in/data.csv", CSV)
    return path


def _tar(path: Path) -> Path:
    (path.parent / "data.csv").write_text(CSV)
    with tarfile.open(path, "w:gz") as packed:
        packed.add(path.parent / "data.csv", "in/data.csv")
    return path


def _sqlite(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as base:
        FRAME.to_sql("sales", base, index=False)
        base.execute("create view twice as select * from sales union all select * from sales")
        base.commit()
    return path


def _duckdb(path: Path) -> Path:
    with duckdb.connect(str(path)) as base:
        base.execute("create table sales (Month varchar, North integer, South double)")
        base.executemany("insert into sales values (?, ?, ?)", ROWS)
    return path


def _bytes(pack: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(pack(CSV.encode()))
        return path

    return write


FORMATS: dict[str, Callable[[Path], Path]] = {
    "data.csv.gz": _bytes(gzip.compress),
    "data.csv.bz2": _bytes(bz2.compress),
    "data.csv.xz": _bytes(lzma.compress),
    "data.csv": _bytes(gzip.compress),  # packed, whatever its name
    "data.zip": _zip,
    "data.tar.gz": _tar,
    "shop.sqlite": _sqlite,
    "shop.db": _sqlite,
    "shop.duckdb": _duckdb,
    "shop.bin": _duckdb,
    "book.xlsx": lambda path: book(path, Sheet1=[list(FRAME.columns), *map(list, ROWS)]),
    "book.xls": lambda path: book(path, Sheet1=[list(FRAME.columns), *map(list, ROWS)]),  # .xlsx under the old name
    "text.xls": lambda path: _bytes(lambda data: data.replace(b",", b"\t"))(path),  # many tools write text so
    "rows.parquet": lambda path: FRAME.to_parquet(path) or path,
    "rows.json": lambda path: FRAME.to_json(path, orient="records") or path,
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path: Path, name: str) -> None:
    found = table(FORMATS[name](tmp_path / name))
    assert list(found.frame.columns) == list(FRAME.columns)
    assert found.frame["South"].tolist() == FRAME["South"].tolist() and found.frame["North"].sum() == 15


def test_every_table_of_a_database_is_a_table(tmp_path: Path) -> None:
    path = _sqlite(tmp_path / "shop.sqlite")
    with closing(sqlite3.connect(path)) as base:
        base.execute("create table shops (shop_id text, city text)")
        base.execute("insert into shops values ('007', 'Bonn'), ('008', 'Ulm')")
        base.commit()
    sales, shops = read(path, workspace=tmp_path).tables
    assert (sales.name, shops.name) == ("shop.sqlite/sales", "shop.sqlite/shops")
    assert shops.frame["shop_id"].tolist() == ["007", "008"]


def test_of_a_workbook_the_largest_table_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    notes = [["Read me"], ["This book holds sales."]]
    small = [["shop", "city"], ["s1", "Bonn"]]
    titled = [["Sales of the year"], [], list(FRAME.columns), *map(list, ROWS), [], ["Source: the office"]]
    found = read(book(tmp_path / "book.xlsx", Notes=notes, Shops=small, Data=titled, Empty=[]), workspace=tmp_path)
    (only,) = found.tables
    assert only.about.sheet == "Data" and only.frame["South"].sum() == 15 and only.about.header == 3
    assert {one.name.split("/")[1]: one.why.split(",")[0] for one in found.left} == {
        "Notes": "another sheet",
        "Shops": "another sheet",
        "Empty": "a sheet without a table",
    }


def test_sheets_that_are_alike_are_read_where_a_kind_wants_them(tmp_path: Path) -> None:
    lines = [list(FRAME.columns), *map(list, ROWS)]
    path = book(tmp_path / "book.xlsx", Jan=lines, Feb=lines, Shops=[["shop", "city"], ["s1", "Bonn"]])
    found = read(path, workspace=tmp_path, sheets="alike")
    assert [one.about.sheet for one in found.tables] == ["Jan", "Feb"] and len(found.left) == 1
    assert len(read(path, workspace=tmp_path, sheets="all").tables) == 3


def test_cells_of_a_workbook_keep_their_types(tmp_path: Path) -> None:
    stamp = pd.Timestamp("2024-01-02 03:04").to_pydatetime()
    lines = [["key_id", "when", "amount", "code"], [17, stamp, 1.5, "007"], [18, stamp, "", "008"], [19, stamp, 2, "1"]]
    frame = table(book(tmp_path / "book.xlsx", Data=lines)).frame
    assert frame["key_id"].tolist() == ["17", "18", "19"] and frame["code"].tolist() == ["007", "008", "1"]
    assert frame["when"].iloc[0] == stamp and frame["amount"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["a.dat", "a.xyz", "a.2024", "a"])
def test_text_of_any_ending_is_a_table_by_its_content(tmp_path: Path, name: str) -> None:
    pd.testing.assert_frame_equal(text_table(tmp_path, CSV, name).frame, FRAME, check_dtype=False)
    (tmp_path / "notes.md").write_text("# About\n\nMonths of two shops, counted by hand.\nWith gaps, some.\nEnd.\n")
    (tmp_path / "scan.bin").write_bytes(np.random.default_rng(0).bytes(5_000))
    several = read(*(tmp_path / one for one in (name, "notes.md", "scan.bin")), workspace=tmp_path)
    assert [one.name for one in several.tables] == [name]
    with pytest.raises(FileError, match="there is no table in it"):
        read(tmp_path / "scan.bin", workspace=tmp_path)


def test_one_bad_file_ends_nothing(tmp_path: Path) -> None:
    good, empty, broken, packed = (tmp_path / name for name in ("a.csv", "b.csv", "c.jsonl", "d.csv.gz"))
    good.write_text(CSV)
    empty.write_text("")
    broken.write_text("{broken")
    packed.write_bytes(gzip.compress(CSV.encode())[:40])
    found = read(good, empty, broken, packed, workspace=tmp_path)
    assert [one.name for one in found.tables] == ["a.csv"]
    assert {one.name: one.why for one in found.left} == {
        "b.csv": "the file is empty",
        "c.jsonl": "the table cannot be read",
        "d.csv.gz": "the archive is damaged",
    }
    with pytest.raises(FileError, match="the file is empty"):
        read(empty, workspace=tmp_path)


def test_a_packed_file_may_not_unpack_to_more_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 500_000))
    with pytest.raises(LimitError, match="unpacks to more than 1 MB"):
        read(path, workspace=tmp_path, limits=Limits(max_unpacked_mb=1))


def test_a_tar_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(CSV)
    with tarfile.open(tmp_path / "bad.tar", "w") as packed:
        packed.add(tmp_path / "data.csv", "../outside.csv")
    with pytest.raises(ArchiveError, match="not a safe path"):
        read(tmp_path / "bad.tar", workspace=tmp_path)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    separator=st.sampled_from([",", ";", "\t", "|", "::"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    titles=st.integers(0, 3),
    footers=st.integers(0, 2),
    order=st.permutations(range(3)),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_the_same_table_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory,
    separator: str,
    encoding: str,
    titles: int,
    footers: int,
    order: list[int],
    ends: str,
) -> None:
    lines = [["Monat", "Größe", "Süd"], *([month, str(north), f"{south}"] for month, north, south in ROWS)]
    body = [separator.join(line[at] for at in order) for line in lines]
    text = ends.join([*["Bericht"] * titles, *body, *["Quelle: das Amt"] * footers, ""])
    folder = tmp_path_factory.mktemp("files")
    found = text_table(folder, text, encoding=encoding).frame
    assert found[["Monat", "Größe", "Süd"]].to_numpy().tolist() == [list(row) for row in ROWS]
