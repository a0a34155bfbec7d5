"""One contract for every registered reader: header first, then images, nothing else escapes but our own errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset as Header
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from dl_core import discover
from dl_core.errors import DaylightError, LimitError
from dl_core.reading.images import formats as formats_package
from dl_core.reading.images.file_types import kind_of
from dl_core.reading.images.formats import readers
from dl_core.reading.images.read import read_images
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest

HEIGHT, WIDTH, FRAMES = 20, 30, 3


def _raster(path: Path, frames: int) -> Path:
    pages = [Image.fromarray(page) for page in _pages(frames)]
    path = path.with_suffix(".tif")
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


def _dicom(path: Path, frames: int) -> Path:
    header = Header()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, generate_uid()
    header.Rows, header.Columns, header.NumberOfFrames = HEIGHT, WIDTH, frames
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 7, 0, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.PixelData = _pages(frames).tobytes()
    header.save_as(path.with_suffix(".dcm"), enforce_file_format=True)
    return path.with_suffix(".dcm")


def _nifti(path: Path, frames: int) -> Path:
    volume = np.transpose(_pages(frames)[:, ::-1], (2, 1, 0)).astype(np.float32)  # (x, y, z), y upwards
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path.with_suffix(".nii.gz"))
    return path.with_suffix(".nii.gz")


def _pages(frames: int) -> np.ndarray:
    """Return frames with a gradient to the right and a bright corner at the upper left, (frames, 20, 30) uint8."""
    page = np.tile(np.linspace(10, 200, WIDTH), (HEIGHT, 1))
    page[:5, :5] = 255
    return np.stack([np.clip(page - 5 * i, 0, 255) for i in range(frames)]).astype(np.uint8)


MAKERS: dict[str, Callable[[Path, int], Path]] = {"raster": _raster, "dicom": _dicom, "nifti": _nifti}


def test_every_reader_has_a_case():
    assert set(MAKERS) == set(readers())


@pytest.fixture(params=sorted(readers()))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def test_header_and_images_agree(kind: str, tmp_path: Path):
    path = MAKERS[kind](tmp_path / "a", FRAMES)
    assert kind_of(path) == kind
    probe = readers()[kind].probe(path, path.name, {}, Limits())
    assert (probe.height, probe.width, probe.frames, probe.many) == (HEIGHT, WIDTH, (1, 2, 3), True)
    images = list(readers()[kind].read(path, path.name, {}, probe.frames))
    assert len(images) == FRAMES
    for image in images:
        assert image.shape == (HEIGHT, WIDTH) and image.dtype == np.uint8


def test_orientation_is_kept(kind: str, tmp_path: Path):
    path = MAKERS[kind](tmp_path / "a", FRAMES)
    image = next(readers()[kind].read(path, path.name, {}, (1,))).astype(int)
    assert image[:4, :4].mean() > 240, "the bright corner is at the upper left"
    assert image[10, 28] > image[10, 15] > image[10, 2], "it gets brighter to the right"


@pytest.mark.parametrize(("wish", "frames"), [("first", (1,)), ("middle", (2,)), (2, (1, 3)), ("all", (1, 2, 3))])
def test_frames_can_be_chosen(kind: str, tmp_path: Path, wish: str | int, frames: tuple[int, ...]):
    path = MAKERS[kind](tmp_path / "a", FRAMES)
    assert readers()[kind].probe(path, path.name, {"frames": wish}, Limits()).frames == frames
    data = read_images(ReadRequest((path,), labelled=False, options={"frames": wish}))
    assert list(data.ids) == [f"{path.name}#{frame}" for frame in frames]


def test_too_many_pixels_are_refused_by_the_header(kind: str, tmp_path: Path):
    path = MAKERS[kind](tmp_path / "a", 1)
    tight = Limits(max_megapixels=0)
    with pytest.raises(LimitError) as caught:
        readers()[kind].probe(path, path.name, {}, tight)
    assert path.name in caught.value.where and caught.value.todo


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_our_own_error(kind: str, tmp_path: Path, share: float):
    path = MAKERS[kind](tmp_path / "a", FRAMES)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DaylightError) as caught:
        probe = readers()[kind].probe(path, path.name, {}, Limits())
        list(readers()[kind].read(path, path.name, {}, probe.frames))
    assert path.name in caught.value.where


def test_images_of_one_file_stay_together(kind: str, tmp_path: Path):
    paths = [MAKERS[kind](tmp_path / name, FRAMES) for name in "ab"]
    data = read_images(ReadRequest(tuple(paths), labelled=False))
    assert data.table[data.roles["unit"][0]].nunique() == 2 and len(data) == 2 * FRAMES


PGM = """
import numpy as np
from dl_core.reading.images.formats.base import Probe, Reader


def _pixels(path):
    kind, width, height, _, *values = path.read_text().split()
    return np.array(values, dtype=np.uint8).reshape(int(height), int(width))


def probe(path, where, options, limits):
    return Probe(*_pixels(path).shape, "L")


def read(path, where, options, frames):
    yield _pixels(path)


READER = Reader("pgm", probe, read, lambda head, suffix: head.startswith(b"P2"))
"""


@pytest.fixture
def pgm_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a format by a file in a further folder of the package, and take it away again."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "pgm_added.py").write_text(PGM, encoding="utf-8")
    monkeypatch.setattr(formats_package, "__path__", [*formats_package.__path__, str(folder)])
    _forget()
    yield
    monkeypatch.undo()
    _forget()
    sys.modules.pop(f"{formats_package.__name__}.pgm_added", None)


def _forget() -> None:
    readers.cache_clear()
    discover._defining.cache_clear()


def test_a_format_is_added_by_adding_a_file(tmp_path: Path, pgm_format: None):
    path = tmp_path / "page.pgm"
    page = _pages(1)[0]
    path.write_text(f"P2 {WIDTH} {HEIGHT} 255\n" + " ".join(map(str, page.ravel())))
    assert kind_of(path) == "pgm"
    data = read_images(ReadRequest((path,), labelled=False, options={"size": WIDTH}))
    np.testing.assert_array_equal(data.images[0, 5:25, :, 0], page)  # 20 lines in the middle of 30
