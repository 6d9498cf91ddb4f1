"""How it sounds: voices, assembly, loudness, encoding, outputs."""
