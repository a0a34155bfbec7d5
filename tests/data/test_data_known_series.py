"""Public series one click away: what is stated about them, and files of their layout fetched from a stub."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.catalogue import BASE_VARIABLE, check_rows, fetch
from dl_core.data.dataset import Dataset
from dl_core.data.series.known import KNOWN_SERIES
from dl_core.errors import NetworkError
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

SETS = {known.name: known for known in KNOWN_SERIES}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


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


def _m4(path: Path, lengths: tuple[int, ...]) -> Path:
    """Write series as M4 does: every cell quoted, the name first, blanks after the end."""
    rng, most = np.random.default_rng(0), max(lengths)
    lines = [",".join(f'"V{at}"' for at in range(1, most + 2))]
    for at, length in enumerate(lengths, start=1):
        values = 100 + 10 * np.sin(np.arange(length) / 3) + rng.normal(size=length)
        cells = [f'"W{at}"', *(f'"{value:.2f}"' for value in values), *[""] * (most - length)]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _ett(path: Path, hours: int = 400) -> Path:
    """Write hours as ETTh1 does: a date and seven columns."""
    rng = np.random.default_rng(0)
    day = np.sin(2 * np.pi * np.arange(hours) / 24)[:, None]
    names = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    table = pd.DataFrame(5 + day + 0.1 * rng.normal(size=(hours, 7)), columns=names)
    table.insert(0, "date", pd.date_range("2016-07-01", periods=hours, freq="h"))
    table.to_csv(path, index=False)
    return path


def _read(path: Path) -> Dataset:
    reader = pytest.importorskip("dl_core.reading.series.read")
    return reader.read_series(ReadRequest((path,), name="Known"))


def test_three_sets_state_licence_source_and_how_they_are_checked():
    assert list(SETS) == ["m4-weekly", "m4-hourly", "etth1"]
    for known in SETS.values():
        assert known.url.startswith("https://raw.githubusercontent.com/") and known.url.endswith(known.file)
        assert "cite" in known.licence and (known.md5 or known.rows) and 1e6 < known.size_bytes < 1e7
    assert "CC BY-ND 4.0" in SETS["etth1"].licence and "not stated" in SETS["m4-weekly"].licence
    assert (SETS["m4-weekly"].rows, SETS["m4-hourly"].rows) == (366_912, 169 * 700 + 245 * 960)


def test_an_m4_file_is_fetched_and_read_a_series_a_row(mirror: Path, tmp_path: Path):
    known, lengths = SETS["m4-weekly"], (120, 90, 150)
    _m4(mirror / known.file, lengths)
    path = fetch(known, tmp_path / "downloads")
    data = _read(path)
    check_rows(replace(known, rows=sum(lengths)), len(data))
    sizes = data.values(Role.SERIES).value_counts(sort=False)
    assert sizes.to_dict() == dict(zip(["W1", "W2", "W3"], lengths, strict=True))
    with pytest.raises(NetworkError, match="366,912"):
        check_rows(known, len(data))


def test_etth1_is_fetched_by_its_md5_and_read_a_series_a_column(mirror: Path, tmp_path: Path):
    known = SETS["etth1"]
    written = _ett(mirror / known.file)
    with pytest.raises(NetworkError, match="MD5"):
        fetch(known, tmp_path / "downloads")
    md5 = hashlib.md5(written.read_bytes(), usedforsecurity=False).hexdigest()
    data = _read(fetch(replace(known, md5=md5), tmp_path / "downloads"))
    assert len(data) == 7 * 400 and data.values(Role.SERIES).nunique() == 7


def test_the_weekly_file_at_hand_has_the_stated_size():
    path = Path(__file__).parents[3] / "shared" / "data" / "m4" / "Weekly-train.csv"
    if not path.exists():
        pytest.skip("the M4 files for measuring are not on this machine")
    known = SETS["m4-weekly"]
    assert path.stat().st_size == known.size_bytes
    assert int(pd.read_csv(path, index_col=0).notna().sum().sum()) == known.rows
