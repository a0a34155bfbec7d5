"""Ways to give images: zip, folder, table, npz, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_cases import picture, png, two_classes
from hypothesis import given
from hypothesis import strategies as st

from dl_core.data.dataset import Dataset
from dl_core.data.images.known import KNOWN
from dl_core.data.labels import fold_labels, order_classes
from dl_core.data.privacy import is_personal, pseudonyms
from dl_core.data.reading import QuestionError
from dl_core.errors import SchemaError
from dl_core.reading.images.match import match_names
from dl_core.schema import Role

Reads = Callable[..., Dataset]
Writes = Callable[..., Path]


def _kinds(data: Dataset) -> set[str]:
    return {note.kind for note in data.notes}


@pytest.mark.parametrize("prefix", ["", "top/", "top/inner/"])
def test_zip_and_folder_of_class_folders_agree(read: Reads, write: Writes, pack: Writes, prefix: str):
    files = {**two_classes(3, prefix), "__MACOSX/._x.png": b"x", f"{prefix}normal/.DS_Store": b"x"}
    zipped, folder = read(pack(files)), read(write(files))
    assert zipped.classes == ("normal", "pneumonia") and list(zipped.targets) == [0, 0, 0, 1, 1, 1]
    assert list(zipped.ids) == list(folder.ids) == sorted(two_classes(3, prefix))
    np.testing.assert_array_equal(zipped.images, folder.images)
    np.testing.assert_array_equal(zipped.images[4, ..., 0], picture(101))
    assert zipped.fixed_split is None and zipped.fingerprint == folder.fingerprint


def test_grey_stays_grey_and_one_colour_image_makes_all_rgb(read: Reads, write: Writes):
    equal = np.dstack([picture(50)] * 3)
    files = {**two_classes(2), "normal/equal.png": png(equal)}
    assert read(write(files)).images.shape == (5, 32, 32, 1)
    files["normal/colour.png"] = png(np.dstack([picture(1), picture(2), picture(3)]))
    data = read(write(files))
    assert data.images.shape == (6, 32, 32, 3)
    assert read(write(files), options={"channels": 1, "size": 16}).images.shape == (6, 16, 16, 1)


def test_split_folders_are_the_given_split(read: Reads, write: Writes):
    files = {**two_classes(2, "x/train/"), **two_classes(1, "x/val/"), **two_classes(1, "x/test/")}
    data = read(write(files))
    assert data.fixed_split.value_counts().to_dict() == {"train": 4, "validation": 2, "test": 2}
    assert data.classes == ("normal", "pneumonia")


def test_test_paths_are_the_test_part(read: Reads, write: Writes):
    data = read(write(two_classes(3)), test_paths=(write(two_classes(2), "other"),))
    assert data.fixed_split.value_counts().to_dict() == {"train": 6, "test": 4}
    assert "test/normal/00.png" in data.ids and len(set(data.ids)) == 10


@pytest.mark.parametrize("written", ["{i}.png", "{i}", "img/{i}.png", "IMG\\{i}.PNG"])
def test_table_names_files_with_or_without_extension(read: Reads, write: Writes, written: str):
    rows = "".join(f"x,{written.format(i=f'a{i}')},{'ab'[i % 2]},P{i // 2},{50 + i}\n" for i in range(6))
    files = {f"img/a{i}.png": png(picture(i)) for i in range(6)}
    data = read(write({**files, "meta.csv": f"study,image,diagnosis,patient_id,age\n{rows}"}))
    assert len(data) == 6 and list(data.targets) == [0, 1, 0, 1, 0, 1]
    assert data.roles[Role.UNIT] == ("patient_id",) and list(data.table["patient_id"])[2] == "patient 002"
    assert data.roles[Role.GROUP] == ("age",) and list(data.table["age"]) == [50, 51, 52, 53, 54, 55]


@pytest.mark.parametrize("suffix", ["tsv", "parquet", "xlsx", "jsonl", "csv"])
def test_tables_of_every_kind(read: Reads, write: Writes, suffix: str):
    folder = write({f"{i}.png": png(picture(i)) for i in range(4)})
    table = pd.DataFrame({"file": [f"{i}.png" for i in range(4)], "label": ["a", "b", "a", "b"], "sex": list("FMFM")})
    writers = {
        "tsv": lambda path: table.to_csv(path, sep="\t", index=False),
        "csv": lambda path: table.to_csv(path, sep=";", index=False),
        "parquet": table.to_parquet,
        "xlsx": lambda path: table.to_excel(path, index=False),
        "jsonl": lambda path: table.to_json(path, orient="records", lines=True),
    }
    writers[suffix](folder / f"meta.{suffix}")
    data = read(folder)
    assert list(data.targets) == [0, 1, 0, 1] and list(data.table["sex"]) == ["female", "male"] * 2


def test_roles_of_the_user_win(read: Reads, write: Writes):
    table = "name,label,grade,who\n" + "".join(f"{i},x,{i % 2},w{i // 2}\n" for i in range(4))
    files = {f"{i}.png": png(picture(i)) for i in range(4)}
    data = read(write({**files, "meta.csv": table}), roles={Role.LABEL: ("grade",), Role.UNIT: ("who",)})
    assert data.roles[Role.LABEL] == ("grade",) and data.classes == ("0", "1")
    assert set(data.table["who"]) == {"patient 001", "patient 002"}


def test_rows_without_file_and_files_without_row_are_noted(read: Reads, write: Writes):
    table = "file,label\n0.png,a\n1.png,b\n9.png,a\n"
    data = read(write({**{f"{i}.png": png(picture(i)) for i in range(3)}, "meta.csv": table}))
    assert len(data) == 2 and {"table-without-file", "file-without-row", "missing-label"} <= _kinds(data)


def test_personal_columns_are_left_out(read: Reads, write: Writes):
    table = "name,label,patient_name,Birth Date,email,sex\n0,a,Erika,1970,e@x,F\n1,b,Max,1971,m@x,M\n"
    data = read(write({"0.png": png(picture(0)), "1.png": png(picture(1)), "meta.csv": table}))
    kept = data.table.to_csv() + json.dumps(data.describe())
    assert not any(value in kept for value in ("Erika", "1970", "e@x", "Max"))
    assert "personal-columns" in _kinds(data) and "sex" in data.table


def test_personal_names_are_recognised_and_others_not():
    assert all(map(is_personal, ["Name", "PatientName", "patient's name", "DOB", "BirthDate", "E-Mail", "Phone No"]))
    assert not any(
        map(is_personal, ["age", "sex", "scanner", "lesion_radius", "plane", "file_name_of_scan", "filename"])
    )


@given(st.lists(st.sampled_from(["a", "b", "c", None, " a "]), max_size=20))
def test_pseudonyms_are_one_to_one(values: list[str | None]):
    made = pseudonyms(values, "patient")
    tidy = [None if value is None else value.strip() for value in values]
    assert len(set(made)) == len(set(tidy))
    assert [name is None for name in made] == [value is None for value in values]


def test_masks_are_left_out_or_kept_in_place(read: Reads, write: Writes):
    wide = picture(1, 20, 40)
    mask = np.zeros((20, 40), np.uint8)
    mask[0:4, 30:40] = 255
    files = {"x/images/a.png": png(wide), "x/images/b.png": png(wide[:, ::-1].copy()), "x/masks/a.png": png(mask)}
    files |= {"x/metadata.csv": b"file,label\na.png,lesion\nb.png,normal\n"}
    data = read(write(files))
    assert len(data) == 2 and "masks" in _kinds(data) and data.classes == ("normal", "lesion")
    kept = read(write(files), options={"masks": True}).arrays["mask"]
    assert kept.shape == (2, 40, 40, 1) and kept[1].max() == 0
    np.testing.assert_array_equal(kept[0, 10:30, :, 0], mask)
    assert kept[0, :10].max() == 0


@pytest.mark.parametrize("name", ["normal/00_mask.png", "normal/00-seg.png", "masks/00.png", "normal/masks/00.png"])
def test_companions_are_recognised(read: Reads, write: Writes, name: str):
    data = read(write({**two_classes(2), name: png(picture(9))}))
    assert len(data) == 4 and "masks" in _kinds(data) and data.classes == ("normal", "pneumonia")


def _npz(path: Path, known: bool = True) -> Path:
    path = path / ("pneumoniamnist.npz" if known else "mine.npz")
    images = np.stack([picture(i, 28, 28) for i in range(10)])
    labels = np.array([[0], [1]] * 5, np.uint8)
    parts = {"train": slice(0, 6), "val": slice(6, 8), "test": slice(8, 10)}
    content = {
        f"{part}_{kind}": a[at] for part, at in parts.items() for kind, a in (("images", images), ("labels", labels))
    }
    np.savez(path, **content)
    return path


def test_npz_has_a_given_split_and_class_names_where_known(read: Reads, tmp_path: Path):
    data = read(_npz(tmp_path))
    assert data.classes == ("normal", "pneumonia") and data.source.licence == "CC BY 4.0"
    assert data.fixed_split.value_counts().to_dict() == {"train": 6, "validation": 2, "test": 2}
    np.testing.assert_array_equal(data.images[7, ..., 0], picture(7, 28, 28))
    own = read(_npz(tmp_path, known=False))
    assert own.classes == ("0", "1") and list(own.targets) == [0, 1] * 5
    assert read(_npz(tmp_path, known=False), options={"classes": "no,yes"}).classes == ("no", "yes")


def test_npz_with_test_data_given_separately(read: Reads, tmp_path: Path):
    data = read(_npz(tmp_path), test_paths=(_npz(tmp_path, known=False),), options={"classes": "normal,pneumonia"})
    assert data.fixed_split.value_counts().to_dict() == {"train": 6, "validation": 2, "test": 2}
    assert "own-test" in _kinds(data)


def test_plain_npz_floats_and_many_labels(read: Reads, tmp_path: Path):
    images = np.stack([picture(i) / 255.0 for i in range(4)])
    labels = np.array([[0, 0], [1, 0], [0, 0], [1, 1]])
    np.savez(tmp_path / "chestmnist.npz", images=images, labels=labels)  # known: any of its findings is the class
    data = read(tmp_path / "chestmnist.npz")
    assert data.classes == ("no finding", "finding") and list(data.targets) == [0, 1, 0, 1]
    name = next(known for known in KNOWN if known.name == "chestmnist").classes[1]
    assert list(data.table[name]) == ["no", "no", "no", "yes"] and data.fixed_split is None
    np.savez(tmp_path / "a.npz", images=images, labels=labels)  # unknown: which of the labels is asked
    with pytest.raises(QuestionError, match="'label 0', 'label 1'"):
        read(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.images[2, ..., 0], picture(2))


def test_source_is_stated_by_a_file_beside_the_images(read: Reads, write: Writes):
    stated = json.dumps({"title": "Sample", "licence": "CC0", "simulated": "simulated lesions", "extra": 1})
    data = read(write({**two_classes(2), "source.json": stated}))
    assert data.source.title == "Sample" and data.source.simulated == "simulated lesions"


def test_new_cases_need_no_label_and_keep_the_models_size(read: Reads, write: Writes):
    data = read(write({"a.png": png(picture(1, 90, 50))}), labelled=False, options={"size": 28, "channels": 3})
    assert data.images.shape == (1, 28, 28, 3) and Role.LABEL not in data.roles and list(data.ids) == ["a.png"]


def test_saved_data_come_back_the_same(read: Reads, write: Writes, tmp_path: Path):
    data = read(write(two_classes(2)))
    again = Dataset.load(data.save(tmp_path / "saved"))
    assert again.fingerprint == data.fingerprint and again.notes == data.notes
    np.testing.assert_array_equal(again.images, data.images)


def test_classes_come_with_the_finding_last():
    assert order_classes(["lesion", "healthy"]) == ("healthy", "lesion")
    assert order_classes(["10", "2", "1"]) == ("1", "2", "10")
    assert order_classes(["benign", "adenoma", "no finding"]) == ("benign", "no finding", "adenoma")
    assert order_classes(["nodule", "none"]) == ("none", "nodule")


@given(st.lists(st.text(alphabet="aAbB ", max_size=4), min_size=1, max_size=12))
def test_folding_joins_exactly_what_differs_in_blanks_and_case(texts: list[str]):
    labels, classes, _ = fold_labels(pd.Series(texts, dtype="object"))
    keys = {" ".join(text.split()).casefold() for text in texts} - {""}
    assert {name.casefold() for name in classes} == keys and len(classes) == len(keys)
    assert [label is None for label in labels] == [not text.strip() for text in texts]


def test_ambiguous_names_are_not_used():
    written = pd.Series(["1.png", "b/1.png", "2.png"])
    match = match_names(written, ["a/1.png", "b/1.png", "a/2.png"])
    assert list(match.target) == [-2, 1, 2] and match.ambiguous == 1
    assert list(match.names) == [1, 2] and match_names(written, ["x.png"]).unmatched == 3


def test_new_cases_are_read_like_the_training_data(read: Reads, write: Writes, tmp_path: Path):
    like = read(write(two_classes(2))).describe()
    colour = {"a.png": png(np.dstack([picture(i, 90, 50) for i in range(3)]))}
    new = read(write(colour, "new"), labelled=False, options={"like": like})
    assert new.images.shape == (1, 32, 32, 1)
    np.savez(tmp_path / "b.npz", images=np.stack([picture(1), picture(2)]), labels=np.array([1, 0]))
    labelled = read(tmp_path / "b.npz", options={"like": like})
    assert labelled.classes == ("normal", "pneumonia") and list(labelled.targets) == [1, 0]


def test_a_stated_list_of_files_limits_what_is_read(read: Reads, write: Writes):
    files = {**two_classes(2), "cover.png": png(np.dstack([picture(i) for i in range(3)]))}
    assert "missing-label" in _kinds(read(write(files)))
    listed = {**files, "source.json": json.dumps({"title": "S", "files": ["00.png", "01.png"]})}
    data = read(write(listed))
    assert len(data) == 4 and data.notes == () and data.images.shape[-1] == 1


def test_a_damaged_statement_of_source_says_so(read: Reads, write: Writes):
    with pytest.raises(SchemaError, match=r"source\.json"):
        read(write({**two_classes(2), "source.json": "["}))
