"""Make `cover.png`: a line a state, all its sectors, 2001 to 2022, more generation above; Texas in orange.

python sample_data/forecasting/electricity/cover.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 1152, 192  # px of the picture
SCALE = 4  # drawn so many times larger, for smooth edges
LOW, HIGH = 1200.0, 62_000.0  # thousand MWh, bottom and top
OTHERS, ONE = (74, 149, 197), (255, 138, 76)


def line(values: pd.Series, colour: tuple[int, int, int], width: float, opacity: int) -> Image.Image:
    """Return a layer with one series, time to the right and its logarithm upwards."""
    layer = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (*colour, 0))
    up = np.log(values.to_numpy() / LOW) / np.log(HIGH / LOW)
    along = np.linspace(0, WIDTH, len(values))
    points = np.column_stack([along, HEIGHT - 8 - up * (HEIGHT - 16)]) * SCALE
    draw = ImageDraw.Draw(layer)
    draw.line([tuple(point) for point in points], fill=(*colour, opacity), width=round(width * SCALE), joint="curve")
    return layer


def main() -> None:
    """Draw every state that fits between bottom and top."""
    table = pd.read_parquet(HERE / "generation.parquet")
    states = table[(table["level"] == "state") & (table["sector"] == "all sectors")]
    wide = states.pivot(index="month", columns="state", values="generation")
    wide = wide.loc[:, wide.min() > LOW]
    cover = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    for name in wide.columns.drop("Texas"):
        cover = Image.alpha_composite(cover, line(wide[name], OTHERS, 1.1, 110))
    for width, opacity in ((6.0, 60), (2.6, 255)):
        cover = Image.alpha_composite(cover, line(wide["Texas"], ONE, width, opacity))
    cover.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(128).save(HERE / "cover.png", optimize=True)


if __name__ == "__main__":
    main()
