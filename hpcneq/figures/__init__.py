"""Figures: what those of all systems share."""
