"""Integrated gradients, SmoothGrad and occlusion against models whose answer is known."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from dl_core.errors import OptionError  # noqa: E402
from dl_core.explain.gradients import activations_and_gradients  # noqa: E402
from dl_core.explain.images.integrated_gradients import IntegratedGradients  # noqa: E402
from dl_core.explain.images.occlusion import Occlusion, log_odds, patch_corners  # noqa: E402
from dl_core.explain.images.smoothgrad import SmoothGrad  # noqa: E402
from dl_core.explain.images.view import ModelView  # noqa: E402

ONE = np.array([1])
WEIGHTS = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32) / 255


@pytest.fixture(scope="module")
def linear() -> ModelView:
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(image)))
    model.layers[-1].set_weights([WEIGHTS, np.array([0.1, 0.7])])
    return ModelView.of_graph(model)


@pytest.fixture(scope="module")
def squares() -> ModelView:
    """Log-odds of class 1 are the sum of (pixel / 255) squared: not linear, the path matters."""
    image = keras.Input((4, 4, 1))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Flatten()(keras.layers.Multiply()([x, x]))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))
    model.layers[-1].set_weights([np.stack([np.zeros(16), np.ones(16)], axis=1), np.zeros(2)])
    return ModelView.of_graph(model)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (1, 4, 4, 1)).astype(np.uint8)


def test_integrated_gradients_of_a_linear_model_are_input_times_weight(linear, picture):
    found = IntegratedGradients(baseline="black", steps=3).attributions(linear, picture, ONE)
    expected = picture[0].ravel() * (WEIGHTS[:, 1] - WEIGHTS[:, 0])
    np.testing.assert_allclose(found[0].ravel(), expected, atol=1e-5)


def test_integrated_gradients_of_squares_by_hand(squares, picture):
    # from black, the midpoint sum of 2 a x over a is exactly x, so each pixel is given its own square
    found = IntegratedGradients(baseline="black", steps=7).attributions(squares, picture, ONE)
    np.testing.assert_allclose(found[0], (picture[0] / 255.0) ** 2, atol=1e-5)


def completeness_gap(method, source, images, targets):
    """Return how far each image's attributions miss its score's change, (n,) as a share of that change."""

    def score(batch):
        scores = activations_and_gradients(source.need_graph(), (), batch, targets).scores
        return scores[np.arange(len(batch)), targets]

    change = score(images) - score(method.baselines(images))
    total = method.attributions(source, images, targets).sum(axis=(1, 2, 3))
    return np.abs(total - change) / np.maximum(np.abs(change), 1e-6)


@pytest.mark.parametrize("baseline", ["black", "blur"])
def test_attributions_are_complete(squares, picture, baseline):
    assert completeness_gap(IntegratedGradients(baseline=baseline), squares, picture, ONE)[0] < 1e-3


def test_one_step_at_the_end_would_not_be_complete(squares, picture):
    # the gap can be seen: a gradient at the image alone gives twice the change
    method = IntegratedGradients(baseline="black", steps=1)
    method.attributions = lambda source, images, targets: 2 * (images / 255.0) ** 2
    assert completeness_gap(method, squares, picture, ONE)[0] == pytest.approx(1.0, rel=1e-3)


def test_unknown_baseline_is_refused(linear, picture):
    with pytest.raises(OptionError, match="'white' is no baseline"):
        IntegratedGradients(baseline="white").explain(linear, picture)


def test_smoothgrad_of_a_linear_model_is_the_size_of_its_weights(linear, picture):
    found = SmoothGrad(smooth=0, samples=3).raw(linear, picture, ONE)
    np.testing.assert_allclose(found[0].ravel(), np.abs(WEIGHTS[:, 1] - WEIGHTS[:, 0]), atol=1e-6)


def test_smoothgrad_does_not_depend_on_the_other_images(squares, picture):
    two = np.concatenate([picture[:, ::-1], picture])
    alone, together = SmoothGrad().raw(squares, picture, ONE), SmoothGrad().raw(squares, two, np.array([1, 1]))
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-4)


def one_pixel(images: np.ndarray) -> np.ndarray:
    """A model, without gradients, that looks at the pixel in row 3, column 12 only."""
    p = 0.1 + 0.8 * images[:, 3, 12, 0] / 255
    return np.stack([1 - p, p], axis=1)


def test_occlusion_finds_the_one_pixel_that_matters():
    image = np.full((1, 16, 16, 1), 100, dtype=np.uint8)
    image[0, 3, 12] = 255
    heat = Occlusion(patch=0.25).raw(ModelView(None, one_pixel), image, ONE)[0]
    peaks = np.argwhere(heat == heat.max())
    assert [3, 12] in peaks.tolist()
    assert len(peaks) <= 4  # the second pass's patches are two pixels wide
    assert heat[10, 4] == 0
    # pixel by pixel: the fall from 255 to the mean colour, (255 x 100 + 255) / 256 = 101
    single = Occlusion(patch=1 / 16, passes=1).raw(ModelView(None, one_pixel), image, ONE)[0]
    expected = log_odds(np.array([0.9])) - log_odds(np.array([0.1 + 0.8 * 101 / 255]))
    assert single[3, 12] == pytest.approx(float(expected[0]), rel=1e-5)
    assert np.count_nonzero(single) == 1


def test_occlusion_needs_no_graph_but_the_others_say_so():
    view = ModelView(None, one_pixel)
    image = np.zeros((1, 16, 16, 1), dtype=np.uint8)
    assert Occlusion().explain(view, image).heats.shape == (1, 16, 16)
    with pytest.raises(OptionError, match="no gradients"):
        SmoothGrad().explain(view, image)


def test_patches_reach_every_border():
    assert patch_corners(5, 4, 4) == [(0, 0), (1, 0)]
    covered = np.zeros((11, 7), dtype=bool)
    for row, column in patch_corners(11, 7, 3):
        assert row + 3 <= 11 and column + 3 <= 7
        covered[row : row + 3, column : column + 3] = True
    assert covered.all()


def test_log_odds_stay_finite():
    np.testing.assert_allclose(log_odds(np.array([0.5, 0.75])), [0, np.log(3)])
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
