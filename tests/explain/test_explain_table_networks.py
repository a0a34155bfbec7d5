"""Expected and integrated gradients of networks on tables, against contributions worked out by hand."""

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from dl_core.errors import OptionError  # noqa: E402
from dl_core.explain.registry import explainer_info, explainers  # noqa: E402
from dl_core.explain.request import ExplainRequest  # noqa: E402
from dl_core.explain.table.expected_gradients import ExpectedGradients, TableIntegratedGradients  # noqa: E402
from dl_core.explain.table.explain import explain_table, is_network, look  # noqa: E402
from dl_core.explain.table.plain import reasons  # noqa: E402
from tests.explain.table_models import SHOPS, Block, Formula, Network, transactions  # noqa: E402

WEIGHTS = np.array([[0.0, 0.5], [0.25, 0.0], [0.1, 0.4], [0.0, -0.2]], np.float32)
SLOPES = WEIGHTS[:, 1] - WEIGHTS[:, 0]


@pytest.fixture(scope="module")
def linear() -> Network:
    graph = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    graph.layers[-1].set_weights([WEIGHTS, np.array([1.0, -1.0])])
    return Network(graph)


@pytest.fixture(scope="module")
def curved() -> Network:
    """A small network with a bend and pairs of inputs that act together."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(12, activation="relu")(inputs)
    hidden = keras.layers.Dense(8, activation="tanh")(hidden)
    return Network(keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(hidden)))


@pytest.fixture(scope="module")
def recurrent() -> Network:
    """A recurrent network over two steps of two numbers, the first step being the transaction before."""
    keras.utils.set_random_seed(4)
    inputs = keras.Input((4,))
    steps = keras.layers.Reshape((2, 2))(inputs)
    model = Network(keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(keras.layers.GRU(5)(steps))))
    model.input_columns = lambda: (
        Block("amount, 1 transaction ago", 0, 1),
        Block("hour, 1 transaction ago", 1, 2),
        Block("amount", 2, 3),
        Block("hour", 3, 4),
    )
    return model


def explain(model, methods, faithfulness=False, rows=None, background=None):
    data = transactions()
    rows = data if rows is None else data.subset(rows)
    beside = data if background is None else background
    return explain_table(ExplainRequest(model, "net", rows, methods, None, faithfulness, beside))


def test_integrated_gradients_of_a_linear_network_are_weight_times_change(linear):
    found = explain(linear, ["integrated_gradients"], rows=["4"])[0]
    # typical: amount 20, 2 days, food (embedding 0, 1); the row: 1312.4, 0 days, travel (2, -1)
    shop = SLOPES[2] * 2 + SLOPES[3] * (-1 - 1)
    np.testing.assert_allclose(found.heat[0], [SLOPES[0] * 12.924, SLOPES[1] * -2, shop], rtol=1e-4)
    assert found.features == ("amount", "days since last transaction", "shop")
    assert found.values == ("1,312.40", "0.0 days", "travel")
    assert found.typical == ("20.00", "2.0 days", "food")
    assert found.base == pytest.approx(SLOPES @ [0.2, 2, 0, 1] - 2, abs=1e-4)
    assert found.gap == pytest.approx(0, abs=1e-4)


def test_expected_gradients_of_a_linear_network_are_the_mean_over_honest_rows(linear):
    found = explain(linear, ["expected_gradients"], rows=["4"])[0]
    honest = linear.inputs(transactions())[:3]
    parts = SLOPES * (linear.inputs(transactions())[4] - honest.mean(axis=0))
    np.testing.assert_allclose(found.heat[0], [parts[0], parts[1], parts[2] + parts[3]], rtol=1e-4)
    assert found.base == pytest.approx((honest @ SLOPES - 2).mean(), abs=1e-4)


def test_shapley_of_a_linear_network_agrees(linear):
    gradients, shapley = explain(linear, ["expected_gradients", "shapley_sampling"], rows=["3"])
    np.testing.assert_allclose(shapley.heat, gradients.heat, atol=0.05)  # backgrounds are used nearly equally often


@pytest.mark.parametrize("method", ["integrated_gradients", "expected_gradients", "shapley_sampling"])
@pytest.mark.parametrize("kind", ["curved", "recurrent"])
def test_contributions_add_up(kind, method, request):
    for found in explain(request.getfixturevalue(kind), [method]):
        assert abs(found.gap) <= max(0.025, 0.025 * abs(found.log_odds - found.base))
        assert abs(found.log_odds - found.base) > 1e-4


def test_too_few_points_would_not_add_up(curved):
    view, *_ = look(curved, transactions(), transactions(), np.ones(5, int), count=8)

    def worst(**options):
        found = TableIntegratedGradients(**options).contributions(view)
        return np.abs(found.heats.sum(axis=1) - (view.own_scores() - found.bases)).max()

    assert worst(steps=1, most_steps=1) > 0.05
    assert worst(steps=1) <= 0.05


def test_an_undone_class_weight_moves_the_base_not_the_contributions(linear):
    shifted = Network(linear.graph(), shift=-3.0)
    plain, moved = (explain(model, ["integrated_gradients"], rows=["4"])[0] for model in (linear, shifted))
    np.testing.assert_allclose(moved.heat, plain.heat, rtol=1e-5)
    assert moved.base == pytest.approx(plain.base - 3, abs=1e-4)
    assert moved.log_odds == pytest.approx(plain.log_odds - 3, abs=1e-4)
    assert moved.score < plain.score
    view, *_ = look(shifted, transactions(), transactions(), np.ones(5, int), count=3)
    np.testing.assert_allclose(view.own_scores(), (shifted.inputs(transactions()) @ SLOPES - 2) - 3, atol=1e-4)


def test_steps_of_a_sequence_keep_their_names(recurrent):
    found = explain(recurrent, ["expected_gradients"], rows=["4"])[0]
    assert found.features[0] == "amount, 1 transaction ago"
    steps = found.as_json()["steps"]
    assert [step["ago"] for step in steps] == [1, 0]
    assert steps[0]["weight"] == pytest.approx(float(found.heat[0, :2].sum()), abs=1e-6)
    assert {one["name"] for one in steps[0]["features"]} == {"amount", "hour"}
    assert [set(one) for one in steps[0]["features"]] == [{"name", "weight"}] * 2


def test_faithfulness_and_the_network_with_random_weights(curved):
    weights = [np.array(each) for each in curved.graph().get_weights()]
    for found in explain(curved, list(explainers("table")), faithfulness=True, rows=["3", "4"]):
        measured = found.faithfulness
        assert measured.deletion <= measured.random_deletion + 1e-6
        assert measured.insertion >= measured.random_insertion - 1e-6
        assert -1 <= measured.randomisation <= 1
        assert measured.centre_deletion is None
        json.dumps(found.as_json())
    assert all(np.array_equal(a, b) for a, b in zip(weights, curved.graph().get_weights(), strict=True))


def test_a_queue_of_a_network(linear):
    found = [reasons(one, 2) for one in explain(linear, ["expected_gradients"])]
    assert found[4][0] == "amount is 1,312.40 (typical 20.00)"
    assert len(found) == 5 and all(len(each) <= 2 for each in found)


def test_gradients_need_a_network():
    model = Formula(lambda table: np.zeros(len(table)))
    view, *_ = look(model, transactions(), transactions(), np.ones(5, int), count=3)
    assert not is_network(model)
    with pytest.raises(OptionError, match="no gradients.*Choose Shapley value sampling"):
        ExpectedGradients().contributions(view)


def test_table_methods_stand_beside_those_of_images():
    assert explainer_info("shapley_sampling", "table").label == "Shapley value sampling"
    same = [explainer_info("integrated_gradients", kind) for kind in ("images", "table")]
    assert [info.kind for info in same] == ["images", "table"] and same[0].help != same[1].help
    for name, kind in (("tea leaves", "table"), ("shapley_sampling", "images"), ("occlusion", "tea leaves")):
        with pytest.raises(OptionError, match="(?i)there is no method"):
            explainer_info(name, kind)


def test_the_embedding_is_one_feature(linear):
    view, *_ = look(linear, transactions(), transactions(), np.ones(5, int), count=3)
    assert view.feature_of.tolist() == [0, 1, 2, 2]
    np.testing.assert_allclose(view.by_feature(np.array([[1.0, 2.0, 3.0, 4.0]])), [[1, 2, 7]])
    mixed = view.probabilities(np.array([4]), np.array([view.typical]), np.array([[False, False, True]]))
    expected = SLOPES @ [0.2, 2, *SHOPS["travel"]] - 2
    assert np.log(mixed[0, 1] / mixed[0, 0]) == pytest.approx(expected, abs=1e-4)
