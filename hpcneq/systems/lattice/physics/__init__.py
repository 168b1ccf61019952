"""Formulas of the lattice: numbers in, numbers out."""
