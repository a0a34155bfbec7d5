"""All that the backend can change, once more on JAX, in one process of its own; what it leaves is read on TensorFlow.

`on_jax` trains each architecture of the house; beside it run the training loop's own tests and one of each way that
gradients explain. XLA's costly passes are left out, as what is compiled runs a few times only.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.architectures import CASES, EXPLAINED

ROOT = Path(__file__).parents[2]
LOOP = "tests/models/test_models_keras_fit.py"
EXPLAINERS = "tests/contracts/test_contract_explainers.py"
CHOSEN = (
    "tests/contracts/on_jax.py",
    f"{LOOP}::test_a_stopped_fit_goes_on_from_its_checkpoint_as_if_never_stopped",
    f"{LOOP}::test_an_average_with_factor_near_one_hardly_moves",
    f"{EXPLAINERS}::test_the_blob_is_found",
    f"{EXPLAINERS}::test_contributions_of_columns_add_up_to_the_score",
    f"{EXPLAINERS}::test_parts_of_a_ranking_are_the_items_own",
    f"{EXPLAINERS}::test_accounts_of_a_forecast_add_up_to_it",
)
BARELY_COMPILED = {
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
}


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The folder of models that JAX trained."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("left")
    backend = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", **BARELY_COMPILED, "LEFT_BEHIND": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *CHOSEN],
        cwd=ROOT,
        env={**os.environ, **backend},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return folder


@pytest.fixture(scope="module", autouse=True)
def uncompiled():
    """One answer is quicker than its compilation."""
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_jax_trained_says_the_same_on_tensorflow(case, left):
    model = case.model.load(left / case.name / "model")
    assert_close(case.answers(model), np.load(left / case.name / "answers.npy"))
    if case.model in EXPLAINED:
        assert_close(case.gradients(model), np.load(left / case.name / "gradients.npy"))
