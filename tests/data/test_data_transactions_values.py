"""Amounts, times, labels and keys in every spelling."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dl_core.domains  # noqa: F401  registers the four
from dl_core import pipeline
from dl_core.data import instants
from dl_core.data.privacy import is_card_number
from dl_core.data.rows import describe_columns, plain, row_values
from dl_core.data.safe_export import neutralise
from dl_core.data.table.labels import fraud_labels
from dl_core.data.table.summary import describe
from dl_core.domain import ReadRequest, get_domain
from dl_core.errors import SchemaError
from dl_core.probes.table.what_if_row import with_values
from dl_core.reading.secrets.hide import Hidden
from dl_core.reading.table.accounts import tidy_keys
from dl_core.reading.tables.times import looks_like_time, parse_times
from dl_core.reading.tables.values import parse_numbers
from dl_core.schema import Role


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1.234,56 €", "12,00", "1.234", "-5,5"], [1234.56, 12.0, 1234.0, -5.5]),
        (["$1,234.56", "(12.00)", "1,234", "12-"], [1234.56, -12.0, 1234.0, -12.0]),
        (["CHF 1'234.50", "12 345.00", "USD 3"], [1234.5, 12345.0, 3.0]),
        (["12,34,567.5", "1.5e3"], [1234567.5, 1500.0]),
        (["R$ 1.000.000,01", "2,5"], [1000000.01, 2.5]),
        (["\u22127,25", "+3,5", "1\u202f000,0"], [-7.25, 3.5, 1000.0]),
    ],
)
def test_amounts_in_every_notation(texts: list[str], numbers: list[float]) -> None:
    found = parse_numbers(pd.Series(texts))
    np.testing.assert_allclose(found.values, numbers)
    assert not found.bad.any()


def test_what_is_no_number_is_marked_and_what_is_missing_is_not() -> None:
    found = parse_numbers(pd.Series(["1.5", None, "abc", "1.2.3", "(4", "1 2", "inf", "12-34"]))
    assert found.bad.tolist() == [False, False, True, True, True, True, False, True]
    assert np.isnan(found.values[[1, 2, 3, 4, 5, 7]]).all()
    assert np.isinf(found.values[6])


def test_thousands_or_decimals_is_said_where_nothing_tells() -> None:
    assert parse_numbers(pd.Series(["1,234", "2,500"])).ambiguous
    assert not parse_numbers(pd.Series(["1,234", "2,500.5"])).ambiguous


def _written(value: float, style: str) -> str:
    plain = f"{abs(value):,.2f}"
    if style == "german":
        plain = plain.replace(",", "_").replace(".", ",").replace("_", ".") + " €"
    elif style == "swiss":
        plain = "CHF " + plain.replace(",", "'")
    elif style == "french":
        plain = plain.replace(",", "\u202f").replace(".", ",")
    elif style == "brackets":
        return f"({plain})" if value < 0 else plain
    return f"-{plain}" if value < 0 else plain


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=8),
    st.sampled_from(["english", "german", "swiss", "french", "brackets"]),
)
def test_amounts_come_back_from_every_notation(cents: list[int], style: str) -> None:
    values = np.array(cents) / 100
    found = parse_numbers(pd.Series([_written(value, style) for value in values]))
    assert not found.bad.any()
    np.testing.assert_allclose(found.values, values, atol=1e-9, rtol=1e-12)


_FORMATS = {
    "iso": "%Y-%m-%d %H:%M:%S",
    "iso t": "%Y-%m-%dT%H:%M:%S",
    "slashes": "%Y/%m/%d %H:%M:%S",
    "german": "%d.%m.%Y %H:%M:%S",
    "american": "%m/%d/%Y %I:%M:%S %p",
    "words": "%d %b %Y %H:%M:%S",
}


@settings(max_examples=24, deadline=None)
@given(
    st.lists(st.datetimes(pd.Timestamp("1990-01-01"), pd.Timestamp("2060-12-31")), min_size=1, max_size=6),
    st.sampled_from(sorted(_FORMATS)),
)
def test_times_come_back_from_every_format(times: list, style: str) -> None:
    times = [time.replace(microsecond=0) for time in times]
    decisive = pd.Timestamp("2020-01-31 10:00:00")  # tells day from month
    texts = [time.strftime(_FORMATS[style]) for time in [*times, decisive]]
    found = parse_times(pd.Series(texts, name="when"))
    assert not found.bad.any()
    expected = np.array([*times, decisive], dtype="datetime64[ns]")
    np.testing.assert_array_equal(found.values, expected)


def test_mixed_formats_and_zones_in_one_column() -> None:
    texts = ["2018-04-01 10:00:00", "2018-04-01T10:00:00+02:00", "1 Apr 2018 10:00", "2018-04-01", "soon", None]
    found = parse_times(pd.Series(texts, name="when"))
    expected = ["2018-04-01T10", "2018-04-01T08", "2018-04-01T10", "2018-04-01T00", "NaT", "NaT"]
    np.testing.assert_array_equal(found.values, np.array(expected, dtype="datetime64[ns]"))
    assert found.bad.tolist() == [False, False, False, False, True, False]
    assert [note.kind for note in found.notes] == ["mixed-zones"]


@pytest.mark.parametrize(
    ("texts", "order", "first", "kind"),
    [
        (["03/04/2018", "25/04/2018"], "", "2018-04-03", "day-first"),
        (["03/04/2018", "04/25/2018"], "", "2018-03-04", "month-first"),
        (["03/04/2018", "05/04/2018"], "", "2018-04-03", "ambiguous-dates"),
        (["03/04/2018", "05/04/2018"], "month-first", "2018-03-04", "ambiguous-dates"),
        (["03/04/2018", "25/04/2018", "04/26/2018", "27/04/2018"], "", "2018-04-03", "mixed-dates"),
    ],
)
def test_day_or_month_first_is_decided_over_the_column(texts: list[str], order: str, first: str, kind: str) -> None:
    found = parse_times(pd.Series(texts, name="when"), order)
    assert found.values[0] == np.datetime64(first, "ns")
    assert kind in {note.kind for note in found.notes}


@pytest.mark.parametrize(
    ("numbers", "first", "kind"),
    [
        ([1522540800, 1522540801], "2018-04-01", "unix-time"),
        ([1522540800123, 1522540801000], "2018-04-01T00:00:00.123", "unix-time"),
        ([20180401, 20180402], "2018-04-01", "date-numbers"),
        ([43191.5, 43192.0], "2018-04-01T12:00", "day-numbers"),
        ([0, 3600], "2210-01-01", "relative-time"),
    ],
)
def test_numbers_as_times(numbers: list[float], first: str, kind: str) -> None:
    found = parse_times(pd.Series(numbers, name="when"))
    assert found.values[0] == np.datetime64(first, "ns")
    assert [note.kind for note in found.notes] == [kind]


def test_steps_are_hours() -> None:
    found = parse_times(pd.Series([0, 25], name="step"))
    assert [instants.said(at) for at in found.values] == ["day 0, 00:00", "day 1, 01:00"]


@pytest.mark.parametrize(
    ("text", "hours"), [("day 3, 04:12", 76.2), ("day 3", 72), ("day 0, 00:00:36", 0.01), ("day -1, 23:00", -1)]
)
def test_what_counts_from_a_start_is_said_so_and_read_back(text: str, hours: float) -> None:
    moment = instants.START + pd.Timedelta(hours=hours)
    assert instants.read(text) == moment and instants.is_relative(text)
    assert instants.said(moment) == (text if "," in text else "day 3, 00:00")
    assert instants.said(moment, instants.DAY) == text.partition(",")[0]


def test_dates_stay_dates() -> None:
    born = pd.Timestamp("1970-01-03 04:12")  # a date of birth, no time since a start
    assert (instants.said(born), instants.is_relative(born)) == ("1970-01-03 04:12", False)
    assert plain(born) == "1970-01-03T04:12:00"


def payments_by_step(start: float = 1) -> pd.DataFrame:
    """Return payments of 30 days whose time counts hours from a start."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "step": start + np.sort(rng.integers(0, 720, 900)),
            "amount": rng.lognormal(3, 1, 900).round(2),
            "nameOrig": [f"C{at}" for at in rng.integers(0, 300, 900)],
            "isFraud": (rng.random(900) < 0.1).astype(int),
        }
    )


def test_times_since_a_start_are_nowhere_dates(tmp_path: Path) -> None:
    """The preview, the protocol, the course in time, a value changed, and rows that are written and read again."""
    domain = get_domain("fraud_detection")
    payments_by_step().to_csv(tmp_path / "paysim.csv", index=False)
    data = pipeline.ingest(domain, ReadRequest((tmp_path / "paysim.csv",)))
    splits = pipeline.split(domain, data, 0, {})
    assert "training day 0 to day " in splits.protocol and "test day 24 to day 29" in splits.protocol
    step = next(one for one in describe_columns(data, domain.schema, ["step"]) if one["name"] == "step")
    assert step["kind"] == "text" and step["role"] == "time"
    first = row_values(data, ["step"])[0]["step"]
    assert first == "day 0, 01:00"
    changed = with_values(data.subset(data.ids[:1]), {"step": "day 2, 03:00"})
    assert changed.table["step"].iloc[0] - data.table["step"].iloc[0] == pd.Timedelta(days=2, hours=2)
    told = describe("overview", data, splits, domain.schema, {}, {})
    assert not any("1970" in str(part) for part in (told["columns"], told["first"], splits.protocol))
    again = pipeline.read_again(domain, data, {Role.ENTITY: ()}, {}, tmp_path / "again")
    assert row_values(again, ["step"])[0]["step"] == first
    assert any(note.kind == "relative-time" for note in again.notes)


def test_amounts_are_not_taken_for_times() -> None:
    assert not looks_like_time(pd.Series(["12.5", "3.99", "100"]))
    assert looks_like_time(pd.Series(["2018-04-01 10:00", "2018-04-02 11:00"]))


@pytest.mark.parametrize(
    ("honest", "fraud"),
    [
        ("0", "1"),
        (0, 1),
        (False, True),
        ("N", "Y"),
        ("No", "YES"),
        ("legit", "fraud"),
        ("genuine", "Chargeback"),
        ("normal", "fraudulent"),
        ("Non-Fraud", "Fraud"),
        (0.0, 1.0),
        ("ok", "blocked"),
    ],
)
def test_labels_in_any_spelling(honest: object, fraud: object) -> None:
    labels, _ = fraud_labels(pd.Series([honest, honest, fraud, None, honest], name="label"))
    assert labels.tolist() == ["honest", "honest", "fraud", None, "honest"]


@pytest.mark.parametrize("pair", [("A", "B"), ("1", "2"), ("1", "-1")])
def test_the_rarer_label_is_fraud_where_words_do_not_tell(pair: tuple[str, str]) -> None:
    common, rare = pair
    labels, notes = fraud_labels(pd.Series([common, common, rare, common], name="label"))
    assert labels.tolist() == ["honest", "honest", "fraud", "honest"]
    assert "label-guessed" in {note.kind for note in notes}


def test_more_than_two_labels_name_what_was_found() -> None:
    with pytest.raises(SchemaError, match="3 different labels .*red"):
        fraud_labels(pd.Series(["red", "green", "blue", "red"], name="kind"))


def test_labels_that_are_all_missing() -> None:
    with pytest.raises(SchemaError, match="every label is missing"):
        fraud_labels(pd.Series([None, None], name="label", dtype=object))


def test_card_numbers_names_and_mails_get_pseudonyms() -> None:
    assert is_card_number("4111 1111 1111 1111")
    assert not is_card_number("4111111111111112") and not is_card_number("9111111111111116")
    for keys in (["4111111111111111", "5500005555555559"], ["Anna Smith", "José Pérez"], ["a@b.org", "c@d.com"]):
        found, notes, hidden = tidy_keys(pd.Series([*keys, keys[0], None], name="account"), "account", Hidden())
        first, second, again = found.tolist()[:3]
        assert first == again != second and all(re.fullmatch("account [a-z2-7]{12}", name) for name in found[:3])
        more, told, _ = tidy_keys(pd.Series([keys[1]], name="Account"), "account", hidden)
        assert more.tolist() == [second] and told == []  # one row alone, with the same key
        assert found.isna().tolist() == [False, False, False, True]
        assert [note.kind for note in notes] == ["pseudonyms"]
        assert not any(key in note.message for key in keys for note in notes)


def test_plain_keys_stay_with_one_spelling_each() -> None:
    found, notes, _ = tidy_keys(pd.Series([7.0, 7.0, np.nan, 12.0], name="card"), "account", Hidden())
    assert found.tolist()[:2] == ["7", "7"]
    assert found.isna().tolist() == [False, False, True, False]
    assert notes == []


def test_exports_hold_no_formulas() -> None:
    table = pd.DataFrame({"=a": ["=1+1", "@x", "fine", None, "\tx"], "n": [-1.0, 2, 3, 4, 5]})
    safe = neutralise(table)
    assert safe["'=a"].tolist()[:3] == ["'=1+1", "'@x", "fine"]
    assert safe["'=a"].iloc[4] == "'\tx"
    assert safe["n"].tolist() == [-1.0, 2, 3, 4, 5]
    assert table["=a"].iloc[0] == "=1+1"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=5))
def test_no_text_starts_like_a_formula_after_export(texts: list[str]) -> None:
    safe = neutralise(pd.DataFrame({"t": pd.Series(texts, dtype=object)}))
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in safe["t"])
