"""Reports: figures out of the as-run log, and the forms in which they are handed in."""
