"""Grad-CAM and its relatives against hand-worked numbers; arithmetic on maps."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from dl_core.errors import OptionError  # noqa: E402
from dl_core.explain.images.gradcam import GradCam  # noqa: E402
from dl_core.explain.images.gradcam_pp import GradCamPlusPlus  # noqa: E402
from dl_core.explain.images.hirescam import HiResCam  # noqa: E402
from dl_core.explain.images.maps import blur, enlarge, normalise  # noqa: E402
from dl_core.explain.images.view import ModelView  # noqa: E402


@pytest.fixture(scope="module")
def bright() -> ModelView:
    """Two maps, the picture itself and its negative; class 1 reads 4 times the first's mean less the second's."""
    image = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(2, 1, name="maps")(keras.layers.Rescaling(1 / 255)(image))
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax", name="head")(pooled))
    model.get_layer("maps").set_weights([np.array([[[[1.0, -1.0]]]]), np.array([0.0, 1.0])])
    model.get_layer("head").set_weights([np.array([[0.0, 4.0], [0.0, -1.0]]), np.array([0.0, -0.5])])
    return ModelView.of_graph(model)


@pytest.fixture
def spot() -> np.ndarray:
    picture = np.full((1, 8, 8, 1), 51, dtype=np.uint8)  # 0.2
    picture[0, 2, 5] = 255
    return picture


ONE = np.array([1])


def test_gradcam_is_the_weighted_sum_of_maps(bright, spot):
    heat = GradCam().raw(bright, spot, ONE)[0]
    # weights 4 / 64 and -1 / 64: at the spot (4 x 1 - 0) / 64, elsewhere (4 x 0.2 - 0.8) / 64 = 0
    assert heat[2, 5] == pytest.approx(4 / 64, rel=1e-5)
    assert np.abs(np.delete(heat.ravel(), 2 * 8 + 5)).max() < 1e-6


def test_gradcam_drops_what_speaks_against(bright, spot):
    assert GradCam().raw(bright, spot, np.array([0])).max() < 1e-6


def test_gradcam_pp_by_hand():
    # one channel, two places: activations 1 and 3, gradients 0.5 and -2, sum of activations 4
    activations = np.array([[[[1.0], [3.0]]]])
    gradients = np.array([[[[0.5], [-2.0]]]])
    # alpha: 0.25 / (0.5 + 4 x 0.125) = 0.25; the negative gradient counts nothing: weight 0.25 x 0.5
    heat = GradCamPlusPlus().combine(activations, gradients)
    np.testing.assert_allclose(heat, [[[0.125, 0.375]]])


def test_hirescam_adds_up_to_the_score(bright, spot):
    parts = HiResCam().contributions(bright, spot, ONE)
    # mean of the picture: (63 x 0.2 + 1) / 64; the log-odds less the intercept -0.5
    mean = (63 * 0.2 + 1) / 64
    assert sum(part.sum() for part in parts) == pytest.approx(4 * mean - (1 - mean), rel=1e-5)
    assert parts[0][0, 2, 5] == pytest.approx(4 / 64, rel=1e-5)


def test_a_named_layer_is_used_and_a_wrong_one_refused(bright, spot):
    assert GradCam(layer="maps").layer(bright, (8, 8, 1)) == "maps"
    with pytest.raises(OptionError, match="nowhere"):
        GradCam(layer="nowhere").explain(bright, spot)


def test_explain_scales_and_reports_the_probability(bright, spot):
    maps = GradCam().explain(bright, spot, 1)
    mean = (63 * 0.2 + 1) / 64
    odds = 4 * mean - (1 - mean) - 0.5
    assert maps.probabilities[0] == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-5)
    assert maps.heats.dtype == np.float32
    assert np.unravel_index(maps.heats[0].argmax(), (8, 8)) == (2, 5)
    assert (maps.heats.min(), maps.heats.max()) == (0, 1)


def test_target_none_is_the_most_probable_class(bright, spot):
    assert GradCam().explain(bright, spot).targets[0] == 0  # odds of class 1 are below even: 4 x .2125 - .7875 - .5 < 0


def test_wrong_target_options_and_shapes_are_refused(bright, spot):
    with pytest.raises(OptionError, match="no class 2"):
        GradCam().explain(bright, spot, 2)
    with pytest.raises(OptionError, match="no option 'colour'"):
        GradCam(colour=1)
    with pytest.raises(OptionError, match="images of shape"):
        GradCam().explain(bright, spot[0])


def test_enlarge_is_bilinear_with_pixel_centres():
    np.testing.assert_allclose(enlarge(np.array([[[0.0, 4.0]]]), 1, 4), [[[0, 1, 3, 4]]])
    np.testing.assert_allclose(enlarge(np.full((1, 3, 5), 2.0), 12, 12), 2.0, rtol=1e-6)


def test_normalise_leaves_no_division_by_zero():
    maps = np.stack([np.full((2, 2), 7.0), np.array([[1.0, 2.0], [3.0, 5.0]])])
    with np.errstate(all="raise"):
        np.testing.assert_allclose(normalise(maps), [[[0, 0], [0, 0]], [[0, 0.25], [0.5, 1]]])


def test_blur_keeps_a_constant_and_spreads_a_point():
    assert np.allclose(blur(np.full((1, 5, 5), 3.0), 1.0), 3.0)
    point = np.zeros((1, 9, 9))
    point[0, 4, 4] = 1
    spread = blur(point, 1.0)[0]
    assert spread[4, 4] == pytest.approx(1 / (2 * np.pi), rel=0.05)
    assert np.array_equal(blur(point, 0), point)
