"""DICOM: look-up tables, windows, compressed files, and what is never kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import __file__ as pydicom_data
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset as Header
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import get_decoder
from pydicom.uid import (
    JPEG2000,
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    generate_uid,
)

from dl_core.data.dataset import Dataset
from dl_core.errors import FileError, OptionError
from dl_core.reading.images.formats.dicom import READER, age_in_years
from dl_core.reading.images.pixels import parse_window
from dl_core.reading.images.read import read_images
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

VALUES = np.arange(0, 160, 10, dtype=np.int16).reshape(4, 4)  # 0, 10, … 150


def dicom(path: Path, values: np.ndarray = VALUES, **fields: object) -> Path:
    """Write a CT-like file of 16-bit values."""
    header = Header()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID, header.Modality = CTImageStorage, generate_uid(), "CT"
    header.Rows, header.Columns = values.shape[:2]
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 15, 1, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    for name, value in fields.items():
        setattr(header, name, value)
    header.PixelData = values.tobytes()
    header.save_as(path, enforce_file_format=True)
    return path


def shown(path: Path, **options: object) -> np.ndarray:
    return next(READER.read(path, path.name, options, (1,)))


def test_window_after_rescale_by_hand(tmp_path: Path):
    """Slope 2, intercept −100: 0 … 150 are −100 … 200 HU. Centre 50, width 101 goes from −0.5 to 99.5."""
    path = dicom(tmp_path / "a.dcm", RescaleSlope=2, RescaleIntercept=-100, WindowCenter=50, WindowWidth=101)
    expected = np.clip(np.rint((VALUES * 2.0 - 100 + 0.5) / 100 * 255), 0, 255)
    np.testing.assert_array_equal(shown(path), expected)


def test_wished_window_and_full_range(tmp_path: Path):
    path = dicom(tmp_path / "a.dcm", WindowCenter=50, WindowWidth=10)
    full = np.rint(VALUES / 150 * 255)
    np.testing.assert_array_equal(shown(path, window="full"), full)
    low, high = 75.5 - 0.5 - 75, 75.5 - 0.5 + 75  # centre 75.5, width 151
    np.testing.assert_array_equal(shown(path, window="75.5,151"), np.rint((VALUES - low) / (high - low) * 255))


def test_first_of_several_windows_and_exact_and_sigmoid(tmp_path: Path):
    several = dicom(tmp_path / "a.dcm", WindowCenter=[75, 10], WindowWidth=[151, 20])
    np.testing.assert_array_equal(shown(several), shown(dicom(tmp_path / "b.dcm", WindowCenter=75, WindowWidth=151)))
    exact = dicom(tmp_path / "c.dcm", WindowCenter=75, WindowWidth=150, VOILUTFunction="LINEAR_EXACT")
    np.testing.assert_array_equal(shown(exact), np.rint(VALUES / 150 * 255))
    sigmoid = dicom(tmp_path / "d.dcm", WindowCenter=70, WindowWidth=40, VOILUTFunction="SIGMOID")
    assert abs(int(shown(sigmoid)[1, 3]) - 127.5) <= 0.5  # the value at the centre is half the range


def test_monochrome1_is_inverted(tmp_path: Path):
    plain = dicom(tmp_path / "a.dcm", WindowCenter=75, WindowWidth=151)
    inverted = dicom(tmp_path / "b.dcm", WindowCenter=75, WindowWidth=151, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(shown(inverted), 255 - shown(plain))


def test_an_empty_rescale_or_table_is_none(tmp_path: Path):
    """Window 75 ± 75 of the stored values, whether the rescale is missing, empty or of slope 0."""
    plain = shown(dicom(tmp_path / "a.dcm", WindowCenter=75, WindowWidth=151))
    empty = Header()
    empty.add_new(0x00283002, "US", None)
    empty.add_new(0x00283006, "US", None)
    for number, fields in enumerate(
        (
            {"RescaleSlope": None, "RescaleIntercept": None},
            {"RescaleSlope": 0, "RescaleIntercept": ""},
            {"VOILUTSequence": [empty]},
            {"VOILUTSequence": [], "ModalityLUTSequence": [empty]},
        )
    ):
        path = dicom(tmp_path / f"{number}.dcm", WindowCenter=75, WindowWidth=151, **fields)
        np.testing.assert_array_equal(shown(path), plain, err_msg=str(fields))


def test_an_empty_window_falls_back_to_percentiles(tmp_path: Path):
    empty = dicom(tmp_path / "a.dcm", WindowCenter=None, WindowWidth=None)
    np.testing.assert_array_equal(shown(empty), shown(dicom(tmp_path / "b.dcm")))


def test_a_modality_table_of_12_bits_by_hand(tmp_path: Path):
    """Entry i stands for the stored value 10 i and gives 4095 − 100 i; window 3345 ± 750 spans 4095 … 2595."""
    table = Header()
    table.add_new(0x00283002, "SS", [160, 0, 12])
    table.add_new(0x00283004, "LO", "inverted")
    entries = np.repeat(np.arange(4095, 4095 - 1600, -100), 10).astype(np.uint16)
    table.add_new(0x00283006, "OW", entries.tobytes())
    path = dicom(tmp_path / "a.dcm", ModalityLUTSequence=[table], WindowCenter=3345.5, WindowWidth=1501)
    values = 4095 - 10.0 * VALUES
    np.testing.assert_array_equal(shown(path), np.clip(np.rint((values - 2595) / 1500 * 255), 0, 255))


def _group(sequence: str, **fields: object) -> Header:
    item, group = Header(), Header()
    for name, value in fields.items():
        setattr(item, name, value)
    setattr(group, sequence, [item])
    return group


def test_windows_and_rescale_of_functional_groups(tmp_path: Path):
    """The first frame has a window of its own, the second that of all; the rescale of all holds for both."""
    shared = _group("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=-100)
    shared.FrameVOILUTSequence = _group("FrameVOILUTSequence", WindowCenter=50, WindowWidth=101).FrameVOILUTSequence
    own = [_group("FrameVOILUTSequence", WindowCenter=0, WindowWidth=201), Header()]
    path = dicom(
        tmp_path / "a.dcm",
        np.stack([VALUES, VALUES]),
        Rows=4,
        Columns=4,
        NumberOfFrames=2,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=own,
    )
    first, second = READER.read(path, path.name, {}, (1, 2))
    units = VALUES * 2.0 - 100
    np.testing.assert_array_equal(first, np.clip(np.rint((units + 100.5) / 200 * 255), 0, 255))
    np.testing.assert_array_equal(second, np.clip(np.rint((units + 0.5) / 100 * 255), 0, 255))
    np.testing.assert_array_equal(next(READER.read(path, path.name, {}, (2,))), second)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_does_not_stretch_the_window(tmp_path: Path, photometric: str):
    values = np.tile(np.arange(100, dtype=np.int16), (50, 1))
    padded = np.vstack([np.full((50, 100), -2000, np.int16), values])
    fields = {"PixelPaddingValue": -2000, "PhotometricInterpretation": photometric}
    image = shown(dicom(tmp_path / "a.dcm", padded, **fields))
    alone = shown(dicom(tmp_path / "b.dcm", values, PhotometricInterpretation=photometric))
    assert image[:50].max() == 0
    np.testing.assert_array_equal(image[50:], alone)


def test_files_without_preamble_or_after_a_stray_byte_are_read(tmp_path: Path):
    whole = dicom(tmp_path / "a.dcm", WindowCenter=75, WindowWidth=151)
    bare = tmp_path / "bare"
    header = dcmread(whole)
    start = whole.read_bytes().index(b"\x08\x00\x16\x00UI", 300)  # the data set behind preamble and meta
    bare.write_bytes(whole.read_bytes()[start:])
    assert READER.recognise(bare.read_bytes()[:348], "") and header.Rows == 4
    np.testing.assert_array_equal(shown(bare), shown(whole))
    bare.write_bytes(b" " + whole.read_bytes()[start:])
    np.testing.assert_array_equal(shown(bare), shown(whole))
    assert shown(Path(get_testdata_file("no_meta.dcm"))).shape == (128, 128)
    assert not READER.recognise(b"BM" + bytes(346), ".bmp") and not READER.recognise(b"file,label" * 40, ".csv")


def test_extended_jpeg_of_12_bits_has_the_known_values():
    """Pydicom's own tests state 244 and 95 at these places; the full range is 0 to 264."""
    image = shown(Path(get_testdata_file("JPEG-lossy.dcm")), window="full")
    assert image.shape == (1024, 256) and (image[420, 140], image[230, 120]) == (236, 92)  # 244 and 95 of 264


def test_every_file_of_pydicom_is_read_or_refused_and_none_ends_an_upload():
    names = sorted((Path(pydicom_data).parent / "test_files").glob("*.dcm"))
    data = read_images(ReadRequest(tuple(names), labelled=False, options={"frames": "first", "size": 28}))
    refused = next(note for note in data.notes if note.kind == "unreadable")
    segmentations = next(note for note in data.notes if note.kind == "masks")
    assert len(set(data.table["file"])) >= 58 and len(refused.rows) <= 21 and len(segmentations.rows) == 2
    assert len(set(data.table["file"])) + len(refused.rows) + len(segmentations.rows) == len(names)


def test_empty_pixel_data_leave_out_one_file(tmp_path: Path):
    empty = dicom(tmp_path / "a.dcm", np.zeros((0, 4), np.int16), Rows=4, Columns=4)
    data = read_images(ReadRequest((empty, dicom(tmp_path / "b.dcm")), labelled=False))
    note = next(note for note in data.notes if note.kind == "unreadable")
    assert list(data.ids) == ["b.dcm"] and "its pixel data are empty" in note.message


def test_without_a_window_percentiles_hold_against_one_hot_pixel(tmp_path: Path):
    values = np.tile(np.arange(100, dtype=np.int16), (100, 1))
    values[0, 0] = 30_000
    image = shown(dicom(tmp_path / "a.dcm", values))
    assert image[5, 99] == 255 and 120 < image[5, 50] < 135


@pytest.mark.parametrize(
    ("name", "syntax"),
    [
        ("SC_rgb_jpeg_dcmtk.dcm", JPEGBaseline8Bit),
        ("MR_small_jpeg_ls_lossless.dcm", JPEGLSLossless),
        ("MR_small_jp2klossless.dcm", JPEG2000Lossless),
        ("JPEG2000.dcm", JPEG2000),
        ("MR_small_RLE.dcm", None),
    ],
)
def test_compressed_files_are_read_and_gdcm_can(name: str, syntax: object):
    path = Path(get_testdata_file(name))
    probe = READER.probe(path, name, {}, Limits())
    image = next(READER.read(path, name, {}, (1,)))
    assert image.shape[:2] == (probe.height, probe.width) and image.std() > 5
    assert syntax is None or "gdcm" in get_decoder(syntax).available_plugins


def test_lossless_compression_changes_nothing():
    assert "gdcm" in get_decoder(JPEGLosslessSV1).available_plugins
    plain = shown(Path(get_testdata_file("MR_small.dcm")))
    for name in (
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_bigendian.dcm",
    ):
        np.testing.assert_array_equal(shown(Path(get_testdata_file(name))), plain)


def test_colour_files_are_rgb_whatever_they_store():
    """The first bar of this test picture is red, in RGB, YBR and palette files alike."""
    for name in (
        "SC_rgb_rle.dcm",
        "SC_rgb_dcmtk_+eb+cy+n1.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "SC_rgb_rle_16bit.dcm",
    ):
        image = shown(Path(get_testdata_file(name)))
        red, green, blue = image[5, 50].astype(int)
        assert image.shape == (100, 100, 3) and red > 240 and green < 15 and blue < 15, name
    palette = shown(Path(get_testdata_file("examples_palette.dcm")))
    assert palette.shape == (350, 800, 3) and palette.dtype == np.uint8


def test_frames_of_a_loop_are_rows_of_one_unit():
    path = Path(get_testdata_file("examples_ybr_color.dcm"))
    data = read_images(ReadRequest((path,), labelled=False, options={"frames": 5}))
    assert len(data) == 5 and data.values(Role.UNIT).nunique() == 1 and data.images.shape[-1] == 3


@pytest.mark.parametrize("name", ["rtplan.dcm", "waveform_ecg.dcm", "test-SR.dcm", "rtstruct.dcm"])
def test_files_without_pixels_say_so(name: str):
    path = Path(get_testdata_file(name))
    with pytest.raises(FileError, match="holds no picture") as caught:
        READER.probe(path, name, {}, Limits())
    assert caught.value.where == name and caught.value.todo


def test_truncated_pixels_say_so():
    path = Path(get_testdata_file("MR_truncated.dcm"))
    with pytest.raises(FileError, match="cannot be decoded"):
        shown(path)


PERSONAL = {
    "PatientName": "Muster^Erika",
    "PatientID": "ID-4711",
    "PatientBirthDate": "19700102",
    "PatientAddress": "Secret Street 5",
    "ReferringPhysicianName": "Doctor^Strange",
    "InstitutionName": "Hidden Hospital",
    "OtherPatientIDs": "ALIAS-9",
    "AccessionNumber": "ACC-77",
    "PatientTelephoneNumbers": "555-123",
    "OperatorsName": "Op^Erator",
    "StudyDate": "20200304",
}


def _read_patients(tmp_path: Path) -> Dataset:
    rng = np.random.default_rng(0)
    for i, (patient, sex, age) in enumerate([("ID-4711", "F", "045Y"), ("ID-4711", "F", "045Y"), ("X-2", "M", "018M")]):
        fields = PERSONAL | {"PatientID": patient, "PatientSex": sex, "PatientAge": age, "Manufacturer": "Maker"}
        dicom(tmp_path / f"{i}.dcm", rng.integers(0, 999, (16, 16)).astype(np.int16), **fields)
    return read_images(ReadRequest((tmp_path,), labelled=False))


def test_header_becomes_unit_and_groups(tmp_path: Path):
    data = _read_patients(tmp_path)
    assert data.roles[Role.UNIT] == ("patient",)
    assert list(data.table["patient"]) == ["patient 001", "patient 001", "patient 002"]
    assert list(data.table["sex"]) == ["female", "female", "male"]
    assert list(data.table["age"]) == [45.0, 45.0, 1.5]
    assert set(data.table["site"]) == {"site 001"} and set(data.roles[Role.GROUP]) == {"sex", "age"}


def test_nothing_personal_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture):
    (tmp_path / "files").mkdir()
    data = _read_patients(tmp_path / "files")
    folder = data.save(tmp_path / "saved")
    text = data.table.to_csv() + json.dumps(data.describe()) + "".join(capsys.readouterr()) + caplog.text
    saved = b"".join(file.read_bytes() for file in folder.iterdir() if file.suffix != ".npy")
    for value in [*PERSONAL.values(), "X-2", "Erika", "Strange"]:
        assert value not in text and value.encode() not in saved, value


def test_the_case_has_what_must_not_be_kept(tmp_path: Path):
    """The test above would pass on a file without a name: it has one."""
    _read_patients(tmp_path)
    assert dcmread(tmp_path / "0.dcm").PatientName == "Muster^Erika"


def test_burned_in_text_is_a_warning(tmp_path: Path):
    dicom(tmp_path / "a.dcm", BurnedInAnnotation="YES")
    data = read_images(ReadRequest((tmp_path / "a.dcm",), labelled=False))
    assert any(note.level == "warning" and "burned" in note.message for note in data.notes)


def test_ages_and_windows_are_parsed():
    assert [age_in_years(text) for text in ("045Y", "006M", "", "old")] == [45.0, 0.5, None, None]
    assert parse_window({}) == "auto" and parse_window({"window": "40, 400"}) == (40.0, 400.0)
    for wish in ("bone", "1,2,3", "40,0"):
        with pytest.raises(OptionError, match="is not a window"):
            parse_window({"window": wish})
