"""Which column tells the class of an image: certain by its name and content, the only one that fits, or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dl_core.data.reading import ASKED, CONTENT, NAMED, TRAINED, Choice, Question
from dl_core.errors import OptionError, counted, shorten
from dl_core.reading.images.candidates import Candidates, candidates, distinct, flags_of, is_flag, part_alike, tidy
from dl_core.reading.images.findings import COMBINATIONS, SINGLE, as_class, split_cells
from dl_core.schema import Role, Schema

_MOST_CHOICES = 20
_MOST_OFFERED = 8  # columns of which none looks like a label


@dataclass(frozen=True)
class Target:
    """The label as it was chosen.

    Parameters
    ----------
    columns : tuple of str
        One, or those of a one-hot table; empty where nothing tells a class.
    values : pandas.Series or None
        By image, not folded yet.
    why : str
    question : Question or None
        With it nothing is chosen.
    fit : tuple of str
        Other columns that could be the label.
    positive : str
        The finding that was asked for, where there is one.
    """

    columns: tuple[str, ...] = ()
    values: pd.Series | None = None
    why: str = ""
    question: Question | None = None
    fit: tuple[str, ...] = ()
    positive: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the column in the data set: that of the one column, or ``label``."""
        return self.columns[0] if len(self.columns) == 1 else "label"


def choose_target(
    frame: pd.DataFrame,
    folders: Sequence[str],
    never: Sequence[str],
    schema: Schema,
    options: Mapping[str, Any],
    wished: tuple[str, ...] | None,
    trained: tuple[str, ...] = (),
    groupings: Sequence[str] = (),
) -> Target:
    """Choose the label among the columns of the joined tables and the levels of folders.

    Parameters
    ----------
    frame : pandas.DataFrame
        (images, …) text; columns of tables, and levels of folders.
    folders : sequence of str
        Levels whose names look like classes.
    never : sequence of str
        Columns that are something else by their name or their part: keys, patients, groups, readers, a split.
    schema : Schema
    options : mapping
        ``finding``: of several in a cell, the one that is asked for, ``combinations`` or ``single``.
    wished : tuple of str or None
        The user's columns; an empty tuple for none at all.
    trained : tuple of str
        Those of the data a model learned from.
    groupings : sequence of str
        Levels of folders that are numbered or lettered, so that a table's label goes before them.
    """
    if wished is not None:
        return _made(frame, wished, ASKED, options, ()) if wished else Target(why=ASKED)
    if trained and all(name in frame for name in trained):
        return _made(frame, trained, TRAINED, options, ())
    found = candidates(frame, [name for name in frame if name not in (*never, *folders, *groupings)], schema)
    chosen, others = _from_tables(frame, found)
    rivals = [name for name in folders if not any(part_alike(frame[name], frame[one]) for one in chosen[:1])]
    if chosen and len(chosen) == 1 or _is_one_hot(chosen, found):
        if not rivals:
            return _made(frame, chosen, _why(chosen, found), options, tuple(others))
        return _asked(frame, [chosen, *((name,) for name in rivals)], tuple(others))
    if chosen or others:
        return _asked(frame, [*((name,) for name in (*chosen, *others)), *((name,) for name in rivals)], ())
    if len(folders) == 1:
        return Target((folders[0],), frame[folders[0]], "names of the folders")
    if len(folders) > 1:
        return _asked(frame, [(name,) for name in folders], ())
    if groupings:
        return Target((groupings[0],), frame[groupings[0]], "names of the folders")
    return _any(frame.drop(columns=[name for name in never if name in frame]))


def _from_tables(frame: pd.DataFrame, found: Candidates) -> tuple[tuple[str, ...], list[str]]:
    """Return the label of the tables, and what else fits; several without a label where it has to be asked."""
    loose = [*found.worded, *found.content]
    exact = distinct(frame, found.exact)
    if exact:
        return (exact, loose) if len(exact) == 1 else ((), list(exact))
    if found.one_hot and not found.worded:
        return found.one_hot, loose
    pool = distinct(frame, [*loose, *(name for name in found.flags if name not in loose)])
    worded = [name for name in pool if name in found.worded]
    if len(pool) == 1 or (len(worded) == 1 and all(name in found.flags for name in pool if name not in worded)):
        return tuple(worded or pool), [name for name in pool if name not in worded]
    return (), list(pool)


def _is_one_hot(chosen: Sequence[str], found: Candidates) -> bool:
    return len(chosen) > 1 and tuple(chosen) == found.one_hot


def _why(columns: Sequence[str], found: Candidates) -> str:
    if len(columns) > 1:
        return "exactly one of these columns is 1 in every row"
    return NAMED if columns[0] in found.exact else f"the only column with few values ({CONTENT})"


def _made(
    frame: pd.DataFrame, columns: tuple[str, ...], why: str, options: Mapping[str, Any], fit: tuple[str, ...]
) -> Target:
    """Return the label of columns, or the question which finding is meant where cells hold several."""
    if len(columns) > 1:
        table = pd.DataFrame({name: flags_of(frame[name]) for name in columns})
        single = (table == 1).sum(axis=1) == 1
        return Target(columns, (table == 1).idxmax(axis=1).where(single, None).astype(object), why, fit=fit)
    name = columns[0]
    values = frame[name].astype(object)
    cells = split_cells(tidy(values).dropna())
    if cells is None:
        told = flags_of(values)
        if options.get("blank") == "negative" and is_flag(values):
            values = values.where(values.notna(), "0")
        if is_flag(values) and (told == -1).any() and (told == 0).any():
            values = values.where(told != -1, None)
        return Target(columns, values, why, fit=fit)
    known = pd.Series([one for told in cells for one in told]).value_counts()
    wish = str(options.get("finding") or "")
    if not wish:
        return Target(question=_which_finding(name, cells, known), fit=(name, *fit))
    if wish not in (COMBINATIONS, SINGLE) and wish.casefold() not in {str(one).casefold() for one in known.index}:
        raise OptionError(
            f"{shorten(wish, 40)!r} is no finding of {shorten(name, 40)}",
            where="option finding",
            expected=", ".join(map(str, [*known.index[:_MOST_CHOICES], COMBINATIONS, SINGLE])),
        )
    made, positive = as_class(cells.reindex(values.index), wish)
    return Target(columns, made, why, fit=fit, positive=positive)


def _which_finding(name: str, cells: pd.Series, known: pd.Series) -> Question:
    roles = {str(Role.LABEL): (name,)}
    choices = [
        Choice(f"{finding}: yes or no ({count} of {len(cells)} images have it)", roles, {"finding": str(finding)})
        for finding, count in known.iloc[:_MOST_CHOICES].items()
    ]
    choices += [
        Choice("only images with one finding, each finding a class", roles, {"finding": SINGLE}),
        Choice("every combination is a class of its own", roles, {"finding": COMBINATIONS}),
    ]
    several = int((cells.map(len) > 1).sum())
    text = f"{several} of {len(cells)} cells of {name!r} hold several findings. Which finding should be recognised?"
    return Question("target", text, tuple(choices))


def _any(frame: pd.DataFrame) -> Target:
    """Return the question whether any column is the label after all, though none looks like one."""
    counts = {name: tidy(frame[name]).nunique() for name in frame}
    offers = sorted((n, name) for name, n in counts.items() if 1 < n <= max(2, len(frame) // 2))[:_MOST_OFFERED]
    if not offers:
        return Target()
    label = str(Role.LABEL)
    choices = [Choice(f"{name}: {counted(n, 'value')}", {label: (name,)}) for n, name in offers]
    choices.append(Choice("none of them: these images have no labels", {label: ()}))
    return Target(question=Question("target", "No column looks like classes. Is one the target?", tuple(choices)))


def _asked(frame: pd.DataFrame, offers: Sequence[tuple[str, ...]], fit: tuple[str, ...]) -> Target:
    """Return the question which of several columns is the label."""
    offers = list(dict.fromkeys(offers))[:_MOST_CHOICES]
    choices = []
    for columns in offers:
        told = ", ".join(columns[:6]) + (" …" if len(columns) > 6 else "")
        values = tidy(frame[columns[0]]).dropna().unique()
        shown = (
            ", ".join(shorten(value, 20) for value in sorted(values, key=str)[:4])
            if len(columns) == 1
            else "one of them"
        )
        more = " …" if len(columns) == 1 and len(values) > 4 else ""
        said = flags_of(frame[columns[0]])  # where no cell says no, an empty one does
        blank = len(columns) == 1 and is_flag(frame[columns[0]]) and not (said == 0).any() and bool(said.isna().any())
        shown += ", empty as no" if blank else ""
        asked = {"blank": "negative"} if blank else {}
        choices.append(Choice(f"{told}: {shown}{more}", {str(Role.LABEL): columns}, asked))
    if len(choices) < 2:
        return Target(fit=fit)
    text = "Which column is the target? " + ", ".join(repr(" + ".join(columns[:3])) for columns in offers) + " all fit."
    fits = tuple(name for columns in offers for name in columns)
    return Target(
        question=Question("target", text.replace("all fit", "both fit") if len(offers) == 2 else text, tuple(choices)),
        fit=(*fits, *fit),
    )
