"""Density matrices of systems whose leads are poles: stationary, periodic, evolving states."""
