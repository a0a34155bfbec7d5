"""Facts about the twelve two-dimensional MedMNIST data sets (version 2, Zenodo record 10519652)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from dl_core.data.catalogue import KnownData

PAGE = "https://zenodo.org/records/10519652"
SIZES = (28, 64)  # pixels


@dataclass(frozen=True)
class KnownSet:
    """One public data set.

    Parameters
    ----------
    name : str
        File stem of the 28-pixel version.
    title, about, task, licence : str
    channels : int
    classes : tuple of str
        By class number.
    counts : tuple of int
        Official train, validation and test rows.
    md5 : mapping of int to str
        By size in pixels.
    """

    name: str
    title: str
    about: str
    task: str
    licence: str
    channels: int
    classes: tuple[str, ...]
    counts: tuple[int, int, int]
    md5: dict[int, str]
    page: str = PAGE

    def file(self, size: int) -> str:
        """Return the file's name for a size in pixels."""
        return f"{self.name}.npz" if size == 28 else f"{self.name}_{size}.npz"


_ORGANS = (
    "bladder",
    "left femur",
    "right femur",
    "heart",
    "left kidney",
    "right kidney",
    "liver",
    "left lung",
    "right lung",
    "pancreas",
    "spleen",
)

KNOWN: tuple[KnownSet, ...] = (
    KnownSet(
        "pathmnist",
        "PathMNIST",
        "colorectal tissue under the microscope",
        "multi-class",
        "CC BY 4.0",
        3,
        (
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal colon mucosa",
            "cancer-associated stroma",
            "colorectal adenocarcinoma epithelium",
        ),
        (89996, 10004, 7180),
        {28: "a8b06965200029087d5bd730944a56c1", 64: "55aa9c1e0525abe5a6b9d8343a507616"},
    ),
    KnownSet(
        "chestmnist",
        "ChestMNIST",
        "chest X-rays with up to 14 findings",
        "multi-label, binary-class",
        "CC BY 4.0",
        1,
        (
            "atelectasis",
            "cardiomegaly",
            "effusion",
            "infiltration",
            "mass",
            "nodule",
            "pneumonia",
            "pneumothorax",
            "consolidation",
            "edema",
            "emphysema",
            "fibrosis",
            "pleural",
            "hernia",
        ),
        (78468, 11219, 22433),
        {28: "02c8a6516a18b556561a56cbdd36c4a8", 64: "9de6cd0b934ebb5b7426cfba5efbae16"},
    ),
    KnownSet(
        "dermamnist",
        "DermaMNIST",
        "skin lesions, dermatoscopy",
        "multi-class",
        "CC BY-NC 4.0",
        3,
        (
            "actinic keratoses and intraepithelial carcinoma",
            "basal cell carcinoma",
            "benign keratosis-like lesions",
            "dermatofibroma",
            "melanoma",
            "melanocytic nevi",
            "vascular lesions",
        ),
        (7007, 1003, 2005),
        {28: "0744692d530f8e62ec473284d019b0c7", 64: "b70a2f5635c6199aeaa28c31d7202e1f"},
    ),
    KnownSet(
        "octmnist",
        "OCTMNIST",
        "retina, optical coherence tomography",
        "multi-class",
        "CC BY 4.0",
        1,
        ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
        (97477, 10832, 1000),
        {28: "c68d92d5b585d8d81f7112f81e2d0842", 64: "e229e9440236b774d9f0dfef9d07bdaf"},
    ),
    KnownSet(
        "pneumoniamnist",
        "PneumoniaMNIST",
        "chest X-rays of children",
        "binary-class",
        "CC BY 4.0",
        1,
        ("normal", "pneumonia"),
        (4708, 524, 624),
        {28: "28209eda62fecd6e6a2d98b1501bb15f", 64: "8f4eceb4ccffa70c672198ea285246c6"},
    ),
    KnownSet(
        "retinamnist",
        "RetinaMNIST",
        "fundus photographs, grade of diabetic retinopathy",
        "ordinal-regression",
        "CC BY 4.0",
        3,
        ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4"),
        (1080, 120, 400),
        {28: "bd4c0672f1bba3e3a89f0e4e876791e4", 64: "afda852cc34dcda56f86ad2b2457dbcc"},
    ),
    KnownSet(
        "breastmnist",
        "BreastMNIST",
        "breast ultrasound",
        "binary-class",
        "CC BY 4.0",
        1,
        ("malignant", "normal or benign"),
        (546, 78, 156),
        {28: "750601b1f35ba3300ea97c75c52ff8f6", 64: "742edef2a1fd1524b2efff4bd7ba9364"},
    ),
    KnownSet(
        "bloodmnist",
        "BloodMNIST",
        "blood cells under the microscope",
        "multi-class",
        "CC BY 4.0",
        3,
        (
            "basophil",
            "eosinophil",
            "erythroblast",
            "immature granulocyte",
            "lymphocyte",
            "monocyte",
            "neutrophil",
            "platelet",
        ),
        (11959, 1712, 3421),
        {28: "7053d0359d879ad8a5505303e11de1dc", 64: "2b94928a2ae4916078ca51e05b6b800b"},
    ),
    KnownSet(
        "tissuemnist",
        "TissueMNIST",
        "kidney cells under the microscope",
        "multi-class",
        "CC BY 4.0",
        1,
        (
            "collecting duct, connecting tubule",
            "distal convoluted tubule",
            "glomerular endothelial cells",
            "interstitial endothelial cells",
            "leukocytes",
            "podocytes",
            "proximal tubule segments",
            "thick ascending limb",
        ),
        (165466, 23640, 47280),
        {28: "ebe78ee8b05294063de985d821c1c34b", 64: "123ece2eba09d0aa5d698fda57103344"},
    ),
    KnownSet(
        "organamnist",
        "OrganAMNIST",
        "abdominal CT, axial, by organ",
        "multi-class",
        "CC BY 4.0",
        1,
        _ORGANS,
        (34561, 6491, 17778),
        {28: "68e3f8846a6bd62f0c9bf841c0d9eacc", 64: "2dcccc29b88e6da5a01161ef20cda288"},
    ),
    KnownSet(
        "organcmnist",
        "OrganCMNIST",
        "abdominal CT, coronal, by organ",
        "multi-class",
        "CC BY 4.0",
        1,
        _ORGANS,
        (12975, 2392, 8216),
        {28: "b9ceb9546e10131b32923c5bbeaea2b1", 64: "3ce34a8724ea6f548e6db4744d03b6a9"},
    ),
    KnownSet(
        "organsmnist",
        "OrganSMNIST",
        "abdominal CT, sagittal, by organ",
        "multi-class",
        "CC BY 4.0",
        1,
        _ORGANS,
        (13932, 2452, 8827),
        {28: "9ab87b696fb54e2a387ebe992d6ed5f1", 64: "53a6d115339d874c25e309a994ff46d3"},
    ),
)


def known_stem(file_name: str) -> KnownSet | None:
    """Return the known data set that a file is named after (``pneumoniamnist_64.npz``), or None."""
    found = re.fullmatch(r"([a-z]+)(_\d+)?\.npz", PurePosixPath(file_name).name.casefold())
    return None if found is None else next((known for known in KNOWN if known.name == found[1]), None)


def medmnist_sets() -> tuple[KnownData, ...]:
    """Return the twelve two-dimensional MedMNIST data sets, at 28 and at 64 pixels; sizes are those of the images."""
    return tuple(
        KnownData(
            name=known.file(size).removesuffix(".npz"),
            title=f"{known.title}, {size} px",
            task=f"{known.about}; {len(known.classes)} classes, {sum(known.counts):,} images ({known.task})",
            licence=known.licence,
            url=f"{PAGE}/files/{known.file(size)}",
            file=known.file(size),
            size_bytes=sum(known.counts) * size * size * known.channels,
            md5=known.md5[size],
        )
        for known in KNOWN
        for size in SIZES
    )
