"""Medical imaging: classify images by transfer learning, see where the model looked, check it for bias."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.images.known import medmnist_sets
from dl_core.discover import deferred
from dl_core.domain import Domain, Option, Sample, offered, presets
from dl_core.domains.medical_imaging.offers import FAST
from dl_core.reading.images.schema import IMAGE_SCHEMA
from dl_core.schema import Role

HEAD_WIDTH = 1280  # features of EfficientNet-Lite0's last layer
SAMPLE_FOLDER = Path(__file__).parents[3] / "sample_data" / "medical_imaging"


def slices(dataset: Dataset) -> pd.DataFrame:
    """Return metadata columns and what the images themselves show (brightness, contrast, sharpness, size)."""
    from dl_core.bias.groups import image_slices

    columns = [column for column in dataset.roles.get(Role.GROUP, ()) if column in dataset.table]
    known = {"width", "height"} <= set(dataset.table.columns)
    sizes = dataset.table[["width", "height"]].max(axis=1).to_numpy() if known else None
    return dataset.table[columns].join(image_slices(dataset.images, dataset.ids, sizes))


def prediction_table(predictions: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Return the columns that ``predict`` writes: file, predicted, score_<class> …, uncertain, unlike_training."""
    scores = [column for column in predictions if column.startswith("score_")]
    table = predictions.rename(columns={"row": "file", "y_pred": "predicted"})
    return table[["file", "predicted", *scores, "uncertain", "unlike_training"]]


def novelty(dataset: Dataset, cache: Path | None) -> np.ndarray:
    """Return the features by which a new image is compared with the training images, (n, 1280) float32.

    They are the deepest features at the smallest size of the frozen model, so that in training they are mostly in the
    cache already.
    """
    from dl_core.transfer.images.embed import embed
    from dl_core.transfer.images.plan import EmbeddingPlan

    plan = EmbeddingPlan(sizes=EmbeddingPlan().sizes[:1])
    return embed(dataset.images, plan, cache)[:, -HEAD_WIDTH:]


def learning_curve(
    train: Dataset, validation: Dataset, test: Dataset, seeds: int, work: Any, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return AUROC against the number of labels: frozen features with a linear head, and the small CNN from scratch.

    The CNN, which takes nearly all of the time, gets one draw and a short training, so that the curve takes minutes.
    """
    from functools import partial

    from dl_core.models.base import FitContext
    from dl_core.transfer.learning_curve import learning_curve as stage

    context = FitContext(emit=work.emit, should_stop=work.should_stop, cache=work.cache)
    small: Any = MODELS["small_cnn"].load()
    frozen: Any = MODELS["frozen_features"].build
    models = {"frozen_features": frozen, "small_cnn": partial(small, seen=4_000)}
    return stage(train, validation, test, models=models, seeds=seeds, context=context, draws={"small_cnn": 1})


MODELS = offered(__name__)

DOMAIN = Domain(
    name="medical_imaging",
    title="Medical imaging",
    purpose="Classify images with transfer learning, with saliency maps and a bias check.",
    icon="🩻",
    symbol=":material/radiology:",
    order=10,
    upload_help=(
        "A zip of class folders, loose images with a CSV that names them, DICOM files, one NIfTI volume, "
        "or a MedMNIST-style .npz"
    ),
    schema=IMAGE_SCHEMA,
    read=deferred("dl_core.reading.images.read:read_images"),
    inspect=deferred("dl_core.data.images.check:check_images"),
    mend=deferred("dl_core.data.images.leakage:mend_images"),
    split=deferred("dl_core.data.images.split:split_rows"),
    models=MODELS,
    presets=presets(MODELS, FAST),
    primary_metric="auroc",
    metrics=("auroc", "auprc", "accuracy", "balanced_accuracy", "f1", "sensitivity", "specificity", "brier"),
    group_metrics=("auroc", "accuracy", "sensitivity", "specificity", "selection_rate"),
    explainers=("hirescam", "gradcam", "gradcam_pp", "integrated_gradients", "smoothgrad", "occlusion"),
    explain=deferred("dl_core.explain.images.explain:explain_images"),
    slices=slices,
    prediction_table=prediction_table,
    novelty=novelty,
    learning_curve=learning_curve,
    options=(
        Option("test_share", float, 0.2, "share of rows held out as test set, 0.05 to 0.5"),
        Option(
            "validation_share", float, 0.1, "share of rows used as validation set, for model selection, 0.05 to 0.4"
        ),
        Option("epochs", int, 30, "maximum number of training epochs of the networks"),
        Option(
            "backbone",
            str,
            "efficientnet_lite0",
            "pretrained backbone; others of keras.applications need an internet connection",
        ),
        Option("image_size", int, 0, "image size in pixels; 0: automatic, the size of the data"),
        Option("finding", str, "", "of several findings in a cell: the one to predict, or combinations, or single"),
        Option(
            "blank",
            str,
            "",
            "an empty cell of a yes-or-no column: missing (no label), or negative",
            ("", "missing", "negative"),
        ),
        Option("frame_time", str, "", "of a series of volumes: mean, first, middle, last, or a number from 1"),
        Option("window", str, "auto", "grey window: auto, full, or CENTRE,WIDTH in the units of the images"),
        Option("frames", str, "all", "of several images in one file: all, first, middle, or so many evenly spaced"),
        Option(
            "plane", str, "axial", "slices of a volume: axial, coronal or sagittal", ("axial", "coronal", "sagittal")
        ),
    ),
    sample=Sample(
        SAMPLE_FOLDER,
        "Brain MRI, simulated lesions on real anatomy",
        SAMPLE_FOLDER / "prepared_run.zip",
        SAMPLE_FOLDER / "dicom",
        {"masks": True},
    ),
    known_data=medmnist_sets(),
    notice="For research and demonstration, not for diagnosis.",
    limits=(
        "Metrics hold for the distribution of the test set; another scanner or hospital (domain shift) can "
        "change them.",
        "A saliency map shows which pixels raised the score; it is no evidence of a cause.",
        "Groups with few images have wide intervals: read interval and n before the estimate.",
    ),
)
