"""What an explainer sees of a model: its graph, if it has one, and a function from images to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate.decide import DecisionRule, Decisions

if TYPE_CHECKING:
    import keras

SCORE_BATCH = 64  # images a call of the score function


@dataclass(frozen=True)
class ModelView:
    """One model as explainers see it.

    Parameters
    ----------
    graph : keras.Model or None
        From raw images (n, h, w, c) float32 in 0…255 to probabilities (n, k).
    score : callable
        From images (n, h, w, c) uint8 to probabilities (n, k), by the model's own fastest path.
    layers : tuple of str
        Layers worth looking at, early to deep; empty lets each method choose.
    rule : DecisionRule
        How scores become decisions. What `probabilities` gives is calibrated by it.
    """

    graph: keras.Model | None
    score: Callable[[np.ndarray], np.ndarray]
    layers: tuple[str, ...] = ()
    rule: DecisionRule = DecisionRule()

    @classmethod
    def of_graph(cls, graph: keras.Model, layers: tuple[str, ...] = ()) -> ModelView:
        """Return the view of a Keras graph that is scored by itself."""

        def score(images: np.ndarray) -> np.ndarray:
            images = np.asarray(images, dtype=np.float32)
            # predict costs 60 ms a call on top of the work, predict_on_batch 2
            return graph.predict_on_batch(images) if len(images) <= SCORE_BATCH else graph.predict(images, verbose=0)

        return cls(graph, score, layers)

    def need_graph(self) -> keras.Model:
        """Return the graph.

        Raises
        ------
        OptionError
            If the model has none.
        """
        if self.graph is None:
            raise OptionError(
                "this model has no gradients",
                expected="a neural network",
                todo="choose occlusion, which is model-agnostic",
            )
        return self.graph

    def decide(self, images: np.ndarray) -> Decisions:
        """Return what is decided of any number of images, in batches."""
        parts = [self.score(images[start : start + SCORE_BATCH]) for start in range(0, len(images), SCORE_BATCH)]
        return self.rule.decide(np.concatenate([np.asarray(part, dtype=np.float64) for part in parts]))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the calibrated class probabilities of any number of images, (n, k) float64."""
        return self.decide(images).probabilities


class Maps(NamedTuple):
    """Heat maps with what they explain.

    ``heats`` (n, h, w) float32 are aligned with the images, larger is more evidence for the target; ``probabilities``
    (n,) are the model's for the ``targets`` (n,) int64.
    """

    heats: np.ndarray
    probabilities: np.ndarray
    targets: np.ndarray
