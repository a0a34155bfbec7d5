"""`read_interactions`: from whatever the user uploads to a validated table of who took what."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.interactions.catalogue import ITEMS, USERS
from dl_core.data.interactions.degenerate import degenerate_findings
from dl_core.data.interactions.histories import POSITIVE
from dl_core.data.options import choice_of, number_of, whole_of
from dl_core.data.reading import QuestionError
from dl_core.errors import OptionError, SchemaError, counted
from dl_core.reading.interactions.columns import COUNT, RATING, ZERO, read_columns
from dl_core.reading.interactions.decide import is_two_valued_rating
from dl_core.reading.interactions.fold import fold_repeats, k_core
from dl_core.reading.interactions.layouts import table_kind
from dl_core.reading.interactions.new_cases import read_cases
from dl_core.reading.interactions.recognise import Recognised, recognise
from dl_core.reading.interactions.sides import item_table, merged, repeated_note, side_roles, user_table, within
from dl_core.reading.interactions.told import told
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import Described
from dl_core.reading.tables.formats import formats_in_words
from dl_core.reading.tables.read import read_tables
from dl_core.schema import Role

TIMES_TAKEN = "times taken"  # column made where repeats were folded and there is no value


def read_interactions(request: ReadRequest, limits: Limits | None = None) -> Dataset:
    """Read who took what, with what is known about items and users.

    Parameters
    ----------
    request : ReadRequest
        ``paths`` are CSV (any separator, "::" too, with a header or without), TSV, Parquet, Excel or JSON lines files,
        or zips or folders of them; which table holds interactions, items or users is told by their columns. A role
        without columns means that there is none. Options: ``positive_from`` (rating from which a row counts as liked;
        0: every row), ``repeats`` ("fold", "keep"), ``min_user`` and ``min_item`` (least rows of a user and of an item,
        applied to training rows until nothing changes; 1: all), ``taken`` and ``zero`` (what counts
        as taken, and what a rating of 0 means), ``like`` (description of the training data, for new
        cases).
    limits : Limits, optional
        The environment's by default; checked before a file is read whole.

    Returns
    -------
    Dataset
        Row ids are 0-based positions in the files, test rows last. Roles are USER and ITEM, and VALUE and TIME where
        the upload has them; the column ``positive`` tells which rows count. ``side`` holds ``"items"`` and ``"users"``
        where something is known about them. New cases (``labelled`` False) may be users alone.

    Raises
    ------
    DaylightError
        A subclass that says what is wrong, if no data set can be made.
    """
    return describe_interactions(request, limits).dataset


def describe_interactions(request: ReadRequest, limits: Limits | None = None) -> Described:
    """Return what `read_interactions` reads, and how it read each table."""
    if not request.paths:
        raise SchemaError("no file was given", expected=formats_in_words())
    request = _without_derived(request)
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        read = read_tables(request, Path(folder), table_kind(request), limits or Limits.from_environment())
    if not request.labelled:
        return read_cases(read, request)
    found = recognise(read, request)
    if found.made.questions:
        raise QuestionError(told(request, found, read.left), where=request.where)
    left, pseudonyms, reading = read.left, read.hidden.as_dict(), _Reading(request, found, read.source)
    found = replace(found, frame=found.frame.iloc[:0])  # the tables as uploaded are not needed any more
    del read
    dataset = reading.run()
    said = told(request, found, left, dataset, reading.typed)
    return Described(replace(dataset, reading=said, pseudonyms=pseudonyms), found.tables)


def _without_derived(request: ReadRequest) -> ReadRequest:
    """Return the request without the column that an earlier reading made, which a form may hand back."""
    roles = {role: names for role, names in request.roles.items() if tuple(names) != (TIMES_TAKEN,)}
    return replace(request, roles=roles)


class _Reading:
    """One call of `read_interactions`: the steps share what was found so far."""

    def __init__(self, request: ReadRequest, found: Recognised, source: Source) -> None:
        self.request, self.notes, self.source, self.part = request, list(found.notes), source, found.part
        self.options = read_options(request.options)
        made, zero = found.made, self.options["zero"]
        self.typed = read_columns(found.frame, found.roles, event=made.event, taken=made.taken, zero=zero)
        self.users, self.items = (_coded(self.typed.ids[role], self.typed.keep) for role in (Role.USER, Role.ITEM))
        self.side = self._side(found)

    def run(self) -> Dataset:
        """Fold and filter all rows and return the data set."""
        typed, (user, users), (item, items) = self.typed, self.users, self.items
        if not typed.keep.any():
            raise SchemaError(
                "no row names both a user and an item", where=self.request.where, todo="choose other columns for them"
            )
        at, value, times = self._folded(user, item, len(items))
        positive = self._positive(value)
        core = self._core(user[at], item[at], positive, self.part[at] == "test")
        if ITEMS in self.side:  # items that are left out are not to come back as new ones
            lost = items[np.setdiff1d(item[at], item[at[core]])]
            self.side[ITEMS] = self.side[ITEMS].drop(index=lost)
        at, value, times, positive = at[core], value[core], times[core], positive[core]
        table, roles = self._table(users.take(user[at]), items.take(item[at]), at, value, times)
        table[POSITIVE] = positive
        self.notes += degenerate_findings(user[at], item[at], positive, self.options, typed.names)
        part = pd.Series(self.part[at], index=table.index, dtype="object")
        return Dataset(
            name=self.request.title("interactions"),
            table=table,
            roles=roles,
            source=self.source,
            fixed_split=part.replace("", "train") if (part != "").any() else None,
            notes=tuple(self.notes),
            side=self.side,
        )

    def _side(self, given: Recognised) -> dict[str, pd.DataFrame]:
        further = side_roles(given.frame, given.roles, list(self.request.roles))
        parts = {
            ITEMS: [*(t.frame for t in given.items), within(given.frame, *self.items, further[Role.FEATURE])],
            USERS: [*(t.frame for t in given.users), within(given.frame, *self.users, further[Role.GROUP])],
        }
        found = {ITEMS: item_table(merged([item_table(part) for part in parts[ITEMS]], self.items[1]))}
        found[USERS], notes = user_table(merged(parts[USERS], self.users[1]))
        self.notes += [
            *self.typed.notes,
            *repeated_note(given.items, "item"),
            *repeated_note(given.users, "user"),
            *notes,
        ]
        return {name: table for name, table in found.items() if len(table.columns)}

    def _folded(self, user: np.ndarray, item: np.ndarray, n_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return positions of the rows that stay, their values and how many rows each stands for."""
        typed = self.typed
        self._drop_copies(user, item, n_items)
        at = np.flatnonzero(typed.keep)
        value = np.full(len(at), np.nan) if typed.value is None else typed.value[at]
        if self.options["repeats"] == "keep":
            return at, value, np.ones(len(at), dtype=np.int64)
        pairs = _pairs(user, item, n_items, self.part)[at]
        time = None if typed.time is None else typed.time[at]
        first, folded, times = fold_repeats(
            pairs, time, None if typed.value is None else value, typed.value_kind == COUNT
        )
        gone = len(at) - len(first)
        if gone:
            how = {COUNT: "Their counts were summed", "": "The number of repeats is kept"}.get(
                typed.value_kind, "The last rating is kept"
            )
            text = (
                f"{gone:,} of {len(at):,} duplicate interactions (same user and item) were merged into the first. "
                f"{how}."
            )
            self.notes.append(Finding("info", "repeats", text))
        return at[first], folded, times

    def _drop_copies(self, user: np.ndarray, item: np.ndarray, n_items: int) -> None:
        """Leave out rows that are the same in user, item, value and time: an export that wrote them twice."""
        typed = self.typed
        if typed.time is None:
            return
        columns = {"pair": _pairs(user, item, n_items, self.part), "time": typed.time}
        if typed.value is not None:
            columns["value"] = typed.value
        copies = pd.DataFrame(columns).duplicated().to_numpy() & ~np.isnat(typed.time)
        before = len(typed.notes)
        text = "{count} identical to another row in user, item, value and time ({rows}), dropped."
        typed.drop(copies, "duplicates", text)
        self.notes += typed.notes[before:]

    def _positive(self, value: np.ndarray) -> np.ndarray:
        """Return which rows count as liked."""
        least = self.options["positive_from"]
        if not least and self.typed.value is not None and self.typed.value_kind == RATING:
            least = 1.0 if is_two_valued_rating(self.typed.names[Role.VALUE], value) else least
        if not least or self.typed.value is None:
            return np.ones(len(value), dtype=bool)
        positive = np.nan_to_num(value, nan=-np.inf) >= least
        text = (
            f"{int(positive.sum()):,} of {len(positive):,} rows reach {least:g} and are positive feedback; the "
            "others are used neither for training nor for evaluation, and their items are not recommended."
        )
        self.notes.append(Finding("info", "threshold", text))
        return positive

    def _core(self, user: np.ndarray, item: np.ndarray, positive: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Return which rows the least numbers leave; test rows stay whatever they are."""
        least = {name: self.options[name] for name in ("min_user", "min_item")}
        if max(least.values()) <= 1:
            return np.ones(len(user), dtype=bool)
        train = np.flatnonzero(~test)
        left = train[k_core(user[train], item[train], positive[train], least["min_user"], least["min_item"])]
        if not len(left):
            raise OptionError(
                f"no interaction is left after the k-core filter (users {least['min_user']}, items "
                f"{least['min_item']} interactions at least)",
                where="options min_user and min_item",
                todo="choose smaller minimums",
            )
        keep = test.copy()
        keep[left] = True
        if not keep.all():
            lost = [len(np.setdiff1d(codes[train], codes[left])) for codes in (user, item)]
            text = (
                f"k-core filter: dropped {counted(lost[0], 'user')} with fewer than {least['min_user']} rows and "
                f"{counted(lost[1], 'item')} with fewer than {least['min_item']}, "
                f"{counted(int((~keep).sum()), 'row')} in all."
            )
            self.notes.append(Finding("info", "k-core", text))
        return keep

    def _table(
        self, users: pd.Index, items: pd.Index, at: np.ndarray, value: np.ndarray, times: np.ndarray
    ) -> tuple[pd.DataFrame, dict[Role, tuple[str, ...]]]:
        typed = self.typed
        names = dict(typed.names)
        columns: dict[str, Any] = {names[Role.USER]: users.array, names[Role.ITEM]: items.array}
        if typed.value is not None:
            columns[names[Role.VALUE]] = value
        elif (times > 1).any():
            names[Role.VALUE] = TIMES_TAKEN
            columns[TIMES_TAKEN] = times.astype(np.float64)
        if typed.time is not None:
            columns[names[Role.TIME]] = typed.time[at]
        index = pd.Index(pd.Series(at).astype("str"), name="row")
        table = pd.DataFrame({name: pd.Series(found, index=index) for name, found in columns.items()})
        return table, {role: (name,) for role, name in names.items()}


def _coded(ids: pd.Series, keep: np.ndarray) -> tuple[np.ndarray, pd.Index]:
    """Return each row's position in the distinct ids, (n,) int64, -1 for rows not kept; and the ids."""
    codes, found = pd.factorize(ids.where(keep))
    return codes, pd.Index(found, dtype="str")


def _pairs(user: np.ndarray, item: np.ndarray, n_items: int, part: np.ndarray) -> np.ndarray:
    """Return one number for user, item and part of the given split, (n,) int64."""
    parts, kinds = pd.factorize(part)
    return (user.astype(np.int64) * n_items + item) * max(1, len(kinds)) + parts


def read_options(options: Any) -> dict[str, Any]:
    """Return the read options typed, with defaults.

    Raises
    ------
    OptionError
        If one does not fit.
    """
    return {
        "repeats": choice_of(options, "repeats", ("fold", "keep")),
        "zero": choice_of(options, "zero", ZERO),
        "positive_from": number_of(options, "positive_from", least=-np.inf),
        **{name: whole_of(options, name, 1) for name in ("min_user", "min_item")},
    }
