"""What holds for every engine, tried on the one that runs at once."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dl_core.engine
from dl_core.engine import get_engine
from dl_core.engine.inline import InlineEngine
from dl_core.engine.records import Records
from dl_core.errors import OptionError, StorageError

TASK = "engine_tasks:"


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """An inline engine that finds the small tasks."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return InlineEngine(tmp_path)


def test_a_job_has_ended_when_submit_returns(engine):
    job = engine.submit(TASK + "echo", {"path": Path("a/b"), "pair": (1, 2)}, owner="a")
    assert job.state == "done"
    assert job.result["got"] == {"path": "a/b", "pair": [1, 2]}
    assert engine.wait(job.id, 0) == engine.get(job.id, owner="a")


def test_a_mistake_of_the_user_is_told_in_its_parts(engine):
    job = engine.submit(TASK + "mistake", {}, owner="a")
    assert job.state == "failed"
    assert (job.error["kind"], job.error["where"]) == ("SchemaError", "table.csv")


@pytest.mark.parametrize("task", ["broken", "wrong_result"])
def test_a_fault_of_ours_has_an_id_and_its_traceback_stands_in_the_log_only(engine, tmp_path, task):
    job = engine.submit(TASK + task, {}, owner="a")
    assert (job.state, job.error["kind"], job.error["job"]) == ("failed", "Fault", job.id)
    assert "Internal error" in job.error["line"]
    folder = tmp_path / "jobs" / job.id
    assert "Traceback" in (folder / "log.txt").read_text()
    assert "Traceback" not in (folder / "status.json").read_text()
    assert "secret-user-value" not in (folder / "status.json").read_text()


def test_a_full_disk_in_a_task_is_told_clearly(engine):
    job = engine.submit(TASK + "full_disk", {}, owner="a")
    assert (job.state, job.error["kind"]) == ("failed", "StorageError")
    assert "No space left" in job.error["problem"]


def no_space(*_args, **_kwargs):
    """Fail as every write on a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_at_submit_leaves_nothing_behind(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_text", no_space)
    with pytest.raises(StorageError, match="free some space|Free some space"):
        engine.submit(TASK + "echo", {}, owner="a")
    assert engine.records.all_ids() == []
    assert engine.records.live() == []


def test_an_end_that_the_disk_does_not_take_is_kept_and_written_later(tmp_path, monkeypatch):
    records = Records(tmp_path)
    job_id = records.create(request())
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", no_space)
        records.finish(job_id, "failed", {"kind": "StorageError"})
        assert records.job(job_id).state == "failed"
    assert json.loads((tmp_path / "jobs" / job_id / "status.json").read_text())["state"] == "queued"
    records.save_unsaved()
    assert json.loads((tmp_path / "jobs" / job_id / "status.json").read_text())["state"] == "failed"


def request(**changes):
    """Return a request as `submit` makes it."""
    plain = {"task": TASK + "echo", "args": {}, "owner": "a", "lane": "quick", "key": "", "created": 1.0}
    return {**plain, "time_limit": None, **changes}


def test_the_same_key_gives_one_live_job_and_a_done_one_on_request(engine):
    first = engine.submit(TASK + "echo", {"n": 1}, owner="a", key="k")
    assert engine.submit(TASK + "echo", {"n": 1}, owner="a", key="k", reuse=True).id == first.id
    assert engine.submit(TASK + "echo", {"n": 1}, owner="b", key="k", reuse=True).id != first.id
    assert engine.submit(TASK + "steps", {"n": 1}, owner="a", key="k", reuse=True).id != first.id
    assert engine.submit(TASK + "echo", {"n": 1}, owner="a", key="k").id != first.id
    waiting = engine.records.create(request(key="live", created=2.0))
    assert engine.submit(TASK + "echo", {}, owner="a", key="live").id == waiting


def test_old_jobs_are_pruned_and_live_ones_kept(tmp_path):
    records = Records(tmp_path)
    ids = [records.create(request(key=str(n), created=float(n + 1))) for n in range(4)]
    for job_id in ids[:3]:
        records.finish(job_id, "done")
    assert records.prune(keep=1) == 2
    assert len(records.all_ids()) == 2
    assert ids[3] in records.all_ids()
    assert records.prune(keep=0) == 1
    assert records.live() == [ids[3]]


def test_a_crash_between_two_files_is_mended_at_the_next_start(tmp_path):
    records = Records(tmp_path)
    lost, gone = records.create(request()), records.create(request(created=2.0))
    records.unmark(lost)
    for path in records.folder(gone).iterdir():
        path.unlink()
    Records(tmp_path).recover()
    assert records.live() == [lost]


def test_a_half_written_event_waits_for_its_end(tmp_path):
    records = Records(tmp_path)
    job_id = records.create(request())
    path = records.folder(job_id) / "events.jsonl"
    path.write_text('{"event": "epoch"}\n{"event": "pro')
    assert records.events(job_id) == [{"event": "epoch", "n": 1}]


def test_importing_the_engine_loads_nothing_heavy():
    code = (
        "import sys, dl_core.engine, dl_core.engine.local, dl_core.store;"
        "print([m for m in ('keras','tensorflow','sklearn','pandas','numpy','ray','mlflow') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert out.stdout.strip() == "[]", out.stderr


def test_there_is_one_engine_for_a_workspace_and_unknown_kinds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(dl_core.engine, "_engines", {})
    monkeypatch.setenv("DAYLIGHT_ENGINE", "inline")
    assert get_engine(tmp_path) is get_engine(tmp_path)
    assert get_engine(tmp_path) is not get_engine(tmp_path / "other")
    monkeypatch.setenv("DAYLIGHT_ENGINE", "steam")
    with pytest.raises(OptionError, match="steam"):
        get_engine(tmp_path)
