"""Figures of each system."""
