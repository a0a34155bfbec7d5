"""The offered recurrent network of tables, fitted in a moment, explained from its own interface."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("keras")

from dl_core.data.dataset import Dataset, Source  # noqa: E402
from dl_core.data.table.recent import recent_steps  # noqa: E402
from dl_core.explain.request import ExplainRequest  # noqa: E402
from dl_core.explain.table.explain import explain_table  # noqa: E402
from dl_core.explain.table.plain import by_step, reasons  # noqa: E402
from dl_core.models.base import FitContext  # noqa: E402
from dl_core.models.table.recurrent import Recurrent  # noqa: E402
from dl_core.schema import Role  # noqa: E402


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """240 transactions of 12 cards; large ones in shops are fraud."""
    rng = np.random.default_rng(0)
    n = 240
    time = np.datetime64("2026-01-01", "ns") + np.sort(rng.integers(0, 60 * 86_400, n)).astype("timedelta64[s]")
    card, amount = rng.integers(0, 12, n), rng.lognormal(3, 1, n).round(2)
    shop = rng.choice(["shop", "web"], n)
    label = np.where((amount > 40) & (shop == "shop"), "fraud", "honest")
    table = pd.DataFrame(
        {"when": time, "card": card.astype(str), "amount": amount, "place": shop, "fraud": label},
        index=[str(i) for i in range(n)],
    )
    roles = {
        Role.TIME: ("when",),
        Role.ENTITY: ("card",),
        Role.AMOUNT: ("amount",),
        Role.FEATURE: ("place",),
        Role.LABEL: ("fraud",),
    }
    arrays = {"recent": recent_steps(time, card, amount, steps=3)}
    return Dataset("t", table, roles, Source("t"), arrays=arrays, classes=("honest", "fraud"))


def asked(model, data, method, target, background):
    return explain_table(ExplainRequest(model, "recurrent", data, [method], target, False, background))


@pytest.fixture(scope="module")
def fitted(rows) -> Recurrent:
    model = Recurrent()
    model.fit(rows.subset(rows.ids[:200]), rows.subset(rows.ids[200:]), FitContext(options={"epochs": 6}))
    return model


def test_a_fitted_recurrent_network_is_explained_step_by_step(rows, fitted):
    data = rows.subset(rows.ids[-2:])
    for found in asked(fitted, data, "expected_gradients", "fraud", rows):
        assert found.features[:2] == ("amount", "place")
        assert "amount, this transaction" not in found.features  # it is the row's own amount
        assert found.values[0] == f"{data.table.loc[found.row, 'amount']:,.2f}"
        assert [step["ago"] for step in by_step(found)] == [2, 1, 0]
        assert abs(found.gap) <= max(0.05, 0.03 * abs(found.log_odds - found.base))


def test_values_of_earlier_steps_are_the_accounts_own(rows, fitted):
    card = rows.table["card"].iloc[-1]
    before = rows.table[rows.table["card"] == card]["amount"].iloc[-2]
    last = rows.table[rows.table["card"] == card].index[-1]
    found = asked(fitted, rows.subset([last]), "integrated_gradients", None, rows)[0]
    text = found.values[found.features.index("amount, 1 transaction ago")]
    assert float(text.replace(",", "")) == pytest.approx(before, rel=0.02, abs=0.5)


def test_the_queue_names_what_the_network_learned(rows, fitted):
    scores = fitted.scores(rows)[:, 1]
    top = rows.subset(rows.ids[np.argsort(-scores)[:5]])
    named = [reason for one in asked(fitted, top, "expected_gradients", None, rows) for reason in reasons(one)]
    assert any(reason.startswith("amount is ") for reason in named)
