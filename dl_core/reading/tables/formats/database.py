"""Database files, SQLite and DuckDB: each of their tables, read only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from dl_core.reading.tables.arrow import to_frame, unique_names
from dl_core.reading.tables.cells import frame_of
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.room import Room

if TYPE_CHECKING:
    import duckdb

# a file that nobody vouches for reads nothing else and loads nothing
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
}


def read_sqlite(path: Path, room: Room) -> list[Parsed]:
    """Return the tables of a SQLite file; views and virtual tables, which would run what it says, are left alone."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            base.text_factory = lambda data: data.decode("utf-8", "replace")
            named = "select name from sqlite_master where type = 'table' and sql like 'create table%' order by rowid"
            names = [name for (name,) in base.execute(named) if not name.startswith("sqlite_")]
            return [_of_sqlite(base, name, room) for name in names]
    except sqlite3.Error as error:
        raise ValueError("not a database") from error


def _of_sqlite(base: sqlite3.Connection, name: str, room: Room) -> Parsed:
    quoted = '"' + name.replace('"', '""') + '"'
    (rows,) = base.execute(f"select count(*) from {quoted}").fetchone()
    cursor = base.execute(f"select * from {quoted}")
    names = unique_names([column for column, *_ in cursor.description])
    room.check(rows, len(names))
    cells = [[None if isinstance(cell, bytes) else cell for cell in row] for row in cursor]
    return Parsed(frame_of(cells, names, room.kind.as_text), header=None, member=name)


def read_duckdb(path: Path, room: Room) -> list[Parsed]:
    """Return the tables of a DuckDB file."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True, config=_LOCKED) as base:
            found = base.execute(
                "select schema_name, table_name, estimated_size, column_count from duckdb_tables() where not internal"
            ).fetchall()
            for _, _, rows, columns in found:
                room.check(rows, columns)
            return [_of_duckdb(base, schema, name, room) for schema, name, *_ in found]
    except duckdb.Error as error:
        raise ValueError("not a database") from error


def _of_duckdb(base: duckdb.DuckDBPyConnection, schema: str, name: str, room: Room) -> Parsed:
    parts = ['"' + part.replace('"', '""') + '"' for part in (schema, name)]
    table = base.sql(f"select * from {'.'.join(parts)}").to_arrow_table()
    return Parsed(to_frame(table, room.kind.as_text), header=None, member=name)


READER = (
    TableFormat(
        "SQLite",
        "SQLite",
        (".sqlite", ".sqlite3", ".db"),
        read_sqlite,
        lambda head, path: head.startswith(b"SQLite format 3"),
    ),
    TableFormat("DuckDB", "DuckDB", (".duckdb",), read_duckdb, lambda head, path: head[8:12] == b"DUCK"),
)
