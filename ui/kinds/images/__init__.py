"""The bodies of the panels for images."""
