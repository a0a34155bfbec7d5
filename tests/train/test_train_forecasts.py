"""How a session asks forecasters: windows, calibration, going on to newer steps, and the model that was judged."""

from __future__ import annotations

import numpy as np
import pytest

from dl_core.evaluate.series.forecasts import LEVELS, Forecasts
from dl_core.models.base import FitContext, Offer
from dl_core.models.series.base import Forecaster
from dl_core.models.store import load_about, save_about
from dl_core.train.run import JUDGED, Run, TrainSpec
from dl_core.train.series.answers import CONFORMAL, ForecastAnswers, cases_of, new_rows
from dl_core.train.session import Session, train_models
from tests.series import toy_dataset, toy_panel, toy_splits

HORIZON = 6


class Newest(Forecaster):
    """Says how many steps it has learned from, for every step and level; so a forecast tells what was known."""

    def learn(self, known, held, context):
        """Note how much is known."""
        self.steps = int(known.lengths[0])
        self.held = None if held is None else held.truth.shape

    def ahead(self, panel):
        """Return the number of steps, and quantiles around it."""
        spread = np.array(LEVELS) - 0.5
        return np.broadcast_to(self.steps + spread, (len(panel), self.horizon, len(LEVELS))).copy()

    def save(self, folder):
        """Write both numbers."""
        save_about(folder, {"steps": self.steps, "horizon": self.horizon})

    @classmethod
    def load(cls, folder):
        """Read both numbers."""
        made = cls()
        about = load_about(folder)
        made.steps, made.horizon, made.chosen = about["steps"], about["horizon"], {}
        return made


OFFER = Offer("newest", "Newest", "deep", "For tests.", lambda: Newest)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    dataset = toy_dataset(n=3, length=60)
    splits = toy_splits(dataset, HORIZON, windows=2)
    spec = TrainSpec(("newest",), options={"horizon": HORIZON})
    answers = ForecastAnswers("mase", spec.options)
    from dl_core.evaluate.results import Evaluation

    session = Session(
        offers={"newest": OFFER},
        answers=answers,
        judge=lambda said, models: Evaluation.from_dict(
            {"metrics": [], "curves": {}, "protocol": splits.protocol, "classes": []}
        ),
    )
    return train_models("shops", dataset, splits, spec, tmp_path_factory.mktemp("run"), session)


def test_validation_is_asked_of_training_and_the_test_of_both(run):
    validation = run.predictions.cases("newest", "validation")
    test = run.predictions.cases("newest", "test")
    assert np.all(validation.middle == 60 - 4 * HORIZON)
    assert np.all(test.middle == 60 - 2 * HORIZON)
    assert len(test) == 6
    assert test.windows.tolist() == [0, 0, 0, 1, 1, 1]


def test_truth_and_times_follow_the_origins(run):
    test = run.predictions.cases("newest", "test")
    panel = toy_panel(n=3, length=60)
    np.testing.assert_allclose(test.truth[0], panel.of_series(0)[48:54])
    np.testing.assert_allclose(test.truth[3], panel.of_series(0)[54:60])
    assert np.array_equal(test.times[0], panel.times[48:54])


def test_the_kept_model_has_seen_the_test_and_the_judged_one_has_not(run):
    assert (run.model_folder("newest") / JUDGED).is_dir()
    assert run.load_model("newest", OFFER).steps == 60
    assert run.load_model("newest", OFFER, judged=True).steps == 60 - 2 * HORIZON


def test_a_run_comes_back_with_forecasts(run):
    again = Run.load(run.folder)
    assert isinstance(again.predictions, Forecasts)
    np.testing.assert_allclose(
        again.predictions.cases("newest").quantiles, run.predictions.cases("newest").quantiles, rtol=1e-6
    )


def test_rows_given_as_a_test_are_never_learned():
    dataset = toy_dataset(n=2, length=60)
    splits = toy_splits(dataset, HORIZON, windows=1)
    fixed = splits.part_of().reindex(dataset.ids)
    from dataclasses import replace

    answers = ForecastAnswers("mase", {"horizon": HORIZON})
    parts = answers.parts(replace(dataset, fixed_split=fixed), splits)
    model = Newest()
    model.fit(parts["train"], parts["validation"], FitContext(options={"horizon": HORIZON}))
    assert not answers.finish(model, parts, FitContext())
    assert model.steps == 60 - 2 * HORIZON
    assert answers.settle(model, parts, FitContext())
    assert model.steps == 60 - HORIZON


def test_intervals_are_calibrated_and_medians_stay(run):
    fitted = run.models["newest"]
    assert fitted.chosen[CONFORMAL]
    lines = new_rows(fitted, run.load_model("newest", OFFER), toy_panel(n=3, length=60), {})
    new = Forecasts(lines).cases("newest", "new")
    assert np.all(new.middle == 60)
    assert np.all(np.diff(new.quantiles, axis=2) >= 0)
    assert np.isnan(new.truth).all()
    wide = new.quantiles[:, :, -1] - new.quantiles[:, :, 0]
    assert wide.min() > LEVELS[-1] - LEVELS[0]  # a constant forecast is far off, so its intervals must grow


def test_a_longer_horizon_goes_on(run):
    lines = new_rows(run.models["newest"], run.load_model("newest", OFFER), toy_panel(n=1, length=60), {"horizon": 15})
    assert lines["step"].tolist() == list(range(1, 16))
    assert lines["time"].is_monotonic_increasing


def test_answers_survive_as_arrays(run):
    dataset = toy_dataset(n=3, length=60)
    answers = ForecastAnswers("mase", {"horizon": HORIZON})
    parts = answers.parts(dataset, toy_splits(dataset, HORIZON, windows=2))
    answer = answers.ask(run.load_model("newest", OFFER), "test", parts)
    assert answers.count(answer) == 6
    assert cases_of(answer).quantiles.shape == (6, HORIZON, len(LEVELS))
    assert all(isinstance(part, np.ndarray) and part.dtype != object for part in answer.values())
