"""The command line's parser and its commands."""
