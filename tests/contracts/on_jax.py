"""What each architecture owes on JAX: compiled steps of training that teach, answers, gradients, a copy on disk.

`test_contract_jax` runs this file in a process of its own, then asks TensorFlow about the models that it leaves behind.
Nearly all of the time is compilation, so what is the same for all networks is compiled for none: first weights come
from NumPy, and steps are plain ones. The optimizer and its loop have their own tests, which run beside this file.
"""

import os
import sys
from pathlib import Path

import jax
import keras
import numpy as np
import pytest

from dl_core.models import training
from dl_core.models.base import FitContext
from tests.contracts.architectures import CASES, EXPLAINED, SOLVED

STEPS, ROWS = 8, 16
LEFT_BEHIND = Path(os.environ.get("LEFT_BEHIND", "."))


class WithoutTensorFlow:
    """Finds TensorFlow nowhere: what runs on JAX does without."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(name)


@pytest.fixture(scope="module", autouse=True)
def little_to_compile():
    patch, random = pytest.MonkeyPatch(), np.random.default_rng(0)

    def drawn(self, shape, dtype=None):
        spread = getattr(self, "maxval", shape[0] ** -0.5)
        return jax.device_put(random.normal(0, spread, shape).astype("float32"))

    def filled(value):
        return lambda self, shape, dtype=None, layout=None: jax.device_put(np.full(shape, value, dtype))

    for initializer in ("VarianceScaling", "Orthogonal", "RandomNormal", "RandomUniform"):
        patch.setattr(getattr(keras.initializers, initializer), "__call__", drawn)
    for initializer, value in (("Zeros", 0), ("Ones", 1)):
        patch.setattr(getattr(keras.initializers, initializer), "__call__", filled(value))
    patch.setattr(keras.optimizers, "AdamW", lambda rate, **settings: keras.optimizers.SGD(rate))
    patch.setattr(sys, "meta_path", [WithoutTensorFlow(), *sys.meta_path])
    yield
    patch.undo()


@pytest.fixture
def losses(monkeypatch, case):
    """Makes of a training a few steps on the first rows of its first batch, and returns what they lost."""
    told = []

    def few(part):
        return part[:ROWS] if np.ndim(part) else part

    class Short(training._Training):
        def __init__(self, network, batches, context, plan, judge, until, key):
            first = keras.tree.map_structure(few, next(iter(batches(0)[1])))
            told.append([])
            super().__init__(network, lambda epoch: (STEPS, [first] * STEPS), context, plan, judge, 1, key)
            monkeypatch.setattr(network, "train_on_batch", self._noted(network.train_on_batch))

        def _noted(self, step):
            def noted(*batch, **more):
                told[-1].append(float(step(*batch, **more)))
                return told[-1][-1]

            return noted

        def _set_rate(self, rate):
            super()._set_rate(case.rate)

    monkeypatch.setattr(training, "_Training", Short)
    return told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_steps_teach_and_leave_a_model(case, losses):
    assert "tensorflow" not in sys.modules
    folder = LEFT_BEHIND / case.name
    (folder / "model").mkdir(parents=True)
    model = case.trained(FitContext(seed=3, options={"lookback": 12}))
    assert losses or case.model in SOLVED
    for steps in losses:
        assert np.isfinite(steps).all() and np.mean(steps[-3:]) < steps[0]
    model.save(folder / "model")
    np.save(folder / "answers.npy", case.answers(model))
    if case.model in EXPLAINED:
        np.save(folder / "gradients.npy", case.gradients(model))
