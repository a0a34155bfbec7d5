"""Which rows are one patient: a column, a header's tag, a folder, the beginning of a file name; certain, or asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from dl_core.data.reading import ASKED, NAMED, TRAINED, Choice, Question, Verdict
from dl_core.reading.images.candidates import part_alike
from dl_core.reading.images.folders import UNIT_WORDS, Folders, unit_level
from dl_core.reading.images.joined import Joined
from dl_core.reading.images.links import PATH
from dl_core.reading.images.target import Target
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role, Schema

OWN_FILE = "source_file"  # files of several images, where nothing else is known
STEM = "file name"  # the beginning of a file's name as a column
_SIDES = re.compile(r"^(.+?)[\W_](l|r|left|right|od|os)$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(.+?)[\W_](?:[a-z]{0,8}[\W_]?)?(\d{1,4})$", re.IGNORECASE)
_KEY_WORDS = frozenset(("id", "ids", "no", "nr", "num", "number", "code", "key", "uid", "index"))
_LEAST_GROUPS = 3
_MANY_GROUPS, _MOST_EACH = 10, 30  # groups, and images of one on average, that may be persons
TAGS = {"patient": "PatientID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"}


@dataclass(frozen=True)
class Unit:
    """What stays together in a split.

    ``name`` is a column of the joined tables, a level of folders, a tag, or `STEM`; ``values`` are by image, None
    where nothing is known.
    """

    name: str = ""
    values: pd.Series | None = None
    why: str = ""
    question: Question | None = None


def choose_unit(
    joined: Joined,
    tags: pd.DataFrame,
    folders: Folders,
    names: Sequence[str],
    schema: Schema,
    wished: tuple[str, ...] | None,
    trained: tuple[str, ...],
    target: Target,
    parts: Mapping[str, pd.Series],
    never: Collection[str] = (),
) -> Unit:
    """Choose what stays together: as asked, by a column's name, by header, by folder, by file name.

    Parameters
    ----------
    joined : Joined
        The tables.
    tags : pandas.DataFrame
        (images, …) ``patient``, ``study``, ``series`` of headers, None where there is none.
    folders : Folders
    names : sequence of str
        Files.
    schema : Schema
    wished, trained : tuple of str
        The user's columns (None: no wish; empty: none), and those of the data a model learned from.
    target : Target
        The label as it was chosen.
    parts : mapping of str to pandas.Series
        Parts of file names, which are a unit only as asked.
    never : collection of str
        Columns of the tables that are no unit.
    """
    frame = joined.frame.drop(columns=[name for name in target.columns if name in joined.frame])
    stems = stem_groups(names, target.values)
    every: dict[str, pd.Series] = {
        **parts,
        PATH: folder_paths(names),
        **{TAGS[name]: tags[name] for name in tags},
        **{level.name: level.values for level in folders.levels},
        **({STEM: stems[0]} if stems is not None else {}),
        **{name: frame[name] for name in frame},
    }
    every.setdefault("patient", every.get("PatientID", pd.Series([None] * len(names), dtype=object)))
    if wished is not None and wished != (OWN_FILE,):
        return Unit(wished[0], every.get(wished[0]), ASKED) if wished else Unit(why=ASKED)
    for name in trained:
        if name in every:
            return Unit(name, every[name], TRAINED)
    for name in _named(frame, schema):
        return Unit(name, every[name], NAMED)
    for name in (name for name in frame if name.startswith("row of ") and joined.origin[name][0] in joined.pairs):
        return Unit(name, every[name], "the images of one row are of one patient")
    told = _from_tags(tags)
    if told is not None:
        return told
    labels = [level for level in folders.levels if _tells(level.name, level.values, target)]
    tabled = target.values if target.columns and target.columns[0] in joined.frame else None
    level, verdict = unit_level(folders.levels, labels or ([] if target.columns else folders.classes), tabled, names)
    if level is not None and verdict is Verdict.CERTAIN:
        why = "folders that are called patients or cases" if level.unit_word else "folders of numbered slices"
        return Unit(level.name, level.values, why)
    for name, table in _row_keys(joined, target):
        if name in every and every[name].nunique() >= 2 * pd.Series(target.values).nunique() and _repeats(every[name]):
            return Unit(name, every[name], f"a row of {table} is of all images of one {name}")
    if stems is not None and stems[1]:
        return Unit(STEM, stems[0], stems[1])
    for name in (name for name in frame if name not in never and _like_persons(frame[name], target)):
        return Unit(question=_folder_question(name, frame[name], "values"))
    if level is not None:
        return Unit(question=_folder_question(level.name, level.values))
    if stems is not None and target.question is None:
        return Unit(question=_stem_question(stems[0], names))
    return Unit()


def _tells(name: str, values: pd.Series, target: Target) -> bool:
    return name in target.columns or (target.values is not None and part_alike(values, target.values))


def _like_persons(values: pd.Series, target: Target) -> bool:
    """Return whether a column parts images into many small groups of one class each, as those of persons are."""
    if target.values is None or values.isna().mean() > 0.1:
        return False
    told = pd.DataFrame({"group": values, "class": target.values}).dropna()
    sizes = told["group"].value_counts()
    many = len(sizes) >= max(_MANY_GROUPS, 3 * told["class"].nunique(), len(told) / _MOST_EACH)
    return many and told["class"].nunique() > 1 and sizes.median() > 1 and len(told.drop_duplicates()) == len(sizes)


def _row_keys(joined: Joined, target: Target) -> list[tuple[str, str]]:
    """Return what tables that tell the label were joined by, each with its table."""
    tables = {joined.origin[name][0] for name in target.columns if name in joined.origin}
    return [(key, table) for table, key in joined.keyed.items() if table in tables]


def folder_paths(names: Sequence[str]) -> pd.Series:
    """Return the folders of files, None where one lies in none."""
    paths = [str(PurePosixPath(name).parent) for name in names]
    return pd.Series([None if path == "." else path for path in paths], dtype=object)


def _repeats(values: pd.Series) -> bool:
    """Return whether a column groups: several groups, at least one of several images."""
    filled = values.dropna()
    return 1 < filled.nunique() < len(filled)


def _named(frame: pd.DataFrame, schema: Schema) -> list[str]:
    """Return columns called after patients that group images, likeliest first."""
    field = schema.field(Role.UNIT)
    known = field.names if field else ()
    plain = {name: plain_name(name) for name in frame}
    exact = [name for word in known for name in frame if plain[name] == word]
    worded = [name for name in frame if name not in exact and UNIT_WORDS & set(plain[name].split("_"))]
    keyed = [name for name in worded if set(plain[name].split("_")) <= UNIT_WORDS | _KEY_WORDS]
    return [name for name in (*exact, *keyed) if _repeats(frame[name])]


def _from_tags(tags: pd.DataFrame) -> Unit | None:
    """Return the patient's id of headers, or the study's or series' where it is empty or the same everywhere."""
    before: list[str] = []
    for name in TAGS:
        if name not in tags or not tags[name].notna().any():
            before.append(f"{TAGS[name]} is empty")
            continue
        values = tags[name]
        if values.nunique() == 1 and len(values) > 1:
            before.append(f"{TAGS[name]} is the same in all files")
            continue
        if name != "patient" and not _repeats(values):
            return None
        why = "; ".join([*before, "files of one " + ("patient" if name == "patient" else name) + " belong together"])
        return Unit("patient" if name == "patient" else TAGS[name], values, why if before else "by header")
    return None


def stem_groups(names: Sequence[str], target: pd.Series | None) -> tuple[pd.Series, str] | None:
    """Return the beginning of each file name where several files share it, and why that is one patient, or "".

    Names that differ only in a side are a patient's two eyes or hands; those that start with a word for a patient
    are certain too. Beginnings that are numbered on, each from the same number, may be cases: that is to be asked.
    """
    stems = pd.Series([PurePosixPath(name).stem for name in names])
    sides = stems.str.extract(_SIDES.pattern, flags=re.IGNORECASE)
    if sides[0].notna().mean() > 0.9 and _grouped(sides[0]):
        return sides[0].where(sides[0].notna(), None), "names that differ only in the side"
    numbered = stems.str.extract(_NUMBERED.pattern, flags=re.IGNORECASE)
    heads, ends = numbered[0], numbered[1]
    if heads.notna().mean() < 0.9 or not _grouped(heads) or not heads.dropna().str.contains(r"\d").all():
        return None
    if target is not None and heads.nunique() <= 2 * target.nunique():
        return None
    heads = heads.where(heads.notna(), None)
    words = {word for head in heads.dropna().unique() for word in re.split(r"[\W_\d]+", head.casefold()) if word}
    if len(words) == 1 and words <= UNIT_WORDS | {"p"}:
        return heads, "names that start with a patient or case"
    first = ends.groupby(heads).min()
    return (heads, "") if first.duplicated(keep=False).mean() > 0.8 else None


def _grouped(heads: pd.Series) -> bool:
    counts = heads.value_counts()
    return len(counts) >= _LEAST_GROUPS and bool((counts > 1).mean() > 0.5)


def _folder_question(name: str, values: pd.Series, what: str = "folders") -> Question:
    counts = values.value_counts()
    what = what if what == "folders" else f"{what} of {name!r}"
    text = (
        f"{counts.size} {what} such as {counts.index[0]!r} hold {counts.mean():.0f} images each. Is each of them one "
        "patient or case, whose images must stay together in the split?"
    )
    return _yes_or_no(text, name)


def _stem_question(heads: pd.Series, names: Sequence[str]) -> Question:
    counts = heads.value_counts()
    alike = [PurePosixPath(name).name for name, head in zip(names, heads, strict=True) if head == counts.index[0]]
    text = (
        f"Names such as {alike[0]!r} and {alike[1]!r} begin alike ({counts.size} beginnings). Are files that begin "
        "alike of one patient or case, and must stay together in the split?"
    )
    return _yes_or_no(text, STEM)


def _yes_or_no(text: str, name: str) -> Question:
    role: Mapping[str, tuple[str, ...]] = {str(Role.UNIT): (name,)}
    return Question("unit", text, (Choice("yes, keep them together", role), Choice("no", {str(Role.UNIT): ()})))
