"""Semiconductor with a laser and particle reservoirs."""
