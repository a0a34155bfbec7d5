import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.splits import Splits
from dl_core.errors import CancelledError, LimitError, OptionError, RunError
from dl_core.evaluate.evaluate import evaluate
from dl_core.models.base import Classifier, Offer
from dl_core.models.majority import Majority
from dl_core.models.store import load_about, save_about
from dl_core.schema import Role
from dl_core.train.classes import ClassAnswers
from dl_core.train.run import Run, TrainSpec
from dl_core.train.scoring import score_rows
from dl_core.train.session import Session, train_models

CALLS: list[str] = []


class Brightness(Classifier):
    """Knows that bright images are ill: the probability is a logistic curve of the mean grey level."""

    def fit(self, train, validation, context):
        CALLS.append("brightness")
        self.classes = train.classes
        self.weights = None if context.sample_weight is None else context.sample_weight.tolist()
        context.progress(0.5, "half way")

    def scores(self, data):
        ill = 1 / (1 + np.exp(-(data.images.mean(axis=(1, 2, 3)) - 128) / 20))
        return np.stack([1 - ill, ill], axis=1)

    def save(self, folder):
        save_about(folder, {"classes": list(self.classes), "weights": self.weights})

    @classmethod
    def load(cls, folder):
        model = cls()
        model.classes = tuple(load_about(folder)["classes"])
        return model


class Mistaken(Brightness):
    def fit(self, train, validation, context):
        raise OptionError("there is no such thing", where="here")


class Faulty(Brightness):
    def fit(self, train, validation, context):
        raise ZeroDivisionError


class Endless(Brightness):
    def fit(self, train, validation, context):
        while True:
            context.check_stop()


def offer(name, model, kind="deep"):
    return Offer(name, name.title(), kind, "A toy.", lambda: model)


OFFERS = {
    "majority": offer("majority", Majority, "baseline"),
    "brightness": offer("brightness", Brightness),
    "mistaken": offer("mistaken", Mistaken),
    "faulty": offer("faulty", Faulty),
    "endless": offer("endless", Endless),
}


def toy(count=60, seed=0, validation_labels=None):
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    images = np.clip(rng.normal(90 + 70 * y[:, None, None, None], 40, (count, 4, 4, 1)), 0, 255).astype(np.uint8)
    ids = [f"i{i}" for i in range(count)]
    labels = pd.Series(np.array(["healthy", "ill"])[y], index=ids)
    if validation_labels is not None:
        labels.iloc[30:40] = validation_labels
    table = pd.DataFrame({"label": labels}, index=ids)
    roles = {Role.LABEL: ("label",), Role.IMAGE: ("image",)}
    dataset = Dataset("toy", table, roles, Source("toy"), {"image": images}, ("healthy", "ill"))
    splits = Splits(tuple(ids[:30]), tuple(ids[30:40]), tuple(ids[40:]), "given", "by hand")
    return dataset, splits


def session(names, **changes):
    def judge(predictions, models):
        return evaluate(predictions, "by hand", metrics=("auroc", "accuracy"), n_resamples=20)

    return Session(
        **{"offers": {n: OFFERS[n] for n in names}, "answers": ClassAnswers("auroc"), "judge": judge, **changes}
    )


def train(folder, names, data=None, budget=None, **changes):
    dataset, splits = data or toy()
    spec = TrainSpec(tuple(names), time_budget=budget)
    return train_models("toy", dataset, splits, spec, folder, session(names, **changes))


def test_a_run_is_saved_and_read_back_whole(tmp_path):
    run = train(tmp_path / "run", ("brightness", "majority"))
    again = Run.load(tmp_path / "run")
    assert list(again.models) == ["brightness", "majority"]
    assert again.best == run.best == "brightness"
    assert again.models["majority"].validation == pytest.approx(0.5)
    assert again.models["brightness"].threshold is not None
    assert again.models["brightness"].size_bytes > 0
    pd.testing.assert_frame_equal(again.predictions.table, run.predictions.table)
    assert list(again.predictions.of("brightness").index) == list(run.splits.test)
    assert len(again.predictions.of("brightness", "validation")) == 10
    assert again.load_dataset().fingerprint == toy()[0].fingerprint


def test_predictions_are_decided_at_the_threshold_picked_on_validation(tmp_path):
    run = train(tmp_path / "run", ("brightness",))
    rows = run.predictions.of("brightness")
    expected = np.where(rows["score_ill"] >= run.models["brightness"].threshold, "ill", "healthy")
    assert list(rows["y_pred"]) == list(expected)
    np.testing.assert_allclose(rows[["score_healthy", "score_ill"]].sum(axis=1), 1)


def test_one_models_failure_does_not_lose_the_others(tmp_path):
    events = []
    run = train(tmp_path / "run", ("mistaken", "faulty", "brightness"), emit=events.append)
    assert {name: model.state for name, model in run.models.items()} == {
        "mistaken": "failed",
        "faulty": "failed",
        "brightness": "done",
    }
    assert run.models["mistaken"].reason == "here: there is no such thing."
    assert "Internal error (ZeroDivisionError)" in run.models["faulty"].reason
    states = [(e["model"], e["state"]) for e in events if e["event"] == "model"]
    assert states == [
        ("mistaken", "running"),
        ("mistaken", "failed"),
        ("faulty", "running"),
        ("faulty", "failed"),
        ("brightness", "running"),
        ("brightness", "done"),
    ]
    done = [e["done"] for e in events if e["event"] == "progress"]
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_all_models_failing_is_told_with_reasons(tmp_path):
    with pytest.raises(RunError, match="no such thing"):
        train(tmp_path / "run", ("mistaken",))
    assert not (tmp_path / "run" / "run.json").exists()


def test_baselines_come_first_and_what_does_not_fit_is_skipped(tmp_path):
    run = train(tmp_path / "run", ("endless", "majority", "brightness"), budget=0.4)
    assert run.models["majority"].state == "done"
    assert run.models["endless"].state == run.models["brightness"].state == "skipped"
    assert "0.4 s" in run.models["endless"].reason
    assert run.best == "majority"


def test_no_time_for_any_model_is_one_clear_line(tmp_path):
    with pytest.raises(LimitError, match="Increase the time budget"):
        train(tmp_path / "run", ("endless",), budget=0.05)


def test_cancel_ends_the_work(tmp_path):
    polls = iter([False, False, False])
    with pytest.raises(CancelledError):
        train(tmp_path / "run", ("endless",), should_stop=lambda: next(polls, True))
    assert not (tmp_path / "run" / "run.json").exists()


def test_an_unfinished_run_takes_over_what_was_trained(tmp_path):
    polls = iter([False] * 6)
    CALLS.clear()
    with pytest.raises(CancelledError):
        train(tmp_path / "run", ("brightness", "endless"), should_stop=lambda: next(polls, True))
    assert CALLS == ["brightness"]
    with pytest.raises(LimitError):  # other options: nothing is taken over
        dataset, splits = toy()
        spec = TrainSpec(("endless",), seed=5, time_budget=0.02)
        train_models("toy", dataset, splits, spec, tmp_path / "run", session(("endless",)))
    run = train(tmp_path / "run", ("brightness",))
    assert CALLS == ["brightness"]
    fresh = train(tmp_path / "fresh", ("brightness",))
    assert CALLS == ["brightness", "brightness"]
    pd.testing.assert_frame_equal(run.predictions.table, fresh.predictions.table)
    train(tmp_path / "run", ("brightness",))  # finished before, so it is trained anew
    assert len(CALLS) == 3


def test_weights_reach_the_model_in_the_order_of_its_rows(tmp_path):
    dataset, splits = toy()
    weights = pd.Series(np.arange(60.0), index=dataset.ids)[::-1]
    train(tmp_path / "run", ("brightness",), data=(dataset, splits), sample_weight=weights)
    assert load_about(tmp_path / "run/models/brightness")["weights"] == list(np.arange(30.0))


def test_validation_of_one_class_is_tolerated(tmp_path):
    run = train(tmp_path / "run", ("brightness", "majority"), data=toy(validation_labels="ill"))
    model = run.models["brightness"]
    assert (model.temperature, model.threshold) == (1.0, None)
    assert np.isnan(model.validation)
    assert run.best in ("brightness", "majority")


def test_new_rows_are_scored_and_strange_ones_flagged(tmp_path):
    def features(data, cache):
        return data.images.reshape(len(data), -1).astype(float)

    data, splits = toy(400)
    splits = Splits(
        splits.train + tuple(data.ids[100:]), splits.validation, tuple(data.ids[40:100]), "given", "by hand"
    )
    run = train(tmp_path / "run", ("brightness",), data=(data, splits), novelty=features)
    strange = np.zeros((2, 4, 4, 1), np.uint8)
    strange[0] = data.images[0]
    strange[1, ::2] = 255
    new = Dataset("new", pd.DataFrame(index=["a", "b"]), {Role.IMAGE: ("image",)}, Source("x"), {"image": strange})
    fitted = run.load_model("brightness", OFFERS["brightness"])
    table = score_rows(run, "brightness", fitted, new, features(new, None))
    assert list(table["row"]) == ["a", "b"]
    assert list(table["unlike_training"]) == [False, True]
    assert table["y_true"].isna().all()
    assert table["uncertain"].dtype == bool
    plain = score_rows(run, "brightness", fitted, new)
    assert not plain["unlike_training"].any()
