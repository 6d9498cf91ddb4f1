"""Command-line commands that drive `audio`."""
