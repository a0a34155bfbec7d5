"""Jobs on a run of recommenders: users, lists, reasons, exposure, live lists and files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.data.interactions.recode import new_history, recode
from dl_core.domain import get_domain
from dl_core.engine.inline import InlineEngine
from dl_core.probes import get_probe
from dl_core.probes.base import Asked
from dl_core.probes.interactions import recommend_all
from dl_core.probes.interactions.recommend_all import _places
from dl_core.probes.interactions.user_rankings import _ndcg
from dl_core.store import get_store
from dl_core.train.run import Run
from tests.tasks.conftest import Workplace, upload

MODELS = ["popularity", "item_neighbours", "ease", "mult_vae"]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, lists_run: Run, ratings: Dataset) -> Iterator[Workplace]:
    """Return a workspace with the run on ratings of films."""
    home = tmp_path_factory.mktemp("films")
    store = get_store(home)
    ratings.save(home / "uploads" / "read")
    data = store.add_dataset("me", "recommendation", home / "uploads" / "read")
    known = store.add_run("me", "recommendation", data.id, "", "First", {"models": MODELS})
    folder = store.run_folder(known.id)
    shutil.copytree(lists_run.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dataset"))
    about = json.loads((folder / "run.json").read_text())
    about["dataset"]["path"] = str(store.dataset_folder(data.id))
    (folder / "run.json").write_text(json.dumps(about))
    store.update_run(known.id, state="done", summary={})
    yield Workplace(home, InlineEngine(home), store, data.id, {"id": known.id})


@pytest.fixture(scope="module")
def listed(films: Workplace) -> list[dict]:
    """Return test users whom EASE serves with hits."""
    return films.ask("users", run=films.run, model="ease", kind="hits")["users"]


def test_overview_counts_users_items_and_what_is_held_out(films, ratings):
    found = films.do("describe", view="overview", run=films.run)
    table = ratings.table
    user, item = (ratings.column(role) for role in ("user", "item"))
    assert (found["users"], found["items"]) == (table[user].nunique(), table[item].nunique())
    assert found["density"] == pytest.approx(len(table) / (table[user].nunique() * table[item].nunique()))
    assert sum(bar["n"] for bar in found["lengths"]["bars"]) == found["users"]
    assert found["tail"]["share"][-1] == pytest.approx(1) and found["tail"]["share"] == sorted(found["tail"]["share"])
    assert sum(point["n"] for point in found["values"]["points"]) == len(table)
    split = found["split"]
    assert sum(split["parts"].values()) + split["left_out"] == found["rows"]
    for drawn in split["drawn"]:
        assert "test" in drawn["parts"] and len(drawn["parts"]) == len(drawn["titles"])
        assert drawn["times"] == sorted(drawn["times"])
    assert {side["name"] for side in found["sides"]} == {"items", "users"}
    same = films.do("describe", view="overview", dataset_id=films.dataset_id)
    assert same["split"]["parts"] == split["parts"]


def test_the_overview_tells_ratings_under_the_threshold(films, ratings, recommendation, tmp_path):
    liked = pipeline.read_again(recommendation, ratings, {}, {"positive_from": 4}, tmp_path / "again")
    assert (liked.table["positive"] == (liked.table["rating"] >= 4)).all() and not liked.table["positive"].all()
    assert set(liked.side) == set(ratings.side) and len(liked) == len(ratings)
    assert any(note.kind == "read-again" for note in liked.notes)
    again = films.engine.submit(
        "dl_core.tasks:reassign",
        {"owner": "me", "dataset_id": films.dataset_id, "roles": {}, "options": {"positive_from": 4}},
        owner="me",
    )
    found = films.do("describe", view="overview", dataset_id=again.result["dataset_id"])
    assert found["values"]["from"] == 4 and found["values"]["below"] == int((ratings.table["rating"] < 4).sum())
    assert found["positives"] == found["rows"] - found["values"]["below"]


def test_users_are_found_by_hits_and_by_id(films, lists_run, listed):
    table = lists_run.predictions.of("ease")
    hits = table[table["rank"] <= 10].groupby(level=0)["hit"].sum()
    assert all(one["hits"] == hits[one["user"]] > 0 for one in listed)
    assert [one["hits"] for one in listed] == sorted((one["hits"] for one in listed), reverse=True)
    missed = films.ask("users", run=films.run, model="ease", kind="misses")
    assert missed["total"] == int((hits == 0).sum()) and all(one["hits"] == 0 for one in missed["users"])
    user = listed[0]["user"]
    searched = films.ask("users", run=films.run, model="ease", search=user)
    assert searched["users"][0]["user"] == user
    assert films.put("users", run=films.run, kind="odd").error["kind"] == "OptionError"


def test_lists_of_a_user_agree_with_the_judged_ones(films, lists_run, listed):
    user = listed[0]["user"]
    found = films.ask("user_rankings", run=films.run, user=user, models=["ease", "mult_vae"])
    judged = lists_run.predictions.of("ease").loc[[user]].sort_values("rank").head(10)
    ease = found["lists"][0]
    assert [item["item"] for item in ease["items"]] == judged["item"].tolist()
    assert [item["hit"] for item in ease["items"]] == judged["hit"].tolist()
    assert 0 < ease["ndcg"] <= 1 and ease["hits"] == int(judged["hit"].sum())
    taken = {row["item"] for row in found["history"]}
    assert not taken & {item["item"] for one in found["lists"] for item in one["items"]}
    assert found["history"][0]["title"] != found["history"][0]["item"]
    longer = films.ask("user_rankings", run=films.run, user=user, models=["ease"], k=25)["lists"][0]["items"]
    assert [item["item"] for item in longer[:10]] == [item["item"] for item in ease["items"]]
    assert films.put("user_rankings", run=films.run, user="nobody").error["kind"] == "OptionError"


def test_ndcg_of_one_list_by_hand():
    items = [{"rank": rank, "hit": rank in (2, 3)} for rank in (1, 2, 3)]
    best = 1 + 1 / np.log2(3)
    assert _ndcg(items, 2) == pytest.approx((1 / np.log2(3) + 0.5) / best)
    assert _ndcg(items, 0) is None


def test_reasons_name_history_items_and_what_does_not_fit(films, listed):
    user = listed[0]["user"]
    found = films.ask(
        "explain_ranking", run=films.run, user=user, models=["ease"], methods=["exact", "leave_one_out", "attention"]
    )
    exact, out = found["explanations"]
    taken = {row["item"] for row in films.ask("user_rankings", run=films.run, user=user, models=["ease"])["history"]}
    assert {bar["item"] for bar in exact["bars"]} <= taken
    weights = {bar["item"]: bar["weight"] for bar in out["bars"]}
    assert all(weights[bar["item"]] == pytest.approx(bar["weight"], abs=1e-4) for bar in exact["bars"][:5])
    total = sum(bar["weight"] for bar in exact["bars"]) + exact["other"]
    assert total == pytest.approx(exact["score"] - exact["base"], abs=1e-3)
    assert exact["faithfulness"]["deletion"] < exact["faithfulness"]["random_deletion"]
    assert found["left_out"] == [{"model": "ease", "method": "attention", "reason": "does not fit this model"}]


def test_exposure_shares_add_up_and_columns_are_offered(films):
    found = films.ask("exposure", run=films.run, model="popularity")
    assert sum(line["share_exposure"] for line in found["groups"]) == pytest.approx(1)
    assert found["columns"][0] == "popularity" and "category" in found["columns"]

    def ranking(user):
        return films.ask("user_rankings", run=films.run, user=user, models=["popularity"])["lists"][0]["items"]

    shown = {
        item["item"]
        for user in films.ask("users", run=films.run, model="popularity")["users"]
        for item in ranking(user["user"])
    }
    taken = [item["taken"] for item in found["hidden"]]
    assert taken == sorted(taken, reverse=True) and not shown & {item["item"] for item in found["hidden"]}
    assert len(found["hidden"]) <= found["never_shown"]
    even = films.ask("exposure", run=films.run, model="ease")
    assert even["gini"]["value"] < found["gini"]["value"]
    assert films.put("exposure", run=films.run, by="title").error["kind"] == "OptionError"


def test_reranking_costs_and_changes_one_list(films, listed):
    found = films.ask("reranking", run=films.run, model="ease", aim="exposure")
    first = next(line for line in found["lines"] if line["trade_off"] == 0 and line["metric"] == "ndcg")
    assert first["change"] == 0 and found["before"]["gini"] >= found["after"]["gini"]
    user = listed[0]["user"]
    none = films.ask("reranking_of_user", run=films.run, model="ease", aim="exposure", trade_off=0, user=user)
    assert none["before"] == none["after"] and none["user"] == user
    most = films.ask("reranking_of_user", run=films.run, model="ease", aim="exposure", trade_off=1.0, user=user)
    assert most["before"] == none["before"] and most["after"] != most["before"]
    assert films.put("reranking", run=films.run, aim="odd").error["kind"] == "OptionError"


def test_the_feedback_loop_is_simulated_round_by_round(films):
    found = films.ask("feedback_loop", run=films.run, model="popularity", rounds=2)
    assert found["simulated"] and {line["round"] for line in found["lines"]} == {1, 2}


def test_a_known_user_goes_on_from_all_that_is_known(films, listed, ratings):
    user = listed[0]["user"]
    found = films.ask("recommend", run=films.run, user=user, models=["ease", "mult_vae"])
    own = ratings.table[ratings.table[ratings.column("user")] == user]
    assert found["known"] and found["taken"] == len(own) and found["notes"] == []
    offered = {item["item"] for one in found["lists"] for item in one["items"]}
    assert not offered & set(own[ratings.column("item")])


def test_unknown_users_and_items_are_said_to_be_unknown(films):
    nobody = films.ask("recommend", run=films.run, user="nobody", models=["popularity"])
    assert not nobody["known"] and "Unknown user" in nobody["notes"][0] and len(nobody["lists"][0]["items"]) == 10
    item = films.ask("items", run=films.run, search="")["items"][0]
    built = films.ask("recommend", run=films.run, items=[item["item"], "no-such"], models=["ease"])
    assert built["taken"] == 1 and "1 of the items" in built["notes"][0]
    alike = films.ask("similar_items", run=films.run, model="ease", item=item["item"])
    assert [one["item"] for one in alike["items"]] == [one["item"] for one in built["lists"][0]["items"]]
    assert films.put("similar_items", run=films.run, item="no-such").error["kind"] == "OptionError"
    assert films.put("recommend", run=films.run).error["kind"] == "OptionError"


def test_items_are_found_by_every_word(films):
    found = films.ask("items", run=films.run, search="western caf\u00e9")
    assert found["total"] and all("Western" in one["title"] for one in found["items"])
    taken = [one["taken"] for one in found["items"]]
    assert taken == sorted(taken, reverse=True)
    assert films.ask("items", run=films.run, search="zzz")["items"] == []


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_lists_of_everyone_stand_in_a_file_whatever_the_block(films, monkeypatch, ending):
    monkeypatch.setattr(recommend_all, "BLOCK", 40)
    found = films.ask("recommend_all", run=films.run, model="ease", k=5, format=ending)
    path = films.home / found["file"]
    table = pd.read_csv(path, dtype={"user": str, "item": str}) if ending == "csv" else pd.read_parquet(path)
    assert found["users"] == table["user"].nunique() and found["rows"] == len(table)
    assert table.groupby("user")["rank"].max().max() == 5
    user = table["user"].iloc[0]
    live = films.ask("recommend", run=films.run, user=user, models=["ease"], k=5)["lists"][0]["items"]
    assert table[table["user"] == user]["item"].tolist() == [item["item"] for item in live]


def test_a_file_of_users_and_new_interactions_is_added_to_what_is_known(films, listed, tmp_path):
    user, items = listed[0]["user"], films.ask("items", run=films.run, search="")["items"]
    lines = pd.DataFrame({"user": [user, "new", "new"], "item": [items[0]["item"], items[1]["item"], items[2]["item"]]})
    lines.to_csv(tmp_path / "new.csv", index=False)
    name = upload(films, tmp_path / "new.csv", "more")
    found = films.ask("recommend_all", run=films.run, model="ease", k=5, cases={"upload": name})
    table = pd.read_csv(films.home / found["file"], dtype={"user": str, "item": str})
    built = films.ask("recommend", run=films.run, items=[items[1]["item"], items[2]["item"]], models=["ease"], k=5)
    assert table[table["user"] == "new"]["item"].tolist() == [item["item"] for item in built["lists"][0]["items"]]
    assert any("1 of 2 users" in note for note in found["notes"])
    assert not (films.home / "uploads" / name).exists()


def test_no_cell_of_the_file_is_a_formula(films, monkeypatch):
    monkeypatch.setattr(Catalogue, "titles", lambda self, codes=None: np.full(len(self), "=1+1", dtype=object))
    found = films.ask("recommend_all", run=films.run, model="popularity", k=2)
    assert set(pd.read_csv(films.home / found["file"])["title"]) == {"'=1+1"}


def test_cold_start_is_handed_on(films, monkeypatch):
    asked = []

    def measured(offers, dataset, splits, **about):
        asked.append((list(offers), about["k"], about["seed"]))
        return [{"model": "ease", "kind": "users", "given": 1, "value": np.float64(0.25), "n": np.int64(7)}]

    monkeypatch.setattr("dl_core.transfer.interactions.cold_start.cold_start", measured)
    found = films.ask("cold_start", run=films.run, models=["ease"])
    assert asked == [(["ease"], 10, 0)]
    assert found["rows"] == [{"model": "ease", "kind": "users", "given": 1, "value": 0.25, "n": 7}]


def test_cold_start_tells_new_users_from_new_items(films):
    rows = films.ask("cold_start", run=films.run, models=["popularity", "ease"])["rows"]
    users = [row for row in rows if row["kind"] == "users" and row["model"] == "ease"]
    assert [row["given"] for row in users] == [1, 3, 5] and all(row["metric"] == "ndcg" for row in users)
    assert all(row["low"] <= row["value"] <= row["high"] and row["n"] > 0 for row in users)
    items = [row for row in rows if row["kind"] == "items" and row["model"] == "ease"]
    assert [row["value"] for row in items] == [None] and items[0]["chance"] > 0


def test_histories_are_counted_in_another_catalogue():
    here = Catalogue(np.array(["a", "b", "c"], dtype=object), pd.DataFrame(index=["a", "b", "c"]))
    there = Catalogue(np.array(["b", "c", "d"], dtype=object), pd.DataFrame(index=["b", "c", "d"]))
    taken = Histories(
        users=np.array(["x", "y"], dtype=object),
        n_items=3,
        items=np.array([0, 2, 1], dtype=np.int32),
        starts=np.array([0, 2, 3], dtype=np.int64),
        values=np.array([5, 4, 3], dtype=np.float32),
    )
    found = recode(taken, here, there)
    assert found.items.tolist() == [1, 0] and found.starts.tolist() == [0, 1, 2] and found.values.tolist() == [4, 3]
    assert new_history(there, ["d", "a", "b"]).items.tolist() == [2, 0]


def test_stretches_are_placed_one_after_the_other():
    assert _places(np.array([0, 3]), np.array([2, 1])).tolist() == [0, 1, 3]


def test_the_first_visit_finds_a_warm_worker(films):
    assert films.do("warm_up", run=films.run) == {"model": "mult_vae"}


def test_nothing_is_asked_of_rankings_before_the_users_are_known():
    """Else the first answer, on which further questions stand, would be of another user than the page shows first."""
    assert get_probe("user_rankings").first(Asked(get_domain("recommendation"), None)) == []
