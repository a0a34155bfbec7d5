"""Gradients against hand-worked numbers, on flat and nested graphs."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from dl_core.errors import OptionError  # noqa: E402
from dl_core.explain.gradients import activations_and_gradients, class_scores, gradient  # noqa: E402
from dl_core.explain.walk import find_layers, last_spatial_layer, layer_outputs, suggested_layers  # noqa: E402


def linear(weights: np.ndarray) -> keras.Model:
    """Logits are weights (pixels, k) times the raveled image (4 x 4 x 1)."""
    image = keras.Input((4, 4, 1))
    out = keras.layers.Dense(weights.shape[1], activation="softmax", name="head")(keras.layers.Flatten()(image))
    model = keras.Model(image, out)
    model.get_layer("head").set_weights([weights, np.zeros(weights.shape[1])])
    return model


def nested(size: int = 8) -> keras.Model:
    """A backbone inside a functional head; both parts have a layer called ``mix``."""
    inside = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="mix")(inside)
    backbone = keras.Model(inside, keras.layers.Conv2D(4, 3, strides=2, padding="same", name="deep")(x), name="bone")
    image = keras.Input((size, size, 1))
    x = keras.layers.Conv2D(3, 1, name="mix")(keras.layers.Rescaling(1 / 255)(image))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU(name="top")(backbone(x)))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(x))


def images(n: int, size: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, size, size, channels)).astype(np.uint8)


def test_two_class_gradient_is_the_difference_of_the_weights():
    weights = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32) / 255
    found = gradient(linear(weights), images(2, 4), 1)
    assert found.shape == (2, 4, 4, 1)
    np.testing.assert_allclose(found[0].ravel(), weights[:, 1] - weights[:, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], found[0], atol=1e-6)


def test_score_is_the_logit_against_the_mean_of_the_others():
    # z = (3, 1, -1): class 0 against the mean of (1, -1) is 3 - 0; class 1 against (3, -1): 1 - 1; class 2: -1 - 2
    scores = class_scores(np.zeros((1, 3)), np.array([[3.0, 1.0, -1.0]], dtype=np.float32))
    np.testing.assert_allclose(np.asarray(scores), [[3.0, 0.0, -3.0]], atol=1e-6)


def test_score_without_logits_is_the_log_odds():
    scores = class_scores(np.array([[0.8, 0.2]], dtype=np.float32), None)
    np.testing.assert_allclose(np.asarray(scores), [[np.log(4), -np.log(4)]], rtol=1e-5)


def test_a_certain_model_still_has_a_gradient():
    weights = np.stack([np.zeros(16), np.ones(16)], axis=1).astype(np.float32)  # the log-odds are in the thousands
    assert np.allclose(gradient(linear(weights), images(1, 4), 1), 1.0)


def test_each_image_has_its_own_target():
    weights = np.random.default_rng(1).normal(size=(16, 2)).astype(np.float32)
    found = gradient(linear(weights), images(2, 4), [0, 1])
    np.testing.assert_allclose(found[0], -found[1], atol=1e-5)


def test_gradient_at_a_layer_agrees_with_finite_differences():
    model = nested()
    picture = images(1, 8)
    tapped = activations_and_gradients(model, ["top"], picture, 2)
    kernel, bias = model.layers[-1].get_weights()
    features = tapped.values[0].mean(axis=(1, 2))  # what the head reads
    logits = features @ kernel + bias
    np.testing.assert_allclose(tapped.scores[0, 2], logits[0, 2] - logits[0, :2].mean(), rtol=1e-4, atol=1e-5)
    # pooling spreads a channel's weight evenly over the 4 x 4 places
    expected = (kernel[:, 2] - kernel[:, :2].mean(axis=1)) / 16
    np.testing.assert_allclose(tapped.gradients[0][0], np.broadcast_to(expected, (4, 4, 4)), atol=1e-6)
    np.testing.assert_allclose(tapped.probabilities, model.predict(picture.astype("float32"), verbose=0), atol=1e-5)


def test_layers_inside_a_nested_model_can_be_tapped():
    model = nested()
    tapped = activations_and_gradients(model, ["mix", "bone/mix", "bone/deep"], images(2, 8), 0)
    assert [value.shape for value in tapped.values] == [(2, 8, 8, 3), (2, 8, 8, 4), (2, 4, 4, 4)]
    assert all(np.abs(g).sum() > 0 for g in tapped.gradients)


def test_a_cut_counts_only_what_a_layer_hands_on_itself():
    image = keras.Input((4, 4, 1))
    first = keras.layers.Conv2D(1, 1, use_bias=False, name="first")(image)
    second = keras.layers.Conv2D(1, 1, use_bias=False, name="second")(first)
    pool = keras.layers.GlobalAveragePooling2D
    both = keras.layers.Concatenate()([pool()(first), pool()(second)])
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax", name="head")(both))
    model.get_layer("first").set_weights([np.full((1, 1, 1, 1), 2.0)])
    model.get_layer("second").set_weights([np.full((1, 1, 1, 1), 10.0)])
    model.get_layer("head").set_weights([np.array([[0, 3.0], [0, 5.0]]), np.zeros(2)])
    picture = images(1, 4)
    total = activations_and_gradients(model, ["first", "second"], picture, 1)
    cut = activations_and_gradients(model, ["first", "second"], picture, 1, cut=True)
    np.testing.assert_allclose(total.gradients[0], (3 + 5 * 10) / 16, rtol=1e-5)
    np.testing.assert_allclose(cut.gradients[0], 3 / 16, rtol=1e-5)
    np.testing.assert_allclose(cut.gradients[1], 5 / 16, rtol=1e-5)
    parts = [(v * g).sum() for v, g in zip(cut.values, cut.gradients, strict=True)]
    np.testing.assert_allclose(sum(parts), cut.scores[0, 1], rtol=1e-5)


def test_weights_changed_after_the_first_call_are_seen():
    weights = np.ones((16, 2), dtype=np.float32)
    model = linear(weights)
    assert np.allclose(gradient(model, images(1, 4), 1), 0)
    weights[:, 1] = 3
    model.get_layer("head").set_weights([weights, np.zeros(2)])
    assert np.allclose(gradient(model, images(1, 4), 1), 2)


def test_layer_names_are_resolved_or_refused():
    model = nested()
    assert find_layers(model, (8, 8, 1), ["deep"]) == ("bone/deep",)
    assert find_layers(model, (8, 8, 1), ["mix"]) == ("mix",)
    with pytest.raises(OptionError, match="no layers with feature maps are called 'nowhere'"):
        find_layers(model, (8, 8, 1), ["nowhere"])


def test_default_layer_of_a_nested_model_is_its_last_with_maps():
    model = nested(16)
    assert last_spatial_layer(model, (16, 16, 1)) == "top"
    assert last_spatial_layer(model, (16, 16, 1), suggested=["bone/mix"]) == "bone/mix"
    shapes = {layer.path: layer.shape for layer in layer_outputs(model, (16, 16, 1))}
    assert shapes["bone/deep"] == (8, 8, 4)


def test_default_layer_is_never_coarser_than_needed():
    assert last_spatial_layer(nested(8), (8, 8, 1)) == "bone/mix"  # "top" is 4 x 4, this one 8 x 8


def test_a_model_without_maps_is_told_so():
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(image)))
    with pytest.raises(OptionError, match="no convolutional feature maps"):
        last_spatial_layer(model, (4, 4, 1))


def test_a_sequential_model_works():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
            keras.layers.Softmax(),
        ]
    )
    tapped = activations_and_gradients(model, ["conv"], images(1, 8), 1)
    kernel = model.layers[-2].get_weights()[0]
    np.testing.assert_allclose(tapped.gradients[0][0, 0, 0], (kernel[:, 1] - kernel[:, 0]) / 36, atol=1e-6)


def test_layers_worth_looking_at_are_known_by_name():
    image = keras.Input((8, 8, 1))
    x = image
    for name in ("block2", "block10", "head"):
        x = keras.layers.Conv2D(2, 1, name=f"size64_{name}")(x)
        keras_tap = keras.layers.Identity(name=f"tap_64_{name}")(x)
        x = keras.layers.Add()([x, keras_tap])
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x)))
    assert suggested_layers(model) == ("size64_block2", "size64_block10")
    assert suggested_layers(nested()) == ()
