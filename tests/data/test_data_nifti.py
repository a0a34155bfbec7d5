"""NIfTI volumes: any order of axes, any spacing, series of volumes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.errors import FileError, OptionError
from dl_core.reading.images.formats.nifti import PLANES, READER
from dl_core.reading.limits import Limits

ORDERS = ["RAS", "LPS", "SRA", "ASL", "PIR", "IAR"]


def volume(path: Path, values: np.ndarray, axes: str = "RAS", spacing: tuple[float, ...] = (1, 1, 1)) -> Path:
    """Write canonical values (right, anterior, superior[, time]) in another order of axes."""
    image = nibabel.Nifti1Image(values, np.diag([*spacing, 1.0]))
    stored = nibabel.orientations.axcodes2ornt(tuple(axes))
    image = image.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), stored))
    nibabel.save(image, path)
    return path


def slices(path: Path, **options: object) -> list[np.ndarray]:
    probe = READER.probe(path, path.name, options, Limits())
    images = list(READER.read(path, path.name, options, probe.frames))
    assert all(image.shape == (probe.height, probe.width) for image in images)
    return images


@settings(max_examples=12, deadline=None, derandomize=True)
@given(axes=st.sampled_from(ORDERS), plane=st.sampled_from(sorted(PLANES)))
def test_a_plane_is_the_same_in_whatever_order_it_is_stored(tmp_path_factory, axes: str, plane: str):
    values = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(np.float32)
    folder = tmp_path_factory.mktemp("nifti")
    plain = slices(volume(folder / "a.nii", values), plane=plane)
    turned = slices(volume(folder / "b.nii.gz", values, axes), plane=plane)
    assert len(plain) == values.shape[PLANES[plane]]
    np.testing.assert_array_equal(plain, turned)


def test_the_stated_case_has_16_axial_slices_of_12_by_24(tmp_path: Path):
    values = np.zeros((12, 24, 16), np.float32)
    values[3, 20, 15] = 1  # right, front, top
    images = slices(volume(tmp_path / "a.nii.gz", values, "SRA"), window="full")
    assert len(images) == 16 and images[0].shape == (24, 12)
    assert np.argwhere(np.array(images) > 0).tolist() == [[15, 3, 3]]  # the front is at the top: row 23 - 20


def test_thick_slices_keep_their_proportions(tmp_path: Path):
    """Planes 8 wide and 4 high, 1 mm by 3 mm: 8 × 12 square pixels; a spacing of 0 is not believed."""
    path = volume(tmp_path / "a.nii", np.random.default_rng(1).random((8, 6, 4)).astype(np.float32), spacing=(1, 1, 3))
    assert {image.shape for image in slices(path, plane="coronal")} == {(12, 8)}
    assert {image.shape for image in slices(path)} == {(6, 8)}
    image = nibabel.load(path)
    image.header["pixdim"][1:4] = 0
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), None, image.header), tmp_path / "b.nii")
    assert {image.shape for image in slices(tmp_path / "b.nii", plane="coronal")} == {(4, 8)}


def test_one_of_several_times_or_their_mean(tmp_path: Path):
    values = np.zeros((4, 4, 2, 3), np.float32)
    values[0, 3, 0] = [0, 3, 9]
    values[3, 3, 0] = 6
    path = volume(tmp_path / "a.nii", values)
    assert READER.probe(path, "a.nii", {}, Limits()).times == 3
    assert [slices(path, frame_time=wish, window="full")[0][0, 0] for wish in ("first", "middle", "last", 2)] == [
        *(0, 128, 255, 128)
    ]
    assert slices(path, window="full")[0][0, [0, 3]].tolist() == [170, 255]  # means 4 and 6
    with pytest.raises(OptionError, match="no time point"):
        slices(path, frame_time=4)
    assert READER.probe(volume(tmp_path / "b.nii", values[..., :1]), "b.nii", {}, Limits()).times == 1


def test_what_is_no_volume_of_numbers_is_refused(tmp_path: Path):
    colours = np.zeros((3, 3, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    for name, values in (("rgb.nii", colours), ("five.nii", np.zeros((3, 3, 3, 2, 2), np.float32))):
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / name)
        with pytest.raises(FileError, match="the volume has"):
            slices(tmp_path / name)
