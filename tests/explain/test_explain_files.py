"""Explanations as files, for images and for rows of a table."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dl_core.data.dataset import Dataset, Source
from dl_core.explain.explanation import Explanation
from dl_core.explain.files import write_explanations
from dl_core.explain.images.plain import ImageMap
from dl_core.explain.table.plain import TableContributions
from dl_core.schema import Role

ABOUT = {"model": "m", "method": "occlusion", "target": "ill", "score": 0.75}


def test_rows_whose_names_look_alike_get_files_of_their_own(tmp_path):
    rows = ["a/1.png", "a_1.png"]
    images = np.zeros((2, 8, 8, 1), np.uint8)
    data = Dataset("x", pd.DataFrame(index=rows), {Role.IMAGE: ("image",)}, Source("x"), {"image": images})
    maps = [ImageMap(row, heat=np.eye(8, dtype=np.float32), **ABOUT) for row in rows]
    write_explanations(maps, data, tmp_path / "new")
    table = pd.read_csv(tmp_path / "new" / "explanations.csv")
    assert table["file"].tolist() == rows and table["picture"].nunique() == 2
    assert all((tmp_path / "new" / name).is_file() for name in table["picture"])


def test_the_plain_image_stands_beside_its_map_which_is_seen_where_it_is_hot(tmp_path):
    image = np.full((8, 8, 1), 90, np.uint8)
    data = Dataset("x", pd.DataFrame(index=["r"]), {Role.IMAGE: ("image",)}, Source("x"), {"image": image[None]})
    heat = np.full((8, 8), 0.3, np.float32)  # diffuse, but for one corner
    heat[:4, :4] = 1.0
    write_explanations([ImageMap("r", heat=heat, **ABOUT)], data, tmp_path)
    with Image.open(tmp_path / "r_occlusion.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    side = pixels.shape[0]
    plain, over = pixels[:, :side], pixels[:, side:]
    assert pixels.shape == (256, 512, 3) and (plain == 90).all()
    assert np.abs(over[200:, 200:] - 90).max() <= 8 and np.abs(over[:80, :80] - 90).max() > 60


def test_rows_of_a_table_get_their_features_weights(tmp_path):
    data = Dataset("x", pd.DataFrame({"acid": [1.0], "sugar": [2.0]}, index=["r"]), {}, Source("x"))
    one = TableContributions("r", heat=np.array([[0.25, -0.5]], np.float32), features=("acid", "sugar"), **ABOUT)
    write_explanations([one], data, tmp_path)
    table = pd.read_csv(tmp_path / "explanations.csv")
    assert table.loc[0, ["acid", "sugar"]].tolist() == [0.25, -0.5] and not list(tmp_path.glob("*.png"))
    assert one.strongest(1) == [("sugar", -0.5)]


@pytest.mark.parametrize("kind", [Explanation, TableContributions])
def test_an_explanation_without_features_is_one_line_without_features(kind, tmp_path):
    data = Dataset("x", pd.DataFrame({"text": [""]}, index=["r"]), {}, Source("x"))
    empty = kind("r", heat=np.zeros((1, 0), np.float32), **ABOUT)
    write_explanations([empty], data, tmp_path)
    (line,) = pd.read_csv(tmp_path / "explanations.csv").to_dict("records")
    assert line == {"row": "r", "model": "m", "method": "occlusion", "target": "ill", "probability": 0.75}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["explanations.csv"]
