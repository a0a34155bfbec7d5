"""Make the sample data of medical imaging: simulated lesions on real anatomy.

    pip download nilearn==0.14.1 --no-deps --dest wheels && unzip -q wheels/nilearn*.whl -d nilearn
    python sample_data/medical_imaging/generate.py --nilearn nilearn

writes `images.zip` (images, masks, metadata.csv) and `lesions.csv` beside this file. SOURCE.md says what is real and
what is simulated. The same seed gives the same pixels.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # the two modules beside this script

from brain import PLANES, SIZE, Anatomy, Slice, Template, cut  # noqa: E402
from lesions import Lesion  # noqa: E402

PATIENTS = 300
OLD = 70  # years; from here on a patient belongs to the under-represented group
OLD_SHARE = 0.12
SCANNER_B_SHARE = 0.35
SMALLEST = 70  # px a lesion must cover in every slice of its patient
COLUMNS = ("file", "label", "patient", "sex", "age", "scanner", "plane")
LESION_COLUMNS = ("file", "kind", "radius_mm", "contrast", "area_px")


@dataclass(frozen=True)
class Scanner:
    """How a scanner turns clean intensity into an image.

    Parameters
    ----------
    noise : float
        Standard deviation of each of the two noise channels, as a share of white matter's intensity.
    contrast : float
        1 keeps the contrast between tissues, smaller flattens it.
    blur : float
        Standard deviation of the blur in pixels.
    lesion : float
        How strongly lesions stand out: their drawn contrast is multiplied by it.
    """

    noise: float
    contrast: float
    blur: float
    lesion: float


SCANNERS = {
    "A": Scanner(noise=0.012, contrast=1.0, blur=0.40, lesion=1.30),
    "B": Scanner(noise=0.042, contrast=0.75, blur=0.70, lesion=0.55),  # the harder one
}


@dataclass(frozen=True)
class Patient:
    """One line of the cohort."""

    name: str
    label: str
    sex: str
    age: int
    scanner: str


@dataclass(frozen=True)
class Example:
    """One image with its mask and its lines of the two tables."""

    image: np.ndarray  # (SIZE, SIZE) uint8
    mask: np.ndarray  # (SIZE, SIZE) bool
    row: dict[str, object]
    lesion: dict[str, object] | None


def draw_cohort(count: int, seed: int) -> list[Patient]:
    """Draw patients in pairs, one with and one without a lesion, alike in sex, age band and scanner.

    So no column of the metadata tells anything about the label, and names are dealt at random.
    """
    rng = np.random.default_rng([seed, 10**6])
    names = [f"P{number:03d}" for number in rng.permutation(count) + 1]
    patients = []
    for pair in range(count // 2):
        sex = str(rng.choice(["F", "M"]))
        scanner = "B" if rng.random() < SCANNER_B_SHARE else "A"
        low, high = (OLD, 89) if rng.random() < OLD_SHARE else (20, OLD - 1)
        for offset, label in enumerate(("lesion", "normal")):
            age = int(rng.integers(low, high + 1))
            patients.append(Patient(names[2 * pair + offset], label, sex, age, scanner))
    return sorted(patients, key=lambda patient: patient.name)


def draw_slices(anatomy: Anatomy, rng: np.random.Generator) -> tuple[Lesion, list[tuple[str, Slice]]]:
    """Draw a lesion and four slices through its place that all show enough of it.

    Patients without a lesion go through the very same steps; theirs is never painted.
    """
    while True:
        lesion = Lesion.draw(anatomy, rng)
        planes = [*PLANES, PLANES[rng.integers(3)]]
        offsets = rng.uniform(0.05, 0.5, 4) * lesion.radius * np.array([1, -1, 1, -1]) * rng.choice([-1, 1])
        axis = {"sagittal": 0, "coronal": 1, "axial": 2}
        slices = [
            (plane, cut(anatomy, plane, lesion.middle[axis[plane]] + offset))
            for plane, offset in zip(planes, offsets, strict=True)
        ]
        if all(lesion.paint(part, 0.0)[1].sum() >= SMALLEST for _, part in slices):
            return lesion, slices


def scan(clean: np.ndarray, inside: np.ndarray, scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """Return the image (SIZE, SIZE) uint8 that a scanner makes of clean intensity.

    Gamma, contrast, a smooth bias field, blur, Rician noise (the magnitude of a complex signal with Gaussian noise in
    both channels), gain; outside the brain the image is 0, as after skull stripping.
    """
    gamma, gain = rng.uniform(0.85, 1.2), rng.uniform(0.72, 0.86)
    flat = 0.62 + scanner.contrast * (np.clip(clean, 0.0, 1.3) ** gamma - 0.62)
    bias = ndimage.zoom(rng.normal(0, 0.09, (4, 4)), SIZE / 4, order=3, mode="nearest", grid_mode=True)
    signal = ndimage.gaussian_filter(np.where(inside, flat * np.exp(bias), 0.0), scanner.blur)
    sigma = scanner.noise * rng.uniform(0.8, 1.25)
    real, imaginary = ndimage.gaussian_filter(rng.normal(size=(2, SIZE, SIZE)), (0, 0.45, 0.45)) * sigma * 1.35
    magnitude = np.hypot(signal + real, imaginary)
    return np.where(inside, np.clip(magnitude * gain * 255, 0, 255).round(), 0).astype(np.uint8)


def draw_patient(patient: Patient, template: Template, seed: int) -> Iterator[Example]:
    """Yield the patient's four images; the draw depends on the seed and the patient's name alone."""
    rng = np.random.default_rng([seed, int(patient.name[1:])])
    anatomy = Anatomy.draw(template, patient.age, rng)
    lesion, slices = draw_slices(anatomy, rng)
    ill, scanner = patient.label == "lesion", SCANNERS[patient.scanner]
    for number, (plane, part) in enumerate(slices, start=1):
        clean, mask = lesion.paint(part, scanner.lesion * ill)
        image = scan(clean, part.inside, scanner, rng)
        file = f"{patient.name}_{number}.png"
        values = (file, patient.label, patient.name, patient.sex, patient.age, patient.scanner, plane)
        contrast = round(lesion.contrast * scanner.lesion, 2)
        about = (file, lesion.kind, round(lesion.radius, 1), contrast, int(mask.sum()))
        mask = mask & ill
        yield Example(
            image,
            mask,
            dict(zip(COLUMNS, values, strict=True)),
            dict(zip(LESION_COLUMNS, about, strict=True)) if ill else None,
        )


def to_png(pixels: np.ndarray) -> bytes:
    """Return a greyscale (uint8) or one-bit (bool) picture as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def to_csv(rows: list[dict[str, object]], columns: tuple[str, ...]) -> str:
    """Return a table as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write(examples: list[Example], folder: Path) -> None:
    """Write `images.zip` and `lesions.csv`; entries carry a fixed date, so that the same data give the same bytes."""
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:

        def add(name: str, data: bytes | str) -> None:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)

        add("metadata.csv", to_csv([example.row for example in examples], COLUMNS))
        for example in examples:
            add(f"images/{example.row['file']}", to_png(example.image))
            if example.lesion:
                add(f"masks/{example.row['file']}", to_png(example.mask))
    rows = [example.lesion for example in examples if example.lesion]
    (folder / "lesions.csv").write_text(to_csv(rows, LESION_COLUMNS), encoding="utf-8")


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nilearn", type=Path, required=True, help="folder of the unpacked nilearn wheel")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    given = parser.parse_args()
    template = Template.read(given.nilearn)
    cohort = draw_cohort(given.patients, given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    write([example for patient in cohort for example in draw_patient(patient, template, given.seed)], given.out)


if __name__ == "__main__":
    main()
