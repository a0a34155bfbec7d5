"""What every forecaster owes: one test a duty, for all models that forecasting offers."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from dl_core.data.dataset import Dataset
from dl_core.data.series.ends import planned
from dl_core.data.series.panel import Panel
from dl_core.domains.forecasting import MODELS as OFFERS
from dl_core.errors import CancelledError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series import ensemble, network, pretrained
from dl_core.schema import Role
from tests.series import toy_dataset, toy_panel, toy_splits

HORIZON, LENGTH, SHOPS = 4, 60, 5
ADD_UP = {"nbeats"}  # models whose forecast is a sum of parts that have a name
STEPS = 2  # of training, and as many when going on


def context(**more):
    options = {"horizon": HORIZON, "epochs": 1, "lookback": 16, "time_limit": 10.0}
    return FitContext(seed=3, options=options, **more)


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    """Networks take a few steps of training, uncompiled: these are tests of duties, not of skill."""
    patch, fit, compiled = pytest.MonkeyPatch(), network.fit_forecasting, keras.Model.compile

    def quick(built, batch, part, plan, judge):
        return fit(built, batch, part, replace(plan, steps=STEPS, batch_size=8), judge)

    def eager(built, *args, **settings):
        compiled(built, *args, **settings | {"jit_compile": False, "run_eagerly": True})

    patch.setattr(network, "fit_forecasting", quick)
    patch.setattr(keras.Model, "compile", eager)
    recipes = ensemble.recipes_for
    patch.setattr(ensemble, "recipes_for", lambda panel, horizon: recipes(panel, horizon)[:2])
    for name in ("GENTLE", "FRESH"):
        patch.setattr(pretrained, name, replace(getattr(pretrained, name), steps=STEPS, every=STEPS))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def parts():
    """Training and validation steps of shops with covariates, one known ahead and one not."""
    data = toy_dataset(SHOPS, LENGTH, covariates=True)
    split = toy_splits(data, HORIZON, 1)
    return data.subset(split.train), data.subset(split.validation)


@pytest.fixture(scope="module", params=list(OFFERS))
def case(request, parts):
    """An offer with a model fitted on the training steps, and what its fit told."""
    offer, events = OFFERS[request.param], []
    model = offer.build()
    model.fit(*parts, context(emit=events.append))
    return offer, model, events


@pytest.fixture(scope="module")
def known(parts):
    """The training steps as a panel."""
    return Panel.of(parts[0])


def check(found, n, horizon=HORIZON):
    """Assert that forecasts are finite, ordered quantiles of the right shape."""
    assert found.shape == (n, horizon, len(LEVELS)) and found.dtype == np.float64
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=2) >= 0).all()


def close(found, expected):
    """Assert that forecasts are the same but for single precision."""
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3 * max(np.abs(expected).max(), 1e-9))


def test_quantiles_are_finite_ordered_and_follow_the_order_of_series(case, known):
    _, model, _ = case
    assert model.horizon == HORIZON
    found = model.forecast(known)
    check(found, SHOPS)
    assert (found >= 0).all()  # the shops never sold less than nothing
    close(model.forecast(known.take(np.arange(SHOPS)[::-1]))[::-1], found)


def test_saving_and_loading_does_not_change_a_model(case, known, tmp_path):
    offer, model, _ = case
    found = model.forecast(known)
    model.save(tmp_path)
    again = offer.load().load(tmp_path)
    close(again.forecast(known), found)
    assert again.horizon == HORIZON and again.parameters() == model.parameters() >= 0
    assert again.chosen == model.chosen
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".pkl", ".pickle", ".joblib")]


def test_other_horizons_are_reached(case, known):
    _, model, _ = case
    short, long = model.forecast(known, 2), model.forecast(known, 3 * HORIZON + 1)
    check(short, SHOPS, 2)
    check(long, SHOPS, 3 * HORIZON + 1)
    assert short.shape[1] == 2 and long.shape[1] == 13
    close(short[:, :, MIDDLE], model.forecast(known)[:, :2, MIDDLE])


def test_new_short_and_odd_series_are_answered(case):
    _, model, _ = case
    like = toy_panel(6, 20, covariates=True, seed=9)
    panel = like.until(np.arange(6), np.array([20, 5, 2, 1, 20, 20]))
    values = panel.values.copy()
    values[panel.starts[4] : panel.starts[5]] = 0.0
    values[panel.starts[5] :] = 7.0
    found = model.forecast(replace(panel, values=values))
    check(found, 6)
    assert (np.abs(found[4]) < 1).all()  # nothing ever, nothing now: at most the noise of an untrained network
    assert (np.abs(found[:4]) < 1e5).all()
    assert model.forecast(panel.take([])).shape == (0, HORIZON, len(LEVELS))


def test_missing_values_are_bridged(case, known):
    _, model, _ = case
    values = known.values.copy()
    values[known.starts[0] : known.starts[0] + 3] = np.nan
    values[known.starts[1] + 10] = np.nan
    values[known.starts[2] - 4 : known.starts[2]] = np.nan
    values[known.starts[3] : known.starts[4]] = np.nan
    found = model.forecast(replace(known, values=values))
    check(found, SHOPS)
    assert np.isfinite(model.forecast(replace(known, values=values).filled())).all()


def test_covariates_may_be_unknown_ahead(case, known):
    _, model, _ = case
    told = replace(known, ahead=np.ones((SHOPS, HORIZON, 1), dtype=np.float32))
    partly = told.ahead.copy()
    partly[:, 1:] = np.nan
    untold = model.forecast(replace(known, ahead=None))
    for panel in (told, replace(known, ahead=partly)):
        check(model.forecast(panel), SHOPS)
    nothing = model.forecast(replace(known, ahead=np.full_like(partly, np.nan)))
    assert np.abs(nothing - untold).max() <= 2e-3 * np.abs(untold).max()  # not known is not known, however it is said


def test_parts_add_up_to_the_central_forecast_where_there_are_any(case, known):
    offer, model, _ = case
    found = model.components(known.filled())
    assert (found is not None) == (offer.name in ADD_UP)
    if found is None:
        return
    assert len(found) > 1 and all(part.shape == (SHOPS, HORIZON) for part in found.values())
    central = model.ahead(known.filled())[:, :, MIDDLE]
    np.testing.assert_allclose(sum(found.values()), central, rtol=0.02, atol=0.01 * np.abs(central).max())


def test_the_graph_is_the_model(case, known):
    offer, model, _ = case
    graph = model.graph()
    assert (graph is not None) == (offer.kind == "deep")
    if graph is None:
        assert dict(model.inputs(known)) == {}
        return
    inputs = model.inputs(planned(known, HORIZON).filled())
    assert inputs["window"].shape[0] == SHOPS and inputs["window"].dtype.kind == "f"
    assert {name: value.shape[1:] for name, value in inputs.items()} == {
        name: tensor.shape[1:] for name, tensor in graph.input.items()
    }
    found = np.sort(np.asarray(graph.predict_on_batch(dict(inputs))), axis=2)
    np.testing.assert_allclose(found, model.forecast(known), rtol=5e-3, atol=5e-3 * np.abs(found).max())


def test_progress_is_told_and_stays_within_its_bounds(case):
    _, _, events = case
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done and all(0 <= value <= 1 for value in done)


def test_the_same_seed_gives_the_same_model_which_goes_on_from_more_steps(case, parts, known):
    offer, model, _ = case
    again = offer.build()
    again.fit(*parts, context())
    first, second = model.forecast(known), again.forecast(known)
    assert np.abs(second - first).max() <= 2e-3 * np.abs(first).max()
    whole = known.append(Panel.of(parts[1]))
    again.refit(whole, context())
    check(again.forecast(whole), SHOPS)
    assert again.horizon == HORIZON and again.chosen == model.chosen  # settings stay, the weights go on


@pytest.mark.parametrize("name", list(OFFERS))
def test_a_cancelled_fit_ends(name, parts):
    with pytest.raises(CancelledError):
        OFFERS[name].build().fit(*parts, context(should_stop=lambda: True))


@pytest.mark.parametrize("name", list(OFFERS))
def test_bare_short_series_without_held_windows_or_stamps_are_enough(name):
    data = toy_dataset(2, 14)
    table = data.table.assign(month=np.tile(np.arange(1, 15), 2))
    bare = Dataset("bare", table[["series", "month", "sales"]], data.roles, data.source)
    assert bare.roles[Role.TIME] == ("month",)
    model = OFFERS[name].build()
    model.fit(bare, bare.subset(bare.ids[:0]), context())
    check(model.forecast(Panel.of(bare)), 2)
