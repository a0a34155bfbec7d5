"""What every domain promises, and that a fifth one needs new files only: a toy runs through every verb and job."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from toy_domain import TOY, wines

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import domain as registry
from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.domain import ReadRequest, domains, get_domain
from dl_core.errors import OptionError
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.probes import get_probe
from dl_core.store.bundle import open_bundle
from dl_core.train.run import Run, TrainSpec


@pytest.fixture(scope="module")
def toy():
    registry.register(TOY)
    yield TOY
    registry._DOMAINS.pop(TOY.name)


@pytest.fixture(scope="module")
def cellar(tmp_path_factory):
    path = tmp_path_factory.mktemp("cellar") / "wines.csv"
    wines().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(toy, cellar, tmp_path_factory):
    options = toy.parse_options({})
    dataset = pipeline.ingest(toy, ReadRequest((cellar,), options=options, name="Cellar"))
    splits = pipeline.split(toy, dataset, 0, options)
    assert pipeline.inspect(toy, dataset, splits) == []
    dataset, splits = pipeline.mend(toy, dataset, splits, [])
    return pipeline.train(
        toy, dataset, splits, TrainSpec(("majority", "centres")), tmp_path_factory.mktemp("wine") / "run"
    )


@pytest.mark.parametrize("name", sorted(domains()))
def test_a_domain_describes_itself_completely(name):
    domain = get_domain(name)
    assert domain.name == name and domain.title and domain.purpose
    assert set(domain.presets) == {"fast", "all"}
    for preset in domain.presets.values():
        assert set(preset) <= set(domain.models)
        assert any(domain.models[model].kind == "baseline" for model in preset)
    assert domain.primary_metric in domain.metrics
    judges = {name for name, metric in ALL_METRICS.items() if metric.problem == domain.problem.name}
    assert {*domain.metrics, *domain.group_metrics} <= judges
    assert domain.parse_options({}) == {option.name: option.default for option in domain.options}
    for key, offer in domain.models.items():
        assert offer.name == key and offer.label and offer.summary and offer.kind in ("deep", "baseline")
    assert json.loads(json.dumps(domain.facts()))["title"] == domain.title


def test_an_unknown_domain_model_or_option_is_named(toy):
    for mistaken in (
        lambda: get_domain("astrology"),
        lambda: toy.choose_models("majority,oracle"),
        lambda: toy.choose_models(" , "),
        lambda: toy.parse_options({"shoe": 1}),
        lambda: toy.parse_options({"test_share": "much"}),
    ):
        with pytest.raises(OptionError):
            mistaken()


def test_presets_and_lists_of_models(toy):
    assert toy.choose_models("fast") == ("majority", "centres")
    assert toy.choose_models("centres, majority,centres") == ("centres", "majority")
    assert toy.choose_models(["centres"]) == ("centres",)


def test_training_and_judging(run):
    assert run.trained == ["majority", "centres"] and run.best == "centres"
    assert run.evaluation.value("majority", "auroc") == 0.5
    assert run.evaluation.value("centres", "auroc") > 0.75
    assert len(run.load_dataset()) == 160


def test_evaluating_other_labelled_rows(toy, run, tmp_path):
    path = tmp_path / "more.csv"
    wines(40, seed=5).to_csv(path, index=False)
    request = ReadRequest((path,), options={"like": run.dataset}, name="More")
    found = pipeline.evaluate(toy, run, pipeline.ingest(toy, request))
    assert set(found.metrics["n"]) == {40}


def test_comparing(toy, run):
    found = pipeline.compare(toy, run)
    assert set(found.costs["model"]) == {"majority", "centres"}
    row = found.pairs[(found.pairs["metric"] == "auroc")].iloc[0]
    apart = run.evaluation.value(row["a"], "auroc") - run.evaluation.value(row["b"], "auroc")
    assert row["difference"] == pytest.approx(apart) and {row["a"], row["b"]} == {"majority", "centres"}
    assert abs(apart) > 0.25 and np.sign(row["low"]) == np.sign(row["high"]) == np.sign(apart)  # far from a tie
    assert row["verdict"] == ("better" if row["a"] == "centres" else "worse")
    assert "Centres" in found.sentence or "centres" in found.sentence


def test_explaining_weighs_features_by_name(toy, run):
    data = run.load_dataset().subset(run.splits.test[:5])
    found = pipeline.explain(toy, run, "centres", data, target="red")
    assert [one.row for one in found] == list(run.splits.test[:5])
    assert all(one.heat.shape == (1, 3) and one.features == ("tannin", "acid", "sugar") for one in found)
    assert found[0].strongest(1)[0][0] in ("tannin", "acid", "sugar")
    weights = np.abs(np.concatenate([one.heat for one in found])).mean(axis=0)
    assert weights[2] < weights[0] and weights[2] < weights[1]  # sugar says nothing about the colour


def test_bias_and_both_remedies(toy, run, tmp_path):
    report = pipeline.check_bias(toy, run, None, ["country"])
    assert set(report.groups["group"]) == {"Here", "There"}
    for method in ("thresholds", "reweighing"):
        asked = {"model": "centres", "column": "country", "method": method}
        found = get_probe("mitigation").ask(toy, run, pipeline.Work(cache=tmp_path), asked)
        assert {"before", "after"} <= set(found)
        json.dumps(found)


def test_the_learning_curve_is_the_domain_s_own(toy, run):
    assert len(get_probe("learning_curve").ask(toy, run, pipeline.Work(), {"seeds": 2})["rows"]) == 2


def test_report_and_card_need_no_picture(toy, run, tmp_path):
    html = pipeline.report(toy, run, tmp_path / "report.html").read_text()
    assert "tannin" in html and "Drink in moderation." in html and "wines that nobody drank" in html
    assert "<img" not in html
    card = pipeline.model_card(toy, run, None, tmp_path / "card.md").read_text()
    assert card.startswith("# Model card: Centres") and "Wines differ." in card


def test_a_bundle_predicts_as_the_run_does(toy, run, tmp_path):
    path = tmp_path / "new.csv"
    wines(12, seed=9).drop(columns="colour").to_csv(path, index=False)
    bundle = open_bundle(pipeline.export(toy, run, None, tmp_path / "b.zip"), tmp_path / "opened")
    assert bundle.domain == "wine"
    request = ReadRequest((path,), options={"like": bundle.dataset}, labelled=False)
    data = pipeline.ingest(toy, request)
    both = [pipeline.predict(toy, source, None, data) for source in (run, bundle)]
    pd.testing.assert_frame_equal(*both)
    assert len(both[0]) == 12 and both[0]["y_true"].isna().all()
    assert list(toy.prediction_table(both[0], data)) == ["bottle", "colour", "score_red"]


def test_mending_takes_rows_out_of_training_only(toy, cellar, tmp_path):
    path = tmp_path / "twice.csv"
    table = wines(20)
    pd.concat([table, table.assign(bottle="x" + table["bottle"])]).to_csv(path, index=False)
    dataset = pipeline.ingest(toy, ReadRequest((path,), name="Twice"))
    splits = pipeline.split(toy, dataset, 0, toy.parse_options({}))
    assert pipeline.inspect(toy, dataset, splits)[0].kind == "twice"
    _, mended = pipeline.mend(toy, dataset, splits, ["twice"])
    assert len(mended.train) < len(splits.train) and mended.test == splits.test


def test_the_command_line_knows_it_at_once(toy, cellar, tmp_path, capsys):
    assert main(["domains"]) == 0
    assert "wine\tWine" in capsys.readouterr().out
    folder = str(tmp_path / "run")
    assert main(["train", "wine", "--data", str(cellar), "--run", folder]) == 0
    assert main(["evaluate", "--run", folder, "--data", str(cellar), "--json"]) == 0
    assert main(["compare", "--run", folder]) == 0
    assert main(["bias", "--run", folder, "--groups", "country"]) == 0
    assert main(["predict", "--run", folder, "--data", str(cellar), "--out", str(tmp_path / "p.csv")]) == 0
    assert main(["explain", "--run", folder, "--data", str(cellar), "--out", str(tmp_path / "maps")]) == 0
    assert main(["report", "--run", folder, "--out", str(tmp_path / "r.html")]) == 0
    assert main(["export", "--run", folder, "--out", str(tmp_path / "b.zip")]) == 0
    weights = pd.read_csv(tmp_path / "maps" / "explanations.csv")
    assert len(weights) == 160 and {"tannin", "acid", "sugar"} <= set(weights)
    assert Run.load(tmp_path / "run").best == "centres"


def test_every_job_runs_on_it(toy, cellar, tmp_path):
    from dl_core.engine.inline import InlineEngine
    from dl_core.store import get_store

    engine, store = InlineEngine(tmp_path), get_store(tmp_path)

    def do(task, **args):
        job = engine.submit(f"dl_core.tasks:{task}", {"owner": "me", **args}, owner="me")
        assert job.state == "done", job.error
        return job.result

    upload = tmp_path / "uploads" / "me-cellar"
    upload.mkdir(parents=True)
    (upload / "wines.csv").write_bytes(cellar.read_bytes())
    data = do("ingest", domain="wine", upload="me-cellar", name="Cellar")
    record = store.add_run("me", "wine", data["dataset_id"], "", "First", {"models": ["majority", "centres"]})
    do("train", run_id=record.id, dataset_id=data["dataset_id"])
    on = {"run": {"id": record.id}}

    def ask(probe, **arguments):
        return do("probe", **on, probe=probe, arguments=arguments)

    cases = ask("cases", kind="wrong")
    assert cases["total"] > 0 and cases["cases"][0]["image"] is None
    rows = [case["row"] for case in cases["cases"][:2]]
    explained = ask("explain_rows", rows=rows)["cases"][0]
    assert explained["image"] is None and explained["maps"][0]["features"][0]["name"]
    predicted = do("probe", **on, probe="queue", arguments={"explain": "leave_out"}, rows=rows)
    assert predicted["rows"] == 2 and predicted["queue"][0]["score"] >= predicted["queue"][1]["score"]
    assert do("bias", **on)["columns"] == ["country"]
    assert ask("mitigation", column="country", method="thresholds")["after"]
    assert ask("learning_curve", seeds=1)["rows"]
    assert (tmp_path / do("report", **on)["html"]).is_file()
    assert (tmp_path / do("export", **on)["zip"]).is_file()
    changed = ask("what_if_row", row=rows[0], changes={"tannin": 0.0})["scores"]
    assert [one["model"] for one in changed] == ["majority", "centres"] and changed[1]["before"] != changed[1]["after"]
    asked = {"probe": "corrupted_images", "arguments": {"corruption": "noise"}}
    job = engine.submit("dl_core.tasks:probe", {"owner": "me", **on, **asked}, owner="me")
    assert job.error["kind"] == "OptionError" and "images only" in job.error["line"]
