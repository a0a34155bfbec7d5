"""The models that fraud detection offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "rules",
        "Rules",
        "baseline",
        "A handful of conditions with points, as an analyst would write them; yours or suggested ones.",
        lazy("dl_core.models.table.rules:Rules"),
        unlabelled=True,
    ),
    Offer(
        "logistic",
        "Logistic regression",
        "baseline",
        "One weight for each feature, added up.",
        lazy("dl_core.models.table.logistic:Logistic"),
    ),
    Offer(
        "boosting",
        "Gradient boosting",
        "baseline",
        "Hundreds of small decision trees, each correcting the ones before; the usual choice in practice.",
        lazy("dl_core.models.table.boosting:Boosting"),
    ),
    Offer(
        "isolation",
        "Isolation forest (no labels)",
        "baseline",
        "Finds transactions that a few random cuts set apart; it never sees a label.",
        lazy("dl_core.models.table.isolation:Isolation"),
        unlabelled=True,
    ),
    Offer(
        "feed_forward",
        "Feed-forward network",
        "deep",
        "A network over amount, habits and history, with learned embeddings of categories.",
        lazy("dl_core.models.table.feed_forward:FeedForward"),
    ),
    Offer(
        "recurrent",
        "Recurrent network",
        "deep",
        "Reads each account's last transactions in their order, and pays attention to some of them.",
        lazy("dl_core.models.table.recurrent:Recurrent"),
    ),
    Offer(
        "autoencoder",
        "Autoencoder (no labels)",
        "deep",
        "Learns what ordinary transactions look like; what it cannot rebuild is suspicious. It never sees a label.",
        lazy("dl_core.models.table.autoencoder:Autoencoder"),
        unlabelled=True,
    ),
    Offer(
        "pretrained",
        "Pretrained encoder",
        "deep",
        "The autoencoder's encoder, fine-tuned with labels: transfer learning for when few frauds are known.",
        lazy("dl_core.models.table.pretrained:PretrainedEncoder"),
    ),
    Offer(
        "synthetic",
        "Network + synthetic fraud",
        "deep",
        "The feed-forward network, trained with extra fraud that another network makes up; judged on real rows.",
        lazy("dl_core.models.table.synthetic:SyntheticFeedForward"),
    ),
)

UNSUPERVISED = ("isolation", "autoencoder")
FAST = ("rules", "logistic", "boosting", "feed_forward")  # in the order in which they are trained
