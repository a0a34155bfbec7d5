"""Samples: which there are, which is opened, and that only an opened page has its models loaded ahead."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core.domain import Domain, Sample
from dl_core.errors import OptionError
from dl_core.tasks.opening import sample_named
from ui.shell import samples

APP = str(Path(__file__).parents[2] / "app.py")


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """Return what is handed to the workers as (task, key), without handing it over."""
    kept: list[tuple[str, str]] = []
    monkeypatch.setenv("DAYLIGHT_ENGINE", "local")
    monkeypatch.setenv("DAYLIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(samples.services, "submit", lambda task, args, **more: kept.append((task, more["key"])))
    samples.warm.clear()
    return kept


@pytest.fixture
def two_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Domain:
    """Return a domain of tables with two small samples and no prepared run."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        rows = "\n".join(f"{at},{at % 7},{at % 2}" for at in range(80))
        (tmp_path / name / f"{name}.csv").write_text(f"amount,hour,fraud\n{rows}\n")
    known = dataclasses.replace(
        registry.get_domain("fraud_detection"),
        sample=Sample(tmp_path / "first", "First sample"),
        more_samples=(Sample(tmp_path / "second", "Second sample"),),
    )
    monkeypatch.setitem(registry._DOMAINS, "fraud_detection", known)
    return known


def test_the_server_reads_samples_but_warms_no_models_at_its_start(
    submitted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "folder", lambda domain: None)
    samples.prepare(registry.domains())
    assert ("sample", "sample-medical_imaging") in submitted
    assert {task for task, _ in submitted} == {"sample"}


def test_a_page_warms_its_own_domain_once(submitted: list[Any]) -> None:
    for _ in range(2):
        samples.warm("medical_imaging")
    samples.warm("fraud_detection")
    assert submitted == [("warm_up", "warm-medical_imaging"), ("warm_up", "warm-fraud_detection")]
    samples.warm.clear()


def test_samples_are_named_by_their_folders(two_samples: Domain) -> None:
    assert [one.title for one in samples.every(two_samples)] == ["First sample", "Second sample"]
    assert sample_named(two_samples).title == "First sample"
    assert sample_named(two_samples, "second").title == "Second sample"
    assert samples.prepared_run(two_samples) is None and samples.summary(two_samples) is None
    with pytest.raises(OptionError, match=r"no sample 'third'.*first, second"):
        sample_named(two_samples, "third")


@pytest.mark.usefixtures("workspace", "two_samples")
def test_a_second_sample_is_read_and_ready_to_train() -> None:
    test = AppTest.from_file(APP, default_timeout=60).run()
    test = test.switch_page("pages/fraud_detection.py").run()
    assert not test.exception and not test.error
    test.button(key="source_samples").click().run()
    test.button(key="open_sample_second").click().run()
    test.run()
    assert not test.exception and not test.error
    words = " ".join(str(one.value) for one in test.markdown)
    assert "**Second sample** · 80 " in words and "No training yet" not in words  # the dialog is closed
