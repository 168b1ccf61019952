"""Semiconductor with a laser, phonons and recombination."""
