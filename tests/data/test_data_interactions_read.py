"""Interactions as people have them, read to one typed data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.read import read_interactions
from dl_core.data.request import ReadRequest
from dl_core.schema import Role

DATA = (
    "196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t377\t1\t878887116\n"
    "244\t51\t2\t880606923\n196\t51\t5\t886397596\n"
)


def read(
    *paths: Path, labelled: bool = True, roles: dict | None = None, test: Path | None = None, **options: Any
) -> Dataset:
    """Read paths with options."""
    tests = () if test is None else (test,)
    return read_interactions(ReadRequest(tuple(paths), tests, roles or {}, options, labelled))


def kinds(dataset: Dataset, level: str = "") -> set[str]:
    """Return the kinds of what reading noted."""
    return {note.kind for note in dataset.notes if not level or note.level == level}


def note(dataset: Dataset, kind: str) -> str:
    """Return the message of a kind."""
    return next(note.message for note in dataset.notes if note.kind == kind)


def test_a_file_without_header_is_named_by_position(tmp_path: Path) -> None:
    (tmp_path / "u.data").write_text(DATA)
    data = read(tmp_path / "u.data")
    assert {role: names[0] for role, names in data.roles.items()} == {
        Role.USER: "user",
        Role.ITEM: "item",
        Role.VALUE: "rating",
        Role.TIME: "timestamp",
    }
    assert data.table["user"].tolist() == ["196", "186", "196", "244", "196"]
    assert data.table["rating"].tolist() == [3, 3, 1, 2, 5] and data.table["positive"].all()
    assert data.table["timestamp"].iloc[0] == pd.Timestamp("1997-12-04 15:55:49") and data.classes == ()
    assert data.ids.tolist() == ["0", "1", "2", "3", "4"]
    assert "u.data has no header line" in note(data, "no-header")
