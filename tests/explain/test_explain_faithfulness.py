"""Faithfulness against hand-worked curves, masks and a network whose map must change with its weights."""

import numpy as np
import pytest

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import measure_orders, order_areas, rank_correlation, redrawn_weights, share_counts
from dl_core.explain.images.curves import area, centre_map, curve_areas, pixel_ranks, random_maps, step_images
from dl_core.explain.images.faithfulness import is_peak_inside, measure_maps, pointing_score, randomisation
from dl_core.explain.images.view import ModelView


def bright_share(images: np.ndarray) -> np.ndarray:
    """Probability of class 1: the share of pixels above 128."""
    p = (images[..., 0] > 128).mean(axis=(1, 2))
    return np.stack([1 - p, p], axis=1)


def test_area_by_hand():
    assert area(np.array([1.0, 0.0])) == 0.5
    assert area(np.array([1.0, 0.5, 0.0, 0.0])) == pytest.approx((0.75 + 0.25 + 0) / 3)


def test_ranks_follow_falling_heat_and_break_ties_at_random():
    np.testing.assert_allclose(pixel_ranks(np.array([[0.1, 0.9], [0.5, 0.2]])), [[0.75, 0], [0.25, 0.5]])
    flat = pixel_ranks(np.zeros((8, 8)))
    assert sorted(flat.ravel()) == sorted(np.arange(64) / 64)
    assert not np.array_equal(flat.ravel(), np.arange(64) / 64)


def test_steps_change_the_hottest_first():
    image, other = np.full((2, 2, 1), 9, np.uint8), np.zeros((2, 2, 1), np.uint8)
    found = step_images(image, other, np.array([[0.1, 0.9], [0.5, 0.2]]), steps=4)
    assert found[:, :, :, 0].reshape(5, 4).tolist() == [
        [9, 9, 9, 9],
        [9, 0, 9, 9],
        [9, 0, 0, 9],
        [9, 0, 0, 0],
        [0, 0, 0, 0],
    ]


def test_deletion_area_by_hand():
    # one bright row of eight; blurred (sigma 1 px) it is 0.4 × 200 = 80 and no longer bright, so deleting it costs all
    image = np.zeros((8, 8, 1), np.uint8)
    image[3] = 200
    best, worst = np.zeros((8, 8)), np.ones((8, 8))
    best[3], worst[3] = 1, 0
    found = curve_areas(ModelView(None, bright_share), image, {"best": best, "worst": worst}, 1, steps=4)
    assert found["best"][0] == pytest.approx(area(np.array([0.125, 0, 0, 0, 0])))
    assert found["worst"][0] == pytest.approx(area(np.array([0.125, 0.125, 0.125, 0.125, 0])))


def test_faithfulness_is_beside_random_and_centre():
    image = np.zeros((16, 16, 1), np.uint8)
    image[2:5, 2:5] = 250
    mask = image[..., 0] > 0
    found = measure_maps(ModelView(None, bright_share), image, {"true": mask.astype(float)}, 1, mask)["true"]
    assert found.deletion < min(found.random_deletion, found.centre_deletion)
    assert found.insertion > max(found.random_insertion, found.centre_insertion)
    assert (found.pointing, found.centre_pointing, found.randomisation) == (True, False, None)
    again = measure_maps(ModelView(None, bright_share), image, {"true": mask.astype(float)}, 1, mask)["true"]
    assert again == found


def test_without_a_mask_nothing_is_pointed_at():
    image = np.zeros((8, 8, 1), np.uint8)
    view = ModelView(None, bright_share)
    for mask in (None, np.zeros((8, 8), bool)):
        assert measure_maps(view, image, {"m": np.eye(8)}, 1, mask)["m"].pointing is None


def test_pointing_by_hand():
    mask = np.zeros((9, 9), bool)
    mask[2, 3] = True
    heat = np.zeros((9, 9))
    heat[2, 5] = 1
    assert not is_peak_inside(heat, mask)
    assert not is_peak_inside(heat, mask, tolerance=1.9)
    assert is_peak_inside(heat, mask, tolerance=2)
    heat[2, 3] = 2
    assert is_peak_inside(heat, mask)
    assert not is_peak_inside(np.ones((9, 9)), np.ones((9, 9), bool))  # a constant map points nowhere


def test_pointing_score_leaves_out_empty_masks():
    masks = np.zeros((3, 9, 9), bool)
    masks[0, 4, 4] = masks[1, 0, 0] = True
    heats = np.zeros((3, 9, 9))
    heats[:, 0, 0] = 1
    assert pointing_score(heats, masks) == (0.5, 0.5, 2)
    assert pointing_score(heats[:0], masks[:0]).n == 0


def test_centre_and_random_maps():
    centre = centre_map(5, 7)
    assert np.unravel_index(centre.argmax(), centre.shape) == (2, 3)
    assert centre[0, 0] == centre[-1, -1]
    maps = random_maps(20, 30)
    assert maps.shape == (3, 20, 30)
    assert np.array_equal(maps, random_maps(20, 30))
    assert not np.array_equal(maps[0], maps[1])


def test_rank_correlation_by_hand():
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    assert rank_correlation(a, np.array([[1.0, 2.0], [4.0, 3.0]])) == pytest.approx(0.8)  # 1 - 6 x 2 / (4 x 15)
    assert rank_correlation(a, np.ones((2, 2))) == 0


def test_randomisation_tells_a_map_of_the_model_from_a_map_of_the_image():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    image = keras.Input((16, 16, 1))
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")(
        keras.layers.Rescaling(1 / 255)(image)
    )
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1)).astype(np.uint8)
    view = ModelView.of_graph(model)
    before = [w.copy() for w in model.get_weights()]
    from dl_core.explain.images.base import draw_maps

    maps = draw_maps(view, pictures, "hirescam", 1)
    found = randomisation(view, pictures, "hirescam", maps.heats, maps.targets)
    assert all(abs(value) < 0.95 for value in found)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert randomisation(ModelView(None, bright_share), pictures, "occlusion", maps.heats, maps.targets) is None
    with redrawn_weights(model) as same:
        inside = same.get_weights()
    assert not np.array_equal(inside[0], before[0])
    assert np.array_equal(inside[1], before[1])  # biases stay


def test_areas_of_orders_by_hand():
    """Three units worth .5, .3 and .2 of the score; the areas are means of trapezoids over the number that went."""
    worth, asked = np.array([0.5, 0.3, 0.2]), []

    def scored(kept):
        asked.append(len(kept))
        return kept @ worth

    found = order_areas(np.array([[0, 1, 2], [2, 1, 0]]), np.array([0, 1, 2, 3]), scored)
    # the strongest first: what is left 1, .5, .2, 0, and what is back 0, .5, .8, 1
    np.testing.assert_allclose(found[0], [(0.75 + 0.35 + 0.1) / 3, (0.25 + 0.65 + 0.9) / 3])
    np.testing.assert_allclose(found[1], [(0.9 + 0.65 + 0.25) / 3, (0.1 + 0.35 + 0.75) / 3])
    assert asked == [8 - 2]  # subsets are scored once: all of three units but {1} and {0, 2}


def test_weights_are_followed_from_what_speaks_most_and_least():
    worth = np.array([0.5, 0.3, 0.2])
    found = measure_orders({"right": worth, "wrong": -worth}, np.arange(4), lambda kept: kept @ worth)
    right, wrong = found["right"], found["wrong"]
    assert (right.deletion, right.insertion) == pytest.approx((0.4, 0.6))
    assert (right.least_deletion, right.least_insertion) == pytest.approx((0.6, 0.4))
    assert (wrong.deletion, wrong.insertion) == pytest.approx((0.6, 0.4))
    assert right.deletion < right.random_deletion < wrong.deletion
    by_size = measure_orders({"a": np.array([-3.0, 0.1, 2.0])}, np.arange(4), lambda kept: kept @ worth, least=np.abs)
    assert by_size["a"].least_deletion == pytest.approx((0.85 + 0.6 + 0.25) / 3)  # .3, then .2, then .5 go


def test_shares_of_units_are_whole_numbers_that_rise():
    assert share_counts(2).tolist() == [0, 1, 2] and share_counts(10).tolist() == [0, 1, 2, 4, 5, 8, 10]


@pytest.mark.parametrize(
    ("deletion", "insertion", "passed"), [(0.1, 0.9, 2), (0.1, 0.5, 1), (0.4, 0.9, 1), (0.6, 0.4, 0)]
)
def test_faithful_is_what_beats_every_rival(deletion, insertion, passed):
    assert Faithfulness(deletion, insertion, 0.5, 0.45, 0.3, 0.8).passed == passed  # the centre map is the harder one
    assert Faithfulness(deletion, insertion, 0.5, 0.45).passed == (deletion < 0.5) + (insertion > 0.45)


def test_a_map_that_random_weights_would_draw_ignores_the_model():
    answers = [Faithfulness(0, 1, 0, 1, randomisation=value).depends_on_model for value in (None, -0.2, 0.5, 0.51)]
    assert answers == [None, True, True, False]
