"""The models that fraud detection offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "rules",
        "Rules",
        "baseline",
        "Scorecard of a few weighted rules, as an analyst would write them; your own or suggested ones.",
        lazy("dl_core.models.table.rules:Rules"),
        unlabelled=True,
    ),
    Offer(
        "logistic",
        "Logistic regression",
        "baseline",
        "Linear model: one weight per feature.",
        lazy("dl_core.models.table.logistic:Logistic"),
    ),
    Offer(
        "boosting",
        "Gradient boosting",
        "baseline",
        "Gradient-boosted decision trees; the standard choice for tabular data.",
        lazy("dl_core.models.table.boosting:Boosting"),
    ),
    Offer(
        "isolation",
        "Isolation forest (no labels)",
        "baseline",
        "Unsupervised anomaly detection: anomalies are isolated by few random splits.",
        lazy("dl_core.models.table.isolation:Isolation"),
        unlabelled=True,
    ),
    Offer(
        "feed_forward",
        "Feed-forward network",
        "deep",
        "Multilayer perceptron over amount, behaviour and history features, with learned embeddings of categories.",
        lazy("dl_core.models.table.feed_forward:FeedForward"),
    ),
    Offer(
        "recurrent",
        "Recurrent network",
        "deep",
        "Recurrent network with attention over the sequence of an account's last transactions.",
        lazy("dl_core.models.table.recurrent:Recurrent"),
    ),
    Offer(
        "autoencoder",
        "Autoencoder (no labels)",
        "deep",
        "Unsupervised anomaly detection: a high reconstruction error is suspicious.",
        lazy("dl_core.models.table.autoencoder:Autoencoder"),
        unlabelled=True,
    ),
    Offer(
        "pretrained",
        "Pretrained encoder",
        "deep",
        "The autoencoder's encoder, fine-tuned with labels: transfer learning for few labelled frauds.",
        lazy("dl_core.models.table.pretrained:PretrainedEncoder"),
    ),
    Offer(
        "synthetic",
        "Feed-forward + synthetic fraud",
        "deep",
        "The feed-forward network, trained with synthetic fraud from a generative network; evaluated on real rows.",
        lazy("dl_core.models.table.synthetic:SyntheticFeedForward"),
    ),
)

UNSUPERVISED = ("isolation", "autoencoder")
FAST = ("rules", "logistic", "boosting", "feed_forward")  # in the order in which they are trained
