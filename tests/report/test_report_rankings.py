"""What a report shows of lists: charts with n, and reasons without naming anybody."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.splits import Splits
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.results import Evaluation
from dl_core.explain.interactions.plain import ItemContributions
from dl_core.report.content import ReportContent, metric_label
from dl_core.report.html import write_report
from dl_core.report.interactions.section import as_examples, pick_users, ranking_charts
from dl_core.schema import Role
from dl_core.train.run import FittedModel, Run, TrainSpec

USERS = [f"customer-{i}" for i in range(6)]
FACTS = {
    "title": "Recommendations",
    "purpose": "Rank items.",
    "notice": "",
    "limits": ["Held-out purchases were steered."],
    "judged": ["user", "users"],
    "primary_metric": "ndcg",
    "models": {"deep": {"label": "Deep", "summary": "s"}, "popularity": {"label": "Popularity", "summary": "p"}},
}


def rankings():
    lines = []
    for model in ("popularity", "deep"):
        for number, user in enumerate(USERS):
            for rank, item in enumerate(("a", "b"), start=1):
                hit = rank == 1 and number < 2 and model == "deep"
                lines.append((model, "test", user, rank, item, 1.0 / rank + number, hit, 1))
    return Rankings(pd.DataFrame(lines, columns=["model", "split", "row", "rank", "item", "score", "hit", "relevant"]))


def dataset():
    table = pd.DataFrame({"user": USERS, "item": ["c"] * 6, "positive": True}, index=[str(i) for i in range(6)])
    items = pd.DataFrame({"title": ["A kettle", None]}, index=["a", "b"])
    roles = {Role.USER: ("user",), Role.ITEM: ("item",)}
    return Dataset("shop", table, roles, Source("made up"), side={"items": items})


@pytest.fixture
def run(tmp_path):
    line = {"value": 0.5, "low": 0.3, "high": 0.7, "n": 3}
    curves = {
        "by_activity": [{"metric": "ndcg", "group": "1 to 3 items", "users": 3, **line}],
        "by_popularity": [{"band": "tail", "items": 7, "held": 3, **line}],
    }
    metrics = pd.DataFrame(
        [("popularity", "ndcg", 0.1, 0.05, 0.2, 6), ("deep", "ndcg", 0.33, 0.2, 0.5, 6)],
        columns=["model", "metric", "value", "low", "high", "n"],
    )
    return Run(
        tmp_path,
        "recommendation",
        TrainSpec(("popularity", "deep"), options={"k": 5}),
        {**dataset().describe(), "path": "dataset"},
        Splits((), (), (), "last", "the last item of each user"),
        {
            "popularity": FittedModel("popularity", "Popularity", "baseline", validation=0.1),
            "deep": FittedModel("deep", "Deep", "deep", validation=0.4),
        },
        rankings(),
        Evaluation(metrics, {"deep": curves, "popularity": {}}, "the last item of each user", ()),
        environment={"system": "Linux", "cpus": "2", "python": "3.11", "keras": "3", "backend": "tensorflow"},
    )


def explanation(user):
    return ItemContributions(
        user, "deep", "leave_one_out", "a", np.array([[0.2, 0.7]]), 0.9,
        features=("x", "y"), titles=("Cup", "Tea"), base=0.0,
    )  # fmt: skip


def test_half_of_the_users_shown_took_the_first_recommendation(run):
    assert pick_users(run, 4) == ("deep", ["customer-1", "customer-0", "customer-5", "customer-4"])
    assert pick_users(run, 0) == (None, [])


def test_examples_tell_by_title_whether_it_was_taken(run):
    hit, miss = as_examples(run, dataset(), [explanation("customer-0"), explanation("customer-5")])
    assert hit.predicted == "A kettle"
    assert hit.truth == "a hit (held-out interaction)"
    assert miss.truth == "no hit"


def test_charts_speak_of_the_best_model_by_activity_and_popularity(run):
    charts = ranking_charts(ReportContent(run, FACTS))
    assert len(charts) == 2
    assert "Deep: nDCG@5 by history length" in charts[0]
    assert "1 to 3 items (n = 3)" in charts[0]
    assert "tail (n = 3)" in charts[1]


def test_metrics_of_lists_carry_their_length():
    assert metric_label("ndcg", 5) == "nDCG@5"
    assert metric_label("auroc", 5) == metric_label("auroc")
    assert metric_label("unheard_of") == "unheard_of"


def test_the_report_says_because_and_names_no_user(run, tmp_path):
    examples = as_examples(run, dataset(), [explanation("customer-0")])
    html = write_report(ReportContent(run, FACTS, examples=examples), tmp_path / "report.html").read_text()
    assert "History item" in html
    assert "Tea" in html
    assert "nDCG@5 on 6 test users" in html
    assert "customer-" not in html
