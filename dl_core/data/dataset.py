"""The noun `Dataset`: frozen, validated, one row an example, with its roles, source and content fingerprint."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.reading import Reading
from dl_core.errors import RunError, SchemaError, shorten
from dl_core.schema import ARRAYS, Role

HASHED_ROWS = 1 << 18


@dataclass(frozen=True)
class Source:
    """Where data come from and what may be done with them.

    ``simulated`` is a short statement of what is simulated ("simulated lesions on real anatomy"), or empty.
    """

    title: str
    licence: str = "not stated"
    url: str = ""
    notice: str = ""
    simulated: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing the user should know about the data before training.

    ``level`` is ``"info"``, ``"warning"`` or ``"error"`` (an error blocks training). ``kind`` is a stable key such as
    ``"exact-duplicate"``. ``rows`` are the row ids concerned; ``mend`` names the option that mends it, or is empty.
    """

    level: str
    kind: str
    message: str
    rows: tuple[str, ...] = ()
    mend: str = ""


@dataclass(frozen=True)
class Dataset:
    """A validated data set.

    Parameters
    ----------
    name : str
    table : pandas.DataFrame
        One row an example; the index holds unique row ids (str) that stay with the row from here to the report.
    roles : mapping of Role to tuple of str
        Columns of ``table`` by role. ``Role.IMAGE`` names a key of ``arrays`` instead.
    arrays : mapping of str to numpy.ndarray
        Arrays aligned with ``table`` by position, for instance ``"image"``: (n, height, width, channels) uint8.
    source : Source
    classes : tuple of str
        The label's classes in score order; empty where the domain has none.
    fixed_split : pandas.Series or None
        Official assignment, ``"train"``, ``"validation"``, ``"test"`` by row id, where the data came with one.
    notes : tuple of Finding
        What reading had to say (files left out, columns matched).
    side : mapping of str to pandas.DataFrame
        Tables about what the rows speak of, such as ``"items"`` and ``"users"``: the index holds ids (str) that stand
        in a column of ``table``. A subset of the rows keeps them whole.
    pseudonyms : mapping
        The data set's own key of pseudonyms, and the kind of secret by column, so that new cases get the same ones;
        empty where nothing was hidden.
    windows : mapping
        What became black and what white in images deeper than eight bits, by their depth, so that new cases get the
        same grey values.
    reading : Reading or None
        How the files were understood that the data come from; stays with the data, never goes into a run or bundle.

    Raises
    ------
    SchemaError
        If ids repeat, or a role names a column that does not exist, or an array has another length.
    """

    name: str
    table: pd.DataFrame
    roles: Mapping[Role, tuple[str, ...]]
    source: Source
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    fixed_split: pd.Series | None = None
    notes: tuple[Finding, ...] = ()
    fingerprint: str = ""
    side: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    pseudonyms: Mapping[str, Any] = field(default_factory=dict)
    windows: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    reading: Reading | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", MappingProxyType({Role(k): tuple(v) for k, v in self.roles.items()}))
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))
        object.__setattr__(self, "side", MappingProxyType(dict(self.side)))
        self._check()
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", content_fingerprint(self.table, self.arrays, self.side))

    def _check(self) -> None:
        if not self.table.index.is_unique:
            twice = self.table.index[self.table.index.duplicated()][0]
            raise SchemaError("duplicate row id", where=f"row {shorten(twice)}", expected="unique ids")
        for role, columns in self.roles.items():
            for column in columns:
                known = self.arrays if role in ARRAYS else self.table.columns
                if column not in known:
                    raise SchemaError(f"there is no column {shorten(column)!r}", where=f"role {role}")
        for key, array in self.arrays.items():
            if len(array) != len(self.table):
                raise SchemaError(
                    f"{len(array)} entries for {len(self.table)} rows", where=f"array {key}", expected="one a row"
                )
        for key, table in self.side.items():
            if not table.index.is_unique:
                twice = table.index[table.index.duplicated()][0]
                raise SchemaError("duplicate id", where=f"table of {key}, {shorten(twice)}", expected="unique ids")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> pd.Index:
        """Row ids in order."""
        return self.table.index

    def with_reading(self, reading: Reading, pseudonyms: Mapping[str, Any]) -> Dataset:
        """Return the same rows with how their files were understood; nothing is checked or hashed again."""
        same = copy(self)
        object.__setattr__(same, "reading", reading)
        object.__setattr__(same, "pseudonyms", pseudonyms)
        return same

    def column(self, role: Role) -> str | None:
        """Return the (first) column with ``role``, or None."""
        columns = self.roles.get(role, ())
        return columns[0] if columns else None

    def values(self, role: Role) -> pd.Series | None:
        """Return the (first) column with ``role`` as a series by row id, or None."""
        column = self.column(role)
        return None if column is None else self.table[column]

    def require(self, role: Role) -> pd.Series:
        """Return the (first) column with ``role`` as a series by row id.

        Raises
        ------
        SchemaError
            If there is none.
        """
        found = self.values(role)
        if found is None:
            raise SchemaError(
                f"there is no column with the role {role}", where=self.name, todo="name one with this role"
            )
        return found

    @property
    def images(self) -> np.ndarray:
        """Images, (n, height, width, channels) uint8."""
        return self.arrays[self.roles[Role.IMAGE][0]]

    @property
    def targets(self) -> np.ndarray:
        """Class indices of the label, (n,) int64; -1 where the label is missing."""
        labels = self.values(Role.LABEL)
        if labels is None:
            raise SchemaError("there is no label column", where=self.name, todo="name the column that holds the label")
        index = {name: i for i, name in enumerate(self.classes)}
        return labels.astype(object).map(index).fillna(-1).to_numpy(dtype=np.int64)

    @property
    def labelled(self) -> bool:
        """Whether there is a label column; without one only models that need no labels can be trained."""
        return bool(self.roles.get(Role.LABEL))

    def with_table(self, table: pd.DataFrame) -> Dataset:
        """Return the same rows with other values in the table, for asking a model "what if"."""
        return replace(self, table=table, fingerprint="changed")

    def subset(self, ids: Iterable[str]) -> Dataset:
        """Return the rows ``ids``, in that order, as a data set of its own."""
        at = self.table.index.get_indexer(pd.Index(ids))
        if (at < 0).any():
            raise RunError("a row is not part of this data set", where=self.name)
        fixed = None if self.fixed_split is None else self.fixed_split.loc[self.table.index[at]]
        return Dataset(
            name=self.name,
            table=self.table.iloc[at],
            roles=self.roles,
            source=self.source,
            arrays={key: array[at] for key, array in self.arrays.items()},
            classes=self.classes,
            fixed_split=fixed,
            notes=self.notes,
            fingerprint=self.fingerprint
            if len(at) == len(self) and (at == np.arange(len(at))).all()
            else self._part(at),
            side=self.side,
            pseudonyms=self.pseudonyms,
            windows=self.windows,
        )

    def _part(self, at: np.ndarray) -> str:
        """Return the fingerprint of some rows: it follows from that of all rows, whose values need no second look."""
        if len(at) == len(self) and (at == np.arange(len(at))).all():
            return self.fingerprint
        return hashlib.sha256(self.fingerprint.encode() + np.ascontiguousarray(at).tobytes()).hexdigest()[:16]

    @classmethod
    def from_images(cls, images: np.ndarray, classes: tuple[str, ...] = (), name: str = "images") -> Dataset:
        """Return unlabelled working images (n, height, width, channels) uint8 as a data set with ids "0", "1", …"""
        ids = pd.Index([str(i) for i in range(len(images))], name="row")
        return cls(
            name=name,
            table=pd.DataFrame(index=ids),
            roles={Role.IMAGE: ("image",)},
            source=Source(name),
            arrays={"image": images},
            classes=classes,
        )

    def save(self, folder: Path) -> Path:
        """Write the data set into ``folder`` (made anew) and return it. Nothing in it is pickled."""
        folder = Path(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.table.rename_axis("row").to_parquet(folder / "table.parquet")
        for key, array in self.arrays.items():
            np.save(folder / f"{key}.npy", array, allow_pickle=False)
        for key, table in self.side.items():
            table.rename_axis("id").to_parquet(folder / f"side_{key}.parquet")
        if self.fixed_split is not None:
            self.fixed_split.rename("split").rename_axis("row").to_frame().to_parquet(folder / "split.parquet")
        if self.reading is not None:
            (folder / "reading.json").write_text(json.dumps(self.reading.as_dict(), indent=1), encoding="utf-8")
        (folder / "dataset.json").write_text(json.dumps(self.describe(), indent=1), encoding="utf-8")
        return folder

    def describe(self) -> dict:
        """Return everything but the rows as plain JSON."""
        return {
            "name": self.name,
            "rows": len(self),
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "roles": {str(role): list(columns) for role, columns in self.roles.items()},
            "source": asdict(self.source),
            "arrays": {key: {"shape": list(a.shape), "dtype": str(a.dtype)} for key, a in self.arrays.items()},
            "columns": {column: str(dtype) for column, dtype in self.table.dtypes.items()},
            "fixed_split": self.fixed_split is not None,
            "side": {key: {column: str(t) for column, t in table.dtypes.items()} for key, table in self.side.items()},
            "notes": [asdict(note) for note in self.notes],
            "pseudonyms": dict(self.pseudonyms),
            "windows": {depth: list(window) for depth, window in self.windows.items()},
        }

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Read what `save` wrote; arrays are memory-mapped.

        Raises
        ------
        RunError
            If the folder is missing or damaged.
        """
        folder = Path(folder)
        try:
            about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
            table = pd.read_parquet(folder / "table.parquet")
            arrays = {key: np.load(folder / f"{key}.npy", mmap_mode="r", allow_pickle=False) for key in about["arrays"]}
            fixed = pd.read_parquet(folder / "split.parquet")["split"] if about["fixed_split"] else None
            side = {key: pd.read_parquet(folder / f"side_{key}.parquet") for key in about.get("side", ())}
            read = folder / "reading.json"
            reading = Reading.from_dict(json.loads(read.read_text(encoding="utf-8"))) if read.exists() else None
        except (OSError, ValueError, KeyError) as error:
            raise RunError(
                "the data set is missing or damaged", where=folder.name, todo="upload the data again"
            ) from error
        return cls(
            name=about["name"],
            table=table,
            roles={Role(role): tuple(columns) for role, columns in about["roles"].items()},
            source=Source(**about["source"]),
            arrays=arrays,
            classes=tuple(about["classes"]),
            fixed_split=fixed,
            notes=tuple(Finding(**{**note, "rows": tuple(note["rows"])}) for note in about["notes"]),
            fingerprint=about["fingerprint"],
            side=side,
            pseudonyms=about.get("pseudonyms", {}),
            windows={depth: (low, high) for depth, (low, high) in about.get("windows", {}).items()},
            reading=reading,
        )


def content_fingerprint(
    table: pd.DataFrame, arrays: Mapping[str, np.ndarray], side: Mapping[str, pd.DataFrame] | None = None
) -> str:
    """Return 16 hex digits that change whenever a value, an id, an array or a side table changes."""
    digest = hashlib.sha256()
    for part in (table, *(about for _, about in sorted((side or {}).items()))):
        digest.update(repr(list(part.columns)).encode())
        for column in (part.index.to_series(), *(part.iloc[:, at] for at in range(part.shape[1]))):
            for start in range(0, len(part), HASHED_ROWS):  # blocks, since text takes memory many times over
                digest.update(_hashed(column.iloc[start : start + HASHED_ROWS]).tobytes())
    for key in sorted(arrays):
        array = arrays[key]
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        for start in range(0, len(array), 256):  # blocks, so that a memory-mapped array is never read whole
            digest.update(np.ascontiguousarray(array[start : start + 256]).tobytes())
    return digest.hexdigest()[:16]


def _hashed(column: pd.Series) -> np.ndarray:
    """Return a hash a value; numbers and times are hashed as they are, which is many times faster than as text."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufM":
        return pd.util.hash_array(column.to_numpy())
    codes, texts = pd.factorize(column.astype("str"))  # few texts many times, or ids that each come once
    hashes = pd.util.hash_array(np.asarray(texts, dtype=object), categorize=False)
    return np.append(hashes, np.uint64(np.iinfo(np.uint64).max))[codes]
