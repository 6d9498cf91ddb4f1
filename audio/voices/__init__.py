"""Voices: spoken words in, sound out, behind one small interface."""
