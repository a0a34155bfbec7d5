"""Pointing game on the sample: how often a map's peak lies in the lesion, beside the centre of the image.

    python -m benchmarks.pointing [--methods hirescam,gradcam] [--most 120]

Protocol: test rows of the prepared run (split by patient) with a lesion that the model classified correctly; the peak
must lie inside the exact mask, without tolerance. Zhang et al. 2018; the bar is .90.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.domain import get_domain
from dl_core.engine import home_folder
from dl_core.explain.images.faithfulness import pointing_score
from dl_core.store.shipped import unpacked
from dl_core.tasks.opening import sample_folder
from dl_core.train.run import Run


def main() -> None:
    """Explain the rows and print a line for each method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="frozen_features")
    parser.add_argument("--methods", default="hirescam,gradcam,gradcam_pp,integrated_gradients")
    parser.add_argument("--most", type=int, default=200)
    args = parser.parse_args()
    domain = get_domain("medical_imaging")
    run = Run.load(unpacked(domain.sample.prepared_run, home_folder()))
    with tempfile.TemporaryDirectory() as home:
        dataset = Dataset.load(sample_folder(domain, Path(home)))
        rows = run.predictions.of(args.model)
        right = rows[(rows["y_true"] == "lesion") & (rows["y_pred"] == "lesion")]
        data = dataset.subset(right.index[: args.most])
        masks = np.asarray(data.arrays["mask"]).reshape(len(data), *data.images.shape[1:3]) > 0
        model = run.load_model(args.model, domain.models[args.model])
        print(f"{'method':24}{'pointing':>10}{'centre':>9}{'n':>6}")
        for method in args.methods.split(","):
            maps = pipeline.explain(
                domain, run, args.model, data, methods=[method], target="lesion", faithfulness=False, opened=model
            )
            hits, centre, n = pointing_score(np.stack([one.heat for one in maps]), masks)
            print(f"{method:24}{hits:10.3f}{centre:9.3f}{n:6d}")


if __name__ == "__main__":
    main()
