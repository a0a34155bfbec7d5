"""A model of texts: naive Bayes on words, kept as plain JSON."""

import numpy as np

from dl_core.models.base import Classifier
from dl_core.models.store import load_about, save_about
from toy_reviews.kind import TEXT


def words_of(data):
    """Return the words of each text, in lower case."""
    return [str(text).lower().split() for text in data.table[data.roles[TEXT][0]]]


class NaiveBayes(Classifier):
    """Each word speaks for the class in which it is more frequent; add-one smoothing."""

    def fit(self, train, validation, context):
        self.classes = train.classes
        counts = {}
        for words, k in zip(words_of(train), train.targets, strict=True):
            for word in words:
                counts.setdefault(word, [0] * len(self.classes))[k] += 1
        totals = np.sum(list(counts.values()), axis=0) + len(counts)
        self.weights = {word: list(np.log((np.array(found) + 1) / totals)) for word, found in sorted(counts.items())}
        context.progress(1.0, "words counted")

    def log_odds(self, word):
        """Return what a word adds for each class; nothing where training never saw it."""
        return np.array(self.weights.get(word, [0.0] * len(self.classes)))

    def scores(self, data):
        logits = np.array([sum((self.log_odds(w) for w in words), np.zeros(2)) for words in words_of(data)])
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def parameters(self):
        return len(self.weights) * len(self.classes)

    def save(self, folder):
        save_about(folder, {"classes": list(self.classes), "weights": self.weights})

    @classmethod
    def load(cls, folder):
        about, model = load_about(folder), cls()
        model.classes, model.weights = tuple(about["classes"]), about["weights"]
        return model
