"""What tasks of the lattice cost."""
