"""The networks of tables and their encoder: what they owe as models, honest probabilities, and hard tables."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.table.recent import RECENT_FEATURES, recent_steps
from dl_core.errors import CancelledError, SchemaError
from dl_core.models.base import FitContext
from dl_core.models.table.encode import LARGEST, TableEncoder
from dl_core.models.table.feed_forward import FeedForward
from dl_core.models.table.layers import Curves, HonestLogits, StepAttention, knots
from dl_core.models.table.recurrent import Recurrent
from dl_core.schema import Role

CLASSES = ("honest", "fraud")


def made(count=300, seed=0, share=0.2, wide=0):
    """Transactions whose fraud shows in the amount and in the kind of shop."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(count) < share
    frame = pd.DataFrame(
        {
            "amount": rng.gamma(2, 20, count) * np.where(fraud, 6, 1),
            "shop": np.where(fraud, rng.choice(["web", "toys"], count), rng.choice(["food", "web", None], count)),
            "days since": np.where(rng.random(count) < 0.7, np.nan, rng.gamma(1, 5, count)),
            "same": 1.0,
            "label": np.where(fraud, "fraud", "honest"),
            "account": rng.choice(["a", "b", "c", "d"], count),
            "time": pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 30 * 24, count), unit="h"),
            **{f"noise {i}": rng.normal(size=count) for i in range(wide)},
        },
        index=[f"{i}" for i in range(count)],
    )
    roles = {
        Role.AMOUNT: ("amount",),
        Role.FEATURE: ("shop", "same", *(f"noise {i}" for i in range(wide))),
        Role.HISTORY: ("days since",),
        Role.LABEL: ("label",),
        Role.ENTITY: ("account",),
        Role.TIME: ("time",),
    }
    recent = recent_steps(frame["time"].to_numpy(), frame["account"], frame["amount"].to_numpy(), steps=3)
    return Dataset("made", frame, roles, Source("made"), {"recent": recent}, CLASSES)


@pytest.fixture(scope="module", params=[(FeedForward, 2), (Recurrent, 1)], ids=["feed_forward", "recurrent"])
def case(request):
    """A fitted model, of two networks or one, and what its fit told."""
    kind, networks = request.param
    events, model = [], kind(networks=networks)
    model.fit(made(), made(100, seed=1), FitContext(seed=3, emit=events.append, options={"epochs": 6}))
    return model, events


def test_it_finds_fraud_and_returns_probabilities_in_the_order_of_rows(case):
    model, _ = case
    data = made(120, seed=2)
    scores = model.scores(data)
    assert scores.shape == (120, 2)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    fraud = data.targets == 1
    assert np.median(scores[fraud, 1]) > np.quantile(scores[~fraud, 1], 0.9)
    np.testing.assert_allclose(model.scores(data.subset(data.ids[::-1])), scores[::-1], atol=1e-5)


def test_the_graph_takes_the_inputs_and_the_columns_cover_them(case):
    model, _ = case
    data = made(20, seed=2)
    x = model.inputs(data)
    assert x.dtype == np.float32
    np.testing.assert_allclose(np.asarray(model.graph().predict_on_batch(x)), model.scores(data), atol=1e-5)
    columns = model.input_columns()
    assert [column.start for column in columns] == [0, *(column.stop for column in columns[:-1])]
    assert columns[-1].stop == x.shape[1]
    assert [column.name for column in columns][:3] == ["amount", "days since", "shop"]
    assert columns[1].stop - columns[1].start == 2, "a number and its flag of missing"
    if isinstance(model, Recurrent):
        assert columns[3].name == f"{RECENT_FEATURES[0]}, 2 transactions ago"
        assert columns[-1].name == f"{RECENT_FEATURES[-1]}, this transaction"


def test_saving_and_loading_changes_nothing(case, tmp_path):
    model, _ = case
    model.save(tmp_path)
    again, data = type(model).load(tmp_path), made(50, seed=2)
    np.testing.assert_allclose(again.scores(data), model.scores(data), atol=1e-6)
    assert again.classes == CLASSES
    assert again.parameters() == model.parameters() > 1_000
    assert again.input_columns() == model.input_columns()


def test_the_same_seed_gives_the_same_scores(case):
    model, _ = case
    again = type(model)(networks=model.networks)
    again.fit(made(), made(100, seed=1), FitContext(seed=3, options={"epochs": 6}))
    np.testing.assert_allclose(again.scores(made(50, seed=2)), model.scores(made(50, seed=2)), atol=1e-5)


def test_progress_never_goes_back_and_ends_at_one(case):
    _, events = case
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)
    assert all("val_auprc" in event for event in events if event["event"] == "epoch")


def test_a_stop_ends_the_fit(case):
    with pytest.raises(CancelledError):
        type(case[0])().fit(made(), made(), FitContext(should_stop=lambda: True))


@pytest.mark.parametrize("imbalance", ["weights", "focal", "none"])
def test_probabilities_are_honest_whatever_is_done_about_rarity(imbalance):
    model = FeedForward()
    options = {"epochs": 8, "imbalance": imbalance}
    model.fit(made(1_500, share=0.05), made(0), FitContext(options=options))
    mean = model.scores(made(1_500, seed=1, share=0.05))[:, 1].mean()
    assert 0.02 < mean < 0.1


def test_weights_of_rows_count():
    data = made(400)
    rng = np.random.default_rng(7)  # not the one that made the rows
    drawn = replace(data, table=data.table.assign(label=rng.choice(["fraud", "honest"], 400, p=[0.2, 0.8])))
    model = FeedForward()
    weight = np.where(drawn.targets == 1, 8.0, 1.0)  # 0.2 · 8 / (0.2 · 8 + 0.8) = 2 / 3
    model.fit(drawn, made(0), FitContext(options={"epochs": 4}, sample_weight=weight))
    assert 0.5 < model.scores(made(200, seed=1))[:, 1].mean() < 0.8


def test_one_fraud_and_two_thousand_columns_do_no_harm():
    data = made(60, wide=2_000)
    table = data.table.assign(label=["fraud"] + ["honest"] * 59)
    model = FeedForward()
    model.fit(replace(data, table=table), made(0, wide=2_000), FitContext(options={"epochs": 1}))
    assert np.isfinite(model.scores(data)).all()


def test_what_prediction_may_bring_does_no_harm(case):
    model, _ = case
    data = made(6, seed=2)
    table = data.table.assign(amount=[np.nan, np.inf, -np.inf, 1e300, -5, 0], shop="never seen").drop(
        columns="days since"
    )
    roles = {role: columns for role, columns in data.roles.items() if role != Role.HISTORY}
    assert np.isfinite(model.scores(replace(data, table=table, roles=roles))).all()
    assert model.scores(made(0)).shape == (0, 2)


def test_one_class_or_nothing_to_learn_from_is_said():
    data = made(40)
    with pytest.raises(SchemaError, match="class"):
        FeedForward().fit(replace(data, table=data.table.assign(label="honest")), data, FitContext())
    empty = replace(data, roles={Role.LABEL: ("label",), Role.FEATURE: ("same",)})
    with pytest.raises(SchemaError, match="features are constant"):
        FeedForward().fit(empty, empty, FitContext())
    with pytest.raises(SchemaError, match="sequence"):
        Recurrent().fit(replace(data, arrays={}), data, FitContext())


def test_the_encoder_standardises_flags_and_names():
    data = made(500)
    encoder = TableEncoder.fit(data)
    assert encoder.numeric == ("amount", "days since")
    assert encoder.categorical == ("shop",)
    x = encoder.numbers(data)
    assert x.shape == (500, encoder.width) == (500, 3)
    assert abs(x[:, 0].mean()) < 1e-5
    assert x[:, 0].std() == pytest.approx(1, abs=0.01)
    missing = data.table["days since"].isna().to_numpy()
    assert (x[missing, 1] == 0).all()
    assert (x[:, 2] == missing).all()
    huge = replace(data, table=data.table.assign(amount=1e12))
    assert (encoder.numbers(huge)[:, 0] == LARGEST).all()
    order = np.argsort(data.table["amount"])
    assert (np.diff(x[order, 0]) >= 0).all(), "larger amounts are larger numbers"
    codes = encoder.codes(data)[:, 0]
    assert ((codes == 0) == data.table["shop"].isna()).all()
    assert codes.max() + 1 == encoder.sizes()[0]
    assert encoder.frame(data).columns.tolist() == ["amount", "days since", "shop"]


def test_the_encoder_skips_what_says_nothing():
    data = made(100)
    table = data.table.assign(
        empty=np.where(np.arange(100) < 70, np.nan, np.arange(100.0)), own=[f"id {i}" for i in range(100)], flag=True
    )
    table["flag"] = np.arange(100) % 2 == 0
    roles = {**data.roles, Role.FEATURE: ("empty", "own", "same", "flag", "shop")}
    encoder = TableEncoder.fit(replace(data, table=table, roles=roles))
    assert encoder.numeric == ("amount", "days since"), "history may be missing mostly, a user's column may not"
    assert encoder.categorical == ("flag", "shop")


def test_curves_are_piecewise_linear_in_the_knots():
    layer = Curves(2, 1)
    layer.build((None, 1))
    layer.place(np.array([[0.0, 1.0, 3.0]], dtype=np.float32))
    layer.kernel.assign([[[10.0], [1.0]]])
    layer.linear.assign([[0.0]])
    out = np.asarray(layer(np.array([[0.5], [1.0], [2.0], [5.0], [-1.0]], dtype=np.float32)))[:, 0]
    np.testing.assert_allclose(out, [5.0, 10.0, 10.5, 12.0, 0.0])  # 10 · 1 + 1 · (5 - 1) / 2; below 0 ReLU ends it


def test_knots_of_few_values_and_of_none():
    found = knots(np.array([[0.0, 7.0], [1.0, 7.0], [0.0, 7.0]]), 4)
    np.testing.assert_allclose(found[1][:2], [7, 8])
    assert found[0][0] == 0
    assert np.nanmax(found[0]) == 1
    assert knots(np.zeros((3, 0)), 4).shape[0] == 0


@pytest.mark.parametrize("truth", [0.01, 0.3, 0.5, 0.9])
def test_focal_logits_become_honest(truth):
    q = np.linspace(1e-4, 1 - 1e-4, 200_001)
    loss = -truth * (1 - q) ** 2 * np.log(q) - (1 - truth) * q**2 * np.log(1 - q)
    best = q[loss.argmin()]
    logits = np.array([[0.3, 0.3 + np.log(best / (1 - best))]], dtype=np.float32)
    honest = np.asarray(HonestLogits(2.0)(logits))[0]
    assert 1 / (1 + np.exp(honest[0] - honest[1])) == pytest.approx(truth, abs=1e-3)
    shifted = np.asarray(HonestLogits(0.0, np.log(4))(np.array([[0.0, 0.0]], dtype=np.float32)))[0]
    assert 1 / (1 + np.exp(shifted[0] - shifted[1])) == pytest.approx(1 / 5)


def test_attention_leaves_missing_steps_out():
    keras.utils.set_random_seed(0)
    layer = StepAttention(4)
    states = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")
    out = layer([states, np.ones((1, 2), "float32"), np.array([[0.0, 0.0, 1.0]], "float32")])
    np.testing.assert_allclose(np.asarray(out), states[:, 2], rtol=1e-5)
