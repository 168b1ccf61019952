"""Figures of the lattice, one module a task."""
