"""Frozen features with a linear head: the head against an oracle, the graph against the scores."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import SchemaError
from dl_core.models.base import FitContext
from dl_core.models.images.frozen import FrozenFeatures
from dl_core.schema import Role
from dl_core.transfer.images.graph import tap_names
from dl_core.transfer.images.head import fit_head, fit_logistic


def stripes(n, seed, channels=1):
    """Return images of which class "b" has upright stripes and class "a" lying ones, with noise."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wave = 60 * np.sin(np.arange(28) * 1.2)
    images = 128 + np.where(y[:, None, None] == 1, wave[None, None, :], wave[None, :, None])
    images = images[..., None] + random.normal(0, 40, (n, 28, 28, channels))
    table = pd.DataFrame({"label": np.array(["a", "b"])[y]}, index=[f"{seed}-{i}" for i in range(n)])
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    arrays = {"image": np.clip(images, 0, 255).astype(np.uint8)}
    return Dataset("stripes", table, roles, Source("made"), arrays, ("a", "b"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def fitted(cache):
    model = FrozenFeatures(sizes=(32, 40), copies=0)
    model.fit(stripes(40, 0), stripes(20, 1), FitContext(cache=cache))
    return model


def test_the_head_agrees_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    z = random.normal(size=(90, 6)).astype(np.float32)
    y = (z[:, 0] + random.normal(size=90) > 0).astype(int) + (z[:, 1] > 1)
    weight = random.uniform(0.5, 1.5, 90)
    ours = fit_logistic(z, y, 3, 0.1, weight)
    peer = LogisticRegression(C=0.1, tol=1e-8, max_iter=1000).fit(z, y, weight)
    found = softmax(z @ ours[:-1] + ours[-1], axis=1)
    np.testing.assert_allclose(found, peer.predict_proba(z), atol=3e-3)


def test_one_class_is_refused():
    with pytest.raises(SchemaError, match="one class"):
        fit_head((np.ones((4, 2), np.float32), np.zeros(4, int)), (np.ones((0, 2)), np.zeros(0, int)), 2, np.ones(4))


def test_it_learns_and_probabilities_sum_to_one(fitted):
    test = stripes(30, 2)
    scores = fitted.scores(test)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    assert (scores.argmax(axis=1) == test.targets).mean() > 0.9


def test_the_graph_gives_the_scores_and_its_taps_can_be_reached(fitted):
    test = stripes(6, 3)
    graph = fitted.graph()
    x = test.images.astype("float32")
    np.testing.assert_allclose(np.asarray(graph(x)), fitted.scores(test), atol=1e-3)
    both = keras.Model(graph.input, [graph.get_layer("tap_32_block4").output, graph.output])
    tap, probabilities = both(x)
    assert tuple(tap.shape) == (6, 4, 4, 40) and tuple(probabilities.shape) == (6, 2)
    assert all(graph.get_layer(name) is not None for name in tap_names(fitted.plan))
    assert graph.get_layer("size40_block10") is not None
    assert not any(layer.name.startswith("_") for layer in graph.layers)


def test_saving_changes_nothing_and_is_small(fitted, tmp_path):
    fitted.save(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"model.json", "head.npz"}
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 200_000
    again = FrozenFeatures.load(tmp_path)
    test = stripes(6, 4)
    np.testing.assert_allclose(again.scores(test), fitted.scores(test), atol=1e-6)
    assert again.classes == ("a", "b") and again.parameters() == fitted.parameters()


def test_the_same_seed_gives_the_same_scores_and_the_cache_is_used(fitted, cache):
    model = FrozenFeatures(sizes=(32, 40), copies=0)
    before = sorted(cache.rglob("*.rows.npy"))
    model.fit(stripes(40, 0), stripes(20, 1), FitContext(cache=cache))
    assert sorted(cache.rglob("*.rows.npy")) == before
    test = stripes(6, 5)
    np.testing.assert_array_equal(model.scores(test), fitted.scores(test))


def test_copies_and_no_validation(cache):
    done = []
    context = FitContext(cache=cache, emit=lambda event: done.append(event["done"]))
    train = stripes(20, 6, channels=3)
    model = FrozenFeatures(sizes=(32,), copies=1)
    model.fit(train, train.subset([]), context)
    assert model.scores(train).shape == (20, 2)
    assert done == sorted(done) and done[-1] == 1.0
