"""A pretrained network that goes on from its frozen features' linear head, as one flat graph trained end to end."""

from __future__ import annotations

import keras

from dl_core.transfer.images.graph import add_embedding, add_head
from dl_core.transfer.images.head import LinearHead
from dl_core.transfer.images.plan import EmbeddingPlan

CALM = 0.1  # share of the learning rate at which the head moves


def finetune_graph(
    plan: EmbeddingPlan, side: int, channels: int, head: LinearHead, pretrained: bool = True
) -> keras.Model:
    """Return the model from raw images (n, side, side, channels) float32 in 0…255 to probabilities (n, n_classes).

    It is the graph of frozen features with their fitted head, so that training starts where the frozen features end.
    Batch normalisation is kept in inference mode as ImageNet left it, as small data sets and batches give poor
    statistics; everything else learns, the head at `CALM` times the rate, as its many inputs make each step of it tell.
    Layer names are those of `graph.add_embedding`, and ``logits`` is the layer before the softmax.

    Parameters
    ----------
    plan : EmbeddingPlan
    side, channels : int
        Shape of the raw images.
    head : LinearHead
    pretrained : bool
        False where all weights are set afterwards.
    """
    inputs = keras.Input((side, side, channels), name="image")
    outputs = add_head(add_embedding(inputs, plan, pretrained), head, CALM)
    model = keras.Model(inputs, outputs, name="fine_tuned")
    for layer in model.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return model
