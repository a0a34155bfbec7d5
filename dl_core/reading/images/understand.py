"""From files, folders, headers and tables to what each image is: class, patient, part, metadata; before any pixel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import few
from dl_core.data.labels import says_unlabelled
from dl_core.data.privacy import is_personal
from dl_core.data.reading import Choice, Question
from dl_core.errors import DaylightError, SchemaError, shorten
from dl_core.reading.given_split import part_in
from dl_core.reading.images.collect import Collected
from dl_core.reading.images.entries import HEADER_FIELDS, Entry, tags_of
from dl_core.reading.images.file_names import folder_parts, name_parts
from dl_core.reading.images.folders import Folders, Level, look_at
from dl_core.reading.images.joined import Joined
from dl_core.reading.images.sides import join_sides
from dl_core.reading.images.splits import parts_of, split_column
from dl_core.reading.images.target import Target, choose_target
from dl_core.reading.images.units import PATH, STEM, TAGS, Unit, choose_unit, folder_paths
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.find import secret_of
from dl_core.reading.tables.names import guess_by_name, plain_name
from dl_core.schema import Role, Schema

Roles = dict[Role, tuple[str, ...]]
FOLDER_LABEL = "label"  # the column of classes that folders tell, where nothing else is called so


@dataclass
class Understanding:
    """All that was understood, a line an entry."""

    entries: Sequence[Entry]
    folders: Folders
    joined: Joined
    target: Target
    unit: Unit
    parts: pd.Series
    groups: tuple[str, ...]
    split_column: str = ""
    name_parts: Mapping[str, pd.Series] = field(default_factory=dict)  # what may be a class in file names
    locked: frozenset[str] = frozenset()  # columns of the tables that identify persons, by name or content
    questions: list[Question] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    errors: list[DaylightError] = field(default_factory=list)

    @property
    def label_name(self) -> str:
        """The column of the label in the data set."""
        name = self.target.name
        level = any(name == one.name for one in self.folders.levels)
        return (
            FOLDER_LABEL if level and len(self.folders.classes) == 1 and FOLDER_LABEL not in self.joined.frame else name
        )


def understand(
    entries: Sequence[Entry],
    sides: Sequence[tuple[str, Collected]],
    request: ReadRequest,
    options: Mapping[str, Any],
    schema: Schema,
    limits: Limits,
) -> Understanding:
    """Return what is known of the entries; nothing of what is asked is decided.

    Raises
    ------
    SchemaError
        If tables are given, none of them names a file and nothing else tells a class, or a named column is not there.
    """
    folders = _folders(entries)
    tags = tags_of(entries)
    known = {**{level.name: level.values for level in folders.levels}, **{TAGS[name]: tags[name] for name in tags}}
    names = [entry.file for entry in entries]
    keys = pd.DataFrame({**known, PATH: folder_paths(names)}, index=range(len(entries)))
    joined = join_sides(entries, sides, request, keys, limits)
    wished = request.wished
    if options.get("label"):
        wished.setdefault(Role.LABEL, (str(options["label"]),))
    wished = _with_levels(wished, folders, joined)
    lone = folders.lone if folders.lone in options.get("like_classes", ()) and not folders.levels else ""
    told = {} if any(entry.array for entry in entries) else name_parts(names)
    worded = folder_parts(folders)
    told |= worded
    _check_wished(wished, [*joined.frame, *(level.name for level in folders.levels), *told], lone)
    split = split_column(joined)
    parts = parts_of(entries, folders, joined, split)
    found = Understanding(entries, folders, joined, Target(), Unit(), parts, (), split, name_parts=told)
    unit = wished.get(Role.UNIT, ())
    found.locked = frozenset(
        name for name in joined.frame if name not in unit and (is_personal(name) or secret_of(joined.frame[name]))
    )
    found.groups = _groups(joined, schema, wished, found.locked)
    trained = _trained(request)
    table = joined.frame.assign(**{level.name: level.values for level in folders.levels})
    classes = [level.name for level in folders.classes if level.score > 0]
    if lone and FOLDER_LABEL not in table:
        table[FOLDER_LABEL], classes = lone, [FOLDER_LABEL]
    never = [*found.locked, *_never(joined, schema, found.groups, split)]
    found.target = choose_target(
        table,
        classes,
        [*never, *(level.name for level in folders.levels if level not in folders.classes)],
        schema,
        options,
        wished.get(Role.LABEL),
        _in_levels(trained.get(Role.LABEL, ()), folders, joined),
        worded,
        {**{level.name: level.values for level in folders.classes if level.score == 0}, **told},
        {name: own for name, (_, own) in joined.origin.items()},
    )
    found.unit = choose_unit(
        joined,
        tags,
        folders,
        names,
        schema,
        wished.get(Role.UNIT),
        trained.get(Role.UNIT, ()),
        found.target,
        told,
        {*found.groups, *found.locked, split},
    )
    found.notes += [note for note in joined.notes if request.labelled or note.kind != "file-without-row"]
    found.errors += joined.errors
    found.questions += [
        one for one in (found.target.question, found.unit.question, _time_question(entries, options)) if one
    ]
    _say_contradictions(found)
    _leave_unlabelled(found)
    _say_assumed(found, request)
    return found


def _folders(entries: Sequence[Entry]) -> Folders:
    """Return what the folders of files say; images of arrays have none."""
    sides = [[entry.file for entry in entries if entry.side == side and not entry.array] for side in ("data", "test")]
    order = [at for side in ("data", "test") for at, e in enumerate(entries) if e.side == side and not e.array]
    said = look_at(sides)

    def spread(values: pd.Series) -> pd.Series:
        return values.set_axis(order).reindex(range(len(entries))).astype(object).where(lambda v: v.notna(), None)

    def moved(level: Level) -> Level:
        return Level(level.name, spread(level.values), level.score, level.unit_word)

    levels = {level.name: moved(level) for level in said.levels}
    classes = tuple(levels[level.name] for level in said.classes)
    outside = tuple(order[at] for at in said.outside)
    return Folders(tuple(levels.values()), spread(said.parts), classes, said.lone, outside)


def _in_levels(names: Sequence[str], folders: Folders, joined: Joined) -> tuple[str, ...]:
    """Return columns with the one level of classes where ``label`` is said and no column is called so."""
    if tuple(names) == (FOLDER_LABEL,) and FOLDER_LABEL not in joined.frame and len(folders.classes) == 1:
        return (folders.classes[0].name,)
    return tuple(names)


def _with_levels(wished: dict[Role, tuple[str, ...]], folders: Folders, joined: Joined) -> dict[Role, tuple[str, ...]]:
    label = wished.get(Role.LABEL)
    return wished if label is None else {**wished, Role.LABEL: _in_levels(label, folders, joined)}


def _check_wished(wished: Mapping[Role, tuple[str, ...]], known: Sequence[str], lone: str) -> None:
    derived = {*known, *HEADER_FIELDS, *TAGS.values(), STEM, PATH, "source_file", "file"}
    derived |= {FOLDER_LABEL} if lone else set()
    for column in (name for role, names in wished.items() if role != Role.IMAGE for name in names):
        if column not in derived:
            raise SchemaError(
                f"there is no column {shorten(column)!r}",
                where=f"role {next(role for role, names in wished.items() if column in names)}",
                expected=", ".join(map(str, known[:12])) if known else "a table beside the images",
                todo="choose one of these",
            )


def _trained(request: ReadRequest) -> dict[Role, tuple[str, ...]]:
    like: Mapping[str, Any] = request.options.get("like") or {}
    return {Role(role): tuple(names) for role, names in (like.get("roles") or {}).items()}


def _groups(
    joined: Joined, schema: Schema, wished: Mapping[Role, tuple[str, ...]], locked: Collection[str]
) -> tuple[str, ...]:
    """Return the columns of tables that are groups by their names."""
    if Role.GROUP in wished:
        return wished[Role.GROUP]
    taken = {name for names in wished.values() for name in names}
    guessed = guess_by_name(schema, [name for name in joined.frame if name not in taken])
    return tuple(name for name in guessed.get(Role.GROUP, ()) if name not in locked)


def _never(joined: Joined, schema: Schema, groups: Sequence[str], split: str) -> list[str]:
    """Return the columns that are no label, whatever they hold."""
    unit = schema.field(Role.UNIT)
    units = unit.names if unit else ()
    readers = {told.readers for told in joined.several.values()}
    never = [*groups, split, *readers, *joined.keys.values()]
    never += [name for name in joined.frame if plain_name(name) in units]
    never += [name for name in joined.frame if name.startswith("row of ") or plain_name(name).startswith("unnamed")]
    return never


def _time_question(entries: Sequence[Entry], options: Mapping[str, Any]) -> Question | None:
    """Return the question which time point of volumes with several is meant."""
    several = [entry for entry in entries if entry.times > 1]
    if not several or options.get("frame_time"):
        return None
    most = max(entry.times for entry in several)
    text = f"{len(several)} volumes hold several points in time, up to {most}. Which should be read?"
    words = {"mean": "their mean", "first": "the first", "middle": "the middle one", "last": "the last"}
    choices = tuple(Choice(said, options={"frame_time": name}) for name, said in words.items())
    return Question("time", text, choices)


def _say_contradictions(found: Understanding) -> None:
    """Note where several rows of an image do not agree on its label."""
    told = next((found.joined.several[name] for name in found.target.columns if name in found.joined.several), None)
    if told is None or not told.readers or found.target.values is None:
        return
    names = [found.entries[at].file for at in told.ties]
    text = (
        f"{told.rows} rows name {found.target.values.notna().sum() + len(names)} images, read by several in "
        f"{shorten(told.readers, 40)!r}; {len(told.images)} of these are contradictory, and what most say was taken."
    )
    if names:
        text += f" Without a majority, and left out: {few(names)}."
    found.notes.append(
        Finding("warning", "contradicting-rows", text, tuple(found.entries[at].file for at in told.images))
    )
    found.assumed.append(text)


def _leave_unlabelled(found: Understanding) -> None:
    """Take away labels that say that there is none yet."""
    values = found.target.values
    if values is None:
        return
    none = values.map(lambda value: value is not None and value == value and says_unlabelled(value))
    if none.any() and values[~none].nunique() > 1:
        words = ", ".join(sorted({repr(shorten(value, 20)) for value in values[none]}))
        found.assumed.append(f"{int(none.sum())} images labelled {words} count as not labelled yet.")
        found.target = Target(**{**vars(found.target), "values": values.where(~none, None)})


def _say_assumed(found: Understanding, request: ReadRequest) -> None:
    """Say what was assumed of the split."""
    split, column = found.split_column, found.joined.frame.get(found.split_column)
    if column is not None and pd.to_numeric(column, errors="coerce").notna().any() and part_in(split)[0] is None:
        folds = sorted(pd.to_numeric(column, errors="coerce").dropna().unique())
        told = f", fold {folds[-2]:g} is the validation set" if len(folds) > 2 else ""
        found.assumed.append(f"The folds of {split!r} are a given split: fold {folds[-1]:g} is the test set{told}.")
    if found.folders.outside and request.labelled:
        text = f"{len(found.folders.outside)} images outside the folders of the given split were left out."
        found.assumed.append(text)
