"""Group labels: what a reader sees, and that no row loses its id."""

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.groups import image_slices, make_groups, natural_order
from dl_core.errors import OptionError


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "sex": ["F", " M ", None, "", "F", "M"],
            "age": [19, 20, 59, None, 60, 91],
            "dose": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            "site": [1, 2, 1, 2, 1, None],
            "smoker": [True, False, True, True, False, True],
        },
        index=list("uvwxyz"),
    )


def test_text_and_missing(table):
    groups = make_groups(table, ["sex"])
    assert groups["sex"].tolist() == ["F", "M", "not stated", "not stated", "F", "M"]
    assert groups.index.tolist() == list("uvwxyz")


def test_ages():
    ages = pd.DataFrame({"Patient Age": [0, 19, 20, 59, 60, 91, None]})
    assert make_groups(ages)["Patient Age"].tolist() == [
        "Patient Age under 20",
        "Patient Age under 20",
        "Patient Age 20–39",
        "Patient Age 40–59",
        "Patient Age 60–79",
        "Patient Age 80 and over",
        "not stated",
    ]
    dosage = pd.DataFrame({"dosage": range(8)})  # holds the letters, but is no age
    assert make_groups(dosage)["dosage"].iloc[0] == "dosage under 1.75"


def test_numbers(table):
    labels = make_groups(table, ["dose"])["dose"].tolist()
    # quartiles of .1 … .6 are .225, .35, .475
    assert labels[:2] == ["dose under 0.225"] * 2 and labels[2] == "dose 0.225 to under 0.35"
    assert labels[4:] == ["dose 0.475 and over"] * 2
    given = make_groups(table, ["dose"], bins={"dose": [0.25]})["dose"]
    assert given.tolist() == ["dose under 0.25"] * 2 + ["dose 0.25 and over"] * 4


def test_few_numbers_and_truth_values_stay(table):
    groups = make_groups(table, ["site", "smoker"])
    assert groups["site"].tolist() == ["site 1", "site 2", "site 1", "site 2", "site 1", "not stated"]
    assert groups["smoker"].unique().tolist() == ["smoker: yes", "smoker: no"]


def test_numbers_written_as_text_and_dates():
    table = pd.DataFrame(
        {"age": ["12", "30", "45", "61", "85", "70", None], "seen": pd.to_datetime(["2020-01-02"] * 7)}
    )
    assert make_groups(table, ["age"])["age"].tolist()[:3] == ["age under 20", "age 20–39", "age 40–59"]
    assert make_groups(table, ["seen"])["seen"].unique().tolist() == ["2020"]


@pytest.mark.parametrize("name", ["sex × site", "sex,site", "sex ,  site"])
def test_pairs(table, name):
    groups = make_groups(table, [name])
    assert groups.columns.tolist() == ["sex × site"]
    assert groups["sex × site"].tolist() == [
        "F × site 1",
        "M × site 2",
        *["not stated"] * 2,
        "F × site 1",
        "not stated",
    ]


def test_of_many_values_the_small_groups_are_told_together():
    stores = [*["north"] * 40, *["south"] * 35, *(f"s{at}" for at in range(45))]
    found = make_groups(pd.DataFrame({"store": stores, "person": [f"p{at}" for at in range(120)]}))
    assert found.columns.tolist() == ["store"]
    assert found["store"].value_counts().to_dict() == {"north": 40, "south": 35, "others, 45 small groups": 45}


def test_what_cannot_be_grouped(table):
    with pytest.raises(OptionError, match="no column 'height'.*sex, age"):
        make_groups(table, ["height"])
    with pytest.raises(OptionError, match="no column 'height'"):
        make_groups(table, ["sex × height"])
    many = pd.DataFrame({"patient": [f"p{i}" for i in range(50)], "sex": ["F", "M"] * 25, "same": "x"})
    with pytest.raises(OptionError, match="column patient: it has 50 different values"):
        make_groups(many, ["patient"])
    assert make_groups(many).columns.tolist() == ["sex"]


def test_order_for_readers():
    labels = ["not stated", "age 80 and over", "age 100 and over", "age 20–39", "age under 20", "B", "A × dose 3", "A"]
    assert sorted(labels, key=natural_order) == [
        "A",
        "A × dose 3",
        "B",
        "age under 20",
        "age 20–39",
        "age 80 and over",
        "age 100 and over",
        "not stated",
    ]


def test_images_by_what_they_show():
    rng = np.random.default_rng(0)
    level = np.repeat([40, 110, 180], 4)
    spread = np.tile([4, 12, 24, 40], 3)
    checks = (np.indices((16, 16)).sum(axis=0) % 2 * 2 - 1)[None, :, :, None]
    images = (level[:, None, None, None] + spread[:, None, None, None] * checks).astype(np.uint8)
    images[0, :8] = 0  # padding does not make an image dark
    slices = image_slices(images, [f"r{i}" for i in range(12)], sizes=rng.permutation(12))
    assert slices["image brightness"].tolist() == ["dark"] * 4 + ["middle"] * 4 + ["bright"] * 4
    assert slices["image contrast"].iloc[[4, 7]].tolist() == ["low", "high"]
    assert sorted(slices["image size"].unique()) == ["large", "middle", "small"]
    assert slices.index.tolist() == [f"r{i}" for i in range(12)]


def test_a_blurred_image_is_less_sharp():
    from dl_core.evaluate.images.stress import blur

    rng = np.random.default_rng(1)
    sharp = rng.integers(0, 256, (6, 24, 24, 1), dtype=np.uint8)
    images = np.concatenate([sharp[:2], blur(sharp[2:4], 4), blur(sharp[4:], 12)])
    assert (
        image_slices(images, range(6))["image sharpness"].tolist() == ["sharp"] * 2 + ["middle"] * 2 + ["blurred"] * 2
    )


def test_images_all_alike_or_none_make_no_column():
    assert image_slices(np.full((5, 8, 8, 1), 7, np.uint8), range(5)).columns.tolist() == []
    assert image_slices(np.zeros((0, 8, 8, 1), np.uint8), []).empty


def test_of_very_many_groups_the_small_ones_are_told_together():
    large = ["Norway"] * 40 + ["Chile"] * 30
    small = [f"country {number}" for number in range(15) for _ in range(3)]
    labels = make_groups(pd.DataFrame({"country": [*large, *small, None]}))["country"]
    counts = labels.value_counts()
    assert counts.to_dict() == {"others, 15 small groups": 45, "Norway": 40, "Chile": 30, "not stated": 1}
    few = make_groups(pd.DataFrame({"country": ["Norway", "Chile", "Peru"]}))["country"]
    assert few.tolist() == ["Norway", "Chile", "Peru"]
