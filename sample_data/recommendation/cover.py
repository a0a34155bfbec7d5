"""Make `cover.png`: one dot a purchase, the year to the right, popular products above, one customer's in orange.

python sample_data/recommendation/cover.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 1152, 192  # px of the picture
SCALE = 4  # drawn so many times larger, for smooth edges
FIRST, LAST = pd.Timestamp("2010-12-08"), pd.Timestamp("2011-12-12")
SHOWN = 7000  # purchases that are drawn
OTHERS, ONE = (74, 149, 197), (255, 138, 76)


def places(table: pd.DataFrame) -> np.ndarray:
    """Return where purchases lie in pixels, (n, 2): time to the right, number of the product's customers upwards."""
    takers = table.drop_duplicates(["customer", "product"])["product"].value_counts()
    up = np.log(table["product"].map(takers) / takers.min()) / np.log(takers.max() / takers.min())
    along = (table["invoice date"] - FIRST) / (LAST - FIRST)
    return np.column_stack([along * WIDTH, HEIGHT - 12 - up * (HEIGHT - 24)]) * SCALE


def dots(points: np.ndarray, colour: tuple[int, int, int], radius: float, opacity: int) -> Image.Image:
    """Return a layer with a dot at every point, (n, 2)."""
    layer = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (*colour, 0))
    draw, reach = ImageDraw.Draw(layer), radius * SCALE
    for x, y in points:
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*colour, opacity))
    return layer


def main() -> None:
    """Draw a sample of all purchases, and all of a customer with twelve orders."""
    table = pd.read_parquet(HERE / "purchases.parquet")
    points = places(table)
    orders = table.groupby("customer").agg(orders=("invoice date", "nunique"), rows=("product", "size"))
    one = orders[(orders["orders"] == 12) & orders["rows"].between(90, 130)].index[0]
    mine = (table["customer"] == one).to_numpy()
    rest = points[np.random.default_rng(0).choice(np.flatnonzero(~mine), SHOWN, replace=False)]
    cover = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    for layer in (dots(rest, OTHERS, 1.3, 110), dots(points[mine], ONE, 5.0, 60), dots(points[mine], ONE, 2.4, 255)):
        cover = Image.alpha_composite(cover, layer)
    cover.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(128).save(HERE / "cover.png", optimize=True)


if __name__ == "__main__":
    main()
