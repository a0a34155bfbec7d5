"""Interactions in any layout: the reading says what was found, or asks; nothing is misread in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core import pipeline
from dl_core.data.reading import Reading
from dl_core.domain import ReadRequest
from dl_core.domains.recommendation import DOMAIN
from dl_core.schema import Role
from tests.reading.layouts_interactions import LAYOUTS, USERS, Layout, T, csv, events


def read(path: Path, roles: dict | None = None, **options: object) -> tuple[Reading, object]:
    """Read as the command line does."""
    parsed = DOMAIN.parse_options(options)
    return pipeline.read(DOMAIN, ReadRequest((path,), roles=roles or {}, options=parsed))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layouts(tmp_path: Path, layout: Layout) -> None:
    layout.write(tmp_path)
    reading, data = read(tmp_path)
    if layout.asked:
        assert data is None and [one.about for one in reading.questions] == [layout.asked]
        assert len(reading.questions[0].choices) >= 2 and reading.files and reading.columns
        choice = reading.questions[0].choices[layout.answer]
        reading, data = read(tmp_path, {Role(k): v for k, v in choice.roles.items()}, **choice.options)
    assert data is not None and not reading.questions, [one.text for one in reading.questions]
    said = reading.as_dict()
    assert {role: said["roles"].get(role) for role in layout.roles} == layout.roles
    assert {key: said["interactions"][key] for key in layout.counts} == layout.counts
    assert said["layout"] == layout.layout
    part = {one["name"]: one["part"] for one in said["files"]}
    assert {name: part.get(name) for name in layout.parts} == layout.parts
    role = {(one["name"]): one for one in reversed(said["columns"])}
    assert all(role[name]["role"] == "left out" and role[name]["why"] for name in layout.left)
    assert all(one["why"] for one in said["columns"])
    for column, start in layout.items.items():
        assert data.side["items"][column].str.startswith(start).all()
    again, same = read(tmp_path, reading.roles, **reading.options)
    assert same.fingerprint == data.fingerprint and again.roles == reading.roles
    assert Reading.from_dict(json.loads(json.dumps(said))).as_dict() == said


def test_weights_of_events_are_the_values_and_what_undoes_never_counts(tmp_path: Path) -> None:
    frame = events(["view", "cart", "remove_from_cart", "purchase"], [0.4, 0.3, 0.2, 0.1])
    csv(frame)(tmp_path)
    reading, _ = read(tmp_path)
    texts = [choice.options["taken"] for choice in reading.questions[0].choices]
    assert texts == ["view=1,cart=3,purchase=5", "purchase=1", "view=1,cart=1,purchase=1", "all"]
    _, data = read(tmp_path, taken=texts[0])
    kept = frame[frame["event"] != "remove_from_cart"]
    weights = kept["event"].map({"view": 1.0, "cart": 3.0, "purchase": 5.0})
    assert data.table["event"].sum() == weights.sum() and len(data) == len(kept)
    new = tmp_path / "new.csv"
    frame.head(30).to_csv(new, index=False)
    options = {**DOMAIN.parse_options({"taken": texts[0]}), "like": data.describe()}
    cases = DOMAIN.read(ReadRequest((new,), options=options, labelled=False))
    assert cases.table["event"].tolist() == weights[weights.index < 30].tolist()


def test_thumbs_down_are_disliked_and_not_taken(tmp_path: Path) -> None:
    csv(pd.DataFrame({"user": T["user"], "item": T["item"], "rating": np.arange(len(T)) % 2}))(tmp_path)
    _, data = read(tmp_path)
    assert data.table["positive"].tolist() == (data.table["rating"] == 1).tolist() and len(data) == len(T)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    order=st.permutations(["user_id", "item_id", "weight", "when"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    spelling=st.sampled_from([str, str.upper, str.title, lambda name: name.replace("_", " ")]),
    seed=st.integers(0, 100),
)
def test_order_spelling_separator_and_encoding_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list, separator: str, encoding: str, spelling, seed: int
) -> None:
    frame = T.rename(columns={"user": "user_id", "item": "item_id", "count": "weight", "time": "when"})[order]
    frame = frame.sample(frac=1, random_state=seed).rename(columns=spelling)
    folder = tmp_path_factory.mktemp("files")
    frame.to_csv(folder / "data.csv", index=False, sep=separator, encoding=encoding)
    reading, data = read(folder)
    assert reading.as_dict()["interactions"]["users"] == USERS and reading.as_dict()["interactions"]["taken"] == len(T)
    names = {str(role): columns[0] for role, columns in data.roles.items()}
    assert names == {
        "user": spelling("user_id"),
        "item": spelling("item_id"),
        "value": spelling("weight"),
        "time": spelling("when"),
    }
    assert data.table[spelling("weight")].sum() == T["count"].sum()
