"""The panels that every kind of row shares, in the order of the data's way."""
