"""The shared core: everything that Daylight can do without a browser."""

__version__ = "0.1.0"
