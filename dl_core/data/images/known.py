"""Facts about the twelve two-dimensional MedMNIST data sets (version 2, Zenodo record 10519652)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from dl_core.data.catalogue import KnownData, known_facts

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
    md5 : mapping of str to str
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
    md5: dict[str, str]
    page: str = PAGE

    def file(self, size: int) -> str:
        """Return the file's name for a size in pixels."""
        return f"{self.name}.npz" if size == 28 else f"{self.name}_{size}.npz"


KNOWN = tuple(
    KnownSet(**{**facts, **{key: tuple(facts[key]) for key in ("classes", "counts")}})
    for facts in known_facts(__file__)
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
            md5=known.md5[str(size)],
        )
        for known in KNOWN
        for size in SIZES
    )
