"""From what the user gave (files, folders, archives) to images, tables and masks, with what their paths say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from filecmp import cmp
from os.path import commonprefix
from pathlib import Path, PurePosixPath

from dl_core.data.dataset import Finding
from dl_core.data.findings import few
from dl_core.errors import ArchiveError, DaylightError, FileError
from dl_core.reading.images.file_types import kind_of
from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile, is_source, list_files, suffix_of
from dl_core.reading.tables.packed import opened

_LISTS = (".txt", ".lst", ".json", "")  # read-me files, or lists of images
_QUIET = (".txt", ".md", ".html", ".htm", ".json", ".xml", ".yml", ".yaml", ".py", ".rst", ".log", ".db", ".lst", "")


@dataclass(frozen=True)
class Item:
    """One file: where it lies, its name to show, and its kind."""

    path: Path
    name: str  # relative to what was uploaded, forward slashes
    kind: str


@dataclass(frozen=True)
class Collected:
    """All files of one side (``--data`` or ``--test``), sorted out."""

    images: tuple[Item, ...] = ()
    arrays: tuple[Item, ...] = ()  # npz files
    tables: tuple[Item, ...] = ()
    texts: tuple[Item, ...] = ()  # read-me files, or lists of images
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
    texts: list[Item] = []
    other: list[str] = []
    source = None
    listed, errors = _opened(_listed(paths, workspace, limits), workspace, limits)
    beside = {PurePosixPath(name).stem for _, name in listed if suffix_of(name) not in _QUIET}
    for path, name in listed:
        if is_source(name):
            source = path
            continue
        if suffix_of(name) in _QUIET and not _is_bare_image(path, name):
            listing = suffix_of(name) in _LISTS and PurePosixPath(name).stem not in beside  # else of one image
            texts += [Item(path, name, "text")] if listing else []
            other += [] if listing else [name]
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
        elif item.kind == "zip":
            errors.append(FileError("the archive within cannot be unpacked", where=name, todo="unpack it yourself"))
        else:
            images.append(item)
    images, copies = _without_copies(images)
    notes = [_other_note(other)] if other else []
    if copies:
        text = f"{len(copies)} images lie in it twice, in a copy of a folder, and were taken once: {few(copies)}."
        notes.append(Finding("info", "copies", text, tuple(copies)))
    return Collected(tuple(images), tuple(arrays), tuple(tables), tuple(texts), source, tuple(notes), tuple(errors))


def _opened(
    listed: Sequence[tuple[Path, str]], workspace: Path, limits: Limits
) -> tuple[list[tuple[Path, str]], list[DaylightError]]:
    """Return files with those in their place that are packed in them by gzip, bzip2, xz or tar; and what is damaged."""
    found: list[tuple[Path, str]] = []
    errors: list[DaylightError] = []
    for path, name in listed:
        if suffix_of(name) == ".nii.gz":
            found.append((path, name))
            continue
        try:
            found += [(one.path, one.name) for one in opened(GivenFile(path, name, name), workspace, limits)]
        except ArchiveError as error:
            errors.append(error)
    return found, errors


def _without_copies(images: list[Item]) -> tuple[list[Item], list[str]]:
    """Return images without those that lie, byte for byte, under the same path within another folder."""
    paths = {item.name: _collapsed(PurePosixPath(item.name).parts) for item in images}
    shared = len(commonprefix([path[:-1] for path in paths.values()]))
    tails: dict[tuple[str, ...], list[Item]] = {}
    for item in images:
        tails.setdefault(paths[item.name][shared:], []).append(item)
    kept: list[Item] = []
    gone: list[Item] = []
    for item in images:
        path = paths[item.name][shared:]
        same = [one for at in range(1, len(path) - 1) for one in tails.get(path[at:], ())]
        same += [one for one in tails[path] if len(one.name) < len(item.name)]
        copied = any(one is not item and cmp(one.path, item.path, shallow=False) for one in same)
        (gone if copied else kept).append(item)
    return kept, [item.name for item in gone]


def _collapsed(parts: Sequence[str]) -> tuple[str, ...]:
    """Return a path without folders that repeat the one above."""
    return tuple(one for at, one in enumerate(parts) if at == 0 or one.casefold() != parts[at - 1].casefold())


def _listed(paths: Sequence[Path], workspace: Path, limits: Limits) -> list[tuple[Path, str]]:
    """Return (path, name) of every file; what came in several archives or folders stays apart under their names."""
    groups = list_files(paths, workspace, limits, _check_zip)
    names = [file.name for found in groups for file in found]
    packed = [len(found) != 1 or found[0].path != path for path, found in zip(paths, groups, strict=True)]
    if sum(packed) < 2 and len(set(names)) == len(names):
        return [(file.path, file.name) for found in groups for file in found]
    stems = [path.stem if path.is_file() else path.name for path in paths]
    heads = [stem if stems.count(stem) == 1 else f"{stem} {at}" for at, stem in enumerate(stems, start=1)]
    return [
        (file.path, f"{head}/{file.name}" if apart or len(set(names)) < len(names) else file.name)
        for head, apart, found in zip(heads, packed, groups, strict=True)
        for file in found
    ]


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
