"""`Kind`: what a row *is*, as one frozen description, and the registry of kinds. Only kinds know how kinds differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError
from dl_core.schema import Role, Schema


@dataclass(frozen=True)
class Words:
    """What things are called. A domain may say some of them differently: of fraud, what is selected is "flagged".

    Parameters
    ----------
    row, case, unit : tuple of str
        One and many: a row of the data, what is looked at one by one, and what n counts in the test.
    answers : str
        What models say of all cases, where it is taken along.
    selected : str
        What a case is that a model calls positive.
    score : str
        The number by which cases are ordered.
    """

    row: tuple[str, str] = ("row", "rows")
    case: tuple[str, str] = ("case", "cases")
    unit: tuple[str, str] = ("row", "rows")
    answers: str = "predictions"
    selected: str = "selected"
    score: str = "probability"


@dataclass(frozen=True)
class Learning:
    """What a model that learns in epochs shows meanwhile: keys of an epoch's event, each with dash and words."""

    lines: tuple[tuple[str, str, str], ...]
    title: str
    axis: str


LOSS = Learning(
    (("loss", "solid", ", training"), ("val_loss", "dot", ", validation")), "Loss by epoch", "Cross-entropy loss"
)


@dataclass(frozen=True)
class Kind:
    """One kind of row. What it does stands in rooms named after it, ``<stage>.<kind>``, under the same name in each.

    Callables import their stage inside, so that describing a kind loads neither Keras nor scikit-learn.

    Parameters
    ----------
    name : str
        Also that of its folder in every stage and of its bodies in the dashboard.
    needs : tuple of Role
        Roles that make a data set of this kind; of several kinds that fit, the one that needs most.
    words : Words
    corruptions : mapping of str to str
        What can spoil a row for a stress test, with its name for people.
    first_methods : int
        How many of a domain's explainers are shown at first.
    labels : bool
        Whether models learn from a label, so that without one only those that need none can be trained.
    reasons : bool
        Whether every model gives reasons for new cases at first; else networks alone do.
    alike : bool
        Whether a model takes rows of any data set of this kind, as pictures are brought to one size.
    rows_shown : bool
        Whether the dashboard shows the rows themselves, so that they must be at hand even where answers are kept.
    fixed, single : tuple of Role
        Roles that the page does not offer to change, since the reader gives them or they stand beside the rows; and
        those of which it takes one column only.
    made : tuple of str
        Columns that reading adds, which no role can name.
    kept_apart : bool
        Whether answers are too many for CSV, and are taken along as they are kept.
    steady : bool
        Whether a network takes as long for few rows as for many.
    read_options, split_options : tuple of str
        Options of a run that say how files are read, and what is held out.
    learning : Learning
    case : Role or None
        What rows of one case share, where a case has several.
    pictures : callable or None
        Returns the picture of every row of a data set, where rows are pictures.
    like : str
        The kind in whose rooms is done what this one has no room for; empty for none.
    rooms : mapping of str to str
        Where rooms lie that are not found under the usual name: package by stage.
    """

    name: str
    needs: tuple[Role, ...]
    words: Words
    corruptions: Mapping[str, str] = field(default_factory=dict)
    first_methods: int = 2
    labels: bool = True
    reasons: bool = False
    alike: bool = False
    rows_shown: bool = False
    fixed: tuple[Role, ...] = (Role.IMAGE, Role.HISTORY)
    single: tuple[Role, ...] = ()
    made: tuple[str, ...] = ()
    kept_apart: bool = False
    steady: bool = False
    read_options: tuple[str, ...] = ()
    split_options: tuple[str, ...] = ()
    learning: Learning = LOSS
    case: Role | None = None
    pictures: Callable[[Dataset], np.ndarray] | None = None
    like: str = "table"
    rooms: Mapping[str, str] = field(default_factory=dict)

    def explained_first(self, model: str) -> bool:
        """Return whether what a ``"deep"`` or ``"baseline"`` model says of new cases comes with reasons at first."""
        return self.reasons or model == "deep"

    def first_case(self, dataset: Dataset, rows: Sequence[str]) -> Dataset:
        """Return the first of ``rows``, with all rows that belong to the same case."""
        values = dataset.values(self.case) if self.case is not None else None
        return dataset.subset(rows[:1] if values is None else dataset.ids[(values == values.loc[rows[0]]).to_numpy()])

    def called(self, words: Mapping[str, Any]) -> Words:
        """Return what things are called where a domain says ``words`` (fields of `Words`) in its own way."""
        return replace(self.words, **words)

    def room(self, stage: str, name: str) -> ModuleType | None:
        """Return the module ``name`` of this kind's room in ``stage``, such as ``"dl_core.tasks"``; None without one.

        The same job has the same name in every kind's room. Where this kind has none, it is done as in the kind that it
        is ``like``.
        """
        package = self.rooms.get(stage, f"{stage}.{self.name}")
        try:
            known = find_spec(f"{package}.{name}")
        except ModuleNotFoundError:  # the kind has no room in this stage
            known = None
        if known is not None:
            return import_module(f"{package}.{name}")
        return get_kind(self.like).room(stage, name) if self.like not in ("", self.name) else None

    def must(self, stage: str, name: str) -> ModuleType:
        """Return `room`.

        Raises
        ------
        OptionError
            If this kind has none of that name.
        """
        found = self.room(stage, name)
        if found is None:
            raise OptionError(f"{self.words.row[1]} have no {name.replace('_', ' ')}", where=f"kind {self.name}")
        return found


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make ``kind`` known under its name and return it."""
    _KINDS[kind.name] = kind
    return kind


def kinds() -> dict[str, Kind]:
    """Return the registered kinds by name."""
    return dict(_KINDS)


def get_kind(name: str) -> Kind:
    """Return the kind of that name.

    Raises
    ------
    OptionError
        If there is none.
    """
    if name not in _KINDS:
        raise OptionError(f"there is no kind of row {name!r}", expected=", ".join(_KINDS))
    return _KINDS[name]


def kind_of(about: Dataset | Schema | Mapping[str, Any]) -> Kind:
    """Return the kind of a data set, of its description (``Dataset.describe``), or of what a schema asks for."""
    if isinstance(about, Schema):
        return recognise(field.role for field in about.fields)
    roles = about.roles if isinstance(about, Dataset) else about.get("roles", {})
    return recognise(role for role, columns in roles.items() if columns)


def recognise(roles: Iterable[str]) -> Kind:
    """Return the kind that needs most of what is there.

    Examples
    --------
    >>> from dl_core.kinds import recognise
    >>> recognise(["label", "feature"]).name, recognise(["user", "item", "time"]).name
    ('table', 'interactions')
    """
    there = {str(role) for role in roles}
    fitting = [kind for kind in _KINDS.values() if there.issuperset(map(str, kind.needs))]
    return max(fitting, key=lambda kind: len(kind.needs))
