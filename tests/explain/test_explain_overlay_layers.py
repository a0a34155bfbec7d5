"""Pictures of maps, feature maps, and rows of a data set explained end to end."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import OptionError
from dl_core.evaluate.decide import DecisionRule
from dl_core.explain.images.explain import explain_images, view_of
from dl_core.explain.images.layers import choose_layers, feature_maps
from dl_core.explain.images.overlay import colour_bar, colours, heat_png, overlay, read_heat
from dl_core.explain.images.view import ModelView
from dl_core.explain.request import ExplainRequest
from dl_core.models.base import Classifier
from dl_core.schema import Role


def test_lightness_grows_steadily():
    table = colours().astype(float)
    luminance = (table / 255) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    assert table.shape == (256, 3)
    assert (np.diff(luminance) > -2e-3).all()  # a step of one of 255 in a channel is rounding
    assert luminance[-1] - luminance[0] > 0.6


def test_heat_survives_its_png():
    heat = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    png = heat_png(heat)
    assert Image.open(BytesIO(png)).mode == "L"
    assert np.abs(read_heat(png) - heat).max() <= 1 / 510 + 1e-6


def test_overlay_leaves_cold_places_clear_and_colours_hot_ones():
    image = np.full((4, 6, 1), 100, np.uint8)
    heat = np.zeros((4, 6))
    heat[1, 2] = 1
    found = np.asarray(overlay(image, heat, opacity=1.0))
    assert found.shape == (4, 6, 4)
    assert found[3, 5].tolist() == [100, 100, 100, 255]
    assert found[1, 2].tolist() == [*colours()[255].tolist(), 255]
    assert np.asarray(overlay(image, heat, opacity=0.0))[1, 2].tolist() == [100, 100, 100, 255]
    assert overlay(image, heat, size=60).size == (60, 40)
    assert overlay(np.zeros((4, 6, 3), np.uint8), np.full((4, 6), np.nan)).mode == "RGBA"


def test_a_diffuse_map_does_not_tint_the_background():
    """Heat 0.4 on black at opacity 0.6: an alpha of 0.6 · 0.16 = 0.096, of the colour at 102 of 255."""
    image = np.zeros((8, 8, 1), np.uint8)
    heat = np.full((8, 8), 0.4)
    heat[3, 3] = 1.0
    found = np.asarray(overlay(image, heat, opacity=0.6)).astype(int)
    expected = colours()[102].astype(float) * 24 / 255  # 0.096 as a byte is 24
    assert np.abs(found[0, 0, :3] - expected).max() <= 1 and found[0, 0, :3].max() < 20
    assert np.abs(found[3, 3, :3] - 0.6 * colours()[255]).max() <= 1
    ramp = np.asarray(overlay(np.zeros((1, 11, 1), np.uint8), np.linspace(0, 1, 11)[None], opacity=1.0)).astype(int)
    assert (np.diff(ramp[0, :, :3].sum(axis=1)) > 0).all()  # it grows with the value


def test_colour_bar_runs_from_cold_to_hot():
    bar = np.asarray(colour_bar(100, 5))
    assert bar.shape == (5, 100, 3)
    assert bar[0, 0].tolist() == [0x00, 0x00, 0x04]
    assert bar[4, 99].tolist() == [0xFC, 0xFF, 0xA4]


@pytest.fixture(scope="module")
def network():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    image = x = keras.Input((32, 32, 1))
    for number in range(1, 8):
        x = keras.layers.Conv2D(4 * number, 3, padding="same", name=f"conv{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
        x = keras.layers.MaxPooling2D(name=f"pool{number}")(x) if number in (2, 4) else x
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))


def test_feature_maps_run_from_early_to_deep(network):
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 1)).astype(np.uint8)
    found = feature_maps(ModelView.of_graph(network), picture)
    assert [layer.name for layer in found] == ["relu1", "relu3", "relu4", "relu5", "relu7"] or len(found) == 5
    assert found[0].name == "relu1" and found[-1].name == "relu7"
    assert [layer.depth for layer in found] == sorted(layer.depth for layer in found)
    assert found[0].shape == (32, 32, 4) and found[-1].shape == (8, 8, 28)
    assert found[0].tiles.shape == (4, 32, 32) and found[-1].tiles.shape == (8, 8, 8)
    assert all(layer.tiles.dtype == np.uint8 for layer in found)


def test_the_liveliest_channels_come_first(network):
    keras = pytest.importorskip("keras")
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 1)).astype(np.uint8)
    last = feature_maps(ModelView.of_graph(network), picture, channels=3)[-1]
    part = keras.Model(network.inputs, network.get_layer("relu7").output)
    variance = part.predict(picture[None].astype("float32"), verbose=0)[0].var(axis=(0, 1))
    assert list(last.channels) == np.argsort(-variance, kind="stable")[:3].tolist()


def test_suggested_layers_come_first(network):
    view = ModelView.of_graph(network, ("relu5", "conv1"))
    assert [name for name, _ in choose_layers(view, (32, 32, 1))] == ["conv1", "relu5"]


class Brightness(Classifier):
    """Class "bright" by mean brightness; no graph."""

    classes = ("dark", "bright")

    def fit(self, train, validation, context):
        """Nothing to learn."""

    def scores(self, data):
        p = data.images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - p, p], axis=1)

    def save(self, folder):
        """Nothing to save."""

    @classmethod
    def load(cls, folder):
        return cls()


@pytest.fixture
def rows() -> Dataset:
    images = np.zeros((2, 16, 16, 1), np.uint8)
    images[0, 2:6, 9:13] = 255
    masks = (images[..., 0] > 0).astype(np.uint8)
    return Dataset(
        name="two",
        table=pd.DataFrame(index=["b", "a"]),
        roles={Role.IMAGE: ("image",)},
        source=Source("made here"),
        arrays={"image": images, "mask": masks},
        classes=Brightness.classes,
    )


def test_rows_are_explained_with_their_own_ids_and_trust(rows):
    found = explain_images(ExplainRequest(Brightness(), "brightness", rows, ["gradcam", "occlusion"], target="bright"))
    assert [(each.row, each.method, each.target) for each in found] == [
        ("b", "occlusion", "bright"),  # without gradients, occlusion stands in, once
        ("a", "occlusion", "bright"),
    ]
    assert found[0].heat[3, 10] > 0.9 and found[0].heat[14, 1] == 0
    assert found[0].score == pytest.approx(16 / 256)
    assert found[0].faithfulness.pointing and not found[0].faithfulness.centre_pointing
    assert found[0].faithfulness.randomisation is None
    assert found[1].faithfulness.pointing is None and found[1].heat.max() == 0


def test_trust_is_only_measured_when_wanted(rows):
    request = ExplainRequest(Brightness(), "m", rows, ["occlusion"], faithfulness=False)
    assert explain_images(request)[0].faithfulness is None


def test_wrong_names_are_refused(rows):
    with pytest.raises(OptionError, match="no class 'red'"):
        explain_images(ExplainRequest(Brightness(), "m", rows, ["occlusion"], target="red"))
    with pytest.raises(OptionError, match="no method 'crystal ball'"):
        explain_images(ExplainRequest(Brightness(), "m", rows, ["crystal ball"]))


def test_a_view_scores_other_images_than_the_data_sets_own(rows):
    white = np.full((5, 16, 16, 1), 255, np.uint8)
    np.testing.assert_allclose(view_of(Brightness(), rows).probabilities(white)[:, 1], 1.0)


def test_the_explained_class_is_the_decided_one_with_its_calibrated_probability(rows):
    def explained(**rule):
        found = explain_images(
            ExplainRequest(Brightness(), "m", rows, ["occlusion"], faithfulness=False, rule=DecisionRule(**rule))
        )
        return [(one.target, one.score) for one in found]

    bright = 16 / 256  # odds 1 : 15
    assert explained() == [("dark", pytest.approx(1 - bright)), ("dark", pytest.approx(1.0))]
    assert explained(threshold=0.05)[0] == ("bright", pytest.approx(bright))
    halved = 1 / (1 + 15**0.5)  # the square root of the odds
    assert explained(temperature=2.0)[0] == ("dark", pytest.approx(1 - halved))
    assert explained(temperature=2.0, threshold=0.2)[0] == ("bright", pytest.approx(halved))
