"""The embedded backbone against the original network's own numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from dl_core.errors import FileError
from dl_core.transfer.images import lite0
from dl_core.transfer.images.convert_lite0 import PHOTOGRAPHS, centre_crop

REFERENCE = json.loads((Path(__file__).parent / "lite0_reference.json").read_text(encoding="utf-8"))
CATS = range(281, 286)  # ImageNet's tabby, tiger, Persian, Siamese and Egyptian cat


def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


@pytest.fixture(scope="module")
def logits():
    data = pytest.importorskip("skimage.data")
    pictures = {name: centre_crop(getattr(data, name)()) for name in PHOTOGRAPHS} | {"pattern": lite0.pattern()}
    batch = np.stack([pictures[name] for name in REFERENCE]).astype("float32")
    return dict(zip(REFERENCE, np.asarray(lite0.classifier()(batch)), strict=True))


@pytest.mark.parametrize("name", REFERENCE)
def test_predictions_equal_the_original_network(logits, name):
    wanted = np.array(REFERENCE[name])
    assert np.abs(softmax(logits[name]) - softmax(wanted)).max() < 1e-3
    assert np.abs(logits[name] - wanted).max() < 1e-2


def test_a_cat_is_a_cat(logits):
    assert int(logits["chelsea"].argmax()) in CATS
    assert softmax(logits["chelsea"])[list(CATS)].sum() > 0.7


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
