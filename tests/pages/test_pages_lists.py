"""The same page where rows say who took what: films that people rated, whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dl_core import domain as registry
from dl_core.domain import Sample
from dl_core.kinds import get_kind
from dl_core.store import get_store
from dl_core.tasks import prepared
from dl_core.train.run import Run
from tests.pages.conftest import answered
from tests.pages.test_pages_router import said
from tests.ratings import write_u_data
from ui.kinds.interactions import cold_start, data_facts, explain, item_lists, preview, stress
from ui.panels import bias
from ui.shell import metric_words, words
from ui.shell.owner import owner_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def films(lists_run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Put the run on films in the place of the sample's."""
    known = registry.get_domain("recommendation")
    sample = Sample(lists_run.folder, "Films", lists_run.folder)
    monkeypatch.setitem(registry._DOMAINS, "recommendation", dataclasses.replace(known, sample=sample))
    yield lists_run


def opened(tab: str, **state: str) -> AppTest:
    """Return the page at a tab, through the router, with what was chosen on it before."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    test.run()
    assert not test.exception
    for key, value in {"tab": tab, **state}.items():
        test.session_state[key] = value
    return settled(test.switch_page("pages/recommendation.py"))


def settled(test: AppTest) -> AppTest:
    """Return the page after one more run; jobs are answered at once here."""
    test.run()
    assert not test.exception
    assert not test.error, said(test)
    return test


def charts_of(test: AppTest) -> str:
    """Return the words of all charts."""
    return " ".join(one.proto.spec for one in test.get("plotly_chart"))


@pytest.mark.usefixtures("films")
def test_data_shows_counts_the_split_of_users_and_the_long_tail() -> None:
    test = opened("Data")
    words = said(test)
    assert "test users" in words and "The top 10 % of items make up" in words
    assert [one.label for one in test.metric] == ["Users", "Items", "Interactions", "Density"]
    assert {"user", "item", "title", "rating"} <= set(test.dataframe[0].value)
    assert "Validation" in charts_of(test)


@pytest.mark.usefixtures("films")
def test_train_hides_what_was_decided_when_reading() -> None:
    test = opened("Train")
    keys = [one.key for one in test.number_input]
    assert "recommendation_option_k" in keys and "recommendation_option_min_user" not in keys
    assert "No labels:" not in said(test)


@pytest.mark.usefixtures("films")
def test_compare_draws_slices_and_two_lists_for_one_user() -> None:
    test = opened("Compare")
    words = said(test)
    assert "has the best nDCG@10" in words and "test users" in words
    assert "Held-out (relevant) items" in words and "Users with different recommendations" in words
    for form, seen in (("by_activity", "least active first"), ("by_popularity", "Head: the most popular items")):
        test.segmented_control(key="recommendation_slices").set_value(form)
        assert seen in said(settled(test))


@pytest.mark.usefixtures("films")
def test_explain_says_because_you_took() -> None:
    test = opened("Explain")
    words = said(test)
    assert "because of" in words and "Why " in words
    test.segmented_control(key="recommendation_explain_view").set_value("models")
    words = said(settled(test))
    assert "EASE" in words and "because of" in words


@pytest.mark.usefixtures("films")
def test_explain_finds_a_user_by_id() -> None:
    test = opened("Explain")
    user = test.dataframe[0].value["User"].iloc[1]
    test.text_input(key="recommendation_explain_search").set_value(str(user))
    test.segmented_control(key="recommendation_explain_kind").set_value("all")
    assert f"**{user}** · history of" in said(settled(test))
    test.text_input(key="recommendation_explain_search").set_value("nobody at all")
    assert "No matching users" in said(settled(test))


@pytest.mark.usefixtures("films")
def test_bias_shows_exposure_and_what_reranking_costs() -> None:
    test = opened("Bias")
    words = said(test)
    assert "Disparities between groups" in words and "Gini of exposure" in words
    assert "Before and after" in words and "Example list, before and after" in words
    test.button(key="simulate_feedback").click()
    words = said(settled(test))
    assert "Simulated: in each round" in words


@pytest.mark.usefixtures("films")
def test_predict_recommends_to_a_known_and_to_an_unknown_user() -> None:
    test = opened("Predict")
    assert len(test.dataframe) == 3  # the history and two lists
    assert "Unknown user" not in said(test)
    test = opened("Predict", recommendation_predict_user="someone else")
    assert "Unknown user" in said(test) and len(test.dataframe) == 2


@pytest.mark.usefixtures("films")
def test_predict_builds_someone_new_from_items() -> None:
    test = opened("Predict")
    test.session_state["recommendation_predict_tabs"] = "New user"
    before = settled(test).dataframe[-1].value["Item"].tolist()
    test.button(key="recommendation_new_add").click()
    after = settled(test).dataframe[-1].value["Item"].tolist()
    assert before != after and "1. " in said(test)


@pytest.mark.usefixtures("films")
def test_predict_makes_a_file_for_everyone() -> None:
    test = opened("Predict")
    test.session_state["recommendation_predict_tabs"] = "All users (batch)"
    settled(test).button(key="recommendation_make_lists").click()
    words = said(settled(test))
    assert "users**" in words and test.get("download_button")


def test_kept_answers_are_what_the_tabs_ask(films: Run) -> None:
    domain = registry.get_domain("recommendation")
    asked = {task for task, _ in prepared.first_questions(domain, films, {})}
    assert {"describe", "users", "recommend", "bias", "exposure", "reranking"} <= asked
    quick = {task for task, _ in prepared.first_questions(domain, films, {}, slow=False)}
    assert asked - quick == {"cold_start", "learning_curve"}
    answers: dict[str, Any] = {"users": {"users": [{"user": "7"}]}}
    then = prepared.first_questions(domain, films, answers)
    assert ("user_rankings", {"user": "7", "models": ["mult_vae"]}) in then
    assert any(task == "recommend" and args.get("user") == "7" for task, args in then)
    items = [{"item": "a", "hit": False}, {"item": "b", "hit": True}]
    answers["user_rankings"] = {"user": "7", "lists": [{"model": "mult_vae", "items": items}]}
    why = dict(prepared.first_questions(domain, films, answers))["explain_ranking"]
    assert why["item"] == "b" and why["methods"][0] == "integrated_gradients" and why["user"] == "7"


@pytest.mark.usefixtures("films")
def test_the_home_card_waits_for_a_kept_list() -> None:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).run()
    assert not test.exception and not test.error
    assert "Recommendations" in [one.value for one in test.subheader] and "A customer with the history" not in said(
        test
    )


def test_a_card_names_what_was_taken_and_marks_the_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [{"title": name, "hit": name == "Tea cosy"} for name in ("Cup", "Jug", "Bowl", "Tea cosy")]
    found = {"history": [{"title": "Tea pot"}], "lists": [{"items": items}]}
    monkeypatch.setattr(preview, "first_list", lambda domain: found)
    words = preview.words(None)
    assert "history Tea pot" in words and "**Tea cosy** ✓" in words and "Bowl" not in words


def rows_of_cold_start() -> list[dict[str, Any]]:
    """Return what the job answers: two models, new users and new items."""
    shared = {"metric": "ndcg", "n": 40, "chance": 0.02, "protocol": "retrained without 15 users"}
    rows = [
        {"model": model, "kind": "users", "given": given, "value": value + 0.01 * given, "low": 0.0, "high": 0.3}
        for model, value in (("ease", 0.1), ("mult_vae", 0.12))
        for given in (1, 3, 5)
    ]
    rows += [{"model": "ease", "kind": "items", "given": None, "value": None, "low": None, "high": None}]
    rows += [{"model": "mult_vae", "kind": "items", "given": None, "value": 0.2, "low": 0.1, "high": 0.3}]
    return [{**shared, **row} for row in rows]


@pytest.mark.usefixtures("films")
def test_cold_start_is_measured_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, "cold_start", rows_of_cold_start())
    test = opened("Compare")
    test.session_state["recommendation_cold"] = True
    settled(test).button(key="cold_measure").click()
    words = said(settled(test))
    assert "New users: Variational autoencoder leads with 1 known interaction" in words
    assert "Models of item ids alone" in words and "EASE" in words


@pytest.mark.usefixtures("films")
def test_the_transfer_curve_says_who_is_ahead_with_few_users(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {"metric": "ndcg", "about": "Learned from one country, carried to another."}
    rows = [
        {"model": model, "label": label, "labels": labels, "seed": seed, "value": value + 0.01 * seed, **shared}
        for model, label, value in (("carried_over", "Carried over", 0.2), ("ease", "EASE, the few alone", 0.1))
        for labels in (10, 30)
        for seed in (0, 1)
    ]
    answered(monkeypatch, "learning_curve", rows)
    test = opened("Compare")
    test.session_state["recommendation_labels"] = True
    settled(test).button(key="draw_curve").click()
    words = said(settled(test))
    assert "With 10 target users, Carried over leads: nDCG" in words and "carried to another" in words


@pytest.mark.usefixtures("films")
def test_an_uploaded_file_is_read_read_again_with_a_threshold_and_trained(tmp_path: Path) -> None:
    test = opened("Data")
    test.button(key="source_upload").click().run()
    content = write_u_data(tmp_path / "u.data").read_bytes()
    test.file_uploader(key="upload_files").upload("u.data", content, "text/plain").run()
    test.button(key="upload_read").click().run()
    words = said(settled(test))
    assert "**u** · " in words and "No item or user features" in words
    test.button(key="reading_continue").click().run()
    (record,) = get_store().datasets(current_owner_of(test))
    test.number_input(key=f"read_{record.id}_positive_from").set_value(4.0)
    next(one for one in test.button if one.label == "Apply and read again").click().run()
    words = said(settled(test))
    assert "under 4 are not positive feedback" in words and "Read again from the rows that were kept" in words
    test.session_state["tab"] = "Train"
    settled(test)
    for box in test.checkbox:
        if "_model_" in str(box.key):
            box.set_value(box.key.endswith(("popularity", "item_neighbours")) and "recent" not in box.key)
    settled(test).button(key="start_training").click().run()
    assert "Done in" in said(settled(test))
    (run,) = get_store().runs(current_owner_of(test))
    assert run.state == "done" and run.spec["options"]["positive_from"] == 4.0
    test.button(key="to_compare").click().run()
    assert "has the best nDCG@10" in said(test)


def current_owner_of(test: AppTest) -> str:
    """Return whose browser this is."""
    return owner_of(test.session_state["_owner_token"])


def test_of_many_small_groups_the_largest_are_drawn() -> None:
    rows = pd.DataFrame({"group": range(40), "n": range(40), "enough": [at > 35 for at in range(40)]})
    assert bias.largest(rows)["group"].tolist() == list(range(28, 40))
    assert len(bias.largest(rows.assign(enough=True))) == 40 and len(bias.largest(rows.head(5))) == 5


def test_titles_and_ids_are_shown_as_they_are() -> None:
    assert words.escaped("Mug *new* [$5]") == r"Mug \*new\* \[\$5\]" and words.escaped(12) == "12"


def test_words_of_lists() -> None:
    ndcg = metric_words.metric("ndcg").at(5)
    assert ndcg.label == "nDCG@5" and "5" in ndcg.help
    assert metric_words.metric("odd_one").label == "Odd one"
    assert data_facts._under("3.5", 4.0) and not data_facts._under("4", 4.0)
    assert not data_facts._under("1,200 to 2,000", 4.0)
    table = item_lists.table_of([{"rank": 1, "title": "Cup", "hit": False, "category": None, "price": 2.0}])
    assert list(table) == ["", "Item", "Price"]
    assert set(cold_start.AMONG) == {"items", "items among all"} and stress.DASHES["as_learned"] == "dot"


def test_the_reason_is_what_speaks_for_an_item_however_long_the_bars_against(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(explain.charts, "draw", lambda chart, alt, **more: drawn.append(alt))
    monkeypatch.setattr(explain, "st", MagicMock())
    bars = [{"item": "a", "title": "Jug", "weight": -0.4}, {"item": "b", "title": "Cup", "weight": 0.3}]
    one = {"model": "ease", "method": "exact", "bars": bars, "others": 0, "other": 0.0}
    context = MagicMock(kind=get_kind("interactions"))
    explain._one(context, one, "methods")
    explain._one(context, {**one, "bars": bars[:1]}, "methods")
    assert drawn[0].startswith("Exact decomposition: because of Cup.")
    assert drawn[1].startswith("Exact decomposition: no history item supports it.")
