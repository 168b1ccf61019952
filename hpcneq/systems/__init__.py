"""The physical systems: numpy arrays in, numpy arrays out."""
