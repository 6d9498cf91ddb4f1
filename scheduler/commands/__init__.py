"""Command-line commands that drive `scheduler`."""
