"""The bodies of the panels for texts."""
