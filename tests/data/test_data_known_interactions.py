"""MovieLens one click away: what is stated about it, and zips of its three layouts read as downloaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from dl_core.data.catalogue import BASE_VARIABLE, check_rows, fetch
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.known import KNOWN_INTERACTIONS
from dl_core.errors import NetworkError
from dl_core.reading.interactions.read import read_interactions
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role
from tests.ratings import draw_ratings, film, zip_1m, zip_100k, zip_latest

WRITERS = {"ml-latest-small": zip_latest, "ml-100k": zip_100k, "ml-1m": zip_1m}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    return draw_ratings(users=40, items=24, each=10)


@pytest.fixture()
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Yield a folder that a server on this machine hands out."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv(BASE_VARIABLE, f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def _read(path: Path) -> Dataset:
    return read_interactions(ReadRequest((path,), name="Films"))


def test_three_sets_state_licence_source_and_how_they_are_checked():
    sets = {known.name: known for known in KNOWN_INTERACTIONS}
    assert list(sets) == list(WRITERS)
    for known in sets.values():
        assert "commercial" in known.licence and "redistribution" in known.licence and "Harper" in known.licence
        assert known.url == f"https://files.grouplens.org/datasets/movielens/{known.file}"
        assert known.md5 or known.rows
    assert sets["ml-latest-small"].md5 == "" and sets["ml-latest-small"].rows == 100_836
    assert sets["ml-100k"].rows == 100_000 and sets["ml-1m"].rows == 1_000_209


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_zip_of_its_layout_is_downloaded_and_read(name: str, ratings: pd.DataFrame, mirror: Path, tmp_path: Path):
    writer: Callable[[Path, pd.DataFrame], Path] = WRITERS[name]
    packed = writer(mirror / f"{name}.zip", ratings)
    md5 = hashlib.md5(packed.read_bytes(), usedforsecurity=False).hexdigest()
    known = next(known for known in KNOWN_INTERACTIONS if known.name == name)
    data = _read(fetch(replace(known, md5=known.md5 and md5), tmp_path / "downloads"))
    check_rows(replace(known, rows=len(ratings)), len(data))
    user, item, value, time = (data.column(role) for role in (Role.USER, Role.ITEM, Role.VALUE, Role.TIME))
    first = data.table.loc["0"]
    assert (first[user], first[item]) == (str(ratings["user"][0]), str(ratings["item"][0]))
    assert first[value] == ratings["rating"][0]
    assert first[time] == pd.Timestamp(ratings["timestamp"][0], unit="s")
    films = data.side["items"]
    assert set(films.index) >= set(data.table[item])
    assert films.loc["2", "title"] == film(2)[0] and "Drama" in films.loc["2", "category"]


@pytest.mark.parametrize(
    ("name", "columns"), [("ml-100k", {"age", "gender", "occupation"}), ("ml-1m", {"age", "gender"})]
)
def test_people_have_groups_where_the_set_has_them(name: str, columns: set[str], ratings: pd.DataFrame, tmp_path: Path):
    data = _read(WRITERS[name](tmp_path / f"{name}.zip", ratings))
    people = data.side["users"]
    assert columns <= set(people) and people.loc["2", "gender"] == "male" and len(people) == 40


def test_a_changed_release_is_refused_by_its_rows(ratings: pd.DataFrame, tmp_path: Path):
    data = _read(zip_latest(tmp_path / "ml-latest-small.zip", ratings))
    with pytest.raises(NetworkError, match="100,836"):
        check_rows(KNOWN_INTERACTIONS[0], len(data))
