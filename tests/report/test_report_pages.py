"""The report and the model card: complete, self-contained, and safe whatever a class is called."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from dl_core import pipeline
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.images.plain import ImageMap
from dl_core.report.card import write_card
from dl_core.report.examples import pick_examples
from dl_core.report.html import write_report
from dl_core.report.words import number

EVIL = "<script>alert(1)</script>"


class Links(HTMLParser):
    """Collects tags and what they load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]


@pytest.fixture(scope="module")
def content(plain_run, medical_imaging):
    return pipeline.report_content(medical_imaging, plain_run)


@pytest.fixture(scope="module")
def html(content, tmp_path_factory):
    return write_report(content, tmp_path_factory.mktemp("report") / "report.html").read_text()


def test_it_needs_neither_script_nor_network(html):
    page = Links(html)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert all(source.startswith("data:") for source in page.loaded)
    assert not re.search(r"url\(|@import", html)


def test_no_score_stands_without_its_protocol_interval_and_n(html, plain_run):
    assert plain_run.splits.protocol in html
    row = plain_run.evaluation.metrics.query("model == 'pixels' and metric == 'auroc'").iloc[0]
    assert f"[{row.low:.3f}, {row.high:.3f}]" in html or f"[{row.low:.3f}, 1.00]" in html or row.low == row.high == 1
    assert f"on {len(plain_run.splits.test)} test rows" in html
    assert "95 %" in html


def test_notice_limits_and_way_of_making_are_there(html, medical_imaging, plain_run):
    assert medical_imaging.notice in html
    assert all(limit in html for limit in medical_imaging.limits)
    assert plain_run.dataset["fingerprint"] in html and "Licence" in html
    assert "Simulated" not in html


def test_every_group_is_shown_with_its_n(html, content):
    groups = content.bias.groups
    assert {"sex", "scanner"} <= set(groups["column"])
    assert html.count("(too few)") == (~groups["enough"]).sum() > 0


def test_class_counts_add_up(content, plain_run):
    assert {part: sum(counts.values()) for part, counts in content.class_counts.items()} == plain_run.splits.counts()


def _renamed(run):
    """Return the run with its second class called like a script."""
    table = run.predictions.table.rename(columns={"score_ill": f"score_{EVIL}"}).replace("ill", EVIL)
    old = run.evaluation
    classes = (old.classes[0], EVIL)
    source = {**run.dataset["source"], "simulated": f"{EVIL} on paper", "title": EVIL}
    return replace(
        run,
        dataset={**run.dataset, "name": EVIL, "source": source},
        predictions=Predictions(table, classes),
        evaluation=Evaluation(old.metrics, old.curves, f"by {EVIL}", classes),
    )


def test_what_users_name_is_text_and_never_markup(content, plain_run, tmp_path):
    evil = replace(content, run=_renamed(plain_run))
    html = write_report(evil, tmp_path / "evil.html").read_text()
    assert "script" not in Links(html).tags and EVIL not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_simulated_data_wear_a_badge(content, plain_run, tmp_path):
    source = {**plain_run.dataset["source"], "simulated": "lesions drawn by hand"}
    run = replace(plain_run, dataset={**plain_run.dataset, "source": source})
    html = write_report(replace(content, run=run), tmp_path / "badge.html").read_text()
    assert '<span class="badge">Simulated: lesions drawn by hand</span>' in html
    card = write_card(replace(content, run=run), "pixels", tmp_path / "card.md").read_text()
    assert "**Simulated data**: lesions drawn by hand" in card


def test_the_model_card_has_its_sections(content, plain_run, medical_imaging, tmp_path):
    card = write_card(content, "pixels", tmp_path / "card.md").read_text()
    headings = re.findall(r"^##? (.+)$", card, flags=re.MULTILINE)
    assert headings[0] == "Model card: Logistic regression on pixels"
    assert {"Model", "Data", "Metrics on the test rows", "Intended use and limitations"} <= set(headings)
    assert medical_imaging.notice in card and plain_run.splits.protocol in card and "| AUROC |" in card


@pytest.fixture(scope="module")
def deep_run(plain_run):
    """Return the run as if its pixel model were a deep one."""
    return replace(plain_run, models={name: replace(m, kind="deep") for name, m in plain_run.models.items()})


def test_examples_are_the_surest_mistakes_first(deep_run):
    name, rows = pick_examples(deep_run, 6)
    table = deep_run.predictions.of(name).loc[rows]
    wrong = table["y_true"] != table["y_pred"]
    assert name == deep_run.best and 1 <= len(rows) <= 6 and len(set(rows)) == len(rows)
    assert wrong.tolist() == sorted(wrong, reverse=True)
    assert pick_examples(deep_run, 0) == (None, [])


def test_without_a_deep_model_there_are_no_examples(plain_run, content, html):
    assert pick_examples(plain_run, 6) == (None, []) and content.examples == ()
    assert "No deep model of this run can be explained." in html


def test_maps_are_drawn_beside_their_images(deep_run, medical_imaging, tmp_path):
    def explain(request):
        heat = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(32, 32)
        trust = Faithfulness(0.123, 0.877, 0.501, 0.502, 0.403, 0.604)
        about = {"model": request.name, "method": request.methods[0], "heat": heat, "score": 0.75}
        targets = ("ill", "healthy")  # both rows are called ill
        return [
            ImageMap(row, target=target, faithfulness=trust, **about)
            for row, target in zip(request.data.ids, targets, strict=True)
        ]

    content = pipeline.report_content(replace(medical_imaging, explain=explain), deep_run, examples=2)
    html = write_report(content, tmp_path / "maps.html").read_text()
    page = Links(html)
    assert page.tags.count("img") == 4 and all(source.startswith("data:image/png") for source in page.loaded)
    assert "deletion 0.123 (random 0.501, centre 0.403; lower is better)" in html
    assert "insertion 0.877 (random 0.502, centre 0.604; higher is better)" in html
    said = deep_run.predictions.of(deep_run.best)
    for example in content.examples:  # the predicted class with its own probability, never another class's
        called = said.at[example.explanation.row, "y_pred"]
        sure = said.at[example.explanation.row, f"score_{called}"]
        assert example.confidence == sure and f"predicted: <b>{called}</b> ({number(sure)})" in html
    assert "explained class healthy (0.750)" in html and "explained class ill" not in html
