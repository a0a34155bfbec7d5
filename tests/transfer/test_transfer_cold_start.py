"""Cold start: who is withheld, what is asked, the level of chance, and a planted case in which features decide."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from dl_core.data.dataset import Dataset, Source
from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.data.splits import Splits
from dl_core.errors import CancelledError, SchemaError
from dl_core.models.base import FitContext, Offer
from dl_core.models.interactions.base import Recommender
from dl_core.schema import Role
from dl_core.transfer.interactions.cold_start import cold_start, cut, withhold
from dl_core.transfer.interactions.scores import chance_levels, mean_interval, ranking_values

TASTES = 4


class Counts(Recommender):
    """Popularity, for tests: knows items by their ids alone. Remembers what it was trained on."""

    seen: list = []

    def learn(self, known, held, context):
        self.counts = np.bincount(known.items, minlength=known.n_items).astype(np.float32)
        Counts.seen.append((set(known.users), set(self.catalogue.ids[known.items]), held))

    def score_items(self, histories):
        return np.tile(self.counts, (len(histories), 1))

    def save(self, folder):
        raise NotImplementedError

    load = save


class SameTaste(Counts):
    """Scores an item by how many of the history share its category: knows new items by their features."""

    scores_new_items = True

    def score_items(self, histories):
        taste = self.catalogue.features["category"].to_numpy().astype(int)
        return histories.matrix() @ (taste[:, None] == taste[None, :]).astype(np.float32)


def made(described: bool = True) -> tuple[Dataset, Splits]:
    """100 users in time order who take 8 of the 20 items of their taste."""
    rng = np.random.default_rng(0)
    rows = [
        (f"u{user:03d}", f"i{item:02d}", place)
        for user in range(100)
        for place, item in enumerate(rng.choice(np.arange(user % TASTES, 80, TASTES), 8, replace=False))
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "time"], index=[str(n) for n in range(len(rows))])
    table["time"] = pd.to_datetime(table["time"], unit="D").astype("datetime64[ns]")
    table["positive"] = True
    items = pd.DataFrame({"category": [str(n % TASTES) for n in range(80)]}, index=[f"i{n:02d}" for n in range(80)])
    roles = {Role.USER: ("user",), Role.ITEM: ("item",), Role.TIME: ("time",)}
    data = Dataset("made", table, roles, Source("made up"), side={"items": items} if described else {})
    place = np.arange(len(rows)) % 8
    parts = [tuple(data.ids[place <= 5]), tuple(data.ids[place == 6]), tuple(data.ids[place == 7])]
    return data, Splits(*parts, kind="last", protocol="the last two of each user")


def offers():
    return {
        "counts": Offer("counts", "Counts", "baseline", "Counts.", lambda: Counts),
        "taste": Offer("taste", "Same taste", "deep", "Compares.", lambda: SameTaste),
    }


@pytest.fixture(scope="module")
def measured():
    data, splits = made()
    Counts.seen = []
    events = []
    rows = cold_start(offers(), data, splits, seed=1, context=FitContext(emit=events.append))
    return pd.DataFrame(rows), events, list(Counts.seen)


def test_withheld_users_and_items_are_a_tenth_and_never_trained_on(measured):
    data, _ = made()
    users, items = withhold(data, 1, 5)
    assert (len(users), len(items)) == (10, 8)
    assert len(measured[2]) == 2
    for who, what, held in measured[2]:
        assert not who.intersection(users) and not what.intersection(items)
        assert not set(held.histories.users).intersection(users)
        assert not held.relevant[:, np.isin(Catalogue.of(data).ids, items)].nnz


def test_new_items_are_ranked_by_models_that_read_features_and_by_no_other(measured):
    rows = measured[0]
    new = rows[rows["kind"] == "items"].set_index("model")
    assert new.loc["counts", "value"] is None or np.isnan(new.loc["counts", "value"])
    assert "ids alone" in new.loc["counts", "note"] and new.loc["taste", "note"] == ""
    assert new.loc["by chance", "value"] == pytest.approx(new.loc["taste", "chance"])
    assert new.loc["taste", "low"] > new.loc["by chance", "value"] + 0.1
    among_all = rows[(rows["kind"] == "items among all") & (rows["model"] == "taste")].iloc[0]
    assert 0 < among_all["chance"] < new.loc["taste", "chance"]
    assert set(rows["metric"]) == {"ndcg", "recall"}
    assert (rows.loc[rows["metric"] == "recall", "kind"].str.endswith(", recall")).all()


def test_new_users_are_served_better_by_who_reads_their_first_items(measured):
    rows = measured[0]
    users = rows[rows["kind"] == "users"]
    assert users["given"].tolist() == [1, 3, 5] * 2
    assert users["situation"].iloc[0] == "new user, 1 known"
    assert (users["n"] == 9).all()  # one of the ten took only five items that are not new
    taste, counts = users[users["model"] == "taste"], users[users["model"] == "counts"]
    assert (taste["value"].to_numpy() > counts["value"].to_numpy()).all()
    assert (users["low"] <= users["value"]).all() and (users["value"] <= users["high"]).all()
    assert "without 10 users and 8 items" in rows["protocol"].iloc[0]
    done = [event["done"] for event in measured[1]]
    assert done == sorted(done) and done[-1] == 1


def test_without_a_table_of_items_only_users_are_new():
    data, splits = made(described=False)
    rows = cold_start({"counts": offers()["counts"]}, data, splits, given=(0, 2))
    assert {row["kind"] for row in rows} == {"users", "users, recall"}
    assert {row["situation"] for row in rows} == {"new user, empty history", "new user, 2 known"}


def test_histories_that_are_too_short_are_a_clear_error():
    data, splits = made()
    with pytest.raises(SchemaError, match="more than 8 interactions"):
        cold_start(offers(), data, splits, given=(8,))
    with pytest.raises(CancelledError):
        cold_start(offers(), data, splits, context=FitContext(should_stop=lambda: True))


def test_a_history_is_cut_from_its_beginning():
    users = np.array(["a", "b", "c"], dtype=object)
    items, starts = np.array([4, 3, 2, 1, 0], dtype=np.int32), np.array([0, 3, 3, 5])
    whole = Histories(users, 5, items, starts, np.ones(5, np.float32), times=np.arange(5))
    first, rest = cut(whole, 0, 2), cut(whole, 2)
    assert first.items.tolist() == [4, 3, 1, 0] and first.starts.tolist() == [0, 2, 2, 4]
    assert rest.items.tolist() == [2] and rest.starts.tolist() == [0, 1, 1, 1] and rest.times.tolist() == [2]


def test_chance_is_what_random_orders_reach():
    levels = chance_levels(np.array([2, 1]), np.array([4, 1]), 3)
    gains = 1 / np.log2([2, 3, 4])
    np.testing.assert_allclose(levels["ndcg"], [0.5 * gains.sum() / gains[:2].sum(), 1.0])
    np.testing.assert_allclose(levels["recall"], [0.75, 1.0])
    rng = np.random.default_rng(0)
    orders = np.array([rng.permutation(12)[:5] for _ in range(4_000)]).astype(np.int32)
    relevant = sparse.csr_matrix(np.tile(np.arange(12) < 3, (4_000, 1)).astype(np.float32))
    expected = chance_levels(np.array([3]), np.array([12]), 5)
    for metric in ("ndcg", "recall"):
        assert ranking_values(metric, orders, relevant, 5).mean() == pytest.approx(expected[metric][0], abs=0.015)


def test_intervals_hold_the_mean():
    low, high = mean_interval(np.array([0.0, 1.0] * 50), 0)
    assert 0.35 < low < 0.5 < high < 0.65
    assert mean_interval(np.array([]), 0) == (None, None)
