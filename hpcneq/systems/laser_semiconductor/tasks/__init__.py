"""Tasks of the system, one module each."""
