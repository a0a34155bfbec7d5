"""The learning curve with a toy model."""

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.models.base import FitContext
from dl_core.models.keras_fit import auroc
from dl_core.schema import Role
from dl_core.transfer.learning_curve import draw, learning_curve, stratified_order


def made(n, seed):
    y = (np.arange(n) % 4 == 0).astype(int)
    table = pd.DataFrame({"label": np.array(["a", "b"])[y]}, index=[f"{seed}-{i}" for i in range(n)])
    arrays = {"image": np.repeat(y, 4).reshape(n, 2, 2, 1).astype(np.uint8)}
    return Dataset("made", table, {Role.LABEL: ("label",), Role.IMAGE: ("image",)}, Source("made"), arrays, ("a", "b"))


class Toy:
    """Scores a class by the image itself; remembers what it was given."""

    sizes: list = []

    def fit(self, train, validation, context):
        Toy.sizes.append((len(train), len(validation), context.seed))
        context.progress(1.0, "done")

    def scores(self, data):
        p = data.images[:, 0, 0, 0].astype(float)
        return np.stack([1 - p, p], axis=1)


def test_rows_budgets_and_progress():
    Toy.sizes, done = [], []
    context = FitContext(emit=lambda event: done.append(event["done"]))
    parts = made(80, 0), made(20, 1), made(20, 2)
    rows = learning_curve(*parts, models={"toy": Toy}, seeds=2, context=context, budgets=(10, 40, 500))
    assert [(row["labels"], row["seed"]) for row in rows] == [(10, 0), (10, 1), (40, 0), (40, 1), (80, 0), (80, 1)]
    assert Toy.sizes == [(8, 2, 0), (8, 2, 1), (32, 8, 0), (32, 8, 1), (80, 20, 0), (80, 20, 1)]
    assert {row["metric"] for row in rows} == {"auroc"} and all(row["value"] == 1.0 for row in rows)
    assert done == sorted(done) and done[-1] == 1.0


def test_draws_nest_and_hold_each_class():
    train, validation = made(80, 0), made(20, 1)
    small, chosen = draw(train, validation, 10, seed=3)
    large, _ = draw(train, validation, 40, seed=3)
    assert set(small.ids) < set(large.ids)
    assert set(small.targets) == set(chosen.targets) == {0, 1}
    assert large.targets.sum() == 8  # a quarter of 32


def test_order_keeps_proportions_all_along():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    order = stratified_order(y, 0)
    assert sorted(order) == list(range(100))
    assert set(y[order[:3]]) == {0, 1, 2}
    assert np.abs(np.bincount(y[order[:50]]) - [30, 15, 5]).max() <= 2


def test_auroc_by_hand():
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    assert auroc(np.array([0, 0, 1, 1]), np.stack([1 - scores, scores], axis=1)) == 0.75


def test_a_slow_model_gets_fewer_draws():
    models = {"toy": Toy, "slow": Toy}
    parts = made(80, 0), made(20, 1), made(20, 2)
    rows = learning_curve(*parts, models, 2, FitContext(), budgets=(10,), draws={"slow": 1})
    assert [(row["model"], row["labels"], row["seed"]) for row in rows] == [
        ("toy", 10, 0), ("slow", 10, 0), ("toy", 10, 1), ("toy", 80, 0), ("slow", 80, 0), ("toy", 80, 1)
    ]  # fmt: skip
