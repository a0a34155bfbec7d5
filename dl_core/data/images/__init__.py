"""Data sets of images: their nouns, checks and splits."""
