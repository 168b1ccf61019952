"""Tasks of the lattice, one module each."""
