"""What the store tells about runs and data sets, as frozen records, and the tables behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import DatabaseError, InterfaceError

from dl_core.errors import StorageError


@dataclass(frozen=True)
class DatasetRecord:
    """A stored data set. ``summary`` is `Dataset.describe()`; ``created`` is in seconds since 1970."""

    id: str
    owner: str
    domain: str
    name: str
    rows: int
    fingerprint: str
    simulated: str
    created: float
    bytes: int
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """A stored run. ``summary`` holds models, scores and timings as plain JSON, ``spec`` what was asked for.

    ``dataset_id`` is None when the data set was deleted since; ``dataset_name`` stays. Times are in seconds since 1970.
    """

    id: str
    owner: str
    domain: str
    dataset_id: str | None
    dataset_name: str
    job_id: str
    name: str
    note: str
    state: str
    shared: bool
    simulated: str
    created: float
    started: float | None
    finished: float | None
    bytes: int
    spec: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


BUSY_MS = 10_000  # how long SQLite waits for another writer, milliseconds

_meta = sql.MetaData()

DATASETS = sql.Table(
    "datasets",
    _meta,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("owner", sql.String(128), nullable=False, index=True),
    sql.Column("domain", sql.String(64), nullable=False),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("rows", sql.Integer, nullable=False),
    sql.Column("fingerprint", sql.String(64), nullable=False, index=True),
    sql.Column("simulated", sql.Text, nullable=False, default=""),
    sql.Column("created", sql.Float, nullable=False),
    sql.Column("bytes", sql.BigInteger, nullable=False, default=0),
    sql.Column("summary", sql.JSON, nullable=False),
)

RUNS = sql.Table(
    "runs",
    _meta,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("owner", sql.String(128), nullable=False, index=True),
    sql.Column("domain", sql.String(64), nullable=False),
    sql.Column("dataset_id", sql.String(64), sql.ForeignKey("datasets.id", ondelete="SET NULL"), index=True),
    sql.Column("dataset_name", sql.String(200), nullable=False, default=""),
    sql.Column("job_id", sql.String(64), nullable=False, default=""),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("note", sql.Text, nullable=False, default=""),
    sql.Column("state", sql.String(16), nullable=False),
    sql.Column("shared", sql.Boolean, nullable=False, default=False),
    sql.Column("simulated", sql.Text, nullable=False, default=""),
    sql.Column("created", sql.Float, nullable=False),
    sql.Column("started", sql.Float),
    sql.Column("finished", sql.Float),
    sql.Column("bytes", sql.BigInteger, nullable=False, default=0),
    sql.Column("spec", sql.JSON, nullable=False),
    sql.Column("summary", sql.JSON, nullable=False),
    sql.Column("search", sql.Text, nullable=False, default=""),
)


def open_database(url: str) -> sql.Engine:
    """Return the database at ``url`` with its tables made.

    SQLite gets a write-ahead log, waits for other writers and checks foreign keys.
    """
    database = sql.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if database.dialect.name == "sqlite":
        sql.event.listen(database, "connect", _set_up_sqlite)
    with database_errors():
        _meta.create_all(database)
    return database


def _set_up_sqlite(connection, _record) -> None:
    cursor = connection.cursor()
    for setting in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn a database that is full, locked or out of reach into a `StorageError`."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        raise StorageError(
            f"the records cannot be read or written ({type(error.orig).__name__}: {error.orig})",
            where="database",
            todo="free some space, or check DAYLIGHT_DATABASE; no saved data are lost",
        ) from error
