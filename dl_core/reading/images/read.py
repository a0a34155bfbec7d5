"""`read_images`: from whatever the user uploads to a validated data set of images."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.findings import few
from dl_core.data.images.known import known_stem
from dl_core.data.labels import fold_labels
from dl_core.data.reading import QuestionError
from dl_core.errors import DaylightError, FileError, LabelError, OptionError, SchemaError, shorten
from dl_core.reading.images import masks as mask_files
from dl_core.reading.images.arrays import array_entries, array_ids, class_order, wanted_parts
from dl_core.reading.images.collect import Collected, Item, collect
from dl_core.reading.images.entries import Entry
from dl_core.reading.images.formats.npz import ArrayPart, read_npz
from dl_core.reading.images.new_cases import options_like
from dl_core.reading.images.pixels import working_size
from dl_core.reading.images.rows import (
    Progress,
    Readable,
    Rows,
    check_working,
    lay_windows,
    probe_all,
    read_array,
    read_files,
)
from dl_core.reading.images.schema import IMAGE_SCHEMA
from dl_core.reading.images.table import build_table
from dl_core.reading.images.told import tell
from dl_core.reading.images.understand import Understanding, understand
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.sources import UPLOADED, source_of
from dl_core.schema import Role, Schema

Arrays = Sequence[tuple[str, Item, ArrayPart]]
FORM_HELP = "a zip or folder of class folders, images with a table that names them, or an npz with images and labels"


def read_images(
    request: ReadRequest, schema: Schema = IMAGE_SCHEMA, progress: Progress | None = None, limits: Limits | None = None
) -> Dataset:
    """Read images from a zip, folders, loose files with a table, or an npz.

    Parameters
    ----------
    request : ReadRequest
        Options: ``label`` (column), ``file`` (column that names the files), ``finding`` (of several in a cell),
        ``blank`` ("negative" where nothing said is no), ``frame_time`` (of a series of volumes: "mean", "first",
        "middle", "last" or a number), ``window`` ("auto", "full", "CENTRE,WIDTH"), ``frames`` ("all", "first",
        "middle" or a number; several images in one file), ``plane`` ("axial", "coronal", "sagittal"; NIfTI),
        ``size`` (side of the working images in pixels), ``channels`` (1 or 3), ``like`` (description of another data
        set, whose size, channels, classes and columns to take), ``masks`` (keep companion masks as
        ``arrays["mask"]``), ``classes`` (names for the class numbers of an npz).
    schema : Schema
        Column names by which roles are guessed.
    progress : callable, optional
        Called with a share from 0 to 1 and a text.
    limits : Limits, optional
        The environment's by default.

    Returns
    -------
    Dataset
        ``images`` (n, size, size, channels) uint8; row ids are file names (``name#3`` for the third image of a file).

    Raises
    ------
    DaylightError
        A subclass that says what is wrong, if no data set can be made. A file that cannot be read among others is
        left out with a note.
    """
    limits = limits or Limits.from_environment()
    if not request.paths:
        raise SchemaError("no file was given", expected=FORM_HELP)
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        sides = []
        for name, paths in (("data", request.paths), ("test", request.test_paths)):
            workspace = Path(folder) / name
            workspace.mkdir()
            if paths:
                sides.append((name, collect([Path(path) for path in paths], workspace, limits)))
        return _Reading(request, schema, limits, progress).run(sides)


class _Reading:
    """One call of `read_images`: the steps share what was found so far."""

    def __init__(self, request: ReadRequest, schema: Schema, limits: Limits, progress: Progress | None) -> None:
        self.request, self.schema, self.limits, self.progress = request, schema, limits, progress
        self.options = options_like(request.options)
        self.notes: list[Finding] = []
        self.errors: list[DaylightError] = []

    def run(self, sides: Sequence[tuple[str, Collected]]) -> Dataset:
        """Read both sides and return the data set.

        Raises
        ------
        QuestionError
            If something must be asked first; no pixel is decoded then.
        """
        for _, side in sides:
            self.notes += side.notes
            self.errors += side.errors
        arrays = [part for name, side in sides for item in side.arrays for part in self._parts(name, item)]
        readable = [(name, *self._probed(side)) for name, side in sides]
        self._check_left([*arrays, *(source for _, images, _ in readable for source in images)])
        entries = [entry for name, item, part in arrays for entry in array_entries(name, item, part, self.options)]
        entries += [_entry(source, name) for name, images, _ in readable for source in images]
        found = understand(entries, sides, self.request, self.options, self.schema, self.limits)
        self.errors += found.errors
        masks = [mask for _, _, apart in readable for mask in apart]
        if found.questions and self.request.labelled:
            notes = [*self.notes, *found.notes]
            raise QuestionError(tell(found, None, self.request, masks, self.errors, notes), where=self.request.where)
        rows = Rows(self._size(arrays, [source for _, images, _ in readable for source in images]))
        self._read(rows, arrays, readable)
        windows = lay_windows(rows, self.options, (self.request.options.get("like") or {}).get("windows") or {})
        self.errors += rows.errors
        self._check_left(rows.records)
        dataset = self._dataset(rows, found, sides, masks)
        dataset = replace(dataset, windows=windows)
        return replace(dataset, reading=tell(found, dataset, self.request, masks, self.errors))

    def _parts(self, side: str, item: Item) -> list[tuple[str, Item, ArrayPart]]:
        """Return the parts of an npz that are wanted; one that cannot be read among others is left out."""
        try:
            parts = read_npz(item.path, item.name, self.limits)
        except FileError as error:
            self.errors.append(error)
            return []
        kept, notes = wanted_parts(parts, side, item.name, bool(self.request.test_paths))
        self.notes += notes
        return [(side, item, part) for part in kept]

    def _probed(self, side: Collected) -> tuple[list[Readable], list[Readable]]:
        sources, errors = probe_all(side.images, self.options, self.limits)
        self.errors += errors
        sources, masks = mask_files.set_apart(sources, self.limits)
        remarks = sorted({(source.item.name, text) for source in sources for text in source.probe.warnings})
        for text in sorted({text for _, text in remarks}):
            names = tuple(name for name, remark in remarks if remark == text)
            self.notes.append(Finding("warning", "header", f"{few(names)}: {text}.", names))
        return sources, masks

    def _size(self, arrays: Arrays, sources: Sequence[Readable]) -> int:
        longest = [max(s.probe.height, s.probe.width) for s in sources for _ in s.probe.frames]
        for _, _, part in arrays:
            longest += [max(part.images.shape[1:3])] * len(part.images)
        wish = self.options.get("size")
        size = working_size(longest) if wish in (None, "", 0, "auto") else int(wish)
        if not 8 <= size <= 1024:
            raise OptionError(f"{size} is not an image size", where="option size", expected="8 to 1024 pixels")
        check_working(len(longest), size, self.limits)
        return size

    def _read(self, rows: Rows, arrays: Arrays, readable: Sequence[tuple[str, list[Readable], list[Readable]]]) -> None:
        """Decode all images; each record says which entry it is of."""
        entry = 0
        for side, item, part in arrays:
            ids = array_ids(side, part)
            read_array(part.images, rows, item.name, [{"id": one, "side": side} for one in ids])
            for record in rows.records[-len(ids) :]:
                record["entry"], entry = entry, entry + 1
        for side, sources, _ in readable:
            before = len(rows.records)
            read_files(sources, rows, self.options, self.progress)
            for record in rows.records[before:]:
                record["side"], record["entry"] = side, entry + record["entry"]
            entry += len(sources)

    def _check_left(self, anything: Sequence[Any]) -> None:
        """Raise if there is no image left, with the first file's reason."""
        if anything:
            return
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            first = self.errors[0]
            raise type(first)(
                f"none of the {len(self.errors)} files could be read; the first one: {first.problem}",
                where=first.where,
                expected=first.expected,
                todo=first.todo,
            )
        raise SchemaError(
            "there is no image in it", where=few([p.name for p in self.request.paths]), expected=FORM_HELP
        )

    def _dataset(
        self, rows: Rows, found: Understanding, sides: Sequence[tuple[str, Collected]], masks: Sequence[Readable]
    ) -> Dataset:
        self.notes += found.notes
        table, roles = build_table(rows.records, found, self.notes, Role.GROUP in self.request.wished)
        classes: tuple[str, ...] = ()
        at = [record["entry"] for record in rows.records]
        keep = ~np.isin(at, found.folders.outside) if self.request.labelled else np.ones(len(table), dtype=bool)
        label = roles.get(Role.LABEL, ("",))[0]
        if label:
            table[label], classes, notes = fold_labels(table[label])
            self.notes += notes
        if self.request.labelled:
            keep &= self._labelled_rows(table, label, found)
            classes = class_order(
                classes, [item for _, side in sides for item in side.arrays], self.options, set(table.loc[keep, label])
            )
        arrays = {"image": rows.stack(keep, self._channels())}
        if self.options.get("masks"):
            kept = [record for record, good in zip(rows.records, keep, strict=True) if good]
            arrays["mask"] = mask_files.read_masks(kept, masks, rows.size)
        elif masks:
            self.notes.append(mask_files.left_out(masks))
        self.notes += _error_notes(self.errors)
        part = found.parts.iloc[at].set_axis(table.index)[keep]
        roles[Role.IMAGE] = ("image",)
        return Dataset(
            name=self.request.title("images"),
            table=table[keep],
            roles=roles,
            source=_source(sides),
            arrays=arrays,
            classes=tuple(name for name in classes if not label or name in set(table.loc[keep, label])),
            fixed_split=_fixed(part),
            notes=tuple(self.notes),
        )

    def _labelled_rows(self, table: pd.DataFrame, label: str, found: Understanding) -> np.ndarray:
        if not label:
            columns = [*found.joined.frame.columns, *(level.name for level in found.folders.levels)]
            named = f"; the columns are {few(list(map(str, columns)), 8, 30)}" if columns else ""
            more = ", or name one: --role label=COLUMN" if columns else ""
            lone = found.folders.lone if not found.folders.levels else ""
            raise LabelError(
                f"there are no labels{named}" + (f"; all images lie in one folder, {shorten(lone)!r}" if lone else ""),
                where=few([path.name for path in self.request.paths]),
                expected=FORM_HELP,
                todo=f"put the images of each class into a folder of its own, or add a table with a label column{more}",
            )
        keep = table[label].notna().to_numpy()
        missing = tuple(table.index[~keep])
        if not keep.any():
            raise SchemaError("every label is missing", where=f"column {shorten(label)}", todo="fill in the labels")
        if missing:
            text = f"{len(missing)} of {len(table)} images have no label and were left out: {few(missing)}."
            self.notes.append(Finding("warning", "missing-label", text, missing))
        return keep

    def _channels(self) -> int | None:
        wish = self.options.get("channels")
        if wish in (None, "", 0, "auto"):
            return None
        if int(wish) not in (1, 3):
            raise OptionError(f"{wish} channels are not possible", where="option channels", expected="1 or 3")
        return int(wish)


def _entry(source: Readable, side: str) -> Entry:
    return Entry(source.item.name, side, source.probe.about, times=source.probe.times)


def _error_notes(errors: Sequence[DaylightError]) -> list[Finding]:
    if not errors:
        return []
    shown = " ".join(error.line() for error in errors[:3])
    more = f" And {len(errors) - 3} more." if len(errors) > 3 else ""
    text = f"{len(errors)} file{'s' if len(errors) > 1 else ''} could not be read and stayed out. {shown}{more}"
    return [Finding("warning", "unreadable", text, tuple(error.where for error in errors))]


def _fixed(part: pd.Series) -> pd.Series | None:
    """Return the given assignment; rows of no part go to training where only test data were set apart."""
    if part.isna().all() or set(part) == {"train"}:
        return None
    return part.fillna("train")


def _source(sides: Sequence[tuple[str, Collected]]) -> Source:
    """Return title and licence from a ``source.json`` beside the images, or of a known data set."""
    for _, side in sides:
        if side.source is not None:
            return source_of(side.source)
        for item in side.arrays:
            known = known_stem(item.name)
            if known is not None:
                return Source(known.title, known.licence, known.page)
    return UPLOADED
