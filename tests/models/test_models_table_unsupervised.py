"""Models that see no label, and what is made from them: a pretrained encoder and made-up frauds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import CancelledError, SchemaError
from dl_core.models.base import FitContext
from dl_core.models.table.autoencoder import Autoencoder
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.isolation import Isolation, path_length, take_forest
from dl_core.models.table.ordinary import OrdinaryRange, cut
from dl_core.models.table.pretrained import PretrainedEncoder, label_curve
from dl_core.models.table.prior import without_labels
from dl_core.models.table.ranks import LEAST, RankMap
from dl_core.models.table.synthetic import SyntheticFeedForward, fit_cvae
from dl_core.schema import Role

CONTEXT = FitContext(seed=1, options={"epochs": 4})


class Work:
    """What a verb hands to a learning curve."""

    cache = None

    def __init__(self):
        self.events = []
        self.emit = self.events.append

    @staticmethod
    def should_stop():
        return False


def rows(count=500, seed=0, odd=0.04, labels=True):
    """Three numbers that hang together and a category; odd rows break the bond or are huge."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=count)
    table = pd.DataFrame({"amount": np.exp(base), "usual": base + 0.1 * rng.normal(size=count)})
    table["count"] = rng.poisson(3, count).astype(float)
    table["known fraud rate"] = rng.random(count)
    table["kind"] = rng.choice(["a", "b", "c"], count, p=[0.5, 0.4, 0.1])
    fraud = rng.random(count) < odd
    table.loc[fraud, "amount"] *= 40
    table.loc[::11, "usual"] = np.nan
    roles = {Role.AMOUNT: ("amount",), Role.FEATURE: ("kind",), Role.HISTORY: ("usual", "count", "known fraud rate")}
    if labels:
        table["label"] = np.where(fraud, "fraud", "honest")
        roles[Role.LABEL] = ("label",)
    table.index = [str(i) for i in range(count)]
    return Dataset("rows", table, roles, Source("made"), classes=("honest", "fraud"))


def area(model, data):
    score, fraud = model.scores(data)[:, 1], data.targets == 1
    return (score[fraud][:, None] > score[~fraud][None]).mean()


def test_path_lengths_by_hand():
    np.testing.assert_allclose(path_length(np.array([0, 1, 2])), [0, 0, 1])
    harmonic = sum(1 / i for i in range(1, 256))
    assert path_length(np.array([256]))[0] == pytest.approx(2 * harmonic - 2 * 255 / 256, abs=0.005)


def test_the_forest_as_arrays_scores_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    x, fresh = rng.normal(size=(400, 5)).astype("float32"), rng.normal(size=(90, 5)).astype("float32") * 2
    forest = IsolationForest(n_estimators=12, max_samples=64, random_state=0).fit(x)
    trees, usual = take_forest(forest)
    found = -(2.0 ** (-trees.raw(fresh)[:, 0] / (12 * usual)))
    np.testing.assert_allclose(found, forest.score_samples(fresh), atol=1e-6)


def test_ranks_become_probabilities_by_hand():
    ranks = RankMap.fit(np.arange(1000.0))
    assert ranks.probability(np.array([989.5]))[0] == pytest.approx(0.5, abs=0.02)  # a hundredth lies beyond
    assert ranks.probability(np.array([499.5]))[0] == pytest.approx(0.01 / 0.51, rel=0.02)
    values = np.array([-50.0, 0.0, 10.0, 998.0, 999.0, 1000.0, 1050.0])
    assert (np.diff(ranks.probability(values)) > 0).all()
    assert ranks.probability(np.array([1e12]))[0] == pytest.approx(0.01 / (0.01 + LEAST))
    again = RankMap.of(ranks.arrays())
    np.testing.assert_array_equal(again.probability(values), ranks.probability(values))
    assert np.isfinite(RankMap.fit(np.zeros(5)).probability(np.array([-1.0, 0.0, 1.0]))).all()


def test_columns_made_from_labels_are_not_looked_at():
    data = rows()
    assert without_labels(data).roles[Role.HISTORY] == ("usual", "count")
    changed = data.with_table(data.table.assign(**{"known fraud rate": 0.0, "label": "honest"}))
    for model in (Autoencoder(networks=1), Isolation(trees=25)):
        model.fit(data, data, CONTEXT)
        first = model.scores(data)
        model.fit(changed, changed, CONTEXT)
        np.testing.assert_array_equal(model.scores(data), first)


def test_the_ordinary_range_by_hand():
    table = pd.DataFrame({"amount": np.arange(101.0), "rare": np.zeros(101)}, index=[str(i) for i in range(101)])
    table.loc["7", "rare"] = 3.0
    data = Dataset("hand", table, {Role.AMOUNT: ("amount",), Role.FEATURE: ("rare",)}, Source("made"))
    encoder = TableEncoder.fit(data)
    ordinary = OrdinaryRange.fit(encoder, data)
    values, missing = ordinary.values(encoder, data)
    assert list(ordinary.columns(encoder)) == ["amount"]  # the other has no ordinary range
    np.testing.assert_allclose(values[[5, 50, 95], 0], [-2, 0, 2], atol=1e-6)  # 5 % and 95 % are the ends
    np.testing.assert_allclose(cut(values)[[0, 100], 0], [-2, 2])
    alone = replace(data, roles={Role.FEATURE: ("rare",)})
    encoder = TableEncoder.fit(alone)
    rare, _ = OrdinaryRange.fit(encoder, alone).values(encoder, alone)
    np.testing.assert_allclose(rare[[7, 8], 0], [2, 0], atol=1e-6)
    assert not missing.any()


def test_unsupervised_models_find_what_is_odd_and_say_which_column():
    data, fresh = rows(800), rows(400, seed=5)
    model = Autoencoder(networks=1)
    model.fit(data, rows(0), FitContext(seed=0, options={"epochs": 15}))
    assert area(model, fresh) > 0.8
    errors = model.errors(fresh)
    assert list(errors.columns) == ["amount", "usual", "count", "kind"]
    assert (errors.to_numpy() >= 0).all()
    assert errors.loc[fresh.targets == 1, "amount"].mean() > 5 * errors.loc[fresh.targets == 0, "amount"].mean()
    assert (errors.loc[fresh.table["usual"].isna(), "usual"] == 0).all()
    forest = Isolation(trees=50)
    forest.fit(data, rows(0), FitContext())
    assert area(forest, fresh) > 0.8


def test_unsupervised_models_need_no_label_column_but_a_column():
    data = rows(60, labels=False)
    for model in (Autoencoder(networks=1), Isolation(trees=10)):
        model.fit(data, data, CONTEXT)
        assert np.isfinite(model.scores(data)).all()
    bare = replace(data, roles={})
    with pytest.raises(SchemaError, match="features are constant"):
        Autoencoder().fit(bare, bare, CONTEXT)
    with pytest.raises(CancelledError):
        Autoencoder().fit(data, data, FitContext(should_stop=lambda: True))


def test_a_pretrained_encoder_hands_its_weights_on():
    data = rows(300)
    model = PretrainedEncoder()
    start = model.pretrain(data, CONTEXT)
    assert set(start.weights) == {"curves", "encoded0", "encoded1"}
    again = PretrainedEncoder(start=start)
    again.shape, again._knots, again._handed = start.shape, start.knots, start.weights
    body = again._build()
    np.testing.assert_array_equal(body.get_layer("encoded1").get_weights()[0], start.weights["encoded1"][0])
    assert PretrainedEncoder(pretrained=False).pretrain(data, CONTEXT).weights == {}


def test_the_label_curve_has_a_row_for_each_model_budget_and_draw():
    work = Work()
    parts = rows(400, odd=0.1), rows(100, 1, 0.1), rows(200, 2, 0.1)
    found = label_curve(*parts, 1, work, budgets=(10, 10_000), options={"epochs": 2})
    assert {row["model"] for row in found} == {"pretrained", "from_scratch"}
    assert len(found) == 4
    assert {row["metric"] for row in found} == {"auprc"}
    assert all(0 <= row["value"] <= 1 for row in found)
    few = [row for row in found if row["labels"] == 10]
    assert all(row["rows"] < 300 for row in few)
    done = [event["done"] for event in work.events if event["event"] == "progress"]
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_made_up_frauds_look_like_frauds():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [600, 80])
    numbers = np.stack([rng.normal(100 * y, 5), rng.poisson(2 + 6 * y).astype(float)], axis=1)
    codes = np.where(rng.random(680) < 0.9, 1 + y, 0)[:, None]
    maker = fit_cvae(numbers, codes, y, FitContext(seed=0))
    made, kinds = maker.make_frauds(300, seed=1)
    assert abs(made[:, 0].mean() - 100) < 12
    assert abs(made[:, 1].mean() - 8) < 2.5
    np.testing.assert_array_equal(made[:, 1], np.round(made[:, 1]))
    assert (kinds == 2).mean() > 0.6
    np.testing.assert_array_equal(maker.make_frauds(300, seed=1)[0], made)
    assert made[:, 0].std() > 1


def test_synthetic_fraud_goes_into_training_only_and_shares_stay_honest(tmp_path):
    data, fresh = rows(500, odd=0.1), rows(400, 3, 0.1)
    model = SyntheticFeedForward()
    model.fit(data, rows(150, 2, 0.1), FitContext(seed=0, options={"epochs": 8, "imbalance": "none"}))
    frauds = int((data.targets == 1).sum())
    assert model.count == max(50, frauds)
    assert model.tilt == pytest.approx(np.log1p(model.count / frauds))
    assert len(data) == 500
    assert abs(model.scores(fresh)[:, 1].mean() - 0.1) < 0.08
    graph = np.asarray(model.graph().predict_on_batch(model.inputs(fresh)))
    np.testing.assert_allclose(graph, model.scores(fresh), atol=1e-4)
    model.save(tmp_path)
    np.testing.assert_allclose(SyntheticFeedForward.load(tmp_path).scores(fresh), model.scores(fresh), atol=1e-6)
