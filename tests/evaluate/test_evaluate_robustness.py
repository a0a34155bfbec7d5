"""Corruptions as pure functions, and scores along their strengths."""

import json

import numpy as np
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.images.stress import CORRUPTIONS, brightness, contrast, noise, pick_rows, robustness, rotation


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:48, :48] / 48
    waves = [np.sin(a * x + b * y + c) for a, b, c in rng.uniform(2, 14, (4, 3))]
    shades = np.stack([128 + 90 * wave[:, :, None] * np.array([1.0, 0.9, 0.8]) for wave in waves])
    return np.clip(shades + rng.normal(0, 3, shades.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_pure_seeded_and_stronger_by_degrees(name, channels, images):
    pictures, corruption = images[..., :channels], CORRUPTIONS[name]
    kept = pictures.copy()
    spoilt = [corruption(pictures, strength, 3) for strength in range(6)]
    assert (pictures == kept).all() and (spoilt[0] == pictures).all() and spoilt[0] is not pictures
    assert all(s.dtype == np.uint8 and s.shape == pictures.shape for s in spoilt)
    assert (corruption(pictures, 4, 3) == spoilt[4]).all()
    change = [np.abs(s.astype(float) - pictures).mean() for s in spoilt]
    assert change == sorted(change) and change[1] > 0 and change[5] > 1.5 * change[1]


def test_amounts_by_hand():
    grey = np.full((1, 2, 2, 1), 100, np.uint8)
    assert (brightness(grey, 30) == 130).all() and (brightness(grey, 200) == 255).all()
    halves = np.array([[[[0], [200]], [[0], [200]]]], np.uint8)
    assert sorted(set(contrast(halves, 50).ravel())) == [50, 150]
    wide = noise(np.full((1, 100, 100, 1), 128, np.uint8), 10, seed=1)
    assert wide.std() == pytest.approx(10, abs=0.3) and wide.mean() == pytest.approx(128, abs=0.3)


def test_quarter_turns_are_exact(images):
    turned = rotation(images, 90, seed=0)
    for before, after in zip(images, turned, strict=True):
        assert (after == np.rot90(before, 1)).all() or (after == np.rot90(before, -1)).all()


def test_rows_are_stratified():
    y_true = np.array([0] * 900 + [1] * 99 + [2])
    rows = pick_rows(y_true, 100)
    assert np.bincount(y_true[rows]).tolist() == [90, 9, 1] and (np.diff(rows) > 0).all()
    assert pick_rows(y_true[:50]).tolist() == list(range(50))


def test_scores_fall_along_the_slider():
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 2, 250)
    pictures = np.zeros((250, 8, 8, 1), np.uint8) + (60 + 120 * y_true).astype(np.uint8)[:, None, None, None]
    seen = []

    def by_brightness(x):
        positive = 1 / (1 + np.exp(-(x.mean(axis=(1, 2, 3)) - 120) / 10))
        return np.column_stack([1 - positive, positive])

    rows = robustness(
        {"eye": by_brightness, "coin": lambda x: np.tile([0.4, 0.6], (len(x), 1))},
        pictures,
        y_true,
        "brightness",
        progress=lambda done, text: seen.append((done, text)),
    )
    assert len(rows) == 12 and seen[0][0] == 0.0 and seen[-1] == (1.0, "Brightness: done")
    eye = [row for row in rows if row["model"] == "eye"]
    assert [row["value"] for row in eye][:3] == [1.0, 1.0, 1.0] and eye[-1]["value"] < 0.7
    assert all(row["low"] <= row["value"] <= row["high"] and 190 <= row["n"] <= 200 for row in rows)
    assert eye[0]["low"] > 0.97 and eye[2]["amount"] == 30.0
    json.dumps(rows, allow_nan=False)


def test_what_does_not_exist(images):
    with pytest.raises(OptionError, match="no corruption 'rain'.*noise, blur"):
        robustness({}, images, np.zeros(4, int), "rain")
    with pytest.raises(OptionError, match="no severity 6"):
        CORRUPTIONS["noise"](images, 6)
    with pytest.raises(OptionError, match="no metric"):
        robustness({}, images, np.zeros(4, int), "noise", metric="luck")
