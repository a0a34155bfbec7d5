"""Who sees what, what deletion leaves, searching, limits."""

from __future__ import annotations

import errno
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dl_core.store
from dl_core.engine.inline import InlineEngine
from dl_core.engine.records import Records
from dl_core.errors import AccessError, BusyError, OptionError, RunError, StorageError
from dl_core.store import Store, get_store

SPEC = {"models": ["small_cnn"], "seed": 0, "options": {"size": 64}}


def test_a_data_set_is_moved_in_and_described(store, add_dataset):
    record = add_dataset(name="lungs")
    assert (record.name, record.rows, record.simulated) == ("lungs", 2, "all of it")
    assert store.dataset(record.id, "me") == record
    folder = store.dataset_folder(record.id)
    assert sorted(path.name for path in folder.iterdir()) == ["dataset.json", "table.parquet"]
    assert store.usage("me") == sum(path.stat().st_size for path in folder.iterdir())
    assert store.usage("you") == 0


def test_a_folder_without_a_data_set_is_refused(store):
    with pytest.raises(RunError, match="holds no data set"):
        store.add_dataset("me", "toys", store.upload_folder("me"))


def test_nobody_sees_or_changes_what_is_not_theirs_and_the_words_do_not_tell(store, add_run):
    run = add_run("me")
    words = set()
    for asked in (run.id, "d" + "0" * 16, "../runs", "", run.id + "/x"):
        for ask in (
            lambda i: store.run(i, "you"),
            lambda i: store.rename_run(i, "you", "mine now"),
            lambda i: store.share_run(i, "you", True),
            lambda i: store.delete_run(i, "you"),
        ):
            with pytest.raises(AccessError) as caught:
                ask(asked)
            words.add(str(caught.value))
    assert len(words) == 1
    for asked in (run.dataset_id, "d" + "0" * 16, "../x"):
        with pytest.raises(AccessError):
            store.dataset(asked, "you")
        with pytest.raises(AccessError):
            store.delete_dataset(asked, "you")
        with pytest.raises(AccessError):
            store.add_run("you", "toys", asked, "", "theirs", SPEC)
    assert store.runs("you") == store.datasets("you") == []
    assert store.run(run.id, "me").name == "first"


def test_sharing_lets_others_read_and_nothing_more_until_it_ends(store, add_run):
    run = add_run("me")
    assert store.share_run(run.id, "me", True).shared
    assert store.run(run.id, "you").id == run.id
    assert store.runs("you") == []
    for change in (
        lambda: store.rename_run(run.id, "you", "x"),
        lambda: store.share_run(run.id, "you", False),
        lambda: store.delete_run(run.id, "you"),
    ):
        with pytest.raises(AccessError):
            change()
    with pytest.raises(AccessError):
        store.dataset(run.dataset_id, "you")
    store.share_run(run.id, "me", False)
    with pytest.raises(AccessError):
        store.run(run.id, "you")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
@given(st.one_of(st.text(), st.from_regex(r"(\.\./|/|\\|[a-z0-9.%]){1,30}")))
def test_no_text_becomes_a_path_outside(store, text):
    for folder, kind in ((store.run_folder, "runs"), (store.dataset_folder, "datasets")):
        try:
            path = folder(text)
        except AccessError:
            continue
        assert path.resolve().parent == (store.home / kind).resolve()


def test_searching_and_filtering(store, add_run):
    add_run(name="Lungs 100%")
    second = add_run(name="brains")
    store.update_run(second.id, state="done", summary={"models": {"frozen": {"label": "Frozen features"}}})

    def found(search="", **filters):
        return [run.name for run in store.runs("me", search=search, **filters)]

    assert found() == ["brains", "Lungs 100%"]
    assert found("LUNGS") == found("100% lungs") == found("100%") == ["Lungs 100%"]
    assert found("frozen features") == ["brains"]
    assert found("small_cnn toy") == ["brains", "Lungs 100%"]
    assert found("%") == ["Lungs 100%"]  # a sign of its own, not a wildcard
    assert found(state="done") == ["brains"]
    assert found(domain="other") == []


def test_renaming_keeps_names_short_and_not_empty(store, add_run):
    run = add_run()
    assert store.rename_run(run.id, "me", "  two\n words ").name == "two words"
    assert len(store.rename_run(run.id, "me", "x" * 500).name) == 120
    with pytest.raises(OptionError):
        store.rename_run(run.id, "me", " \n ")
    assert store.run(run.id, "me").name == "x" * 120


def test_states_have_times_and_unknown_ones_are_refused(store, add_run):
    run = add_run()
    assert (run.state, run.started, run.finished) == ("queued", None, None)
    running = store.update_run(run.id, state="running", job_id="")
    (store.run_folder(run.id) / "a.bin").write_bytes(b"12345")
    done = store.update_run(run.id, state="done", summary={"x": 1})
    assert running.started == done.started
    assert done.finished >= done.started
    assert (done.bytes, done.summary) == (5, {"x": 1})
    for wrong in ({"state": "lost"}, {"owner": "you"}):
        with pytest.raises(OptionError):
            store.update_run(run.id, **wrong)


def job_of(store, args, state="queued"):
    """Write the record of a job."""
    records = Records(store.home)
    about = {"task": "t:t", "args": args, "owner": "me", "lane": "train", "key": "", "created": 1.0}
    job_id = records.create({**about, "time_limit": None})
    if state != "queued":
        records.finish(job_id, state)
    (records.folder(job_id) / "files").mkdir()
    (records.folder(job_id) / "files" / "picture.png").write_bytes(b"p")
    return job_id


def test_a_run_whose_job_died_is_failed_and_its_data_may_be_deleted(store, add_run):
    run = add_run()
    job_id = job_of(store, {"run_id": run.id})
    store.update_run(run.id, job_id=job_id, state="running")
    with pytest.raises(BusyError, match="being trained"):
        store.delete_run(run.id, "me")
    with pytest.raises(BusyError):
        store.delete_dataset(run.dataset_id, "me", runs="delete")
    Records(store.home).finish(job_id, "failed")
    assert store.run(run.id, "me").state == "failed"
    assert [r.state for r in store.runs("me", state="failed")] == ["failed"]


def test_deleting_a_run_leaves_no_trace_of_it(store, add_run):
    run, other = add_run(), add_run(name="other")
    job_of(store, {"run": {"id": run.id}, "rows": []}, "done")
    store.update_run(run.id, job_id=job_of(store, {"run_id": run.id}, "done"))
    kept = job_of(store, {"run": {"id": other.id}}, "done")
    (store.run_folder(run.id) / "predictions.parquet").write_bytes(b"rows")
    store.delete_run(run.id, "me")
    with pytest.raises(AccessError):
        store.run(run.id, "me")
    assert not (store.home / "runs" / run.id).exists()
    assert Records(store.home).all_ids() == [kept]
    assert [left for left in store.home.rglob("*") if run.id in left.name] == []


def test_deleting_data_asks_about_the_runs_on_them(store, add_run, add_dataset):
    data = add_dataset()
    run = add_run(dataset=data)
    with pytest.raises(BusyError, match="first"):
        store.delete_dataset(data.id, "me")
    with pytest.raises(OptionError):
        store.delete_dataset(data.id, "me", runs="burn")
    cached = store.cache_folder / f"features-{data.fingerprint}.npz"
    cached.write_bytes(b"x")
    store.delete_dataset(data.id, "me", runs="keep")
    left = store.run(run.id, "me")
    assert (left.dataset_id, left.dataset_name) == (None, "toy")
    assert not cached.exists()
    again = add_dataset()
    second = add_run(dataset=again, name="second")
    store.delete_dataset(again.id, "me", runs="delete")
    assert [r.id for r in store.runs("me")] == [run.id]
    assert not (store.home / "datasets" / again.id).exists()
    with pytest.raises(AccessError):
        store.run(second.id, "me")


def test_cached_features_stay_while_another_data_set_has_the_same_content(store, add_dataset):
    mine, yours = add_dataset("me"), add_dataset("you")
    assert mine.fingerprint == yours.fingerprint
    cached = store.cache_folder / f"features-{mine.fingerprint}.npz"
    cached.write_bytes(b"x")
    store.delete_dataset(mine.id, "me")
    assert cached.exists()
    store.delete_dataset(yours.id, "you")
    assert not cached.exists()


@pytest.mark.parametrize("url", ["memory://daylight-test", "file"])
def test_artifacts_come_back_to_an_empty_workspace_and_are_deleted_in_the_bucket_too(tmp_path, new_dataset, url):
    url = f"file://{tmp_path / 'bucket'}" if url == "file" else url
    database = f"sqlite:///{tmp_path / 'team.db'}"
    first = Store(tmp_path / "one", database, url)
    data = first.add_dataset("me", "toys", new_dataset().save(first.upload_folder("me") / "data"))
    run = first.add_run("me", "toys", data.id, "", "first", SPEC)
    (first.run_folder(run.id) / "models" / "tiny").mkdir(parents=True)
    (first.run_folder(run.id) / "models" / "tiny" / "w.json").write_text("[1]")
    first.update_run(run.id, state="done")
    second = Store(tmp_path / "two", database, url)
    assert (second.run_folder(run.id) / "models" / "tiny" / "w.json").read_text() == "[1]"
    assert (second.dataset_folder(data.id) / "table.parquet").is_file()
    second.delete_dataset(data.id, "me", runs="delete")
    third = Store(tmp_path / "three", database, url)
    assert not third.run_folder(run.id).exists()
    assert not third.dataset_folder(data.id).exists()
    for store in (first, second, third):
        store.close()


def test_a_full_disk_is_told_and_nothing_half_done_stays(store, add_dataset, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(StorageError, match="No space left"):
        add_dataset()
    assert store.datasets("me") == []
    assert list((store.home / "datasets").iterdir()) == []


def test_a_database_out_of_reach_is_told(tmp_path):
    with pytest.raises(StorageError, match="database"):
        Store(tmp_path / "home", f"sqlite:///{tmp_path / 'missing' / 'x.db'}")


def test_two_stores_on_one_workspace_see_the_same(store, add_run):
    run = add_run()
    other = Store(store.home)
    other.rename_run(run.id, "me", "renamed there")
    assert store.run(run.id, "me").name == "renamed there"
    other.close()


def test_there_is_one_store_for_a_workspace(tmp_path, monkeypatch):
    monkeypatch.setattr(dl_core.store, "_stores", {})
    monkeypatch.setenv("DAYLIGHT_HOME", str(tmp_path))
    assert get_store() is get_store(tmp_path)
    assert (tmp_path / "daylight.db").is_file()
    monkeypatch.setenv("DAYLIGHT_DATABASE", f"sqlite:///{tmp_path / 'team.db'}")
    assert get_store() is not next(iter(dl_core.store._stores.values()))
    assert (tmp_path / "team.db").is_file()


def test_the_store_and_an_engine_share_a_workspace(store):
    engine = InlineEngine(store.home)
    assert engine.jobs("me") == []
