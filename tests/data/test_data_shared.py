"""What all kinds of rows share: words of findings, options, parts as numbers, names of columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.findings import few, listed, rows_named, worst_first
from dl_core.data.options import choice_of, number_of, share_of, whole_of
from dl_core.data.parts import check_filled, given_ranks, in_numbers, part_ranks, splits_of
from dl_core.errors import OptionError, SchemaError, counted
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.append import appended
from dl_core.reading.tables.keys import KeyNames
from dl_core.reading.tables.names import guess_others, plain_name, respelled, spellings
from dl_core.reading.tables.trained import Trained
from dl_core.reading.tables.values import read_numbers, sampled, spread
from dl_core.schema import Field, Role, Schema


def test_words_of_findings():
    assert (counted(1, "row"), counted(0, "row"), counted(1234, "user")) == ("1 row", "0 rows", "1,234 users")
    mask = np.zeros(2000, dtype=bool)
    mask[3] = True
    assert rows_named(mask) == "row 4"
    mask[[0, 9, 10, 11, 12, 1999]] = True
    assert rows_named(mask) == "rows 1, 4, 10, 11, 12 and 2 more"
    assert listed(["a", "b", "c"], 2) == "'a', 'b' and 1 more" and listed(["x" * 50]) == repr("x" * 39 + "…")
    assert few(["a", "b"]) == "a, b" and few(["abcdef", "b", "c", "d", "e"], 3, 4) == "abc…, b, c and 2 more"
    levels = ["info", "error", "warning", "info", "error"]
    findings = [Finding(level, str(at), "") for at, level in enumerate(levels)]
    assert [finding.kind for finding in worst_first(findings)] == ["1", "4", "2", "0", "3"]


def test_options_are_typed_and_have_defaults():
    options = {"way": "b", "days": "2.5", "none": None, "empty": "", "rows": "7", "share": 0.5}
    assert choice_of(options, "way", ("a", "b")) == "b" and choice_of(options, "other", ("a", "b")) == "a"
    assert (
        number_of(options, "days") == 2.5 and number_of(options, "none", 4.0) == number_of(options, "empty", 4.0) == 4
    )
    assert whole_of(options, "rows") == 7 and whole_of(options, "missing", 3) == 3
    assert share_of(options, "share", 0.2) == 0.5 and share_of(options, "empty", 0.2) == 0.2


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: choice_of({"way": "c"}, "way", ("a", "b")), "option way: 'c' is not offered; expected a, b."),
        (lambda: number_of({"days": "x"}, "days"), "option days: 'x' is no number; expected a number."),
        (lambda: number_of({"days": "nan"}, "days"), "option days: nan does not fit; expected 0 or more."),
        (lambda: number_of({"days": 366}, "days", most=365), "option days: 366 does not fit; expected from 0 to 365."),
        (lambda: number_of({"days": -1}, "days"), "option days: -1 is below zero; expected 0 or more."),
        (lambda: whole_of({"rows": 0}, "rows", 1, least=1), "option rows: 0 is below 1; expected 1 or more."),
        (lambda: whole_of({"rows": 1.5}, "rows"), "option rows: 1.5 is no whole number; expected a whole number."),
        (lambda: share_of({"s": 0}, "s", 0.1), "option s: 0 is no share; expected above 0, at most 0.5."),
        (lambda: share_of({"s": 0.51}, "s", 0.1), "option s: 0.51 is no share; expected above 0, at most 0.5."),
    ],
)
def test_options_that_do_not_fit_are_one_clear_line(call, line: str):
    with pytest.raises(OptionError) as caught:
        call()
    assert caught.value.line() == line


def _rows(n: int, fixed: list[str] | None = None) -> Dataset:
    ids = pd.Index([f"r{at}" for at in range(n)])
    split = None if fixed is None else pd.Series(fixed, index=ids)
    return Dataset("rows", pd.DataFrame({"x": range(n)}, index=ids), {}, Source("x"), fixed_split=split)


def test_parts_go_to_splits_and_back():
    data, rank = _rows(6), np.array([0, 2, -1, 1, 0, 2])
    splits = splits_of(data, rank, "by hand", "as written")
    assert (splits.train, splits.validation, splits.test) == (("r0", "r4"), ("r3",), ("r1", "r5"))
    assert (splits.kind, splits.protocol) == ("by hand", "as written")
    np.testing.assert_array_equal(part_ranks(data, splits), rank)
    assert in_numbers(rank) == "2/1/2" and part_ranks(data, None).tolist() == [0] * 6
    check_filled(data, rank, "add rows")
    with pytest.raises(SchemaError, match=r"leaves a part empty \(2/0/3 training/validation/test rows\)"):
        check_filled(data, np.array([0, 2, 2, -1, 0, 2]), "add rows")


def test_a_given_split_is_told_in_numbers():
    assert given_ranks(_rows(3)).tolist() == [-1, -1, -1]
    assert given_ranks(_rows(4, ["test", "train", "later", "validation"])).tolist() == [2, 0, -1, 1]


def test_a_column_that_must_be_there():
    data = _rows(2)
    with pytest.raises(SchemaError, match="no column with the role user"):
        data.require(Role.USER)


def test_names_are_compared_whatever_their_spelling():
    assert plain_name("isFraud") == plain_name("Is fraud?") == plain_name(" is__fraud ") == "is_fraud"
    assert spellings(["Card ID", "cardId", "other"]) == {"card_id": "Card ID", "other": "other"}
    frame = pd.DataFrame(columns=["card id", "AMOUNT", "more"])
    assert list(respelled(frame, ["Card_ID", "amount", "time"]).columns) == ["Card_ID", "amount", "more"]
    twins = pd.DataFrame(columns=["A", "a"])
    assert list(respelled(twins, ["A", "a"]).columns) == ["A", "a"]


def test_what_the_user_says_is_not_guessed_again():
    schema = Schema((Field(Role.USER, "text", names=("user",)), Field(Role.ITEM, "text", names=("item", "who"))))
    request = ReadRequest((Path("x"),), roles={Role.USER: ("who",), Role.FEATURE: ("item",)})
    assert guess_others(schema, ["who", "item"], request) == {}
    assert guess_others(schema, ["who", "item"], request, free=Role.FEATURE) == {Role.ITEM: ("item",)}
    nobody = ReadRequest((Path("x"),), roles={Role.USER: ()})
    assert guess_others(schema, ["user", "item"], nobody) == {Role.ITEM: ("item",)}


def test_keys_are_told_by_name_by_the_user_and_by_training():
    keys = KeyNames({"account"}, ("_iban",))
    assert "Account" in keys and "shop_id" in keys and "payer IBAN" in keys and "amount" not in keys
    like = {"roles": {"user": ["who"], "value": ["stars"]}, "notes": [{"kind": "month-first"}], "columns": {}}
    request = ReadRequest((Path("x"),), roles={Role.ITEM: ("what",)}, options={"like": like})
    is_key = keys.asked((Role.USER, Role.ITEM), request)
    assert [name for name in ("who", "what", "stars", "shop_id") if is_key(name)] == ["who", "what", "shop_id"]
    trained = Trained.of(request)
    assert trained and trained.order == "month-first" and trained.column(Role.USER) == "who"
    assert not Trained.of(ReadRequest((Path("x"),))) and Trained().order == "" and Trained().column(Role.USER) == ""


def test_values_by_code_samples_and_columns_of_numbers():
    assert spread(np.array([1.5, 2.5]), np.array([1, -1, 0])).tolist()[::2] == [2.5, 1.5]
    assert spread(np.array([True]), np.array([0, -1]), False).tolist() == [True, False]
    column = pd.Series([None, *range(999)])
    assert len(sampled(column, 100)) == 111 and sampled(column, 100).iloc[1] == 9  # every ninth
    assert read_numbers(pd.Series(["1", "2", "x"], name="n"), "numbers", "correct").bad.tolist() == [False, False, True]
    with pytest.raises(SchemaError, match="2 values are no numbers"):
        read_numbers(pd.Series(["1", "y", "x"], name="n"), "numbers", "correct")


def test_a_number_here_and_a_text_there_become_text():
    first, second = pd.DataFrame({"a": [1, 2], "b": [1.0, 2.0]}), pd.DataFrame({"a": ["x"], "b": [3.0]})
    found = appended([first, second])
    assert found["a"].tolist() == ["1", "2", "x"] and found["b"].tolist() == [1.0, 2.0, 3.0]
