"""From what the user gave (files, folders, archives) to images, tables and masks, with what their paths say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from dl_core.data.dataset import Finding
from dl_core.data.findings import few
from dl_core.errors import DaylightError, FileError
from dl_core.reading.given_split import PART_WORDS, part_of
from dl_core.reading.images.file_types import kind_of
from dl_core.reading.limits import Limits
from dl_core.reading.listing import is_source, list_files, suffix_of

_MASK_FOLDER = re.compile(r"^(masks?|segmentations?|segs?|ground_?truths?|gt|annotations?)$", re.IGNORECASE)
_MASK_STEM = re.compile(r"[_\-. ](masks?|segmentation|seg|groundtruth|gt)([_\-]?\d+)?$", re.IGNORECASE)
_QUIET = (".txt", ".md", ".html", ".htm", ".json", ".xml", ".yml", ".yaml", ".py", ".rst", ".log", ".db", "")


@dataclass(frozen=True)
class Item:
    """One image file: where it lies, its name to show, and what its folders say."""

    path: Path
    name: str  # relative to what was uploaded, forward slashes
    kind: str
    label: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Collected:
    """All files of one side (``--data`` or ``--test``), sorted out."""

    images: tuple[Item, ...] = ()
    arrays: tuple[Item, ...] = ()  # npz files
    tables: tuple[Item, ...] = ()
    masks: tuple[Item, ...] = ()
    source: Path | None = None  # source.json
    notes: tuple[Finding, ...] = ()
    errors: tuple[DaylightError, ...] = field(default=())  # one for each file left out as unreadable


def collect(paths: Sequence[Path], workspace: Path, limits: Limits) -> Collected:
    """Gather the files of paths, unpacking archives below ``workspace``.

    Raises
    ------
    FileError
        If a path does not exist.
    ArchiveError, LimitError
        If an archive is unsafe or something is too large.
    """
    images: list[Item] = []
    arrays: list[Item] = []
    tables: list[Item] = []
    masks: list[Item] = []
    errors: list[DaylightError] = []
    other: list[str] = []
    source = None
    for path, name in _listed(paths, workspace, limits):
        if is_source(name):
            source = path
            continue
        if suffix_of(name) in _QUIET and not _is_bare_image(path, name):
            other.append(name)
            continue
        try:
            item = Item(path, name, kind_of(path, name))
        except DaylightError as error:
            errors.append(error)
            continue
        if item.kind == "table":
            tables.append(item)
        elif item.kind == "npz":
            arrays.append(item)
        elif item.kind != "zip":
            (masks if is_companion(name) else images).append(item)
    if not images and masks:  # a data set of nothing but "masks" is one of images
        images, masks = masks, []
    notes = [_other_note(other)] if other else []
    return Collected(
        tuple(_with_folders(images)), tuple(arrays), tuple(tables), tuple(masks), source, tuple(notes), tuple(errors)
    )


def is_companion(name: str) -> bool:
    """Return whether a file is a mask or segmentation that belongs to another image."""
    path = PurePosixPath(name)
    stem = path.name[: -len(suffix_of(name))] if suffix_of(name) else path.name
    return bool(_MASK_STEM.search(stem)) or any(_MASK_FOLDER.match(part) for part in path.parts[:-1])


def _listed(paths: Sequence[Path], workspace: Path, limits: Limits) -> list[tuple[Path, str]]:
    """Return (path, name) of every file; the names of several inputs stay apart where they would collide."""
    groups = list_files(paths, workspace, limits, _check_zip)
    names = [file.name for found in groups for file in found]
    if len(set(names)) == len(names):
        return [(file.path, file.name) for found in groups for file in found]
    heads = [f"{path.stem if path.is_file() else path.name} {at}" for at, path in enumerate(paths, start=1)]
    return [(file.path, f"{head}/{file.name}") for head, found in zip(heads, groups, strict=True) for file in found]


def _check_zip(path: Path, name: str) -> None:
    if kind_of(path, name) != "zip":
        raise FileError("this is not a zip archive", where=name, todo="pack it again as zip")


def _is_bare_image(path: Path, name: str) -> bool:
    """Return whether a file without a suffix is an image all the same, as DICOM files often are."""
    if suffix_of(name):
        return False
    try:
        return kind_of(path, name) in ("dicom", "raster", "nifti")
    except FileError:
        return False


def _other_note(names: list[str]) -> Finding:
    shown = few([PurePosixPath(name).name for name in names], 3, 40)
    return Finding("info", "other-files", f"Files that are no images were left out: {shown}.", tuple(names))


def _with_folders(images: list[Item]) -> list[Item]:
    """Return the items with class and part as their folders tell; folders that all share say nothing."""
    paths = {item.name: PurePosixPath(item.name).parts for item in images}
    shared = 0
    while paths and all(len(parts) > shared + 1 for parts in paths.values()):
        if len({parts[shared] for parts in paths.values()}) > 1:
            break
        shared += 1
    heads = {parts[shared].casefold() for parts in paths.values() if len(parts) > shared + 1}
    official = bool(heads) and heads <= set(PART_WORDS) and all(len(p) > shared + 1 for p in paths.values())
    if not official:
        return [replace(item, label=_label(paths[item.name], shared)) for item in images]
    return [
        replace(
            item,
            part=part_of(paths[item.name][shared]),
            label=_label(paths[item.name], shared + 1),
        )
        for item in images
    ]


def _label(parts: tuple[str, ...], skip: int) -> str | None:
    """Return the first folder after ``skip``; where all lie in one folder, that one is the only class there is."""
    folders = parts[skip:-1]
    return folders[0] if folders else None
