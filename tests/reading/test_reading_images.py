"""Images in the layouts that people bring: each is understood as it should be, or asks one clear question."""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.reading import Reading
from dl_core.domains.medical_imaging import DOMAIN
from dl_core.errors import LabelError
from dl_core.reading.images.match import match_names
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role
from tests.reading.layouts_images import CASES, Case, Files, csv, deep, image, images, labelled, packed, readers, two


def _write(files: Files, place: Path) -> Path:
    for name, content in files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def _read(place: Path, case: Case | None = None, **more: object) -> tuple[Reading, Dataset | None]:
    asked = (
        {} if case is None else {"roles": dict(case.roles), "options": dict(case.options), "labelled": case.labelled}
    )
    return pipeline.read(DOMAIN, ReadRequest((place,), **{**asked, **more}))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_layout_is_understood(case: Case, tmp_path: Path) -> None:
    place = _write(case.files(), tmp_path / "data")
    if case.packed:
        place = tmp_path / "data.zip"
        place.write_bytes(packed(case.files()))
    reading, dataset = _read(place, case)
    said = reading.as_dict()
    assert [one["about"] for one in said["questions"]] == ([case.asks] if case.asks else [])
    roles = {one["name"]: one["role"] for one in reversed(said["columns"])}
    assert {name: roles.get(name) for name in case.columns} == dict(case.columns)
    assert all(one["why"] for one in said["columns"])
    if case.asks:
        _check_question(case, reading, place)
        return
    assert dataset is not None and len(dataset) == (case.rows or sum(case.classes.values()))
    assert said.get("target", {}).get("values", {}) == dict(case.classes)
    if case.unit is not None:
        assert said["unit"] == {"name": case.unit[0], "units": case.unit[1]}
    counts = dict(zip(("training", "validation", "test"), case.split or (), strict=False))
    assert said["split"] == ({"given": True, "counts": counts} if counts else {"given": False})
    assert not case.assumed or any(case.assumed in one for one in said["assumed"])
    assert set(case.notes) <= {note.kind for note in dataset.notes}
    rows: Counter[str] = Counter()
    for one in said["files"]:
        rows[one["part"]] += one["rows"] or 0
    assert {part: rows[part] for part in case.parts} == dict(case.parts)
    again, same = _read(place, labelled=case.labelled, roles=dict(reading.roles), options=dict(reading.options))
    assert same is not None and same.fingerprint == dataset.fingerprint
    assert again.target == reading.target and again.unit == reading.unit and again.split == reading.split
    assert Reading.from_dict(said) == reading


def _check_question(case: Case, reading: Reading, place: Path) -> None:
    """Each answer is an answer: the same files are read without that question, and differently."""
    (question,) = reading.questions
    texts = [choice.text for choice in question.choices]
    assert len(texts) > 1 and len(set(texts)) == len(texts)
    assert all(any(text.startswith(start) for text in texts) for start in case.choices)
    if question.about == "target":
        assert any(column.verdict == "open" for column in reading.columns)
    seen = set()
    for choice in question.choices:
        if choice.roles.get("label") == ():  # no labels, as the user says
            with pytest.raises(LabelError):
                _read(place, case, roles=dict(choice.roles), options={**case.options, **choice.options})
            seen.add(choice.text)
            continue
        roles = {**case.roles, **choice.roles}
        told, dataset = _read(place, case, roles=roles, options={**case.options, **choice.options})
        assert question.about not in [one.about for one in told.questions]
        told, dataset = _answered(place, told, roles, choice.options)
        assert dataset is not None
        seen.add((dataset.fingerprint, dataset.roles[Role.LABEL]))  # the same columns, another of them the label
    assert len(seen) == len(texts)


def _answered(place: Path, told: Reading, roles: dict, options: dict) -> tuple[Reading, Dataset | None]:
    """Return the reading once every question that is still open has its first answer."""
    while True:
        told, dataset = _read(place, roles=dict(roles), options=dict(options))
        if not told.questions:
            return told, dataset
        first = told.questions[0].choices[0]
        roles, options = {**roles, **first.roles}, {**options, **first.options}


def test_what_holds_no_labels_is_told_so(tmp_path: Path) -> None:
    """One folder, masks or boxes beside images are no classes."""
    files = images(f"set/images/cju{at:02d}.png" for at in range(12))
    files |= {f"set/labels/cju{at:02d}.txt": f"{at % 3} 0.5 0.5 0.2 0.2\n" for at in range(12)}
    with pytest.raises(LabelError, match="no labels; all images lie in one folder, 'images'"):
        _read(_write(files, tmp_path))


def test_layouts_are_many() -> None:
    assert len(CASES) >= 60 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [case for case in CASES if case.asks], ids=lambda case: case.name)
def test_new_cases_never_ask(case: Case, tmp_path: Path) -> None:
    reading, dataset = _read(_write(case.files(), tmp_path), case, labelled=False)
    assert not reading.questions and dataset is not None and len(dataset) > 0


@pytest.mark.parametrize("names", [["neg", "pos"], ["1.10", "1.2"]])
def test_rows_keep_their_own_label(tmp_path: Path, names: list[str]) -> None:
    """Ids 1.1 … 1.24 with a label that follows from the id: no row gets another's."""
    files = {f"1.{at}.png": image(at) for at in range(1, 25)}
    files["labels.csv"] = csv("id label", [(f"1.{at}", names[at % 5 == 0]) for at in range(24, 0, -1)])
    _, dataset = _read(_write(files, tmp_path))
    assert dataset is not None
    expected = {f"1.{at}.png": names[at % 5 == 0] for at in range(1, 25)}
    assert dataset.table.set_index("file")["label"].to_dict() == expected


def test_one_window_keeps_the_level_and_new_cases_get_it(tmp_path: Path) -> None:
    """Levels 3000 and 500 ± 90 span 410 … 3090: about 245 and 10 of 255, in the window that was trained with too."""
    _, dataset = _read(_write(deep(), tmp_path / "a"))
    assert dataset is not None
    means = [dataset.images[dataset.targets == at].mean() for at in (0, 1)]
    assert means[0] > 235 and means[1] < 20 and dataset.classes == ("dense", "sparse")
    sparse = {name: content for name, content in deep().items() if name.startswith("sparse")}
    _, new = _read(_write(sparse, tmp_path / "b"), labelled=False, options={"like": dataset.describe()})
    assert new is not None and new.windows == dataset.windows
    assert new.images.mean() == pytest.approx(means[1], abs=1e-6)
    _, wide = _read(tmp_path / "a", options={"window": "1000,2000"})
    assert wide is not None and wide.windows == {"16 bit": (0.0, 2000.0)}
    assert wide.images[wide.targets == 0].mean() == 255


def test_a_column_with_card_numbers_shows_none(tmp_path: Path) -> None:
    cards = [f"4111 1111 1111 {at:04d}" for at in range(1, 9999) if _luhn(f"411111111111{at:04d}")][:24]
    files = labelled(lambda at: (f"im{at:02d}", "ab"[at % 2], cards[at]), "file label paid_with")
    reading, dataset = _read(_write(files, tmp_path))
    column = reading.column("paid_with")
    assert dataset is not None and column is not None and column.locked and not column.examples
    assert "paid_with" not in dataset.table and cards[0] not in str(reading.as_dict())


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_readers_without_a_majority_are_named_and_left_out(tmp_path: Path) -> None:
    files = readers()
    rows = [(f"im{at:02d}", "ab"[at % 2], f"R{reader}") for at in range(23) for reader in range(2)]
    files["labels.csv"] = csv(
        "image_id,class_name,reader", [*rows, ("im23", "a", "R0"), ("im23", "b", "R1"), ("im22", "a", "R2")]
    )
    _, dataset = _read(_write(files, tmp_path))
    assert dataset is not None and len(dataset) == 24 or "im23.png" in str([note.message for note in dataset.notes])


FOLDERS = st.sampled_from(["train", "Training", "seg_train", "TrainSet", "train_images"])
TESTS = st.sampled_from(["test", "Testing", "seg_test", "TestSet", "test-data"])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(train=FOLDERS, test=TESTS, wrapped=st.sampled_from(["", "x/", "x/x/", "a/b/"]), twice=st.booleans())
def test_given_splits_are_found_in_any_spelling(tmp_path_factory, train: str, test: str, wrapped: str, twice: bool):
    heads = [f"{wrapped}{name}/{name}/" if twice else f"{wrapped}{name}/" for name in (train, test)]
    reading, _ = _read(_write(two(heads, each=3), tmp_path_factory.mktemp("split")))
    assert reading.split == {"given": True, "counts": {"training": 6, "validation": 0, "test": 6}}
    assert reading.target is not None and dict(reading.target.values) == {"NORMAL": 6, "PNEUMONIA": 6}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    mark=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    label=st.sampled_from(["label", "Kategorie", "grade of the lesion", "resultado"]),
    named=st.sampled_from(["{:03d}", "{}", "{}.png", "imgs\\{:03d}.PNG", "./imgs/{:03d}.jpg", "{}.0"]),
)
def test_order_spelling_and_encoding_of_a_table_change_nothing(
    tmp_path_factory, seed: int, mark: str, encoding: str, label: str, named: str
):
    chance = random.Random(seed)
    columns = {"id": named.format, label: lambda at: "ab"[at % 3 == 0], "age": lambda at: 30 + at % 7}
    order = chance.sample(list(columns), len(columns))
    rows = chance.sample(range(1, 19), 18)
    text = "\n".join(mark.join(str(columns[name](at)) for name in order) for at in rows)
    place = _write({f"imgs/{at:03d}.png": image(at) for at in range(1, 19)}, tmp_path_factory.mktemp("table"))
    (place / "t.csv").write_bytes(f"{mark.join(order)}\n{text}\n".encode(encoding))
    reading, dataset = _read(place)
    assert dataset is not None and reading.target is not None and reading.target.column == label
    told = dataset.table.set_index("file")[label].to_dict()
    assert told == {f"imgs/{at:03d}.png": "ab"[at % 3 == 0] for at in range(1, 19)}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 120)), min_size=4, max_size=30, unique=True),
    st.sampled_from(["{0}/{1}.png", "{0}/{1:04d}", "x/{0}/{1:02d}.JPG", "{0}\\{1}"]),
)
def test_every_cell_names_its_own_file_or_none(files: list[tuple[str, int]], written: str):
    names = [f"data/{folder}/{number:03d}.png" for folder, number in files]
    cells = pd.Series([written.format(*file) for file in files], dtype=object)
    assert match_names(cells, names).target.tolist() == list(range(len(files)))


def test_a_damaged_table_among_good_files_is_a_note(tmp_path: Path) -> None:
    files = {**two([""]), "broken.xlsx": packed({"x": "y"}), "labels.parquet": b"PAR1 and no more"}
    reading, dataset = _read(_write(files, tmp_path))
    assert dataset is not None and len(dataset) == 8
    assert {one.name for one in reading.files if one.part == "left out"} == {"broken.xlsx", "labels.parquet"}


def test_an_archive_of_several_parts_given_apart(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / f"{part}.zip").write_bytes(packed(two([""], each=3)))
    request = ReadRequest((tmp_path / "train.zip", tmp_path / "test.zip"))
    reading, _ = pipeline.read(DOMAIN, request)
    assert reading.split == {"given": True, "counts": {"training": 6, "validation": 0, "test": 6}}
    with zipfile.ZipFile(io.BytesIO(packed({"a": b"1"}))) as archive:
        assert archive.namelist() == ["a"] and np.isfinite(len(CASES))
