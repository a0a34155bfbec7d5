"""Interactions as people have them, read to one typed data set."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.reading.interactions.read import read_interactions
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

U_DATA = (
    "196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t377\t1\t878887116\n"
    "244\t51\t2\t880606923\n196\t51\t5\t886397596\n"
)
Write = Callable[[str, str | bytes], Path]


def read(
    *paths: Path, labelled: bool = True, roles: dict | None = None, test: Path | None = None, **options: Any
) -> Dataset:
    """Read paths with options."""
    tests = () if test is None else (test,)
    return read_interactions(ReadRequest(tuple(paths), tests, roles or {}, options, labelled))


def kinds(dataset: Dataset, level: str = "") -> set[str]:
    """Return the kinds of what reading noted."""
    return {note.kind for note in dataset.notes if not level or note.level == level}


def note(dataset: Dataset, kind: str) -> str:
    """Return the message of a kind."""
    return next(note.message for note in dataset.notes if note.kind == kind)


@pytest.fixture()
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and returns its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def test_a_file_without_header_is_named_by_position(write: Write) -> None:
    data = read(write("u.data", U_DATA))
    assert {str(role): names[0] for role, names in data.roles.items()} == {
        "user": "user",
        "item": "item",
        "value": "rating",
        "time": "timestamp",
    }
    assert data.table["user"].tolist() == ["196", "186", "196", "244", "196"]
    assert data.table["rating"].tolist() == [3, 3, 1, 2, 5] and data.table["positive"].all()
    assert data.table["timestamp"].iloc[0] == pd.Timestamp("1997-12-04 15:55:49") and data.classes == ()
    assert data.ids.tolist() == ["0", "1", "2", "3", "4"]
    assert note(data, "no-header") == (
        "u.data has no header line; its columns were named by position: user, item, rating, timestamp."
    )


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ann,lamp\nbob,lamp\nann,cup\n", ["user", "item"]),
        ("1,7,5\n2,7,4\n1,8,3\n", ["user", "item", "rating"]),
        ("1,7,1388534400\n2,7,1388534500\n", ["user", "item", "timestamp"]),
        ("a;b;2024-01-31 10:00:00;3\na;c;2024-01-31 11:00:00;4\n", ["user", "item", "timestamp", "rating"]),
        ("1::7::5::978300760\n1::8::3::978302109\n", ["user", "item", "rating", "timestamp"]),
        ("user_id:token\titem_id:token\trating:float\n1\t7\t3\n1\t8\t4\n", ["user_id", "item_id", "rating"]),
    ],
)
def test_columns_of_files_with_and_without_header(write: Write, text: str, columns: list[str]) -> None:
    data = read(write("data.inter", text))
    assert {names[0] for names in data.roles.values()} == set(columns)
    assert len(data) == text.count("\n") - text.startswith("user")


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "user_id": [f"{user:03d}" for user in rng.integers(0, 30, 300)],
            "item_id": [f"i{item}" for item in rng.integers(0, 40, 300)],
            "rating": rng.integers(1, 11, 300) / 2,
            "timestamp": pd.Timestamp("2023-05-01") + pd.to_timedelta(rng.integers(0, 10**6, 300), unit="s"),
        }
    )
    return frame.drop_duplicates(["user_id", "item_id"], ignore_index=True)


@pytest.mark.parametrize(
    "kind", ["csv", "csv semicolon", "csv utf-16", "tsv", "dat", "parquet", "xlsx", "jsonl", "zip"]
)
def test_every_format_gives_the_same_table(tmp_path: Path, kind: str) -> None:
    frame = _frame()
    path = tmp_path / f"data.{kind.split(' ')[0]}"
    if kind == "csv semicolon":
        frame.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    elif kind == "csv utf-16":
        frame.to_csv(path, index=False, encoding="utf-16")
    elif kind == "tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif kind == "dat":
        path.write_text("".join(f"{u}::{i}::{r}::{t:%Y-%m-%d %H:%M:%S}\n" for u, i, r, t in frame.to_numpy()))
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True, date_format="iso")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("ratings.csv", frame.to_csv(index=False))
    else:
        frame.to_csv(path, index=False)
    data = read(path)
    for role, name in zip((Role.USER, Role.ITEM, Role.VALUE, Role.TIME), frame.columns, strict=True):
        assert data.values(role).tolist() == frame[name].tolist()
    assert data.table.dtypes.astype(str).tolist() == ["str", "str", "float64", "datetime64[ns]", "bool"]
    assert Dataset.load(data.save(tmp_path / "saved")).table.equals(data.table)


def test_movielens_small_as_its_zip(tmp_path: Path) -> None:
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,4.5,964981247\n2,1,3.0,1445714835\n",
        "movies.csv": "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n3,Men,(no genres listed)\n",
        "tags.csv": "userId,movieId,tag,timestamp\n2,1,funny,1445714994\n2,1,pixar,1445714996\n",
        "links.csv": "movieId,imdbId,tmdbId\n1,0114709,862\n3,0113228,15602\n",
        "README.txt": "Summary",
    }
    with zipfile.ZipFile(tmp_path / "ml-latest-small.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(f"ml-latest-small/{name}", content)
    data = read(tmp_path / "ml-latest-small.zip")
    assert data.roles[Role.USER] == ("userId",) and len(data) == 3
    items = data.side["items"]
    assert items.columns.tolist() == ["title", "category"] and items.loc["1"].tolist() == [
        "Toy Story (1995)",
        "Adventure|Animation",
    ]
    assert pd.isna(items.loc["3", "category"]) and "users" not in data.side
    assert "interactions: 'ml-latest-small/ratings.csv'; items:" in note(data, "recognised-tables")
    assert "tags.csv" in note(data, "other-tables") and "README.txt" in note(data, "other-files")


def test_movielens_100k_as_its_folder(write: Write, tmp_path: Path) -> None:
    write("ml-100k/u.data", U_DATA)
    write("ml-100k/u1.base", U_DATA)
    write("ml-100k/u.genre", "unknown|0\nAction|1\n")
    flags = {242: "0|0|0|1|1" + "|0" * 14, 302: "1" + "|0" * 18, 377: "0" + "|0" * 18}
    rows = [f"{item}|Amélie {item} (2001)|01-Jan-1995||http://us.imdb.com/M|{flag}\n" for item, flag in flags.items()]
    write("ml-100k/u.item", "".join(rows).encode("latin-1"))
    write("ml-100k/u.user", "196|49|M|writer|55105\n186|39|F|executive|00000\n244|28|M|technician|80525\n")
    data = read(tmp_path / "ml-100k")
    assert len(data) == 5
    items, users = data.side["items"], data.side["users"]
    assert items.loc["242", ["title", "category"]].tolist() == ["Amélie 242 (2001)", "Animation|Children's"]
    assert items.loc[["302", "377"], "category"].isna().all()
    assert items.loc["51"].isna().all()
    assert users.loc["186"].to_dict() == {"age": 39.0, "gender": "female", "occupation": "executive"}
    assert note(data, "personal-columns").endswith("dropped: 'zip'.") and "'ml-100k" not in note(data, "other-files")


def test_movielens_1m_as_its_files(write: Write) -> None:
    paths = [
        write("ratings.dat", "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n"),
        write(
            "movies.dat",
            '661::James | the "Giant"::Animation|Musical\n1193::C\xe9sar: one, two::Drama\n'.encode("latin-1"),
        ),
        write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n"),
    ]
    data = read(*paths)
    assert data.side["items"].loc["661", "title"] == 'James | the "Giant"'
    assert data.side["items"].loc["1193"].tolist() == ["César: one, two", "Drama"]
    assert data.side["users"].loc["2", ["gender", "age"]].tolist() == ["male", 56.0]


RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,WHITE HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
1,71053,LANTERN,6,12/1/2010 8:26,3.39,17850.0,United Kingdom
C2,71053,LANTERN,-6,12/13/2010 9:00,3.39,17850.0,United Kingdom
3,85123A,WHITE  HEART!,2,12/2/2010 8:28,2.95,12583.0,France
3,85123A,WHITE HEART,10,12/5/2010 8:28,2.75,12583.0,France
4,00007,POST,1,12/6/2010 8:28,18.0,,France
"""


def test_a_shop_export_with_items_and_users_in_its_columns(write: Write) -> None:
    data = read(write("retail.csv", RETAIL))
    assert data.table.drop(columns="InvoiceDate").to_numpy().tolist() == [
        ["17850", "85123A", 6.0, True],
        ["17850", "71053", 6.0, True],
        ["12583", "85123A", 12.0, True],
    ]
    assert data.ids.tolist() == ["0", "1", "3"] and data.table["InvoiceDate"].iloc[2] == pd.Timestamp(
        "2010-12-02 08:28"
    )
    assert data.side["items"].loc["85123A", ["title", "price"]].tolist() == ["WHITE HEART", 2.75]
    assert data.side["users"]["Country"].to_dict() == {"17850": "United Kingdom", "12583": "France"}
    assert "00007" not in data.side["items"].index
    assert "Column 'CustomerID': 1 row without a user (row 6), left out." in note(data, "missing-user")
    assert "1 row with a quantity of zero or less (row 3)" in note(data, "cancellations")
    assert "1 of 4 duplicate interactions (same user and item)" in note(
        data, "repeats"
    ) and "counts were summed" in note(data, "repeats")


def test_repeats_of_ratings_keep_the_last_rating_and_the_first_time(write: Write) -> None:
    text = "user,item,rating,time\na,x,2,2024-01-05\na,x,5,2024-01-09\na,x,1,2024-01-01\nb,y,3,2024-01-02\n"
    data = read(write("data.csv", text))
    assert data.table["rating"].tolist() == [5.0, 3.0] and data.ids.tolist() == ["2", "3"]
    assert data.table["time"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")]
    kept = read(write("data.csv", text), repeats="keep")
    assert kept.table["rating"].tolist() == [2, 5, 1, 3] and "repeats" not in kinds(kept)


def test_repeats_without_a_value_are_counted(write: Write) -> None:
    data = read(write("data.csv", "user,item\na,x\nb,x\na,x\na,y\na,x\n"))
    assert data.column(Role.VALUE) == "times taken" and data.table["times taken"].tolist() == [3.0, 1.0, 1.0]
    again = read(write("data.csv", "user,item\na,x\nb,x\na,x\na,y\na,x\n"), roles=dict(data.roles))
    assert again.table.equals(data.table)


def test_copies_of_a_row_are_left_out_and_counted(write: Write) -> None:
    text = "user,item,quantity,time\na,x,2,2024-01-05\na,x,2,2024-01-05\na,x,3,2024-01-06\nb,y,1,2024-01-06\n"
    data = read(write("data.csv", text))
    assert data.table["quantity"].tolist() == [5.0, 1.0]
    assert note(data, "duplicates").startswith("1 row identical to another row in user, item, value and time (row 2)")


def test_a_threshold_tells_what_was_liked(write: Write) -> None:
    text = "user,item,rating\na,x,5\na,y,2\nb,x,3.5\nb,z,\n"
    data = read(write("data.csv", text), positive_from=3.5)
    assert data.table["positive"].tolist() == [True, False, True, False]
    assert note(data, "threshold").startswith("2 of 4 rows reach 3.5 and are positive feedback")
    assert "1 row without a rating (row 4)" in note(data, "missing-values")
    assert read(write("data.csv", text)).table["positive"].all()
    catalogue = Catalogue.of(data)
    histories = Histories.of(data, catalogue)
    assert histories.lengths.tolist() == [1, 1] and histories.known().toarray().tolist() == [[1, 1, 0], [1, 0, 1]]


def test_the_core_is_taken_until_nothing_changes(write: Write) -> None:
    # d has one row, so item w falls to one row, so c falls to one row and goes as well
    text = "user,item\na,x\na,y\nb,x\nb,y\nc,x\nc,w\nd,w\n"
    data = read(write("data.csv", text), min_user=2, min_item=2)
    assert set(data.table["user"]) == {"a", "b"} and set(data.table["item"]) == {"x", "y"}
    assert note(data, "k-core") == (
        "k-core filter: dropped 2 users with fewer than 2 rows and 1 item with fewer than 2, 3 rows in all."
    )
    assert len(read(write("data.csv", text))) == 7
    items = write("items.csv", "item,title\nx,Lamp\nw,Cup\nnew,Bowl\n")
    core = read(write("data.csv", text), items, min_user=2, min_item=2)
    assert Catalogue.of(core).ids.tolist() == ["new", "x", "y"]


def test_given_test_rows_come_last_and_are_never_filtered(write: Write) -> None:
    train = write("train.csv", "user,item\na,x\na,y\nb,x\nb,y\nc,x\n")
    test = write("test.csv", "User,Item\nc,z\na,z\n")
    data = read(train, test=test, min_user=2)
    assert data.ids.tolist() == ["0", "1", "2", "3", "5", "6"]
    assert data.fixed_split.tolist() == ["train"] * 4 + ["test"] * 2
    assert data.table["user"].tolist()[-2:] == ["c", "a"]


def test_a_column_that_gives_the_split_is_followed(write: Write) -> None:
    data = read(write("data.csv", "user,item,split\na,x,train\na,y,test\nb,x,train\n"))
    assert data.fixed_split.tolist() == ["train", "test", "train"] and "given-split" in kinds(data)


def test_columns_named_by_the_user_win(write: Write) -> None:
    text = "who,what,user,score\nann,x,1,4\nbob,y,1,5\nann,y,1,3\n"
    roles = {Role.USER: ("who",), Role.ITEM: ("what",), Role.VALUE: ()}
    data = read(write("data.csv", text), roles=roles)
    assert dict(data.roles) == {Role.USER: ("who",), Role.ITEM: ("what",)}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("user,item\n007,x\n7,x\n0010,y\n", ["007", "7", "0010"]),
        ("user,item\n1.0,x\n12.0,x\n3.0,y\n", ["1", "12", "3"]),
        ("user,item\n1.0,x\n1.10,x\n1.1,y\n", ["1.0", "1.10", "1.1"]),
        ("user,item\n9007199254740993,x\n9007199254740992,x\n1,y\n", ["9007199254740993", "9007199254740992", "1"]),
    ],
)
def test_ids_are_text_exactly_as_written(write: Write, text: str, ids: list[str]) -> None:
    assert read(write("data.csv", text)).table["user"].tolist() == ids


def test_ids_of_float_columns_lose_their_point(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [12.0, np.nan, 7.0], "item": [1, 2, 3]})
    frame.to_parquet(tmp_path / "data.parquet")
    assert read(tmp_path / "data.parquet").table["user"].tolist() == ["12", "7"]


@pytest.mark.parametrize(
    "times",
    [
        ["1700000000", "1700086400"],
        ["1700000000000", "1700086400000"],
        ["2023-11-14T22:13:20Z", "2023-11-15T22:13:20Z"],
        ["14.11.2023 22:13:20", "15.11.2023 22:13:20"],
        ["Nov 14, 2023 22:13:20", "Nov 15, 2023 22:13:20"],
    ],
)
def test_times_in_every_spelling(write: Write, times: list[str]) -> None:
    data = read(write("data.csv", f'user,item,time\na,x,"{times[0]}"\na,y,"{times[1]}"\n'))
    assert data.table["time"].tolist() == [pd.Timestamp("2023-11-14 22:13:20"), pd.Timestamp("2023-11-15 22:13:20")]


def test_days_since_a_start_are_days_and_called_so(write: Write) -> None:
    rows = "".join(f"u{at % 7},i{at // 7},{at // 4}\n" for at in range(60))
    data = read(write("data.csv", f"user,item,day\n{rows}"))
    assert "was read as days since an unknown start" in note(data, "relative-time")
    assert [instants.said(at) for at in (data.table["day"].min(), data.table["day"].max())] == [
        "day 0, 00:00",
        "day 14, 00:00",
    ]


def test_two_tables_of_the_same_columns_are_appended(write: Write) -> None:
    first, second = write("a.csv", "user,item\n1,x\n2,x\n3,y\n"), write("b.csv", "User,Item\n4,z\n")
    data = read(first, second)
    assert data.table["user"].tolist() == ["1", "2", "3", "4"] and data.ids[-1] == "3"


def test_a_table_of_users_brings_groups_and_drops_what_is_personal(write: Write) -> None:
    rows = write("orders.csv", "customer_id,sku,qty\n1,x,1\n2,x,2\n1,y,1\n")
    users = write("customers.csv", "id,name,email,country,sex\n1,Ann,a@b.c,DE,f\n2,Bob,b@b.c,FR,m\n9,Cid,c@b.c,FR,m\n")
    data = read(rows, users)
    assert data.side["users"].loc["2"].to_dict() == {"country": "FR", "sex": "male"}
    assert note(data, "personal-columns") == "User columns that look like personal data were dropped: 'name', 'email'."
    assert "a@b.c" not in str(data.describe())


def test_new_cases_are_users_alone_or_with_what_they_took(write: Write) -> None:
    like = read(write("retail.csv", RETAIL)).describe()
    listed = read(write("new.csv", "user\n17850\n007\n17850\n"), labelled=False, like=like)
    assert dict(listed.roles) == {Role.USER: ("CustomerID",)} and listed.table.columns.tolist() == ["CustomerID"]
    assert listed.table["CustomerID"].tolist() == ["17850", "007"] and "repeated-users" in kinds(listed)
    plain = read(write("new.txt", "17850\n007\n"), labelled=False, like=like)
    assert plain.table["CustomerID"].tolist() == ["17850", "007"]
    named = read(write("new.csv", "who\n17850\n"), labelled=False, like=like, roles={Role.USER: ("who",)})
    assert named.table["CustomerID"].tolist() == ["17850"]
    taken = read(
        write("new.csv", "CustomerID,StockCode,Country\n1.0,71053,Spain\n2.0,new,\n"), labelled=False, like=like
    )
    assert taken.table.to_numpy().tolist() == [["1", "71053", True], ["2", "new", True]]
    assert taken.side["users"]["Country"].tolist()[0] == "Spain"
    assert dict(taken.roles) == {Role.USER: ("CustomerID",), Role.ITEM: ("StockCode",)}


def test_new_cases_beside_a_table_of_items(write: Write) -> None:
    like = read(write("data.csv", "shopper,ware,rating\na,x,5\na,y,2\nb,x,3\n"), roles=WARES).describe()
    new, items = write("new.csv", "shopper,ware\nc,x\n"), write("items.csv", "ware,title\nx,Lamp\n")
    data = read(new, items, labelled=False, like=like)
    assert data.table.to_numpy().tolist() == [["c", "x", True]] and "items.csv" in note(data, "other-tables")


WARES = {Role.USER: ("shopper",), Role.ITEM: ("ware",)}


def test_new_ratings_under_the_threshold_are_told_apart(write: Write) -> None:
    like = read(write("data.csv", "user,item,rating\na,x,5\na,y,2\nb,x,3\n"), positive_from=3).describe()
    new = read(write("new.csv", "user,item,rating\nc,x,2\nc,y,4\n"), labelled=False, like=like, positive_from=3)
    assert new.table["positive"].tolist() == [False, True] and new.column(Role.VALUE) == "rating"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.text("abc019_. é", min_size=1, max_size=6).filter(lambda text: text.strip(" .") != ""),
            st.integers(0, 10**12),
            st.integers(1, 10),
            st.integers(10**9, 2 * 10**9),
        ),
        min_size=2,
        max_size=30,
    ),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_what_is_written_comes_back(tmp_path: Path, rows: list, separator: str) -> None:
    frame = pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"])
    frame["user"] = "u" + frame["user"].str.strip()
    frame.to_csv(tmp_path / "data.csv", index=False, sep=separator)
    data = read(tmp_path / "data.csv", repeats="keep")
    once = frame.astype({"item": "str"}).drop_duplicates(ignore_index=True)
    assert data.values(Role.USER).tolist() == once["user"].tolist()
    assert data.values(Role.ITEM).tolist() == once["item"].tolist()
    assert data.values(Role.VALUE).tolist() == once["rating"].tolist()
    assert (data.values(Role.TIME) == pd.to_datetime(once["timestamp"], unit="s").to_numpy()).all()
    folded = read(tmp_path / "data.csv")
    pairs = once.groupby(["user", "item"])
    assert len(folded) == pairs.ngroups
    firsts = folded.table.set_index(["user", "item"])["timestamp"]
    assert (firsts == pd.to_datetime(pairs["timestamp"].min(), unit="s").reindex(firsts.index)).all()
