"""The catalogue's download, against a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dl_core.data.catalogue import BASE_VARIABLE, KnownData, check_rows, fetch
from dl_core.data.images.known import KNOWN, known_stem, medmnist_sets
from dl_core.errors import CancelledError, NetworkError

CONTENT = bytes(range(256)) * 4000


class _Handler(BaseHTTPRequestHandler):
    ranges: list[str | None] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        if "missing" in self.path:
            self.send_error(404)
            return
        start = int(wanted.split("=")[1].rstrip("-")) if wanted else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if "broken" in self.path else body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture()
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    _Handler.ranges = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv(BASE_VARIABLE, url)
    yield url
    server.shutdown()
    server.server_close()
    thread.join()


def _entry(name: str = "pneumoniamnist") -> KnownData:
    entry = next(entry for entry in medmnist_sets() if entry.name == "pneumoniamnist")
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    return replace(entry, name=name, md5=md5, file=f"{name}.npz")


def test_catalogue_lists_twelve_sets_at_two_sizes():
    listed = medmnist_sets()
    assert len(listed) == 24 and len({entry.md5 for entry in listed}) == 24
    assert {entry.licence for entry in listed if "Derma" in entry.title} == {"CC BY-NC 4.0"}
    assert {entry.licence for entry in listed if "Derma" not in entry.title} == {"CC BY 4.0"}
    assert next(entry for entry in listed if entry.name == "pneumoniamnist").md5 == "28209eda62fecd6e6a2d98b1501bb15f"
    assert sum(next(known for known in KNOWN if known.name == "pneumoniamnist").counts) == 5856


def test_file_names_of_known_sets_are_recognised():
    assert known_stem("folder/pneumoniamnist_64.npz").classes == ("normal", "pneumonia")
    assert known_stem("PneumoniaMNIST.npz").name == "pneumoniamnist"
    assert known_stem("mine.npz") is None


def test_good_file_is_fetched_once(mirror: str, tmp_path: Path):
    shares: list[float] = []
    path = fetch(_entry(), tmp_path, shares.append)
    assert path.read_bytes() == CONTENT and shares[-1] == 1.0
    assert not list(tmp_path.glob("*.part"))
    assert fetch(_entry(), tmp_path) == path
    assert len(_Handler.ranges) == 1


def test_download_goes_on_where_it_broke_off(mirror: str, tmp_path: Path):
    (tmp_path / "pneumoniamnist.npz.part").write_bytes(CONTENT[:1000])
    assert fetch(_entry(), tmp_path).read_bytes() == CONTENT
    assert _Handler.ranges == ["bytes=1000-"]


def test_whole_part_needs_no_more_bytes(mirror: str, tmp_path: Path):
    (tmp_path / "pneumoniamnist.npz.part").write_bytes(CONTENT)
    assert fetch(_entry(), tmp_path).read_bytes() == CONTENT


def test_wrong_md5_is_refused_and_leaves_nothing(mirror: str, tmp_path: Path):
    with pytest.raises(NetworkError, match="MD5"):
        fetch(replace(_entry(), md5="0" * 32), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "problem"), [("missing", "404"), ("broken", "broke off")])
def test_bad_answers_are_one_clear_line(mirror: str, tmp_path: Path, name: str, problem: str):
    with pytest.raises(NetworkError, match=problem) as caught:
        fetch(_entry(name), tmp_path, timeout=5)
    assert "\n" not in caught.value.line() and "upload it here" in caught.value.line()


def test_refused_connection_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    port = server.server_port
    server.server_close()
    monkeypatch.setenv(BASE_VARIABLE, f"http://127.0.0.1:{port}")
    with pytest.raises(NetworkError, match="cannot be reached"):
        fetch(_entry(), tmp_path, timeout=5)


def test_without_md5_the_rows_are_checked(mirror: str, tmp_path: Path):
    known = replace(_entry(), md5="", rows=3)
    assert fetch(known, tmp_path).read_bytes() == CONTENT
    check_rows(known, 3)
    with pytest.raises(NetworkError, match="4 rows and not 3"):
        check_rows(known, 4)


def test_cancel_stops_the_download(mirror: str, tmp_path: Path):
    with pytest.raises(CancelledError):
        fetch(_entry(), tmp_path, should_stop=lambda: True)
    assert not (tmp_path / "pneumoniamnist.npz").exists()
