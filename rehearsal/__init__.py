"""Plays the guide's commands against a local stand-in for the platform."""
