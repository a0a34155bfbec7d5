"""One contract for every registered method: whatever it computes, it finds what a model looks at and breaks nothing.

Images first, then the methods of tables, rankings and forecasts, and what all descriptions owe.
"""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

keras = pytest.importorskip("keras")

import dl_core.domains  # noqa: E402, F401 - makes the domains known
from dl_core import discover  # noqa: E402
from dl_core.domain import domains  # noqa: E402
from dl_core.errors import OptionError  # noqa: E402
from dl_core.evaluate.decide import DecisionRule  # noqa: E402
from dl_core.explain import registry  # noqa: E402
from dl_core.explain.images.base import draw_maps  # noqa: E402
from dl_core.explain.images.view import ModelView  # noqa: E402
from dl_core.explain.registry import (  # noqa: E402
    COSTS,
    ExplainerInfo,
    every_explainer,
    explainers,
    get_explainer,
)
from dl_core.explain.request import ExplainRequest  # noqa: E402
from dl_core.explain.series.explain import explain_forecasts  # noqa: E402
from dl_core.explain.series.plain import ForecastParts  # noqa: E402
from dl_core.explain.table.explain import explain_table  # noqa: E402
from dl_core.kinds import kind_of, kinds  # noqa: E402
from tests.explain.table_models import Network, transactions  # noqa: E402
from tests.explain.test_explain_forecasts import Graphed, history  # noqa: E402
from tests.explain.test_explain_rankings import WEIGHTS, Adding, Gated, histories  # noqa: E402

EXPLAINERS = explainers("images")
SIZE = 24
BLOB = (slice(4, 10), slice(13, 19))  # rows, columns of the bright spot
OPTIONS = {"integrated_gradients": {"steps": 8}, "smoothgrad": {"samples": 6}, "occlusion": {"patch": 0.25}}


def network(nested: bool) -> keras.Model:
    """Class 1 by how much of the picture is brighter than 0.7; class 2 by how much is not; class 0 has no evidence."""
    inside = keras.Input((SIZE, SIZE, 1))
    maps = keras.layers.Conv2D(2, 1, activation="relu", name="bright")(keras.layers.Rescaling(1 / 255)(inside))
    if nested:
        image = keras.Input((SIZE, SIZE, 1))
        maps = keras.Model(inside, maps, name="backbone")(image)
    else:
        image = inside
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="head")(pooled))
    holder = model.get_layer("backbone") if nested else model
    holder.get_layer("bright").set_weights([np.array([[[[5.0, -5.0]]]]), np.array([-3.5, 3.5])])
    model.get_layer("head").set_weights([np.array([[0.0, 60.0, 0.0], [0.0, 0.0, 2.0]]), np.array([0.0, 0.0, 0.0])])
    return model


@pytest.fixture(scope="module", params=["flat", "nested"])
def view(request) -> ModelView:
    return ModelView.of_graph(network(request.param == "nested"))


def pictures() -> np.ndarray:
    """Noise, the same with a bright blob, and a constant picture: (3, 24, 24, 1) uint8."""
    noise = np.random.default_rng(0).integers(40, 120, (SIZE, SIZE, 1)).astype(np.uint8)
    blob = noise.copy()
    blob[BLOB] = 240
    return np.stack([noise, blob, np.full_like(noise, 90)])


def run(view: ModelView, name: str, images: np.ndarray, target: int | None = None):
    return draw_maps(view, images, name, target, OPTIONS.get(name))


@pytest.mark.parametrize("name", EXPLAINERS)
def test_maps_have_the_images_shape_and_are_finite(view, name):
    maps = run(view, name, pictures())
    assert maps.heats.shape == (3, SIZE, SIZE)
    assert maps.heats.dtype == np.float32
    assert np.isfinite(maps.heats).all()
    assert maps.heats.min() >= 0 and maps.heats.max() <= 1
    assert ((maps.probabilities > 0) & (maps.probabilities <= 1)).all()


@pytest.mark.parametrize("name", EXPLAINERS)
def test_the_blob_is_found(view, name):
    maps = run(view, name, pictures()[1:2], target=1)
    row, column = np.unravel_index(maps.heats[0].argmax(), (SIZE, SIZE))
    assert 4 <= row < 10 and 13 <= column < 19
    inside = maps.heats[0][BLOB].mean()
    assert inside > 3 * maps.heats[0].mean()


@pytest.mark.parametrize("name", EXPLAINERS)
def test_the_target_can_be_chosen(view, name):
    picture = pictures()[1:2]
    bright, dark = run(view, name, picture, target=1), run(view, name, picture, target=2)
    assert bright.targets.tolist() == [1] and dark.targets.tolist() == [2]
    scores = view.probabilities(picture)[0]
    np.testing.assert_allclose([bright.probabilities[0], dark.probabilities[0]], scores[1:], rtol=1e-5)
    if name != "smoothgrad":  # it drops the sign, so both classes of one contrast look alike
        assert dark.heats[0][BLOB].mean() < bright.heats[0][BLOB].mean()
    with pytest.raises(OptionError, match="no class 3"):
        run(view, name, picture, target=3)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_maps_are_repeatable_and_do_not_depend_on_their_batch(view, name):
    images = pictures()
    first, again = run(view, name, images, 1), run(view, name, images, 1)
    assert np.array_equal(first.heats, again.heats)
    np.testing.assert_allclose(run(view, name, images[1:2], 1).heats[0], first.heats[1], atol=1e-4)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_the_images_are_left_as_they_were(view, name):
    images = pictures()
    run(view, name, images)
    assert np.array_equal(images, pictures())


@pytest.mark.parametrize("name", [name for name, info in EXPLAINERS.items() if info.needs_graph])
def test_a_method_that_needs_gradients_says_so(name):
    view = ModelView(None, lambda images: np.full((len(images), 2), 0.5))
    with pytest.raises(OptionError, match="no gradients"):
        draw_maps(view, pictures(), name)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_unknown_options_are_refused(view, name):
    with pytest.raises(OptionError, match="no option 'sparkle'"):
        draw_maps(view, pictures(), name, options={"sparkle": 1})


ROWS = transactions()
LINEAR = np.array([0.5, -1.0, 0.5, 0.25])  # log-odds of the network of tables: amount / 100, days, shop


def linear_network() -> Network:
    inputs = keras.Input((4,))
    head = keras.layers.Dense(2, activation="softmax", name="head")
    model = keras.Model(inputs, head(inputs))
    head.set_weights([np.stack([np.zeros(4), LINEAR], axis=1), np.array([0.0, -2.0])])
    return Network(model)


@pytest.mark.parametrize("name", explainers("table"))
def test_contributions_of_columns_add_up_to_the_score(name):
    model, before = linear_network(), ROWS.table.copy()
    for rule in (DecisionRule(), DecisionRule(temperature=2.0)):
        request = ExplainRequest(model, "net", ROWS, [name], faithfulness=False, beside=ROWS, rule=rule)
        for one in explain_table(request):
            assert one.heat.shape == (1, 3) and one.heat.dtype == np.float32 and one.target == "fraud"
            assert one.gap == pytest.approx(0, abs=0.05)
            assert one.score == pytest.approx(1 / (1 + np.exp(-one.log_odds)))
    pd.testing.assert_frame_equal(ROWS.table, before)


class EveryWay(Gated):
    """A ranking that every method can explain: it adds up weights, is a graph, and attends."""

    def score_items(self, histories):
        return (histories.matrix() @ WEIGHTS).astype(np.float32)

    def contributions(self, histories, targets):
        return Adding.contributions(self, histories, targets)

    def gated(self):
        codes, gates = keras.Input((None,), dtype="int32"), keras.Input((None,))
        table = np.vstack([np.zeros(4), WEIGHTS]).astype(np.float32)
        parts = keras.layers.Embedding(5, 4, weights=[table])(codes) * keras.ops.expand_dims(gates, -1)
        return keras.Model([codes, gates], keras.ops.sum(parts, axis=1))

    def attention(self, codes):
        return (codes > 0) / np.maximum((codes > 0).sum(axis=1, keepdims=True), 1)


@pytest.mark.parametrize("name", explainers("interactions"))
def test_parts_of_a_ranking_are_the_items_own(name):
    lists = histories(["b", "a", "d"], [], ["c"])
    targets = np.array([2, 2, 0])
    parts = get_explainer(name, "interactions")(EveryWay(), lists, targets)
    assert [part.shape for part in parts] == [(3,), (0,), (1,)]
    wanted = [[1 / 3] * 3, [], [1.0]] if name == "attention" else [[0.2, 0.9, 0.1], [], [0.9]]
    for part, expected in zip(parts, wanted, strict=True):
        np.testing.assert_allclose(part, expected, rtol=2e-3)
    assert lists.items.tolist() == histories(["b", "a", "d"], [], ["c"]).items.tolist()


@pytest.mark.parametrize("name", explainers("series"))
def test_accounts_of_a_forecast_add_up_to_it(name):
    panel = history(n=1)
    (one,) = explain_forecasts(Graphed(), "toy", panel, [name], faithfulness=False)
    assert one.method == name and one.heat.shape[1] == len(one.features)
    middle = Graphed().forecast(panel)[0, :, 0]
    if isinstance(one, ForecastParts):
        np.testing.assert_allclose(one.heat.sum(axis=0), middle, rtol=1e-5)
    else:
        assert one.gap == pytest.approx(0, abs=1e-2)  # the forecast is a sum, so what each part adds is its own
    assert one.score == pytest.approx(middle.mean(), rel=1e-5)


@pytest.mark.parametrize("info", every_explainer(), ids=lambda info: f"{info.kind}-{info.name}")
def test_the_description_is_complete(info):
    assert info.kind in kinds() and explainers(info.kind)[info.name] is info
    assert info.label and info.help.endswith(".") and info.cost in COSTS
    assert not info.paper or any(str(year) in info.paper for year in range(2014, 2022))
    assert info.load is None or info.load().__doc__


@pytest.mark.parametrize("domain", domains().values(), ids=lambda domain: domain.name)
def test_a_domain_offers_methods_of_its_kind(domain):
    assert domain.explainers and set(domain.explainers) <= set(explainers(kind_of(domain.schema).name))


def test_describing_methods_loads_neither_keras_nor_models():
    said = (
        "import sys; from dl_core.explain.registry import every_explainer; every_explainer();"
        "print([name for name in ('keras', 'tensorflow', 'sklearn', 'scipy', 'dl_core.models.base')"
        " if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_package_of_somebody_elses_adds_a_method(monkeypatch):
    added = ExplainerInfo("tea", "table", "Tea leaves", "", "Reads them.", lambda: str)
    point = SimpleNamespace(name="tea", value="leaves:TEA", load=lambda: added)
    found = lambda group: [point] if group == "daylight.explainers" else []  # noqa: E731
    monkeypatch.setattr(discover.metadata, "entry_points", lambda group: found(group))
    registry._found.cache_clear()
    try:
        assert explainers("table")["tea"] is added and "shapley_sampling" in explainers("table")
        assert get_explainer("tea", "table") == ""
        with pytest.raises(OptionError, match="tea"):
            get_explainer("coffee", "table")  # the message says which there are
    finally:
        registry._found.cache_clear()
