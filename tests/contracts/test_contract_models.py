"""What every offered model owes: one test a duty, for all models of all domains that classify images."""

import time

import numpy as np
import pandas as pd
import pytest

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.data.dataset import Dataset, Source
from dl_core.domain import domains
from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.schema import Role

SIZE = 28
OFFERS = {
    f"{domain.name}-{offer.name}": offer
    for domain in domains().values()
    if domain.schema.field(Role.IMAGE)
    for offer in domain.models.values()
}


def tiny(count=24, classes=("a", "b"), channels=1, seed=0, labels=None):
    """Images whose brighter half tells the class."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % len(classes) if labels is None else np.asarray(labels)
    images = rng.integers(0, 90, (count, SIZE, SIZE, channels))
    for row, label in enumerate(y):
        images[row, :, label * 9 : label * 9 + 9] += 120
    table = pd.DataFrame({"label": np.array(classes)[y]}, index=[f"r{i}" for i in range(count)])
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    return Dataset("tiny", table, roles, Source("made"), {"image": images.astype(np.uint8)}, tuple(classes))


@pytest.fixture(scope="module", params=list(OFFERS))
def case(request, tmp_path_factory):
    """An offer with a model fitted on it, and what its fit told."""
    offer, events = OFFERS[request.param], []
    model = offer.build()
    cache = tmp_path_factory.mktemp("cache")
    model.fit(tiny(), tiny(12, seed=1), FitContext(seed=3, emit=events.append, cache=cache))
    return offer, model, events, cache


def test_scores_are_probabilities_in_the_order_of_rows_and_classes(case):
    offer, model, _, _ = case
    data = tiny(10, seed=2)
    scores = model.scores(data)
    assert scores.shape == (10, 2)
    assert scores.dtype == np.float64
    assert (scores >= 0).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    turned = data.subset(data.ids[::-1])
    np.testing.assert_allclose(model.scores(turned), scores[::-1], atol=1e-5)
    assert model.classes == ("a", "b")


def test_saving_and_loading_does_not_change_a_model(case, tmp_path):
    offer, model, _, _ = case
    model.save(tmp_path)
    again = offer.load().load(tmp_path)
    data = tiny(10, seed=2)
    np.testing.assert_allclose(again.scores(data), model.scores(data), atol=1e-6)
    assert again.classes == model.classes
    assert again.parameters() == model.parameters() >= 0
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".pkl", ".pickle", ".joblib")]


def test_the_graph_is_the_model(case):
    _, model, _, _ = case
    graph = model.graph()
    data = tiny(6, seed=4)
    if graph is None:
        assert model.scores(data).shape == (6, 2)
        return
    out = np.asarray(graph.predict_on_batch(data.images.astype("float32")))
    np.testing.assert_allclose(out, model.scores(data), atol=1e-3)


def test_progress_goes_from_0_to_1_and_never_back(case):
    _, _, events, _ = case
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done == sorted(done)
    assert 0 <= done[0] <= done[-1] <= 1.0 + 1e-9


def test_the_same_seed_gives_the_same_scores(case):
    offer, model, _, cache = case
    again = offer.build()
    again.fit(tiny(), tiny(12, seed=1), FitContext(seed=3, cache=cache))
    np.testing.assert_allclose(again.scores(tiny(8, seed=5)), model.scores(tiny(8, seed=5)), atol=1e-6)


def test_colour_three_classes_and_validation_of_one_class_are_taken(case):
    offer, _, _, cache = case
    model = offer.build()
    train = tiny(24, ("a", "b", "c"), channels=3)
    validation = tiny(6, ("a", "b", "c"), channels=3, seed=1, labels=[1] * 6)
    weights = np.linspace(0.5, 1.5, 24)
    model.fit(train, validation, FitContext(cache=cache, sample_weight=weights))
    scores = model.scores(train)
    assert scores.shape == (24, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)


def test_a_stop_ends_the_fit_soon(case):
    offer, _, _, cache = case
    asked = []

    def stop():
        asked.append(time.monotonic())
        return True

    with pytest.raises(CancelledError):
        offer.build().fit(tiny(), tiny(12, seed=1), FitContext(should_stop=stop, cache=cache))
    assert len(asked) == 1
