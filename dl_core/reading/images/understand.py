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
from dl_core.reading.images.folders import Folders, Level, look_at
from dl_core.reading.images.tables import Joined, Table, join, read_all
from dl_core.reading.images.target import Target, choose_target
from dl_core.reading.images.units import STEM, TAGS, Unit, choose_unit
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.find import secret_of
from dl_core.reading.tables.names import guess_by_name, plain_name
from dl_core.schema import Role, Schema

Roles = dict[Role, tuple[str, ...]]
FOLDER_LABEL = "label"  # the column of classes that folders tell, where nothing else is called so
_MOST_FOLDS = 20


@dataclass(frozen=True)
class Entry:
    """One file, or one image of an array: what is known of it before its table.

    ``about`` is what its header says; ``columns`` what arrays beside it say.
    """

    file: str
    side: str  # "data" or "test"
    about: Mapping[str, Any] = field(default_factory=dict)
    part: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    array: bool = False
    times: int = 1


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
    tags = _tags(entries)
    known = {**{level.name: level.values for level in folders.levels}, **{TAGS[name]: tags[name] for name in tags}}
    keys = pd.DataFrame(known, index=range(len(entries)))
    joined = _joined(entries, sides, request, keys, limits)
    wished = request.wished
    if options.get("label"):
        wished.setdefault(Role.LABEL, (str(options["label"]),))
    wished = _with_levels(wished, folders, joined)
    _check_wished(wished, joined, folders, tags)
    split = _split_column(joined)
    parts = _parts(entries, folders, joined, split)
    found = Understanding(entries, folders, joined, Target(), Unit(), parts, (), split)
    unit = wished.get(Role.UNIT, ())
    found.locked = frozenset(
        name for name in joined.frame if name not in unit and (is_personal(name) or secret_of(joined.frame[name]))
    )
    found.groups = _groups(joined, schema, wished, found.locked)
    trained = _trained(request)
    never = [*found.locked, *_never(joined, schema, found.groups, split)]
    table = joined.frame.assign(**{level.name: level.values for level in folders.levels})
    if folders.lone and not folders.levels and not joined.files and not joined.keys:
        table[FOLDER_LABEL] = folders.lone
    lettered = [level.name for level in folders.classes if level.score == 0]
    classes = [level.name for level in folders.classes if level.score > 0]
    wish = wished.get(Role.LABEL)
    found.target = choose_target(
        table,
        classes or ([FOLDER_LABEL] if FOLDER_LABEL in table and FOLDER_LABEL not in joined.frame else []),
        [*never, *(level.name for level in folders.levels if level not in folders.classes)],
        schema,
        options,
        None if wish is None else wish,
        _in_levels(trained.get(Role.LABEL, ()), folders, joined),
        lettered,
    )
    pairs = [name for name in joined.frame if joined.origin[name][0] in joined.pairs and name.startswith("row of ")]
    units = joined.frame.drop(columns=[name for name in found.target.columns if name in joined.frame])
    found.unit = choose_unit(
        units,
        tags,
        folders,
        [entry.file for entry in entries],
        schema,
        wished.get(Role.UNIT),
        trained.get(Role.UNIT, ()),
        found.target.values,
        pairs,
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
    unit = None if said.unit is None else levels[said.unit.name]
    classes = tuple(levels[level.name] for level in said.classes)
    outside = tuple(order[at] for at in said.outside)
    return Folders(tuple(levels.values()), spread(said.parts), classes, unit, said.unit_verdict, said.lone, outside)


def _tags(entries: Sequence[Entry]) -> pd.DataFrame:
    told = {name: [entry.about.get(name) for entry in entries] for name in TAGS}
    return pd.DataFrame(
        {name: pd.Series(v, dtype=object) for name, v in told.items() if any(v)}, index=range(len(entries))
    )


def _joined(
    entries: Sequence[Entry],
    sides: Sequence[tuple[str, Collected]],
    request: ReadRequest,
    keys: pd.DataFrame,
    limits: Limits,
) -> Joined:
    """Return the tables joined to the entries; each side has its own, or those of the other."""
    column = str(request.options.get("file") or next(iter(request.roles.get(Role.IMAGE, ())), ""))
    tables, errors = {}, []
    for side, collected in sides:
        tables[side], wrong = read_all((*collected.tables, *collected.texts), limits)
        errors += wrong
    whole = Joined(pd.DataFrame(index=range(len(entries))), errors=errors)
    _arrays_into(whole, entries)
    for side, _ in sides:
        own = tables[side] or next((found for found in tables.values() if found), [])
        at = [position for position, entry in enumerate(entries) if entry.side == side]
        if not own or not at:
            continue
        if all(entries[position].array for position in at):
            _merge(whole, _by_position(own, len(at)), at)
        else:
            files = [entries[position].file for position in at]
            _merge(whole, join(own, files, keys.loc[at].reset_index(drop=True), column), at)
    every = [table for found in tables.values() for table in found if not table.maybe]
    alone = not len(keys.columns) and not any(entry.columns for entry in entries)
    if request.labelled and alone and not whole.origin and not whole.files and every:
        _raise_unmatched(every, [entry.file for entry in entries], column)
    if request.labelled and not whole.origin and errors and alone:
        raise errors[0]
    return whole


def _arrays_into(whole: Joined, entries: Sequence[Entry]) -> None:
    """Put what arrays say beside the images into the frame."""
    for name in dict.fromkeys(name for entry in entries for name in entry.columns):
        values = [None if (v := entry.columns.get(name)) is None else str(v) for entry in entries]
        whole.frame[name] = pd.Series(values, dtype=object)
        whole.origin[name] = ("arrays", name)


def _merge(whole: Joined, part: Joined, at: Sequence[int]) -> None:
    """Add one side's joined tables to those of all entries."""
    for name in part.frame:
        if name not in whole.frame:
            whole.frame[name] = pd.Series([None] * len(whole.frame), dtype=object)
        whole.frame.loc[list(at), name] = part.frame[name].to_numpy(dtype=object)
        whole.origin.setdefault(name, part.origin[name])
        whole.sources.setdefault(name, part.sources.get(name, (part.origin[name][1],)))
    for name, told in part.several.items():
        moved = [tuple(at[image] for image in images) for images in (told.images, told.ties)]
        whole.several.setdefault(name, type(told)(moved[0], moved[1], told.rows, told.readers))
    whole.files |= part.files
    whole.keys |= part.keys
    whole.pairs |= part.pairs
    whole.parts |= {at[image]: part_ for image, part_ in part.parts.items()}
    whole.abouts += [about for about in part.abouts if about.name not in {one.name for one in whole.abouts}]
    whole.notes += part.notes


def _by_position(tables: Sequence[Table], count: int) -> Joined:
    """Return the table whose rows go with an npz's images in order."""
    for table in tables:
        if len(table.frame) == count:
            origin = {str(name): (table.name, str(name)) for name in table.frame}
            about = table.about.as_part("table", "one row an image, in the order of the arrays")
            return Joined(table.frame.reset_index(drop=True), origin, abouts=[about])
    table = tables[0]
    raise SchemaError(
        f"the table has {len(table.frame)} rows for {count} images",
        where=table.name,
        expected="one row an image, in the order of the npz",
        todo="leave the table out or complete it",
    )


def _raise_unmatched(tables: Sequence[Table], files: Sequence[str], column: str) -> None:
    names = [str(name) for table in tables for name in table.frame.columns]
    shown = ", ".join(repr(shorten(file.rsplit("/", 1)[-1], 40)) for file in files[:2])
    found = f"no match in {shorten(column, 40)!r}" if column else f"the columns {', '.join(map(repr, names[:6]))}"
    raise SchemaError(
        f"no column names any of the {len(files)} files",
        where=", ".join(table.name for table in tables),
        expected=f"names such as {shown}; found {found}",
        todo="add a column with the file names, with or without extension",
    )


def _in_levels(names: Sequence[str], folders: Folders, joined: Joined) -> tuple[str, ...]:
    """Return columns with the one level of classes where ``label`` is said and no column is called so."""
    if tuple(names) == (FOLDER_LABEL,) and FOLDER_LABEL not in joined.frame and len(folders.classes) == 1:
        return (folders.classes[0].name,)
    return tuple(names)


def _with_levels(wished: dict[Role, tuple[str, ...]], folders: Folders, joined: Joined) -> dict[Role, tuple[str, ...]]:
    label = wished.get(Role.LABEL)
    return wished if label is None else {**wished, Role.LABEL: _in_levels(label, folders, joined)}


def _check_wished(wished: Mapping[Role, tuple[str, ...]], joined: Joined, folders: Folders, tags: pd.DataFrame) -> None:
    known = [*joined.frame.columns, *(level.name for level in folders.levels)]
    derived = (*HEADER_FIELDS, *TAGS.values(), STEM, "source_file", "file", *(name for name in known))
    lone = (FOLDER_LABEL,) if folders.lone and not folders.levels else ()
    for role, columns in wished.items():
        for column in columns:
            if role != Role.IMAGE and column not in (*derived, *lone):
                raise SchemaError(
                    f"there is no column {shorten(column)!r}",
                    where=f"role {role}",
                    expected=", ".join(map(str, known[:12])) if known else "a table beside the images",
                    todo="choose one of these",
                )


HEADER_FIELDS = ("patient", "sex", "age", "site", "scanner", "modality", "body_part", "view")


def _trained(request: ReadRequest) -> dict[Role, tuple[str, ...]]:
    like: Mapping[str, Any] = request.options.get("like") or {}
    return {Role(role): tuple(names) for role, names in (like.get("roles") or {}).items()}


def _split_column(joined: Joined) -> str:
    """Return the column whose words are parts of a split, or whose numbers are folds and whose name says so."""
    for name in joined.frame:
        told = joined.frame[name].dropna().map(lambda value: part_in(value)[0])
        if len(told) and told.notna().all() and told.nunique() > 1 and "train" in set(told):
            return str(name)
    for name in joined.frame:
        words = set(plain_name(name).split("_"))
        filled = joined.frame[name].dropna().astype(str)
        numbers = pd.to_numeric(filled, errors="coerce")
        fold = bool(words & {"fold", "folds", "kfold", "cv"}) or any(word.endswith("fold") for word in words)
        if fold and len(numbers) and numbers.notna().all() and 2 <= numbers.nunique() <= _MOST_FOLDS:
            return str(name)
        flags = set(filled.str.casefold())
        if (
            part_in(name)[0]
            and len(words) <= 3
            and flags <= {"0", "1", "true", "false", "yes", "no", "0.0", "1.0"}
            and len(flags) == 2
        ):
            return str(name)
    return ""


def _parts(entries: Sequence[Entry], folders: Folders, joined: Joined, split: str) -> pd.Series:
    """Return the given part of each entry: by side, by array, by folder, by table, by column; None where none is."""
    parts = pd.Series([entry.part for entry in entries], dtype=object)
    if parts.isna().all():
        parts = folders.parts.copy()
    if parts.isna().all() and joined.parts:
        parts = pd.Series([joined.parts.get(at) for at in range(len(entries))], dtype=object)
    if parts.isna().all() and split:
        parts = _told_parts(joined.frame[split], split)
    test = pd.Series([entry.side == "test" for entry in entries])
    return parts.astype(object).where(~test, "test")


def _told_parts(values: pd.Series, name: str) -> pd.Series:
    """Return parts from words, from yes and no under the name of a part, or from the numbers of folds."""
    told = values.map(lambda value: None if value is None else part_in(value)[0])
    if told.notna().any():
        return told
    part = part_in(name)[0]
    if part:
        other = "test" if part == "train" else "train"
        yes = values.map(lambda v: None if v is None else str(v).casefold() in ("1", "1.0", "true", "yes"))
        return yes.map({True: part, False: other}).astype(object).where(yes.notna(), None)
    numbers = pd.to_numeric(values, errors="coerce")
    folds = sorted(numbers.dropna().unique())
    named = {folds[-1]: "test"} | ({folds[-2]: "validation"} if len(folds) > 2 else {})
    return numbers.map(lambda fold: None if fold != fold else named.get(fold, "train")).astype(object)


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
