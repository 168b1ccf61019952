"""Physics of the system: numpy arrays in, numpy arrays out."""
