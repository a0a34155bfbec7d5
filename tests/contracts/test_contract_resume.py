"""What every network owes once it was killed: it goes on from its last checkpoint and ends where it would have ended.

Networks take few steps: these are tests of going on, not of skill.
"""

from dataclasses import replace

import keras
import numpy as np
import pytest

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.data.interactions.histories import Histories
from dl_core.data.series.panel import Panel
from dl_core.domain import domains
from dl_core.models.base import FitContext
from dl_core.models.images import finetuned, small_cnn
from dl_core.models.series import ensemble, network, pretrained
from tests.contracts.test_contract_models import tiny
from tests.contracts.test_contract_recommenders import draw, parts_of
from tests.series import toy_dataset, toy_splits

EPOCHS = 3
WITHOUT_STEPS = ("frozen_features", "zero_shot")  # nothing of them is trained step by step
OFFERS = {
    f"{domain.name}-{offer.name}": (domain.name, offer)
    for domain in domains().values()
    for offer in domain.models.values()
    if offer.kind == "deep" and offer.name not in WITHOUT_STEPS
}


class Killed(BaseException):
    """Stands for a process that died."""


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    patch, fit = pytest.MonkeyPatch(), network.fit_forecasting

    def quick(built, batch, part, plan, judge):
        return fit(built, batch, part, replace(plan, steps=2, batch_size=8), judge)

    patch.setattr(network, "fit_forecasting", quick)
    recipes = ensemble.recipes_for
    patch.setattr(ensemble, "recipes_for", lambda panel, horizon: recipes(panel, horizon)[:2])
    patch.setattr(pretrained, "GENTLE", replace(pretrained.GENTLE, steps=6, every=2, learning_rate=1e-5))
    for module in (finetuned, small_cnn):
        patch.setattr(module, "EPOCHS", (EPOCHS, EPOCHS))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def given(transactions, fraud_detection):
    """By domain: training and validation rows, options, and what asks a model."""
    split = pipeline.split(fraud_detection, transactions, 0, fraud_detection.parse_options({}))
    rows = [transactions.subset(part) for part in (split.train, split.validation, split.test)]
    lists, shops = parts_of(draw()), toy_dataset(5, 60, covariates=True)
    split = toy_splits(shops, 4, 1)
    steps = shops.subset(split.train), shops.subset(split.validation)
    return {
        "medical_imaging": ((tiny(), tiny(12, seed=1)), {}, lambda model: model.scores(tiny(10, seed=2))),
        "fraud_detection": (
            rows[:2],
            fraud_detection.parse_options({"epochs": str(EPOCHS)}),
            lambda model: model.scores(rows[2]),
        ),
        "recommendation": (
            lists,
            {"epochs": EPOCHS},
            lambda model: model.score_items(Histories.of(lists[0], model.catalogue)),
        ),
        "forecasting": (
            steps,
            {"horizon": 4, "epochs": EPOCHS, "lookback": 16},
            lambda model: model.forecast(Panel.of(steps[0])),
        ),
    }


@pytest.fixture
def uncompiled(monkeypatch):
    """Few steps are quicker than their compilation."""
    compiled = keras.Model.compile

    def eager(built, *args, **settings):
        compiled(built, *args, **settings | {"jit_compile": False, "run_eagerly": True})

    monkeypatch.setattr(keras.Model, "compile", eager)


@pytest.mark.parametrize("name", list(OFFERS))
def test_a_network_that_was_killed_goes_on_from_its_last_checkpoint(name, given, tmp_path, request):
    domain, offer = OFFERS[name]
    if domain != "fraud_detection":  # its networks take hundreds of steps
        request.getfixturevalue("uncompiled")
    parts, options, ask = given[domain]

    def trained(emit, checkpoint):
        model = offer.build()
        model.fit(*parts, FitContext(3, emit, options=options, cache=tmp_path / "cache", checkpoint=checkpoint))
        return ask(model)

    def kill(event):
        if event["event"] == "epoch" and any((tmp_path / "kept").glob("*.npz")):
            raise Killed

    whole, later = [], []
    expected = trained(whole.append, None)
    with pytest.raises(Killed):
        trained(kill, tmp_path / "kept")
    found = trained(later.append, tmp_path / "kept")
    epochs, more = ([event for event in events if event["event"] == "epoch"] for events in (whole, later))
    assert [one["epoch"] for one in epochs[:2]] == [1, 2]
    assert [one["epoch"] for one in more] == [one["epoch"] for one in epochs[1:]]  # all but the one that was kept
    np.testing.assert_allclose([one["loss"] for one in more], [one["loss"] for one in epochs[1:]], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert all(event["seconds_left"] >= 0 for event in epochs)
    told = [event for event in later if event["event"] == "progress" and "seconds_left" in event]
    assert told and all(0 <= event["done"] <= 1 for event in told)
