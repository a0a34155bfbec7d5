"""What training has seen of the test: planted, found, and removed from training only."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_cases import picture
from PIL import Image

from dl_core.data.dataset import Dataset, Source
from dl_core.data.images.check import check_images
from dl_core.data.images.hashing import is_flat, near_pairs, perceptual_hashes, spectra
from dl_core.data.images.leakage import find_leakage, find_pairs, mend_images
from dl_core.data.images.split import split_rows
from dl_core.data.splits import Splits
from dl_core.errors import OptionError
from dl_core.reading.images.read import read_images
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

CHESTS = Path(__file__).parents[3] / "shared/data/pneumoniamnist.npz"


def dataset(images: list[np.ndarray], labels: list[str] | None = None, units: list[str] | None = None) -> Dataset:
    ids = [f"r{i}" for i in range(len(images))]
    table = pd.DataFrame({"label": labels or ["a", "b"] * (len(images) // 2)}, index=ids)
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    if units:
        table["patient"] = units
        roles[Role.UNIT] = ("patient",)
    arrays = {"image": np.stack(images)[..., None]}
    return Dataset("toy", table, roles, Source("toy"), arrays, classes=("a", "b"))


def thirds(data: Dataset) -> Splits:
    ids, third = tuple(data.ids), len(data) // 3
    return Splits(ids[:third], ids[third : 2 * third], ids[2 * third :], "given", "by thirds")


def changed(image: np.ndarray) -> dict[str, np.ndarray]:
    """Return ways in which copies of an image come along."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=70)
    small = Image.fromarray(image).resize((24, 24), Image.Resampling.LANCZOS).resize((32, 32), Image.Resampling.BICUBIC)
    return {
        "jpeg": np.asarray(Image.open(buffer)),
        "brighter": np.clip(image * 1.15, 0, 255).astype(np.uint8),
        "resized": np.asarray(small),
        "weaker": (image * 0.7 + 20).astype(np.uint8),
    }


@pytest.mark.parametrize("how", ["jpeg", "brighter", "resized", "weaker"])
def test_near_duplicates_across_parts_are_found(how: str):
    images = [picture(i) for i in range(12)]
    images[10] = changed(images[1])[how]
    data = dataset(images)
    found = [f for f in find_leakage(data, thirds(data)) if f.kind == "near-duplicate"]
    assert [f.rows for f in found] == [("r1",)] and found[0].mend == "near-duplicate"
    assert found[0].message.startswith("1 training image ")


def test_different_images_are_no_duplicates():
    data = dataset([picture(i) for i in range(60)])
    assert find_leakage(data, thirds(data)) == []


def test_exact_duplicates_by_place():
    images = [picture(i) for i in range(12)]
    images[9] = images[0]  # train and test
    images[8] = images[5]  # validation and test
    images[3] = images[2]  # both in train
    data = dataset(images, ["a"] * 12)
    found = {f.kind: f for f in find_leakage(data, thirds(data))}
    assert found["exact-duplicate"].rows == ("r0", "r5") and found["exact-duplicate"].level == "warning"
    assert "1 training and 1 validation images" in found["exact-duplicate"].message
    assert found["exact-duplicate-within"].rows == ("r2", "r3") and found["exact-duplicate-within"].level == "info"
    assert set(found) == {"exact-duplicate", "exact-duplicate-within"}


def test_blank_images_are_not_each_others_copies():
    images = [picture(i) for i in range(6)] + [np.zeros((32, 32), np.uint8)] * 6
    data = dataset(images)
    assert find_leakage(data, thirds(data)) == []
    assert list(is_flat(data.images)) == [False] * 6 + [True] * 6
    flat = next(finding for finding in check_images(data) if finding.kind == "flat")
    assert flat.rows == tuple(f"r{i}" for i in range(6, 12))


def test_copies_with_contradicting_labels():
    images = [picture(i) for i in range(12)]
    images[1] = images[0]
    data = dataset(images, ["a", "b"] * 6)
    found = {f.kind: f for f in find_leakage(data, thirds(data))}
    assert found["contradicting-label"].rows == ("r0", "r1") and "must be wrong" in found["contradicting-label"].message


def test_patients_across_parts():
    images = [picture(i) for i in range(12)]
    data = dataset(images, units=[f"p{i}" for i in (0, 1, 2, 3, 0, 5, 6, 7, 1, 5, 10, 11)])
    found = {f.kind: f for f in find_leakage(data, thirds(data))}
    assert found["shared-unit"].rows == ("r0", "r1", "r5")
    assert found["shared-unit"].message.startswith("3 patients are in several splits")


def test_views_of_one_patient_within_a_part_are_expected():
    images = [picture(i) for i in range(12)]
    images[1] = images[0]
    data = dataset(images, ["a"] * 12, [f"p{i // 2}" for i in range(12)])
    assert find_leakage(data, thirds(data)) == []


def test_removal_never_touches_test():
    images = [picture(i) for i in range(12)]
    images[9], images[8] = images[0], images[5]
    data = dataset(images, ["a"] * 12)
    splits = thirds(data)
    kept, mended = mend_images(data, splits, ["exact-duplicate"])
    assert mended.train == ("r1", "r2", "r3") and mended.validation == ("r4", "r6", "r7") and mended.test == splits.test
    assert list(kept.ids) == [row for row in data.ids if row not in ("r0", "r5")] and "2 leaked rows" in mended.protocol
    assert find_leakage(kept, mended) == []
    np.testing.assert_array_equal(kept.images[0], data.images[1])


def test_removal_of_nothing_and_of_the_unknown():
    data = dataset([picture(i) for i in range(6)])
    assert mend_images(data, thirds(data), ["shared-unit"]) == (data, thirds(data))
    assert mend_images(data, thirds(data), []) == (data, thirds(data))
    with pytest.raises(OptionError, match="cannot be fixed"):
        mend_images(data, thirds(data), ["everything"])


def test_removal_that_would_leave_nothing_is_refused():
    images = [picture(i % 2) for i in range(6)]
    data = dataset(images)
    with pytest.raises(OptionError, match="leave no training"):
        mend_images(data, thirds(data), ["exact-duplicate"])


def test_hash_does_not_depend_on_brightness_and_pairs_match_a_plain_loop():
    images = np.stack([picture(i % 7) for i in range(12)])[..., None]
    spectrum = spectra(images)
    darker = spectra((images * 0.5).astype(np.uint8))
    apart = np.bitwise_count(perceptual_hashes(spectrum) ^ perceptual_hashes(darker))
    assert apart.max() <= 4
    everything = np.arange(12)
    plain = [[i, j] for i in range(12) for j in range(i + 1, 12) if i % 7 == j % 7]
    assert near_pairs(spectrum, everything, everything).tolist() == plain


@pytest.mark.skipif(not CHESTS.is_file(), reason="the chest X-rays for measuring are not on this machine")
def test_chest_x_rays_that_stand_in_training_and_validation():
    """Eight pictures of training are in validation too; thousands that all look alike raise no false alarm."""
    data = read_images(ReadRequest((CHESTS,)))
    splits = split_rows(data, 0, {})
    pairs = find_pairs(data, splits)
    part = splits.part_of().reindex(data.ids).to_numpy()
    crossing = [(a, b) for a, b in pairs.exact.tolist() if part[a] != part[b]]
    assert {frozenset((part[a], part[b])) for a, b in crossing} == {frozenset(("train", "validation"))}
    assert len({b for _, b in crossing}) == 8, "eight validation rows"
    assert len({a for a, _ in crossing}) == 10, "two of them stand in training twice"
    assert len(pairs.near) <= 5
    kept, mended = mend_images(data, splits, ["exact-duplicate", "near-duplicate"])
    assert mended.test == splits.test and len(kept) < len(data)
    assert not [finding for finding in find_leakage(kept, mended) if finding.mend]
