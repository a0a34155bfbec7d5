"""The user's own most frequent items as a baseline, by hand, and where presets hold it."""

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.domains.recommendation import DOMAIN
from dl_core.models.base import FitContext
from dl_core.models.interactions.own_frequent import OwnFrequent


def histories(*taken: list[int], n_items: int = 4) -> Histories:
    starts = np.concatenate([[0], np.cumsum([len(items) for items in taken])])
    items = np.concatenate([np.array(items, dtype=np.int32) for items in taken])
    users = np.array([f"u{at}" for at in range(len(taken))], dtype=object)
    return Histories(users, n_items, items, starts, np.ones(len(items), dtype=np.float32))


def test_own_items_by_their_number_then_the_popular_ones():
    known = histories([2, 2, 1], [3, 1], [3, 2, 3], [3])  # times: 0, 2, 3, 4
    model = OwnFrequent()
    model.learn(known, None, FitContext())
    scores = model.score_items(histories([2, 2, 1], [1, 3], [3]))
    np.testing.assert_allclose(scores[0], [0, 1 + 2 / 8, 2 + 3 / 8, 0.5], rtol=1e-6)
    assert np.argsort(-scores, axis=1, kind="stable").tolist() == [[2, 1, 3, 0], [3, 1, 2, 0], [3, 2, 1, 0]]
    parts = model.contributions(histories([2, 2, 1], [1, 3]), np.array([2, 3]))
    assert [part.tolist() for part in parts] == [[1, 1, 0], [0, 1]]


def test_presets_hold_it_only_where_items_may_be_taken_again():
    again, once = ({"repeats": way} for way in ("keep", "fold"))
    for preset in ("fast", "all"):
        assert "own_frequent" in DOMAIN.choose_models(preset, again)
        assert "own_frequent" not in DOMAIN.choose_models(preset, once)
    assert DOMAIN.choose_models("own_frequent", once) == ("own_frequent",)
