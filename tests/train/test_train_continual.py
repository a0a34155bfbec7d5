"""Learning on week by week: which rows are known when, and what a model is given."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.splits import Splits
from dl_core.errors import SchemaError
from dl_core.models.base import Classifier, FitContext, Offer
from dl_core.schema import Role
from dl_core.train.continual import learn_on
from dl_core.train.run import FittedModel

DELAY = pd.Timedelta(days=7)


class Counting(Classifier):
    """Its score is how many rows it has learned from, in hundredths."""

    updates = True

    def fit(self, train, validation, context):
        self.classes, self.seen = train.classes, list(train.ids)

    def update(self, new, context):
        if self.updates:
            self.seen += list(new.ids)
        return self.updates

    def scores(self, data):
        share = np.full(len(data), len(self.seen) / 100)
        return np.stack([1 - share, share], axis=1)

    def save(self, folder):
        """Keep nothing."""

    @classmethod
    def load(cls, folder):
        return cls()


class Refitted(Counting):
    """The same without a way to learn on."""

    updates = False


def daily(days=42):
    """A row a day: 14 days of training, 7 of validation, 7 of delay, 14 of test."""
    ids = [f"r{day:02d}" for day in range(days)]
    table = pd.DataFrame(
        {"time": pd.date_range("2024-03-01", periods=days), "y": ["no", "yes"] * (days // 2)}, index=ids
    )
    roles = {Role.TIME: ("time",), Role.LABEL: ("y",)}
    data = Dataset("daily", table, roles, Source("made"), classes=("no", "yes"))
    return data, Splits(tuple(ids[:14]), tuple(ids[14:21]), tuple(ids[28:]), "by time", "by time")


@pytest.mark.parametrize("kind", [Counting, Refitted])
def test_each_week_is_scored_by_what_was_known_when_it_began(kind):
    data, splits = daily()
    offer = Offer("counting", "Counting", "deep", "", lambda: kind)
    model = kind()
    model.fit(data.subset(splits.train), data, FitContext())
    table = learn_on(
        offer, model, FittedModel("counting", "Counting", "deep"), data, splits, delay=DELAY, context=FitContext()
    )
    assert list(table["row"]) == list(splits.test) and set(table["split"]) == {"test"}
    # the first test week begins on day 28: what came before day 21 is known, that is 21 rows; the second knows 28
    np.testing.assert_allclose(table["score_yes"], [0.21] * 7 + [0.28] * 7)


def test_without_times_nothing_can_be_updated():
    data, splits = daily()
    bare = Dataset("bare", data.table, {Role.LABEL: ("y",)}, data.source, classes=data.classes)
    with pytest.raises(SchemaError, match="need a time"):
        learn_on(
            Offer("c", "C", "deep", "", lambda: Counting),
            Counting(),
            FittedModel("c", "C", "deep"),
            bare,
            splits,
            delay=DELAY,
            context=FitContext(),
        )
