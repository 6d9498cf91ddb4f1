"""Packages for commune stations: audio and schedule in a folder or zip that anyone can check and any player can play."""
