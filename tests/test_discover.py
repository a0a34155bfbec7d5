"""Things are found by the files and entry points that hold them, and a broken one does no harm."""

from __future__ import annotations

import importlib
import logging
import sys
from types import SimpleNamespace

import pytest

from dl_core.discover import deferred, discover, lazy, named


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """Make a package of four modules and a distribution with three entry points, one of them broken."""
    package = tmp_path / "found_rooms"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "b.py").write_text("ROOM = 'b'\n")
    (package / "a.py").write_text("ROOM: tuple[str, ...] = ('a1', 'a2')\n")
    (package / "heavy.py").write_text("raise RuntimeError('loaded')\n# ROOM stands in a comment\nROOMS = 1\n")
    (package / "compares.py").write_text("if 'x' == 'ROOM':\n    pass\n")
    (tmp_path / "elsewhere_rooms.py").write_text("ROOM = 'theirs'\nother = ['x', 'y']\n")
    about = tmp_path / "elsewhere_rooms-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere-rooms\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[daylight.rooms]\nmodule = elsewhere_rooms\nlist = elsewhere_rooms:other\nbroken = elsewhere_rooms:missing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield "found_rooms"
    for name in [name for name in sys.modules if name.startswith(("found_rooms", "elsewhere_rooms"))]:
        del sys.modules[name]


def test_modules_and_entry_points_are_found_and_a_broken_one_is_logged(rooms, caplog):
    with caplog.at_level(logging.ERROR):
        assert discover(rooms, "ROOM", "daylight.rooms") == ["a1", "a2", "b", "x", "y", "theirs"]
    assert [record.args[0] for record in caplog.records] == ["broken"]


def test_modules_that_do_not_define_it_are_not_imported(rooms):
    discover(rooms, "ROOM", "daylight.none")
    assert "found_rooms.heavy" not in sys.modules and "found_rooms.b" in sys.modules


def test_a_target_is_imported_when_it_is_called():
    sys.modules.pop("colorsys", None)
    load = lazy("colorsys:rgb_to_hsv")
    assert "colorsys" not in sys.modules
    assert load()(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)


def test_the_first_of_a_name_stays(caplog):
    first, second = SimpleNamespace(name="a", at=1), SimpleNamespace(name="a", at=2)
    assert named([first, second, SimpleNamespace(name="b", at=3)])["a"].at == 1
    assert "'a' is there twice" in caplog.text


def test_a_deferred_function_is_imported_at_its_first_call_and_gets_all_arguments():
    sys.modules.pop("colorsys", None)
    call = deferred("colorsys:hsv_to_rgb")
    assert "colorsys" not in sys.modules
    assert call(0.0, 1.0, v=1.0) == (1.0, 0.0, 0.0)
