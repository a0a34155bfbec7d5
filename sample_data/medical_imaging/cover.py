"""Make `cover.png`: six slices with a simulated lesion, its exact outline drawn in three of them.

python sample_data/medical_imaging/cover.py
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

HERE = Path(__file__).resolve().parent
SIDE = 256  # px of one picture
OUTLINE = (255, 138, 76)
BIG = 260  # px a lesion must cover to be shown


def tile(archive: zipfile.ZipFile, file: str, outlined: bool) -> Image.Image:
    """Return one slice, enlarged, see-through outside the brain, with the lesion's outline if wanted."""
    image = Image.open(io.BytesIO(archive.read(f"images/{file}"))).convert("L")
    mask = Image.open(io.BytesIO(archive.read(f"masks/{file}"))).convert("L")
    grey = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    brain = ndimage.binary_fill_holes(np.asarray(image) > 0)  # a black pixel in a lesion is no hole
    inside = np.asarray(Image.fromarray(brain.astype(np.uint8) * 255).resize((SIDE, SIDE)))
    rgba = np.dstack([grey, grey, grey, inside])
    if outlined:
        lesion = np.asarray(mask.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) > 127
        edge = ndimage.binary_dilation(lesion, iterations=3) & ~ndimage.binary_dilation(lesion)
        rgba[edge] = (*OUTLINE, 255)
    return Image.fromarray(rgba, "RGBA")


def main() -> None:
    """Pick two patients of scanner A with large lesions and lay out their axial, coronal and sagittal slices."""
    with zipfile.ZipFile(HERE / "images.zip") as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("metadata.csv"), encoding="utf-8")))
        with (HERE / "lesions.csv").open(encoding="utf-8") as lines:
            area = {row["file"]: int(row["area_px"]) for row in csv.DictReader(lines)}
        clear = [row["patient"] for row in rows if row["scanner"] == "A" and area.get(row["file"], 0) > BIG]
        chosen = [patient for patient in dict.fromkeys(clear) if clear.count(patient) >= 3][:2]
        cover = Image.new("RGBA", (6 * SIDE, SIDE), (0, 0, 0, 0))
        for number in range(6):
            file = f"{chosen[number // 3]}_{number % 3 + 1}.png"
            cover.paste(tile(archive, file, outlined=number % 2 == 1), (number * SIDE, 0))
    cover.resize((6 * SIDE * 3 // 4, SIDE * 3 // 4), Image.Resampling.LANCZOS).quantize(128).save(
        HERE / "cover.png", optimize=True
    )


if __name__ == "__main__":
    main()
