"""Command-line commands that drive `content`."""
