"""The models that medical imaging offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "majority",
        "Majority class",
        "baseline",
        "Always answers with the most frequent class.",
        lazy("dl_core.models.majority:Majority"),
    ),
    Offer(
        "pixels",
        "Logistic regression on pixels",
        "baseline",
        "One weight for each pixel.",
        lazy("dl_core.models.images.pixels:PixelRegression"),
    ),
    Offer(
        "texture",
        "Hand-made features + boosting",
        "baseline",
        "Gradients and texture described by hand, judged by boosted trees.",
        lazy("dl_core.models.images.texture:TextureBoosting"),
    ),
    Offer(
        "frozen_features",
        "Frozen features + linear head",
        "deep",
        "A network that learned to see on ImageNet describes each image; only the last linear layer is trained.",
        lazy("dl_core.models.images.frozen:FrozenFeatures"),
    ),
    Offer(
        "small_cnn",
        "Small CNN from scratch",
        "deep",
        "A small convolutional network that starts from nothing and sees only your images.",
        lazy("dl_core.models.images.small_cnn:SmallCNN"),
    ),
    Offer(
        "fine_tuned",
        "Fine-tuned backbone",
        "deep",
        "The ImageNet network, trained on from end to end on your images.",
        lazy("dl_core.models.images.finetuned:FineTuned"),
    ),
)

FAST = ("majority", "pixels", "texture", "frozen_features")  # in the order in which they are trained
