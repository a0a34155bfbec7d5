"""What a table of time series may bring, and the column names by which each role is recognised."""

from __future__ import annotations

import pandas as pd

from dl_core.reading.tables.names import plain_name, words_of
from dl_core.schema import Field, Role, Schema

SERIES, TIME, VALUE = "series", "time", "value"  # columns of a wide upload once it is long
_SERIES = """
    unique_id series series_id series_name serie ts_id item_id item sku store_nbr store store_id shop shop_id
    product product_id article station station_id sensor sensor_id meter meter_id household location location_id site
    site_id city state province region country county district zone area plant source sector category dept department
    family branch machine device asset id name key symbol ticker stock indicator variable metric reihe filiale artikel
"""
_TIME = """
    ds timestamp time_stamp datetime date_time date time ts period month week quarter year day hour yearmonth
    year_month month_year date_utc time_utc observation_date time_period timeindex index_time datum zeit monat jahr
    woche tag quartal stunde fecha t step time_step step_number
"""
_VALUE = """
    y value values target sales demand quantity qty units volume amount revenue turnover load consumption generation
    production output traffic traffic_volume count passengers visits visitors orders rides trips calls arrivals
    observation obs obs_value measurement reading wert umsatz absatz menge verbrauch
"""
_GROUP = "region sector country state segment group category department family type cluster division"
_FUTURE = """
    holiday holidays is_holiday school_holiday promo promotion onpromotion on_promotion campaign planned plan price
    sell_price unit_price discount event events schedule scheduled school open closed workday working_day is_weekend
    weekend forecast_temperature budget feiertag ferien aktion preis
"""
KNOWN_AHEAD = frozenset(_FUTURE.split())
TIME_WORDS = frozenset(_TIME.split())
_STATES = frozenset(["open", "closed", "school", "scheduled"])  # an opening price is none
_FEW = 12
NUMBERED_STEPS = ("t", "step", "time_step", "step_number", "index", "period", "time", "week", "day", "hour", "month")

SERIES_SCHEMA = Schema(
    (
        Field(
            Role.TIME,
            "time",
            help="Timestamp: a date, a time, a year, or a step number. Without one, rows are consecutive steps.",
            names=tuple(_TIME.split()),
        ),
        Field(
            Role.VALUE,
            "number",
            help="Target: the value to forecast. Several value columns are several series.",
            many=True,
            names=tuple(_VALUE.split()),
        ),
        Field(
            Role.SERIES,
            "text",
            many=True,
            help=(
                "Series id; several columns together, such as store and product, form one. Without it all rows are "
                "one series."
            ),
            names=tuple(_SERIES.split()),
        ),
        Field(
            Role.GROUP,
            "category",
            many=True,
            help=(
                "Static attributes of a series, such as region or sector: hierarchy levels and groups of the bias "
                "check."
            ),
        ),
        Field(
            Role.FUTURE,
            "number",
            many=True,
            help="Future covariates, known for the steps to forecast: holidays, promotions, planned prices.",
        ),
        Field(
            Role.PAST,
            "number",
            many=True,
            help="Past covariates, known only afterwards: observed weather, stock at the end of the day.",
        ),
    )
)


def is_named(column: object, role: Role) -> bool:
    """Return whether a column's name says that it has this role, such as ``"Total sales"`` for the value."""
    plain = plain_name(column)
    words, last = words_of(SERIES_SCHEMA, role), plain.split("_")[-1]
    return plain in words or (len(last) > 2 and last in words)


def is_known_ahead(name: object, column: pd.Series) -> bool:
    """Return whether a column is known ahead, as its name says: a state (open, closed, school) has few values too."""
    plain = plain_name(name)
    words = {word for word in (plain, *(word for word in plain.split("_") if len(word) > 3)) if word in KNOWN_AHEAD}
    if words and words <= _STATES and pd.api.types.is_numeric_dtype(column.dtype):
        return bool(column.nunique() <= _FEW)
    return bool(words)
