"""Training many models as one run: events, early stopping, checkpoints, and the noun `Run`."""
