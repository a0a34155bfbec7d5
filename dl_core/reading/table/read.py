"""`read_transactions`: from whatever the user uploads to a validated table of transactions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.privacy import tidy_sex
from dl_core.data.reading import CONTENT, Question, QuestionError, Reading, Target, Verdict
from dl_core.data.table.derive import append_history
from dl_core.data.table.labels import ACCOUNT_LABELS, FRAUD, HONEST, label_codes
from dl_core.errors import SchemaError
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.accounts import tidy_keys, unique_ids
from dl_core.reading.table.features import leave_leaks, read_amount, read_features, read_features_like
from dl_core.reading.table.layouts import table_kind
from dl_core.reading.table.made import AGE, ages, with_made
from dl_core.reading.table.new_cases import like_training
from dl_core.reading.table.recognise import Combined, combined
from dl_core.reading.table.roles import Decided, decide_roles
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.reading.table.several import joined_keys, joined_times
from dl_core.reading.table.target import read_label
from dl_core.reading.table.times import read_time
from dl_core.reading.table.units import account_labels, labelled_unit
from dl_core.reading.tables.about import Described, TableAbout, readings, reasons
from dl_core.reading.tables.formats import formats_in_words
from dl_core.reading.tables.names import Roles, guess_by_name, plain_name
from dl_core.reading.tables.read import read_tables
from dl_core.reading.tables.trained import Trained
from dl_core.reading.understood import understood
from dl_core.schema import Role

_LAYOUT = "a row a transaction"
_ASKED = (Role.LABEL, Role.ENTITY, Role.TIME)  # whose absence is an answer
_ASSUMED = ("fold-split",)
_ROWS_THAT_TELL = 10  # whose order tells which of day and month comes first
_SEX = ("sex", "gender", "customer_sex", "customer_gender")
_WORD = {Role.ENTITY: "account", Role.COUNTERPARTY: "counterparty"}


def read_transactions(request: ReadRequest, limits: Limits | None = None, now: datetime | None = None) -> Dataset:
    """Read transactions, or any table of rows that are fraud or not, and derive each account's history.

    Parameters
    ----------
    request : ReadRequest
        ``paths`` are CSV (any separator, encoding and notation of numbers), TSV, Parquet, Excel or JSON lines files, or
        zips or folders of them; tables of the same columns are appended. A role without columns means that there is
        none (``{Role.LABEL: ()}``: do not use the labels). Options: ``delay_days`` (age from which a label is known,
        7.0), ``like`` (description of the training data: the same columns are expected), ``history`` (path of a saved
        data set whose last 90 days stand before the new rows, so that their aggregates continue).
    limits : Limits, optional
        The environment's by default; checked before a file is read whole.
    now : datetime, optional
        Later times count as being in the future.

    Returns
    -------
    Dataset
        Row ids are 0-based positions in the files, test rows last. Classes are ("honest", "fraud"), or ("ordinary",
        "unusual") without labels. Notes of level ``"error"`` block training.

    Raises
    ------
    DaylightError
        A subclass that says what is wrong, if no data set can be made.
    """
    return describe_transactions(request, limits, now).dataset


def describe_transactions(request: ReadRequest, limits: Limits | None = None, now: datetime | None = None) -> Described:
    """Return what `read_transactions` reads, and how it read each table."""
    if not request.paths:
        raise SchemaError("no file was given", expected=formats_in_words())
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        read = read_tables(request, Path(folder), table_kind(request), limits or Limits.from_environment())
    reading = _Reading(request, combined(read, request), read.source, now or datetime.now(UTC))
    del read  # what was joined needs the single tables no more
    return reading.run()


class _Reading:
    """One call of `read_transactions`: the steps share what was found so far."""

    def __init__(self, request: ReadRequest, found: Combined, source: Source, now: datetime) -> None:
        self.request, self.source = request, source
        self.now = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "ns")
        self.trained = Trained.of(request)
        self.part, self.notes, self.tables, self.frame = found.part, list(found.notes), found.tables, found.frame
        self.hidden = found.hidden
        self.frame.index = pd.Index(pd.Series(np.arange(len(self.frame))).astype("str"), name="row")
        self.joined: set[str] = set()  # columns that became one with others
        self.unread, self.split, self.keys = found.left, found.split, found.keys
        self.left: dict[str, str] = {}  # why a column takes no part
        self.questions: list[Question] = []
        self.target: Target | None = None
        self.columns: dict[str, pd.Series] = {}
        self.time: np.ndarray | None = None

    def run(self) -> Described:
        """Type all columns and return the data set.

        Raises
        ------
        QuestionError
            If the files leave open what no model may guess.
        """
        features = (*self.trained.roles.get(Role.FEATURE, ()), *self.request.wished.get(Role.FEATURE, ()))
        made = with_made(self.frame, features)
        self.frame, self.born = made.frame, made.born
        self.notes += made.notes if self.request.labelled else ()
        if self.trained:
            self.frame, roles, notes = like_training(self.frame, self.request, self.trained)
            decided = Decided(roles, dict(reasons(roles, self.request.wished, self.trained.roles)), notes)
        else:
            decided = decide_roles(self.frame, self.request, self.hidden)
        roles, self.questions = dict(decided.roles), decided.questions
        self.notes += decided.notes
        self._read_label(roles)
        self._read_time(roles)
        self._read_amount(roles)
        self._read_keys(roles)
        self._read_unit(roles)
        self._read_features(roles)
        order = [*self.frame.columns, *(name for name in self.columns if name not in self.frame.columns)]
        table = pd.DataFrame({name: self.columns[name] for name in order if name in self.columns})
        uploaded = {role: decided.roles.get(role, names) for role, names in roles.items()}
        if not set(uploaded.get(Role.UNIT, ())) <= set(self.frame.columns):
            uploaded.pop(Role.UNIT)  # joined of several columns, and found again
        about = self._about(
            {role: uploaded[role] for role in sorted(uploaded, key=lambda one: one != Role.UNIT)}, decided
        )
        if Role.ENTITY in roles:
            roles.setdefault(Role.UNIT, roles[Role.ENTITY])
        dataset = self._dataset(table, roles)
        reading = self._reading(dataset, uploaded, about)
        if self.questions and self.request.labelled:
            raise QuestionError(reading, where=self.request.where)
        return Described(replace(dataset, reading=reading), about)

    def _about(self, uploaded: Roles, decided: Decided) -> tuple[TableAbout, ...]:
        """Return how the tables were read, with a reason for each column."""
        told: dict[str, dict[str, Any]] = {name: {"why": why} for name, why in self.left.items()}
        told |= {name: {"role": "split", "why": "its words name the parts of a split"} for name in self.split}
        told |= {name: {"type": "time"} for name in uploaded.get(Role.TIME, ())}
        for question in self.questions:
            asked = {
                (name, role) for choice in question.choices for role, names in choice.roles.items() for name in names
            }
            for name, role in asked:
                told[name] = told.get(name, {}) | {"verdict": Verdict.OPEN, "alternatives": (str(role),)}
        shown = dict(sorted(uploaded.items(), key=lambda one: one[0] != Role.UNIT))  # a unit is an account besides
        roles = [one.with_roles(shown, {Role.FEATURE: CONTENT, **decided.why}) for one in self.tables]
        return tuple(one.with_columns(told) for one in roles)

    def _reading(self, dataset: Dataset, uploaded: Roles, about: tuple[TableAbout, ...]) -> Reading:
        files, columns = readings(about)
        said = Reading(
            "table",
            layout=_LAYOUT,
            files=(*files, *self.unread),
            columns=tuple(columns),
            questions=tuple(self.questions),
            assumed=tuple(note.message for note in self.notes if note.kind in _ASSUMED),
        )
        none = {role: () for role in _ASKED if self.request.wished.get(role) == ()}
        reading = understood(said, dataset, self.request, roles={**none, **uploaded})
        return reading if self.target is None else replace(reading, target=self.target)

    def _dataset(self, table: pd.DataFrame, roles: Roles) -> Dataset:
        of_accounts = any(note.kind == ACCOUNT_LABELS for note in self.notes)
        told = {role: names for role, names in roles.items() if role != Role.LABEL or not of_accounts}
        derived = append_history(table, told, self.request.options, self.request.labelled)
        fixed = pd.Series(self.part, index=table.index, dtype="object") if (self.part != "").any() else None
        return Dataset(
            name=self.request.title("transactions"),
            table=derived.table,
            roles=roles | derived.roles,
            source=self.source,
            arrays=derived.arrays,
            classes=(HONEST, FRAUD) if self._has_labels(roles) else ("ordinary", "unusual"),
            fixed_split=None if fixed is None else fixed.replace("", "train"),
            notes=(*self.notes, *derived.notes),
            fingerprint=derived.fingerprint,
            pseudonyms=self.hidden.as_dict(),
        )

    def _has_labels(self, roles: Roles) -> bool:
        return Role.LABEL in roles or HONEST in self.trained.classes

    def _read_label(self, roles: Roles) -> None:
        if Role.LABEL not in roles:
            if self.request.labelled:
                text = "No labels: only anomaly detection (unsupervised) is possible."
                self.notes.append(Finding("info", "no-labels", text))
            return
        name = roles[Role.LABEL][0]
        found = read_label(self.frame[name], self.request)
        self.notes += found.notes
        if found.labels is None:
            roles.pop(Role.LABEL)  # new cases are scored whatever stands there
            return
        self.columns[name], self.target = found.labels, found.target
        self.questions += [found.question] if found.question else []

    def _read_time(self, roles: Roles) -> None:
        if Role.TIME not in roles:
            return
        raw = self._joined(roles, Role.TIME, joined_times)
        asked = str(self.request.options.get("dates") or "auto")
        order = self.trained.order or ("" if asked == "auto" else asked)
        found = read_time(raw, order, self.now, not (self.part != "").any(), bool(self.trained))
        self.time = found.values
        self.columns[roles[Role.TIME][0]] = pd.Series(found.values, index=self.frame.index)
        self.notes += found.notes
        self.questions += [found.question] if found.question else []

    def _joined(self, roles: Roles, role: Role, join: Callable[[pd.DataFrame, Sequence[str]], pd.Series]) -> pd.Series:
        """Return the column of a role, joined where several fill it, which then is the role's one column."""
        names = roles[role]
        if len(names) == 1:
            return self.frame[names[0]]
        self.joined |= set(names)
        joined = join(self.frame, names)
        roles[role] = (str(joined.name),)
        return joined

    def _read_amount(self, roles: Roles) -> None:
        if Role.AMOUNT in roles:
            name = roles[Role.AMOUNT][0]
            self.columns[name] = read_amount(self.frame[name], self.notes)

    def _read_keys(self, roles: Roles) -> None:
        for role, word in _WORD.items():
            if role in roles:
                raw = self._joined(roles, role, joined_keys)
                name = roles[role][0]
                keys, notes, self.hidden = tidy_keys(raw, word, self.hidden)
                self.columns[name] = keys
                self.notes += notes
        for name in roles.get(Role.ID, ())[:1]:
            ids = self.frame[name]
            self.columns[name] = ids
            self.notes += unique_ids(ids)

    def _read_unit(self, roles: Roles) -> None:
        """Keep the rows of one account together where they have one label because it is the account's, and say so."""
        wished = self.request.wished.get(Role.UNIT, ())[:1]
        if wished and not self.trained:
            roles[Role.UNIT] = wished
        if Role.LABEL in roles and self.request.labelled:
            label = roles[Role.LABEL][0]
            joined = [self.keys[label]] if label in self.keys else []
            told = {
                name: self.columns[name] if name in self.columns else self.frame[name] for name in (*wished, *joined)
            }
            keys = {name: self.columns[name] for role in _WORD for name in roles.get(role, ())}
            if name := labelled_unit(self.columns[label], told, keys):
                roles[Role.UNIT] = (name,)
                self.notes.append(account_labels(name))
        for name in roles.get(Role.UNIT, ()):
            if name not in self.columns:
                self.columns[name], notes, self.hidden = tidy_keys(self.frame[name], "account", self.hidden)
                self.notes += notes

    def _read_features(self, roles: Roles) -> None:
        wished = tuple(self.request.roles.get(Role.FEATURE, ()))
        if self.born is not None:
            self.frame[AGE] = ages(self.born, self.time, self.now)
        groups = roles.get(Role.GROUP, ())
        aside = (
            ()
            if Role.LABEL in roles
            else guess_by_name(TRANSACTION_SCHEMA, list(self.frame.columns)).get(Role.LABEL, ())
        )
        read = {
            *self.columns,
            *self.joined,
            *(name for name in aside if name not in wished),
        }  # labels not to be used are no features
        rest = self.frame[[name for name in self.frame.columns if name not in read and name not in self.hidden]]
        if self.trained:
            known = [name for name in (*roles.get(Role.FEATURE, ()), *groups) if name in rest.columns]
            features = read_features_like(rest[known], self.trained.types, roles.get(Role.FEATURE, ()))
        else:
            features = read_features(rest, self.time, wished, groups)
        if Role.LABEL in roles and self.request.labelled and not self.trained and not wished:
            leave_leaks(features, label_codes(self.columns[roles[Role.LABEL][0]]))
        self.columns |= features.columns
        self.notes += features.notes
        self.left |= features.left
        roles[Role.FEATURE] = tuple(features.chosen)
        for name in groups:
            if plain_name(name) in _SEX and not pd.api.types.is_numeric_dtype(self.columns[name].dtype):
                self.columns[name] = tidy_sex(self.columns[name])
        kept = tuple(name for name in groups if self.columns[name].nunique() > 1)
        roles[Role.GROUP] = groups if self.trained else kept
        for role in (Role.FEATURE, Role.GROUP):
            if not roles[role]:
                roles.pop(role)
