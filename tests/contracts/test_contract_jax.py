"""The contracts of networks and explainers once more on the JAX backend, each in a process of its own.

Only what the backend can change is run again: models without a network are left out, and so are, for the fine-tuned
backbone, the duties that compile it once more for another shape or seed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = "tests/contracts"
IMAGES = "(frozen or small_cnn or fine_tuned) and not (fine_tuned and (same_seed or colour or stop))"
LISTS = "(deep_blend or sasrec) and not (cancelled or bare or same_seed)"
SERIES = "(nbeats or zero_shot) and (graph or saving)"
TABLES = "feed_forward or recurrent or autoencoder or pretrained"


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        pytest.param([f"{CONTRACTS}/test_contract_models.py"], IMAGES, id="image models"),
        pytest.param(["tests/models/test_models_keras_fit.py"], "", id="training loop"),
        pytest.param([f"{CONTRACTS}/test_contract_table_models.py"], TABLES, id="table models"),
        pytest.param([f"{CONTRACTS}/test_contract_recommenders.py"], LISTS, id="recommenders"),
        pytest.param([f"{CONTRACTS}/test_contract_forecasters.py"], SERIES, id="forecasters"),
        pytest.param(
            [f"{CONTRACTS}/test_contract_explainers.py", "tests/explain/test_explain_forecasts.py"], "", id="explainers"
        ),
    ],
)
def test_contract_holds_on_jax(files: list[str], chosen: str) -> None:
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", chosen, *files],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout or "100%" in done.stdout
