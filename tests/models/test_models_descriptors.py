import numpy as np
from skimage.feature import graycomatrix, graycoprops
from skimage.feature import hog as peer_hog

from dl_core.models.images.descriptors import co_occurrence, describe, hog, intensity, local_patterns

GREY = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype("float32")


def test_hog_is_that_of_scikit_image():
    for image, ours in zip(GREY, hog(GREY), strict=True):
        peer = peer_hog(image, 9, pixels_per_cell=(7, 7), cells_per_block=(2, 2), block_norm="L2-Hys")
        np.testing.assert_allclose(ours, peer, atol=2e-4)


def test_co_occurrence_is_that_of_scikit_image():
    ours = co_occurrence(GREY, 1)
    for image, row in zip(GREY, ours, strict=True):
        levels = (image / 16).astype(np.uint8)
        peer = graycomatrix(
            levels, [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], levels=16, symmetric=True, normed=True
        )
        for index, name in enumerate(("contrast", "homogeneity", "energy", "correlation")):
            np.testing.assert_allclose(row[index], graycoprops(peer, name).mean(), rtol=1e-4)


def test_local_patterns_by_hand():
    flat = np.full((1, 6, 6), 9.0, np.float32)
    found = local_patterns(flat)[0].reshape(5, 10)
    np.testing.assert_allclose(found[:, 8], 1)  # all neighbours are at least as bright: pattern 8 everywhere
    corner = np.zeros((1, 4, 4), np.float32)
    corner[0, 1, 1] = 1.0  # the first centre is brighter than all its neighbours: pattern 0
    assert local_patterns(corner)[0].reshape(5, 10)[1, 0] == 1.0


def test_intensity_by_hand():
    half = np.zeros((1, 4, 4), np.float32)
    half[0, :, 2:] = 200.0
    found = intensity(half)[0]
    np.testing.assert_allclose(found[:3], [100, 100, 0], atol=1e-3)  # mean, spread, skewness
    np.testing.assert_allclose(found[8 + 0], 0.5)  # half of the pixels in the darkest of 16 bins
    np.testing.assert_allclose(found[8 + 12], 0.5)  # 200 lies in bin 12


def test_all_descriptors_are_finite_for_any_image():
    odd = np.stack([np.zeros((30, 30, 3)), np.full((30, 30, 3), 255), np.eye(30)[..., None] * [0, 100, 255]])
    assert np.isfinite(describe(odd.astype(np.uint8))).all()
    assert describe(GREY[..., None]).shape == (3, 440)
    assert describe(odd).shape == (3, 446)
