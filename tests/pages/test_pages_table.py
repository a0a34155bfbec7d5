"""The same page for a domain whose rows are lines of a table: the toy domain of the contracts, whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core import pipeline
from dl_core.domain import Option, ReadRequest, Sample
from dl_core.evaluate.drift import level_of
from dl_core.train.run import TrainSpec
from tests.contracts.toy_domain import TOY, wines
from tests.pages.test_pages_router import said
from ui.kinds.table import predict
from ui.panels import ageing, drift
from ui.shell import tables

SCRIPT = """
import dl_core.domains
from dl_core.domain import get_domain
from ui.panels.domain_page import show
show(get_domain("wine"))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a prepared run of the toy domain."""
    folder = tmp_path_factory.mktemp("wine") / "sample"
    folder.mkdir()
    wines().to_csv(folder / "wines.csv", index=False)
    dataset = pipeline.ingest(TOY, ReadRequest((folder / "wines.csv",), name="Wines"))
    splits = pipeline.split(TOY, dataset, 0, TOY.parse_options({}))
    spec = TrainSpec(("majority", "centres"), 0, None, TOY.parse_options({}))
    pipeline.train(TOY, dataset, splits, spec, folder / "prepared_run")
    return folder


@pytest.fixture
def wine(trained: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the toy domain with its sample and a text of several lines among its options."""
    rules = Option("rules", str, "", "one rule per line", lines=True)
    domain = dataclasses.replace(
        TOY,
        sample=Sample(trained, "Wines", trained / "prepared_run"),
        words={"row": ("wine", "wines")},
        options=(*TOY.options, rules),
    )
    monkeypatch.setitem(registry._DOMAINS, "wine", domain)
    yield


def opened(tab: str) -> AppTest:
    """Return the toy domain's page at a tab."""
    test = AppTest.from_string(SCRIPT, default_timeout=60)
    test.session_state["tab"] = tab
    test.session_state["_routed"] = True
    test.run()
    test.run()  # answers of workers are drawn by a second run
    assert not test.exception
    assert not test.error, said(test)
    return test


@pytest.mark.usefixtures("wine")
def test_data_shows_first_rows_by_class_and_the_split() -> None:
    test = opened("Data")
    words = said(test)
    assert "The first 12 white wines of 160." in words
    assert "No missing values in any column." in words
    preview = test.dataframe[0].value
    assert set(preview["colour"]) == {"white"} and len(preview) == 12


@pytest.mark.usefixtures("wine")
def test_train_offers_a_text_of_several_lines() -> None:
    test = opened("Train")
    assert test.text_area(key="wine_option_rules").value == ""
    assert test.number_input(key="wine_option_test_share").value == pytest.approx(0.4)


@pytest.mark.usefixtures("wine")
def test_explain_lists_cases_by_probability_and_draws_contributions() -> None:
    test = opened("Explain")
    listed = test.dataframe[0].value
    assert listed["Probability"].is_monotonic_decreasing and {"tannin", "country"} <= set(listed)
    words = said(test)
    assert "has true class" in words and "Faithful" in words
    assert "Leave out: " in words


@pytest.mark.usefixtures("wine")
def test_bias_speaks_of_groups() -> None:
    test = opened("Bias")
    assert "Disparities between groups" in said(test)
    assert "images" not in said(test)


@pytest.mark.usefixtures("wine")
def test_predict_queues_rows_by_probability_in_words_of_no_other_industry() -> None:
    test = opened("Predict")
    queue = test.dataframe[0].value
    assert queue["Probability"].is_monotonic_decreasing and "Reasons" in queue
    test.toggle(key="wine_flagged_only").set_value(True).run()
    assert set(test.dataframe[0].value["Selected"]) == {"selected"}


@pytest.mark.usefixtures("wine")
def test_what_if_moves_scores_with_a_changed_value() -> None:
    test = opened("Predict")
    test.session_state["wine_predict_tabs"] = "What if: edit one case"
    test.run()
    test.run()
    assert not test.exception and not test.error
    assert "Change a value to see every score change." in said(test)
    field = next(one for one in test.number_input if one.label == "tannin")
    field.set_value(9.0).run()
    test.run()
    assert "Changed: tannin from" in said(test)


@pytest.mark.usefixtures("wine")
def test_compare_shows_no_spoilt_images_for_tables() -> None:
    test = opened("Compare")
    words = said(test) + " ".join(str(one.label) for one in test.expander)
    assert "spoilt" not in words


def test_inputs_that_moved_are_told_from_those_that_did_not() -> None:
    assert [drift.COLOURS[level_of(psi)] for psi in (0.05, 0.1, 0.3)] == [*drift.COLOURS.values()][::-1]


def test_ageing_names_the_line_that_changes_most() -> None:
    series = [{"name": "Rules", "y": [0.5, 0.45]}, {"name": "Network", "y": [0.8, 0.5]}, {"name": "New", "y": [0.1]}]
    assert ageing._sentence(series, "AUPRC") == "Network loses most: 0.300 AUPRC from the first to the last week"
    assert ageing._sentence([series[2]], "AUPRC") == "AUPRC in the single test week"


def test_downloads_hold_no_formulas() -> None:
    table = pd.DataFrame({"Row": ["=1+1", "2"], "Risk": [-0.5, 0.25]})
    assert predict.safe_csv(table).decode().splitlines()[1] == "'=1+1,-0.5"


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        (812.5, {"kind": "number", "role": "amount", "unit": "€"}, "812.50 €"),
        (3.0, {"kind": "number", "role": "feature", "unit": ""}, "3"),
        ("2025-03-03T14:22:05", {"kind": "time", "role": "time"}, "3 Mar 2025, 14:22"),
        (None, {}, "–"),
    ],
)
def test_values_stand_in_the_users_units(value: object, column: dict, expected: str) -> None:
    assert tables.value_text(value, column) == expected
