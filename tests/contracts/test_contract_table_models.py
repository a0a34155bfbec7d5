"""What every model of a table owes: one test a duty, for all models that fraud detection offers."""

import numpy as np
import pytest

from dl_core import pipeline
from dl_core.domain import ReadRequest
from dl_core.domains.fraud_detection import MODELS as OFFERS
from dl_core.domains.fraud_detection.offers import UNSUPERVISED
from dl_core.errors import CancelledError, SchemaError
from dl_core.models.base import FitContext
from dl_core.schema import Role
from tests.transactions import draw_transactions


@pytest.fixture(scope="module")
def parts(transactions, fraud_detection):
    """Training, validation and test rows."""
    splits = pipeline.split(fraud_detection, transactions, 0, fraud_detection.parse_options({}))
    return tuple(transactions.subset(rows) for rows in (splits.train, splits.validation, splits.test))


def context(fraud_detection, **more):
    return FitContext(seed=3, options=fraud_detection.parse_options({"epochs": "3"}), **more)


@pytest.fixture(scope="module", params=list(OFFERS))
def case(request, parts, fraud_detection):
    """An offer with a model fitted on it, and what its fit told."""
    offer, events = OFFERS[request.param], []
    model = offer.build()
    model.fit(parts[0], parts[1], context(fraud_detection, emit=events.append))
    return offer, model, events


def test_scores_are_probabilities_in_the_order_of_rows(case, parts):
    _, model, _ = case
    data = parts[2].subset(parts[2].ids[:40])
    scores = model.scores(data)
    assert scores.shape == (40, 2) and scores.dtype == np.float64
    assert np.isfinite(scores).all() and (scores >= 0).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(model.scores(data.subset(data.ids[::-1])), scores[::-1], atol=1e-5)
    assert model.classes == ("honest", "fraud")


def test_saving_and_loading_does_not_change_a_model(case, parts, tmp_path):
    offer, model, _ = case
    model.save(tmp_path)
    again = offer.load().load(tmp_path)
    data = parts[2].subset(parts[2].ids[:40])
    np.testing.assert_allclose(again.scores(data), model.scores(data), atol=1e-6)
    assert again.classes == model.classes and again.parameters() == model.parameters() >= 0
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".pkl", ".pickle", ".joblib")]


def test_the_graph_is_the_model(case, parts):
    _, model, _ = case
    graph = model.graph()
    data = parts[2].subset(parts[2].ids[:16])
    if graph is None:
        assert OFFERS and model.scores(data).shape == (16, 2)
        return
    inputs = model.inputs(data)
    columns = model.input_columns()
    assert columns[0].start == 0 and columns[-1].stop == inputs.shape[1]
    out = np.asarray(graph.predict_on_batch(inputs))
    ranks = [np.argsort(np.argsort(values[:, 1])) for values in (out, model.scores(data))]
    np.testing.assert_array_equal(*ranks)


def test_progress_is_told_and_ends(case):
    _, _, events = case
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done and all(0 <= value <= 1 for value in done)


def test_frauds_score_higher_than_honest_rows(case, parts):
    offer, model, _ = case
    score = model.scores(parts[2])[:, 1]
    fraud = parts[2].targets == 1
    least = 0.5 if offer.name in UNSUPERVISED else 0.6
    above = (score[fraud][:, None] > score[~fraud][None]).mean() + 0.5 * (
        score[fraud][:, None] == score[~fraud][None]
    ).mean()
    assert above > least


@pytest.mark.parametrize("name", list(OFFERS))
def test_a_cancelled_fit_ends(name, parts, fraud_detection):
    with pytest.raises(CancelledError):
        OFFERS[name].build().fit(parts[0], parts[1], context(fraud_detection, should_stop=lambda: True))


@pytest.mark.parametrize("name", list(OFFERS))
def test_one_fraud_and_a_bare_table_are_taken(name, fraud_detection, tmp_path):
    table = draw_transactions(240, days=20, seed=5)[["amount", "category", "fraud"]]
    table["fraud"] = "no"
    table.loc[[3, 200], "fraud"] = "yes"
    table.to_csv(tmp_path / "few.csv", index=False)
    request = ReadRequest((tmp_path / "few.csv",), options=fraud_detection.parse_options({}), name="Few")
    data = pipeline.ingest(fraud_detection, request)
    assert data.column(Role.TIME) is None
    model = OFFERS[name].build()
    if name == "recurrent":  # there are no accounts whose transactions it could read
        with pytest.raises(SchemaError, match="account"):
            model.fit(data.subset(data.ids[:180]), data.subset(data.ids[180:]), context(fraud_detection))
        return
    model.fit(data.subset(data.ids[:180]), data.subset(data.ids[180:]), context(fraud_detection))
    assert np.isfinite(model.scores(data)).all()
