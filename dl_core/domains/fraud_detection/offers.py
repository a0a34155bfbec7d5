"""The models that fraud detection offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from dl_core.models.base import Model, Offer


def _from(module: str, name: str) -> Callable[[], type[Model]]:
    """Return a loader, so that describing a model imports neither Keras nor scikit-learn."""
    return lambda: getattr(import_module(f"dl_core.models.table.{module}"), name)


OFFERS = {
    offer.name: offer
    for offer in (
        Offer(
            "rules",
            "Rules",
            "baseline",
            "A handful of conditions with points, as an analyst would write them; yours or suggested ones.",
            _from("rules", "Rules"),
            unlabelled=True,
        ),
        Offer(
            "logistic",
            "Logistic regression",
            "baseline",
            "One weight for each feature, added up.",
            _from("logistic", "Logistic"),
        ),
        Offer(
            "boosting",
            "Gradient boosting",
            "baseline",
            "Hundreds of small decision trees, each correcting the ones before; the usual choice in practice.",
            _from("boosting", "Boosting"),
        ),
        Offer(
            "isolation",
            "Isolation forest (no labels)",
            "baseline",
            "Finds transactions that a few random cuts set apart; it never sees a label.",
            _from("isolation", "Isolation"),
            unlabelled=True,
        ),
        Offer(
            "feed_forward",
            "Feed-forward network",
            "deep",
            "A network over amount, habits and history, with learned embeddings of categories.",
            _from("feed_forward", "FeedForward"),
        ),
        Offer(
            "recurrent",
            "Recurrent network",
            "deep",
            "Reads each account's last transactions in their order, and pays attention to some of them.",
            _from("recurrent", "Recurrent"),
        ),
        Offer(
            "autoencoder",
            "Autoencoder (no labels)",
            "deep",
            "Learns what ordinary transactions look like; what it cannot rebuild is suspicious. It never sees a label.",
            _from("autoencoder", "Autoencoder"),
            unlabelled=True,
        ),
        Offer(
            "pretrained",
            "Pretrained encoder",
            "deep",
            "The autoencoder's encoder, fine-tuned with labels: transfer learning for when few frauds are known.",
            _from("pretrained", "PretrainedEncoder"),
        ),
        Offer(
            "synthetic",
            "Network + synthetic fraud",
            "deep",
            "The feed-forward network, trained with extra fraud that another network makes up; judged on real rows.",
            _from("synthetic", "SyntheticFeedForward"),
        ),
    )
}

UNSUPERVISED = ("isolation", "autoencoder")
PRESETS = {"fast": ("rules", "logistic", "boosting", "feed_forward"), "all": tuple(OFFERS)}
