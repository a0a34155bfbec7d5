"""The same jobs on Ray, where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)
TASK = "engine_tasks:"
LONG = 90.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """An engine on a Ray of this machine."""
    pytest.importorskip("ray", reason="Ray is optional and not installed here")
    from dl_core.engine.ray_engine import RayEngine

    built = RayEngine(tmp_path_factory.mktemp("home"), preload=(), paths=[HERE])
    yield built
    built.shutdown()


@pytest.mark.parametrize("lane", ["quick", "train"])
def test_jobs_run_report_fail_and_end_on_ray(engine, lane):
    done = engine.wait(engine.submit(TASK + "steps", {"n": 2}, owner="a", lane=lane).id, LONG)
    assert (done.state, done.result["steps"], len(engine.events(done.id))) == ("done", 2, 4)
    wrong = engine.wait(engine.submit(TASK + "mistake", {}, owner="a", lane=lane).id, LONG)
    assert wrong.error["kind"] == "SchemaError"
    crashed = engine.wait(engine.submit(TASK + "crash", {}, owner="a", lane=lane).id, LONG)
    assert "the worker ended" in crashed.error["problem"]
    limited = engine.wait(engine.submit(TASK + "polite", {}, owner="a", lane=lane, time_limit=0.3).id, LONG)
    assert limited.error["kind"] == "LimitError"


def test_cancel_ends_a_deaf_job_on_ray_and_loses_no_other(engine):
    deaf = engine.submit(TASK + "stubborn", {}, owner="a")
    other = engine.submit(TASK + "echo", {"n": 1}, owner="a")
    while not engine.wait(deaf.id, 0.1).progress:
        assert engine.get(deaf.id).live
    engine.cancel(deaf.id)
    assert engine.wait(deaf.id, LONG).state == "cancelled"
    assert engine.wait(other.id, LONG).result["got"] == {"n": 1}


def test_a_training_resumes_on_ray(engine):
    job = engine.submit(TASK + "checkpointed", {}, owner="a", lane="train")
    assert engine.wait(job.id, LONG).state == "failed"
    assert engine.wait(engine.resume(job.id).id, LONG).result == {"counted": 3, "attempt": 2}
