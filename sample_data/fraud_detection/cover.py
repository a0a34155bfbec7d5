"""Make `cover.png`: one dot a transaction, time to the right, amount upwards, frauds in orange, see-through behind.

python sample_data/fraud_detection/cover.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 1152, 192  # px of the picture
SCALE = 4  # drawn so many times larger, for smooth edges
FIRST, LAST = pd.Timestamp("2025-06-02"), pd.Timestamp("2025-08-01")
LOW, HIGH = 3.0, 3000.0  # EUR, bottom and top
SHOWN = 6500  # honest transactions that are drawn
HONEST, FRAUD = (74, 149, 197), (255, 138, 76)


def dots(table: pd.DataFrame, colour: tuple[int, int, int], radius: float, opacity: int) -> Image.Image:
    """Return a layer with a dot for every row; later ones lie above."""
    layer = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (*colour, 0))
    draw = ImageDraw.Draw(layer)
    along = (table["time"] - FIRST) / (LAST - FIRST) * WIDTH * SCALE
    up = np.log(table["amount (EUR)"].clip(LOW, HIGH) / LOW) / np.log(HIGH / LOW)
    for x, share in zip(along, up, strict=True):
        y = (HEIGHT - 12 - share * (HEIGHT - 24)) * SCALE
        reach = radius * SCALE
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*colour, opacity))
    return layer


def main() -> None:
    """Draw June and July: a sample of the honest transactions, all frauds with a halo."""
    table = pd.read_parquet(HERE / "transactions.parquet")
    table = table[(table["time"] >= FIRST) & (table["time"] < LAST) & (table["amount (EUR)"] > LOW)]
    bad = table["fraud"] == "yes"
    honest = table[~bad].sample(SHOWN, random_state=0)
    cover = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    for layer in (dots(honest, HONEST, 1.3, 110), dots(table[bad], FRAUD, 5.0, 60), dots(table[bad], FRAUD, 2.4, 255)):
        cover = Image.alpha_composite(cover, layer)
    cover.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(128).save(HERE / "cover.png", optimize=True)


if __name__ == "__main__":
    main()
