"""Auxiliary-mode evolution on lattice sites without assumed symmetry, in columns of the Green function."""
