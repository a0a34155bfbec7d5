"""Secrets leave the tables before anything else looks at them: pseudonyms stand for keys, the rest is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.find import codes_beside, is_rounded, measured, secret_of
from dl_core.reading.secrets.keys import derived_key, pseudonyms
from dl_core.reading.secrets.kinds import CODE, KINDS, PSEUDONYM, SecretKind
from dl_core.reading.tables.about import TableAbout
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

_KEYS = (Role.ENTITY, Role.COUNTERPARTY, Role.USER, Role.ITEM, Role.SERIES, Role.UNIT, Role.ID)
_ROUNDED = "rounded numbers"
_WORDS = {kind.name: kind for kind in (*KINDS, CODE, PSEUDONYM)}
T = TypeVar("T", bound=Any)  # RawTable, which stands above


@dataclass(frozen=True)
class Hidden:
    """What was hidden: the key of the pseudonyms (hex, empty without any), and the kind of secret by plain column name.

    A data set keeps both, so that new cases get the same pseudonyms.
    """

    key: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON; empty where nothing was hidden."""
        return {"key": self.key, "columns": dict(self.columns)} if self.columns else {}

    def __contains__(self, column: object) -> bool:
        """Return whether a column is locked, whatever its spelling."""
        return plain_name(column) in self.columns


def hidden(tables: Sequence[T], request: ReadRequest) -> tuple[list[T], Hidden, list[Finding]]:
    """Return the tables without secrets, what was hidden, and what is to say.

    Columns of keys (card numbers, accounts, mail addresses, phone numbers, national ids) hold keyed pseudonyms
    afterwards, the same for the same value in all tables and in those read like them; verification codes, and numbers
    that a spreadsheet has rounded, are dropped.
    """
    before = Hidden(**((request.options.get("like") or {}).get("pseudonyms") or {}))
    found = {name: _WORDS[kind] for name, kind in before.columns.items() if kind in _WORDS}
    rounded: set[str] = set()
    wished = {name for role, names in request.wished.items() if role in _KEYS for name in names}
    for table in tables:
        safe = measured(table.frame)
        for name in (name for name in table.frame.columns if name not in safe):
            plain, kind = plain_name(name), secret_of(table.frame[name])
            if plain not in found and kind is None and is_rounded(table.frame[name], name in wished):
                rounded.add(plain)
            elif kind is not None:
                found.setdefault(plain, kind)
        for name in _codes(table.frame, found):
            found.setdefault(plain_name(name), CODE)
    if not found and not rounded:
        return list(tables), before, []
    columns = {
        **before.columns,
        **{name: kind.name for name, kind in found.items()},
        **dict.fromkeys(rounded, _ROUNDED),
    }
    _check_wished(request, columns)
    key = before.key or derived_key(_content(tables, found))
    changed = [_without(table, found, rounded, key) for table in tables]
    return changed, Hidden(key, columns), [] if not request.labelled else _notes(tables, columns)


def _check_wished(request: ReadRequest, columns: Mapping[str, str]) -> None:
    """Check that the user wants no secret for anything but a key.

    Raises
    ------
    SchemaError
        If a role names one, or a key whose numbers a spreadsheet has rounded.
    """
    for role, names in request.wished.items():
        for name in names:
            kind = columns.get(plain_name(name))
            if kind is None or (role in _KEYS and kind not in (_ROUNDED, CODE.name)):
                continue
            if kind == _ROUNDED:
                problem, todo = "its long numbers were rounded by a spreadsheet (4E+15)", "export it again as text"
            else:
                problem, todo = f"it holds {kind}, which are never used", "choose another column, or none"
            where = f"role {role}, column {shorten(name, 40)}"
            raise SchemaError(problem, where=where, expected="values that are no secret", todo=todo)


def _codes(frame: pd.DataFrame, found: Mapping[str, SecretKind]) -> list[str]:
    secrets = {name: found.get(plain_name(name)) for name in frame.columns}
    cards = [name for name, secret in secrets.items() if secret is not None and secret.name == "card numbers"]
    free = [name for name, secret in secrets.items() if secret is None]
    return codes_beside(frame, frame[cards[0]], free) if cards else []


def _content(tables: Sequence[T], found: Mapping[str, SecretKind]) -> bytes:
    """Return what the key is derived from: the same for the same files."""
    columns = (t.frame[name] for t in tables for name in t.frame.columns if plain_name(name) in found)
    return b"".join(pd.util.hash_array(column.drop_duplicates().astype(str).to_numpy(object)) for column in columns)


def _without(table: T, found: Mapping[str, SecretKind], rounded: set[str], key: str) -> T:
    frame, told = table.frame, {}
    gone = [name for name in frame.columns if plain_name(name) in rounded or found.get(plain_name(name)) is CODE]
    kept = {name: found[plain_name(name)] for name in frame.columns if plain_name(name) in found and name not in gone}
    frame = frame.drop(columns=gone)
    for name, kind in kept.items():
        if kind is not PSEUDONYM:
            frame[name] = pseudonyms(frame[name], key, kind.word, kind.tidy)
        told[name] = {
            "locked": True,
            "type": "text",
            "why": f"looks like {kind.name}: never a feature, stored or shown",
        }
    for name in gone:
        what = f"looks like {CODE.name}: never used, stored or shown"
        if plain_name(name) in rounded:
            what = "long numbers that a spreadsheet has rounded (4E+15): they tell nothing apart any more"
        told[name] = {"locked": True, "why": what}
    about: TableAbout = table.about.with_columns(told)
    return replace(table, frame=frame, about=about)


def _notes(tables: Sequence[T], columns: Mapping[str, str]) -> list[Finding]:
    names = dict.fromkeys(name for table in tables for name in table.frame.columns if plain_name(name) in columns)
    secret = {name: columns[plain_name(name)] for name in names}
    rounded = [name for name, kind in secret.items() if kind == _ROUNDED]
    told = [
        f"{shorten(name, 40)!r} ({kind})" for name, kind in secret.items() if kind not in (_ROUNDED, PSEUDONYM.name)
    ]
    notes = []
    if told:
        text = (
            f"Columns with secrets: {', '.join(told[:8])}{' …' if len(told) > 8 else ''}. They are no features and are "
            "stored and shown nowhere; where one names accounts, users or items, keyed pseudonyms stand for its values."
        )
        notes.append(Finding("info", "secrets", text))
    if rounded:
        text = (
            f"A spreadsheet has rounded the long numbers of {listed(rounded)} (4E+15), so they tell no accounts apart "
            "and were left out. Format the column as text before saving, and export again."
        )
        notes.append(Finding("warning", "rounded-ids", text))
    return notes
