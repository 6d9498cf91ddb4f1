"""Local law on broadcasting hours: files with their source, and whether a day's rundown keeps to one."""
