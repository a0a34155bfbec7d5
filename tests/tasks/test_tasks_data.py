"""Jobs on data and the training job: uploads, owners, roles, failures."""

from __future__ import annotations

import pytest

import dl_core.pipeline
from tests.asking import asking_for_the_label
from tests.tasks.conftest import upload


@pytest.fixture
def ingested(plain, tiny_zip, request):
    """Return the result of reading the zip under a fresh upload name."""
    name = upload(plain, tiny_zip, f"up-{request.node.name[:40]}")
    return plain.do("ingest", domain="medical_imaging", upload=name, name="Mine")


def test_ingest_registers_the_data_says_how_they_were_read_and_keeps_the_upload(plain, ingested):
    record = plain.store.dataset(ingested["dataset_id"], "me")
    assert record.domain == "medical_imaging" and ingested["summary"]["rows"] == 60
    assert sum(ingested["split"][part] for part in ("train", "validation", "test")) == 60
    assert sum(sum(parts.values()) for parts in ingested["balance"].values()) == 60
    assert ingested["reading"]["rows"] == 60 and ingested["reading"]["target"]["values"] == {"healthy": 30, "ill": 30}
    (kept,) = (plain.home / "uploads").glob("me-up-test_ingest_registers*")
    plain.store.drop_upload(kept.name, "you")
    assert kept.is_dir()
    plain.store.drop_upload(kept.name, "me")
    assert not kept.exists()


@pytest.mark.parametrize("name", ["../datasets", "..", "", "/etc", "gone", "a/b"])
def test_an_upload_that_is_none_is_refused(plain, name):
    job = plain.submit("ingest", domain="medical_imaging", upload=name)
    assert job.state == "failed" and job.error["kind"] == "OptionError"
    job = plain.put("scored_images", run=plain.run, cases={"upload": name or ".."})
    assert job.state == "failed" and job.error["kind"] == "OptionError"


def test_nobody_reads_what_somebody_else_uploaded(plain, tiny_zip):
    name = upload(plain, tiny_zip, "private")
    job = plain.submit("ingest", owner="you", domain="medical_imaging", upload=name)
    assert job.state == "failed" and "no longer exists" in job.error["line"]


def test_an_open_question_leaves_the_upload_and_its_answer_reads_it(plain, tmp_path, monkeypatch):
    lines = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d},c{i % 9},{i},{i % 5},{int(i % 4 == 0)}" for i in range(112)]
    (tmp_path / "two.csv").write_text("time,customer,amount,level,class label\n" + "\n".join(lines))
    name = upload(plain, tmp_path / "two.csv", "two")
    asking_for_the_label(monkeypatch, "level", "class label")
    asked = plain.do("ingest", domain="fraud_detection", upload=name, name="Two")
    assert "dataset_id" not in asked and asked["reading"]["questions"][0]["choices"] == ["level", "class label"]
    before = len(plain.store.datasets("me"))
    answer = asked["reading"]["questions"][0]["answers"][1]
    read = plain.do("ingest", domain="fraud_detection", upload=name, name="Two", **answer)
    assert read["reading"]["target"]["column"] == "class label" and len(plain.store.datasets("me")) == before + 1


def test_bad_data_fail_with_a_clear_line(plain, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    name = upload(plain, tmp_path / "notes.txt", "bad")
    job = plain.submit("ingest", domain="medical_imaging", upload=name)
    assert job.state == "failed" and job.error["kind"] in ("FileError", "SchemaError")
    assert "notes.txt" in job.error["line"]


def test_inspect_follows_the_options(plain):
    small, large = (
        plain.do("inspect", dataset_id=plain.dataset_id, options={"test_share": share}) for share in (0.2, 0.4)
    )
    assert small["split"]["test"] < large["split"]["test"]
    assert {finding["level"] for finding in small["findings"]} <= {"info", "warning"}


@pytest.mark.parametrize(
    ("task", "args"),
    [
        ("inspect", {}),
        ("reassign", {"roles": {"label": ["sex"]}}),
        ("train", {"run_id": "x" * 16}),
        ("compare", {}),
        ("probe", {"probe": "cases"}),
        ("bias", {}),
        ("export", {}),
        ("report", {}),
    ],
)
def test_what_belongs_to_someone_else_is_not_there(plain, task, args):
    args = {"owner": "you", "run": plain.run, "dataset_id": plain.dataset_id, **args}
    job = plain.engine.submit(f"dl_core.tasks:{task}", args, owner="you")
    assert job.state == "failed" and job.error["kind"] == "AccessError"


def test_a_shared_run_may_be_read_but_not_trained(plain):
    plain.store.share_run(plain.run["id"], "me", True)
    try:
        assert plain.submit("compare", owner="you", run=plain.run).state == "done"
        own = plain.store.add_dataset("you", "medical_imaging", _copy(plain))
        job = plain.submit("train", owner="you", run_id=plain.run["id"], dataset_id=own.id, models="majority")
        assert job.error["kind"] == "AccessError"
        assert plain.store.run(plain.run["id"], "me").state == "done"
    finally:
        plain.store.share_run(plain.run["id"], "me", False)


def _copy(workplace):
    from dl_core.data.dataset import Dataset

    dataset = Dataset.load(workplace.store.dataset_folder(workplace.dataset_id))
    return dataset.save(workplace.home / "uploads" / "copy")


def test_other_columns_can_be_label_and_groups(plain):
    job = plain.engine.submit(
        "dl_core.tasks:reassign",
        {"owner": "me", "dataset_id": plain.dataset_id, "roles": {"label": ["scanner"], "group": ["sex"]}},
        owner="me",
    )
    assert job.state == "done", job.error
    about = plain.do("inspect", dataset_id=job.result["dataset_id"])["summary"]
    assert about["classes"] == ["North", "South"] and about["roles"]["group"] == ["sex"]
    assert plain.do("inspect", dataset_id=plain.dataset_id)["summary"]["classes"] == ["healthy", "ill"]


def _new_run(workplace):
    spec = {"models": ["majority"]}
    return workplace.store.add_run("me", "medical_imaging", workplace.dataset_id, "", "Another", spec)


def test_training_fills_the_run(plain):
    run_id = _new_run(plain).id
    result = plain.do("train", run_id=run_id, dataset_id=plain.dataset_id, models=["majority"], seed=1, mend=[])
    record = plain.store.run(run_id, "me")
    assert result == {"run_id": run_id, "best": "majority"} and record.state == "done"
    assert record.summary["scores"]["majority"]["auroc"] == 0.5
    assert plain.ask("cases", run={"id": run_id})["total"] == record.summary["counts"]["test"]


@pytest.mark.parametrize("models", ["oracle", ["majority", "oracle"]])
def test_a_mistaken_training_leaves_the_run_failed(plain, models):
    run_id = _new_run(plain).id
    job = plain.submit("train", run_id=run_id, dataset_id=plain.dataset_id, models=models)
    assert job.error["kind"] == "OptionError" and plain.store.run(run_id, "me").state == "failed"


def test_a_fault_leaves_the_run_failed_and_the_words_ours(plain, monkeypatch):
    def broken(*args, **options):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(dl_core.pipeline, "train", broken)
    run_id = _new_run(plain).id
    job = plain.submit("train", run_id=run_id, dataset_id=plain.dataset_id, models="majority")
    assert job.error["kind"] == "Fault" and job.id in job.error["line"] and "secret" not in job.error["line"]
    assert plain.store.run(run_id, "me").state == "failed"


def test_a_training_killed_without_a_word_counts_as_failed(plain):
    record = _new_run(plain)
    job = plain.submit("train", run_id=record.id, dataset_id=plain.dataset_id, models=["majority"])
    plain.store.update_run(record.id, state="running", job_id=job.id)
    status = plain.engine.records.status(job.id)
    plain.engine.records.set_status(job.id, {**status, "state": "failed"})
    assert plain.store.run(record.id, "me").state == "failed"


def test_a_cancelled_training_is_cancelled(plain, monkeypatch):
    from dl_core.engine.execute import Stopper

    monkeypatch.setattr(Stopper, "__call__", lambda self: True)
    run_id = _new_run(plain).id
    job = plain.submit("train", run_id=run_id, dataset_id=plain.dataset_id, models=["majority"])
    assert job.state == "cancelled" and plain.store.run(run_id, "me").state == "cancelled"


def test_the_sample_is_read_once_and_registered_once_for_each_owner(plain, medical_imaging):
    if not (medical_imaging.sample.folder / "images.zip").is_file():
        pytest.skip("the sample does not ship in this copy")
    first, second = (plain.do("ingest", domain="medical_imaging", sample=True) for _ in range(2))
    assert first["dataset_id"] == second["dataset_id"] and first["summary"]["source"]["simulated"]
    other = plain.submit("ingest", owner="you", domain="medical_imaging", sample=True)
    assert other.result["dataset_id"] != first["dataset_id"]
    folder = plain.do("sample", domain="medical_imaging")["folder"]
    assert (plain.home / folder / "dataset.json").is_file() and not folder.startswith(("/", ".."))
