"""Transfer between markets: which market is chosen, and a planted case in which the large one helps the small one."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import SchemaError
from dl_core.models.interactions.two_tower import TwoTower
from dl_core.schema import Role
from dl_core.transfer.interactions import transfer
from dl_core.transfer.interactions.transfer import choose_market, transfer_curve

TASTES = 4


def made(abroad: int = 30, home: int = 80, items: int = 80) -> dict[str, Dataset]:
    """Users who take items of their taste, at home and abroad; the last two of each choose and judge."""
    rng = np.random.default_rng(0)
    users = home + abroad
    rows = [
        (f"u{user:03d}", f"i{item:02d}", pd.Timestamp("2026-01-01") + pd.Timedelta(place * 400 + user, "h"))
        for user in range(users)
        for place, item in enumerate(rng.choice(np.arange(user % TASTES, items, TASTES), 7, replace=False))
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "time"], index=[str(n) for n in range(len(rows))])
    table["time"] = table["time"].astype("datetime64[ns]")
    table["positive"] = True
    things = pd.DataFrame(
        {"title": [f"taste{n % TASTES}" for n in range(items)]}, index=[f"i{n:02d}" for n in range(items)]
    )
    people = pd.DataFrame(
        {
            "country": ["home"] * home + ["abroad"] * (abroad - 2) + ["elsewhere"] * 2,
            "few": ["one"] * (users - 5) + ["two"] * 5,
            "height": rng.normal(size=users),
        },
        index=[f"u{n:03d}" for n in range(users)],
    )
    roles = {Role.USER: ("user",), Role.ITEM: ("item",), Role.TIME: ("time",)}
    data = Dataset("made", table, roles, Source("made up"), side={"items": things, "users": people})
    place = np.arange(len(rows)) % 7
    parts = {"train": place < 5, "validation": place == 5, "test": place == 6}
    return {name: data.subset(data.ids[rows]) for name, rows in parts.items()}


def bare(parts: dict[str, Dataset], time: bool) -> dict[str, Dataset]:
    roles = {Role.USER: ("user",), Role.ITEM: ("item",)} | ({Role.TIME: ("time",)} if time else {})
    return {name: Dataset("bare", data.table, roles, data.source) for name, data in parts.items()}


def test_the_market_is_the_group_whose_second_value_is_largest():
    parts = made()
    market = choose_market(parts["train"], parts["test"])
    assert market.about.endswith("country abroad")
    who = parts["train"].table["user"]
    assert len(market.users) == 28 and set(who[market.target]) == set(market.users)
    assert set(who[market.source]).isdisjoint(market.users) and who[market.source].nunique() == 82


def test_without_groups_it_is_the_later_half_and_without_time_half_of_the_users():
    parts = bare(made(), time=True)
    market = choose_market(parts["train"], parts["test"])
    times = parts["train"].table["time"]
    assert "earlier half" in market.about and times[market.source].max() < times[market.target].min()
    parts = bare(parts, time=False)
    market = choose_market(parts["train"], parts["test"])
    who = parts["train"].table["user"]
    assert "at random" in market.about and set(who[market.source]).isdisjoint(who[market.target])
    few = made(abroad=4, home=20)
    with pytest.raises(SchemaError, match="12 target users"):
        choose_market(*(bare(few, time=False)[name] for name in ("train", "test")))


def test_what_was_learned_from_many_helps_where_few_are_known(monkeypatch):
    monkeypatch.setattr(transfer, "TwoTower", lambda: TwoTower(width=8))
    parts = made()
    events = []
    work = SimpleNamespace(emit=events.append, should_stop=lambda: False, cache=None)
    rows = pd.DataFrame(transfer_curve(*parts.values(), 1, work, budgets=(500,), options={"epochs": 5}))
    assert set(rows["labels"]) == {28} and set(rows["metric"]) == {"ndcg"}
    assert rows["rows"].tolist() == [140] * 6  # five training rows a user
    first = rows.set_index("model")["value"]
    assert first["carried_over"] > first["popularity"] + 0.05 and first["carried_over"] > first["two_tower"]
    assert first["carried_over"] > 0.15  # chance is 0.06 among 80 items, and taste alone gives four times that
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done == sorted(done) and done[-1] == 1
