"""Networks of forecasting: scaling, windows, loss, stacks, going on, checkpoints, and the ensemble."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dl_core.data.series.ends import planned
from dl_core.data.series.panel import Panel
from dl_core.errors import CancelledError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models import training
from dl_core.models.base import FitContext
from dl_core.models.series import ensemble as ensemble_module
from dl_core.models.series import pretrained
from dl_core.models.series.base import Held
from dl_core.models.series.bases import knots, polynomial, waves
from dl_core.models.series.ensemble import DeepEnsemble
from dl_core.models.series.judge import mean_scaled_error, pick_weights
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.recipes import Recipe, recipes_for
from dl_core.models.series.ridge import LinearPath, LinearStart
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.stack import DenseStack, NBeats, NHits
from dl_core.models.series.train_network import ForecastPlan, QuantileLoss
from dl_core.models.series.windows import Covariates, Windows
from tests.series import toy_panel

HORIZON = 6
SMALL = {"width": 24, "batch_size": 64, "steps": 40, "epochs": 3, "lookback": 24, "learning_rate": 3e-3}
SCALINGS = [
    Scaling(),
    Scaling(log=False),
    Scaling(centre="mean", size="spread", log=True, lag=12),
    Scaling(centre="zero", size="level", log=False, lag=12, span=12),
    Scaling(centre="mean", size="lagged", log=False, lag=3),
]


def waves_panel(n: int = 6, length: int = 120, noise: float = 0.0) -> Panel:
    """Return clean sines of period 12 at several levels and phases, without time stamps."""
    step = np.arange(length)
    random = np.random.default_rng(0)
    series = [
        10.0 ** (at % 3) * (3 + np.sin(2 * np.pi * (step + 2 * at) / 12) + noise * random.normal(size=length))
        for at in range(n)
    ]
    return Panel(
        series=np.array([f"s{at}" for at in range(n)], dtype=object),
        starts=np.arange(n + 1) * length,
        values=np.concatenate(series),
        times=np.tile(step + 1, n),
        seasons=(12,),
        scale_season=12,
    )


def split_off(panel: Panel, horizon: int = HORIZON) -> tuple[Panel, Held]:
    """Return the panel without its last horizon, and that horizon held."""
    at = np.arange(len(panel))
    ends = panel.lengths - horizon
    return panel.until(at, ends), Held(panel.until(at, ends, horizon), panel.truth(at, ends, horizon))


def trained(model: NetworkForecaster, panel: Panel, context: FitContext | None = None) -> NetworkForecaster:
    """Return the model after learning from all but the last horizon."""
    model.horizon = HORIZON
    model.learn(*split_off(panel), context or FitContext(seed=1))
    return model


def weights_of(model: NetworkForecaster) -> np.ndarray:
    """Return all weights in one row."""
    return np.concatenate([np.ravel(weight) for one in model.networks for weight in one.get_weights()])


@pytest.fixture(scope="module")
def stack() -> NBeats:
    """A small N-BEATS of the clean sines."""
    return trained(NBeats(**SMALL), waves_panel())


@pytest.fixture(scope="module")
def informed() -> NHits:
    """A small N-HiTS of series with covariates and a calendar."""
    return trained(NHits(**{**SMALL, "epochs": 1}), toy_panel(covariates=True))


def test_scaling_by_hand() -> None:
    """Doublings are steps of one, counted back from the last value."""
    scaled, reference = Scaling().apply(np.array([[1.0, 2.0, 4.0]]), 2)
    assert np.allclose(scaled, [[-2, -1, 0]])
    assert np.allclose(reference.size, np.log(2))
    assert np.allclose(Scaling().target(np.array([[8.0, np.nan]]), reference), [[1, np.nan]], equal_nan=True)
    assert np.allclose(Scaling().back(np.array([[[1.0], [-1.0]]]), reference), [[[8.0], [2.0]]])


def test_scaling_counts_no_filled_up_steps() -> None:
    """A short series, filled on the left with its first value, has the size that it has without."""
    short, filled = np.array([[1.0, 3.0, 2.0]]), np.array([[1.0, 1.0, 1.0, 1.0, 3.0, 2.0]])
    plain = Scaling(log=False)
    assert np.allclose(plain.apply(short, 1)[1].size, plain.apply(filled, 1)[1].size)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_scaling_returns_and_knows_no_unit(scaling: Scaling) -> None:
    """Truths come back from the scaled unit, and a hundred times the series has the same scaled window."""
    random = np.random.default_rng(0)
    window = random.normal(size=(8, 36)) + np.where(np.arange(8) < 4, 10, 0)[:, None]
    truth = np.abs(random.normal(size=(8, 5)) + 10)
    scaled, reference = scaling.apply(window, 5)
    again = scaling.back(scaling.target(truth, reference)[:, :, None], reference)[:, :, 0]
    assert np.allclose(again, truth, rtol=1e-6)
    assert np.allclose(scaling.apply(100 * window, 5)[0], scaled, atol=1e-9)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("window", [[0.0] * 24, [7.0] * 24, [0.0] * 23 + [1e6], [1e-9] * 12 + [1e9] * 12])
def test_scaling_of_odd_windows_is_finite(scaling: Scaling, window: list[float]) -> None:
    """Zeros, constants and leaps neither divide by nothing nor explode."""
    scaled, reference = scaling.apply(np.array([window]), 3)
    found = scaling.back(np.full((1, 3, 2), 2.0), reference)
    assert np.isfinite(scaled).all()
    assert np.isfinite(found).all()
    assert np.isfinite(scaling.target(np.array([[0.0, 5.0, -5.0]]), reference)).all()


def test_windows_by_hand() -> None:
    """A window is filled with the first value on the left; truths after the end and gaps are missing."""
    panel = Panel(
        series=np.array(["a", "b"], dtype=object),
        starts=np.array([0, 6, 9]),
        values=np.array([1.0, 2, np.nan, 4, 5, 6, 10, 20, 30]),
        times=np.array([1, 2, 3, 4, 5, 6, 1, 2, 3]),
    )
    windows = Windows(panel, 4, 2, Covariates.of(panel))
    drawn = windows.cut(np.array([0, 1, 0]), np.array([4, 2, 1]))
    assert np.allclose(drawn.inputs["window"], [[1, 2, 3, 4], [10, 10, 10, 20], [1, 1, 1, 1]])
    assert np.allclose(drawn.truth, [[5, 6], [30, np.nan], [2, np.nan]], equal_nan=True)
    assert set(drawn.inputs) == {"window"}


def test_windows_draw_by_weight_and_recency() -> None:
    """Series without weight are never drawn, and ends before the last few neither."""
    panel = replace(waves_panel(3, 60), weight=np.array([0.0, 1.0, 3.0]))
    panel = replace(panel, values=np.repeat([1.0, 2.0, 3.0], 60) * 100 + np.tile(np.arange(60), 3))
    windows = Windows(panel, 8, HORIZON, Covariates.of(panel), recent=5)
    drawn = windows.draw(np.random.default_rng(0), 400)
    last = drawn.inputs["window"][:, -1]
    assert not (last < 200).any()
    assert 0.6 < (last > 300).mean() < 0.9
    assert set(last % 100) == {49, 50, 51, 52, 53}
    assert len(windows) == 15


def test_covariates_stand_beside_their_steps() -> None:
    """Known-ahead covariates reach over the steps ahead, past ones end with the window."""
    panel = toy_panel(2, 60, covariates=True)
    covariates = Covariates.of(panel)
    drawn = Windows(panel, 12, HORIZON, covariates).cut(np.array([1]), np.array([30]))
    rows = 60 + np.arange(18, 36)
    promo = (panel.future[rows, 0] - panel.future.mean()) / panel.future.std()
    assert drawn.inputs["future"].shape == (1, 18, 1 + covariates.calendar)
    assert np.allclose(drawn.inputs["future"][0, :, 0], promo, atol=1e-5)
    assert drawn.inputs["past"].shape == (1, 12, 1)
    again = Covariates.from_arrays(covariates.arrays())
    assert np.allclose(again.rows(panel)[0], covariates.rows(panel)[0])


def test_quantile_loss_is_the_pinball_loss() -> None:
    """A plain loop gives the same, and missing truths count for nothing."""
    random = np.random.default_rng(0)
    truth, found = random.normal(size=(3, 4)), random.normal(size=(3, 4, len(LEVELS)))
    truth[0, 1:] = np.nan
    wanted = []
    for one, quantiles in zip(truth, found, strict=True):
        losses = []
        for y, row in zip(one, quantiles, strict=True):
            if not np.isnan(y):
                pinball = [max(q * (y - f), (q - 1) * (y - f)) for q, f in zip(LEVELS, row, strict=True)]
                losses.append(2 * np.mean(pinball) + 0.5 * abs(y - row[MIDDLE]))
        wanted.append(np.sum(losses) / len(one))
    loss = QuantileLoss(0.5)(truth[:, :, None].astype("float32"), found.astype("float32"))
    assert np.isclose(float(np.asarray(loss)), np.mean(wanted), rtol=1e-5)


def test_rate_rises_and_falls() -> None:
    """The rate is highest after a twentieth of the steps and small at the end."""
    plan = ForecastPlan(epochs=4, steps=50, learning_rate=1.0)
    rates = [plan.rate(step, 200) for step in range(200)]
    assert int(np.argmax(rates)) in (9, 10)
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.02


def test_shapes_of_blocks_by_hand() -> None:
    """Lines join knots, powers start at the window's end, waves go on beyond it."""
    assert np.allclose(np.array([0.0, 2.0]) @ knots(2, 5), [0, 0.5, 1, 1.5, 2])
    past, ahead = polynomial(4, 2)
    assert np.allclose(ahead[1], [0.5, 1.0])
    assert np.allclose(past[:, -1], [1, 0, 0, 0])
    past, ahead = waves(12, 12, (12,))
    assert np.allclose(past, ahead, atol=1e-9)


def test_training_beats_the_naive_forecast(stack: NBeats) -> None:
    """On clean sines the stack is far better than repeating the last value."""
    known, held = split_off(waves_panel())
    last = np.repeat(known.values[known.starts[1:] - 1][:, None], HORIZON, axis=1)
    sizes = known.scales(1)
    error = mean_scaled_error(stack.forecast(held.history)[:, :, MIDDLE], held.truth, sizes)
    assert error < 0.4 * mean_scaled_error(last, held.truth, sizes)
    assert stack.chosen["length"] == 24
    assert 1 <= stack.chosen["epochs"] <= 3


def test_forecast_knows_no_unit(stack: NBeats) -> None:
    """Ten times the series has ten times the forecast."""
    panel = waves_panel(noise=0.1)
    ten = replace(panel, values=10 * panel.values)
    assert np.allclose(stack.forecast(ten), 10 * stack.forecast(panel), rtol=1e-4)


def test_components_sum_to_the_forecast(stack: NBeats) -> None:
    """Trend, season and rest are the central forecast, for series with and without logarithms."""
    panel = waves_panel(noise=0.1)
    for values in (panel.values, panel.values - 3):
        one = replace(panel, values=values)
        parts = stack.components(one)
        assert set(parts) == {"trend", "season", "rest"}
        assert np.allclose(sum(parts.values()), stack.ahead(one)[:, :, MIDDLE], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["stack", "informed"])
def test_graph_is_the_forecast(name: str, request: pytest.FixtureRequest) -> None:
    """The graph, with scaling inside, gives what `ahead` gives, and its quantiles are in order."""
    model = request.getfixturevalue(name)
    panel = toy_panel(covariates=True) if name == "informed" else waves_panel(noise=0.1)
    found = np.asarray(model.graph().predict_on_batch(dict(model.inputs(panel))))
    assert found.shape == (6, HORIZON, len(LEVELS))
    assert np.allclose(found, model.ahead(panel), rtol=1e-3, atol=1e-3)
    assert (np.diff(found, axis=2) >= -1e-4 * np.abs(found[:, :, 1:])).all()


@pytest.mark.parametrize("name", ["stack", "informed"])
def test_saving_changes_nothing(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A loaded model forecasts the same, new short series too."""
    model = request.getfixturevalue(name)
    model.save(tmp_path)
    again = type(model).load(tmp_path)
    panel = toy_panel(3, 9, covariates=name == "informed")
    assert np.array_equal(again.forecast(panel, 8), model.forecast(panel, 8))
    assert again.chosen == model.chosen
    assert again.parameters() == model.parameters() > 0


def test_known_ahead_covariates_are_read(informed: NHits) -> None:
    """A promotion told ahead changes the forecast; missing ones stand for not known."""
    panel = toy_panel(covariates=True)
    told = replace(panel, ahead=np.ones((6, HORIZON, 1), dtype=np.float32))
    unknown = replace(panel, ahead=np.full((6, HORIZON, 1), np.nan, dtype=np.float32))
    assert not np.allclose(informed.forecast(told), informed.forecast(panel))
    assert np.array_equal(informed.forecast(unknown), informed.forecast(panel))


def test_refit_goes_on_from_the_weights() -> None:
    """A few steps at a small rate change the weights a little, and nothing is chosen anew."""
    panel, events = waves_panel(noise=0.1), []
    model = trained(DenseStack(**{**SMALL, "epochs": 2}), panel)
    before, chosen = weights_of(model), dict(model.chosen)
    model.refit(panel, FitContext(seed=1, emit=events.append))
    moved = np.abs(weights_of(model) - before).max()
    assert 0 < moved < 0.1
    assert model.chosen == chosen
    assert [event["epochs"] for event in events if event["event"] == "epoch"] == [1]


def test_seeds_decide_and_are_averaged() -> None:
    """The same seed gives the same forecast; two networks are the mean in the scaled unit."""
    panel, tiny = waves_panel(noise=0.1), {**SMALL, "epochs": 1, "steps": 10, "width": 8}
    first, again = (trained(DenseStack(**tiny), panel) for _ in range(2))
    assert np.allclose(first.forecast(panel), again.forecast(panel), rtol=1e-5)  # threads add up in any order
    both = trained(DenseStack(**tiny), panel, FitContext(seed=1, options={"seeds": 2}))
    assert len(both.networks) == 2
    assert np.allclose(both.networks[0].get_weights()[0], first.networks[0].get_weights()[0])
    found = np.asarray(both.graph().predict_on_batch(dict(both.inputs(panel))))
    assert np.allclose(found, both.ahead(panel), rtol=1e-3)


def test_checkpoint_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training that was stopped after its first epoch goes on there, and ends where a whole one ends."""
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", float("inf"))
    panel, tiny, events = waves_panel(noise=0.1), {**SMALL, "epochs": 3, "steps": 10, "width": 8}, []

    def stop() -> bool:
        return any(event["event"] == "epoch" for event in events)

    stopped = FitContext(seed=1, checkpoint=tmp_path, emit=events.append, should_stop=stop)
    with pytest.raises(CancelledError):
        trained(DenseStack(**tiny), panel, stopped)
    later: list[dict] = []
    model = trained(DenseStack(**tiny), panel, FitContext(seed=1, checkpoint=tmp_path, emit=later.append))
    assert [event["epoch"] for event in later if event["event"] == "epoch"] == [2, 3]
    assert np.allclose(weights_of(model), weights_of(trained(DenseStack(**tiny), panel)), atol=1e-5)


def test_series_too_short_to_train_on_are_told() -> None:
    """A panel of single points trains nothing and still has a finite forecast."""
    panel, events = waves_panel(2, 1), []
    model = DenseStack(**{**SMALL, "lookback": 4})
    model.horizon = HORIZON
    model.learn(panel, None, FitContext(emit=events.append))
    assert events[0]["event"] == "warning"
    assert np.isfinite(model.forecast(panel)).all()


def test_linear_path_solves_sines(tmp_path: Path) -> None:
    """One linear layer continues clean sines almost exactly; held windows choose its penalty, and it is kept."""
    panel = waves_panel()
    _, held = split_off(panel)
    model = trained(LinearPath(lookback=24, scaling=Scaling(log=False)), panel)
    found = model.forecast(held.history)[:, :, MIDDLE]
    assert mean_scaled_error(found, held.truth, held.history.scales(1)) < 0.05
    assert model.chosen["ridge"] in (1e-3, 1e-2, 1e-1)
    model.refit(panel, FitContext(seed=1))
    model.save(tmp_path)
    assert np.array_equal(LinearPath.load(tmp_path).forecast(panel), model.forecast(panel))


def test_a_stack_may_start_from_the_linear_path() -> None:
    """After a few small steps it still continues clean sines as the linear path does."""
    panel = waves_panel()
    _, held = split_off(panel)
    changes = {**SMALL, "epochs": 1, "steps": 3, "learning_rate": 1e-4, "scaling": Scaling(log=False)}
    found = trained(LinearStart(**changes), panel).forecast(held.history)[:, :, MIDDLE]
    assert mean_scaled_error(found, held.truth, held.history.scales(1)) < 0.1


def test_weights_favour_the_better_member() -> None:
    """A perfect member gets most, a hopeless one nothing."""
    truth = np.array([[1.0, 2.0], [3.0, np.nan]])
    middles = np.stack([truth, truth + 0.0, truth + 50])
    middles[np.isnan(middles)] = 0.0
    weights = pick_weights(middles, truth, np.ones(2))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] >= 0.25
    assert weights[2] == 0


def test_recipes_follow_the_panel() -> None:
    """Weekly panels get look-backs around their year, hourly ones changes of the last week, short ones what fits."""
    weekly = replace(waves_panel(4, 400), seasons=(52,), scale_season=1)
    assert {52, 104} <= {recipe.changes["lookback"] for recipe in recipes_for(weekly, 13)}
    assert recipes_for(weekly, 13)[0].kind is LinearPath  # at once, for those in a hurry
    hourly = replace(waves_panel(4, 700), seasons=(24, 168), scale_season=24)
    assert {recipe.changes["scaling"].lag for recipe in recipes_for(hourly, 48)} == {24, 168}
    short = recipes_for(waves_panel(1, 30), 12)
    assert short
    assert all(recipe.changes["lookback"] <= 18 for recipe in short)


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends fine-tuning after a few steps."""
    monkeypatch.setattr(pretrained, "GENTLE", replace(pretrained.GENTLE, steps=20, every=5, batch=16))


@pytest.mark.usefixtures("few_steps")
def test_ensemble_picks_saves_and_shows_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ensemble weighs its members, goes on with all, and its graph and its saved copy forecast the same."""
    tiny = {**SMALL, "epochs": 1, "steps": 15, "width": 8}
    members = [Recipe(f"stack_{look}", DenseStack, {**tiny, "lookback": look}) for look in (12, 24)]
    monkeypatch.setattr(ensemble_module, "recipes_for", lambda panel, horizon: members)
    panel = waves_panel(noise=0.1)
    model = trained(DeepEnsemble(), panel)
    assert model.weights.sum() == pytest.approx(1)
    assert [one["name"] for one in model.chosen["members"]] == ["stack_12", "fine_tuned", "stack_24"]
    before = model.forecast(panel)
    model.refit(panel, FitContext(seed=1))
    assert not np.array_equal(model.forecast(panel), before)
    found = np.asarray(model.graph().predict_on_batch(dict(model.inputs(panel))))
    assert np.allclose(found, model.ahead(panel), rtol=1e-3)
    model.save(tmp_path)
    assert np.allclose(DeepEnsemble.load(tmp_path).forecast(panel), model.forecast(panel), rtol=1e-5)


@pytest.mark.usefixtures("few_steps")
def test_members_of_an_ensemble_read_what_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some members read the calendar, the linear path and the pretrained network do not: one graph serves all."""
    tiny = {**SMALL, "epochs": 1, "steps": 5, "width": 8, "lookback": 12}
    members = [Recipe("linear", LinearPath, {"lookback": 24}), Recipe("stack", DenseStack, tiny)]
    monkeypatch.setattr(ensemble_module, "recipes_for", lambda panel, horizon: members)
    panel = planned(toy_panel(4, 60, covariates=True), HORIZON)
    model = trained(DeepEnsemble(), panel)
    found = np.asarray(model.graph().predict_on_batch(dict(model.inputs(panel))))
    assert np.allclose(found, model.ahead(panel), rtol=2e-3)
