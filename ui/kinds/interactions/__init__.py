"""The bodies of the panels for interactions."""
