"""The embedded backbone against the original network's own numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from dl_core.errors import FileError
from dl_core.transfer.images import lite0
from dl_core.transfer.images.convert_lite0 import PHOTOGRAPHS, centre_crop

REFERENCE = json.loads((Path(__file__).parent / "lite0_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def features():
    import keras

    data = pytest.importorskip("skimage.data")
    pictures = {name: centre_crop(getattr(data, name)()) for name in PHOTOGRAPHS} | {"pattern": lite0.pattern()}
    batch = np.stack([pictures[name] for name in REFERENCE]).astype("float32")
    inputs = keras.Input((224, 224, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(lite0.trunk(inputs)["head"])
    return dict(zip(REFERENCE, np.asarray(keras.Model(inputs, pooled)(batch)), strict=True))


@pytest.mark.parametrize("name", REFERENCE)
def test_features_equal_the_reference(features, name):
    wanted = np.array(REFERENCE[name])
    assert wanted.shape == (lite0.HEAD_CHANNELS,) and wanted.std() > 0.3
    assert np.abs(features[name] - wanted).max() < 2e-3


def test_there_are_sixteen_blocks_with_four_halvings():
    table = lite0.block_table()
    assert len(table) == 16
    assert [i for i, block in enumerate(table) if block[1] == 2] == [1, 3, 5, 11]


def test_damaged_weights_are_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "efficientnet_lite0.npz"
    damaged.write_bytes(lite0.WEIGHTS.read_bytes()[:-1])
    lite0.weights.cache_clear()
    monkeypatch.setattr(lite0, "WEIGHTS", damaged)
    with pytest.raises(FileError, match="damaged"):
        lite0.weights()
    monkeypatch.setattr(lite0, "WEIGHTS", tmp_path / "nothing.npz")
    with pytest.raises(FileError, match="missing"):
        lite0.weights()
