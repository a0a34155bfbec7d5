"""Layouts of time series as people bring them: what is written, and how it must be understood."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MONTHS_DE = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November")
MONTHS_DE += ("Dezember",)
MONTHS_FR = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre")
MONTHS_FR += ("novembre", "décembre")


@dataclass(frozen=True)
class Case:
    """One upload.

    Parameters
    ----------
    name : str
    write : callable
        Takes a folder and returns the path to read.
    series : mapping
        Expected parts of ``about["series"]``.
    roles : mapping of str to str
        Expected role by column.
    asks : str
        What the question is about, where one must be asked; ``choices`` begin with these.
    files : mapping of str to str
        Expected part by file.
    finds : str
        Part of a sentence among findings.
    options, asked : mapping
        Of the request: read options, and roles.
    first : tuple of float
        First values of the first series.
    """

    name: str
    write: Callable[[Path], Path]
    series: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    asks: str = ""
    choices: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    finds: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first: tuple[float, ...] = ()
    assumed: str = ""


def wave(n: int, period: float = 12, base: float = 100.0, seed: int = 0) -> np.ndarray:
    """Return values with a season, rounded as people write them."""
    rng = np.random.default_rng(seed)
    return np.round(base + 0.2 * base * np.sin(2 * np.pi * np.arange(n) / period) + rng.normal(0, 0.01 * base, n), 2)


def text(content: str, name: str = "data.csv") -> Callable[[Path], Path]:
    """Return a writer of a text file."""

    def write(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return write


def csv(frame: pd.DataFrame, name: str = "data.csv", **how: Any) -> Callable[[Path], Path]:
    """Return a writer of a table as CSV."""
    return text(frame.to_csv(**({"index": False} | how)), name)


def folder(**tables: pd.DataFrame) -> Callable[[Path], Path]:
    """Return a writer of several tables into one folder."""

    def write(place: Path) -> Path:
        (place / "several").mkdir()
        for name, frame in tables.items():
            frame.to_csv(place / "several" / f"{name}.csv", index=False)
        return place / "several"

    return write


def zipped(**tables: pd.DataFrame) -> Callable[[Path], Path]:
    """Return a writer of several tables into one zip."""

    def write(place: Path) -> Path:
        with zipfile.ZipFile(place / "several.zip", "w") as archive:
            for name, frame in tables.items():
                archive.writestr(f"{name}.csv", frame.to_csv(index=False))
        return place / "several.zip"

    return write


def book(rows: list[list[Any]], merged: tuple[str, ...] = ()) -> Callable[[Path], Path]:
    """Return a writer of a workbook's cells."""

    def write(place: Path) -> Path:
        import openpyxl

        workbook = openpyxl.Workbook()
        sheet = workbook.active
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        workbook.save(place / "data.xlsx")
        return place / "data.xlsx"

    return write


def sheets(tables: dict[str, pd.DataFrame]) -> Callable[[Path], Path]:
    """Return a writer of a workbook with a sheet a table."""

    def write(place: Path) -> Path:
        with pd.ExcelWriter(place / "data.xlsx") as workbook:
            for name, frame in tables.items():
                frame.to_excel(workbook, sheet_name=name, index=False)
        return place / "data.xlsx"

    return write


def _encoded(place: Path, encoding: str) -> Path:
    """Write Japanese months in an encoding."""
    names = [f"{year}年{month}月" for year in range(2018, 2022) for month in range(1, 13)]
    content = stamped(names, "年月", "売上").to_csv(index=False)
    (place / "uriage.csv").write_bytes(content.encode(encoding))
    return place / "uriage.csv"


def _groceries() -> dict[str, pd.DataFrame]:
    """Return daily sales of two families in two stores, and tables about days and stores."""
    days, rng = _DAYS[:120], np.random.default_rng(0)
    lines = [(day, store, family) for day in days for store in (1, 2) for family in ("AUTOMOTIVE", "BABY CARE")]
    sales = pd.DataFrame(lines, columns=["date", "store_nbr", "family"])
    sales.insert(0, "id", range(len(sales)))
    sales["sales"] = rng.poisson(5, len(sales)).astype(float)
    sales["onpromotion"] = rng.integers(0, 3, len(sales))
    visits = sales[["date", "store_nbr"]].drop_duplicates()
    return {
        "train": sales,
        "stores": pd.DataFrame({"store_nbr": [1, 2], "city": "Quito", "type": ["D", "C"], "cluster": [13, 8]}),
        "oil": pd.DataFrame({"date": days, "dcoilwtico": wave(120, 50, 90)})[::2],
        "holidays_events": pd.DataFrame({"date": days[::40], "type": "Holiday", "locale": "National"}),
        "transactions": visits.assign(transactions=rng.poisson(900, len(visits))),
    }


def stamped(times: Any, name: str = "time", value: str = "value", period: float = 12) -> pd.DataFrame:
    """Return a long table of one series."""
    return pd.DataFrame({name: list(times), value: wave(len(times), period)})


def months(start: str, n: int, form: str) -> list[str]:
    """Return months as text."""
    return pd.date_range(start, periods=n, freq="MS").strftime(form).tolist()


def wide(names: list[str], steps: list[str], key: str = "SKU") -> pd.DataFrame:
    """Return a row a series, a column a step."""
    frame = pd.DataFrame([wave(len(steps), seed=at) for at, _ in enumerate(names)], columns=steps)
    frame.insert(0, key, names)
    return frame


def matrix(rows: list[Any], columns: list[str], key: str) -> pd.DataFrame:
    """Return consecutive values by rows and columns."""
    values = wave(len(rows) * len(columns), len(columns)).reshape(len(rows), len(columns))
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, key, rows)
    return frame


def shops() -> pd.DataFrame:
    """Return 200 series of 36 months under two keys."""
    keys = [(f"shop{shop}", f"sku{sku}") for shop in range(40) for sku in range(5)]
    frame = pd.DataFrame([wave(36, seed=at) for at in range(len(keys))], columns=months("2021-01-01", 36, "%b-%y"))
    frame.insert(0, "Shop", [shop for shop, _ in keys])
    frame.insert(1, "SKU", [sku for _, sku in keys])
    return frame


def portal() -> str:
    """Return a statistics portal's export: names and codes, years, a comma at each line's end."""
    lines = ["Country Name,Country Code,Indicator Name,Indicator Code," + "".join(f"{y}," for y in range(1960, 2024))]
    for at, country in enumerate(("Arland", "Borduria", "Cimmeria")):
        for name, code in (("GDP", "GDP"), ("Population", "Pop")):
            values = "".join(f"{value}," for value in wave(64, 9, 50, seed=at))
            lines.append(f"{country},{country[:3].upper()},{name},{code},{values}")
    return "\n".join(lines) + "\n"


def open_hours(days: int = 140) -> pd.DataFrame:
    """Return a shop's hours from 7 to 17 o'clock."""
    times = pd.date_range("2023-01-02", periods=24 * days, freq="h")
    times = times[(times.hour >= 7) & (times.hour <= 17)]
    return pd.DataFrame({"time": times, "sales": np.round(50 + 20 * np.sin((times.hour - 7) / 10 * np.pi), 1)})


def prices() -> pd.DataFrame:
    """Return daily prices: open, high, low, close, volume."""
    rng = np.random.default_rng(0)
    close = 100 + rng.normal(0, 1, 600).cumsum()
    opened = np.concatenate([[99.9], close[:-1]])
    frame = pd.DataFrame({"Date": pd.date_range("2020-01-01", periods=600, freq="B"), "Open": opened})
    frame["High"], frame["Low"] = np.maximum(opened, close) + 0.3, np.minimum(opened, close) - 0.3
    return frame.assign(Close=close, Volume=rng.integers(1_000_000, 5_000_000, 600)).round(
        dict.fromkeys(["Open", "High", "Low", "Close"], 2)
    )


def promotions(n: int = 716, ahead: int = 14) -> pd.DataFrame:
    """Return daily sales with promotions that are known some days further."""
    days = pd.date_range("2022-01-01", periods=n + ahead)
    promo = (np.arange(n + ahead) % 17 == 3).astype(int)
    sales = np.round(wave(n + ahead, 7) + 50 * promo, 2).astype(object)
    sales[n:] = None
    return pd.DataFrame({"date": days, "sales": sales, "promo": promo})


def stores() -> dict[str, pd.DataFrame]:
    """Return sales by store and day, a calendar of promotions that goes on, and where the stores are."""
    parts = [promotions(400, 14).assign(store=name) for name in "ABC"]
    whole = pd.concat(parts, ignore_index=True)
    sales = whole[whole["sales"].notna()][["store", "date", "sales"]]
    about = pd.DataFrame({"store": list("ABC"), "region": ["N", "N", "S"]})
    return {"sales": sales, "promo_calendar": whole[["store", "date", "promo"]], "stores": about}


def spare_parts() -> pd.DataFrame:
    """Return 30 parts of which most days sell none."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-01", periods=200)
    sold = rng.binomial(1, 0.11, (30, 200)) * rng.integers(1, 8, (30, 200))
    frame = pd.DataFrame({"sku": np.repeat([f"s{at}" for at in range(30)], 200), "day": np.tile(days, 30)})
    return frame.assign(qty=sold.reshape(-1))


def local_hours(zone: str, start: str, n: int) -> pd.DataFrame:
    """Return hours with offsets whose values peak at 18:00 of the local clock."""
    times = pd.date_range(start, periods=n, freq="h", tz=zone)
    load = np.round(100 + 20 * np.cos(2 * np.pi * (times.hour - 18) / 24), 2)
    return pd.DataFrame({"time": [one.isoformat() for one in times], "load": load})


def with_codes(code: float, at: tuple[int, ...] = (10, 30, 31)) -> pd.DataFrame:
    """Return months of which some hold a number that means missing."""
    frame = stamped(months("2015-01-01", 96, "%Y-%m-%d"), "date", "y")
    frame.loc[list(at), "y"] = code
    return frame


def midnight() -> pd.DataFrame:
    """Return hours of which those at midnight are written 24:00 of the day before."""
    times = pd.date_range("2023-08-01", periods=1440, freq="h")
    texts = [
        (one - pd.Timedelta(days=1)).strftime("%Y-%m-%d 24:00") if one.hour == 0 else one.strftime("%Y-%m-%d %H:%M")
        for one in times
    ]
    return stamped(texts, "time", "load", 24)


def totals_below() -> pd.DataFrame:
    """Return rows of series with a last row that sums them up."""
    frame = wide(["A", "B", "C"], months("2020-01-01", 48, "%b-%Y"))
    total = frame.drop(columns="SKU").sum().round(2)
    return pd.concat([frame, pd.DataFrame([{"SKU": "Grand Total", **total}])], ignore_index=True)


def summed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the sum of its numbers behind them."""
    return frame.assign(**{name: frame.select_dtypes("number").sum(axis=1).round(2)})


def blocks(*stems: str, n: int = 52, low: int = 0) -> pd.DataFrame:
    """Return a row a product and blocks of numbered columns, with the least and greatest of the first between them."""
    first = np.stack([wave(n, 13, 10 + at, at).round() for at in range(4)])
    low_, high = first.min(axis=1, keepdims=True), first.max(axis=1, keepdims=True)
    other = ((first - low_) / (high - low_)).round(2) if stems[1] == "Normalized " else first[::-1] * 3 + np.arange(n)
    named = {"Product_Code": [f"P{at}" for at in range(4)]}
    named |= {f"{stems[0]}{at + low}": first[:, at] for at in range(n)} | {"MIN": low_[:, 0], "MAX": high[:, 0]}
    return pd.DataFrame(named | {f"{stems[1]}{at + low}": other[:, at] for at in range(n)})


def _numbered_days() -> dict[str, pd.DataFrame]:
    """Return a row a product with numbered days, and a calendar that tells their dates, events and 28 days more."""
    steps = [f"d_{at}" for at in range(1, 121)]
    sales = wide(["HOBBIES_1_001_CA_1", "HOBBIES_1_002_CA_1"], steps, "id").assign(store_id="CA_1")
    days = pd.date_range("2011-01-29", periods=148)
    calendar = pd.DataFrame(
        {"date": days, "wm_yr_wk": 11101 + np.arange(148) // 7, "d": [f"d_{at}" for at in range(1, 149)]}
    )
    return {
        "sales_train": sales[["id", "store_id", *steps]],
        "calendar": calendar.assign(snap_CA=(np.arange(148) % 10 < 3).astype(int)),
    }


WEEKS_ON_DAYS = pd.concat(
    [
        stamped(pd.date_range("2022-01-03", periods=120, freq="7D") + pd.Timedelta(days=shift), "week").assign(
            shop=name
        )
        for name, shift in (("a", 0), ("b", 2))
    ]
)
_SERIAL = (pd.date_range("2024-01-01", periods=800, freq="h") - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
_YEAR_WEEK = pd.date_range("2019-01-07", periods=200, freq="W-MON").isocalendar()
_QUARTERS = pd.period_range("2005Q1", periods=64, freq="Q")
_STATION = stamped(pd.date_range("2020-01-01", periods=200).strftime("%Y-%m-%d"), "day", "temp")
_DAYS = pd.date_range("2022-01-01", periods=400)
MS = {"frequency": "MS", "season": 12}
YEARS10 = {**MS, "count": 1, "steps": 120, "start": "2010-01-01", "end": "2019-12-01"}
KWH = {"count": 1, "steps": 800, "frequency": "h", "start": "2024-01-01", "end": "2024-02-03 07:00"}

CASES = (
    # the cases of public bug reports and data sets, by their numbers
    Case("01 two keys", csv(shops()), {**MS, "count": 200, "steps": 36}, {"Shop": "series", "SKU": "series"}),
    Case(
        "01 the keys as roles",
        csv(shops()),
        {**MS, "count": 200, "steps": 36},
        asked={"series": ("Shop", "SKU")},
    ),
    Case(
        "02 portal",
        text(portal()),
        {"count": 6, "steps": 64, "frequency": "YS", "start": "1960-01-01", "end": "2023-01-01"},
        {"Country Name": "series", "Country Code": "left out", "1970": "value"},
    ),
    Case(
        "03 total column",
        csv(summed(wide(["A", "B", "C"], months("2020-01-01", 48, "%b-%Y")), "Total")),
        {**MS, "count": 3, "names": ["A", "B", "C"], "steps": 48},
        {"Total": "left out"},
    ),
    Case(
        "04 month first",
        csv(stamped([f"{m}/1/{y}" for y in range(2018, 2023) for m in range(1, 13)], "Month", "Sales")),
        {**MS, "count": 1, "steps": 60, "start": "2018-01-01", "end": "2022-12-01"},
    ),
    Case(
        "04b month first by quarters",
        csv(stamped([f"{m:02d}/01/{y}" for y in range(2005, 2020) for m in (1, 4, 7, 10)], "Quarter", "Sales", 4)),
        {"count": 1, "steps": 60, "frequency": "QS", "start": "2005-01-01", "end": "2019-10-01"},
    ),
    Case(
        "05 year and quarter",
        csv(pd.DataFrame({"year": _QUARTERS.year, "quarter": _QUARTERS.quarter, "gdp": wave(64, 4)})),
        {"count": 1, "target": "gdp", "steps": 64, "frequency": "QS", "start": "2005-01-01", "end": "2020-10-01"},
        {"year": "time", "quarter": "time"},
    ),
    Case(
        "05 year and quarter as roles",
        csv(pd.DataFrame({"quarter": _QUARTERS.quarter, "year": _QUARTERS.year, "gdp": wave(64, 4)})),
        {"count": 1, "steps": 64, "frequency": "QS"},
        asked={"time": ("year", "quarter")},
    ),
    Case(
        "05b year and week",
        csv(pd.DataFrame({"year": _YEAR_WEEK["year"], "week": _YEAR_WEEK["week"], "units": wave(200, 52)})),
        {"count": 1, "steps": 200, "frequency": "W-MON", "season": 52, "start": "2019-01-07", "end": "2022-10-31"},
    ),
    Case("06 years by months", csv(matrix(list(range(2010, 2020)), months("2020-01-01", 12, "%b"), "Year")), YEARS10),
    Case(
        "07 03-Jan-22",
        csv(
            stamped(
                pd.date_range("2022-01-03", periods=104, freq="7D").strftime("%d-%b-%y"), "Week commencing", "Sales"
            )
        ),
        {"count": 1, "steps": 104, "frequency": "W-MON", "season": 52, "start": "2022-01-03", "end": "2023-12-25"},
    ),
    Case(
        "07b German months",
        csv(stamped([f"{m} {y}" for y in range(2018, 2023) for m in MONTHS_DE], "Month", "Umsatz")),
        {**MS, "count": 1, "steps": 60, "start": "2018-01-01", "end": "2022-12-01"},
    ),
    Case(
        "08 title rows and footer",
        book(
            [
                ["Monthly sales report"],
                [],
                ["Month", "North", "South"],
                *(
                    [at, 100 + n % 12, 50 + n % 7]
                    for n, at in enumerate(pd.date_range("2015-01-01", periods=60, freq="MS"))
                ),
                [],
                ["Source: ERP export, as of 2020-01-05"],
                ["* provisional"],
            ]
        ),
        {**MS, "count": 2, "names": ["North", "South"], "steps": 60, "start": "2015-01-01", "end": "2019-12-01"},
    ),
    Case(
        "08b two header rows",
        book(
            [
                [None, "North", None, "South", None],
                ["Month", "Units", "Revenue", "Units", "Revenue"],
                *(
                    [at, 100 + n % 12, 1000 + n, 50 + n % 7, 500 + n]
                    for n, at in enumerate(pd.date_range("2015-01-01", periods=60, freq="MS"))
                ),
            ],
            ("B1:C1", "D1:E1"),
        ),
        {**MS, "count": 4, "steps": 60, "start": "2015-01-01", "end": "2019-12-01"},
    ),
    Case("09 serial hours", csv(stamped(np.round(_SERIAL, 6), "timestamp", "kwh", 24)), {**KWH, "season": 24}),
    Case(
        "09c serial months in a workbook",
        book(
            [["Month", "Sales"], *([int(s), 100 + n % 12] for n, s in enumerate(_SERIAL[:1].astype(int)))][:1]
            + [
                [int((at - pd.Timestamp("1899-12-30")).days), 100 + n % 12]
                for n, at in enumerate(pd.date_range("2024-01-01", periods=60, freq="MS"))
            ]
        ),
        {**MS, "count": 1, "target": "Sales", "steps": 60, "start": "2024-01-01", "end": "2028-12-01"},
    ),
    Case(
        "10 -999", csv(with_codes(-999)), {**MS, "count": 1, "steps": 96}, finds="3 values of -999 were read as missing"
    ),
    Case("11 a season of 37", csv(pd.DataFrame({"y": wave(600, 37)})), {"season": 37, "steps": 600, "frequency": ""}),
    Case(
        "12 local offsets through a change of clocks",
        csv(local_hours("Europe/Berlin", "2023-06-01 02:00", 3840)),
        {"count": 1, "frequency": "h", "season": 24, "start": "2023-06-01 02:00", "end": "2023-11-08"},
        assumed="local times of Europe/Berlin",
    ),
    Case(
        "13 opening hours",
        csv(open_hours()),
        {"count": 1, "steps": 1540, "season": 11, "frequency": "h"},
        finds="from 07:00 to 17:00 of each day",
    ),
    Case(
        "14 tiny values",
        csv(stamped(months("2015-01-01", 96, "%Y-%m-%d"), "month", "conc").assign(conc=lambda f: f["conc"] * 1e-13)),
        {**MS, "count": 1, "target": "conc", "steps": 96},
    ),
    Case("16 prices", csv(prices()), asks="target", choices=("Close", "Open", "High", "Low", "Volume")),
    Case(
        "16 prices, close as asked",
        csv(prices()),
        {"target": "Close", "frequency": "B", "steps": 600},
        {"Open": "past", "Volume": "past"},
        asked={"value": ("Close",)},
    ),
    Case("18 24:00", csv(midnight()), {"count": 1, "steps": 1440, "frequency": "h", "start": "2023-08-01"}),
    Case("19 promotions ahead", csv(promotions()), {"target": "sales", "steps": 716}, {"promo": "future"}),
    Case(
        "21 sales and promotions in a folder",
        folder(**stores()),
        {"count": 3, "target": "sales", "steps": 400, "end": "2023-02-04"},
        {"promo": "future", "region": "group"},
        files={"sales.csv": "table", "promo_calendar.csv": "side table", "stores.csv": "side table"},
    ),
    Case("21 the same in a zip", zipped(**stores()), {"count": 3, "target": "sales"}, {"promo": "future"}),
    Case(
        "22 history and future",
        folder(history=promotions().dropna(), future=promotions().iloc[-14:][["date", "promo"]]),
        {"count": 1, "target": "sales", "steps": 716},
        {"promo": "future"},
        files={"history.csv": "table", "future.csv": "future"},
    ),
    Case("23 intermittent", csv(spare_parts()), {"count": 30, "target": "qty", "frequency": "D"}, {"sku": "series"}),
    # times
    Case(
        "2023Q1",
        csv(stamped([str(one) for one in _QUARTERS], "period", period=4)),
        {"frequency": "QS", "steps": 64},
    ),
    Case(
        "Q1 2023",
        csv(stamped([f"Q{q.quarter} {q.year}" for q in _QUARTERS], "when", period=4)),
        {"frequency": "QS", "steps": 64, "season": 4},
    ),
    Case(
        "1Q23",
        csv(stamped([f"{q.quarter}Q{q.year % 100:02d}" for q in _QUARTERS], "when", period=4)),
        {"frequency": "QS", "steps": 64, "start": "2005-01-01"},
    ),
    Case(
        "half-years",
        csv(stamped([f"{year}H{half}" for year in range(1990, 2020) for half in (1, 2)], "half", period=2)),
        {"frequency": "6MS", "steps": 60, "season": 2, "start": "1990-01-01"},
    ),
    Case(
        "2023-W05",
        csv(
            stamped(
                [f"{y}-W{w:02d}" for y, w in zip(_YEAR_WEEK["year"], _YEAR_WEEK["week"], strict=True)],
                "week",
                period=52,
            )
        ),
        {"frequency": "W-MON", "steps": 200, "start": "2019-01-07"},
    ),
    Case(
        "202301 by weeks",
        csv(
            stamped([100 * y + w for y, w in zip(_YEAR_WEEK["year"], _YEAR_WEEK["week"], strict=True)], "yw", period=52)
        ),
        {"frequency": "W-MON", "steps": 200},
        asked={"time": ("yw",)},
    ),
    Case(
        "202305 by months",
        csv(stamped([int(m) for m in months("2018-01-01", 60, "%Y%m")], "month")),
        {**MS, "steps": 60},
    ),
    Case(
        "20231 by quarters",
        csv(stamped([10 * q.year + q.quarter for q in _QUARTERS], "quarter", period=4)),
        {"frequency": "QS", "steps": 64},
    ),
    Case(
        "French months in two columns",
        csv(pd.DataFrame({"Année": np.repeat(range(2010, 2020), 12), "Mois": MONTHS_FR * 10, "ventes": wave(120)})),
        YEARS10,
        {"Année": "time", "Mois": "time"},
    ),
    Case(
        "Quartal and Jahr",
        csv(
            pd.DataFrame({"Jahr": _QUARTERS.year, "Quartal": [f"Q{q}" for q in _QUARTERS.quarter], "BIP": wave(64, 4)})
        ),
        {"frequency": "QS", "steps": 64, "target": "BIP"},
    ),
    Case(
        "year and day of the year",
        csv(pd.DataFrame({"year": _DAYS.year, "day": _DAYS.dayofyear, "flow": wave(400, 7)})),
        {"frequency": "D", "steps": 400, "start": "2022-01-01"},
    ),
    Case(
        "dates of either order on one grid are asked",
        csv(stamped([f"{d:02d}/02/2024" if d < 13 else "" for d in range(1, 13)], "date", "sales")),
        asks="time",
        choices=("day first", "month first"),
    ),
    Case(
        "the answer on dates",
        csv(stamped([f"{d:02d}/02/2024" for d in range(1, 13)], "date", "sales")),
        {**MS, "season": None, "start": "2024-01-02", "steps": 12, "frequency": "MS"} | {"start": "2024-01-01"},
        options={"dates": "month-first"},
    ),
    Case("weeks on two weekdays", csv(WEEKS_ON_DAYS), {"count": 2, "steps": 120, "season": 52}),
    Case(
        "one offset",
        csv(local_hours("Asia/Kolkata", "2024-01-01", 480)),
        {"frequency": "h", "start": "2024-01-01", "end": "2024-01-20 23:00"},
        assumed="local times of +05:30",
    ),
    Case(
        "an unnamed index of dates",
        csv(stamped(_DAYS, "", "load", 7)),
        {"frequency": "D", "steps": 400, "target": "value"},
    ),
    # periods by parts
    Case(
        "years by months with a total and a footer",
        text(
            summed(matrix(list(range(2010, 2020)), months("2020-01-01", 12, "%B"), "Year"), "Annual").to_csv(
                index=False
            )
            + "Average,"
            + ",".join(["100"] * 12)
            + ",1200\n"
        ),
        YEARS10,
        {"Annual": "left out"},
    ),
    Case(
        "months by years",
        csv(matrix(list(months("2020-01-01", 12, "%b")), [str(y) for y in range(2010, 2020)], "Month")),
        YEARS10,
    ),
    Case(
        "countries by years and months",
        csv(
            pd.concat(
                [matrix(list(range(2010, 2020)), list(MONTHS_DE), "Jahr").assign(Land=name) for name in ("A", "B")]
            )
        ),
        {**MS, "count": 2, "names": ["A", "B"], "steps": 120},
        {"Land": "series", "Jahr": "time", "Mai": "value"},
    ),
    Case(
        "years by quarters",
        csv(matrix(list(range(2000, 2020)), ["Q1", "Q2", "Q3", "Q4"], "FY")),
        {"count": 1, "frequency": "QS", "steps": 80, "start": "2000-01-01", "end": "2019-10-01"},
    ),
    Case(
        "days by hours",
        csv(matrix(_DAYS[:40].strftime("%Y-%m-%d").tolist(), [f"{h:02d}:00" for h in range(24)], "Date")),
        {"count": 1, "frequency": "h", "season": 24, "steps": 960, "end": "2022-02-09 23:00"},
    ),
    Case(
        "weeks by weekdays",
        csv(
            matrix(
                pd.date_range("2022-01-03", periods=40, freq="7D").strftime("%Y-%m-%d").tolist(),
                ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
                "week of",
            )
        ),
        {"count": 1, "frequency": "D", "season": 7, "steps": 280, "start": "2022-01-03"},
    ),
    # wide tables
    Case("a total below", csv(totals_below()), {**MS, "count": 3, "names": ["A", "B", "C"]}),
    Case(
        "a total beside columns",
        csv(summed(pd.DataFrame({"day": _DAYS, "a": wave(400, 7), "b": wave(400, 7, 50, 1)}), "Summe")),
        {"count": 2, "names": ["a", "b"], "frequency": "D"},
        {"Summe": "left out"},
    ),
    Case(
        "R's names of years",
        csv(wide(["A", "B"], [f"X{year}" for year in range(1980, 2020)], "country")),
        {"count": 2, "frequency": "YS", "steps": 40, "start": "1980-01-01"},
    ),
    Case(
        "years with their codes",
        csv(wide(["A", "B"], [f"{year} [YR{year}]" for year in range(1980, 2020)], "Country")),
        {"count": 2, "frequency": "YS", "steps": 40},
    ),
    Case(
        "month-first days in the header",
        csv(wide(["A", "B"], [f"{m}/1/{y}" for y in (2018, 2019, 2020) for m in range(1, 13)], "item")),
        {**MS, "count": 2, "steps": 36, "start": "2018-01-01"},
    ),
    Case(
        "numbered days with five keys before them",
        csv(
            pd.concat(
                [
                    pd.DataFrame(
                        {"id": ["a_1", "b_1"], "item_id": ["a", "b"], "dept_id": ["d", "d"], "state_id": ["X", "X"]}
                    ),
                    pd.DataFrame([wave(60, 7), wave(60, 7, seed=1)], columns=[f"d_{at}" for at in range(1, 61)]),
                ],
                axis=1,
            )
        ),
        {"count": 2, "names": ["a_1", "b_1"], "steps": 60, "frequency": "", "season": 7},
    ),
    # targets and covariates
    Case(
        "promotions beside two series are no series",
        csv(pd.DataFrame({"date": _DAYS, "north": wave(400, 7), "south": wave(400, 7, 80, 1), "promo": [0, 1] * 200})),
        {"count": 2, "names": ["north", "south"]},
        {"promo": "future"},
        assumed="'promo' was taken for covariates",
    ),
    Case(
        "units and revenue are asked",
        csv(pd.DataFrame({"date": _DAYS, "store": ["A"] * 400, "units": wave(400, 7), "revenue": wave(400, 7, 900)})),
        asks="target",
        choices=("units", "revenue"),
    ),
    Case(
        "least, mean and greatest are asked",
        csv(
            pd.DataFrame({"date": _DAYS, "temp_min": wave(400, 7)}).assign(
                temp_mean=lambda f: f["temp_min"] + 5, temp_max=lambda f: f["temp_min"] + 9
            )
        ),
        asks="target",
    ),
    Case(
        "sales beside customers and prices",
        csv(
            pd.DataFrame(
                {"Store": 1, "Date": _DAYS, "Weekly_Sales": wave(400, 7), "Temperature": wave(400, 30)}
            ).assign(Fuel_Price=3.1 + np.arange(400) / 1000)
        ),
        {"count": 1, "target": "Weekly_Sales"},
        {"Temperature": "past", "Fuel_Price": "future"},
    ),
    Case(
        "a number that names series under any name",
        csv(
            pd.concat(
                [pd.DataFrame({"day": _DAYS, "Zweigstelle": at, "wert": wave(400, 7, seed=at)}) for at in (11, 12, 17)]
            )
        ),
        {"count": 3, "names": ["11", "12", "17"], "target": "wert"},
        {"Zweigstelle": "series"},
    ),
    Case(
        "a calendar of holidays for all stores",
        folder(
            sales=stores()["sales"],
            holidays=pd.DataFrame({"date": pd.date_range("2022-01-01", periods=430), "holiday": [0] * 425 + [1] * 5}),
        ),
        {"count": 3, "target": "sales"},
        {"holiday": "future"},
        files={"holidays.csv": "side table"},
    ),
    Case(
        "two tables that may hold the target",
        folder(
            a=pd.DataFrame({"date": _DAYS, "kwh": wave(400, 7)}),
            b=pd.DataFrame({"date": _DAYS, "visitors_a": wave(400, 7)}),
        ),
        asks="target",
    ),
    # missing values and gaps
    Case("9999 is asked where it is near", csv(with_codes(199)), {"steps": 96}),
    Case(
        "-1 among counts is asked",
        csv(
            spare_parts()
            .query("sku == 's1'")
            .reset_index(drop=True)
            .assign(qty=lambda f: f["qty"].where(f.index % 9 > 0, -1))
        ),
        asks="missing",
        choices=("-1 means missing",),
    ),
    Case(
        "-9999.0 in a station's days",
        csv(_STATION.assign(temp=_STATION["temp"].where(_STATION.index % 20 > 0, -9999.0))),
        {"steps": 199},
        finds="10 values of -9999 were read as missing",
    ),
    Case(
        "a code as the option says",
        csv(with_codes(0, (10, 11))),
        {"steps": 96},
        options={"missing": "0"},
        finds="2 values of 0 were read as missing",
    ),
    Case(
        "no Sundays",
        csv(stamped(_DAYS[_DAYS.weekday != 6], "date", "sales", 6)),
        {"frequency": "D", "season": 6, "steps": int((_DAYS.weekday != 6).sum())},
        finds="no values on Sun",
    ),
    Case(
        "no season without stamps",
        csv(pd.DataFrame({"y": np.random.default_rng(3).normal(size=300).round(3)})),
        {"season": None},
    ),
    # statistics offices, stations and competitions
    Case(
        "years with a fraction",
        csv(pd.DataFrame({"time": [round(1749 + at / 12, 3) for at in range(240)], "spots": wave(240)})),
        {"count": 1, "target": "spots", "steps": 240, "frequency": "MS", "start": "1749-01-01", "end": "1768-12-01"},
    ),
    Case(
        "days before 1900",
        csv(stamped(pd.date_range("1749-01-31", periods=120, freq="ME").strftime("%Y-%m-%d"), "Date", "spots")),
        {"count": 1, "steps": 120, "frequency": "ME", "start": "1749-01-31"},
    ),
    Case(
        "2019/20",
        csv(stamped([f"{year}/{(year + 1) % 100:02d}" for year in range(1990, 2020)], "Year", "Arrivals", 7)),
        {"count": 1, "target": "Arrivals", "steps": 30, "frequency": "YS", "start": "1990-01-01"},
    ),
    Case(
        "2011/12 among months is a month",
        csv(stamped(months("2011-01-01", 36, "%Y/%m"), "Month", "Sales")),
        {**MS, "steps": 36, "start": "2011-01-01"},
    ),
    Case(
        "FY23 W05",
        csv(stamped([f"FY{year} W{week:02d}" for year in (21, 22, 23) for week in range(1, 53)], "Week", "Sales", 52)),
        {"count": 1, "steps": 156, "frequency": "W-MON", "season": 52},
        assumed="fiscal periods",
    ),
    Case(
        "decades",
        csv(stamped([f"{year}s" for year in range(1770, 2020, 10)], "Decade", "Events", 7)),
        {"count": 1, "steps": 25, "start": "1770-01-01", "end": "2010-01-01"},
        {"Decade": "time"},
    ),
    Case(
        "periods from to",
        csv(
            stamped(
                [
                    f"{at:%d.%m.%Y %H:%M} - {at + pd.Timedelta(hours=1):%d.%m.%Y %H:%M}"
                    for at in pd.date_range("2023-01-13", periods=96, freq="h")
                ],
                "Time (CET/CEST)",
                "Load",
                24,
            )
        ),
        {"count": 1, "target": "Load", "steps": 96, "frequency": "h", "start": "2023-01-13"},
    ),
    Case(
        "M01 to M12, and M13 for the year",
        csv(
            pd.DataFrame(
                {
                    "Series ID": "CUUR0000SA0",
                    "Year": np.repeat(range(2010, 2020), 13),
                    "Period": [f"M{at:02d}" for at in range(1, 14)] * 10,
                    "Value": wave(130, 13),
                }
            )
        ),
        {**MS, "count": 1, "target": "Value", "steps": 120, "start": "2010-01-01"},
        {"Year": "time", "Period": "time"},
    ),
    Case(
        "18.00.00 is a time of day, and -200 no value",
        text(
            "Date;Time;CO(GT);RH\n"
            + "".join(
                f"{at:%d/%m/%Y;%H.%M.%S};{-200 if n in (33, 34, 50) else str(value).replace('.', ',')};{40 + n % 9},5\n"
                for n, (at, value) in enumerate(
                    zip(pd.date_range("2004-03-20 18:00", periods=120, freq="h"), wave(120, 24, 5), strict=True)
                )
            )
        ),
        {"count": 2, "frequency": "h", "start": "2004-03-20 18:00"},
        finds="3 values of -200 were read as missing",
    ),
    Case(
        "31-12-2010 has no zone",
        csv(stamped(pd.date_range("2010-02-05", periods=143, freq="7D").strftime("%d-%m-%Y"), "Date", "Weekly_Sales")),
        {"count": 1, "steps": 143, "frequency": "W-FRI", "start": "2010-02-05"},
    ),
    Case(
        "bounds, doubts and flags beside numbers",
        text(
            "Week,skiing\n"
            + "".join(
                f"{at:%Y-%m-%d},{'<1' if n == 3 else '?0.2' if n == 9 else '12.5 p' if n == 59 else n % 9}\n"
                for n, at in enumerate(pd.date_range("2019-01-06", periods=60, freq="7D"))
            )
        ),
        {"count": 1, "steps": 60, "frequency": "W-SUN"},
        finds="3 cells with a mark beside the number",
    ),
    Case(
        "holidays of letters among zeros",
        csv(
            pd.DataFrame(
                {"Store": 1, "Date": _DAYS, "Sales": wave(400, 7), "StateHoliday": ["a", *["0"] * 198, "b"] * 2}
            )
        ),
        {"count": 1, "target": "Sales", "steps": 400},
        {"StateHoliday": "future"},
    ),
    Case(
        "a number for each row names no series",
        folder(
            train=pd.concat(
                [
                    stamped(_DAYS, "date", "sales", 7).assign(store_nbr=1),
                    stamped(_DAYS, "date", "sales").assign(store_nbr=2),
                ]
            )
            .reset_index(drop=True)
            .rename_axis("id")
            .reset_index(),
            oil=stamped(_DAYS, "date", "dcoilwtico", 30),
        ),
        {"count": 2, "target": "sales", "steps": 400},
        {"id": "left out", "store_nbr": "series", "dcoilwtico": "past"},
        files={"train.csv": "table", "oil.csv": "side table"},
    ),
    Case(
        "provinces that most countries lack",
        csv(
            pd.concat(
                [
                    pd.DataFrame(
                        {
                            "Province": [None, "Alberta", "Ontario"],
                            "Country": ["Chad", "Canada", "Canada"],
                            "Lat": [1.5, 2.5, 3],
                        }
                    ),
                    pd.DataFrame([wave(60, 7, seed=at) for at in range(3)], columns=_DAYS[:60].strftime("%-m/%-d/%y")),
                ],
                axis=1,
            )
        ),
        {"count": 3, "frequency": "D", "steps": 60, "start": "2022-01-01"},
    ),
    Case(
        "measures beside codes are asked",
        csv(
            pd.DataFrame({"instant": range(1, 401), "day": _DAYS, "season": np.repeat([1, 2, 3, 4], 100)}).assign(
                mnth=_DAYS.month, temp=wave(400, 30, 0.5), cnt=wave(400, 7, 4000)
            )
        ),
        asks="target",
    ),
    Case(
        "Japanese of Windows",
        lambda place: _encoded(place, "cp932"),
        {**MS, "count": 1, "target": "売上", "steps": 48, "start": "2018-01-01"},
    ),
    Case(
        "a sheet a year",
        sheets({str(y): stamped(months(f"{y}-01-01", 12, "%Y-%m-%d")) for y in (2020, 2021)}),
        {"count": 1, "steps": 24, "frequency": "MS", "start": "2020-01-01"},
    ),
    Case(
        "a sheet a year, with months by name only",
        sheets({str(y): stamped(MONTHS_DE, "Monat", "Umsatz").assign(Umsatz=wave(12) + y) for y in (2020, 2021, 2022)}),
        {**MS, "count": 1, "target": "Umsatz", "steps": 36, "start": "2020-01-01", "end": "2022-12-01"},
        {"year": "time", "Monat": "time"},
        finds="2020 to 2022",
    ),
    Case(
        "a file a year, with quarters only",
        folder(
            **{
                f"sales_{y}": pd.DataFrame({"Q": ["Q1", "Q2", "Q3", "Q4"], "sales": wave(4, 4) + y})
                for y in range(2012, 2022)
            }
        ),
        {"count": 1, "target": "sales", "steps": 40, "frequency": "QS", "start": "2012-01-01"},
    ),
    Case(
        "a sheet a series",
        sheets({name: stamped(_DAYS[:90], period=7) for name in ("Berlin", "Köln")}),
        {"count": 2, "steps": 90, "frequency": "D"},
    ),
    Case(
        "numbered weeks, and the same normalised",
        csv(blocks("W", "Normalized ")),
        {"count": 4, "names": ["P0", "P1", "P2", "P3"], "steps": 52, "start": "1", "end": "52"},
        {"W0": "value", "W51": "value", "MIN": "left out", "Normalized 0": "left out", "Normalized 51": "left out"},
        assumed="'Normalized 0'",
    ),
    Case(
        "numbered days, and a calendar that dates them",
        lambda place: folder(**_numbered_days())(place),
        {"count": 2, "steps": 120, "frequency": "D", "season": 7, "start": "2011-01-29"},
        {"d_1": "value", "snap_CA": "future"},
        files={"calendar.csv": "side table"},
    ),
    Case(
        "numbered weeks of two measures are asked",
        csv(blocks("Units ", "Returns ", low=1)),
        asks="target",
        choices=("Units 1 … Units 52", "Returns 1 … Returns 52"),
    ),
    Case(
        "candles without a header",
        csv(
            prices()
            .assign(Date=1_609_459_200_000 + 3_600_000 * np.arange(600))
            .assign(closed=lambda f: f["Date"] + 3_599_999, quote=wave(600, 24, 5000), trades=range(600), ignore=0),
            header=False,
        ),
        asks="target",
        choices=("close", "open", "high", "low", "volume"),
    ),
    Case(
        "a date and a clock before candles without a header",
        csv(
            prices().assign(Date=pd.date_range("2020-01-01", periods=600, freq="h").strftime("%Y.%m.%d,%H:%M")),
            header=False,
            quoting=3,
            escapechar=" ",
        ),
        asks="target",
        choices=("close", "open"),
    ),
    Case(
        "year, month and measures without a header",
        text(
            "".join(
                f"{1749 + at // 12};{at % 12 + 1:02d};{1749 + (at + 0.5) / 12:.3f}; {value:6.1f}; -1.0;   -1;1\n"
                for at, value in enumerate(wave(480, 132, 80))
            )
        ),
        {"count": 1, "target": "column 4", "steps": 480, "frequency": "MS", "start": "1749-01-01"},
        {"year": "time", "month": "time", "column 3": "left out", "column 5": "left out"},
    ),
    Case(
        "days and measures without a header are asked",
        text(
            "".join(
                f"{at:%Y;%m;%d};{at.year + at.dayofyear / 366:.3f}; {value:4.0f};{value / 9:6.1f};{n % 7:4};1\n"
                for n, (at, value) in enumerate(zip(_DAYS, wave(400, 27, 80), strict=True))
            )
        ),
        asks="target",
        choices=("column 5", "column 6"),
    ),
    Case(
        "years without a header",
        text("".join(f"{1821 + at},{value}\n" for at, value in enumerate(wave(114, 10)))),
        {"count": 1, "steps": 114, "frequency": "YS", "start": "1821-01-01"},
        {"year": "time", "value": "value"},
    ),
    Case(
        "an object of lists",
        text(
            json.dumps(
                {
                    "latitude": 52.5,
                    "hourly_units": {"time": "iso8601", "temperature_2m": "°C"},
                    "hourly": {
                        "time": pd.date_range("2024-01-01", periods=200, freq="h").strftime("%Y-%m-%dT%H:%M").tolist(),
                        "temperature_2m": wave(200, 24, 10).tolist(),
                    },
                }
            ),
            "weather.json",
        ),
        {"count": 1, "target": "temperature_2m", "steps": 200, "frequency": "h", "start": "2024-01-01"},
    ),
    Case(
        "a time series file of the Monash archive",
        text(
            "# NN5\n@relation NN5\n@attribute series_name string\n@attribute start_timestamp date\n@frequency monthly\n"
            "@missing true\n@data\n"
            + "".join(
                f"T{at}:1996-03-18 00-00-00:{','.join('?' if n == 9 else str(x) for n, x in enumerate(wave(60)))}\n"
                for at in range(3)
            ),
            "nn5.tsf",
        ),
        {**MS, "count": 3, "names": ["T0", "T1", "T2"], "steps": 60, "start": "1996-03-01", "target": "value"},
    ),
    Case(
        "dates under no known name, beside day, month and year",
        csv(
            pd.concat(
                [
                    pd.DataFrame(
                        {"dateRep": _DAYS.strftime("%d/%m/%Y"), "day": _DAYS.day, "month": _DAYS.month}
                    ).assign(
                        year=_DAYS.year, cases=wave(400, 7).round(), deaths=wave(400, 7, 9).round(1), geo=geo, area=area
                    )[::-1]
                    for geo, area in (("AT", 84.0), ("BE", 30.5))
                ]
            )
        ),
        asks="target",
        choices=("cases", "deaths"),
    ),
    Case("a season of 10", csv(pd.DataFrame({"y": wave(120, 10)})), {"season": 10}),
    Case(
        "seconds since a start are steps, and no 1970",
        csv(pd.DataFrame({"t": np.arange(300) * 60, "y": wave(300, 12)})),
        {"frequency": "", "season": 12, "start": "0", "end": "299", "steps": 300},
    ),
    Case(
        "fractions of hours since a start",
        csv(pd.DataFrame({"time": np.round(np.arange(300) / 4, 2), "y": wave(300, 12)})),
        {"frequency": "", "season": 12, "start": "0", "end": "299", "steps": 300},
    ),
    Case(
        "sales by store and family, with oil, holidays and visits beside",
        lambda place: folder(**_groceries())(place),
        {"count": 4, "target": "sales", "frequency": "D", "steps": 120},
        files={"train.csv": "table", "oil.csv": "side table", "stores.csv": "side table"},
    ),
)
