"""Keras models and simple baselines, by kind of input. Nothing here imports Keras before a model is asked for."""
