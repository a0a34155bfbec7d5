"""Make `cover.png`: a column a day, a row an hour, the fuller the more vehicles; public holidays in orange.

python sample_data/forecasting/traffic/cover.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

HERE = Path(__file__).resolve().parent
DAYS, DAY, HOUR = 384, 3, 8  # days that are drawn; px of a day's width and an hour's height
FULL = 6200  # vehicles an hour that are drawn in full colour
OTHERS, ONE = (74, 149, 197), (255, 138, 76)


def main() -> None:
    """Draw the last days of the table."""
    table = pd.read_parquet(HERE / "traffic.parquet").dropna(subset=["traffic volume"])
    wide = table.pivot_table(index=table["time"].dt.hour, columns=table["time"].dt.normalize(), values="traffic volume")
    days = pd.date_range(wide.columns[-1], periods=DAYS, freq="-1D")[::-1]
    off = np.isin(days, table.loc[table["holiday"] == 1, "time"].dt.normalize().unique())
    share = np.clip(wide.reindex(columns=days).to_numpy(dtype=float) / FULL, 0, 1)
    cells = np.zeros((*share.shape, 4), dtype=np.uint8)
    cells[..., :3] = np.where(off[:, None], ONE, OTHERS)[None]
    filled = np.maximum(20 + 225 * share**1.3, 110 * off[:, None].T)
    cells[..., 3] = np.nan_to_num(filled).astype(np.uint8)  # an hour without a count stays open
    picture = Image.fromarray(cells.repeat(HOUR, axis=0).repeat(DAY, axis=1))
    picture.quantize(128).save(HERE / "cover.png", optimize=True)


if __name__ == "__main__":
    main()
