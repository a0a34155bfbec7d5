"""`check_bias_rankings`: metrics of lists by group of users, disparities, small groups and words."""

import json

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.interactions.check import check_bias_rankings
from dl_core.bias.report import BiasReport
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.registry import metric_named
from tests.listing import drawn_world, facts_of, rankings_of


@pytest.fixture(scope="module")
def world():
    """Users of the south get lists in the wrong order; ten users live in the west; the rest are not stated."""
    made = drawn_world(n_users=240)
    users = list(made["taken"])
    country = pd.Series("north", index=users)
    country.iloc[100:200], country.iloc[200:210], country.iloc[210:] = "south", "west", None
    lists = {u: codes if country[u] == "north" else codes[::-1] for u, codes in made["lists"]["good"].items()}
    rankings = rankings_of({"m": lists}, made["held"])
    return made | {"rankings": rankings, "groups": pd.DataFrame({"country": country})}


@pytest.fixture(scope="module")
def report(world):
    return check_bias_rankings(world["rankings"], "m", world["groups"], facts=world["facts"], k=5)


def test_values_are_those_of_each_group(report, world):
    lists = RankedLists.of(world["rankings"], "m", "test", world["facts"])
    values = pd.Series(lists.values(metric_named("ndcg").at(5)), index=lists.users)
    rows = report.groups[report.groups["metric"] == "ndcg"].set_index("group")
    for group, size in (("north", 100), ("south", 100), ("west", 10), ("not stated", 30)):
        members = world["groups"].index[world["groups"]["country"].fillna("not stated") == group]
        assert rows.loc[group, "value"] == pytest.approx(values[members].mean()) and rows.loc[group, "n"] == size
    assert rows["enough"].to_dict() == {"north": True, "south": True, "west": False, "not stated": True}
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).all()
    north = values[world["groups"]["country"] == "north"]
    width = 2 * 1.96 * north.std(ddof=0) / np.sqrt(100)
    assert rows.loc["north", "high"] - rows.loc["north", "low"] == pytest.approx(width, rel=0.15)


def test_disparities_and_words(report):
    found = report.disparities[(report.disparities["metric"] == "ndcg") & (report.disparities["kind"] == "difference")]
    row = found.iloc[0]
    assert (row["worst"], row["best"]) == ("south", "north") and row["low"] > 0
    hits = [line for line in report.warnings if "nDCG@5" in line or "Recall@5" in line or "took next" in line]
    assert len(hits) == 1 and hits[0].startswith("country: nDCG@5 is ") and "for south and" in hits[0]
    assert any("west (10 users): too few to evaluate." in line for line in report.warnings)
    assert isinstance(report, BiasReport) and report.four_fifths.empty
    json.dumps(report.as_dict(), allow_nan=False)


def test_hit_rate_alone_is_told_in_people(world):
    told = check_bias_rankings(world["rankings"], "m", world["groups"], metrics=["hit_rate"], k=5).warnings[0]
    assert told.startswith("country: hit rate is ") and "% for south" in told


def test_coverage_stands_over_all_only(world):
    report = check_bias_rankings(
        world["rankings"], "m", world["groups"], metrics=["coverage", "popularity_lift"], facts=world["facts"]
    )
    assert report.overall["metric"].tolist() == ["coverage", "popularity_lift"]
    assert set(report.groups["metric"]) == {"popularity_lift"} and set(report.disparities["metric"]) == {
        "popularity_lift"
    }


def test_without_facts_only_hits_are_judged(world):
    report = check_bias_rankings(world["rankings"], "m", world["groups"])
    assert report.overall["metric"].tolist() == ["ndcg", "recall", "hit_rate"]


def test_equal_groups_make_no_noise(world):
    rng = np.random.default_rng(0)
    coin = pd.DataFrame({"coin": rng.choice(["heads", "tails"], 240)}, index=world["groups"].index)
    report = check_bias_rankings(world["rankings"], "m", coin, metrics=["ndcg"], facts=world["facts"])
    assert report.warnings == () and report.disparities["low"].iloc[0] <= 0


def test_what_cannot_be_checked(world):
    with pytest.raises(OptionError, match="no groups"):
        check_bias_rankings(world["rankings"], "m", pd.DataFrame(index=["a"]))
    with pytest.raises(OptionError, match="held-out items"):
        check_bias_rankings(rankings_of({"m": {"a": [1]}}, {}), "m", pd.DataFrame({"x": ["y"]}, index=["a"]))
    with pytest.raises(OptionError, match="of model 'x'"):
        check_bias_rankings(world["rankings"], "x", world["groups"])
    small = check_bias_rankings(
        rankings_of({"m": {"a": [1], "b": [0]}}, {"a": {1}, "b": {1}}),
        "m",
        pd.DataFrame({"sex": ["f", "m"]}, index=["a", "b"]),
        facts=facts_of({"a": [0], "b": [1]}, 2),
    )
    assert small.disparities.empty and "large enough to compare" in small.warnings[-1]
