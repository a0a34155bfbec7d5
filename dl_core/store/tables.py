"""The tables behind the store, and a database to put them in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.exc import DatabaseError, InterfaceError

from dl_core.errors import StorageError

BUSY_MS = 10_000  # how long SQLite waits for another writer, milliseconds

_meta = MetaData()

DATASETS = Table(
    "datasets",
    _meta,
    Column("id", String(64), primary_key=True),
    Column("owner", String(128), nullable=False, index=True),
    Column("domain", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("simulated", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("summary", JSON, nullable=False),
)

RUNS = Table(
    "runs",
    _meta,
    Column("id", String(64), primary_key=True),
    Column("owner", String(128), nullable=False, index=True),
    Column("domain", String(64), nullable=False),
    Column("dataset_id", String(64), ForeignKey("datasets.id", ondelete="SET NULL"), index=True),
    Column("dataset_name", String(200), nullable=False, default=""),
    Column("job_id", String(64), nullable=False, default=""),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("shared", Boolean, nullable=False, default=False),
    Column("simulated", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("spec", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("search", Text, nullable=False, default=""),
)


def open_database(url: str) -> Engine:
    """Return the database at ``url`` with its tables made.

    SQLite gets a write-ahead log, waits for other writers and checks foreign keys.
    """
    database = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if database.dialect.name == "sqlite":
        event.listen(database, "connect", _set_up_sqlite)
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
