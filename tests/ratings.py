"""Ratings for tests: people who like two of four kinds of film, in files laid out as those of MovieLens."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

KINDS = ("Comedy", "Drama", "Horror", "Western")  # a film's, by its number
GENRES = 19  # flags of u.item
FLAGS = {"Comedy": 5, "Drama": 8, "Horror": 11, "Western": 18}  # where among them
JOBS = ("artist", "doctor", "writer")
START = 880_000_000  # seconds since 1970


def draw_ratings(users: int = 150, items: int = 80, each: int = 20, seed: int = 0) -> pd.DataFrame:
    """Return about ``each`` ratings a user, columns ``user, item, rating, timestamp``, in no order of time.

    User u likes films of the kinds u and u + 1 (mod 4), of which three quarters of their ratings are; low numbers are
    more popular. Liked films get 4 or 5, others 1 to 4.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(items) % len(KINDS)
    lines = []
    for user in range(users):
        liked = np.isin(kind, [user % len(KINDS), (user + 1) % len(KINDS)])
        weight = np.where(liked, 3.0, 1.0) / (2 + np.arange(items) // len(KINDS)) ** 0.7
        taken = rng.choice(items, each + int(rng.integers(-5, 6)), replace=False, p=weight / weight.sum())
        rating = np.where(liked[taken], rng.integers(4, 6, len(taken)), rng.integers(1, 5, len(taken)))
        time = START + user * 3_600 + rng.permutation(len(taken)) * 60 * 60 * 24
        lines.append(pd.DataFrame({"user": user + 1, "item": taken + 1, "rating": rating, "timestamp": time}))
    return pd.concat(lines).sample(frac=1, random_state=seed).reset_index(drop=True)


def write_u_data(path: Path, ratings: pd.DataFrame | None = None) -> Path:
    """Write ratings as MovieLens 100k does: four columns, tabs, no header."""
    (draw_ratings() if ratings is None else ratings).to_csv(path, sep="\t", header=False, index=False)
    return path


def film(item: int) -> tuple[str, str]:
    """Return title and kind of a film."""
    kind = KINDS[(item - 1) % len(KINDS)]
    return f"{kind} caf\u00e9 {item} (1997)", kind


def person(user: int) -> tuple[int, str, str]:
    """Return age, sex and job of a user."""
    return 18 + user * 7 % 50, "MF"[user % 2], JOBS[user % len(JOBS)]


def zip_100k(path: Path, ratings: pd.DataFrame) -> Path:
    """Write a zip laid out as ml-100k.zip: the parts of its own splits and a README lie beside the tables."""
    flags = np.zeros((ratings["item"].max(), GENRES), int)
    for item in range(1, len(flags) + 1):
        flags[item - 1, FLAGS[film(item)[1]]] = 1
    items = [f"{at}|{film(at)[0]}|01-Jan-1997|||{'|'.join(map(str, row))}" for at, row in enumerate(flags, start=1)]
    people = (f"{user}|{'|'.join(map(str, person(user)))}|5{user:04d}" for user in sorted(set(ratings["user"])))
    rows = _lines(ratings, "\t")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ml-100k/README", "SUMMARY\n=======\nratings made for tests\n")
        packed.writestr("ml-100k/u.data", rows)
        packed.writestr("ml-100k/u.item", ("\n".join(items) + "\n").encode("latin-1"))
        packed.writestr("ml-100k/u.user", "\n".join(people) + "\n")
        packed.writestr("ml-100k/u.genre", "unknown|0\nAction|1\n")
        packed.writestr("ml-100k/u.info", "943 users\n1682 items\n100000 ratings\n")
        packed.writestr("ml-100k/u.occupation", "artist\ndoctor\nwriter\n")
        packed.writestr("ml-100k/allbut.pl", "#!/usr/local/bin/perl\n")
        packed.writestr("ml-100k/mku.sh", "#!/bin/sh\n")
        for name in ("u1.base", "u1.test", "ua.base", "ua.test"):
            packed.writestr(f"ml-100k/{name}", rows)
    return path


def zip_1m(path: Path, ratings: pd.DataFrame) -> Path:
    """Write a zip laid out as ml-1m.zip: ``::`` between the columns, no headers."""
    items = (f"{at}::{film(at)[0]}::{film(at)[1]}|Drama" for at in sorted(set(ratings["item"])))
    people = []
    for user in sorted(set(ratings["user"])):
        age, sex, _ = person(user)
        people.append(f"{user}::{sex}::{age}::{user % 20}::5{user:04d}")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ml-1m/README", "SUMMARY\n=======\nratings made for tests\n")
        packed.writestr("ml-1m/ratings.dat", _lines(ratings, "::"))
        packed.writestr("ml-1m/movies.dat", ("\n".join(items) + "\n").encode("latin-1"))
        packed.writestr("ml-1m/users.dat", "\n".join(people) + "\n")
    return path


def zip_latest(path: Path, ratings: pd.DataFrame) -> Path:
    """Write a zip laid out as ml-latest-small.zip: CSVs with headers, among them links and tags."""
    names = {"user": "userId", "item": "movieId"}
    items = sorted(set(ratings["item"]))
    films = pd.DataFrame({"movieId": items, "title": [film(at)[0] for at in items]})
    films["genres"] = [f"{film(at)[1]}|Drama" if at % 9 else "(no genres listed)" for at in items]
    tags = pd.DataFrame({"userId": [1, 2], "movieId": items[:2], "tag": ["funny", "dull"], "timestamp": [START] * 2})
    links = pd.DataFrame({"movieId": items, "imdbId": [f"0{at:06d}" for at in items], "tmdbId": items})
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ml-latest-small/README.txt", "Summary\n=======\nratings made for tests\n")
        tables = {"ratings": ratings.rename(columns=names), "movies": films, "tags": tags, "links": links}
        for name, table in tables.items():
            packed.writestr(f"ml-latest-small/{name}.csv", table.to_csv(index=False))
    return path


def _lines(table: pd.DataFrame, separator: str) -> str:
    return "".join(f"{separator.join(map(str, row))}\n" for row in table.itertuples(index=False, name=None))
