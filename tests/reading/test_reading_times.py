"""Times as tables of all kinds hold them: months by name in many languages, midnight as 24:00, serial days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dl_core.reading.series.zones import in_zone
from dl_core.reading.tables.month_names import month_numbers, named_dates
from dl_core.reading.tables.times import looks_like_time, parse_times


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["03-Jan-22", "18-Dec-23"], ["2022-01-03", "2023-12-18"]),
        (["Januar 2018", "März 2018", "Dez 2018"], ["2018-01-01", "2018-03-01", "2018-12-01"]),
        (["Mrz 18", "Okt 18"], ["2018-03-01", "2018-10-01"]),
        (["janv. 2020", "août 2020", "Févr. 2021"], ["2020-01-01", "2020-08-01", "2021-02-01"]),
        (["3 de enero de 2022", "1 de agosto de 2022"], ["2022-01-03", "2022-08-01"]),
        (["Jan 3, 2022", "Feb 28, 22"], ["2022-01-03", "2022-02-28"]),
        (["Mon, 3 Jan 2022 14:00", "Tue, 4 Jan 2022 2:30 pm"], ["2022-01-03T14:00", "2022-01-04T14:30"]),
        (["mar. 01 mars 2022"], ["2022-03-01"]),  # mardi stands before mars
        (["2018年1月", "2018年12月"], ["2018-01-01", "2018-12-01"]),
        (["listopad 2020", "srpanj 2020"], ["2020-10-01", "2020-07-01"]),  # Croatian: October, not Polish November
        (["sty 2020", "listopad 2020"], ["2020-01-01", "2020-11-01"]),  # Polish
        (["31 Feb 2020", "Source: ERP 2020", "1 Mar 2020"], [None, None, "2020-03-01"]),
    ],
)
def test_months_by_name(texts: list[str], expected: list[str | None]) -> None:
    wanted = np.array([one or "NaT" for one in expected], dtype="datetime64[ns]")
    assert np.array_equal(named_dates(texts), wanted, equal_nan=True)


def test_words_are_of_one_language() -> None:
    assert month_numbers({"Mai", "Juni", "Dez."}) == {"Mai": 5, "Juni": 6, "Dez.": 12}
    assert month_numbers({"May", "north"}) is None and month_numbers(set()) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2023-07-31 24:00", "2023-08-01 01:00"], ["2023-08-01T00:00", "2023-08-01T01:00"]),
        (["31.07.2023 24:00:00", "01.08.2023 02:24"], ["2023-08-01T00:00", "2023-08-01T02:24"]),
        (["2023-07-31T24:00:00Z"], ["2023-08-01T00:00"]),
        (["45292.041667", "45292.083333"], ["2024-01-01T01:00", "2024-01-01T02:00"]),
        (["45292.00002"], ["2024-01-01T00:00:02"]),
        (["03-Jan-22 13:45"], ["2022-01-03T13:45"]),
    ],
)
def test_times_are_exact(texts: list[str], expected: list[str]) -> None:
    found = parse_times(pd.Series(texts, name="when"))
    assert (found.values == np.array(expected, dtype="datetime64[ns]")).all() and not found.bad.any()


@pytest.mark.parametrize(
    ("texts", "is_time"),
    [
        (["03-Jan-22", "10-Jan-22"], True),
        (["Januar 2018", "Februar 2018"], True),
        (["shop 12", "shop 2020"], False),
        (["FOODS_1_001", "HOBBIES_1_002"], False),
    ],
)
def test_columns_of_times_are_told_from_names(texts: list[str], is_time: bool) -> None:
    assert looks_like_time(pd.Series(texts, name="x")) is is_time


def test_local_times_go_out_with_the_offset_that_came_in() -> None:
    times = pd.Series(pd.to_datetime(["2023-10-29 01:00", "2023-10-29 04:00", "2024-03-31 02:00"]))
    assert in_zone(times, "Europe/Berlin").tolist() == [
        "2023-10-29 01:00:00+02:00",
        "2023-10-29 04:00:00+01:00",
        "2024-03-31 03:00:00+02:00",
    ]
    assert in_zone(times, "+05:30")[0] == "2023-10-29 01:00:00+05:30"
    assert in_zone(times, "").equals(times) and in_zone(pd.Series([1, 2]), "UTC").tolist() == [1, 2]
