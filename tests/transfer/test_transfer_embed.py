"""Embedding: pooling by hand, both paths alike, each image once."""

import importlib.util

import numpy as np
import pytest

from dl_core.errors import CancelledError, OptionError, SchemaError
from dl_core.transfer.images import embed as module
from dl_core.transfer.images.embed import embed
from dl_core.transfer.images.graph import GridMeans, cells, resample_matrix
from dl_core.transfer.images.jitter import jitter
from dl_core.transfer.images.plan import EmbeddingPlan
from dl_core.transfer.images.rows import RowStore, image_keys

PLAN = EmbeddingPlan(sizes=(32,))
WIDTH = 5 * (24 + 40 + 80 + 112) + 1280


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 28, 28, 1)).astype(np.uint8)


@pytest.fixture
def counted(monkeypatch):
    """Replace the network by the image's mean, twice, and count the images that go through it."""
    seen = []

    def make(*_args):
        def run(batch):
            seen.append(len(batch))
            return np.repeat(batch.mean(axis=(1, 2, 3), dtype=np.float64)[:, None], 2, axis=1).astype(np.float32)

        return run

    monkeypatch.setattr(module, "make_runner", make)
    return seen


def test_resampling_by_hand():
    assert resample_matrix(2, 4).tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    halved = resample_matrix(4, 2)  # centres at 0.5 and 2.5, triangle of half-width 2
    np.testing.assert_allclose(halved[0], np.array([0.75, 0.75, 0.25, 0]) / 1.75, rtol=1e-6)
    np.testing.assert_allclose(resample_matrix(224, 96).sum(axis=1), 1, rtol=1e-5)


def test_grid_means_by_hand():
    x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    assert cells(3, 2) == [(0, 2), (1, 3)]
    assert np.asarray(GridMeans(2)(x))[0].tolist() == [4, 2, 3, 5, 6]
    assert np.asarray(GridMeans(0)(x))[0].tolist() == [4]


def test_both_paths_give_the_same_numbers(images):
    plain = embed(images, PLAN, fast=False)
    assert plain.shape == (10, WIDTH) and plain.dtype == np.float32
    if importlib.util.find_spec("ai_edge_litert") and importlib.util.find_spec("tensorflow"):
        np.testing.assert_allclose(embed(images, PLAN, fast=True), plain, atol=1e-3)
        np.testing.assert_allclose(embed(images[:3], PLAN, fast=True), plain[:3], atol=1e-3)


def test_each_image_is_embedded_once(images, counted, tmp_path):
    first = embed(images, PLAN, tmp_path)
    assert sum(counted) == 10
    again = embed(images[[7, 2, 2]], PLAN, tmp_path)
    assert sum(counted) == 10
    np.testing.assert_array_equal(again, first[[7, 2, 2]])
    mixed = np.concatenate([images[:2], images[:2] ^ 255, images[:2] ^ 255])
    rows = embed(mixed, PLAN, tmp_path)
    assert sum(counted) == 12  # two are known, two stand twice
    np.testing.assert_allclose(rows[:, 0], mixed.mean(axis=(1, 2, 3)), rtol=1e-6)


def test_another_plan_has_rows_of_its_own(images, counted, tmp_path):
    embed(images, PLAN, tmp_path)
    embed(images, EmbeddingPlan(sizes=(48,)), tmp_path)
    assert sum(counted) == 20


def test_a_cancelled_run_keeps_what_it_has(counted, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 4)
    monkeypatch.setattr(module, "CHUNK", 4)
    images = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)

    def stop(done, _text):
        if done > 0.5:
            raise CancelledError("the work was cancelled")

    with pytest.raises(CancelledError):
        embed(images, PLAN, tmp_path, stop)
    assert sum(counted) == 8
    embed(images, PLAN, tmp_path)
    assert sum(counted) == 10


def test_a_damaged_shard_is_computed_again(images, counted, tmp_path):
    first = embed(images, PLAN, tmp_path)
    for shard in tmp_path.rglob("*.rows.npy"):
        shard.write_bytes(b"broken")
    np.testing.assert_array_equal(embed(images, PLAN, tmp_path), first)
    assert sum(counted) == 20


def test_the_store_removes_its_oldest_shards(images, tmp_path, monkeypatch):
    monkeypatch.setattr("dl_core.transfer.images.rows.LARGEST_STORE", 300)
    store, keys = RowStore(tmp_path), image_keys(images)
    for start in (0, 5):
        store.add(keys[start : start + 5], np.ones((5, 8)))
    known, _ = store.find(keys)
    assert known.sum() == 5


def test_keys_depend_on_content_and_shape(images):
    assert len(set(map(bytes, image_keys(images)))) == 10
    assert bytes(image_keys(images[:1])[0]) != bytes(image_keys(images[:1].reshape(1, 14, 56, 1))[0])


def test_copies_are_the_same_each_time_and_small(images):
    smooth = np.clip(np.indices((28, 28)).sum(axis=0)[None, :, :, None] * 3 + 40, 0, 255).astype(np.uint8)
    first, second = jitter(smooth, 0), jitter(smooth, 1)
    np.testing.assert_array_equal(first, jitter(smooth, 0))
    assert (first != second).any() and np.abs(first.astype(int) - smooth).max() < 70
    np.testing.assert_array_equal(jitter(images)[[3]], jitter(images[[3]]))


def test_bad_shapes_and_plans_are_named(images):
    with pytest.raises(SchemaError, match="shape"):
        embed(images[:, :20], PLAN)
    with pytest.raises(SchemaError, match="no images"):
        embed(images[:0], PLAN)
    with pytest.raises(OptionError, match="sizes"):
        EmbeddingPlan(sizes=(16,))
    with pytest.raises(OptionError, match="grid"):
        EmbeddingPlan(grid=9)
    assert EmbeddingPlan.from_dict(PLAN.as_dict()) == PLAN
