"""One contract for every registered method: whatever it computes, it finds what a model looks at and breaks nothing."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from dl_core.errors import OptionError  # noqa: E402
from dl_core.explain.images.view import ModelView  # noqa: E402
from dl_core.explain.registry import EXPLAINERS, explain  # noqa: E402

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
    return explain(view, images, name, target, OPTIONS.get(name))


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


@pytest.mark.parametrize("name", EXPLAINERS)
def test_the_description_is_complete(name):
    info = EXPLAINERS[name]
    assert info.name == name
    assert info.label and info.help.endswith(".") and any(str(year) in info.paper for year in range(2014, 2022))
    assert info.cost in ("low", "medium", "high")
    assert info.load().__doc__


@pytest.mark.parametrize("name", [name for name, info in EXPLAINERS.items() if info.needs_graph])
def test_a_method_that_needs_gradients_says_so(name):
    view = ModelView(None, lambda images: np.full((len(images), 2), 0.5))
    with pytest.raises(OptionError, match="no gradients"):
        explain(view, pictures(), name)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_unknown_options_are_refused(view, name):
    with pytest.raises(OptionError, match="no option 'sparkle'"):
        explain(view, pictures(), name, options={"sparkle": 1})
