"""Attractive Fermi gas between two reservoirs of different chemical potential: Kawamura, Hanai and Ohashi (2022)."""
