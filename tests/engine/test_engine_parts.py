"""Ids, plain JSON, time left, the lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dl_core.engine.execute import Recorder, TimeLeft, is_alive, me
from dl_core.engine.ids import check_id, is_id, new_id
from dl_core.engine.plain import plain
from dl_core.engine.shared import HomeLock
from dl_core.errors import AccessError
from dl_core.files import home_folder

calm = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


@calm
@given(st.one_of(st.text(), st.from_regex(r"[./\\A-Za-z0-9:_-]{1,40}"), st.integers(), st.none()))
def test_whatever_passes_as_an_id_stays_inside_its_folder(text):
    root = Path("/home/of/jobs")
    if is_id(text):
        path = Path(os.path.normpath(root / text))
        assert path.parent == root
        assert not text.startswith(("-", "."))
        assert "\n" not in text
    else:
        with pytest.raises(AccessError):
            check_id(text)


def test_fresh_ids_are_valid_and_differ():
    ids = {new_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(is_id(one) for one in ids)


@calm
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_plain_gives_what_json_keeps(value):
    clean = plain(value)
    assert json.loads(json.dumps(clean, allow_nan=False)) == clean


def test_plain_takes_numpy_and_refuses_objects_with_their_place():
    assert plain({"a": np.float32(0.5), "b": np.arange(2), "c": np.nan}) == {"a": 0.5, "b": [0, 1], "c": None}
    with pytest.raises(TypeError, match=r"result\.a\[1\] is a set"):
        plain({"a": [1, {2}]}, "result")
    with pytest.raises(TypeError, match="key of type int"):
        plain({1: 2})


def test_time_left_of_steady_work_is_exact_and_a_change_of_pace_is_followed():
    steady = TimeLeft(started=100.0)
    assert steady.update(100.0, 0.0) is None
    assert steady.update(110.0, 0.1) == pytest.approx(90.0)  # 1 % a second
    assert steady.update(150.0, 0.5) == pytest.approx(50.0)
    assert steady.update(160.0, 1.0) == 0.0
    faster = TimeLeft(started=0.0)
    faster.update(50.0, 0.1)
    naive = 52.0 * 0.8 / 0.2  # what the mean speed alone would say
    assert 0 < faster.update(52.0, 0.2) < naive


def test_the_last_of_a_burst_of_events_reaches_the_status(tmp_path):
    recorder = Recorder(tmp_path, 0.0, {})
    recorder.write()
    for done in (0.1, 0.2, 0.3):
        recorder.emit({"event": "progress", "done": done, "text": f"{done}"})
    recorder._later.join(10.0)
    assert json.loads((tmp_path / "status.json").read_text())["progress"] == 0.3


def test_a_task_that_knows_the_time_left_is_believed(tmp_path):
    recorder = Recorder(tmp_path, 0.0, {})
    recorder.emit({"event": "progress", "done": 0.5, "model": "cnn", "text": "cnn", "seconds_left": 7.0})
    assert [recorder.status[name] for name in ("progress", "text", "seconds_left")] == [0.5, "cnn", 7.0]
    recorder.emit({"event": "epoch", "epoch": 1, "seconds_left": 99.0})
    assert recorder.status["seconds_left"] == 7.0


def test_a_process_number_used_again_is_not_the_same_process():
    now = me()
    assert is_alive(now["pid"], now["pid_created"])
    assert not is_alive(now["pid"], now["pid_created"] - 1000.0)
    assert not is_alive(None, None)


HOLDER = """
import sys
from pathlib import Path
from dl_core.engine.shared import HomeLock
with HomeLock(Path(sys.argv[1])).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_holds_between_processes_and_is_freed_by_death(tmp_path):
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    root = Path(__file__).parents[2]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    assert holder.stdout.readline().strip() == "held"
    lock, got = HomeLock(tmp_path / "lock"), threading.Event()

    def take() -> None:
        with lock.hold(), lock.hold():  # re-entrant within a thread
            got.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not got.wait(0.2)
    holder.kill()
    holder.communicate()
    assert got.wait(30.0)
    thread.join(30.0)


def test_the_workspace_is_named_or_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("DAYLIGHT_HOME", str(tmp_path / "named"))
    assert home_folder() == (tmp_path / "named").resolve()
    assert home_folder(tmp_path) == tmp_path.resolve()
    monkeypatch.delenv("DAYLIGHT_HOME")
    assert home_folder().is_absolute()
