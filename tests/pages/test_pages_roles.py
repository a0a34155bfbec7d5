"""Reading a data set again with other roles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import SchemaError
from dl_core.reading.images.again import with_roles
from dl_core.schema import Role


def table_of_four() -> Dataset:
    """Return four rows with two columns that could be the label."""
    table = pd.DataFrame(
        {"dx": ["a", "b", "a", "b"], "grade": ["2", None, "1", "2 "], "site": ["x", "x", "x", "x"]},
        index=["r1", "r2", "r3", "r4"],
    )
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    roles = {Role.LABEL: ("dx",), Role.IMAGE: ("image",)}
    return Dataset("four", table, roles, Source("here"), arrays={"image": images}, classes=("a", "b"))


def test_new_label_gets_its_own_classes_and_rows_stay_with_their_images() -> None:
    changed = with_roles(table_of_four(), {Role.LABEL: ("grade",), Role.GROUP: ("site",)})
    assert changed.classes == ("1", "2")
    assert list(changed.ids) == ["r1", "r3", "r4"]
    assert changed.images.ravel().tolist() == [0, 2, 3]
    assert changed.targets.tolist() == [1, 0, 1]
    assert changed.roles[Role.GROUP] == ("site",)
    assert "1 of 4 rows have no label" in changed.notes[-1].message
    assert changed.fingerprint != table_of_four().fingerprint


def test_a_role_can_be_taken_away() -> None:
    given = with_roles(table_of_four(), {Role.GROUP: ("site",)})
    assert Role.GROUP not in with_roles(given, {Role.GROUP: ()}).roles


def test_label_of_one_class_and_unknown_column_are_refused() -> None:
    with pytest.raises(SchemaError, match="column site: it has 1 classes"):
        with_roles(table_of_four(), {Role.LABEL: ("site",)})
    with pytest.raises(SchemaError, match="there is no column 'nowhere'"):
        with_roles(table_of_four(), {Role.GROUP: ("nowhere",)})
