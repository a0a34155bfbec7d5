"""Time series in the layouts that people bring: each is understood as it should be, or asks one clear question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dl_core import pipeline
from dl_core.data.reading import Reading
from dl_core.domains.forecasting import DOMAIN
from dl_core.reading.request import ReadRequest
from tests.reading.layouts_series import CASES, Case


def _read(case: Case, place: Path, **more: object) -> tuple[Reading, object]:
    return pipeline.read(DOMAIN, ReadRequest((place,), roles=dict(case.asked), options={**case.options, **more}))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_layout_is_understood(case: Case, tmp_path: Path) -> None:
    place = case.write(tmp_path)
    reading, dataset = _read(case, place)
    said = reading.as_dict()
    assert [one["about"] for one in said["questions"]] == ([case.asks] if case.asks else [])
    columns = {one["name"]: one["role"] for one in reversed(said["columns"])}
    assert {name: columns[name] for name in case.roles} == dict(case.roles)
    parts = {Path(one["name"]).name: one["part"] for one in said["files"]}
    assert {name: parts[name] for name in case.files} == dict(case.files)
    assert all(one["why"] for one in said["columns"] if one["role"] == "left out")
    if case.asks:
        _check_question(case, reading, place)
        return
    assert {key: said["series"][key] for key in case.series} == dict(case.series)
    assert any(case.finds in one["text"] for one in said["findings"])
    assert not case.assumed or any(case.assumed in one for one in said["assumed"])
    again, same = pipeline.read(DOMAIN, ReadRequest((place,), roles=dict(reading.roles), options=dict(reading.options)))
    assert again.about == reading.about and same.table.equals(dataset.table)


def _check_question(case: Case, reading: Reading, place: Path) -> None:
    """Each answer is an answer: the same files are read without that question."""
    (question,) = reading.questions
    assert len(question.choices) > 1
    assert all(one.text.startswith(text) for one, text in zip(question.choices, case.choices, strict=False))
    seen = []
    for choice in question.choices:
        told, dataset = pipeline.read(
            DOMAIN, ReadRequest((place,), roles=dict(choice.roles), options=dict(choice.options))
        )
        assert not told.questions and dataset is not None
        seen.append(dataset.fingerprint)
    assert len(set(seen)) == len(seen)


def test_layouts_are_many() -> None:
    assert len(CASES) >= 50 and len({case.name for case in CASES}) == len(CASES)
    assert np.isfinite([len(case.name) for case in CASES]).all()
