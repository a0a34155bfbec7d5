"""Accounts of forecasts: weights that add up, stretches and covariates by name, and measures that can tell."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError
from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.explain.files import write_explanations
from dl_core.explain.request import ExplainRequest
from dl_core.explain.series.explain import explain_cases, explain_forecasts
from dl_core.explain.series.plain import ForecastDrivers, Lead, lead, steps_and_covariates
from dl_core.explain.series.view import Case, cut_pieces, times_text, usual_values
from dl_core.models.series.base import Forecaster
from tests.series import toy_dataset, toy_panel

SEASON, HORIZON = 4, 2
WEIGHTS = np.linspace(-0.05, 0.3, 16)  # of the last steps, oldest first
PAST, PROMO, AHEAD = 0.5, 2.0, 7.0  # of mean covariates in the window, and of the one known ahead


class Weighing(Forecaster):
    """Adds up weighted steps and covariates; the second step ahead is twice the first."""

    def __init__(self, covariates=True):
        self.horizon, self.chosen, self.covariates = HORIZON, {}, covariates

    reach = len(WEIGHTS)

    def learn(self, known, held, context):
        pass

    def inputs(self, panel):
        steps = panel.lengths[:, None] + np.arange(-len(WEIGHTS), 0)
        rows = panel.starts[:-1][:, None] + np.maximum(steps, 0)
        found = {"window": panel.values[rows].astype(np.float32)}
        if self.covariates and panel.past is not None:
            ahead = np.zeros((len(panel), HORIZON, 1)) if panel.ahead is None else np.nan_to_num(panel.ahead)
            found |= {"past": panel.past[rows], "future": np.concatenate([panel.future[rows], ahead], axis=1)}
        return found

    def ahead(self, panel):
        found = self.inputs(panel)
        total = found["window"] @ WEIGHTS
        if "past" in found:
            future = found["future"][..., 0]
            total = total + PAST * found["past"][..., 0].mean(axis=1) + PROMO * future[:, :-HORIZON].mean(axis=1)
            total = total + AHEAD * future[:, -HORIZON:].mean(axis=1)
        middle = np.stack([total, 2 * total], axis=1)
        return np.repeat(middle[:, :, None], len(LEVELS), axis=2)

    def components(self, panel):
        whole = self.ahead(panel)[:, :, 0]
        return {"trend": 0.75 * whole, "season": 0.25 * whole}

    def save(self, folder):
        pass

    @classmethod
    def load(cls, folder):
        return cls()


class Graphed(Weighing):
    """The same as a Keras graph."""

    def graph(self):
        keras = pytest.importorskip("keras")
        ops, length = keras.ops, len(WEIGHTS)
        inputs = {"window": keras.Input((length,), name="window")}
        total = ops.sum(inputs["window"] * WEIGHTS.astype(np.float32), axis=1)
        if self.covariates:
            inputs |= {"past": keras.Input((length, 1), name="past")}
            inputs |= {"future": keras.Input((length + HORIZON, 1), name="future")}
            future = inputs["future"][:, :, 0]
            total = total + PAST * ops.mean(inputs["past"], axis=(1, 2))
            total = (
                total + PROMO * ops.mean(future[:, :-HORIZON], axis=1) + AHEAD * ops.mean(future[:, -HORIZON:], axis=1)
            )
        middle = ops.stack([total, 2 * total], axis=1)[:, :, None]
        return keras.Model(inputs, ops.repeat(middle, len(LEVELS), axis=2))


def history(length=40, covariates=True, n=2):
    """Return what was known of some series when ``length`` steps had passed."""
    panel = toy_panel(n=n, length=60, season=SEASON, covariates=covariates)
    return panel.until(np.arange(n), np.full(n, length), horizon=HORIZON)


def by_hand(panel):
    """Return what each step adds to the mean of both steps ahead: 1.5 weights times distance from the usual."""
    values = panel.of_series(0)[-len(WEIGHTS) :]
    return 1.5 * WEIGHTS * (values - usual_values(values, panel.seasons))


def test_the_usual_is_the_mean_of_the_season_or_the_level():
    np.testing.assert_allclose(usual_values(np.array([1.0, 2.0, 3.0, 5.0]), (2,)), [2.0, 3.5, 2.0, 3.5])
    odd = usual_values(np.array([9.0, 1.0, 2.0, 3.0, 5.0]), (2,))  # places are counted from the end
    np.testing.assert_allclose(odd, [16 / 3, 2.0, 16 / 3, 2.0, 16 / 3])
    np.testing.assert_allclose(usual_values(np.array([1.0, 2.0, 6.0]), (2, 7)), [3.0, 3.0, 3.0])


@pytest.mark.parametrize(
    ("steps", "season", "pieces", "last", "first"),
    [
        (96, 12, 8, 12, 12),
        (100, 12, 9, 12, 4),
        (24, 12, 8, 3, 3),
        (5, 1, 5, 1, 1),
        (336, 24, 14, 24, 24),
        (1, 7, 1, 1, 1),
    ],
)
def test_stretches_are_seasons_or_parts_of_them_and_end_with_the_last_step(steps, season, pieces, last, first):
    found = cut_pieces(steps, season)
    sizes = np.bincount(found)
    assert len(found) == steps and len(sizes) == pieces
    assert (sizes[-1], sizes[0]) == (last, first) and (np.diff(found) >= 0).all()


def test_there_are_never_too_many_stretches():
    assert cut_pieces(1_000, 7)[-1] + 1 == 29 and cut_pieces(100, 1, most=8)[-1] + 1 == 8


def test_integrated_gradients_of_a_sum_are_its_summands():
    panel = history(covariates=False)
    one, other = explain_forecasts(Graphed(False), "toy", panel, ["integrated_gradients"])
    assert (one.row, other.row) == ("shop 0", "shop 1") and one.steps == 16 == len(one.features) == len(one.typical)
    np.testing.assert_allclose(one.heat[0], by_hand(panel), rtol=1e-3, atol=1e-3)
    assert one.gap == pytest.approx(0.0, abs=1e-2)
    assert one.features[-1] == "2013-04-01 00:00:00" and one.target == "mean over the horizon"


def test_occlusion_agrees_with_gradients_where_forecasts_add_up():
    panel = history(covariates=False, n=1)
    graph, plain = explain_forecasts(Graphed(False), "toy", panel, ["integrated_gradients", "occlusion"])
    sizes = np.bincount(cut_pieces(16, SEASON))
    by_piece = [np.add.reduceat(one.heat[0], np.cumsum(sizes) - sizes) for one in (graph, plain)]
    np.testing.assert_allclose(*by_piece, rtol=1e-3, atol=1e-2)
    assert plain.gap == pytest.approx(0.0, abs=1e-2) and plain.score == pytest.approx(graph.score, rel=1e-4)
    assert graph.faithfulness.leave_one_out > 0.99 and plain.faithfulness.leave_one_out is None


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_covariates_stand_beside_the_steps_and_what_is_known_ahead_by_itself(method):
    panel = history(n=1)
    panel.ahead[0, :, 0] = [1.0, 1.0]  # a promotion in both steps ahead
    (one,) = explain_forecasts(Graphed(), "toy", panel, [method], faithfulness=False)
    assert one.features[16:] == ("temp", "promo", "promo, ahead") and one.faithfulness is None
    usual = panel.future[-16:].mean()
    assert one.heat[0, -1] == pytest.approx(1.5 * AHEAD * (1.0 - usual), rel=1e-2)
    np.testing.assert_allclose(one.heat[0, 16:18], 0.0, atol=2e-2)  # a mean is not moved by putting it to its mean
    assert (one.values[-1], one.typical[-1]) == ("1", f"{usual:.4g}") and one.gap == pytest.approx(0.0, abs=2e-2)


def test_columns_of_one_category_are_one_covariate():
    panel = history(n=1)
    wet = (panel.past > panel.past.mean()).astype(np.float32)
    panel = replace(panel, past=np.hstack([wet, 1 - wet]), past_names=("sky=wet", "sky=dry"))
    for one in explain_forecasts(Graphed(), "toy", panel, ["integrated_gradients", "occlusion"], faithfulness=False):
        assert one.features[16:] == ("sky", "promo", "promo, ahead")
        share = panel.past[-16:, 0].mean()
        assert one.values[16] == (f"wet {share:.0%}" if share > 0.5 else f"dry {1 - share:.0%}")
    case = Case.of(Weighing(), panel, None)
    assert case.place.tolist() == [0, 0, 1, 2] and np.isfinite(case.swapped(np.eye(case.units, dtype=bool))).all()


def test_one_step_ahead_is_explained_by_itself():
    panel = history(covariates=False, n=1)
    (one,) = explain_forecasts(Graphed(False), "toy", panel, ["integrated_gradients"], step=2)
    np.testing.assert_allclose(one.heat[0], by_hand(panel) * 2 / 1.5, rtol=1e-3, atol=1e-3)
    assert one.target == "step 2: 2013-06-01 00:00:00"
    with pytest.raises(OptionError, match="no step 3"):
        explain_forecasts(Graphed(False), "toy", panel, ["occlusion"], step=3)


def test_a_graph_is_kept_while_it_says_what_the_model_says(monkeypatch):
    panel, model, made = history(covariates=False, n=2), Graphed(False), []
    build = model.graph
    monkeypatch.setattr(model, "graph", lambda: made.append(1) or build())
    explain_forecasts(model, "toy", panel, ["integrated_gradients"], faithfulness=False)
    assert len(made) == 1  # two cases
    monkeypatch.setattr(f"{__name__}.WEIGHTS", WEIGHTS[::-1])  # as if it were trained anew
    one, _ = explain_forecasts(model, "toy", panel, ["integrated_gradients"], faithfulness=False)
    assert len(made) == 2
    np.testing.assert_allclose(one.heat[0], by_hand(panel), rtol=1e-3, atol=1e-3)


def test_a_series_shorter_than_the_window_gets_what_its_filling_gets():
    panel = history(length=10, covariates=False, n=1)
    (one,) = explain_forecasts(Graphed(False), "toy", panel, ["integrated_gradients"])
    values = panel.values - usual_values(panel.values, panel.seasons)
    expected = 1.5 * WEIGHTS[6:] * values
    expected[0] += 1.5 * WEIGHTS[:6].sum() * values[0]
    np.testing.assert_allclose(one.heat[0], expected, rtol=1e-3, atol=1e-3)
    assert one.steps == 10


def test_the_telling_order_moves_the_forecast_faster_than_chance():
    for one in explain_forecasts(Graphed(), "toy", history(), ["integrated_gradients", "occlusion"]):
        found = one.faithfulness
        assert found.deletion < found.random_deletion < found.least_deletion
        assert found.insertion > found.random_insertion > found.least_insertion


def test_a_constant_series_has_nothing_to_explain_and_nothing_is_measured():
    panel = history(covariates=False, n=1)
    panel.values[:] = 5.0
    (one,) = explain_forecasts(Graphed(False), "toy", panel, ["integrated_gradients"])
    np.testing.assert_allclose(one.heat, 0.0, atol=1e-6)
    assert one.faithfulness is None and one.score == pytest.approx(one.base)


def test_gaps_are_filled_as_the_model_fills_them():
    panel = history(covariates=False, n=1)
    panel.values[-3] = np.nan
    (one,) = explain_forecasts(Weighing(False), "toy", panel, ["occlusion"])
    assert np.isfinite(one.heat).all() and np.isfinite(one.score)


def test_components_are_the_parts_that_the_model_adds_up():
    panel = history(covariates=False, n=1)
    (one,) = explain_forecasts(Weighing(False), "toy", panel, ["components"])
    assert one.parts == ("trend", "season") and one.heat.shape == (2, HORIZON)
    np.testing.assert_allclose(one.heat.sum(axis=0), Weighing(False).forecast(panel)[0, :, 0], rtol=1e-5)
    assert one.features == ("2013-05-01 00:00:00", "2013-06-01 00:00:00")
    assert one.score == pytest.approx(one.heat.sum() / 2)  # the mean of two steps


def test_a_method_that_a_model_lacks_is_left_out_and_named_where_none_is_left():
    panel = history(covariates=False, n=1)
    found = explain_forecasts(Weighing(False), "toy", panel, ["integrated_gradients", "occlusion"])
    assert [one.method for one in found] == ["occlusion"]
    with pytest.raises(OptionError, match="integrated_gradients"):
        explain_forecasts(Weighing(False), "toy", panel, ["integrated_gradients"])
    with pytest.raises(OptionError, match="no method"):
        explain_forecasts(Weighing(False), "toy", panel, ["magic"])


def test_cases_are_the_series_of_a_data_set_and_a_target_is_a_step():
    data = toy_dataset(n=2, length=40, season=SEASON)
    found = explain_cases(ExplainRequest(Weighing(False), "toy", data, ["occlusion"], "1", faithfulness=False))
    assert [one.row for one in found] == ["shop 0", "shop 1"] and found[0].target.startswith("step 1")
    with pytest.raises(OptionError, match="no forecast step"):
        explain_cases(ExplainRequest(Weighing(False), "toy", data, ["occlusion"], "May"))


def test_units_and_steps_share_weights_without_losing_any():
    case = Case.of(Weighing(), history(n=1), None)
    assert (case.steps, case.units) == (16, 8 + 3)
    units = np.arange(case.units, dtype=float)
    np.testing.assert_allclose(case.by_unit(case.by_step(units)), units)
    as_was = case.swapped(np.ones((1, case.units), dtype=bool))
    np.testing.assert_allclose(as_was, case.targets(case.panel))


def test_steps_without_time_stamps_are_named_by_their_number():
    assert times_text(np.array([3, 4])) == ("3", "4")


def test_what_counts_most_is_a_stretch_of_one_weight_or_a_covariate():
    steps = list(zip("abcdef", [0.0, 1.0, 1.0, -3.0, -3.0, 0.5], strict=True))
    assert lead(steps) == Lead(-3.0, "", 3, 4) and lead(steps[:3]) == Lead(1.0, "", 1, 2)
    assert lead(steps, [("rain", 2.0), ("promo", -14.0)]) == Lead(-14.0, "promo")
    assert lead(steps, [("rain", 2.0)]) == Lead(-3.0, "", 3, 4)
    assert lead([], [("rain", 2.0)]).name == "rain"


def test_plain_json_keeps_steps_apart_from_covariates():
    one = ForecastDrivers(
        "s", "m", "occlusion", "step 1", np.array([[1.0, -2.0, 0.25, 4.0]], np.float32), 9.0,
        features=("May", "June", "rain", "promo"), values=("1", "2", "3", "4"), typical=("0",) * 4, steps=2, base=5.0,
    )  # fmt: skip
    found = one.as_json()
    assert steps_and_covariates(found) == ([("May", 1.0), ("June", -2.0)], [("rain", 0.25), ("promo", 4.0)])
    assert one.covariates == [("promo", 4.0), ("rain", 0.25)]  # the strongest first
    assert one.gap == pytest.approx(9.0 - 5.0 - 3.25) and (found["score"], found["base"]) == (9.0, 5.0)
    assert (found["steps"], found["parts"], found["values"]) == (2, [], ["1", "2", "3", "4"])
    json.dumps(found, allow_nan=False)


def test_drivers_and_components_are_written_as_tables(tmp_path):
    panel = history(n=1)
    found = explain_forecasts(Weighing(), "toy", panel, ["occlusion", "components"], faithfulness=False)
    write_explanations(found, Dataset.from_images(np.zeros((0, 1, 1, 1), np.uint8)), tmp_path)
    drivers, parts = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("drivers", "components"))
    assert len(drivers) == 16 + 3 and drivers["series"].unique().tolist() == ["shop 0"]
    np.testing.assert_allclose(drivers["adds"], found[0].heat[0], rtol=1e-5)
    assert parts["part"].tolist() == ["trend"] * 2 + ["season"] * 2
    assert pd.read_csv(tmp_path / "explanations.csv")["method"].tolist() == ["occlusion", "components"]
