"""Fine-tuning end to end on something small."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import RunError
from dl_core.models.base import FitContext
from dl_core.models.images.finetuned import FineTuned
from dl_core.schema import Role
from dl_core.transfer.images.embed import embed
from dl_core.transfer.images.finetune import finetune_graph
from dl_core.transfer.images.head import LinearHead
from dl_core.transfer.images.plan import EmbeddingPlan


def dots_and_rings(n, seed):
    """Return noisy images of a disc or of a ring of the same brightness at any place: a task that wants features."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    places = random.integers(9, 20, (n, 2, 1, 1))
    rows, columns = np.mgrid[:28, :28]
    far = np.hypot(rows - places[:, 0], columns - places[:, 1])
    shapes = np.where(y[:, None, None] == 1, (far > 4) & (far < 7), far < 5.7)
    images = np.clip(random.normal(90 + 70 * shapes, 35), 0, 255).astype(np.uint8)[..., None]
    table = pd.DataFrame({"label": np.array(["dot", "ring"])[y]}, index=[f"{seed}-{i}" for i in range(n)])
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    return Dataset("made", table, roles, Source("made"), {"image": images}, ("dot", "ring"))


class FromZero(FineTuned):
    """Forgets the fitted head, so that training has something left to learn."""

    def _first_head(self, *args):
        return replace(super()._first_head(*args), weights=np.zeros((2560, 2), "float32"), bias=np.zeros(2, "float32"))


@pytest.fixture(scope="module")
def fitted():
    events = []
    model = FromZero(size=32, epochs=6, learning_rate=5e-4)
    model.fit(dots_and_rings(96, 0), dots_and_rings(24, 1), FitContext(emit=events.append))
    return model, events


def test_it_learns_and_reports_epochs(fitted):
    model, events = fitted
    test = dots_and_rings(40, 2)
    scores = model.scores(test)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    assert (scores.argmax(axis=1) == test.targets).mean() > 0.8
    assert min(entry["val_loss"] for entry in model.history) < 0.9 * np.log(2)
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == list(range(1, len(model.history) + 1))


def test_training_starts_from_the_head_of_frozen_features():
    random = np.random.default_rng(0)
    images, plan = dots_and_rings(4, 3).images, EmbeddingPlan(sizes=(32,))
    x = embed(images, plan, fast=False)
    weights, bias = random.normal(0, 0.02, (2560, 2)).astype("float32"), np.array([0.3, -0.1], "float32")
    head = LinearHead(x.mean(axis=0), x.std(axis=0) + 0.1, weights, bias)
    start = finetune_graph(plan, 28, 1, head)
    np.testing.assert_allclose(np.asarray(start(images.astype("float32"))), head.probabilities(x), atol=1e-3)


def test_the_graph_has_reachable_taps_and_frozen_normalisation(fitted):
    graph = fitted[0].graph()
    both = keras.Model(graph.input, [graph.get_layer("tap_32_head").output, graph.get_layer("size32_block10").output])
    head, block = both(np.zeros((2, 28, 28, 1), "float32"))
    assert tuple(head.shape) == (2, 1, 1, 1280) and tuple(block.shape) == (2, 2, 2, 112)
    norms = [layer for layer in graph.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms and not any(layer.trainable for layer in norms)


def test_saving_changes_nothing(fitted, tmp_path):
    model = fitted[0]
    model.save(tmp_path)
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".npz"}
    test = dots_and_rings(4, 3)
    np.testing.assert_allclose(FineTuned.load(tmp_path).scores(test), model.scores(test), atol=1e-6)


def test_an_unfitted_model_says_so():
    with pytest.raises(RunError, match="not fitted"):
        FineTuned().graph()
