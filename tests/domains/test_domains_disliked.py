"""What new interactions say was disliked is not recommended."""

from pathlib import Path

import pandas as pd

from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.domain import get_domain
from dl_core.probes.interactions.recommend_all import recommend_all

TAKEN = {"i0": 9, "i1": 8, "i2": 7, "i3": 6, "i4": 5, "i5": 4}  # users who like each item


def test_disliked_items_of_an_upload_are_left_out_of_everyones_lists(tmp_path: Path):
    rows = [(f"u{user}", item, 5) for item, users in TAKEN.items() for user in range(users)]
    rows += [(f"u{user}", "i5", 1) for user in range(4, 9)]
    pd.DataFrame(rows, columns=["user", "item", "rating"]).to_csv(tmp_path / "ratings.csv", index=False)
    new = [("newbie", "i0", 1), ("newbie", "i2", 2), ("newbie", "i4", 5), ("u8", "i1", 1)]
    pd.DataFrame(new, columns=["user", "item", "rating"]).to_csv(tmp_path / "new.csv", index=False)
    command = ["train", "recommendation", "--data", str(tmp_path / "ratings.csv"), "--models", "popularity"]
    assert main([*command, "--option", "positive_from=4", "--run", str(tmp_path / "run")]) == 0
    domain, run = get_domain("recommendation"), pipeline.open_run(tmp_path / "run")
    work = pipeline.Work(data=pipeline.new_cases(domain, run, [tmp_path / "new.csv"]), files=tmp_path)
    recommend_all(domain, run, work, {"model": None, "format": "csv", "k": 6})
    lists = pd.read_csv(tmp_path / "recommendations.csv").groupby("user")["item"].agg(list)
    assert sorted(lists["newbie"]) == ["i1", "i3", "i5"]  # of the six, two disliked and one taken
    assert sorted(lists["u8"]) == ["i2", "i3", "i4"]  # i0 taken, i5 disliked in training, i1 in the upload
