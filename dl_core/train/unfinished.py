"""What a killed training left behind: models that were trained to the end, and checkpoints of the one that was not."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.splits import Splits
from dl_core.files import read_json, write_json
from dl_core.models.base import Offer
from dl_core.models.store import load_arrays, save_arrays
from dl_core.train.run import FittedModel, TrainSpec

FOLDER = "unfinished"
MARK = "trained.json"  # written last: the model is whole


@dataclass(frozen=True)
class Unfinished:
    """The unfinished work of one run, found again only by the same data, split, options, seed and weights.

    Parameters
    ----------
    run_folder : pathlib.Path
    fingerprint : str
        Of the data set.
    splits : Splits
    spec : TrainSpec
    weight : pandas.Series or None
        Weight by row id of the training rows.
    """

    run_folder: Path
    fingerprint: str
    splits: Splits
    spec: TrainSpec
    weight: pd.Series | None = None

    def checkpoint(self, offer: Offer) -> Path:
        """Return the folder for a model's half-finished work."""
        return self.run_folder / FOLDER / f"{offer.name}-{self._key(offer)}"

    def mark(self, offer: Offer, fitted: FittedModel, said: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Note that a model, whose files are in place, is whole, and keep what it said of each part."""
        place = self._done(offer)
        place.mkdir(parents=True, exist_ok=True)
        arrays = {f"{part}.{key}": array for part, answer in said.items() for key, array in answer.items()}
        save_arrays(place / "said.npz", arrays)
        write_json(place / MARK, asdict(fitted))
        shutil.rmtree(self.checkpoint(offer), ignore_errors=True)

    def taken_over(self, offer: Offer) -> tuple[FittedModel, dict[str, dict[str, np.ndarray]]] | None:
        """Return a model that is whole already, with what it said of each part, or None."""
        place = self._done(offer)
        if not (place / MARK).is_file() or not (self.run_folder / "models" / offer.name).is_dir():
            return None
        said: dict[str, dict[str, np.ndarray]] = {}
        for name, array in load_arrays(place / "said.npz").items():
            part, key = name.split(".", 1)
            said.setdefault(part, {})[key] = array
        return FittedModel(**read_json(place / MARK)), said

    def clear(self) -> None:
        """Forget everything: the run is saved."""
        shutil.rmtree(self.run_folder / FOLDER, ignore_errors=True)

    def _done(self, offer: Offer) -> Path:
        return self.run_folder / FOLDER / f"{offer.name}-{self._key(offer)}-done"

    def _key(self, offer: Offer) -> str:
        """What must be the same for a finished or half-finished model to be taken over."""
        about = [self.fingerprint, self.splits.as_dict(), self.spec.seed, self.spec.options]
        about += [offer.name, dict(offer.options), None if self.weight is None else self.weight.round(9).to_dict()]
        return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:16]
