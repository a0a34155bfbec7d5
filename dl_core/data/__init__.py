"""From a user's files to a validated data set and its split."""
