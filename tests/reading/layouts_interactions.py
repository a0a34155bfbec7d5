"""Layouts of interactions as people bring them: files, and what their reading must say."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

USERS, ITEMS, ROWS = 40, 15, 240
START = pd.Timestamp("2023-11-14 22:13:20")
Write = Callable[[Path], None]


@dataclass(frozen=True)
class Layout:
    """Files, how they are asked for, and parts of the `read --json` object.

    ``roles`` are the columns by role that must be found; ``asked`` names the question that must be open, and ``answer``
    the choice whose answer then gives ``roles`` and ``counts``.
    """

    name: str
    write: Write
    roles: Mapping[str, list[str]] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    asked: str = ""
    answer: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    layout: str = "a row an interaction"
    items: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)


def taken(seed: int = 0) -> pd.DataFrame:
    """Return six different items of each of 40 users, with a rating and a growing time of each user."""
    rng = np.random.default_rng(seed)
    rows = [(user, item) for user in range(USERS) for item in rng.choice(ITEMS, 6, replace=False)]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    frame["rating"] = rng.integers(1, 6, ROWS)
    frame["count"] = rng.integers(16, 19_949, ROWS)
    frame["time"] = START + pd.to_timedelta(np.sort(rng.integers(0, 7 * 86_400, ROWS)), unit="s")
    return frame


T = taken()
TITLES = [f"Product number {at}" for at in range(ITEMS)]


def csv(frame: pd.DataFrame, name: str = "data.csv", **how: Any) -> Write:
    """Return a writer of one table as text."""
    return lambda folder: frame.to_csv(folder / name, **{"index": False, **how})


def many(*writers: Write) -> Write:
    """Return a writer of several files."""

    def write(folder: Path) -> None:
        for one in writers:
            one(folder)

    return write


def named(**columns: str) -> pd.DataFrame:
    """Return the rows with these columns, by new name and old one."""
    return pd.DataFrame({new: T[old] for new, old in columns.items()})


def bare(*columns: pd.Series, name: str = "data.dat", sep: str = ",") -> Write:
    """Return a writer of columns without a header line."""
    frame = pd.concat(columns, axis=1)
    return csv(frame, name, header=False, sep=sep)


def events(kinds: list[str], shares: list[float], **more: Any) -> pd.DataFrame:
    kind = np.random.default_rng(1).choice(kinds, ROWS, p=shares)
    return pd.DataFrame(
        {
            "timestamp": T["time"].astype("datetime64[ms]").astype("int64"),
            "visitorid": T["user"],
            **more,
            "itemid": T["item"],
            "event": kind,
        }
    )


def flags(name: str, **more: Any) -> pd.DataFrame:
    return named(user_id="user", item_id="item").assign(**{name: np.arange(ROWS) % 5 // 4}, **more)


def purchases(folder: Path) -> None:
    rows = [
        (f"c{u:02d}", f"p{(u * 7 + 3 * at) % 20:02d}", f"2024-01-{1 + 3 * at:02d}")
        for u in range(60)
        for at in range(6)
    ]
    pd.DataFrame(rows, columns=["customer_id", "product_id", "date"]).to_csv(folder / "purchases.csv", index=False)
    people = [(f"c{u:02d}", f"Store {u % 45}", ["old", "new"][u % 2]) for u in range(60)]
    pd.DataFrame(people, columns=["customer_id", "home_store", "segment"]).to_csv(folder / "customers.csv", index=False)


def reviews(folder: Path) -> None:
    rng = np.random.default_rng(2)
    words = ["cheap", "good", "slow", "poor", "great", "nice", "fine", "dear"]
    with open(folder / "reviews.jsonl", "w", encoding="utf-8") as file:
        for row in T.itertuples():
            about = {
                "rating": float(row.rating),
                "title": " ".join(rng.choice(words, 3)),
                "asin": f"B0V00000{row.item:02d}{rng.integers(3)}",
                "parent_asin": f"B0P00000{row.item:02d}",
                "user_id": f"REVIEWER{row.user:03d}X",
                "timestamp": int(row.time.timestamp() * 1000),
            }
            file.write(json.dumps(about) + "\n")
    with open(folder / "meta.jsonl", "w", encoding="utf-8") as file:
        for at, title in enumerate(TITLES):
            price = f"${at}.99"
            file.write(json.dumps({"title": title, "price": price, "parent_asin": f"B0P00000{at:02d}"}) + "\n")


def listenings(folder: Path) -> None:
    pd.DataFrame({"userID": T["user"], "artistID": 100 + T["item"]}).to_csv(
        folder / "user_artists.dat", sep="\t", index=False
    )
    artists = pd.DataFrame({"id": range(100, 100 + ITEMS), "name": [f"Artist {at}" for at in range(ITEMS)]})
    artists.to_csv(folder / "artists.dat", sep="\t", index=False)
    tags = pd.DataFrame({"tagID": range(60), "tagValue": [f"genre {at}" for at in range(60)]})
    tags.to_csv(folder / "tags.dat", sep="\t", index=False)


def wide(fill: float | None) -> pd.DataFrame:
    table = T.pivot(index="user", columns="item", values="rating")
    table = table if fill is None else table.fillna(fill)
    return table.rename(columns=lambda at: f"film {at}").rename_axis("user").reset_index()


def lists(separator: str, around: str = "{}") -> pd.DataFrame:
    cells = T.groupby("user")["item"].agg(lambda items: around.format(separator.join(f"i{item}" for item in items)))
    return cells.rename("items").reset_index()


def json_lists(folder: Path) -> None:
    with open(folder / "data.jsonl", "w", encoding="utf-8") as file:
        for user, items in T.groupby("user")["item"]:
            file.write(json.dumps({"user": f"u{user}", "items": [f"i{item}" for item in items]}) + "\n")


def database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "shop.sqlite")) as base:
        named(customer_id="user", product_id="item", rating="rating").to_sql("orders", base, index=False)
        pd.DataFrame({"product_id": range(ITEMS), "title": TITLES}).to_sql("products", base, index=False)
        base.commit()


def workbook(folder: Path) -> None:
    with pd.ExcelWriter(folder / "shop.xlsx") as book:
        named(user_id="user", item_id="item", rating="rating").to_excel(book, sheet_name="ratings", index=False)
        pd.DataFrame({"item_id": range(ITEMS), "title": TITLES}).to_excel(book, sheet_name="items", index=False)


def packed(folder: Path) -> None:
    text = named(user_id="user", item_id="item", rating="rating").to_csv(index=False)
    (folder / "ratings.csv.gz").write_bytes(gzip.compress(text.encode()))


def zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("in/ratings.csv", named(user_id="user", item_id="item").to_csv(index=False))
        archive.writestr("in/README.txt", "made up")


def bad_among_good(folder: Path) -> None:
    csv(named(user="user", item="item"))(folder)
    (folder / "broken.jsonl").write_text("{broken", encoding="utf-8")
    (folder / "empty.csv").write_text("", encoding="utf-8")


def mails(folder: Path) -> None:
    frame = named(user="user", item="item").assign(user=[f"person{user}@example.org" for user in T["user"]])
    frame.to_csv(folder / "data.csv", index=False)


def given_test(folder: Path) -> None:
    T[["user", "item"]].iloc[:160].to_csv(folder / "train.csv", index=False)
    T[["user", "item"]].iloc[160:].to_csv(folder / "test.csv", index=False)


def placed(folder: Path) -> None:
    order = T["user"] * 10 + T.groupby("user").cumcount() // 3
    rows = pd.DataFrame({"order_id": order, "product_id": T["item"]})
    place = rows.groupby("order_id").cumcount() + 1
    rows.assign(add_to_cart_order=place).to_csv(folder / "order_products.csv", index=False)
    heads = named(user_id="user").assign(order_id=order, hour=order * 7 % 24).drop_duplicates()
    heads.to_csv(folder / "orders.csv", index=False)


def shelves(low: int, high: int) -> pd.DataFrame:
    rating = np.random.default_rng(4).integers(low, high + 1, ROWS)
    return named(user_id="user", book_id="item").assign(rating=np.where(np.arange(ROWS) % 4 == 0, 0, rating))


ALL = {"users": USERS, "items": ITEMS, "taken": ROWS}
ISO = T["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")
SECONDS = T["time"].astype("datetime64[s]").astype("int64")
IDS = 214_530_000 + T["item"]
FUNNEL = ["view", "cart", "remove_from_cart", "purchase"]
SHARES = [0.75, 0.15, 0.05, 0.05]
FOUR = ("user", "item", "value", "time")

STAMP = "%Y-%m-%dT%H:%M:%S.351Z"


def lines(write: Callable[[int, list[int]], str], name: str, header: str = "") -> Write:
    """Return a writer of a line a user, made of the user and the items."""
    body = [write(user, rows["item"].tolist()) for user, rows in T.groupby("user")]
    return lambda folder: (folder / name).write_text("\n".join([*([header] if header else []), *body]) + "\n") and None


def netflix(folder: Path) -> None:
    text = []
    for item, rows in T.groupby("item"):
        text.append(f"{item + 1}:")
        text += [f"{row.user + 1_488_844},{row.rating},{row.time:%Y-%m-%d}" for row in rows.itertuples()]
    (folder / "combined_data_1.txt").write_text("\n".join(text) + "\n")


def jester() -> pd.DataFrame:
    """Return ratings from -10 to 10 of fifteen jokes, 99 where none was given."""
    rated = T.assign(score=np.random.default_rng(4).uniform(-10, 10, ROWS).round(2))
    wide = rated.pivot(index="user", columns="item", values="score").fillna(99.0)
    return wide.add_prefix("joke").rename_axis("user_id").reset_index()


def sessions(folder: Path) -> None:
    kinds = np.random.default_rng(5).choice(["clicks", "carts", "orders"], ROWS, p=[0.7, 0.2, 0.1])
    with open(folder / "train.jsonl", "w", encoding="utf-8") as file:
        for user, rows in T.assign(kind=kinds).groupby("user"):
            inner = [
                {"aid": 1_517_085 + row.item, "ts": int(row.time.timestamp() * 1000), "type": row.kind}
                for row in rows.itertuples()
            ]
            file.write(json.dumps({"session": int(user), "events": inner}) + "\n")


LAYOUTS = [
    Layout(
        "customers with 45 home stores",
        purchases,
        {"user": ["customer_id"], "item": ["product_id"]},
        {"users": 60, "items": 20, "taken": 360},
        parts={"customers.csv": "side table"},
    ),
    Layout(
        "counts named weight",
        csv(named(userID="user", artistID="item", weight="count"), sep="\t"),
        {"value": ["weight"]},
        ALL,
    ),
    Layout(
        "counts named scrobbles",
        csv(named(user="user", artist="item", scrobbles="count")),
        {"value": ["scrobbles"]},
        ALL,
    ),
    Layout(
        "a share that was watched",
        csv(named(user_id="user", video_id="item").assign(watch_ratio=np.linspace(0.01, 3, ROWS))),
        {"value": ["watch_ratio"]},
        ALL,
    ),
    Layout(
        "book ratings",
        csv(named(**{"User-ID": "user", "ISBN": "item", "Book-Rating": "rating"}), sep=";", quoting=1),
        {"user": ["User-ID"], "item": ["ISBN"], "value": ["Book-Rating"]},
        ALL,
    ),
    Layout(
        "decimal commas",
        csv(
            named(user="user", item="item")
            .assign(grade=(np.arange(ROWS) % 9 / 2).astype(str))
            .replace({"grade": {"0.5": "0,5"}}),
            sep=";",
        ),
        {"value": ["grade"]},
        ALL,
    ),
    Layout(
        "events, weighed",
        csv(events(FUNNEL, SHARES)),
        {"value": ["event"], "user": ["visitorid"]},
        {"users": USERS},
        asked="taken",
    ),
    Layout(
        "events, the strongest alone", csv(events(FUNNEL, SHARES)), {"value": ["event"]}, {}, asked="taken", answer=1
    ),
    Layout("events, every row", csv(events(FUNNEL, SHARES)), {"item": ["itemid"]}, ALL, asked="taken", answer=3),
    Layout(
        "events of few letters, no header",
        bare(T["user"], IDS, pd.Series(np.random.default_rng(3).choice(["pv", "buy", "cart", "fav"], ROWS)), SECONDS),
        {"time": ["timestamp"]},
        {"users": USERS},
        asked="taken",
    ),
    Layout(
        "events beside a quantity",
        csv(events(FUNNEL, SHARES, quantity=T["rating"])),
        {"value": ["quantity"]},
        {"users": USERS},
        asked="taken",
    ),
    Layout(
        "user, time, item, category without header",
        bare(T["user"] + 1, ISO, IDS, IDS * 0),
        {"user": ["user"], "time": ["timestamp"], "item": ["item"]},
        ALL,
    ),
    Layout(
        "user, item, rating, seconds without header",
        bare(T["user"], T["item"], T["rating"], SECONDS, sep="\t"),
        {role: [name] for role, name in zip(FOUR, ("user", "item", "rating", "timestamp"), strict=True)},
        ALL,
    ),
    Layout(
        "two colons without header",
        lambda folder: (
            (folder / "ratings.dat").write_text(
                "\n".join(
                    "::".join(map(str, row)) for row in zip(T["user"], T["item"], T["rating"], SECONDS, strict=True)
                )
            )
            and None
        ),
        {"value": ["rating"], "time": ["timestamp"]},
        ALL,
    ),
    Layout(
        "blanks without header",
        bare(T["user"], T["item"], T["rating"], name="data.txt", sep=" "),
        {"value": ["rating"]},
        ALL,
    ),
    Layout("stamps before the ids", bare(SECONDS, T["user"], T["item"]), {"time": ["timestamp"]}, ALL),
    Layout(
        "five columns without header",
        bare(T["user"], IDS, IDS % 4 + 10, T["rating"], SECONDS),
        {"user": ["user"], "item": ["item"], "time": ["timestamp"]},
        ALL,
    ),
    Layout(
        "the product of a variant",
        reviews,
        {"item": ["parent_asin"], "value": ["rating"], "time": ["timestamp"]},
        ALL,
        parts={"meta.jsonl": "side table"},
        left=("title", "asin"),
        items={"title": "Product number"},
    ),
    Layout(
        "a table of tags beside",
        listenings,
        {"user": ["userID"], "item": ["artistID"]},
        ALL,
        parts={"tags.dat": "left out", "artists.dat": "side table"},
        items={"title": "Artist"},
    ),
    Layout("clicks and impressions", csv(flags("clicked")), {"value": ["clicked"]}, {"taken": 48, "impressions": 192}),
    Layout(
        "likes as words",
        csv(flags("is_liked").replace({"is_liked": {0: "no", 1: "yes"}})),
        {"value": ["is_liked"]},
        {"taken": 48, "impressions": 192},
    ),
    Layout(
        "yes and no of unknown meaning",
        csv(flags("mark")),
        {"value": ["mark"]},
        {"taken": 48, "impressions": 192},
        asked="taken",
    ),
    Layout("yes and no that mean nothing", csv(flags("mark")), {}, ALL, asked="taken", answer=1),
    Layout(
        "several acts",
        csv(flags("is_click", is_like=np.arange(ROWS) % 7 // 6)),
        {"value": ["is_click"]},
        {"taken": 48},
        asked="taken",
    ),
    Layout("thumbs up and down", csv(flags("rating")), {"value": ["rating"]}, {"taken": 48, "impressions": 0}),
    Layout(
        "several numbers",
        csv(named(user="user", item="item", alpha="count").assign(beta=np.linspace(0, 9, ROWS))),
        {"value": ["alpha"]},
        ALL,
        asked="value",
    ),
    Layout(
        "a column an item, gaps",
        csv(wide(None)),
        {"user": ["user"], "item": ["item"], "value": ["value"]},
        ALL,
        layout="a row a user, a column an item",
    ),
    Layout("a column an item, zeros", csv(wide(0)), {"user": ["user"]}, ALL, layout="a row a user, a column an item"),
    Layout(
        "a column an item, unnamed users",
        csv(wide(None).rename(columns={"user": ""})),
        {"item": ["item"]},
        ALL,
        layout="a row a user, a column an item",
    ),
    Layout("lists parted by blanks", csv(lists(" ")), {"item": ["items"]}, ALL, layout="a list of items in a cell"),
    Layout("lists parted by bars", csv(lists("|")), {"item": ["items"]}, ALL, layout="a list of items in a cell"),
    Layout(
        "lists in brackets", csv(lists("', '", "['{}']")), {"item": ["items"]}, ALL, layout="a list of items in a cell"
    ),
    Layout("lists of JSON", json_lists, {"item": ["items"]}, ALL, layout="a list of items in a cell"),
    Layout(
        "a database",
        database,
        {"user": ["customer_id"], "item": ["product_id"]},
        ALL,
        parts={"shop.sqlite/products": "side table"},
    ),
    Layout("a workbook of two sheets", workbook, {"user": ["user_id"]}, ALL, parts={"shop.xlsx/items": "side table"}),
    Layout("packed by gzip", packed, {"value": ["rating"]}, ALL),
    Layout("a zip with a read-me", zipped, {"user": ["user_id"]}, ALL, parts={"in/README.txt": "left out"}),
    Layout(
        "a bad file among good ones",
        bad_among_good,
        {"user": ["user"]},
        ALL,
        parts={"broken.jsonl": "left out", "empty.csv": "left out"},
    ),
    Layout("mail addresses as users", mails, {"user": ["user"]}, ALL),
    Layout("a given test", given_test, {"user": ["user"]}, {"taken": ROWS}, parts={"test.csv": "test"}),
    Layout(
        "names that tell nothing",
        csv(named(who="user", what="item", when="time")),
        {"item": ["what"], "time": ["when"]},
        ALL,
        asked="user",
    ),
    Layout(
        "a report's title and footer",
        lambda folder: (
            (folder / "data.csv").write_text(
                "Export of ratings\n\n"
                + named(user_id="user", item_id="item", rating="rating").to_csv(index=False)
                + "\nSource: the shop\n"
            )
            and None
        ),
        {"value": ["rating"]},
        ALL,
    ),
    Layout(
        "what is the same for each item",
        csv(named(user="user", item="item").assign(shelf=T["item"] % 4, town=T["user"] % 3)),
        {"feature": ["shelf"], "group": ["town"]},
        ALL,
    ),
    Layout(
        "a table of tags is no table of interactions",
        many(
            csv(named(userID="user", artistID="item", weight="count"), "user_artists.csv"),
            csv(
                named(userID="user", artistID="item").assign(tagID=T["item"] % 7, day=1, month=4, year=2009),
                "user_tags.csv",
            ),
        ),
        {"value": ["weight"]},
        ALL,
        parts={"user_artists.csv": "table", "user_tags.csv": "left out"},
    ),
    Layout(
        "an empty column of users",
        csv(named(sessionId="user", itemId="item", eventdate="time").assign(userId=None)),
        {"user": ["sessionId"], "item": ["itemId"]},
        ALL,
    ),
    Layout(
        "every row, whatever a column of words says",
        csv(named(reviewer="user", restaurant="item").assign(rating=T["rating"].astype(str) + " stars")),
        {"user": ["reviewer"]},
        ALL,
        asked="taken",
        answer=3,
    ),
    Layout(
        "a time under any name", csv(named(user="user", item="item", gekauft_am="time")), {"time": ["gekauft_am"]}, ALL
    ),
    Layout(
        "a user and all items a line",
        lines(lambda user, items: " ".join(map(str, [user, *items])), "train.txt"),
        {"user": ["user"], "item": ["item"]},
        ALL,
    ),
    Layout(
        "baskets without a header",
        lines(lambda user, items: ",".join(TITLES[item] for item in items), "groceries.csv"),
        {"user": ["basket"], "item": ["item"]},
        ALL,
    ),
    Layout(
        "baskets with a count in front",
        lines(
            lambda user, items: ",".join(map(str, [len(items), *(TITLES[item] for item in items)])),
            "baskets.csv",
            "Item(s),Item 1,Item 2,Item 3,Item 4,Item 5,Item 6",
        ),
        {"user": ["basket"], "item": ["item"]},
        ALL,
    ),
    Layout(
        "ratings below the film they are of",
        netflix,
        {"user": ["user"], "item": ["item"], "value": ["rating"], "time": ["timestamp"]},
        ALL,
    ),
    Layout(
        "a matrix in which 99 is no rating",
        lambda folder: jester().to_csv(folder / "jester.csv", index=False),
        {"user": ["user_id"]},
        ALL,
        layout="a row a user, a column an item",
    ),
    Layout(
        "a matrix without a header, its counts in front",
        lambda folder: (
            jester()
            .assign(user_id=(jester().iloc[:, 1:] != 99).sum(axis=1))
            .to_csv(folder / "jester.csv", index=False, header=False)
        ),
        {"user": ["user"]},
        ALL,
        layout="a row a user, a column an item",
    ),
    Layout(
        "sessions with a list of events",
        sessions,
        {"user": ["session"], "item": ["aid"], "time": ["ts"], "value": ["type"]},
        ALL,
        asked="taken",
        answer=2,
    ),
    Layout(
        "clicks in one file and purchases in another",
        many(
            bare(T["user"], T["time"].dt.strftime(STAMP), T["item"] + 214_536_500, name="shop-clicks.dat"),
            bare(
                T["user"].iloc[::7],
                T["time"].iloc[::7].dt.strftime(STAMP),
                T["item"].iloc[::7] + 214_536_500,
                T["count"].iloc[::7],
                T["rating"].iloc[::7] * 0 + 1,
                name="shop-buys.dat",
            ),
        ),
        {"user": ["user"], "item": ["item"], "value": ["event"]},
        {"users": USERS, "items": ITEMS},
        asked="taken",
        parts={"shop-clicks.dat": "table", "shop-buys.dat": "table"},
    ),
    Layout(
        "whose the orders are, in another table",
        many(
            csv(named(order_id="user", product_id="item").assign(order_id=T["user"] * 2 + 1_000), "lines.csv"),
            lambda folder: pd.DataFrame(
                {"order_id": np.arange(USERS) * 2 + 1_000, "user_id": [f"u{at // 2}" for at in range(USERS)]}
            ).to_csv(folder / "orders.csv", index=False),
        ),
        {"user": ["user_id"], "item": ["product_id"]},
        {"users": USERS // 2, "items": ITEMS},
        parts={"lines.csv": "table", "orders.csv": "side table"},
    ),
    Layout(
        "names with commas are no lists",
        csv(named(user="user", rating="rating").assign(game=[f"Game {at}, The, Deluxe" for at in T["item"]])),
        {"user": ["user"], "item": ["game"], "value": ["rating"]},
        ALL,
    ),
    Layout(
        "places in a basket are no value, nor are hours of orders",
        placed,
        {"user": ["user_id"], "item": ["product_id"], "value": None},
        ALL,
        parts={"orders.csv": "side table"},
    ),
    Layout("0 beside ratings, not rated", csv(shelves(1, 5)), {"value": ["rating"]}, ALL, asked="taken"),
    Layout(
        "0 beside ratings, shown only",
        csv(shelves(1, 10)),
        {"value": ["rating"]},
        {"taken": 180, "impressions": 60},
        asked="taken",
        answer=1,
    ),
    Layout("0 beside ratings, the lowest", csv(shelves(1, 5)), {"value": ["rating"]}, ALL, asked="taken", answer=2),
    Layout(
        "songs of artists without header",
        bare(T["user"], ISO, T["item"] // 2 + 70_000, T["item"].map("song-{}".format), sep="\t"),
        {"item": ["column 4"]},
        ALL,
        asked="item",
    ),
    Layout(
        "99 in most cells",
        csv(T.assign(rating=np.where(np.arange(ROWS) % 3 == 0, T["rating"], 99))[["user", "item", "rating"]]),
        {"value": ["rating"]},
        {"taken": 80},
    ),
    Layout(
        "numbers of users, items and ratings that overlap",
        csv(
            T.assign(rating=T["rating"] * 2)[["user", "item", "rating"]].set_axis(
                ["user_id", "anime_id", "rating"], axis=1
            )
        ),
        {"user": ["user_id"], "item": ["anime_id"], "value": ["rating"]},
        ALL,
    ),
    Layout(
        "the same without header",
        bare(T["user"], T["item"], T["rating"] * 2 + 10, name="ratings.csv"),
        {"user": ["user"], "item": ["item"], "value": ["rating"]},
        ALL,
    ),
]
