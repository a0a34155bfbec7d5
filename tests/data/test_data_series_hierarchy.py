"""Which series are sums of which: groups, sums found in the figures, and sums that are added."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.series.hierarchy import hierarchy_of, key_parts
from dl_core.data.series.panel import Panel
from dl_core.data.series.sums import adds_up, find_sums
from dl_core.errors import OptionError, SchemaError

STEPS = 40


def panel_of(series, static=None, **more):
    """A panel of series by name, all ending at step STEPS."""
    lengths = [len(values) for values in series.values()]
    return Panel(
        np.array(list(series), dtype=object),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([np.asarray(values, dtype=float) for values in series.values()]),
        np.concatenate([np.arange(STEPS - n, STEPS) for n in lengths]),
        static=static,
        **more,
    )


def plants(seed=0):
    """Whole figures of three places by two fuels, with all their sums, as an agency publishes them."""
    rng = np.random.default_rng(seed)
    parts = {
        (place, fuel): rng.integers(10, 100, STEPS) * size
        for place, size in (("Ohio", 3), ("Iowa", 2), ("Utah", 1))
        for fuel in ("coal", "gas")
    }
    table = dict(parts)
    for place in ("Ohio", "Iowa", "Utah"):
        table[place, "all fuels"] = parts[place, "coal"] + parts[place, "gas"]
    for fuel in ("coal", "gas"):
        table["Corn belt", fuel] = parts["Ohio", fuel] + parts["Iowa", fuel]
        table["Nation", fuel] = table["Corn belt", fuel] + parts["Utah", fuel]
    for place in ("Corn belt", "Nation"):
        table[place, "all fuels"] = table[place, "coal"] + table[place, "gas"]
    return {" / ".join(key): values.astype(float) for key, values in table.items()}


def parts_of(hierarchy):
    """The names that each node adds up."""
    below = hierarchy.names[hierarchy.bottom]
    rows = hierarchy.summing.toarray() > 0
    return {name: set(below[row]) for name, row in zip(hierarchy.names, rows, strict=True)}


def test_sums_in_the_data_become_nodes_and_are_not_counted_twice():
    panel = panel_of(plants())
    found = hierarchy_of(panel)
    assert set(found.names[found.bottom]) == {f"{p} / {f}" for p in ("Ohio", "Iowa", "Utah") for f in ("coal", "gas")}
    parts = parts_of(found)
    assert parts["Ohio / all fuels"] == {"Ohio / coal", "Ohio / gas"}
    assert parts["Corn belt / coal"] == {"Ohio / coal", "Iowa / coal"}
    assert parts["Nation / all fuels"] == set(found.names[found.bottom])
    assert not found.added.any() and len(found) == 15  # every sum that one may want is there already
    assert (found.add_sums(panel).values == panel.values).all()


def test_figures_that_are_not_published_count_as_nothing():
    series = plants()
    series["Utah / gas"][:] = np.nan
    series["Utah / all fuels"] = series["Utah / coal"].copy()
    for name in ("Nation / gas", "Nation / all fuels"):
        series[name] = series[name] - plants()["Utah / gas"]
    found = hierarchy_of(panel_of(series))
    assert len(found.bottom) == 6 and parts_of(found)["Utah / all fuels"] == {"Utah / coal", "Utah / gas"}


def test_a_sum_that_does_not_add_up_stays_outside():
    series = plants()
    series["Iowa / all fuels"] = series["Iowa / all fuels"] * np.random.default_rng(1).uniform(0.3, 1.7, STEPS)
    parts = parts_of(hierarchy_of(panel_of(series)))
    assert parts["Iowa / all fuels"] == {"Iowa / all fuels"}
    assert "Iowa / all fuels" not in parts["Nation / all fuels"] | parts["Corn belt / all fuels"]


def test_sums_are_found_without_any_groups():
    rng = np.random.default_rng(2)
    parts = {name: rng.uniform(1, 9, STEPS) for name in "abc"}
    series = parts | {"everything": sum(parts.values()), "other": rng.uniform(50, 90, STEPS)}
    panel = panel_of(series)
    assert find_sums(panel, key_parts(panel)) == {"series": {"everything": frozenset("abc")}}
    found = hierarchy_of(panel)
    assert parts_of(found)["everything"] == set("abc")
    assert list(found.names[found.added]) == ["Total"] and parts_of(found)["Total"] == set("abc") | {"other"}


def test_noise_is_no_sum():
    panel = panel_of({str(at): row for at, row in enumerate(np.random.default_rng(3).uniform(0, 1, (12, STEPS)))})
    assert find_sums(panel, key_parts(panel)) == {}
    assert not adds_up(np.zeros(5), np.zeros(5), 2)  # nothing is the sum of nothing


def grouped(**more):
    static = pd.DataFrame({"region": ["n", "n", "s"], "kind": ["x", "y", "y"]}, index=["a", "b", "c"])
    return panel_of({"a": np.arange(1.0, 41), "b": np.ones(10), "c": np.full(40, 5.0)}, static, **more)


def test_groups_give_a_sum_for_each_value_and_those_of_one_series_are_left_out():
    found = hierarchy_of(grouped(), "region, kind")
    assert list(found.names) == ["a", "b", "c", "Total", "region: n", "kind: y"]
    assert list(found.levels) == ["series"] * 3 + ["total", "region", "kind"]
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, 1, 0], [0, 1, 1]]
    np.testing.assert_array_equal(found.summing.toarray(), expected)
    assert list(found.sums) == [3, 4, 5]


def test_added_sums_stand_on_aligned_times_with_means_of_covariates():
    lengths = 40 + 10 + 40
    panel = grouped(
        future=np.repeat([1.0, 0.0, 1.0], [40, 10, 40])[:, None].astype(np.float32),
        future_names=("promo",),
        ahead=np.array([[[1.0]], [[0.0]], [[0.0]]], dtype=np.float32),
    )
    whole = hierarchy_of(panel, ["region"]).add_sums(panel)
    assert list(whole.series) == ["a", "b", "c", "Total", "region: n"]
    assert list(whole.lengths) == [40, 10, 40, 40, 40] and len(panel.values) == lengths
    expected = np.arange(1.0, 41) + np.concatenate([np.zeros(30), np.ones(10)])  # b counts as 0 before it began
    np.testing.assert_allclose(whole.of_series(4), expected)
    np.testing.assert_allclose(whole.of_series(3), expected + 5)
    assert list(whole.times[whole.starts[4] :][[0, -1]]) == [0, STEPS - 1]
    np.testing.assert_allclose(whole.future[whole.starts[4] :, 0], np.full(40, 0.5))
    np.testing.assert_allclose(whole.ahead[:, 0, 0], [1, 0, 0, 1 / 3, 0.5])
    assert whole.static.loc["region: n"].tolist() == ["n", "all"]


def test_series_of_other_ends_are_refused():
    panel = grouped()
    cut = panel.until(np.arange(3), panel.lengths - np.array([0, 3, 0]))
    with pytest.raises(SchemaError, match="1 of 3 series end before the others"):
        hierarchy_of(cut, ["region"]).add_sums(cut)


def test_other_series_and_unknown_groups_are_refused():
    panel = grouped()
    found = hierarchy_of(panel, ["region"])
    with pytest.raises(SchemaError, match="not those of the hierarchy"):
        found.add_sums(panel.take([0, 1]))
    with pytest.raises(OptionError, match="no group column 'colour'"):
        hierarchy_of(panel, "region,colour")


def test_a_single_series_has_no_sums():
    panel = panel_of({"only": np.ones(5)})
    found = hierarchy_of(panel)
    assert len(found) == 1 and not len(found.sums)
    assert found.add_sums(panel) is not None
