"""Every kind of row declares all that is asked of it, and a data set is recognised by its roles."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.errors import OptionError
from dl_core.kinds import Kind, Words, get_kind, kind_of, kinds, recognise
from dl_core.schema import Role

KINDS = kinds()


def test_the_four_kinds_are_there() -> None:
    assert set(KINDS) >= {"images", "table", "interactions", "series"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_declares_all(kind: Kind) -> None:
    assert kind.name.isidentifier()
    for word in fields(Words):
        said = getattr(kind.words, word.name)
        assert said and all(isinstance(one, str) and one for one in (said if isinstance(said, tuple) else (said,)))
    assert kind.first_methods > 0
    assert kind.learning.lines and kind.learning.title and kind.learning.axis
    assert not set(kind.fixed) & set(kind.single)
    assert recognise(kind.needs) is kind


@pytest.mark.parametrize(
    ("roles", "name"),
    [
        ((), "table"),
        (("label", "feature", "time", "amount", "entity"), "table"),
        (("image", "label", "unit", "group"), "images"),
        (("user", "item"), "interactions"),
        (("user", "item", "value", "time"), "interactions"),
        (("series", "value", "time"), "series"),
        (("user", "label"), "table"),
        (("series", "label"), "table"),
    ],
)
def test_roles_say_the_kind(roles: tuple[str, ...], name: str) -> None:
    assert recognise(roles).name == name
    assert kind_of({"roles": {role: ["column"] for role in roles}}).name == name


def test_a_role_without_a_column_counts_for_nothing() -> None:
    assert kind_of({"roles": {"user": ["u"], "item": []}}).name == "table"


def test_a_data_set_is_recognised() -> None:
    table = pd.DataFrame({"who": ["a"], "what": ["b"]}, index=["0"])
    dataset = Dataset("taken", table, {Role.USER: ("who",), Role.ITEM: ("what",)}, Source("made up"))
    assert kind_of(dataset) is kind_of(dataset.describe()) is KINDS["interactions"]


def test_a_domain_says_some_words_in_its_own_way() -> None:
    plain = get_kind("table").called({})
    own = get_kind("table").called({"selected": "flagged", "score": "risk"})
    assert (plain.selected, plain.score) == ("selected", "probability")
    assert (own.selected, own.score, own.case) == ("flagged", "risk", plain.case)
    with pytest.raises(TypeError):
        get_kind("table").called({"sort": "risk"})


def test_what_spoils_a_row_is_what_the_stress_test_knows() -> None:
    from dl_core.evaluate.images.stress import CORRUPTIONS
    from dl_core.evaluate.series.stress import STRESSES

    assert set(get_kind("images").corruptions) == set(CORRUPTIONS)
    assert set(get_kind("series").corruptions) == set(STRESSES)


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(OptionError, match="series"):
        get_kind("smell")


def test_a_room_that_is_not_there_is_none() -> None:
    table = get_kind("table")
    assert table.room("dl_core.reading", "again").__name__ == "dl_core.reading.table.again"
    assert table.room("dl_core.tasks", "smell") is None
    assert table.room("dl_core.store", "smell") is None  # no room at all in that stage
    with pytest.raises(OptionError, match="smell"):
        table.must("dl_core.tasks", "smell")


def test_describing_kinds_loads_nothing_heavy() -> None:
    code = "import sys, dl_core.kinds; print([m for m in ('keras', 'tensorflow', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
