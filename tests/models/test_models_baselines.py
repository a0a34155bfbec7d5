import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import RunError, SchemaError
from dl_core.models.base import FitContext
from dl_core.models.images.augment import flips_and_shifts
from dl_core.models.images.pixels import PixelRegression
from dl_core.models.images.resize import area_matrix, shrink
from dl_core.models.images.texture import TextureBoosting
from dl_core.models.majority import Majority
from dl_core.models.store import load_arrays, read_checkpoint, write_checkpoint
from dl_core.models.trees import grow_trees, snapped, take_trees
from dl_core.models.weights import check_two_classes, row_weights
from dl_core.schema import Role

RNG = np.random.default_rng(0)


def dataset(images, labels, classes):
    table = pd.DataFrame({"label": labels}, index=[f"r{i}" for i in range(len(labels))])
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    return Dataset("toy", table, roles, Source("toy"), {"image": images}, classes)


def test_majority_counts_by_hand():
    data = dataset(np.zeros((4, 2, 2, 1), np.uint8), ["a", "b", "b", "b"], ("a", "b", "c"))
    model = Majority()
    model.fit(data, data, FitContext())
    np.testing.assert_allclose(model.scores(data), [[0.25, 0.75, 0.0]] * 4)
    model.fit(data, data, FitContext(sample_weight=np.array([3.0, 1, 1, 1])))
    np.testing.assert_allclose(model.scores(data)[0], [0.5, 0.5, 0.0])


def test_balanced_weights_by_hand():
    np.testing.assert_allclose(row_weights(np.array([0, 1, 1, 1]), 2), [2, 2 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(row_weights(np.array([0, 1]), 2, np.array([3.0, 1.0]), balanced=False), [1.5, 0.5])
    with pytest.raises(SchemaError, match="only the class 'b'"):
        check_two_classes(np.array([1, 1]), ("a", "b"))


def test_area_means_by_hand():
    np.testing.assert_allclose(area_matrix(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    np.testing.assert_allclose(shrink(image, 2)[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])
    assert shrink(image, 8).shape == (1, 4, 4, 1)


@pytest.mark.parametrize(("size", "channels"), [(40, 1), (20, 3)])
def test_the_pixel_graph_is_the_regression_even_with_a_class_not_seen(size, channels):
    images = RNG.integers(0, 256, (30, size, size, channels)).astype(np.uint8)
    data = dataset(images, (["a", "c"] * 15), ("a", "b", "c"))
    model = PixelRegression()
    model.fit(data, data.subset(data.ids[:10]), FitContext())
    out = np.asarray(model.graph().predict_on_batch(images.astype("float32")))
    np.testing.assert_allclose(out, model.scores(data), atol=1e-4)
    assert (model.scores(data)[:, 1] < 1e-6).all()


def test_trees_as_arrays_predict_as_scikit_learn_does():
    x = RNG.normal(size=(120, 6)).astype("float32")
    for y in ((x[:, 0] * x[:, 1] > 0).astype(int), np.digitize(x[:, 0] + x[:, 2], [-0.6, 0.6])):
        booster = HistGradientBoostingClassifier(max_iter=8, early_stopping=False, max_leaf_nodes=6).fit(x, y)
        trees = take_trees(booster, np.unique(y))
        fresh = RNG.normal(size=(50, 6)).astype("float32")
        np.testing.assert_allclose(trees.scores(fresh, y.max() + 1), booster.predict_proba(fresh), atol=1e-12)


def test_trees_are_cut_where_validation_was_best():
    x = RNG.normal(size=(100, 3)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    noise = RNG.integers(0, 2, 100)
    good = grow_trees((x, y), (x, y), 2, np.ones(100), FitContext())
    none = grow_trees((x, y), (x, noise), 2, np.ones(100), FitContext())
    assert len(good.root) > 20
    assert len(none.root) < len(good.root)


def test_texture_tells_stripes_from_dots_of_the_same_brightness():
    stripes = np.tile(np.arange(28)[:, None] % 2, (40, 1, 28)) * 200
    dots = np.tile((np.arange(28)[:, None] + np.arange(28)[None, :]) % 2, (40, 1, 1)) * 200
    images = np.concatenate([stripes, dots])[..., None] + RNG.integers(0, 40, (80, 28, 28, 1))
    data = dataset(images.astype(np.uint8), ["stripes"] * 40 + ["dots"] * 40, ("stripes", "dots"))
    model = TextureBoosting()
    model.fit(data.subset(data.ids[::2]), data.subset(data.ids[1::4]), FitContext())
    held_out = data.subset(data.ids[3::4])
    assert (model.scores(held_out).argmax(axis=1) == held_out.targets).all()


def test_augmentation_keeps_shape_range_and_flips_when_told():
    ramp = np.tile(np.arange(0, 240, 10, dtype="float32")[None, None, :, None], (64, 24, 1, 1))
    change = flips_and_shifts(flips=True, contrast=0.0, brightness=0.0)
    changed = change(ramp, np.random.default_rng(1))
    rising = changed[:, 0, -1, 0] > changed[:, 0, 0, 0]
    assert 15 < rising.sum() < 49
    assert changed.shape == ramp.shape
    assert set(np.unique(changed)) <= set(np.unique(ramp))
    kept = flips_and_shifts(flips=False)(ramp, np.random.default_rng(1))
    assert (kept[:, 0, -1, 0] > kept[:, 0, 0, 0]).all()
    assert kept.min() >= 0
    assert kept.max() <= 255


def test_files_that_are_damaged_or_hold_objects_are_refused(tmp_path):
    np.savez(tmp_path / "objects.npz", a=np.array([{"x": 1}], dtype=object))
    (tmp_path / "half.npz").write_bytes(b"PK\x03\x04 and then nothing")
    for name in ("objects.npz", "half.npz", "missing.npz"):
        with pytest.raises(RunError, match=name):
            load_arrays(tmp_path / name)


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = tmp_path / "new" / "a.npz"
    arrays = {"model": [np.arange(3), np.array(2.5)], "none": []}
    write_checkpoint(path, arrays, {"epoch": 4, "key": "k"})
    found, about = read_checkpoint(path)
    np.testing.assert_array_equal(found["model"][0], [0, 1, 2])
    assert found["model"][1] == 2.5
    assert found["none"] == []
    assert about["epoch"] == 4
    assert read_checkpoint(tmp_path / "no.npz") is None


def test_snapped_values_keep_order_and_cut_half_way():
    x = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, np.nan], [10.0, 7.0], [11.0, 7.0]])
    found = snapped(x, 3)
    np.testing.assert_array_equal(found[:, 0], [0.0, 0.0, 2.0, 11.0, 11.0])  # quantiles 0, 2, 11; cuts at 1 and 6.5
    np.testing.assert_array_equal(found[:, 1], x[:, 1])
