"""Learning on: a network that met one fraud pattern learns the next, and nothing where there is nothing to learn."""

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.keras_fit import FitPlan
from dl_core.models.table.updating import FOLDS, learn_gently


def network(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])


def rows(column, count=600, seed=0):
    x = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    return x, (x[:, column] > 1.0).astype(np.int64)


def loss(model, x, y):
    return -np.log(np.asarray(model.predict_on_batch(x))[np.arange(len(y)), y]).mean()


def test_a_new_pattern_is_learned_from_the_weights_as_they_are():
    model, (x, y) = network(), rows(1)
    before = loss(model, x, y)
    learn_gently([("n", model)], (x, y), FitPlan(batch_size=32, learning_rate=0.5), FitContext())
    assert loss(model, x, y) < 0.8 * before


def test_without_fraud_nothing_changes():
    model, (x, _) = network(), rows(1)
    before = [np.array(weight) for weight in model.get_weights()]
    learn_gently([("n", model)], (x, np.zeros(len(x), dtype=np.int64)), FitPlan(learning_rate=0.5), FitContext())
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_week_of_noise_teaches_nothing():
    model, (x, y) = network(), rows(1)
    learn_gently([("n", model)], (x, y), FitPlan(batch_size=32, learning_rate=0.5), FitContext())
    noise = np.random.default_rng(1).integers(0, 2, len(y))
    held = np.arange(len(y)) % FOLDS == FOLDS - 1
    before = loss(model, x[held], noise[held])
    learn_gently([("n", model)], (x, noise), FitPlan(batch_size=32, learning_rate=100.0), FitContext())
    assert loss(model, x[held], noise[held]) <= before + 1e-5
