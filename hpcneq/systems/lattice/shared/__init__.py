"""What several tasks of the lattice use."""
