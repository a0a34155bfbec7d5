"""The models that medical imaging offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.models.base import Model, Offer


def _majority() -> type[Model]:
    from dl_core.models.majority import Majority

    return Majority


def _pixels() -> type[Model]:
    from dl_core.models.images.pixels import PixelRegression

    return PixelRegression


def _texture() -> type[Model]:
    from dl_core.models.images.texture import TextureBoosting

    return TextureBoosting


def _frozen() -> type[Model]:
    from dl_core.models.images.frozen import FrozenFeatures

    return FrozenFeatures


def _small_cnn() -> type[Model]:
    from dl_core.models.images.small_cnn import SmallCNN

    return SmallCNN


def _fine_tuned() -> type[Model]:
    from dl_core.models.images.finetuned import FineTuned

    return FineTuned


OFFERS = {
    offer.name: offer
    for offer in (
        Offer("majority", "Majority class", "baseline", "Always answers with the most frequent class.", _majority),
        Offer("pixels", "Logistic regression on pixels", "baseline", "One weight for each pixel.", _pixels),
        Offer(
            "texture",
            "Hand-made features + boosting",
            "baseline",
            "Gradients and texture described by hand, judged by boosted trees.",
            _texture,
        ),
        Offer(
            "frozen_features",
            "Frozen features + linear head",
            "deep",
            "A network that learned to see on ImageNet describes each image; only the last linear layer is trained.",
            _frozen,
        ),
        Offer(
            "small_cnn",
            "Small CNN from scratch",
            "deep",
            "A small convolutional network that starts from nothing and sees only your images.",
            _small_cnn,
        ),
        Offer(
            "fine_tuned",
            "Fine-tuned backbone",
            "deep",
            "The ImageNet network, trained on from end to end on your images.",
            _fine_tuned,
        ),
    )
}

PRESETS = {"fast": ("majority", "pixels", "texture", "frozen_features"), "all": tuple(OFFERS)}
