"""The models that medical imaging offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "majority",
        "Majority class",
        "baseline",
        "Always predicts the most frequent class.",
        lazy("dl_core.models.majority:Majority"),
    ),
    Offer(
        "pixels",
        "Logistic regression on pixels",
        "baseline",
        "Linear model: one weight per pixel.",
        lazy("dl_core.models.images.pixels:PixelRegression"),
    ),
    Offer(
        "texture",
        "Handcrafted features + boosting",
        "baseline",
        "Gradient and texture descriptors with gradient-boosted trees.",
        lazy("dl_core.models.images.texture:TextureBoosting"),
    ),
    Offer(
        "frozen_features",
        "Frozen features + linear head",
        "deep",
        "Features of a backbone pretrained on ImageNet; only a linear classifier is trained (linear probing).",
        lazy("dl_core.models.images.frozen:FrozenFeatures"),
    ),
    Offer(
        "small_cnn",
        "Small CNN from scratch",
        "deep",
        "A small convolutional network, randomly initialised and trained on your images only.",
        lazy("dl_core.models.images.small_cnn:SmallCNN"),
    ),
    Offer(
        "fine_tuned",
        "Fine-tuned backbone",
        "deep",
        "The ImageNet backbone, fine-tuned end to end on your images.",
        lazy("dl_core.models.images.finetuned:FineTuned"),
    ),
)

FAST = ("majority", "pixels", "texture", "frozen_features")  # in the order in which they are trained
