"""Backbones by name, and what happens without a network."""

import keras
import numpy as np
import pytest

from dl_core.errors import NetworkError, OptionError
from dl_core.transfer.images.backbones import APPLICATIONS, BACKBONES, get_backbone


def test_every_application_exists_in_keras():
    for class_name, module in APPLICATIONS.values():
        assert hasattr(getattr(keras.applications, module), "preprocess_input")
        assert callable(getattr(keras.applications, class_name))


def test_taps_have_the_depth_and_size_of_the_stages():
    model = BACKBONES["efficientnet_lite0"].build(64)
    shapes = [tuple(output.shape[1:]) for output in model.outputs]
    assert shapes == [(16, 16, 24), (8, 8, 40), (4, 4, 80), (4, 4, 112), (2, 2, 1280)]


def test_nothing_is_built_behind_the_last_tap():
    maps = get_backbone("efficientnet_lite0").maps(keras.Input((64, 64, 3)), until=("block2", "block1"))
    assert list(maps) == ["block0", "block1", "block2"]


def test_an_application_gives_renamed_flat_stages_without_weights():
    inputs = keras.Input((64, 64, 3))
    maps = get_backbone("mobilenet_v2").maps(inputs, "size64_", pretrained=False)
    assert set(maps) == {"stage1", "stage2", "stage3", "stage4", "head"}
    assert [maps[f"stage{i}"].shape[1] for i in (1, 2, 3, 4)] == [16, 8, 4, 2]
    names = [layer.name for layer in keras.Model(inputs, maps["head"]).layers]
    assert sum(name.startswith("size64_") for name in names) > 100
    assert not any(name.startswith("_") for name in names)


def test_no_network_is_one_clear_line(monkeypatch, tmp_path):

    def refuse(*_args, **_options):
        raise Exception("URL fetch failure on https://example.org/w.h5: None -- [Errno 111] Connection refused")

    monkeypatch.setattr(keras.applications, "MobileNetV2", refuse)
    with pytest.raises(NetworkError, match="could not be downloaded") as caught:
        get_backbone("mobilenet_v2").maps(keras.Input((64, 64, 3)))
    assert "\n" not in caught.value.line() and "efficientnet_lite0" in caught.value.line()


def test_unknown_names_and_small_images_are_named():
    with pytest.raises(OptionError, match="alexnet"):
        get_backbone("alexnet")
    with pytest.raises(OptionError, match="block99"):
        get_backbone("efficientnet_lite0").check_taps(("block99",))
    with pytest.raises(OptionError, match="too small"):
        get_backbone("efficientnet_lite0").maps(keras.Input((16, 16, 3)))


def test_layers_of_the_embedded_network_do_not_start_with_an_underscore():
    model = get_backbone("efficientnet_lite0").build(32)
    assert not any(layer.name.startswith("_") for layer in model.layers)
    assert np.isfinite(np.asarray(model(np.full((1, 32, 32, 3), 255.0, "float32"))[-1])).all()
