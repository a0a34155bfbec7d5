"""Which column tells the class of an image: certain by its name and content, the only one that fits, or asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dl_core.data.reading import ASKED, CONTENT, NAMED, TRAINED, Choice, Question
from dl_core.errors import OptionError, shorten
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
    beside: Collection[str] = (),
    spare: Mapping[str, pd.Series] | None = None,
    called: Mapping[str, str] | None = None,
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
        ``finding``: of several in a cell, the one that is asked for, ``combinations`` or ``single``; ``blank``.
    wished : tuple of str or None
        The user's columns; an empty tuple for none at all.
    trained : tuple of str
        Those of the data a model learned from.
    beside : collection of str
        Of ``spare`` those that may tell the class where folders tell one too.
    spare : mapping of str to pandas.Series, optional
        What tells a class where nothing else does: lettered folders, and, only if asked, numbered ones and parts of
        file names.
    called : mapping of str to str, optional
        The names of columns in their own tables.
    """
    spare = spare or {}
    whole = frame.assign(**{name: values for name, values in spare.items() if name not in frame})
    if wished is not None:
        return _made(whole, wished, ASKED, options, ()) if wished else Target(why=ASKED)
    if trained and all(name in whole for name in trained):
        return _made(whole, trained, TRAINED, options, ())
    found = candidates(frame, [name for name in frame if name not in (*never, *folders, *spare)], schema, called)
    offers, fit = _from_tables(frame, found)
    rivals = _alone([name for name in folders if not offers or not part_alike(frame[name], frame[offers[0][0]])])
    if found.odd and not found.exact and (offers or rivals):
        odd = _alone([name for name in found.odd if 1 < tidy(frame[name]).nunique() <= len(frame) / 2])
        return _asked(frame, [*odd, *offers, *rivals], (), none=True)
    rivals += _alone([name for name in beside if rivals and not offers])
    if len(offers) + len(rivals) > 1:
        return _asked(whole, [*offers, *rivals], fit)
    if offers:
        return _made(frame, offers[0], _why(offers[0], found), options, fit)
    if rivals:
        return Target(rivals[0], frame[rivals[0][0]], "names of the folders")
    if found.odd and tidy(frame[found.odd[0]]).nunique() <= max(1, len(frame) / 2):
        return _made(frame, found.odd[:1], NAMED, options, ())
    lettered = [name for name in spare if name in frame and not frame[name].str.contains(r"\d").any()]
    if lettered:
        return Target((lettered[0],), frame[lettered[0]], "names of the folders")
    return _any(whole.drop(columns=[name for name in never if name in frame]), list(spare))


def _from_tables(frame: pd.DataFrame, found: Candidates) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return what may be the label of the tables, one where that is certain, and what else fits it."""
    exact = _alone(distinct(frame, found.exact))
    loose = (*found.worded, *found.content)
    told = None if not found.one_hot else _hottest(frame, found.one_hot)
    if exact:
        rival = told is not None and not any(part_alike(frame[name], told) for name in found.exact)
        return [*exact, *([found.one_hot] if rival else [])], loose if len(exact) == 1 and not rival else ()
    if told is not None:
        worded = _alone(distinct(frame, found.worded))
        same = [one for one in worded if part_alike(frame[one[0]], told)]
        return (same[:1] if same else [*worded, found.one_hot]), () if worded and not same else loose
    pool = distinct(frame, [*loose, *(name for name in found.flags if name not in loose)])
    worded = _alone([name for name in pool if name in found.worded])
    rest = tuple(name for name in pool if name not in found.worded)
    flagged = found.cover or set(pool) & set(found.worded) & set(found.flags)
    if len(worded) == 1 and not flagged and all(name in found.flags for name in rest):
        return worded, rest
    return _alone(pool), ()


def _alone(names: Sequence[str]) -> list[tuple[str, ...]]:
    return [(name,) for name in names]


def _hottest(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the one of several columns that is 1, None where none or several are."""
    table = pd.DataFrame({name: flags_of(frame[name]) for name in columns})
    return (table == 1).idxmax(axis=1).where((table == 1).sum(axis=1) == 1, None).astype(object)


def _why(columns: Sequence[str], found: Candidates) -> str:
    if len(columns) > 1:
        return "exactly one of these columns is 1 in every row"
    return NAMED if columns[0] in found.exact else f"the only column with few values ({CONTENT})"


def _made(
    frame: pd.DataFrame, columns: tuple[str, ...], why: str, options: Mapping[str, Any], fit: tuple[str, ...]
) -> Target:
    """Return the label of columns, or the question which finding is meant where cells hold several."""
    if len(columns) > 1:
        return Target(columns, _hottest(frame, columns), why, fit=fit)
    name = columns[0]
    values = frame[name].astype(object)
    cells = split_cells(tidy(values).dropna())
    if cells is None:
        if is_flag(values) and options.get("blank") == "negative":
            values = values.where(values.notna(), "0")
        told = flags_of(values)
        unsaid = is_flag(values) and not (told == 0).any() and values.isna().any()
        if unsaid and not options.get("blank") and not options.get("like_classes"):
            return Target(question=_is_blank_no(name, told), fit=(name, *fit))
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


def _is_blank_no(name: str, told: pd.Series) -> Question:
    label, yes, odd = str(Role.LABEL), int((told == 1).sum()), bool((told == -1).any())
    text = f"Column {name!r} says yes for {yes} of {len(told)} images and no for none. Does an empty cell mean no?"
    said = Choice(f"yes, empty means no{', -1 uncertain' if odd else ''}", {label: (name,)}, {"blank": "negative"})
    other = Choice("no: these images have no labels", {label: ()})
    other = Choice("no, -1 does; empty means no label", {label: (name,)}, {"blank": "missing"}) if odd else other
    return Question("target", text, (said, other))


def _which_finding(name: str, cells: pd.Series, known: pd.Series) -> Question:
    """Return the question which finding is meant; each answer gives two classes."""
    roles = {str(Role.LABEL): (name,)}
    choices = [
        Choice(f"{finding}: yes or no ({count} of {len(cells)})", roles, {"finding": str(finding)})
        for finding, count in known[known < len(cells)].iloc[:_MOST_CHOICES].items()
    ]
    if cells[cells.map(len) == 1].nunique() > 1:
        choices.append(Choice("images with one finding, each a class", roles, {"finding": SINGLE}))
    choices.append(Choice("every combination is a class of its own", roles, {"finding": COMBINATIONS}))
    several = int((cells.map(len) > 1).sum())
    text = f"{several} of {len(cells)} cells of {name!r} hold several findings. Which finding should be recognised?"
    return Question("target", text, tuple(choices))


def _any(frame: pd.DataFrame, first: Sequence[str]) -> Target:
    """Return the question whether any column is the label after all, though none looks like one."""
    counts = {name: tidy(frame[name]).nunique() for name in frame}
    offers = sorted((name not in first, n, name) for name, n in counts.items() if 1 < n <= max(2, len(frame) // 2))[
        :_MOST_OFFERED
    ]
    return _asked(frame, _alone([name for *_, name in offers]), (), none=True)


def _asked(frame: pd.DataFrame, offers: Sequence[tuple[str, ...]], fit: tuple[str, ...], none: bool = False) -> Target:
    """Return the question which of several columns is the label, or whether any is (``none``)."""
    offers = list(dict.fromkeys(offers))[:_MOST_CHOICES]
    choices = [_offered(frame, columns) for columns in offers]
    choices += [Choice("none of them: these images have no labels", {str(Role.LABEL): ()})] if none and offers else []
    if len(choices) < 2:
        return Target(fit=fit)
    named = ", ".join(repr(" + ".join(columns[:3])) for columns in offers)
    text = f"Which column is the target? {named} {'both' if len(offers) == 2 else 'all'} fit."
    text = f"Nothing is sure to tell the class of an image. Is one of these the target: {named}?" if none else text
    fits = tuple(name for columns in offers for name in columns)
    return Target(question=Question("target", text, tuple(choices)), fit=(*fits, *fit))


def _offered(frame: pd.DataFrame, columns: tuple[str, ...]) -> Choice:
    """Return the answer that columns are the label, with their first values."""
    roles = {str(Role.LABEL): columns}
    if len(columns) > 1:
        return Choice(f"{', '.join(columns[:6])}{' …' if len(columns) > 6 else ''}: one of them", roles)
    values = tidy(frame[columns[0]]).dropna().unique()
    shown = ", ".join(shorten(value, 20) for value in sorted(values, key=str)[:4]) + (" …" if len(values) > 4 else "")
    said = flags_of(frame[columns[0]])  # where no cell says no, an empty one does
    if is_flag(frame[columns[0]]) and not (said == 0).any() and said.isna().any():
        return Choice(f"{columns[0]}: {shown}, empty as no", roles, {"blank": "negative"})
    return Choice(f"{columns[0]}: {shown}", roles)
