"""Uploads of images in the layouts that people bring, each made by a few lines, with what is right to read of it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import nibabel
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset as Header
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

Files = dict[str, bytes | str]


@dataclass(frozen=True)
class Case:
    """One layout: its files, how it is asked for, and what is right.

    ``classes`` are counts by class; ``unit`` is name and number; ``split`` counts of training, validation and test;
    ``asks`` what the question is about, with the first words of some of its ``choices``; ``assumed`` words of a
    sentence; ``columns`` roles by column; ``parts`` images, masks and so on by number of rows; ``notes`` kinds.
    """

    name: str
    files: Callable[[], Files]
    classes: Mapping[str, int] = field(default_factory=dict)
    unit: tuple[str, int] | None = None
    split: tuple[int, int, int] | None = None
    asks: str = ""
    choices: tuple[str, ...] = ()
    assumed: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None
    unlabelled: int = 0
    labelled: bool = True
    packed: bool = False


@lru_cache
def image(seed: int, kind: str = "PNG") -> bytes:
    """Return a picture of noise, 12 × 12, with more than a hundred grey values."""
    return saved(np.random.default_rng(seed).permutation(144).reshape(12, 12).astype(np.uint8), kind)


@lru_cache
def mask(seed: int) -> bytes:
    """Return a picture of two values."""
    return saved(np.where(np.random.default_rng(seed).random((12, 12)) > 0.6, 255, 0).astype(np.uint8))


def saved(array: np.ndarray, kind: str = "PNG") -> bytes:
    """Return an array as an image file."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def images(names: Iterable[str]) -> Files:
    """Return a picture of its own for every name."""
    return {name: image(at, "JPEG" if name.endswith("jpg") else "PNG") for at, name in enumerate(names)}


def csv(header: str, rows: Iterable[Sequence[object]], mark: str = ",") -> str:
    """Return a table as text; ``header`` has its columns parted by blanks or commas."""
    names = header.split(",") if "," in header else header.split()
    return "\n".join([mark.join(names), *(mark.join(map(str, row)) for row in rows)]) + "\n"


def packed(files: Files) -> bytes:
    """Return files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def arrays(**held: np.ndarray) -> bytes:
    """Return arrays as an npz."""
    buffer = io.BytesIO()
    np.savez(buffer, **held)
    return buffer.getvalue()


def volume(values: np.ndarray, affine: np.ndarray | None = None) -> bytes:
    """Return a volume as NIfTI."""
    return nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine).to_bytes()


def dicom(seed: int, frames: int = 1, **fields: object) -> bytes:
    """Return a slice of a CT; PixelData may be among the fields."""
    header = Header()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID, header.Modality = CTImageStorage, f"1.2.3.{seed + 1}", "CT"
    header.Rows = header.Columns = 12
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 15, 1, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.PatientID, header.RescaleSlope, header.RescaleIntercept = f"P{seed:03d}", 1, -1000
    values = np.random.default_rng(seed).integers(0, 2000, (frames, 12, 12)).astype(np.int16)
    header.PixelData = values.tobytes()
    for name, value in fields.items():
        setattr(header, name, value)
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def slices(**odd: object) -> Files:
    """Return a folder of 12 slices of which ``pos/05.dcm`` has odd fields."""
    return {f"{'pos' if at % 2 else 'neg'}/{at:02d}.dcm": dicom(at, **(odd if at == 5 else {})) for at in range(12)}


def two(heads: Iterable[str], classes: Sequence[str] = ("NORMAL", "PNEUMONIA"), each: int = 4) -> Files:
    """Return class folders below each head, all files called differently."""
    heads = list(heads)
    return images(
        f"{head}{name}/{i * len(heads) * len(classes) + at * len(classes) + k}.png"
        for at, head in enumerate(heads)
        for k, name in enumerate(classes)
        for i in range(each)
    )


def flat(count: int = 24, name: str = "im{:02d}.png") -> Files:
    """Return images in one folder."""
    return images(name.format(at) for at in range(count))


def labelled(
    rows: Callable[[int], Sequence[object]], header: str, count: int = 24, name: str = "im{:02d}.png"
) -> Files:
    """Return images and the table ``labels.csv``."""
    return {**flat(count, name), "labels.csv": csv(header, (rows(at) for at in range(count)))}


def eyes() -> Files:
    """Return two photographs of each of 12 patients."""
    return images(f"{person}_{side}.png" for person in range(10, 22) for side in "lr")


def graded(header: str = "image,level", folders: Callable[[int], str] = lambda person: "") -> Files:
    """Return eyes with a grade by patient, in folders."""
    files = {f"{folders(int(name.split('_')[0]))}{name}": content for name, content in eyes().items()}
    rows = [(name.removesuffix(".png"), int(name.split("_")[0]) % 2) for name in eyes()]
    return {**files, "labels.csv": csv(header, rows)}


def readers() -> Files:
    """Return 24 images that three readers read; 6 of them contradictory, a nodule by two of three in 12."""
    rows = []
    for at in range(24):
        votes = 3 * (at % 4 == 3) or 2 * (at % 4 == 1)
        rows += [
            (f"im{at:02d}", "nodule" if reader >= 3 - votes else "no finding", f"R{reader}") for reader in range(3)
        ]
    return {**flat(), "labels.csv": csv("image_id,class_name,reader", rows)}


FINDINGS = (
    "No Finding",
    "Mass|Nodule|Effusion",
    "Effusion|Infiltration",
    "Cardiomegaly|Effusion",
    "Cardiomegaly",
    "Effusion",
)


def findings(mark: str = "|", wrap: str = "{}") -> Files:
    """Return 16 patients of 3 X-rays with several findings in a cell."""
    names = [f"{person:08d}_{at:03d}.png" for person in range(1, 17) for at in range(3)]
    cells = [FINDINGS[at % 6] for at in range(48)]
    cells = [wrap.format(mark.join(f"'{one}'" if wrap != "{}" else one for one in cell.split("|"))) for cell in cells]
    rows = [(name, f'"{cell}"', int(name.split("_")[0])) for name, cell in zip(names, cells, strict=True)]
    return {**images(names), "Data_Entry.csv": csv("Image Index,Finding Labels,Patient ID", rows)}


def flags(truth: Sequence[object] = (1, 0)) -> Files:
    """Return a table with several yes-or-no columns, blank and uncertain cells among them."""
    yes, no = truth
    cells = [(yes, no, ""), (no, yes, -1), (yes, yes, no), (no, no, yes)]
    return labelled(lambda at: (f"im{at:02d}.png", *cells[at % 4], 40 + at), "Path,Edema,Effusion,Fracture,Age")


def clinics() -> Files:
    """Return slices without a patient's id; ``StudyInstanceUID`` tells which belong together."""
    return {
        f"{'pos' if at >= 12 else 'neg'}/{at:02d}.dcm": dicom(
            at, PatientID="ANONYMOUS", StudyInstanceUID=f"1.2.{at // 4}", SeriesInstanceUID=f"1.2.{at // 4}.1"
        )
        for at in range(24)
    }


def deep() -> Files:
    """Return 16-bit images whose level tells the class."""
    noise = np.random.default_rng(0).integers(-90, 90, (20, 12, 12))
    level = {"dense": 3000, "sparse": 500}
    return {
        f"{name}/{at:02d}.png": saved((level[name] + noise[at]).astype(np.uint16))
        for at in range(20)
        for name in [("dense", "sparse")[at % 2]]
    }


def stack(count: int = 12, side: int = 12) -> np.ndarray:
    """Return images as an array, (count, side, side) uint8."""
    return np.random.default_rng(1).integers(0, 256, (count, side, side)).astype(np.uint8)


def copied() -> Files:
    """Return a data set with a copy of itself within, as archives of archives give."""
    inner = two(["train/", "val/", "test/"])
    clutter = {"chest/__MACOSX/train/._1.png": "x", "chest/.DS_Store": "x"}
    return {f"chest/{n}": c for n, c in inner.items()} | {f"chest/chest/{n}": c for n, c in inner.items()} | clutter


def with_copy() -> Files:
    """Return class folders, and a folder of another name with the same class folders."""
    inner = two([""], ("no", "yes"), 6)
    return inner | {f"brain_tumor_dataset/{name}": content for name, content in inner.items()}


def pairs() -> Files:
    """Return a table with two files and two diagnoses a row."""
    rows = [
        (at, 50 + at, f"{at}_a.png", f"{at}_b.png", "normal", "cataract" if at % 2 else "normal") for at in range(8)
    ]
    header = "ID,Age,Left-Fundus,Right-Fundus,Left-Diagnosis,Right-Diagnosis"
    return {**images(f"{at}_{eye}.png" for at in range(8) for eye in "ab"), "data.csv": csv(header, rows)}


def tarred(files: Files) -> bytes:
    """Return files as an archive of tar, packed by gzip."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            told = tarfile.TarInfo(name)
            told.size = len(content)
            archive.addfile(told, io.BytesIO(content if isinstance(content, bytes) else content.encode()))
    return buffer.getvalue()


def boxes() -> Files:
    """Return images and one JSON object with lists of images, of boxes and of categories."""
    held = {
        "info": {"year": 2020},
        "images": [{"id": 500 + at, "file_name": f"im{at:02d}.png", "width": 12} for at in range(12)],
        "annotations": [
            {"id": at * 2 + k, "image_id": 500 + at, "category_id": 1 + (at + k) % 3, "bbox": [1, 2, 3, 4]}
            for at in range(12)
            for k in range(2)
        ],
        "categories": [{"id": at + 1, "name": name} for at, name in enumerate(("RBC", "WBC", "platelet"))],
    }
    return {**flat(12), "annotations/instances.json": json.dumps(held)}


def people(table: bool) -> Files:
    """Return images of 6 patients, who they are in a table of their own or as folders."""
    places = [f"{at // 4:05d}/flair/Image-{at % 4}.png" for at in range(24)]
    cases = csv("BraTS21ID,MGMT_value", [(at, at % 2) for at in range(6)])
    if not table:
        return {**images(places), "train_labels.csv": cases}
    rows = [(f"im{at:02d}", f"K{at // 4}x") for at in range(24)]
    about = csv("person,diagnosis,sex", [(f"K{at}x", "ab"[at % 2], "FM"[at % 2]) for at in range(6)])
    return {**flat(), "a_images.csv": csv("image person", rows), "b_people.csv": about}


def with_masks(folder: str, content: Callable[[int], bytes] = mask) -> Files:
    """Return images with a second folder of files of the same names, and a table."""
    files = {f"images/{at}.png": image(at) for at in range(8)} | {f"{folder}/{at}.png": content(at) for at in range(8)}
    return files | {"meta.csv": csv("file label", [(f"images/{at}.png", "ab"[at % 2]) for at in range(8)])}


PERSONS = ("Anna", "Bela", "Cleo", "Dina", "Emil", "Finn")
HALVES = {"train": range(16), "test": range(16, 24)}
STUDIES = [
    f"{('train', 'valid')[k // 4]}/patient{k}/study{s}_{('neg', 'pos')[(k + s) % 2]}/" for k in range(6) for s in (1, 2)
]
TWELVE = {"0": 12, "1": 12}
NP = {"NORMAL": 8, "PNEUMONIA": 8}
AB = {"a": 12, "b": 12}
LABELS = np.arange(12) % 2

CASES = (
    # ids and tables
    Case(
        "ids without the zeros of the names",
        lambda: {
            **flat(24, "cells/{:03d}.png"),
            "labels.csv": csv("image ID,label", [(at, at % 2) for at in range(24)]),
        },
        TWELVE,
        columns={"image ID": "image", "label": "label"},
    ),
    Case("ids read as floats", lambda: labelled(lambda at: (f"{at}.0", at % 2), "id label", name="{:03d}.png"), TWELVE),
    Case(
        "ids such as 1.10 are text",
        lambda: {
            **images(f"1.{at}.png" for at in range(1, 25)),
            "labels.csv": csv("id label", [(f"1.{at}", "pos" if at > 10 else "neg") for at in range(24, 0, -1)]),
        },
        {"neg": 10, "pos": 14},
    ),
    Case(
        "names with more before and after the id",
        lambda: {
            **images(f"ISIC_{at:07d}_downsampled.jpg" for at in range(40, 64)),
            "labels.csv": csv("lesion label", [(f"case {at}", "ab"[at % 2]) for at in range(40, 64)]),
        },
        AB,
        columns={"lesion": "image"},
    ),
    Case(
        "paths of another machine, other case, other extension",
        lambda: {
            **images(f"{part}/IMG{at}.png" for part in ("x", "y") for at in range(12)),
            "l.csv": csv(
                "path label", [(f"/kaggle/input/set/{p}/img{at}.JPG", "ab"[p == "y"]) for p in "xy" for at in range(12)]
            ),
        },
        AB,
        notes=("table",),
    ),
    Case(
        "a label under any name",
        graded,
        TWELVE,
        ("file name", 12),
        columns={"level": "label", "image": "image"},
    ),
    Case(
        "folders by hospital, the label in a table",
        lambda: graded("image,class label", lambda person: f"site_{'AB'[person % 3 == 0]}/"),
        TWELVE,
        ("file name", 12),
        columns={"class label": "label", "folder 1": "group"},
    ),
    Case(
        "two columns that may be the label",
        lambda: labelled(lambda at: (f"im{at:02d}", at % 5, int(at % 5 > 2)), "image,level,class label"),
        asks="target",
        choices=("class label: 0, 1", "level: 0, 1, 2, 3 …"),
    ),
    Case(
        "a known name of the label beside other columns of few values",
        lambda: labelled(
            lambda at: (f"L{at // 2}", f"im{at:02d}", "ab"[at % 2], "xyz"[at % 3], 30 + at),
            "lesion_id image_id dx dx_type age",
        ),
        AB,
        ("lesion_id", 12),
        columns={"dx": "label", "dx_type": "left out", "age": "group"},
    ),
    Case(
        "folders and table tell different classes",
        lambda: {
            **two([""], ("left", "other"), 12),
            "t.csv": csv("file,grade", [(f"{at}.png", "abc"[at % 3]) for at in range(24)]),
        },
        asks="target",
        choices=("grade: a, b, c", "folder 1: left, other"),
    ),
    Case(
        "folders and table tell the same classes",
        lambda: {
            **two([""], ("left", "other"), 12),
            "t.csv": csv("file,kind", [(f"{at}.png", ("left", "other")[at % 2]) for at in range(24)]),
        },
        {"left": 12, "other": 12},
    ),
    Case(
        "one column of 0 and 1 a class",
        lambda: labelled(
            lambda at: (f"ISIC_{at:04d}", *(f"{float(at % 3 == k)}" for k in range(3))),
            "image MEL NV BCC",
            name="ISIC_{:04d}.jpg",
        ),
        {"MEL": 8, "NV": 8, "BCC": 8},
        columns={"MEL": "label", "NV": "label", "BCC": "label"},
    ),
    Case(
        "one column of truths a class, one of them empty",
        lambda: labelled(
            lambda at: (f"im{at:02d}", *(at % 2 == k for k in range(2)), False, 40 + at),
            "image,class_a,class_b,UNK,age",
        ),
        {"class_a": 12, "class_b": 12},
    ),
    Case(
        "a column that says yes of every image",
        lambda: labelled(lambda at: (f"im{at:02d}", 1, at // 2 + 0.5), "file,checked,length"),
        asks="target",
        choices=("length: 0.5, 1.5, 10.5, 11.5 …", "none of them"),
    ),
    Case(
        "several yes-or-no columns",
        flags,
        asks="target",
        choices=("Edema: 0, 1", "Effusion: 0, 1", "Fracture: -1, 0, 1"),
    ),
    Case(
        "one of several yes-or-no columns, the uncertain left out",
        flags,
        {"0": 6, "1": 6},
        roles={"label": ("Fracture",)},
        rows=12,
    ),
    Case(
        "one of several yes-or-no columns, nothing said is no",
        flags,
        {"0": 12, "1": 6},
        roles={"label": ("Fracture",)},
        options={"blank": "negative"},
        rows=18,
    ),
    Case(
        "findings that only say yes",
        lambda: labelled(
            lambda at: (f"im{at:02d}", *("1.0" if at % 3 == k else "" for k in (0, 1)), "10"[at % 2]),
            "file,Mass,Edema,Fracture",
        ),
        asks="target",
        choices=("Mass: 1, empty as no", "Edema: 1, empty as no", "Fracture: 0, 1"),
    ),
    Case(
        "a table of studies by the tag of headers",
        lambda: {
            **{f"s/{at}.dcm": dicom(at, PatientID="", StudyInstanceUID=f"1.2.{at // 2}") for at in range(12)},
            "t.csv": csv("study verdict", [(f"1.2.{at}", "ab"[at % 2]) for at in range(6)]),
        },
        {"a": 6, "b": 6},
        ("StudyInstanceUID", 6),
    ),
    Case(
        "several findings in a cell",
        findings,
        asks="target",
        choices=("Effusion: yes or no (32 of 48", "Cardiomegaly: yes or no (16 of 48"),
    ),
    Case(
        "one of several findings",
        findings,
        {"no Effusion": 16, "Effusion": 32},
        ("Patient ID", 16),
        options={"finding": "Effusion"},
    ),
    Case(
        "no finding against some",
        findings,
        {"No Finding": 8, "some finding": 40},
        ("Patient ID", 16),
        options={"finding": "No Finding"},
    ),
    Case(
        "images with one finding alone",
        findings,
        {"No Finding": 8, "Cardiomegaly": 8, "Effusion": 8},
        ("Patient ID", 16),
        options={"finding": "single"},
        rows=24,
    ),
    Case("findings parted by semicolons", lambda: findings(";"), asks="target"),
    Case("findings parted by commas", lambda: findings(", "), asks="target"),
    Case("findings as a list", lambda: findings(", ", "[{}]"), asks="target"),
    Case(
        "three readers an image",
        readers,
        {"no finding": 12, "nodule": 12},
        assumed="72 rows name 24 images, read by several in 'reader'; 6 of these are contradictory",
        notes=("contradicting-rows",),
    ),
    Case(
        "several rows an image, each a finding",
        lambda: {
            **flat(12),
            "boxes.csv": csv(
                "image_id,class_name,x",
                [
                    (f"im{at:02d}", name, 3.5 * at)
                    for at in range(12)
                    for name in ("Mass", "Edema", "Nodule")[: 1 + at % 3]
                ],
            ),
        },
        asks="target",
        choices=("Edema: yes or no (8 of 12", "Nodule: yes or no (4 of 12"),
    ),
    Case(
        "one column of 0 and 1 a class beside a column of words",
        lambda: labelled(
            lambda at: (f"im{at:02d}", ("clear", "cloudy")[at % 2], *(int(at % 3 == k) for k in range(3))),
            "image,main diagnosis,N,D,G",
        ),
        asks="target",
        choices=("main diagnosis: clear, cloudy", "N, D, G: one of them"),
    ),
    Case(
        "findings of which each image has one at least, beside a column of words",
        lambda: labelled(
            lambda at: (
                f"im{at:02d}",
                ("clear", "cloudy")[at % 2],
                *(int(at % 3 == k or at % 4 == k) for k in range(4)),
            ),
            "image,main diagnosis,N,D,G,C",
        ),
        asks="target",
        choices=("main diagnosis: clear, cloudy", "N: 0, 1", "C: 0, 1"),
    ),
    Case(
        "an unknown class of a one-hot table",
        lambda: labelled(lambda at: (f"im{at:02d}", *(f"{float(at % 3 == k)}" for k in range(3))), "image,MEL,NV,UNK"),
        {"MEL": 8, "NV": 8},
        assumed="8 images labelled 'UNK' count as not labelled yet",
        rows=16,
    ),
    Case(
        "a finding that says yes or nothing",
        lambda: labelled(lambda at: (f"im{at:02d}", "" if at % 3 else "1.0", 40 + at), "Path,No Finding,Age"),
        asks="target",
        choices=("yes, empty means no", "no: these images have no labels"),
    ),
    Case(
        "a finding that says yes, uncertain or nothing",
        lambda: labelled(lambda at: (f"im{at:02d}", ("1", "-1", "", "1")[at % 4], 40 + at), "Path,Lesion,Age"),
        {"0": 6, "1": 12},
        options={"blank": "negative"},
        rows=18,
    ),
    Case(
        "a label of one value beside another column",
        lambda: labelled(lambda at: (f"im{at:02d}", "lung", ("sharp", "blurred")[at % 2]), "file,label,picture"),
        asks="target",
        choices=("picture: blurred, sharp", "none of them"),
    ),
    Case(
        "findings of which one is called so",
        lambda: labelled(
            lambda at: (f"im{at:02d}", at % 2, at // 2 % 2, 0, int(at % 4 == 0)),
            "id,Mass,Edema,Fracture,No finding",
        ),
        asks="target",
        choices=("No finding: 0, 1", "Mass: 0, 1", "Edema: 0, 1"),
    ),
    Case(
        "tables packed by gzip, the findings of studies in one of them",
        lambda: (
            images(f"files/p1{s // 2}/s5{s}/{s * 7919:06x}-d{i}.png" for s in range(12) for i in range(2))
            | {
                f"{name}.csv.gz": gzip.compress(csv(header, rows).encode())
                for name, header, rows in (
                    (
                        "findings",
                        "subject_id,study_id,Edema",
                        [(f"1{s // 2}", f"5{s}", (s // 2) % 2) for s in range(12)],
                    ),
                    (
                        "meta",
                        "dicom_id,subject_id,study_id,split",
                        [
                            (f"{s * 7919:06x}-d{i}", f"1{s // 2}", f"5{s}", ("train", "validate", "test")[s // 2 % 3])
                            for s in range(12)
                            for i in range(2)
                        ],
                    ),
                )
            }
        ),
        TWELVE,
        ("subject_id", 6),
        split=(8, 8, 8),
        columns={"Edema": "label", "split": "split"},
    ),
    Case(
        "a list in JSON",
        lambda: {
            **flat(),
            "l.json": json.dumps([{"file": f"im{at:02d}.png", "kind": "ab"[at % 2]} for at in range(24)]),
        },
        AB,
        columns={"kind": "label", "file": "image"},
    ),
    Case(
        "names and classes of a JSON object, parts in another",
        lambda: {
            **flat(),
            "l.json": json.dumps({f"im{at:02d}.png": "ab"[at % 2] for at in range(24)}, indent=1),
            "s.json": json.dumps({p: [f"im{at:02d}.png" for at in r] for p, r in HALVES.items()}),
        },
        AB,
        split=(16, 0, 8),
    ),
    Case(
        "pairs of name and class in JSON",
        lambda: {**flat(), "dataset.json": json.dumps({"labels": [[f"im{at:02d}.png", at % 2] for at in range(24)]})},
        TWELVE,
    ),
    Case("boxes, their categories and their images in one JSON", boxes, asks="target", choices=("WBC: yes or no (8",)),
    Case(
        "a list of findings an image in JSON",
        lambda: {
            **flat(),
            "chest.json": json.dumps(
                [{"file_name": f"im{at:02d}.png", "syms": ["Mass", "Edema"][: at % 3]} for at in range(24)]
            ),
        },
        {"no Edema": 16, "Edema": 8},
        options={"finding": "Edema"},
    ),
    Case(
        "objects of each image in JSON",
        lambda: {
            **flat(),
            "training.json": json.dumps(
                [
                    {
                        "image": {"path": f"im{at:02d}.png"},
                        "objects": [{"kind": one} for one in ("red", "ring")[: 1 + at % 2]],
                    }
                    for at in range(24)
                ]
            ),
        },
        {"no ring": 12, "ring": 12},
        options={"finding": "ring"},
        columns={"kind": "label", "image.path": "image"},
    ),
    Case(
        "two tables that tell different labels",
        lambda: {
            **flat(),
            "reader1.csv": csv("file label", [(f"im{at:02d}", "ab"[at % 2]) for at in range(24)]),
            "reader2.csv": csv("file label", [(f"im{at:02d}", "ab"[at % 3 == 0]) for at in range(24)]),
        },
        asks="target",
        choices=("label: a, b", "label (reader2.csv): a, b"),
    ),
    Case(
        "folders of parts within folders of parts",
        lambda: (
            images(f"{p}_Set/{p}/{i}.png" for p, n in (("Training", 16), ("Validation", 8)) for i in range(n))
            | {
                f"{p}_Set/{p}_Labels.csv": csv("ID,Disease_Risk", [(i, i % 2) for i in range(n)])
                for p, n in (("Training", 16), ("Validation", 8))
            }
        ),
        TWELVE,
        split=(16, 8, 0),
    ),
    Case(
        "class folders in an archive of tar",
        lambda: {"slides.tar.gz": tarred(two([""], each=8))},
        NP,
    ),
    Case(
        "several findings a cell, and lists of a given split",
        lambda: {
            **findings(),
            "train_val_list.txt": "".join(f"{at // 3 + 1:08d}_{at % 3:03d}.png\n" for at in range(36)),
            "test_list.txt": "".join(f"{at // 3 + 1:08d}_{at % 3:03d}.png\n" for at in range(36, 48)),
        },
        {"no Effusion": 16, "Effusion": 32},
        ("Patient ID", 16),
        split=(36, 0, 12),
        options={"finding": "Effusion"},
    ),
    Case(
        "tables of studies by the path of their folders",
        lambda: (
            images(f"{name}image{i}.png" for name in STUDIES for i in range(2))
            | {
                f"{part}_studies.csv": csv(
                    "study,verdict", [(f"set/{s}", "ab"["_pos" in s]) for s in STUDIES if s.startswith(part)]
                )
                for part in ("train", "valid")
            }
        ),
        AB,
        ("folder 1", 6),
        split=(16, 8, 0),
    ),
    Case(
        "studies whose folders say what they show",
        lambda: images(
            f"{('hand', 'elbow')[k % 2]}/patient{k}/study{s}_{('negative', 'positive')[(k // 2 + s) % 2]}/{i}.png"
            for k in range(8)
            for s in (1, 2)
            for i in range(2)
        ),
        asks="target",
        choices=("folder 1: elbow, hand", "folder 3 part 2: negative, positive"),
    ),
    Case(
        "a column of persons that is not called so",
        lambda: labelled(lambda at: (f"im{at:02d}", f"{at // 2}w", "ab"[at // 2 % 2]), "file,who,label"),
        asks="unit",
        choices=("yes, keep them together", "no"),
    ),
    Case(
        "two tables by file",
        lambda: {
            **flat(),
            "a_truth.csv": csv("image label", [(f"im{at:02d}", ("nv", "mel")[at % 2]) for at in range(24)]),
            "b_metadata.csv": csv(
                "image,age,sex,patient_id",
                [(f"im{at:02d}", 40 + at, "FM"[at % 2], f"pat{at // 4}") for at in range(24)],
            ),
        },
        {"mel": 12, "nv": 12},
        ("patient_id", 6),
        columns={"age": "group", "sex": "group", "patient_id": "unit"},
    ),
    Case("a table of patients by their key", lambda: people(True), AB, ("person", 6), columns={"sex": "group"}),
    Case("a table of patients by their folders", lambda: people(False), TWELVE, ("folder 1", 6)),
    Case(
        "two files a row",
        pairs,
        {"normal": 12, "cataract": 4},
        ("row of data.csv", 8),
        columns={"Left-Fundus": "image", "Right-Fundus": "image", "Left-Diagnosis": "label"},
    ),
    Case(
        "labels that are still to come",
        lambda: labelled(lambda at: (f"im{at:02d}", ("a", "b", "pending", "in review")[at % 4]), "file label"),
        {"a": 6, "b": 6},
        assumed="12 images labelled 'in review', 'pending' count as not labelled yet",
        rows=12,
    ),
    Case(
        "a class that is called None",
        lambda: labelled(lambda at: (f"im{at:02d}", ("None", "Mass")[at % 2]), "file finding"),
        {"None": 12, "Mass": 12},
    ),
    Case(
        "a table that names some files",
        lambda: {**flat(), "t.csv": csv("file label", [(f"im{at:02d}.png", "ab"[at % 2]) for at in range(16)])},
        {"a": 8, "b": 8},
        notes=("file-without-row", "missing-label"),
        rows=16,
    ),
    Case(
        "a table without a header line",
        lambda: {**flat(), "t.csv": csv("im00.png 0", [(f"im{at:02d}.png", at % 2) for at in range(1, 24)])},
        TWELVE,
    ),
    Case(
        "a list in a text file",
        lambda: {**flat(), "all.txt": csv("im00.png 0", [(f"im{at:02d}.png", at % 2) for at in range(1, 24)], " ")},
        TWELVE,
    ),
    Case(
        "a table that has nothing to do with the images",
        lambda: {**two([""], each=8), "prices.csv": csv("town price", [("A", 1), ("B", 2)])},
        NP,
        notes=("table-left-out",),
        columns={"town": "left out"},
    ),
    # splits
    Case(
        "part folders that were packed twice",
        lambda: two(["seg_train/seg_train/", "seg_test/seg_test/"], each=12),
        {"NORMAL": 24, "PNEUMONIA": 24},
        split=(24, 0, 24),
    ),
    Case("a copy within a copy", copied, {"NORMAL": 12, "PNEUMONIA": 12}, split=(8, 8, 8), notes=("copies",)),
    Case("a copy in a folder of another name", with_copy, {"no": 6, "yes": 6}, notes=("copies",)),
    Case("Training and Testing", lambda: two(["x/Training/", "x/Testing/"]), NP, split=(8, 0, 8)),
    Case(
        "train_set, ValSet and TestSet",
        lambda: two(["train_set/", "ValSet/", "TestSet/"]),
        {"NORMAL": 12, "PNEUMONIA": 12},
        split=(8, 8, 8),
    ),
    Case("valid is validation, dev too", lambda: two(["train/", "dev/"]), NP, split=(8, 8, 0)),
    Case(
        "parts below the classes",
        lambda: images(f"{c}/{p}/{c}{p}{i}.png" for c in "ab" for p in ("train", "test") for i in range(6)),
        AB,
        split=(12, 0, 12),
    ),
    Case(
        "parts and classes in one name",
        lambda: images(f"{p}_{c}/{p}{c}{i}.png" for p in ("train", "test") for c in ("cat", "dog") for i in range(6)),
        {"cat": 12, "dog": 12},
        split=(12, 0, 12),
    ),
    Case(
        "archives of parts within an archive",
        lambda: {f"{part}.zip": packed(two([""], each=4)) for part in ("train", "test")},
        NP,
        split=(8, 0, 8),
        packed=True,
    ),
    Case(
        "parts in a column",
        lambda: labelled(
            lambda at: (f"im{at:02d}", "ab"[at % 2], ("Train", "Valid", "Test")[at // 2 % 3]), "file label usage"
        ),
        AB,
        split=(8, 8, 8),
        columns={"usage": "split"},
    ),
    Case(
        "folds in a column",
        lambda: labelled(lambda at: (f"im{at:02d}", "ab"[at % 2], at // 2 % 4), "file label strat_fold"),
        AB,
        split=(12, 6, 6),
        assumed="fold 3 is the test set, fold 2 is the validation set",
        columns={"strat_fold": "split"},
    ),
    Case(
        "a flag for test rows",
        lambda: labelled(lambda at: (f"im{at:02d}", "ab"[at % 2], int(at >= 18)), "file label is_test"),
        AB,
        split=(18, 0, 6),
    ),
    Case(
        "a table a part",
        lambda: {
            **flat(),
            "train.csv": csv("file label", [(f"im{at:02d}", "ab"[at % 2]) for at in range(16)]),
            "test.csv": csv("file label", [(f"im{at:02d}", "ab"[at % 2]) for at in range(16, 24)]),
        },
        AB,
        split=(16, 0, 8),
    ),
    # units
    Case(
        "patient folders under class folders",
        lambda: images(f"{'np'[k > 5]}/patient_{k:02d}/slice_{i:02d}.png" for k in range(12) for i in range(4)),
        {"n": 24, "p": 24},
        ("folder 2", 12),
    ),
    Case(
        "class folders of numbers under patient folders",
        lambda: images(f"{8863 + p}/{c}/{p}{c}{i}.png" for p in range(20) for c in range(2) for i in range(2)),
        asks="unit",
        choices=("yes, keep them together", "no"),
    ),
    Case(
        "subjects in the manner of BIDS",
        lambda: images(f"{('ad', 'cn')[k % 2]}/sub-{k:02d}/anat/t1_{k}_{i}.png" for k in range(8) for i in range(3)),
        {"cn": 12, "ad": 12},
        ("folder 2", 8),
    ),
    Case(
        "numbered folders of numbered slices",
        lambda: images(f"{c}/{c}{k}/{i}.png" for c in "xy" for k in range(6) for i in range(4)),
        {"x": 24, "y": 24},
        ("folder 2", 12),
    ),
    Case(
        "numbered folders of files that tell nothing",
        lambda: images(f"{c}/A{k * 7}f/shot{'abc'[i]}{c}{k}.png" for c in "xy" for k in range(6) for i in range(3)),
        asks="unit",
        choices=("yes, keep them together", "no"),
    ),
    Case(
        "names that begin alike",
        lambda: images(f"{c}/{100 * (c == 'y') + k}_{i}.png" for c in "xy" for k in range(6) for i in range(3)),
        asks="unit",
    ),
    Case(
        "the same two words on two levels",
        lambda: images(f"{h}/{c}/{h}{c}{i}.png" for h in ("bern", "rome") for c in ("ill", "well") for i in range(6)),
        asks="target",
        choices=("folder 1: bern, rome", "folder 2: ill, well"),
    ),
    Case("all patients anonymous", clinics, {"neg": 12, "pos": 12}, ("StudyInstanceUID", 6)),
    Case(
        "one patient, one study, several series",
        lambda: {
            f"{'np'[at % 2]}/{at}.dcm": dicom(
                at, PatientID="", StudyInstanceUID="1.2", SeriesInstanceUID=f"1.2.{at // 3}"
            )
            for at in range(12)
        },
        {"n": 6, "p": 6},
        ("SeriesInstanceUID", 4),
    ),
    Case(
        "few patient folders over class folders",
        lambda: images(f"{8863 + p}/{c}/{p}{c}{i}.png" for p in range(6) for c in range(2) for i in range(3)),
        asks="unit",
        choices=("yes, keep them together", "no"),
    ),
    Case(
        "a table of labels by folders of patients",
        lambda: (
            images(f"set/BraTS20_{k:03d}/BraTS20_{k:03d}_{s}.png" for k in range(12) for s in ("t1", "t2"))
            | {"set/names.csv": csv("Grade BraTS_subject_ID", (("HL"[k % 2], f"BraTS20_{k:03d}") for k in range(12)))}
        ),
        {"H": 12, "L": 12},
        ("folder 1", 12),
        columns={"folder 1": "unit", "Grade": "label"},
    ),
    Case(
        "folders of few patients, labels by file",
        lambda: (
            images(f"P{k}/{k}{i}x.png" for k in range(6) for i in range(4))
            | {"t.csv": csv("file,tumour", ((f"{k}{i}x.png", i % 2) for k in range(6) for i in range(4)))}
        ),
        asks="unit",
    ),
    Case(
        "folders of persons called by name, labels by file",
        lambda: (
            images(f"{name}/{k}{i}x.png" for k, name in enumerate(PERSONS) for i in range(4))
            | {"t.csv": csv("file,tumour", ((f"{k}{i}x.png", k % 2) for k in range(6) for i in range(4)))}
        ),
        asks="unit",
        roles={"label": ("tumour",)},
    ),
    Case(
        "folders of few patients and no labels",
        lambda: images(f"P{k}/{k}{i}x.png" for k in range(6) for i in range(4)),
        asks="target",
        choices=("folder 1: P0, P1, P2, P3 …", "none of them"),
    ),
    Case(
        "numbered folders that are called grades",
        lambda: images(f"grade {k}/{k}{i}x.png" for k in range(3) for i in range(4)),
        {f"grade {k}": 4 for k in range(3)},
    ),
    # names of files
    Case(
        "classes at the end of names",
        lambda: images(f"CXR_png/CHNCXR_{at:04d}_{at % 2}.png" for at in range(20)),
        asks="target",
        choices=("file name part 3: 0, 1", "none of them: these images have no labels"),
    ),
    Case(
        "classes at the beginning of names, as asked",
        lambda: images(f"{('cat', 'dog')[at % 2]}{at // 2}.png" for at in range(20)),
        {"cat": 10, "dog": 10},
        roles={"label": ("file name part 1",)},
        columns={"file name part 1": "label"},
    ),
    # masks
    Case(
        "masks in a folder of labels", lambda: with_masks("labels"), {"a": 4, "b": 4}, parts={"images": 8, "masks": 8}
    ),
    Case(
        "masks in a folder of any name", lambda: with_masks("second"), {"a": 4, "b": 4}, parts={"images": 8, "masks": 8}
    ),
    Case(
        "masks beside their images",
        lambda: (
            {f"{c}/{at}.png": image(at) for c in "ab" for at in range(4)}
            | {f"{c}/{at}_mask.png": mask(at) for c in "ab" for at in range(4)}
        ),
        {"a": 4, "b": 4},
        parts={"images": 8, "masks": 8},
    ),
    Case(
        "a class that is called SEG",
        lambda: two([""], ("BAND", "EOS", "LYM", "SEG"), 6),
        {"BAND": 6, "EOS": 6, "LYM": 6, "SEG": 6},
    ),
    Case(
        "a class that is called mask, numbered like the other",
        lambda: {f"{c}/{at}.png": image(at + 50 * (c == "mask")) for c in ("mask", "bare") for at in range(6)},
        {"bare": 6, "mask": 6},
    ),
    # formats
    Case(
        "an empty rescale",
        lambda: slices(RescaleSlope=None, RescaleIntercept=None),
        {"neg": 6, "pos": 6},
        ("patient", 12),
    ),
    Case(
        "empty pixel data", lambda: slices(PixelData=b""), {"neg": 6, "pos": 5}, ("patient", 11), notes=("unreadable",)
    ),
    Case("an empty table of shades", lambda: slices(VOILUTSequence=[Header()]), {"neg": 6, "pos": 6}, ("patient", 12)),
    Case(
        "frames with a rescale for all",
        lambda: {"ct.dcm": dicom(0, 2, NumberOfFrames=2)},
        unit=("patient", 1),
        rows=2,
        labelled=False,
    ),
    Case("16 bits whose level tells the class", deep, {"dense": 10, "sparse": 10}),
    Case(
        "a volume in another order of axes",
        lambda: {
            "v.nii": volume(
                np.random.default_rng(0).random((6, 4, 8)).astype(np.float32),
                np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]]),
            )
        },
        unit=("source_file", 1),
        rows=6,
        labelled=False,
    ),
    Case(
        "volumes with several points in time",
        lambda: {
            f"{'ab'[k]}/{k}{i}.nii": volume(np.random.default_rng(k).random((6, 6, 2, 3)).astype(np.float32))
            for k in range(2)
            for i in range(3)
        },
        asks="time",
        choices=("their mean", "the first"),
    ),
    Case(
        "arrays of parts under other names",
        lambda: {"a.npz": arrays(x_train=stack(), y_train=LABELS, x_test=stack(4), y_test=LABELS[:4])},
        {"0": 8, "1": 8},
        split=(12, 0, 4),
    ),
    Case(
        "arrays with the channels before, labels one-hot",
        lambda: {"a.npz": arrays(X=np.stack([stack()] * 3, axis=1), y=np.eye(2, dtype=int)[LABELS])},
        {"0": 6, "1": 6},
    ),
    Case(
        "arrays of written-out images without names",
        lambda: {"a.npz": arrays(arr_0=stack().reshape(12, 144), arr_1=LABELS)},
        {"0": 6, "1": 6},
    ),
    Case(
        "arrays with patients beside",
        lambda: {
            "a.npz": arrays(images=stack(), labels=LABELS, patient_id=np.arange(12) // 3, sex=np.array(list("FM") * 6))
        },
        {"0": 6, "1": 6},
        ("patient_id", 4),
    ),
    Case(
        "a form for answers beside the labels",
        lambda: (
            images([*(f"train_images/a{at}.png" for at in range(12)), *(f"test_images/b{at}.png" for at in range(4))])
            | {
                "train.csv": csv("id_code diagnosis", ((f"a{at}", 2 * (at % 2)) for at in range(12))),
                "sample_submission.csv": csv("id_code diagnosis", ((f"b{at}", 0) for at in range(4))),
            }
        ),
        {"0": 6, "2": 6},
        notes=("table-left-out", "missing-label"),
    ),
    Case(
        "arrays with several findings an image",
        lambda: {"some.npz": arrays(images=stack(), labels=np.arange(36).reshape(12, 3) % 5 % 2)},
        asks="target",
        choices=("label 0: no, yes", "label 1: no, yes", "label 2: no, yes"),
    ),
    Case(
        "lists of a given split, training and validation in one",
        lambda: (
            images([*(f"images/a{at}.png" for at in range(12)), *(f"images/b{at}.png" for at in range(4))])
            | {
                "labels.csv": csv(
                    "image label", ((f"{'ab'[at > 11]}{at % 12}.png", ["no", "yes"][at % 2]) for at in range(16))
                ),
                "train_val_list.txt": "".join(f"a{at}.png\n" for at in range(12)),
                "test_list.txt": "".join(f"b{at}.png\n" for at in range(4)),
            }
        ),
        {"no": 8, "yes": 8},
        split=(12, 0, 4),
    ),
)
