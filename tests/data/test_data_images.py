"""Working images from pixels of any depth, mode and size."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data_cases import picture, png
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from dl_core.errors import FileError
from dl_core.reading.images.formats.raster import READER
from dl_core.reading.images.pixels import (
    fit_square,
    is_grey,
    robust_range,
    to_bytes,
    window_to_bytes,
    with_channels,
    working_size,
)
from dl_core.reading.images.rows import tidy
from dl_core.reading.limits import Limits


def to_working(array: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Return an image as a model takes it, in the two steps of reading."""
    return with_channels(tidy(array, size), channels)


def test_size_is_the_median_longest_side_within_bounds():
    assert working_size([30, 100, 120]) == 100
    assert working_size([5]) == 28 and working_size([4000, 3000]) == 224


def test_an_image_of_the_right_size_is_not_changed():
    image = picture(1, 28, 28)
    np.testing.assert_array_equal(to_working(image, 28, 1)[..., 0], image)
    np.testing.assert_array_equal(to_working(image, 28, 3)[..., 2], image)


def test_aspect_is_kept_and_the_rest_is_black():
    working = to_working(np.full((20, 40), 200, np.uint8), 40, 1)[..., 0]
    assert (working[10:30] == 200).all() and (working[:10] == 0).all() and (working[30:] == 0).all()
    tall = to_working(np.full((80, 40), 200, np.uint8), 40, 1)[..., 0]
    assert (tall[:, 10:30] == 200).all() and (tall[:, :10] == 0).all() and (tall[:, 30:] == 0).all()


def test_reduction_is_anti_aliased():
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    working = to_working(stripes, 16, 1)
    assert abs(float(working.mean()) - 127.5) < 3 and working.std() < 12


def test_deep_images_are_windowed_by_hand():
    values = np.array([[0, 1000], [2000, 4000]], np.uint16)
    np.testing.assert_array_equal(window_to_bytes(values, 1000, 3000), [[0, 0], [128, 255]])
    image = np.tile(np.arange(1000, dtype=np.uint16) * 60, (10, 1))
    low, high = robust_range(image)
    assert low == pytest.approx(300, abs=60) and high == pytest.approx(59_640, abs=60)
    assert to_bytes(np.full((3, 3), 7, np.uint16)).max() == 0


def test_values_that_are_no_numbers_become_black():
    image = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    image[0, 0], image[9, 9] = np.nan, np.inf
    made = to_bytes(image)
    assert made[0, 0] == 0 and made[9, 9] == 255 and 120 < made[5, 0] < 135


def test_transparency_is_laid_over_black():
    image = np.dstack([np.full((2, 2), 200, np.uint8)] * 3 + [np.array([[255, 0], [128, 255]], np.uint8)])
    np.testing.assert_array_equal(to_bytes(image)[..., 0], [[200, 0], [100, 200]])


@pytest.mark.parametrize("shape", [(4,), (3, 4, 5), (2, 3, 4, 5), (0, 4)])
def test_what_is_not_one_flat_image_is_refused(shape: tuple[int, ...]):
    with pytest.raises(FileError, match="flat image|no pixels"):
        to_working(np.zeros(shape, np.uint8), 8, 1)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda shape: st.one_of(
            arrays(np.uint8, shape), arrays(np.uint16, shape), arrays(np.bool_, shape), arrays(np.float32, (*shape, 3))
        )
    ),
    st.integers(8, 64),
    st.sampled_from([1, 3]),
)
def test_every_image_becomes_a_working_image(array: np.ndarray, size: int, channels: int):
    working = to_working(array, size, channels)
    assert working.shape == (size, size, channels) and working.dtype == np.uint8
    assert working.flags["C_CONTIGUOUS"] or working.base is not None


@given(arrays(np.uint8, (12, 9), elements=st.sampled_from([0, 255])), st.integers(8, 40))
def test_masks_keep_their_values(mask: np.ndarray, size: int):
    assert set(np.unique(fit_square(mask, size, nearest=True))) <= {0, 255}


GREY = picture(5, 30, 20)
COLOUR = np.dstack([picture(6, 30, 20), picture(7, 30, 20), picture(8, 30, 20)])
MODES: dict[str, Callable[[], tuple[bytes, np.ndarray]]] = {
    "grey.png": lambda: (png(GREY), GREY),
    "grey.bmp": lambda: (png(GREY, "BMP"), GREY),
    "grey.tif": lambda: (png(GREY, "TIFF"), GREY),
    "rgb.png": lambda: (png(COLOUR), COLOUR),
    "rgb.webp": lambda: (png(COLOUR, "WEBP", lossless=True), COLOUR),
    "rgba.png": lambda: (png(np.dstack([COLOUR, np.full((30, 20), 255, np.uint8)])), COLOUR),
    "one_bit.png": lambda: (_saved(Image.fromarray(GREY > 99), "PNG"), ((GREY > 99) * 255).astype(np.uint8)),
    "palette.png": lambda: (_saved(Image.fromarray(GREY).convert("P"), "PNG"), GREY),
    "cmyk.tif": lambda: (_saved(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"), COLOUR),
    "deep.png": lambda: (png(GREY.astype(np.uint16) * 256), GREY),
    "deep.tif": lambda: (png(GREY.astype(np.uint16) * 16, "TIFF"), GREY),
    "float.tif": lambda: (png(GREY.astype(np.float32) / 255, "TIFF"), GREY),
    "rgb.jpg": lambda: (png(COLOUR, "JPEG", quality=98, subsampling=0), COLOUR),
}


def _saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("name", MODES)
def test_modes_become_the_same_picture(tmp_path: Path, name: str):
    content, expected = MODES[name]()
    path = tmp_path / name
    path.write_bytes(content)
    probe = READER.probe(path, name, {}, Limits())
    image = to_bytes(next(READER.read(path, name, {}, (1,))))
    assert (probe.height, probe.width) == (30, 20)
    image = image[..., 0] if image.ndim == 3 and expected.ndim == 2 and is_grey(image) else image
    assert image.shape == expected.shape
    stretched = name.startswith(("deep", "float"))  # these are windowed: the same picture with more contrast
    if stretched:
        assert np.corrcoef(image.ravel(), expected.ravel())[0, 1] > 0.995
    else:
        assert np.abs(image.astype(int) - expected).mean() < (4 if name.endswith("jpg") else 0.6)


def test_orientation_by_exif_is_applied(tmp_path: Path):
    turned = Image.fromarray(GREY)
    exif = turned.getexif()
    exif[0x0112] = 6  # turn by 90° clockwise to show
    turned.save(tmp_path / "a.jpg", exif=exif, quality=98)
    assert READER.probe(tmp_path / "a.jpg", "a.jpg", {}, Limits()).height == 20
    image = next(READER.read(tmp_path / "a.jpg", "a.jpg", {}, (1,)))
    assert np.abs(image.astype(int) - np.rot90(GREY, -1)).mean() < 4
