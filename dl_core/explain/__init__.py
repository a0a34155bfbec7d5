"""What a model looked at, and how far that picture can be trusted."""
