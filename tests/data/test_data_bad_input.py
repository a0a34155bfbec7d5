"""Bad input: a clear line that says where, what and what to do, and nothing lost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data_cases import picture, png, two_classes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.images.check import check_images, check_labels
from dl_core.data.reading import QuestionError
from dl_core.domains.medical_imaging import DOMAIN
from dl_core.errors import DaylightError, FileError, LabelError, LimitError, OptionError, SchemaError
from dl_core.reading.images.formats import raster
from dl_core.reading.images.read import read_images
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

Reads = Callable[..., Dataset]


def bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """Return a PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


BAD = {
    "empty.png": (b"", FileError, "the file is empty"),
    "cut.jpg": (png(picture(1, 200, 200), "JPEG")[:-800], FileError, "damaged or cut off"),
    "cut.png": (png(picture(1, 200, 200))[:-800], FileError, "damaged or cut off"),
    "document.png": (b"%PDF-1.7 and so on", FileError, "this is a PDF document"),
    "text.png": (b"not an image at all", FileError, "this is not an image"),
    "bomb.png": (bomb(), LimitError, "20,000 × 20,000 pixels|more pixels"),
    "large.png": (bomb(9_500, 9_500), LimitError, "9,500 × 9,500 pixels"),
    "cut.dcm": (b"\0" * 128 + b"DICM" + b"\x02\x00", FileError, "not a readable DICOM file|no picture"),
    "cut.nii": (b"\x5c\x01\0\0" + b"\0" * 340 + b"n+1\0", FileError, "volume"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_alone_is_named(read: Reads, write: Callable[..., Path], name: str):
    content, kind, problem = BAD[name]
    with pytest.raises(kind, match=problem) as caught:
        read(write({name: content}) / name, labelled=False)
    assert name in caught.value.where and caught.value.todo and "\n" not in caught.value.line()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_among_good_ones_is_left_out_with_a_note(read: Reads, write: Callable[..., Path], name: str):
    content, _, _ = BAD[name]
    data = read(write({**two_classes(), f"normal/{name}": content}))
    assert len(data) == 8
    note = next(note for note in data.notes if note.kind == "unreadable")
    assert note.level == "warning" and name in note.message and note.rows == (f"normal/{name}",)


def test_an_unforeseen_fault_leaves_out_one_file(
    read: Reads, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    decode = raster._pixels

    def fails(image: Image.Image) -> np.ndarray:
        if image.size == (5, 5):
            raise RuntimeError("somewhere within")
        return decode(image)

    monkeypatch.setattr(raster, "_pixels", fails)
    data = read(write({**two_classes(), "normal/odd.png": png(picture(1, 5, 5))}))
    assert len(data) == 8 and "odd.png" in next(note.message for note in data.notes if note.kind == "unreadable")


def test_many_bad_files_are_one_error(read: Reads, write: Callable[..., Path]):
    with pytest.raises(FileError, match="none of the 3 files could be read"):
        read(write({f"a/{i}.png": b"" for i in range(3)}))


def test_missing_path_and_empty_folder(read: Reads, tmp_path: Path):
    with pytest.raises(FileError, match="no such file"):
        read(tmp_path / "nowhere")
    (tmp_path / "void").mkdir()
    with pytest.raises(SchemaError, match="there is no image"):
        read(tmp_path / "void")
    with pytest.raises(SchemaError, match="No file was given"):
        read_images(ReadRequest(()))


def test_table_whose_names_match_nothing(read: Reads, write: Callable[..., Path]):
    table = "image,label\nx1,a\nx2,b\n"
    with pytest.raises(SchemaError, match="names any of the 2 files") as caught:
        read(write({"1.png": png(picture(1)), "2.png": png(picture(2)), "labels.csv": table}))
    assert "labels.csv" in caught.value.where and "1.png" in caught.value.expected and caught.value.todo


@pytest.mark.parametrize("content", ["", "\n", "file,label\n", 'file,label\n"1.png,a\n', "a\0b"])
def test_damaged_tables_are_named(read: Reads, write: Callable[..., Path], content: str):
    files = {**two_classes(), "labels.csv": content}
    try:
        data = read(write(files))
    except DaylightError as error:
        assert "labels.csv" in error.where
    else:
        assert any("labels.csv" in note.message for note in data.notes)


def test_one_class_only(read: Reads, write: Callable[..., Path]):
    files: dict[str, bytes | str] = {f"normal/{i}.png": png(picture(i)) for i in range(3)}
    with pytest.raises(LabelError, match="all images lie in one folder, 'normal'"):
        read(write(files))
    data = read(write(files | {"l.csv": "file,label\n" + "".join(f"{i}.png,normal\n" for i in range(3))}))
    finding = next(finding for finding in check_images(data) if finding.kind == "one-class")
    assert finding.level == "error" and "normal" in finding.message and "Add images" in finding.message


def test_class_with_one_image(read: Reads, write: Callable[..., Path]):
    data = read(write({**two_classes(), "rare/1.png": png(picture(9))}))
    finding = next(finding for finding in check_labels(data) if finding.kind == "single-image-class")
    assert finding.level == "warning" and "rare" in finding.message and "add images" in finding.message


def test_one_image_beside_one_class_blocks(read: Reads, write: Callable[..., Path]):
    files = {name: content for name, content in two_classes().items() if name.startswith("normal")}
    data = read(write({**files, "rare/1.png": png(picture(9))}))
    assert next(f for f in check_labels(data) if f.kind == "single-image-class").level == "error"


def test_all_problems_at_once(read: Reads, write: Callable[..., Path]):
    files = {f"many/{i}.png": png(picture(i, 40, 40)) for i in range(30)}
    files |= {"few/1.png": png(picture(77)), "few/2.png": png(np.full((200, 150), 99, np.uint8)), "few/3.jpg": b""}
    kinds = {finding.kind for finding in check_images(read(write(files)))}
    assert {"unreadable", "small-class", "imbalance", "tiny", "mixed-sizes", "flat"} <= kinds


def test_no_labels_at_all(read: Reads, write: Callable[..., Path]):
    folder = write({"1.png": png(picture(1)), "2.png": png(picture(2))})
    with pytest.raises(SchemaError, match="there are no labels") as caught:
        read(folder)
    assert "folder of its own" in caught.value.todo
    assert len(read(folder, labelled=False)) == 2
    reading, dataset = pipeline.check_reading(DOMAIN, ReadRequest((folder,)))
    assert len(dataset) == reading.rows == 2 and not reading.open
    assert reading.findings[0]["level"] == "error" and "there are no labels" in reading.findings[0]["text"]


def test_columns_that_look_like_no_classes_are_offered_all_the_same(read: Reads, write: Callable[..., Path]):
    files: dict[str, bytes | str] = {f"{i}.png": png(picture(i)) for i in range(80)}
    files["doses.csv"] = "file,dose\n" + "".join(f"{i}.png,{i // 2}.5\n" for i in range(80))
    folder = write(files)
    with pytest.raises(QuestionError, match="Nothing is sure to tell the class") as caught:
        read(folder)
    chosen, none = caught.value.reading.questions[0].choices
    assert (chosen.roles, none.roles) == ({"label": ("dose",)}, {"label": ()})
    assert len(read(folder, roles={Role.LABEL: ("dose",)}).classes) == 40


def test_labels_with_blanks_and_stray_case(read: Reads, write: Callable[..., Path]):
    labels = ["Normal ", "normal", "NORMAL", "normal", "  pneumonia", "Pneumonia", "", "n/a", "pneumonia"]
    files: dict[str, bytes | str] = {f"{i}.png": png(picture(i)) for i in range(len(labels))}
    files["labels.csv"] = "file,label\n" + "".join(f"{i}.png,{label}\n" for i, label in enumerate(labels))
    data = read(write(files))
    assert data.classes == ("normal", "pneumonia")
    assert data.values(Role.LABEL).value_counts().to_dict() == {"normal": 4, "pneumonia": 3}
    notes = {note.kind: note for note in data.notes}
    assert "Normal" in notes["folded-labels"].message
    assert notes["missing-label"].rows == ("6.png", "7.png")


def test_every_label_missing(read: Reads, write: Callable[..., Path]):
    with pytest.raises(SchemaError, match="every label is missing"):
        read(write({"1.png": png(picture(1)), "labels.csv": "file,label\n1.png,\n"}))


def test_three_dimensions_where_two_are_expected(read: Reads, tmp_path: Path):
    np.savez(tmp_path / "volumes.npz", images=np.zeros((3, 28, 28, 28), np.uint8), labels=np.arange(3))
    with pytest.raises(SchemaError, match=r"\(3, 28, 28, 28\)") as caught:
        read(tmp_path / "volumes.npz")
    assert "flat images" in caught.value.expected and caught.value.todo


def test_npz_of_python_objects_is_not_unpickled(read: Reads, tmp_path: Path):
    np.savez(tmp_path / "objects.npz", images=np.array([{"a": 1}], dtype=object), labels=np.arange(1))
    with pytest.raises(FileError, match="cannot be read"):
        read(tmp_path / "objects.npz")


def test_npz_without_images_or_with_too_few_labels(read: Reads, tmp_path: Path):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(SchemaError, match="it holds weights"):
        read(tmp_path / "other.npz")
    np.savez(tmp_path / "short.npz", images=np.zeros((3, 8, 8), np.uint8), labels=np.zeros(2))
    with pytest.raises(SchemaError, match="2 labels for 3 images"):
        read(tmp_path / "short.npz")


def test_npz_over_the_limit_is_refused_before_reading(tmp_path: Path):
    np.savez_compressed(tmp_path / "large.npz", images=np.zeros((3000, 32, 32), np.uint8))
    with pytest.raises(LimitError, match="unpacks to 3 MB"):
        read_images(ReadRequest((tmp_path / "large.npz",)), limits=Limits(max_unpacked_mb=2))


def test_working_images_over_the_limit(write: Callable[..., Path]):
    request = ReadRequest((write(two_classes(8)),), options={"size": 512})
    with pytest.raises(LimitError, match="16 images of 512 pixels"):
        read_images(request, limits=Limits(max_working_mb=2))


def test_non_utf8_names_in_a_zip(read: Reads, pack: Callable[..., Path]):
    archive = pack({f"klasse_{name}/xxxx.png": png(picture(i)) for i, name in enumerate("ab")})
    archive.write_bytes(archive.read_bytes().replace(b"xxxx", b"gr\xf6\xdf"))
    assert list(read(archive).ids) == ["klasse_a/größ.png", "klasse_b/größ.png"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": 5}, "image size"),
        ({"channels": 2}, "channels"),
        ({"label": "nothing"}, "there is no column 'nothing'"),
    ],
)
def test_options_that_do_not_fit(read: Reads, write: Callable[..., Path], options: dict, problem: str):
    with pytest.raises((OptionError, SchemaError), match=problem):
        read(write(two_classes()), options=options)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["a.png", "a.jpg", "a.tif", "a.dcm", "a.nii", "a.npz", "a.csv", "a.zip", "a", "a.webp"]),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"PK\x03\x04", b"BM", b"RIFFxxxxWEBP"]),
    st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str, magic: bytes, noise: bytes):
    """Whatever a file holds, nothing but our own errors escapes, and they name the file."""
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(magic + noise)
    try:
        data = read_images(ReadRequest((path,), labelled=False))
    except DaylightError as error:
        assert error.problem and error.where
    else:
        assert data.images.dtype == np.uint8


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2000), st.binary(min_size=1, max_size=30), st.sampled_from(["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
)
def test_damage_inside_an_image_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes, kind: str
):
    data = bytearray(png(picture(3), kind))
    at %= len(data)
    data[at : at + len(noise)] = noise
    path = tmp_path_factory.mktemp("damage") / f"a.{kind.lower()}"
    path.write_bytes(data)
    try:
        assert read_images(ReadRequest((path,), labelled=False)).images.ndim == 4
    except DaylightError as error:
        assert "a." in error.where
