"""Recommendations from files to the report, on ratings by people who like two of four kinds of film."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.domain import ReadRequest
from dl_core.schema import Role
from tests.ratings import KINDS, draw_ratings, write_u_data

COLUMNS = ["user", "rank", "item", "score"]


@pytest.fixture(scope="module")
def cli_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained by the command line on a u.data-shaped file, its test rows given in a second file."""
    folder = tmp_path_factory.mktemp("cli")
    ratings = draw_ratings(users=80, items=40, each=12)
    test = ratings.index.isin(ratings.sample(150, random_state=1).index)
    write_u_data(folder / "u.data", ratings[~test])
    write_u_data(folder / "held_out.data", ratings[test])
    command = ["train", "recommendation", "--data", str(folder / "u.data"), "--test", str(folder / "held_out.data")]
    assert main([*command, "--models", "popularity,ease", "--option", "k=5", "--run", str(folder / "run")]) == 0
    return folder


def _new(domain, run, path: Path, table: pd.DataFrame):
    """Return new cases as the command line reads them."""
    table.to_csv(path, index=False)
    options = {**domain.parse_options({}), "like": run.dataset, "history": str(run.folder / run.dataset["path"])}
    return pipeline.ingest(domain, ReadRequest((path,), options=options, labelled=False))


def test_files_of_a_zip_become_interactions_items_and_users(ratings):
    assert len(ratings) == 3_037 and ratings.classes == ()
    assert ratings.table[ratings.column(Role.USER)].nunique() == 150
    assert ratings.column(Role.TIME) and ratings.column(Role.VALUE)
    assert len(ratings.side["items"]) == 80 and {"title", "category"} <= set(ratings.side["items"])
    assert {"age", "gender", "occupation"} <= set(ratings.side["users"])


def test_the_last_item_of_each_user_is_the_test(ratings, lists_run):
    user, time = ratings.column(Role.USER), ratings.column(Role.TIME)
    test = ratings.table.loc[list(lists_run.splits.test)]
    last = ratings.table.groupby(user)[time].max()
    assert len(test) == 150 and (test.set_index(user)[time] == last.loc[test[user]]).all()
    assert "last" in lists_run.splits.protocol


def test_the_model_in_use_has_learned_from_the_test_rows_and_the_judged_one_has_not(lists_run, recommendation, ratings):
    """Popularity counts the users of each item: 150 of them, one test row a user, were counted after judging."""
    run, offer = lists_run, recommendation.models["popularity"]
    assert all(run.models[name].refit for name in run.trained)
    in_use, judged = (run.load_model("popularity", offer, judged=one).weights.sum() for one in (False, True))
    assert in_use - judged == 150


def test_models_beat_popularity_and_metrics_stand_with_intervals(lists_run, recommendation):
    value = lists_run.evaluation.value
    for name in ("item_neighbours", "ease"):
        assert value(name, "ndcg") > value("popularity", "ndcg"), name
    assert 0 < value("mult_vae", "ndcg") < 1
    table = lists_run.evaluation.metrics
    assert set(recommendation.metrics) <= set(table["metric"])
    rows = table[table["metric"] == "ndcg"]
    assert (rows["low"] <= rows["value"]).all() and (rows["value"] <= rows["high"]).all()
    pairs = pipeline.compare(recommendation, lists_run, ["ease", "popularity"]).pairs
    assert pairs[pairs["metric"] == "ndcg"]["verdict"].isin(["better", "tie"]).all() and len(pairs)


def test_nobody_is_recommended_what_they_took_before(ratings, lists_run):
    user, item = ratings.column(Role.USER), ratings.column(Role.ITEM)
    known = ratings.table.loc[[*lists_run.splits.train, *lists_run.splits.validation]]
    taken = set(zip(known[user], known[item], strict=True))
    for name in lists_run.trained:
        lists = lists_run.predictions.of(name).reset_index()
        assert not taken & set(zip(lists["row"], lists["item"], strict=True)), name


def test_known_users_get_lists_by_all_that_is_known_of_them(ratings, lists_run, recommendation, tmp_path):
    user, item = ratings.column(Role.USER), ratings.column(Role.ITEM)
    users = lists_run.predictions.of("ease").index.unique()[:10]
    data = _new(recommendation, lists_run, tmp_path / "users.csv", pd.DataFrame({"user": users}))
    rows = ratings.table[ratings.table[user].isin(users)]
    taken = set(zip(rows[user], rows[item], strict=True))  # the held-out items among them
    for name in lists_run.trained:
        lists = pipeline.predict(recommendation, lists_run, name, data)
        assert (lists.groupby("row").size() == 10).all() and set(lists["basis"]) == {"history"}
        assert not taken & set(zip(lists["row"], lists["item"], strict=True)), name
    table = recommendation.prediction_table(lists, data)
    assert list(table) == COLUMNS and table["rank"].tolist()[:10] == list(range(1, 11))
    assert list(table["user"].unique()) == list(users)


def test_a_new_user_s_list_follows_the_items_given(lists_run, recommendation, tmp_path):
    for kind, never in ((0, 2), (2, 0)):  # nobody likes both
        taken = pd.DataFrame({"user": "somebody new", "item": [str(1 + kind + 4 * at) for at in range(5)]})
        data = _new(recommendation, lists_run, tmp_path / f"{kind}.csv", taken)
        lists = pipeline.predict(recommendation, lists_run, "ease", data)
        kinds = [KINDS[(int(item) - 1) % 4] for item in lists["item"]]
        assert not set(lists["item"]) & set(taken["item"]) and set(lists["row"]) == {"somebody new"}
        assert kinds[:5].count(KINDS[kind]) > kinds[:5].count(KINDS[never])


def test_an_unknown_user_gets_what_is_popular_and_is_told(lists_run, recommendation, tmp_path):
    data = _new(recommendation, lists_run, tmp_path / "unknown.csv", pd.DataFrame({"user": ["1", "nobody"]}))
    lists = pipeline.predict(recommendation, lists_run, "mult_vae", data)
    basis = lists.drop_duplicates("row").set_index("row")["basis"]
    assert basis["1"] == "history" and basis["nobody"] == "nothing"
    notes = recommendation.prediction_notes(lists)
    assert any("1 of 2 users" in note and "unknown" in note for note in notes)


def test_reasons_name_items_of_the_history(ratings, lists_run, recommendation, tmp_path):
    user, item = ratings.column(Role.USER), ratings.column(Role.ITEM)
    data = _new(recommendation, lists_run, tmp_path / "two.csv", pd.DataFrame({"user": ["3", "4"]}))
    for name, method in (("ease", "exact"), ("mult_vae", "integrated_gradients")):
        found = pipeline.explain(recommendation, lists_run, name, data, methods=[method])
        assert [explanation.row for explanation in found] == ["3", "4"]
        for explanation in found:
            taken = set(ratings.table.loc[ratings.table[user] == explanation.row, item])
            assert set(explanation.features) <= taken and len(explanation.titles) == len(explanation.features)


def test_bias_by_group_and_activity(lists_run, recommendation):
    report = pipeline.check_bias(recommendation, lists_run, "ease", ["gender"])
    assert {"male", "female"} <= set(report.groups["group"])
    columns = pipeline.group_table(recommendation, lists_run).columns
    assert {"gender", "occupation", "items taken before"} <= set(columns)


def test_report_and_card_speak_of_lists(lists_run, recommendation, tmp_path):
    html = pipeline.report(recommendation, lists_run, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "nDCG" in html and "images" not in html.split("</style>")[-1]
    card = pipeline.model_card(recommendation, lists_run, None, tmp_path / "card.md").read_text(encoding="utf-8")
    assert "nDCG" in card and "images" not in card


def test_rows_given_as_test_are_the_test_and_nothing_else(cli_run):
    from dl_core.train.run import Run

    run = Run.load(cli_run / "run")
    assert not any(model.refit for model in run.models.values())
    assert len(run.splits.test) == 150 and not set(run.splits.test) & {*run.splits.train, *run.splits.validation}
    table = run.load_dataset().table.loc[list(run.splits.test)]
    held_out = pd.read_csv(cli_run / "held_out.data", sep="\t", header=None, dtype=str)
    pairs = {tuple(pair) for pair in table.iloc[:, :2].astype(str).to_numpy()}
    assert pairs == {tuple(pair) for pair in held_out[[0, 1]].to_numpy()}


def test_predict_writes_the_columns_of_the_contract(cli_run, tmp_path, capsys):
    (tmp_path / "users.csv").write_text("user\n7\n8\nnobody\n", encoding="utf-8")
    out = tmp_path / "below" / "lists.csv"
    command = ["predict", "--run", str(cli_run / "run"), "--data", str(tmp_path / "users.csv"), "--out", str(out)]
    assert main(command) == 0
    table = pd.read_csv(out, dtype={"user": str, "item": str})
    assert list(table) == COLUMNS and list(table["user"].unique()) == ["7", "8", "nobody"]
    assert (table.groupby("user")["rank"].apply(list).map(lambda ranks: ranks == [1, 2, 3, 4, 5])).all()
    assert table.groupby("user")["score"].apply(lambda scores: (np.diff(scores) <= 0).all()).all()
    assert "unknown" in capsys.readouterr().err


def test_evaluate_compare_bias_report_and_export_answer(cli_run, tmp_path, capsys):
    run = ["--run", str(cli_run / "run")]
    assert main(["evaluate", *run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"ndcg", "coverage"} <= {row["metric"] for row in found["metrics"]} and found["protocol"]
    assert main(["compare", *run, "--json"]) == 0
    assert {"pairs", "sentence", "costs"} <= set(json.loads(capsys.readouterr().out))
    assert main(["bias", *run, "--model", "ease", "--groups", "items taken before", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"]
    assert main(["report", *run, "--out", str(tmp_path / "report.html")]) == 0
    bundle, out = tmp_path / "ease.zip", tmp_path / "lists.csv"
    assert main(["export", *run, "--model", "ease", "--out", str(bundle)]) == 0
    (tmp_path / "users.csv").write_text("user,item\nnew,1\nnew,5\n", encoding="utf-8")
    assert main(["predict", "--run", str(bundle), "--data", str(tmp_path / "users.csv"), "--out", str(out)]) == 0
    assert list(pd.read_csv(out)) == COLUMNS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("film\n1\n2\n", "user"),
        ("", "empty"),
    ],
)
def test_files_that_say_no_user_are_refused_in_one_line(cli_run, tmp_path, capsys, text: str, problem: str):
    (tmp_path / "new.csv").write_text(text, encoding="utf-8")
    command = ["predict", "--run", str(cli_run / "run"), "--data", str(tmp_path / "new.csv")]
    assert main([*command, "--out", str(tmp_path / "out.csv")]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert problem in error[-1] and "Traceback" not in "".join(error)
