"""The sample data of medical imaging: complete, balanced, free of give-aways, and rebuilt by its generator."""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import os
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "sample_data" / "medical_imaging"


@pytest.fixture(scope="module")
def archive():
    with zipfile.ZipFile(FOLDER / "images.zip") as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(archive) -> list[dict[str, str]]:
    return list(csv.DictReader(io.TextIOWrapper(archive.open("metadata.csv"), encoding="utf-8")))


def picture(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(archive.read(name))))


def test_every_row_has_its_image_and_every_lesion_its_mask(archive, rows):
    names = set(archive.namelist())
    lesions = {row["file"] for row in rows if row["label"] == "lesion"}
    assert len(rows) == 1200 and len(lesions) == 600
    assert {f"images/{row['file']}" for row in rows} == {name for name in names if name.startswith("images/")}
    assert {f"masks/{file}" for file in lesions} == {name for name in names if name.startswith("masks/")}


def test_pictures_are_grey_and_masks_lie_inside_the_brain(archive, rows):
    for row in rows[::60]:
        image = picture(archive, f"images/{row['file']}")
        assert image.shape == (128, 128) and image.dtype == np.uint8 and image.max() > 80
        if row["label"] == "lesion":
            mask = picture(archive, f"masks/{row['file']}") > 0
            assert mask.sum() >= 70 and (image[mask] > 0).mean() > 0.5


def test_a_patient_has_one_label_and_metadata_do_not_tell_it(rows):
    patients = {row["patient"]: row for row in rows}
    assert len(patients) == 300 and all(count == 4 for count in Counter(row["patient"] for row in rows).values())
    assert len({(row["patient"], row["label"], row["sex"], row["age"], row["scanner"]) for row in rows}) == 300
    for column in ("sex", "scanner"):
        count = Counter((row[column], row["label"]) for row in patients.values())
        assert all(count[value, "lesion"] == count[value, "normal"] for value, _ in count)
    old = [row for row in patients.values() if int(row["age"]) >= 70]
    assert 0.06 < len(old) / 300 < 0.18 and 2 * sum(row["label"] == "lesion" for row in old) == len(old)


def test_scanner_b_is_harder_its_lesions_stand_out_less(rows):
    scanner = {row["file"]: row["scanner"] for row in rows}
    contrast = {"A": [], "B": []}
    with (FOLDER / "lesions.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            contrast[scanner[row["file"]]].append(float(row["contrast"]))
    assert len(contrast["A"]) + len(contrast["B"]) == 600 and len(contrast["B"]) >= 120
    assert max(contrast["B"]) < 0.6 < min(contrast["A"])


def test_checksums_match_and_the_folder_is_small():
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    sizes = {file: file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()}
    trained = {file for file in sizes if file.name.startswith("prepared_")}
    assert sum(size for file, size in sizes.items() if file not in trained) < 15e6  # the data themselves
    assert sum(sizes[file] for file in trained) < 5e6


def test_dicom_files_decode_and_carry_no_personal_fields():
    pydicom = pytest.importorskip("pydicom")
    files = sorted((FOLDER / "dicom").glob("*.dcm"))
    assert len(files) == 5
    for file in files:
        data = pydicom.dcmread(file)
        assert data.pixel_array.max() > data.pixel_array.min()
        assert not data.get("PatientName") and not data.get("PatientBirthDate") and not data.get("InstitutionName")


def test_the_generator_makes_the_shipped_pixels_again(archive, monkeypatch):
    wheel = os.environ.get("DAYLIGHT_NILEARN", "")
    if not wheel:
        pytest.skip("DAYLIGHT_NILEARN does not name a folder with the unpacked nilearn wheel")
    monkeypatch.syspath_prepend(str(FOLDER))
    generate = importlib.import_module("generate")
    template = generate.Template.read(Path(wheel))
    patient = next(each for each in generate.draw_cohort(300, 0) if each.label == "lesion")
    for example in generate.draw_patient(patient, template, 0):
        shipped = picture(archive, f"images/{example.row['file']}").astype(int)
        assert np.abs(shipped - example.image).max() <= 1  # rounding may differ between versions of SciPy
        assert (picture(archive, f"masks/{example.row['file']}").astype(bool) == example.mask).mean() > 0.9999
    for name in ("generate", "brain", "lesions"):
        sys.modules.pop(name, None)
