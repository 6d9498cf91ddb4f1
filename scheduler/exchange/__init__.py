"""Packages out to commune stations and their word back: by stick and over the network."""
