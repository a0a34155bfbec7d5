"""From what the user gave (files, folders, archives) to a flat list of files with what their paths say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from dl_core.data.dataset import Finding
from dl_core.errors import DaylightError, FileError, SchemaError, shorten
from dl_core.reading.archive import is_clutter, unpack
from dl_core.reading.file_types import kind_of, suffix_of
from dl_core.reading.limits import Limits, check_upload

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
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
    for path in paths:
        if not path.exists():
            raise FileError("there is no such file or folder", where=str(path), todo="check the path")
    check_upload(list(paths), limits)
    listed = _listed(paths, workspace, limits)
    images, arrays, tables, masks, errors, other = [], [], [], [], [], []
    source = None
    for path, name in listed:
        if PurePosixPath(name).name == "source.json":
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
    groups: list[tuple[str, list[tuple[Path, str]]]] = []
    for path in paths:
        found: list[tuple[Path, str]] = []
        files = _files_of(path) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            if is_clutter(name) or file.is_symlink():
                continue
            if suffix_of(name) == ".zip" or (suffix_of(name) == "" and _is_zip(file)):
                found += _unpacked(file, name, workspace, limits)
            else:
                found.append((file, name))
        groups.append((path.stem if path.is_file() else path.name, found))
    names = [name for _, found in groups for _, name in found]
    if len(set(names)) == len(names):
        return [entry for _, found in groups for entry in found]
    return [(path, f"{group} {at}/{name}") for at, (group, found) in enumerate(groups, start=1) for path, name in found]


def _files_of(folder: Path) -> list[Path]:
    """Return all files below a folder, or those that its ``source.json`` lists under ``files``."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    stated = folder / "source.json"
    if not stated.is_file():
        return files
    try:
        listed = json.loads(stated.read_text(encoding="utf-8")).get("files")
    except (ValueError, AttributeError, OSError) as error:
        raise SchemaError("it is not a JSON object", where="source.json", todo="correct or remove it") from error
    return files if not listed else [file for file in files if file == stated or file.name in listed]


def _unpacked(file: Path, name: str, workspace: Path, limits: Limits) -> list[tuple[Path, str]]:
    if kind_of(file, name) != "zip":
        raise FileError("this is not a zip archive", where=name, todo="pack it again as zip")
    into = workspace / f"{len(list(workspace.iterdir()))}"
    into.mkdir()
    return [(into / member, member) for member in sorted(unpack(file, into, limits, name))]


def _is_zip(file: Path) -> bool:
    with open(file, "rb") as opened:
        return opened.read(4) == b"PK\x03\x04"


def _is_bare_image(path: Path, name: str) -> bool:
    """Return whether a file without a suffix is an image all the same, as DICOM files often are."""
    if suffix_of(name):
        return False
    try:
        return kind_of(path, name) in ("dicom", "raster", "nifti")
    except FileError:
        return False


def _other_note(names: list[str]) -> Finding:
    shown = ", ".join(shorten(PurePosixPath(name).name, 40) for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return Finding("info", "other-files", f"Files that are no images were left out: {shown}{more}.", tuple(names))


def _with_folders(images: list[Item]) -> list[Item]:
    """Return the items with class and part as their folders tell; folders that all share say nothing."""
    paths = {item.name: PurePosixPath(item.name).parts for item in images}
    shared = 0
    while paths and all(len(parts) > shared + 1 for parts in paths.values()):
        if len({parts[shared] for parts in paths.values()}) > 1:
            break
        shared += 1
    heads = {parts[shared].casefold() for parts in paths.values() if len(parts) > shared + 1}
    official = bool(heads) and heads <= set(SPLIT_FOLDERS) and all(len(p) > shared + 1 for p in paths.values())
    if not official:
        return [replace(item, label=_label(paths[item.name], shared)) for item in images]
    return [
        replace(
            item,
            part=SPLIT_FOLDERS[paths[item.name][shared].casefold()],
            label=_label(paths[item.name], shared + 1),
        )
        for item in images
    ]


def _label(parts: tuple[str, ...], skip: int) -> str | None:
    """Return the first folder after ``skip``; where all lie in one folder, that one is the only class there is."""
    folders = parts[skip:-1]
    return folders[0] if folders else None
