"""Values as text, reasons in sentences and explanations as JSON."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.table import plain
from dl_core.explain.table.plain import TableContributions, by_step, reasons, strip
from dl_core.explain.table.values import RowTexts, feature_name, number_text, step_of, step_text, value_text
from dl_core.schema import Role


def explanation(heat: list[float], **changes) -> TableContributions:
    about = {
        "row": "7",
        "model": "net",
        "method": "expected_gradients",
        "target": "fraud",
        "heat": np.array([heat], np.float32),
        "score": 0.9,
        "features": ("amount", "night", "shop", "hour")[: len(heat)],
        "values": ("312.40", "yes", "travel", "3")[: len(heat)],
        "typical": ("41.20", "no", "travel", "14")[: len(heat)],
        "log_odds": 2.0,
        "base": -1.0,
    }
    return TableContributions(**(about | changes))


@pytest.mark.parametrize(
    ("value", "column", "role", "text"),
    [
        (312.4, "amount", Role.AMOUNT, "312.40"),
        (1234567.0, "amount", Role.AMOUNT, "1,234,567.00"),
        (2.345, "account: days since last transaction", Role.HISTORY, "2.3 days"),
        (0.031, "counterparty: known fraud rate, 7 days", Role.HISTORY, "3.1 %"),
        (np.float32(1), "night", Role.HISTORY, "yes"),
        (0, "weekend", Role.HISTORY, "no"),
        (14.0, "account: count, 7 days", Role.HISTORY, "14"),
        (3.14159, "x", Role.FEATURE, "3.142"),
        (True, "x", None, "yes"),
        (np.nan, "x", None, "missing"),
        (None, "x", None, "missing"),
        (pd.NaT, "x", None, "missing"),
        (np.inf, "x", None, "infinite"),
        (pd.Timestamp("2026-03-04 17:05:09"), "x", Role.TIME, "2026-03-04 17:05"),
        (np.datetime64(dt.datetime(2026, 3, 4, 17, 5)), "x", Role.TIME, "2026-03-04 17:05"),
        ("travel", "shop", Role.FEATURE, "travel"),
        ("x" * 99, "shop", Role.FEATURE, "x" * 59 + "…"),
    ],
)
def test_values_as_people_write_them(value, column, role, text):
    assert value_text(value, column, role) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-5.0, "-5"),
        (12345.678, "12,346"),
        (123.456, "123.5"),
        (1.5, "1.5"),
        (0.05, "0.05"),
        (0.001234, "0.0012"),
        (1e-7, "1e-07"),
        (2.5e12, "2.5e+12"),
        (-0.123456, "-0.1235"),
        (999.96, "1,000"),
    ],
)
def test_numbers_without_a_tail(number, text):
    assert number_text(number) == text


def test_reasons_are_what_raised_the_score():
    found = explanation([1.5, 0.5, 1.0, -2.0])
    assert reasons(found) == [
        "amount is 312.40 (typical 41.20)",
        "shop is travel, typical",
        "night is yes (typical no)",
    ]
    assert reasons(found, most=1) == ["amount is 312.40 (typical 41.20)"]
    assert reasons(explanation([-1.0, 0.0])) == []
    assert reasons(explanation([1.0, 0.01])) == ["amount is 312.40 (typical 41.20)"]  # hardly moved it
    assert reasons(explanation([1.0], values=("",), typical=("",))) == ["amount"]


def test_json_adds_up(monkeypatch):
    monkeypatch.setattr(plain, "MOST_FEATURES", 2)
    found = explanation([1.5, 0.5, 1.25, -0.5]).as_json()
    assert [one["name"] for one in found["features"]] == ["amount", "shop"]
    assert found["features"][0] == {"name": "amount", "weight": 1.5, "value": "312.40", "typical": "41.20"}
    assert found["other"] == pytest.approx(0.0)
    assert found["gap"] == pytest.approx(3 - 2.75)
    total = found["base"] + sum(one["weight"] for one in found["features"]) + found["other"] + found["gap"]
    assert total == pytest.approx(found["log_odds"]) and found["probability"] == 0.9
    assert found["base_probability"] == pytest.approx(1 / (1 + np.e))
    assert found["steps"] == [] and found["faithfulness"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_json_of_an_explanation_without_words():
    bare = TableContributions("1", "m", "x", "fraud", np.zeros((1, 1)), 0.5, Faithfulness(0, 1, 0, 1), ("a",))
    found = bare.as_json()
    assert (found["base"], found["log_odds"], found["gap"], found["base_probability"]) == (None, None, None, None)
    assert found["features"] == [{"name": "a", "weight": 0.0, "value": "", "typical": ""}]
    assert found["faithfulness"]["centre_deletion"] is None


def test_steps_are_summed():
    assert step_of("amount, 2 transactions ago") == ("amount", 2)
    assert step_of("amount, mean, 1 transaction ago") == ("amount, mean", 1)
    assert step_of("spreads above account's mean until 2 days ago") is None
    found = explanation([1.0, 2.0, 4.0], features=("amount, 2 transactions ago", "amount", "hour, 2 transactions ago"))
    assert by_step(found) == [
        {"ago": 2, "weight": 5.0, "features": [{"name": "hour", "weight": 4.0}, {"name": "amount", "weight": 1.0}]},
        {"ago": 0, "weight": 2.0, "features": [{"name": "amount", "weight": 2.0}]},
    ]


def test_a_strip_shows_the_inputs_that_move_the_score_most_and_which_step_does():
    named = ("amount, 1 transaction ago", "hour, 1 transaction ago", "amount, this transaction", "night")
    found = plain.sequence(explanation([1.0, -3.0, -0.5, 9.0], features=named))
    assert found == {"steps": [1, 0], "inputs": ["amount", "hour"], "weights": [[1.0, -0.5], [-3.0, 0.0]]}
    shown = strip(found, 1)
    assert (shown.inputs, shown.weights) == (["hour"], [[-3.0, 0.0]])  # 3 against 1.5
    assert shown.totals == [-2.0, -0.5] and shown.lead == 0  # all inputs, shown or not
    assert strip(found, 9).inputs == ["hour", "amount"]
    assert plain.sequence(explanation([1.0])) is None


def test_a_row_without_features_is_an_explanation_all_the_same():
    empty = TableContributions("1", "m", "x", "fraud", np.zeros((1, 0), np.float32), 0.5, log_odds=0.0, base=-1.0)
    found = empty.as_json()
    assert (found["features"], found["other"], found["gap"], found["reasons"]) == ([], 0.0, 1.0, [])
    assert (found["steps"], found["sequence"], found["probability"]) == ([], None, 0.5)


def test_steps_of_recent_transactions_in_the_users_units():
    # there, 3 days before, 1 day after the one before, amount 312, twice the habit, 18 o'clock, risk 2.5 %
    step = np.array([1, np.log(4), np.log(2), np.log(313), np.log(3), -1, 0, 0.25])
    assert step_text("amount", step) == "312"
    assert step_text("amount", step * [1, 1, 1, -1, 1, 1, 1, 1]) == "-312"
    assert step_text("amount against habit", step) == "2"
    assert step_text("days before this one", step) == "3.0 days"
    assert step_text("days after the one before", step) == "1.0 days"
    assert step_text("hour of day", step) == "18"
    assert step_text("counterparty's risk", step) == "2.5 %"
    assert step_text("transaction there", step) == "yes"
    assert step_text("amount", np.zeros(8)) == "none"
    assert step_text("mood", step) == "" and step_text("amount", np.ones(3)) == ""


def test_row_texts_find_columns_groups_and_steps():
    recent = np.zeros((1, 2, 8))
    recent[0, 0, [0, 3]] = 1, np.log(11)
    table = pd.DataFrame({"amount": [5.0], "a": [1], "b": [2], "c": [3], "d": [4]}, index=["x"])
    data = Dataset("t", table, {Role.AMOUNT: ("amount",)}, Source("t"), arrays={"recent": recent})
    features = ("amount", "amount, 1 transaction ago", "amount, 7 transactions ago", "all", "nothing")
    assert RowTexts(data, features, {"all": ("a", "b", "c", "d")}).row(0) == ("5.00", "10", "", "1 / 3 / 4", "")


def test_blocks_that_say_one_thing_are_one_feature():
    blocks = ["amount", "hour of day", "amount, this transaction", "risk, this transaction"]
    assert feature_name("amount, this transaction", blocks) == "amount"
    assert feature_name("risk, this transaction", blocks) == "risk, this transaction"
    assert feature_name("hour of day, sine, this transaction", blocks) == "hour of day"
    assert feature_name("hour of day, cosine, 2 transactions ago", blocks) == "hour of day, 2 transactions ago"
    assert step_of("risk, this transaction") == ("risk", 0)
