"""Bad interactions: a clear line that says where, what was found, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Finding
from dl_core.errors import DaylightError, FileError, LimitError, OptionError, SchemaError
from dl_core.reading.interactions.layouts import ROW_BYTES
from dl_core.reading.interactions.read import read_interactions
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.room import Room, TableKind
from dl_core.schema import Role

Write = Callable[..., Path]


@pytest.fixture()
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and returns its path."""

    def write_file(content: str, name: str = "data.csv") -> Path:
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return write_file


def read(
    *paths: Path, limits: Limits | None = None, roles: dict | None = None, labelled: bool = True, **options: Any
) -> Dataset:
    """Read paths with options."""
    return read_interactions(ReadRequest(tuple(paths), (), roles or {}, options, labelled), limits)


def finding(dataset: Dataset, kind: str) -> Finding:
    """Return the finding of a kind."""
    return next(note for note in dataset.notes if note.kind == kind)


def refused(kind: type[DaylightError], *paths: Path, **how: Any) -> DaylightError:
    """Return the error that reading raises; each names a place and a next step."""
    with pytest.raises(kind) as caught:
        read(*paths, **how)
    assert caught.value.where and caught.value.todo and "\n" not in caught.value.line()
    return caught.value


def ratings(values: list[Any]) -> str:
    """Return a table of two users who rate as told."""
    return "user,item,rating\n" + "".join(f"u{at % 2},i{at // 2},{value}\n" for at, value in enumerate(values))


def test_rows_without_user_or_item_are_left_out_and_named(write: Write) -> None:
    data = read(write("user,item\na,x\n,x\na,y\nb,\nb,x\n ,z\n"))
    assert data.ids.tolist() == ["0", "2", "4"]
    assert finding(data, "missing-user").rows == ("1", "5") and "rows 2, 6" in finding(data, "missing-user").message
    assert finding(data, "missing-item").rows == ("3",) and finding(data, "missing-item").level == "warning"


def test_a_rating_as_text_is_named_by_row_and_not_repeated(write: Write) -> None:
    data = read(write(ratings([5, 4, "four", 3, 2, 1])))
    assert len(data) == 5 and data.table["rating"].tolist() == [5, 4, 3, 2, 1]
    message = finding(data, "not-a-number").message
    assert "1 row without a number (row 3), left out" in message and "four" not in message
    error = refused(SchemaError, write(ratings(["four", "five", 3])))
    assert error.line() == (
        "column rating: 2 values are no numbers (rows 1, 2); expected ratings or counts such as 4 or 4.5. Write the "
        "ratings as numbers, or choose another column, or none, for the value."
    )


@pytest.mark.parametrize(("stray", "scale"), [(99, "1 to 5"), (-1, "1 to 5"), (1000, "1 to 5")])
def test_ratings_out_of_range_are_left_out(write: Write, stray: float, scale: str) -> None:
    data = read(write(ratings([1, 2, 3, 4, 5, 5, stray, 4])))
    assert len(data) == 7 and stray not in set(data.table["rating"])
    assert (
        f"1 row with a rating ({stray}) outside {scale}, where all others are (row 7)"
        in finding(data, "rating-out-of-range").message
    )


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 10], [-10, -3, 0, 4, 9.5], [0, 1, 1, 0, 5], [20, 50, 80, 100]])
def test_wide_scales_are_no_mistakes(write: Write, values: list[float]) -> None:
    data = read(write(ratings(values)))
    assert len(data) == len(values) and not any(note.kind == "rating-out-of-range" for note in data.notes)


@pytest.mark.parametrize("name", ["Quantity", "play_count", "menge"])
def test_returns_are_left_out_of_counts(write: Write, name: str) -> None:
    data = read(write(f"user,item,{name}\na,x,3\na,y,-3\nb,x,0\nb,y,2\n"))
    assert data.table[name].tolist() == [3, 2] and finding(data, "cancellations").rows == ("1", "2")


def test_a_column_of_unknown_name_is_a_count_where_it_counts(write: Write) -> None:
    text = "user,item,n\na,x,300\nb,x,0\nb,y,2\na,y,7\n"
    assert len(read(write(text), roles={Role.VALUE: ("n",)})) == 3


def test_an_empty_rating_column_is_told(write: Write) -> None:
    data = read(write("user,item,rating\na,x,\nb,x,\na,y,\n"))
    assert data.column(Role.VALUE) is None and finding(data, "empty-values").level == "info"


def test_times_that_are_none_are_named(write: Write) -> None:
    data = read(write("user,item,time\na,x,2024-01-01\na,y,soon\nb,x,2024-01-02\nb,y,2024-01-03\n"))
    assert data.table["time"].isna().tolist() == [False, True, False, False]
    message = finding(data, "not-a-time").message
    assert "1 row without a readable time (row 2)" in message and "soon" not in message
    error = refused(SchemaError, write("user,item,time\na,x,now\na,y,soon\n"))
    assert "2 of 2 values are no times (rows 1, 2)" in error.line() and "milliseconds since 1970" in error.expected


def test_one_user_blocks_training(write: Write) -> None:
    note = finding(read(write("user,item\na,x\na,y\na,z\n")), "one-user")
    assert note.level == "error" and note.message == (
        "There is one user only (column 'user'), so there is no collaborative signal. "
        "Check that this column holds the users, or add rows of other users."
    )


def test_one_item_blocks_training(write: Write) -> None:
    note = finding(read(write("user,item\na,x\nb,x\nc,x\n")), "one-item")
    assert note.level == "error" and "one item only (column 'item'), so there is nothing to choose from" in note.message


def test_everyone_took_everything(write: Write) -> None:
    text = "user,item\n" + "".join(f"{user},{item}\n" for user in "abc" for item in "xyz")
    note = finding(read(write(text)), "all-taken")
    assert note.level == "error" and "nothing is left to recommend" in note.message and "repeats=keep" in note.message
    assert finding(read(write(text), repeats="keep"), "dense").level == "warning"


def test_users_with_one_row_are_counted(write: Write) -> None:
    note = finding(read(write("user,item\na,x\na,y\nb,x\nc,z\n")), "single-row-users")
    assert note.level == "info" and note.message.startswith("2 of 3 users have a single interaction; ")
    note = finding(read(write("user,item\na,x\nb,x\nc,z\n")), "single-rows")
    assert note.level == "error" and "customers, not orders" in note.message


def test_nothing_reaches_the_threshold(write: Write) -> None:
    note = finding(read(write(ratings([1, 2, 3, 4])), positive_from=6), "nothing-liked")
    assert note.level == "error" and "No row reaches 6" in note.message and "positive_from" in note.message


def test_an_items_table_that_names_an_id_twice(write: Write) -> None:
    rows = write("user,item\na,x\nb,y\na,y\n", "rows.csv")
    items = write("item,title\nx,Lamp\nx,Other lamp\ny,Cup\n", "items.csv")
    data = read(rows, items)
    assert data.side["items"]["title"].tolist() == ["Lamp", "Cup"]
    assert finding(data, "repeated-items").message.startswith("'items.csv': 1 row with an id of a row above")


def test_ids_that_a_spreadsheet_shortened(write: Write) -> None:
    data = read(write("user,item\n1.23E+11,x\n1.23E+11,y\n4.56E+11,x\n"))
    assert finding(data, "damaged-ids").level == "warning"


def test_columns_that_are_missing_are_named(write: Write) -> None:
    error = refused(SchemaError, write("who,item\na,x\nb,y\n"))
    assert error.line() == (
        "data.csv: no column of users was recognised; expected a column such as user_id, customer_id or visitor; found "
        "'who', 'item'. Say which column it is with the role user, or rename it."
    )
    assert "no column of items was recognised" in refused(SchemaError, write("user,amount\na,1\nb,2\n")).problem
    error = refused(SchemaError, write("user,item\na,x\n"), roles={Role.ITEM: ("thing",)})
    assert error.line().startswith("role item: there is no column 'thing'; expected 'user', 'item'")
    roles = {Role.USER: ("user",), Role.ITEM: ("user",)}
    assert "named for users and for items" in refused(SchemaError, write("user,item\na,x\n"), roles=roles).problem
    assert "every cell is empty" in refused(SchemaError, write("user,item\n,x\n,y\n")).problem


def test_test_rows_that_lack_a_column(write: Write) -> None:
    train, test = write("user,item\na,x\nb,y\n"), write("user,price\na,1\n", "test.csv")
    with pytest.raises(SchemaError) as caught:
        read_interactions(ReadRequest((train,), (test,)))
    assert "no column of items was recognised" in caught.value.line() and caught.value.where == "test.csv"


def test_new_cases_without_users(write: Write) -> None:
    like = read(write("customer,item\na,x\nb,y\na,y\n")).describe()
    error = refused(SchemaError, write("region,price\nx,1\n", "new.csv"), labelled=False, like=like)
    assert error.line() == (
        "new.csv: no column of users was recognised; expected a column 'customer' as in the training data; found "
        "'region', 'price'. Name the column so, or say with the role user which one it is."
    )


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "data.csv", "the file is empty"),
        ("user,item\n", "data.csv", "the table has no rows"),
        ("%PDF-1.7", "data.csv", "this is a PDF document"),
        ("{broken", "data.jsonl", "the table cannot be read"),
    ],
)
def test_files_that_are_no_tables(write: Write, content: str, name: str, message: str) -> None:
    error = refused(FileError, write(content, name))
    assert message in error.problem and error.where == name


def test_options_that_do_not_fit(write: Write) -> None:
    path = write("user,item\na,x\nb,y\na,y\n")
    assert "'sum' is not offered; expected fold, keep" in _line(path, repeats="sum")
    assert "option min_user: 'many' is no number" in _line(path, min_user="many")
    error = refused(OptionError, path, min_user=5)
    assert "no interaction is left after the k-core filter (users 5, items 1" in error.line()


def _line(path: Path, **options: Any) -> str:
    with pytest.raises(OptionError) as caught:
        read(path, **options)
    return caught.value.line()


@pytest.mark.parametrize("suffix", ["csv", "dat", "parquet", "jsonl"])
def test_too_many_rows_are_refused_before_they_are_read(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"user": np.arange(5_000) % 70, "item": np.arange(5_000) % 90, "rating": 3, "time": 10**9})
    path = tmp_path / f"data.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif suffix == "dat":
        path.write_text("".join("::".join(map(str, row)) + "\n" for row in frame.to_numpy()))
    else:
        frame.to_csv(path, index=False)
    error = refused(LimitError, path, limits=Limits(max_rows=1_000))
    assert "rows of 4 columns need" in error.problem and "at most 1,000 rows" in error.expected
    assert error.todo.startswith("keep the latest months, or draw some of the users with all of their rows; or raise")


def test_ten_million_rows_do_not_fit_the_usual_limits() -> None:
    room = Room("ratings.csv", TableKind(bool, ROW_BYTES, "keep the latest months"), Limits())
    room.check(5_000_000, 4)
    with pytest.raises(LimitError, match=r"ratings.csv: 10,000,000 rows of 4 columns need 6,240 MB of memory"):
        room.check(10_000_000, 4)


def test_broken_lines_are_counted(write: Write) -> None:
    data = read(write("user,item\na,x\nb,y,z\na,y\nb,x\n"))
    assert len(data) == 3 and finding(data, "broken-lines").message.startswith("1 lines of data.csv")


def test_no_message_repeats_what_stands_in_cells(write: Write) -> None:
    secret = "Jane Secret"
    rows = "".join(f"{secret}{at},thing{at % 7},{at % 5 + 1},2024-01-{at % 28 + 1:02d}\n" for at in range(40))
    data = read(write(f"user,item,rating,time\n{rows},x,{secret},{secret}\nb,,99,{secret}\n"))
    assert all(secret not in note.message for note in data.notes)
